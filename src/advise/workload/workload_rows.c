/*-------------------------------------------------------------------------
 *
 * workload_rows.c
 *	  clipperf_workload(): what the advisor can and cannot plan again.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/arguments.h"
#include "common/result_rows.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_read_workload(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_workload);

#define WORKLOAD_COLUMNS 11

/* The tables of a statement as an array of regclass. */
static Datum
table_array(List *relids)
{
	Datum	   *tables = palloc(sizeof(Datum) * Max(list_length(relids), 1));
	ListCell   *lc;

	foreach(lc, relids)
		tables[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	return PointerGetDatum(construct_array(tables, list_length(relids),
										   REGCLASSOID, sizeof(Oid), true,
										   TYPALIGN_INT));
}

/* The planner's cost of one call, over all variants. */
static double
plan_cost(const WorkloadStatement *statement)
{
	double		cost = 0;
	ListCell   *lc;

	foreach(lc, statement->variants)
	{
		const WorkloadVariant *variant = lfirst(lc);

		cost += variant->weight * variant->cost;
	}
	return cost;
}

/* How many variants have a value from statistics. */
static int
count_drawn_variants(const WorkloadStatement *statement)
{
	int			count = 0;
	ListCell   *lc;

	foreach(lc, statement->variants)
		count += ((const WorkloadVariant *) lfirst(lc))->drawn;
	return count;
}

/* Add the row of a statement; total_us is that of all listed. */
static void
put_statement(ReturnSetInfo *result, const WorkloadStatement *statement,
			  double total_us)
{
	Datum		values[WORKLOAD_COLUMNS] = {0};
	bool		nulls[WORKLOAD_COLUMNS] = {false};
	char	   *username = GetUserNameFromId(statement->userid, true);
	int			i = 0;

	values[i++] = Int64GetDatum((int64) statement->queryid);
	nulls[i] = username == NULL;
	if (username != NULL)
		values[i] = DirectFunctionCall1(namein, CStringGetDatum(username));
	i++;
	values[i++] = Int64GetDatum((int64) statement->calls);
	values[i++] = Float8GetDatum(US_TO_MS(statement->total_us));
	values[i++] = Float8GetDatum(total_us > 0 ?
								 statement->total_us / total_us : 0);
	values[i++] = table_array(statement->relids);
	values[i++] = Int32GetDatum(list_length(statement->variants));
	values[i++] = Int32GetDatum(count_drawn_variants(statement));
	nulls[i] = statement->problem != NULL;
	values[i++] = Float8GetDatum(plan_cost(statement));
	result_set_text(values, nulls, i++, statement->problem);
	result_set_text(values, nulls, i++, statement->text);
	Assert(i == WORKLOAD_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_workload(min_calls, since, queryids): the rows of
 * clipperf_workload().
 */
Datum
clipperf_read_workload(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WorkloadFilter filter = {0};
	double		total_us = 0;
	List	   *statements;
	ListCell   *lc;

	store_require();
	result_begin_rows(fcinfo, WORKLOAD_COLUMNS);
	if (!PG_ARGISNULL(0))
		filter.min_calls = workload_min_calls(PG_GETARG_INT64(0));
	if (!PG_ARGISNULL(1))
		filter.since = argument_past(PG_GETARG_TIMESTAMPTZ(1), "since");
	if (!PG_ARGISNULL(2))
		filter.queryids = workload_queryids(PG_GETARG_ARRAYTYPE_P(2));
	statements = workload_load(&filter);
	foreach(lc, statements)
		total_us += ((WorkloadStatement *) lfirst(lc))->total_us;
	foreach(lc, statements)
		put_statement(result, lfirst(lc), total_us);
	return (Datum) 0;
}
