/*-------------------------------------------------------------------------
 *
 * queries.c
 *	  clipperf_queries: what each statement did.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "store/statement.h"
#include "store/text.h"

PGDLLEXPORT Datum clipperf_read_queries(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_query_text(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_queries);
PG_FUNCTION_INFO_V1(clipperf_query_text);

#define QUERY_COLUMNS 24

/* An estimate in milliseconds, no further out than what was really measured. */
static Datum
measured_ms(const StatementCounters *counters, double us)
{
	us = Max(report_round(us), counters->min_us);
	us = Min(us, counters->max_us);
	return Float8GetDatum(US_TO_MS(us));
}

/* A quantile of the calls, in milliseconds. */
static Datum
quantile(const StatementCounters *counters, double q)
{
	return measured_ms(counters, histogram_quantile(&counters->latency, q));
}

/* Times of the calls: total, min, max, mean, stddev, p50, p95, p99, plan. */
static int
put_times(Datum *values, int i, const StatementCounters *counters)
{
	double		calls = Max(counters->calls, 1);

	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us));
	values[i++] = Float8GetDatum(US_TO_MS(counters->min_us));
	values[i++] = Float8GetDatum(US_TO_MS(counters->max_us));
	values[i++] = measured_ms(counters, counters->mean_us);
	values[i++] = Float8GetDatum(US_TO_MS(report_round(sqrt(counters->sum_dev2 / calls))));
	values[i++] = quantile(counters, 0.50);
	values[i++] = quantile(counters, 0.95);
	values[i++] = quantile(counters, 0.99);
	values[i++] = Float8GetDatum(US_TO_MS(counters->plan_us));
	return i;
}

/* What was read and written, and how many parameter lists there were. */
static int
put_work(Datum *values, int i, const StatementCounters *counters)
{
	double		distinct = sketch_estimate(&counters->params);

	values[i++] = Int64GetDatum(counters->shared_blks_hit);
	values[i++] = Int64GetDatum(counters->shared_blks_read);
	values[i++] = Int64GetDatum(counters->temp_blks_written);
	values[i++] = Int64GetDatum(counters->wal_bytes);
	values[i++] = Int64GetDatum((int64) Min(rint(distinct), counters->calls));
	return i;
}

/*
 * StatementVisitor that adds a row to the ReturnSetInfo "arg", if the caller may
 * learn of the statement.
 */
static void
put_query(const StatementKey *key, const StatementCounters *counters,
		  const TableUses *tables, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[QUERY_COLUMNS];
	bool		nulls[QUERY_COLUMNS] = {false};
	int			i = 0;

	if (!report_may_read(key->userid))
		return;
	values[i++] = ObjectIdGetDatum(key->userid);
	values[i++] = ObjectIdGetDatum(key->dbid);
	values[i++] = BoolGetDatum(key->toplevel != 0);
	values[i++] = Int64GetDatum((int64) key->queryid);
	result_set_text(values, nulls, i++, route_label(key->route));
	values[i++] = Int64GetDatum(counters->calls);
	values[i++] = Int64GetDatum(counters->errors);
	values[i++] = Int64GetDatum(counters->rows);
	i = put_times(values, i, counters);
	i = put_work(values, i, counters);
	values[i++] = TimestampTzGetDatum(counters->first_seen);
	values[i++] = TimestampTzGetDatum(counters->last_seen);
	Assert(i == QUERY_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_queries(): the rows of clipperf_queries but for the texts, of
 * the caller's own statements, or of all for members of pg_read_all_stats.
 */
Datum
clipperf_read_queries(PG_FUNCTION_ARGS)
{
	report_begin_rows(fcinfo, QUERY_COLUMNS);
	statement_visit(put_query, fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * clipperf_query_text(userid, dbid, queryid): the normalised text of a
 * statement that was run by that user, or NULL: if there is none or the caller
 * may not read it.  Asked for by row, so that reading counters copies no text.
 */
Datum
clipperf_query_text(PG_FUNCTION_ARGS)
{
	TextKey		key = {
		.userid = PG_GETARG_OID(0),
		.dbid = PG_GETARG_OID(1),
		.queryid = (uint64) PG_GETARG_INT64(2)
	};
	char	   *query = NULL;

	store_require();
	if (report_may_read(key.userid))
		query = text_copy(&key);
	if (query == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(query));
}
