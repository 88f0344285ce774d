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
#include "store/plan.h"

PGDLLEXPORT Datum clipperf_read_plans(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_plans);

#define PLAN_COLUMNS 17

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
	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us));
	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us / calls));
	values[i++] = Float8GetDatum(US_TO_MS(histogram_quantile(&plan->latency, 0.95)));
	values[i++] = Float8GetDatum(counters->rows / calls);
	values[i++] = Float8GetDatum(counters->blocks / calls);
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
