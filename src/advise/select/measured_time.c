/*-------------------------------------------------------------------------
 *
 * measured_time.c
 *	  What the measured time of a statement would be with the indexes of now.
 *
 * Times are measured from the first call on.  When an index has been built
 * since, most of them tell what things were like without it, and would speak for
 * one more index although the statement is quick by now.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/measured_time.h"

#include "catalog/index.h"
#include "utils/fmgrprotos.h"

#include "advise/cost/statement_cost.h"

/*
 * The built indexes that are on the statement's tables and younger than its
 * first call: a list of OIDs.
 */
static List *
find_young(const List *indexes, const WorkloadStatement *statement)
{
	List	   *young = NIL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		const BuiltIndex *built = lfirst(lc);

		if (built->since >= statement->first_seen &&
			list_member_oid(statement->relids,
							IndexGetRelation(built->indexoid, true)))
			young = list_append_unique_oid(young, built->indexoid);
	}
	return young;
}

/* Those of the indexes that plans use, or one of whose partitions they use. */
static List *
keep_used_indexes(const List *indexes, const List *used)
{
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		List	   *family = whatif_hide(NIL, lfirst_oid(lc));

		if (list_length(list_difference_oid(family, used)) <
			list_length(family))
			kept = lappend_oid(kept, lfirst_oid(lc));
	}
	return kept;
}

/*
 * The share of the statement's calls that can have used these indexes: that of
 * the one that was scanned least.
 */
static double
used_share(const WorkloadStatement *statement, const List *indexes)
{
	double		share = 1;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		int64		scans =
			DatumGetInt64(DirectFunctionCall1(pg_stat_get_numscans,
											  ObjectIdGetDatum(lfirst_oid(lc))));

		share = Min(share, scans / Max(statement->calls, 1));
	}
	return share;
}

/* Price the statement without these indexes; 0 if that fails. */
static double
cost_without(Estimator *estimator, WorkloadStatement *statement,
			 const List *indexes, List **used)
{
	WhatIfConfig config = {0};
	StatementCost cost;
	ErrorData  *error;
	ListCell   *lc;

	foreach(lc, indexes)
		config.hidden = whatif_hide(config.hidden, lfirst_oid(lc));
	error = statement_cost(statement, &config, &cost);
	estimator->questions += cost.plans;
	*used = error == NULL ? cost.used_real : NIL;
	return error == NULL ? cost.likely : 0;
}

/*
 * Take from the measured time of a statement what indexes that were built since
 * its first call save by now.  Asks the planner where there are such indexes.
 */
void
measured_time_adjust(Estimator *estimator, const List *built,
					 WorkloadStatement *statement)
{
	List	   *young;
	List	   *used;
	List	   *ignored;
	double		now;
	double		before;
	double		share;

	if (statement->handed_in || statement->problem != NULL)
		return;
	young = find_young(built, statement);
	if (young == NIL)
		return;
	now = cost_without(estimator, statement, NIL, &used);
	young = keep_used_indexes(young, used);
	if (now <= 0 || young == NIL)
		return;
	before = cost_without(estimator, statement, young, &ignored);
	if (before <= now)
		return;
	share = used_share(statement, young);
	statement->total_us *= now / ((1 - share) * before + share * now);
}
