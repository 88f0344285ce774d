/*-------------------------------------------------------------------------
 *
 * plans.c
 *	  clipperf_plans: which plans a statement had, and what their nodes did.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "report/plan_outline.h"
#include "report/plans.h"

PGDLLEXPORT Datum clipperf_read_plans(PG_FUNCTION_ARGS);

PGDLLEXPORT Datum clipperf_read_worst_nodes(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_plans);
PG_FUNCTION_INFO_V1(clipperf_read_worst_nodes);

#define PLAN_COLUMNS 17
#define WORST_NODE_COLUMNS 9

/* PlanVisitor that adds the plans the caller may see to the List "arg". */
static void
list_plan(const StatementPlan *plan, void *arg)
{
	List	  **plans = arg;
	StatementPlan *copy;

	if (plan->key.dbid != MyDatabaseId || !report_may_read(plan->key.userid))
		return;
	copy = palloc(sizeof(StatementPlan));
	*copy = *plan;
	*plans = lappend(*plans, copy);
}

/* Copies of the plans of this database that the caller may see, of StatementPlan. */
List *
plans_of_caller(void)
{
	List	   *plans = NIL;

	plan_visit(list_plan, &plans);
	return plans;
}

/*
 * PlanVisitor that adds a row to the ReturnSetInfo "arg", if the plan is one of this
 * database and the caller may learn of the statement.
 */
static void
put_plan(const StatementPlan *plan, void *arg)
{
	ReturnSetInfo *result = arg;
	const PlanCounters *counters = &plan->counters;
	double		calls = Max(counters->calls, 1);
	Datum		values[PLAN_COLUMNS];
	bool		nulls[PLAN_COLUMNS] = {false};
	int			i = 0;

	if (plan->key.dbid != MyDatabaseId || !report_may_read(plan->key.userid))
		return;
	values[i++] = ObjectIdGetDatum(plan->key.userid);
	values[i++] = ObjectIdGetDatum(plan->key.dbid);
	values[i++] = Int64GetDatum((int64) plan->key.queryid);
	values[i++] = Int64GetDatum((int64) plan->key.shape);
	values[i++] = Int64GetDatum((int64) calls);
	values[i++] = Int64GetDatum(counters->measured);
	values[i++] = Int64GetDatum(counters->timed);
	values[i++] = Float8GetDatum(report_round(US_TO_MS(counters->total_us)));
	values[i++] = Float8GetDatum(report_round(US_TO_MS(counters->total_us / calls)));
	values[i++] = Float8GetDatum(report_round(US_TO_MS(histogram_quantile(&plan->latency, 0.95))));
	values[i++] = Float8GetDatum(report_round(counters->rows / calls));
	values[i++] = Float8GetDatum(report_round(counters->blocks / calls));
	values[i++] = Float8GetDatum(counters->work / calls);
	result_set_text(values, nulls, i++, plan_settings_off(counters->settings.disabled));
	values[i++] = TimestampTzGetDatum(counters->first_seen);
	values[i++] = TimestampTzGetDatum(counters->last_seen);
	result_set_text(values, nulls, i++, plan_outline(plan));
	Assert(i == PLAN_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_plans(): the rows of clipperf_plans but for names and texts, of the
 * caller's own statements, or of all for members of pg_read_all_stats.
 */
Datum
clipperf_read_plans(PG_FUNCTION_ARGS)
{
	report_begin_rows(fcinfo, PLAN_COLUMNS);
	plan_visit(put_plan, fcinfo->resultinfo);
	return (Datum) 0;
}

/* Add a row about the node of a plan that takes most time of its own. */
static void
put_worst_node(ReturnSetInfo *result, const StatementPlan *plan)
{
	const PlanCounters *counters = &plan->counters;
	double		calls = Max(counters->calls, 1);
	const PlanNodeWork *did;
	Datum		values[WORST_NODE_COLUMNS];
	bool		nulls[WORST_NODE_COLUMNS] = {false};
	int			worst = 0;
	int			i = 0;

	for (int node = 1; node < plan->nodes; node++)
	{
		if (plan->did[node].self_us > plan->did[worst].self_us)
			worst = node;
	}
	did = &plan->did[worst];
	values[i++] = ObjectIdGetDatum(plan->key.userid);
	values[i++] = Int64GetDatum((int64) plan->key.queryid);
	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us));
	result_set_text(values, nulls, i++, plan_node_words(&plan->node[worst]));
	values[i++] = Float8GetDatum(counters->shared_us <= 0 ? 0 :
								 did->self_us / counters->shared_us);
	values[i++] = Float8GetDatum(did->rows / calls);
	values[i++] = Float8GetDatum(did->estimated / calls);
	values[i++] = Float8GetDatum(did->loops / calls);
	values[i++] = BoolGetDatum(counters->timed == 0);
	Assert(i == WORST_NODE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_worst_nodes(): of each plan, the node that takes most time without those
 * below it; of the caller's own statements, or of all for members of pg_read_all_stats.
 */
Datum
clipperf_read_worst_nodes(PG_FUNCTION_ARGS)
{
	ListCell   *lc;

	report_begin_rows(fcinfo, WORST_NODE_COLUMNS);
	foreach(lc, plans_of_caller())
		put_worst_node((ReturnSetInfo *) fcinfo->resultinfo, lfirst(lc));
	return (Datum) 0;
}
