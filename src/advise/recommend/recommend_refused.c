/*-------------------------------------------------------------------------
 *
 * recommend_refused.c
 *	  What nothing is advised for, and why.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "nodes/value.h"

#include "advise/recommend/reason.h"
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

/* Advice against expressions that no index should be made of. */
List *
recommend_refused(const Advisor *advisor)
{
	List	   *rows = NIL;
	List	   *named = NIL;
	ListCell   *lc;

	foreach(lc, advisor->demands)
	{
		const Demand *demand = ((const CandidateDemand *) lfirst(lc))->demand;

		rows = add_refused_functions(rows, demand->relid, demand->refused, &named,
									 "a function of this database: an index on it goes stale if what it returns ever changes, so none is proposed unless allow_functions is set");
		rows = add_refused_functions(rows, demand->relid, demand->mutable, &named,
									 "which is not IMMUTABLE: PostgreSQL makes no index of it");
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
