/*-------------------------------------------------------------------------
 *
 * route_histograms.c
 *	  clipperf_route_histograms: how the times of the requests of each route are
 *	  distributed.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/result_rows.h"
#include "settings.h"
#include "store/request_store.h"

PGDLLEXPORT Datum clipperf_read_route_histograms(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_route_histograms);

#define HISTOGRAM_COLUMNS 5

/*
 * Buckets that make one part of what is shown: four parts in each power of two, each
 * up to a quarter longer than the one before, are as many as a chart can show.
 */
#define BUCKETS_OF_PART	3
#define PARTS			(HISTOGRAM_BUCKETS / BUCKETS_OF_PART)

StaticAssertDecl(HISTOGRAM_STEPS % BUCKETS_OF_PART == 0,
				 "the parts of a power of two are equal");

/* An array of 8-byte numbers, floats or integers. */
static Datum
number_array(Datum *elements, int count, Oid type)
{
	return PointerGetDatum(construct_array(elements, count, type, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * Put the bounds of the parts, from the first to the last that is not empty, in
 * milliseconds, and how many durations are in each: one number less.
 */
static int
put_parts(Datum *values, int i, const Histogram *histogram)
{
	int64		counts[PARTS] = {0};
	Datum		bounds[PARTS + 1];
	Datum		numbers[PARTS];
	int			first = PARTS;
	int			end = 0;

	for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
	{
		int			part = bucket / BUCKETS_OF_PART;

		if (histogram->count[bucket] == 0)
			continue;
		counts[part] += histogram->count[bucket];
		first = Min(first, part);
		end = part + 1;
	}
	first = Min(first, end);
	for (int part = first; part < end; part++)
		numbers[part - first] = Int64GetDatum(counts[part]);
	for (int part = first; part <= end; part++)
		bounds[part - first] =
			Float8GetDatum(US_TO_MS(histogram_lower_bound(part * BUCKETS_OF_PART)));
	values[i++] = number_array(bounds, end - first + 1, FLOAT8OID);
	values[i++] = number_array(numbers, end - first, INT8OID);
	return i;
}

/* Add the row of one route and one of its times. */
static void
put_route_histogram(ReturnSetInfo *result, const RouteKey *key, const char *measured,
					const Histogram *histogram)
{
	Datum		values[HISTOGRAM_COLUMNS];
	bool		nulls[HISTOGRAM_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(key->dbid);
	result_set_text(values, nulls, i++, route_label(key->route));
	values[i++] = CStringGetTextDatum(measured);
	i = put_parts(values, i, histogram);
	Assert(i == HISTOGRAM_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_route_histograms(): the rows of the view, of all databases.
 */
Datum
clipperf_read_route_histograms(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RequestTable *table;

	report_begin_rows(fcinfo, HISTOGRAM_COLUMNS);
	table = requests_copy((int64) setting_request_idle_ms * 1000);
	for (int64 i = 0; i < table->routes; i++)
	{
		put_route_histogram(result, &table->keys[i], "database", &table->route[i].database);
		put_route_histogram(result, &table->keys[i], "span", &table->route[i].span);
	}
	return (Datum) 0;
}
