/*-------------------------------------------------------------------------
 *
 * plan_changes.c
 *	  Statements whose plan changed, and that are slower since.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "report/plan_judge.h"
#include "report/plan_outline.h"
#include "report/plans.h"

PGDLLEXPORT Datum clipperf_read_plan_changes(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_plan_changes);

#define PLAN_CHANGE_COLUMNS 16

/*
 * Sessions do not change plans at once: the older plan may have been seen for this share
 * of the time of the newer one.
 */
#define OVERLAP		0.1

/* Did the newer plan of a statement take the place of the older one? */
static bool
has_replaced(const StatementPlan *older, const StatementPlan *newer)
{
	const PlanCounters *old = &older->counters;
	const PlanCounters *new = &newer->counters;

	return older->key.queryid == newer->key.queryid &&
		older->key.userid == newer->key.userid &&
		old->first_seen < new->first_seen &&
		old->last_seen < new->first_seen +
		OVERLAP * (double) (new->last_seen - new->first_seen);
}

/* Does a plan read this index? */
static bool
reads_index(const StatementPlan *plan, Oid index)
{
	for (int i = 0; i < plan->nodes; i++)
	{
		if (plan->node[i].index == index)
			return true;
	}
	return false;
}

/* The indexes that one plan reads, and the other does not, as regclass[]. */
static Datum
indexes_only_in(const StatementPlan *plan, const StatementPlan *other, bool *dropped)
{
	Datum		found[PLAN_NODES];
	int			count = 0;

	for (int i = 0; i < plan->nodes; i++)
	{
		Oid			index = plan->node[i].index;

		if (!OidIsValid(index) || reads_index(other, index))
			continue;
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(index)))
			found[count++] = ObjectIdGetDatum(index);
		else
			*dropped = true;
	}
	return PointerGetDatum(construct_array(found, count, REGCLASSOID, sizeof(Oid), true,
										   TYPALIGN_INT));
}

/* The tables of a plan, as oid[]. */
static Datum
plan_relations(const StatementPlan *plan)
{
	Datum		found[PLAN_NODES];
	int			count = 0;

	for (int i = 0; i < plan->nodes; i++)
	{
		if (OidIsValid(plan->node[i].relation))
			found[count++] = ObjectIdGetDatum(plan->node[i].relation);
	}
	return PointerGetDatum(construct_array(found, count, OIDOID, sizeof(Oid), true,
										   TYPALIGN_INT));
}

/* Add a row about a newer plan that is slower than an older one. */
static void
put_change(ReturnSetInfo *result, const StatementPlan *older, const StatementPlan *newer)
{
	const PlanCounters *old = &older->counters;
	const PlanCounters *new = &newer->counters;
	Datum		values[PLAN_CHANGE_COLUMNS];
	bool		nulls[PLAN_CHANGE_COLUMNS] = {false};
	bool		dropped = false;
	bool		ignored = false;
	int			i = 0;

	values[i++] = ObjectIdGetDatum(newer->key.userid);
	values[i++] = Int64GetDatum((int64) newer->key.queryid);
	values[i++] = Int64GetDatum((int64) older->key.shape);
	values[i++] = Int64GetDatum((int64) newer->key.shape);
	values[i++] = Float8GetDatum(US_TO_MS(old->total_us / old->calls));
	values[i++] = Float8GetDatum(US_TO_MS(new->total_us / new->calls));
	values[i++] = Float8GetDatum(new->calls);
	values[i++] = Float8GetDatum((new->work / new->calls) / Max(old->work / old->calls, 1));
	values[i++] = TimestampTzGetDatum(old->last_seen);
	values[i++] = TimestampTzGetDatum(new->first_seen);
	values[i++] = TimestampTzGetDatum(new->last_seen);
	values[i++] = indexes_only_in(older, newer, &dropped);
	values[i++] = indexes_only_in(newer, older, &ignored);
	values[i++] = BoolGetDatum(dropped);
	result_set_text(values, nulls, i++,
					plan_settings_off(new->settings.disabled & ~old->settings.disabled));
	values[i++] = plan_relations(newer);
	Assert(i == PLAN_CHANGE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The plan that this one has replaced: of several, the one with most calls; or NULL. */
static const StatementPlan *
replaced_plan(const List *plans, const StatementPlan *newer)
{
	const StatementPlan *chosen = NULL;
	ListCell   *lc;

	foreach(lc, plans)
	{
		const StatementPlan *older = lfirst(lc);

		if (has_replaced(older, newer) &&
			(chosen == NULL || older->counters.calls > chosen->counters.calls))
			chosen = older;
	}
	return chosen;
}

/* Has another plan replaced this one? */
static bool
is_replaced(const List *plans, const StatementPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plans)
	{
		if (has_replaced(plan, lfirst(lc)))
			return true;
	}
	return false;
}

/*
 * clipperf_read_plan_changes(): statements that have a plan which has replaced another
 * one and is clearly slower; of the caller's own, or of all for members of
 * pg_read_all_stats.
 */
Datum
clipperf_read_plan_changes(PG_FUNCTION_ARGS)
{
	List	   *plans;
	ListCell   *lc;

	report_begin_rows(fcinfo, PLAN_CHANGE_COLUMNS);
	plans = plans_of_caller();
	foreach(lc, plans)
	{
		const StatementPlan *newer = lfirst(lc);
		const StatementPlan *older = replaced_plan(plans, newer);

		CHECK_FOR_INTERRUPTS();
		if (older != NULL && !is_replaced(plans, newer) &&
			plan_judge_slower(&older->series, &newer->series))
			put_change((ReturnSetInfo *) fcinfo->resultinfo, older, newer);
	}
	return (Datum) 0;
}
