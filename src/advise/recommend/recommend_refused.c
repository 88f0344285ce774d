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
typedef char *(*RefusalReason) (const Advisor *advisor, Oid relid, Node *expr);

/*
 * Append advice against expressions of a table, from what one statement asks of
 * it; those in *told have been told of.
 */
static List *
add_refused_expressions(const Advisor *advisor, List *rows, Oid relid,
						const List *expressions, List **told, RefusalReason reason)
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
		advice->reason = reason(advisor, relid, lfirst(lc));
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
		advice->reason = reason_unwritten(candidate);
		rows = lappend(rows, advice);
	}
	return rows;
}

/* The statements that the chosen indexes were made for, as numbers. */
static Bitmapset *
find_served_statements(const Advisor *advisor)
{
	Bitmapset  *served = NULL;
	int			number = -1;

	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
	{
		const Candidate *candidate = list_nth(advisor->candidates, number);

		served = bms_add_members(served, candidate->statements);
	}
	return served;
}

/* Is the candidate for a statement not served that takes so much time? */
static bool
is_wanted(const Advisor *advisor, const Candidate *candidate,
		  const Bitmapset *served, double least_us)
{
	int			number = -1;

	while ((number = bms_next_member(candidate->statements, number)) >= 0)
	{
		const WorkloadStatement *statement = list_nth(advisor->statements, number);

		if (!bms_is_member(number, served) && statement->total_us >= least_us)
			return true;
	}
	return false;
}

/*
 * Advice against indexes that would refuse rows of their tables, one row a table
 * and column: the one with the fewest keys, where statements that take at least
 * so much time have no other.
 */
static List *
add_refusing(const Advisor *advisor, List *rows, double least_us)
{
	Bitmapset  *served = find_served_statements(advisor);
	List	   *told = NIL;

	for (int nkeys = 1; nkeys <= CANDIDATE_KEYS; nkeys++)
	{
		ListCell   *lc;

		foreach(lc, advisor->candidates)
		{
			const Candidate *candidate = lfirst(lc);
			List	   *pair;
			Advice	   *advice;

			if (candidate->refusing == NULL || candidate->def->nkeys != nkeys ||
				!is_wanted(advisor, candidate, served, least_us))
				continue;
			pair = list_make2_int((int) candidate->def->relid,
								  whatif_widest_attno(candidate->refusing));
			if (list_member(told, pair))
				continue;
			told = lappend(told, pair);
			advice = advice_make("skip", candidate->def->relid, "workload");
			advice->reason = reason_refusal(candidate->refusing);
			rows = lappend(rows, advice);
		}
	}
	return rows;
}

/*
 * Advice against expressions that no index should be made of, and indexes that
 * cannot be written or built.  Expressions that PostgreSQL makes no index of, or that
 * hold a constant of one call, are told of where the statement takes so much
 * time that an index for it would be advised.
 */
List *
recommend_refused(const Advisor *advisor)
{
	double		least_us = advisor_least_us(advisor);
	List	   *rows = add_unwritten(NIL, advisor->unwritten);
	List	   *named = NIL;
	List	   *told = NIL;
	ListCell   *lc;

	rows = add_refusing(advisor, rows, least_us);
	foreach(lc, advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);
		const Demand *demand = item->demand;

		rows = add_refused_functions(rows, demand->relid, demand->refused, &named,
									 "a function of this database: an index on it goes stale if what it returns ever changes, so none is proposed unless allow_functions names it");
		rows = add_refused_functions(rows, demand->relid, demand->mutable, &named,
									 "which is not IMMUTABLE: PostgreSQL cannot index it");
		if (item->weight < least_us)
			continue;
		rows = add_refused_expressions(advisor, rows, demand->relid, demand->unstable,
									   &told, reason_unstable);
		rows = add_refused_expressions(advisor, rows, demand->relid, demand->varying,
									   &told, reason_varying);
		rows = add_refused_expressions(advisor, rows, demand->relid, demand->elements,
									   &told, reason_elements);
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
	double		least_us = advisor_least_us(advisor);
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
