/*-------------------------------------------------------------------------
 *
 * endpoints.c
 *	  clipperf_endpoints and clipperf_slo: the triggers of the one, the
 *	  counters of the other.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "common/result_rows.h"
#include "settings.h"
#include "store/endpoint_row.h"
#include "store/endpoint_sync.h"
#include "store/request_store.h"

PGDLLEXPORT Datum clipperf_endpoint_check(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_endpoints_changed(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_sync_endpoints(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_read_endpoints(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_endpoint_check);
PG_FUNCTION_INFO_V1(clipperf_endpoints_changed);
PG_FUNCTION_INFO_V1(clipperf_sync_endpoints);
PG_FUNCTION_INFO_V1(clipperf_read_endpoints);

#define ENDPOINT_READ_COLUMNS 19

/* The windows that are told of, in minutes; sql/endpoints.sql names them. */
static const int window_minutes[] = {5, 30, 60, 120, 360, 1440, 4320};

/* Error 39P01 unless a trigger manager calls. */
static void
require_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function was not called by trigger manager")));
}

/*
 * Trigger before each row of clipperf_endpoints: raises what is wrong with it.
 */
Datum
clipperf_endpoint_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	EndpointRule rule;
	HeapTuple	row;

	require_trigger(fcinfo);
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple :
		trigger->tg_trigtuple;
	(void) endpoint_row_read(row, RelationGetDescr(trigger->tg_relation), ERROR,
							 &rule);
	return PointerGetDatum(row);
}

/*
 * Trigger after each statement that writes to clipperf_endpoints: the rules are to
 * count from the commit on.
 */
Datum
clipperf_endpoints_changed(PG_FUNCTION_ARGS)
{
	require_trigger(fcinfo);
	if (store_is_ready())
		endpoint_sync_at_commit();
	return PointerGetDatum(NULL);
}

/*
 * clipperf_sync_endpoints(): let the rules count that are committed, before their
 * figures are read.
 */
Datum
clipperf_sync_endpoints(PG_FUNCTION_ARGS)
{
	store_require();
	endpoint_sync_now();
	PG_RETURN_VOID();
}

/* A row of counts as an array. */
static Datum
counts_array(const int64 *counts)
{
	Datum		elements[lengthof(window_minutes)];

	for (int i = 0; i < lengthof(window_minutes); i++)
		elements[i] = Int64GetDatum(counts[i]);
	return PointerGetDatum(construct_array(elements, lengthof(window_minutes),
										   INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* How many requests ended in each of the windows, and how many of them were bad. */
static int
put_windows(Datum *values, int i, const Endpoint *endpoint, int64 now_us)
{
	int64		requests[lengthof(window_minutes)];
	int64		slow[lengthof(window_minutes)];
	int64		failed[lengthof(window_minutes)];

	for (int window = 0; window < lengthof(window_minutes); window++)
	{
		EndpointCounts counts = endpoint_windows_sum(&endpoint->windows, now_us,
													 window_minutes[window]);

		requests[window] = counts.requests;
		slow[window] = counts.slow;
		failed[window] = counts.failed;
	}
	values[i++] = counts_array(requests);
	values[i++] = counts_array(slow);
	values[i++] = counts_array(failed);
	return i;
}

/* Add the row of an endpoint. */
static void
put_endpoint(ReturnSetInfo *result, const Endpoint *endpoint, int64 now_us)
{
	const RequestTotals *totals = &endpoint->requests.totals;
	bool		of_database = endpoint->rule.time == ENDPOINT_DATABASE;
	const Histogram *times = of_database ? &endpoint->requests.database :
		&endpoint->requests.span;
	int64		longest_us = of_database ? totals->longest_database_us :
		totals->longest_span_us;
	Datum		values[ENDPOINT_READ_COLUMNS];
	bool		nulls[ENDPOINT_READ_COLUMNS] = {false};
	int			i = 0;

	values[i++] = CStringGetTextDatum(endpoint->rule.name);
	values[i++] = Int64GetDatum(totals->requests);
	values[i++] = Int64GetDatum(endpoint->slow);
	values[i++] = Int64GetDatum(endpoint->large);
	values[i++] = Int64GetDatum(totals->failed);
	values[i++] = Int64GetDatum(totals->statements);
	values[i++] = report_quantile_count(&endpoint->requests.statements, 0.95,
										totals->most_statements);
	values[i++] = Int64GetDatum(totals->most_statements);
	values[i++] = report_quantile_ms(times, 0.50, longest_us);
	values[i++] = report_quantile_ms(times, 0.95, longest_us);
	values[i++] = Float8GetDatum(US_TO_MS(longest_us));
	values[i++] = Float8GetDatum(US_TO_MS(totals->database_us));
	values[i++] = Float8GetDatum(US_TO_MS(totals->span_us));
	values[i++] = TimestampTzGetDatum(endpoint->since);
	nulls[i] = totals->requests == 0;
	values[i++] = TimestampTzGetDatum(totals->first_seen);
	nulls[i] = totals->requests == 0;
	values[i++] = TimestampTzGetDatum(totals->last_seen);
	i = put_windows(values, i, endpoint, now_us);
	Assert(i == ENDPOINT_READ_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_endpoints(): the counters of the endpoints of this database.
 */
Datum
clipperf_read_endpoints(PG_FUNCTION_ARGS)
{
	RequestTable *table;
	int64		now_us;

	report_begin_rows(fcinfo, ENDPOINT_READ_COLUMNS);
	table = requests_copy((int64) setting_request_idle_ms * 1000);
	now_us = table->endpoints.clock_us + clock_us();
	for (int i = 0; i < table->endpoints.count; i++)
	{
		if (table->endpoints.endpoint[i].rule.dbid == MyDatabaseId)
			put_endpoint((ReturnSetInfo *) fcinfo->resultinfo,
						 &table->endpoints.endpoint[i], now_us);
	}
	return (Datum) 0;
}
