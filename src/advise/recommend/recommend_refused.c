/*-------------------------------------------------------------------------
 *
 * recommend_refused.c
 *	  What nothing is advised for, and why.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "nodes/value.h"
#include "utils/lsyscache.h"

#include "advise/recommend/reason.h"
#include "advise/recommend/reason_application.h"
#include "advise/recommend/recommend_rows.h"

/*
 * Append advice against functions used on a table, by name; those in *named
 * have been told of.
 */
static List *
add_refused_functions(List *rows, Oid relid, const List *functions, List **named,
					  const char *why)
{
	ListCell   *lc;

	foreach(lc, functions)
	{
		Advice	   *advice;

		if (list_member(*named, lfirst(lc)))
			continue;
		*named = lappend(*named, lfirst(lc));
		advice = advice_make("skip", relid, "workload");
		advice->reason = psprintf("statements filter or sort by %s(), %s",
								  strVal(lfirst(lc)), why);
		rows = lappend(rows, advice);
	}
	return rows;
}

/* Why no index on an expression of the table is proposed. */
typedef char *(*RefusalReason) (Oid relid, Node *expr);

/*
 * Append advice against expressions of a table, from what one statement asks of
 * it; those in *told have been told of.
 */
static List *
add_refused_expressions(List *rows, Oid relid, const List *expressions,
						List **told, RefusalReason reason)
{
	ListCell   *lc;

	foreach(lc, expressions)
	{
		List	   *pair = list_make2(makeInteger(relid), lfirst(lc));
		Advice	   *advice;

		if (list_member(*told, pair))
			continue;
		*told = lappend(*told, pair);
		advice = advice_make("skip", relid, "workload");
		advice->reason = reason(relid, lfirst(lc));
		rows = lappend(rows, advice);
	}
	return rows;
}

/*
 * Advice against indexes whose text would be another index or none, one row a
 * table and problem.
 */
static List *
add_unwritten(List *rows, const List *unwritten)
{
	List	   *told = NIL;
	ListCell   *lc;

	foreach(lc, unwritten)
	{
		const Candidate *candidate = lfirst(lc);
		List	   *pair = list_make2(makeInteger(candidate->def->relid),
									  makeString(candidate->problem));
		Advice	   *advice;

		if (list_member(told, pair))
			continue;
		told = lappend(told, pair);
		advice = advice_make("skip", candidate->def->relid, "workload");
		advice->reason = psprintf("an index on %s that may help is not shown: %s",
								  get_rel_name(candidate->def->relid),
								  candidate->problem);
		rows = lappend(rows, advice);
	}
	return rows;
}

/*
 * Advice against expressions that no index should be made of, and indexes that
 * cannot be written.  Expressions that PostgreSQL makes no index of, or that
 * hold a constant of one call, are told of where the statement takes so much
 * time that an index for it would be advised.
 */
List *
recommend_refused(const Advisor *advisor)
{
	double		least_us =
		advisor->options.limits.least_share * advisor->total_us;
	List	   *rows = add_unwritten(NIL, advisor->unwritten);
	List	   *named = NIL;
	List	   *told = NIL;
	ListCell   *lc;

	foreach(lc, advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);
		const Demand *demand = item->demand;

		rows = add_refused_functions(rows, demand->relid, demand->refused, &named,
									 "a function of this database: an index on it goes stale if what it returns ever changes, so none is proposed unless allow_functions names it");
		rows = add_refused_functions(rows, demand->relid, demand->mutable, &named,
									 "which is not IMMUTABLE: PostgreSQL makes no index of it");
		if (item->weight < least_us)
			continue;
		rows = add_refused_expressions(rows, demand->relid, demand->unstable,
									   &told, reason_unstable);
		rows = add_refused_expressions(rows, demand->relid, demand->varying,
									   &told, reason_varying);
	}
	return rows;
}

/*
 * Statements that nothing could be advised for: those handed in, and those that
 * take so much time that an index for them would be advised.
 */
List *
recommend_unplanned(const Advisor *advisor)
{
	double		least_us =
		advisor->options.limits.least_share * advisor->total_us;
	List	   *rows = NIL;
	ListCell   *lc;

	foreach(lc, advisor->statements)
	{
		const WorkloadStatement *statement = lfirst(lc);
		Advice	   *advice;

		if (statement->problem == NULL ||
			(!statement->handed_in && statement->total_us < least_us))
			continue;
		advice = advice_make("skip", InvalidOid, "workload");
		advice->reason = reason_unplanned(advisor, statement);
		if (statement->queryid != 0)
			advice->queryids = recommend_queryid(statement);
		rows = lappend(rows, advice);
	}
	return rows;
}
