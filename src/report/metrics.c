/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  clipperf_request_metrics, clipperf_finding_counts: what clipperf_metrics()
 *	  is made of, and what of it SQL cannot do.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/own_sql.h"
#include "common/result_rows.h"
#include "store/encoding.h"
#include "store/endpoint_sync.h"
#include "store/export.h"
#include "store/finding_counts.h"
#include "store/request_store.h"

PGDLLEXPORT Datum clipperf_read_request_metrics(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_metric_label(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_recent_finding_counts(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_request_metrics);
PG_FUNCTION_INFO_V1(clipperf_metric_label);
PG_FUNCTION_INFO_V1(clipperf_recent_finding_counts);

#define METRICS_COLUMNS 18

/*
 * Bounds of the times of requests: powers of two of microseconds, from 64 us to
 * 8.4 s, which are bounds of our own histogram.  Bounds of numbers of statements: 1, 3,
 * 7 .. 1023, since there are as many up to 7 as below 8.
 */
#define FIRST_TIME_POWER	6
#define TIME_BOUNDS			18
#define FIRST_COUNT_POWER	1
#define COUNT_BOUNDS		10

/* Age of counts of findings that are good enough, in microseconds. */
#define FINDINGS_AGE_US		INT64CONST(60000000)

/* An array of numbers. */
static Datum
int8_array(const int64 *numbers, int count)
{
	Datum	   *elements = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(elements, count, INT8OID,
										   sizeof(int64), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/* The bounds, 2^first .. of a unit, less "less". */
static Datum
bounds_array(int first, int count, double unit, double less)
{
	Datum	   *elements = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum((double) (INT64CONST(1) << (first + i)) / unit - less);
	return PointerGetDatum(construct_array(elements, count, FLOAT8OID,
										   sizeof(float8), FLOAT8PASSBYVAL,
										   TYPALIGN_DOUBLE));
}

/* How many values are up to each of the bounds; NULL if that is not told. */
static int
put_metric_histogram(Datum *values, bool *nulls, int i, const Histogram *histogram,
					 int first, int count, bool told)
{
	int64		below[TIME_BOUNDS];

	nulls[i] = !told;
	values[i] = (Datum) 0;
	if (told)
	{
		histogram_below_powers(histogram, first, count, below);
		values[i] = int8_array(below, count);
	}
	return i + 1;
}

/* What a row of clipperf_request_metrics is about. */
typedef struct MetricsRow
{
	const char *scope;			/* database, route or endpoint */
	const char *name;			/* NULL of the database */
	const RouteRequests *requests;
	bool		has_histograms;
	const Endpoint *endpoint;	/* NULL of others */
	int64		routes_left_out;	/* of the database */
	int64		endpoints_left_out;
} MetricsRow;

/* Add a row. */
static void
put_metric_row(ReturnSetInfo *result, const MetricsRow *row)
{
	const RequestTotals *totals = &row->requests->totals;
	bool		is_database = row->name == NULL;
	bool		told = row->has_histograms;
	Datum		values[METRICS_COLUMNS];
	bool		nulls[METRICS_COLUMNS] = {false};
	int			i = 0;

	values[i++] = CStringGetTextDatum(row->scope);
	result_set_text(values, nulls, i++, row->name);
	values[i++] = Int64GetDatum(totals->requests);
	values[i++] = Int64GetDatum(totals->failed);
	values[i++] = Int64GetDatum(totals->errors);
	values[i++] = Int64GetDatum(totals->statements);
	values[i++] = Int64GetDatum(totals->looped);
	nulls[i] = row->endpoint == NULL;
	values[i++] = Int64GetDatum(row->endpoint ? row->endpoint->slow : 0);
	nulls[i] = row->endpoint == NULL;
	values[i++] = Int64GetDatum(row->endpoint ? row->endpoint->large : 0);
	values[i++] = Float8GetDatum(totals->database_us / 1000000.0);
	values[i++] = Float8GetDatum(totals->span_us / 1000000.0);
	values[i++] = bounds_array(FIRST_TIME_POWER, TIME_BOUNDS, 1000000.0, 0.0);
	i = put_metric_histogram(values, nulls, i, &row->requests->database,
							 FIRST_TIME_POWER, TIME_BOUNDS, told);
	i = put_metric_histogram(values, nulls, i, &row->requests->span,
							 FIRST_TIME_POWER, TIME_BOUNDS, told);
	values[i++] = bounds_array(FIRST_COUNT_POWER, COUNT_BOUNDS, 1.0, 1.0);
	i = put_metric_histogram(values, nulls, i, &row->requests->statements,
							 FIRST_COUNT_POWER, COUNT_BOUNDS, told);
	nulls[i] = !is_database;
	values[i++] = Int64GetDatum(row->routes_left_out);
	nulls[i] = !is_database;
	values[i++] = Int64GetDatum(row->endpoints_left_out);
	Assert(i == METRICS_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Add the rows of routes that are exported, and of the database with all of them. */
static void
put_routes(ReturnSetInfo *result, const RequestTable *table, MetricsRow database)
{
	RouteRequests *all = palloc0(sizeof(RouteRequests));

	for (int64 i = 0; i < table->routes; i++)
	{
		const RouteKey *key = &table->keys[i];
		MetricsRow	row = {
			.scope = "route",
			.requests = &table->route[i],
			.has_histograms = true
		};

		if (key->dbid != MyDatabaseId)
			continue;
		route_requests_merge(all, &table->route[i]);
		if (key->route == ROUTE_NONE)
			continue;
		row.name = route_label(key->route);
		if (row.name != NULL && export_has_route(table, key->dbid, key->route))
			put_metric_row(result, &row);
		else
			database.routes_left_out++;
	}
	database.requests = all;
	put_metric_row(result, &database);
}

/*
 * clipperf_read_request_metrics(): the rows of clipperf_request_metrics.  Gives routes
 * and endpoints that come into view their places.
 */
Datum
clipperf_read_request_metrics(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MetricsRow	database = {.scope = "database",.has_histograms = true};
	RequestTable *table;

	report_begin_rows(fcinfo, METRICS_COLUMNS);
	endpoint_sync_now();
	table = requests_copy_ended();
	requests_choose_exports(table);
	for (int i = 0; i < table->endpoints.count; i++)
	{
		const Endpoint *endpoint = &table->endpoints.endpoint[i];
		MetricsRow	row = {
			.scope = "endpoint",
			.name = endpoint->rule.name,
			.requests = &endpoint->requests,
			.has_histograms = endpoint->exported == ENDPOINT_HISTOGRAM,
			.endpoint = endpoint
		};

		if (endpoint->rule.dbid != MyDatabaseId)
			continue;
		if (endpoint->exported != ENDPOINT_NOT_EXPORTED)
			put_metric_row(result, &row);
		else
			database.endpoints_left_out++;
	}
	put_routes(result, table, database);
	return (Datum) 0;
}

/*
 * clipperf_metric_label(text): the value of a label between its quotes, by the text
 * format of Prometheus and by OpenMetrics.  What is not valid in a database of
 * encoding SQL_ASCII, which takes any bytes, is shown as elsewhere in clipperf.
 */
Datum
clipperf_metric_label(PG_FUNCTION_ARGS)
{
	char	   *value = text_to_cstring(PG_GETARG_TEXT_PP(0));
	StringInfoData label;

	encoding_make_readable(value, GetDatabaseEncoding());
	initStringInfo(&label);
	for (const char *c = value; *c != '\0'; c++)
	{
		if (*c == '\n')
			appendStringInfoString(&label, "\\n");
		else
		{
			if (*c == '\\' || *c == '"')
				appendStringInfoChar(&label, '\\');
			appendStringInfoChar(&label, *c);
		}
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(label.data, label.len));
}

/* Count the findings: FINDING_COUNTS_MAX counts at most, and their number. */
static int
count_findings(int64 *counts)
{
	Datum	   *elements;
	bool	   *nulls;
	int			number;

	SPI_connect();
	own_sql("SELECT @extschema@._clipperf_count_findings()", 0, NULL);
	deconstruct_array(DatumGetArrayTypeP(own_datum(0, 1)), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls, &number);
	if (number > FINDING_COUNTS_MAX)
		elog(ERROR, "no room for %d counts of findings", number);
	for (int i = 0; i < number; i++)
		counts[i] = DatumGetInt64(elements[i]);
	SPI_finish();
	return number;
}

/*
 * clipperf_recent_finding_counts(): the counts of findings that somebody has counted
 * within FINDINGS_AGE_US, or that are counted now.
 */
Datum
clipperf_recent_finding_counts(PG_FUNCTION_ARGS)
{
	int64		counts[FINDING_COUNTS_MAX];
	int			number;

	store_require();
	number = finding_counts_read(counts, FINDINGS_AGE_US);
	if (number < 0)
	{
		number = count_findings(counts);
		finding_counts_keep(counts, number);
	}
	PG_RETURN_DATUM(int8_array(counts, number));
}
