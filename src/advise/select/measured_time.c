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
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "advise/cost/statement_cost.h"
#include "store/plan.h"

/* A statement whose plans use indexes that were built since they were recommended. */
typedef struct BuiltUse
{
	WorkloadStatement *statement;
	int			number;			/* its number in the estimator */
	List	   *indexes;		/* OIDs */
	List	   *young;			/* those of them younger than its first call */
	List	   *family;			/* the young ones and their partitions */
	StatementCost now;
	StatementCost before;		/* without the young ones */
	double		calls;			/* whose plans are known */
	double		calls_with;		/* of these, with one of the young ones */
	bool		cut;			/* nodes of its plans are not known */
} BuiltUse;

/* Is the index, or one of its partitions, among those that plans use? */
static bool
is_used_index(Oid indexoid, const List *used)
{
	List	   *family = whatif_hide(NIL, indexoid);

	return list_length(list_difference_oid(family, used)) < list_length(family);
}

/*
 * Add to a use the built indexes that are on the statement's tables, and that its
 * plans use.
 */
static void
find_used_indexes(BuiltUse *use, const List *built, const List *used)
{
	ListCell   *lc;

	foreach(lc, built)
	{
		const BuiltIndex *index = lfirst(lc);

		if (!list_member_oid(use->statement->relids,
							 IndexGetRelation(index->indexoid, true)) ||
			!is_used_index(index->indexoid, used))
			continue;
		use->indexes = list_append_unique_oid(use->indexes, index->indexoid);
		if (index->since >= use->statement->first_seen)
			use->young = list_append_unique_oid(use->young, index->indexoid);
	}
}

/* How often a call scans an index, or its partitions: once, if that is not known. */
static double
scans_of_call(const BuiltUse *use, Oid indexoid)
{
	List	   *family = whatif_hide(NIL, indexoid);
	double		scans = 0;
	ListCell   *lc;

	foreach(lc, use->now.scans)
	{
		const IndexScans *counted = lfirst(lc);

		if (list_member_oid(family, counted->indexoid))
			scans += counted->scans;
	}
	return scans > 0 ? scans : 1;
}

/* Price the statement without these indexes; its cost is 0 if that fails. */
static StatementCost
cost_without(Estimator *estimator, WorkloadStatement *statement,
			 const List *indexes)
{
	WhatIfConfig config = {.count_blocks = true};
	StatementCost cost;
	ListCell   *lc;

	foreach(lc, indexes)
		config.hidden = whatif_hide(config.hidden, lfirst_oid(lc));
	if (statement_cost(statement, &config, &cost) != NULL)
		cost.likely = 0;
	estimator->questions += cost.plans;
	return cost;
}

/* Has one of the statement's tables such an index? */
static bool
has_built_index(const List *built, const WorkloadStatement *statement)
{
	ListCell   *lc;

	foreach(lc, built)
		if (list_member_oid(statement->relids,
							IndexGetRelation(((const BuiltIndex *) lfirst(lc))->indexoid,
											 true)))
		return true;
	return false;
}

/* What the statements use of the indexes that were built: a list of BuiltUse. */
static List *
find_built_uses(Estimator *estimator, const List *built)
{
	List	   *uses = NIL;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		WorkloadStatement *statement = estimator->statements[i].workload;
		BuiltUse   *use;
		ListCell   *lc;

		if (statement->handed_in || statement->problem != NULL ||
			!has_built_index(built, statement))
			continue;
		use = palloc0(sizeof(BuiltUse));
		use->statement = statement;
		use->number = i;
		use->now = cost_without(estimator, statement, NIL);
		if (use->now.likely > 0)
			find_used_indexes(use, built, use->now.used_real);
		if (use->young != NIL)
			use->before = cost_without(estimator, statement, use->young);
		foreach(lc, use->young)
			use->family = whatif_hide(use->family, lfirst_oid(lc));
		uses = lappend(uses, use);
	}
	return uses;
}

/* PlanVisitor: count the calls of a plan for its statement's use, if "arg" has it. */
static void
count_plan_calls(const StatementPlan *plan, void *arg)
{
	const List *uses = arg;
	ListCell   *lc;

	if (plan->key.dbid != MyDatabaseId)
		return;
	foreach(lc, uses)
	{
		BuiltUse   *use = lfirst(lc);
		bool		with = false;

		if (use->statement->queryid != plan->key.queryid ||
			use->statement->userid != plan->key.userid)
			continue;
		for (int i = 0; i < plan->nodes; i++)
			with |= list_member_oid(use->family, plan->node[i].index);
		use->calls += plan->counters.calls;
		use->calls_with += with ? plan->counters.calls : 0;
		use->cut |= plan->cut > 0;
	}
}

/* Scans of an index, or of those of its partitions, since statistics were reset. */
static double
count_index_scans(Oid indexoid)
{
	double		scans = 0;
	ListCell   *lc;

	foreach(lc, whatif_hide(NIL, indexoid))
		scans += DatumGetInt64(DirectFunctionCall1(pg_stat_get_numscans,
												   ObjectIdGetDatum(lfirst_oid(lc))));
	return scans;
}

/*
 * The share of the calls of statements older than an index that can have used it, for
 * statements whose plans are not known: its scans, but for those by statements that came
 * later, over as many as all their calls would have made.
 */
static double
scanned_share(const List *uses, Oid indexoid)
{
	double		scans = count_index_scans(indexoid);
	double		expected = 0;
	ListCell   *lc;

	foreach(lc, uses)
	{
		const BuiltUse *use = lfirst(lc);

		if (list_member_oid(use->young, indexoid))
			expected += use->statement->calls * scans_of_call(use, indexoid);
		else if (list_member_oid(use->indexes, indexoid))
			scans -= use->statement->calls * scans_of_call(use, indexoid);
	}
	return Min(Max(scans, 0) / Max(expected, 1), 1);
}

/*
 * The share of a statement's calls that have used the indexes younger than it: by the
 * plans that were seen of it, or else by the scans of each.
 */
static double
share_since_built(const List *uses, const BuiltUse *use)
{
	double		share = 1;
	ListCell   *lc;

	if (use->calls > 0 && !use->cut)
		return use->calls_with / use->calls;
	foreach(lc, use->young)
		share = Min(share, scanned_share(uses, lfirst_oid(lc)));
	return share;
}

/*
 * Note for a statement that uses indexes which were recommended and built what further
 * ones must save: HARDLY_BETTER of what it would take without all of those.  When they
 * are built, little time is left, and of that the smallest rest would be a large share.
 */
static void
note_least_saved(Estimator *estimator, const BuiltUse *use)
{
	StatementCost without;

	if (use->indexes == NIL || use->now.likely <= 0)
		return;
	without = list_length(use->young) == list_length(use->indexes) ? use->before :
		cost_without(estimator, use->statement, use->indexes);
	estimator->statements[use->number].least_saved =
		HARDLY_BETTER * without.likely / use->now.likely;
}

/*
 * Take from the measured times and blocks of the statements what indexes that were
 * built since their first calls save by now, and note what further ones must save.
 * Asks the planner where there are such indexes.
 */
void
measured_times_adjust(Estimator *estimator, const List *built)
{
	List	   *uses = built == NIL ? NIL : find_built_uses(estimator, built);
	ListCell   *lc;

	plan_visit(count_plan_calls, uses);
	foreach(lc, uses)
	{
		BuiltUse   *use = lfirst(lc);
		const StatementCost *now = &use->now;
		const StatementCost *before = &use->before;
		double		share;

		note_least_saved(estimator, use);
		if (now->likely <= 0 || before->likely <= now->likely)
			continue;
		share = share_since_built(uses, use);
		use->statement->total_us *=
			now->likely / ((1 - share) * before->likely + share * now->likely);
		if (now->blocks.now > 0 && before->blocks.now > 0)
			use->statement->blocks *= now->blocks.now /
				((1 - share) * before->blocks.now + share * now->blocks.now);
	}
}
