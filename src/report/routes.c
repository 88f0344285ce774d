/*-------------------------------------------------------------------------
 *
 * routes.c
 *	  clipperf_routes, clipperf_routes_recent: what the requests of each route
 *	  did.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "settings.h"
#include "store/request_store.h"
#include "store/statement.h"

PGDLLEXPORT Datum clipperf_read_routes(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_routes);

#define ROUTE_COLUMNS 31

/* The statement of a route that took most time. */
typedef struct CostliestStatement
{
	RouteKey	key;			/* hash key */
	double		us;
	uint64		queryid;
	Oid			userid;
} CostliestStatement;

/* StatementVisitor that notes the costliest in the table "arg". */
static void
note_costliest(const StatementKey *key, const StatementCounters *counters,
			   const TableUses *tables, void *arg)
{
	RouteKey	route = {key->dbid, key->route};
	double		us = counters->total_us + counters->plan_us;
	CostliestStatement *costliest;
	bool		found;

	if (!key->toplevel)
		return;
	if (route.route != ROUTE_NONE && !route_is_valid(route.route))
		route.route = ROUTE_NONE;
	costliest = hash_search((HTAB *) arg, &route, HASH_ENTER, &found);
	if (found && costliest->us >= us)
		return;
	costliest->us = us;
	costliest->queryid = key->queryid;
	costliest->userid = key->userid;
}

/* The costliest statements of all routes, in the current memory context. */
static HTAB *
find_costliest(void)
{
	HASHCTL		control = {
		.keysize = sizeof(RouteKey),
		.entrysize = sizeof(CostliestStatement),
		.hcxt = CurrentMemoryContext
	};
	HTAB	   *costliest = hash_create("clipperf routes", 64, &control,
										HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	statement_visit(note_costliest, costliest);
	return costliest;
}

/* Requests, how they were told apart, their statements and work. */
static int
put_totals(Datum *values, int i, const RequestTotals *totals)
{
	values[i++] = Int64GetDatum(totals->requests);
	values[i++] = Int64GetDatum(totals->kinds[REQUEST_TRACE]);
	values[i++] = Int64GetDatum(totals->kinds[REQUEST_TRANSACTION]);
	values[i++] = Int64GetDatum(totals->kinds[REQUEST_INFERRED]);
	values[i++] = Int64GetDatum(totals->failed);
	values[i++] = Int64GetDatum(totals->errors);
	values[i++] = Int64GetDatum(totals->statements);
	values[i++] = Int64GetDatum(totals->looped);
	values[i++] = Int64GetDatum(totals->rows);
	values[i++] = Int64GetDatum(totals->shared_blks_hit);
	values[i++] = Int64GetDatum(totals->shared_blks_read);
	values[i++] = Int64GetDatum(totals->wal_bytes);
	values[i++] = Float8GetDatum(US_TO_MS(totals->database_us));
	values[i++] = Float8GetDatum(US_TO_MS(totals->span_us));
	values[i++] = Float8GetDatum(US_TO_MS(totals->wait_us));
	return i;
}

/* How times and numbers of statements are distributed. */
static int
put_distributions(Datum *values, int i, const RouteRequests *requests)
{
	const RequestTotals *totals = &requests->totals;
	const double quantiles[] = {0.50, 0.95, 0.99};

	for (int q = 0; q < lengthof(quantiles); q++)
		values[i++] = report_quantile_ms(&requests->database, quantiles[q],
										 totals->longest_database_us);
	values[i++] = Float8GetDatum(US_TO_MS(totals->longest_database_us));
	for (int q = 0; q < lengthof(quantiles); q++)
		values[i++] = report_quantile_ms(&requests->span, quantiles[q],
										 totals->longest_span_us);
	values[i++] = Float8GetDatum(US_TO_MS(totals->longest_span_us));
	values[i++] = report_quantile_count(&requests->statements, 0.95,
										totals->most_statements);
	values[i++] = Int64GetDatum(totals->most_statements);
	return i;
}

/* Add the row of one route; what cost it most is told to who may read that. */
static void
put_route(ReturnSetInfo *result, const RouteKey *key,
		  const RouteRequests *requests, HTAB *costliest)
{
	const CostliestStatement *statement = hash_search(costliest, key, HASH_FIND, NULL);
	bool		may_read = statement != NULL && report_may_read(statement->userid);
	Datum		values[ROUTE_COLUMNS];
	bool		nulls[ROUTE_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(key->dbid);
	result_set_text(values, nulls, i++, route_label(key->route));
	i = put_totals(values, i, &requests->totals);
	i = put_distributions(values, i, requests);
	nulls[i] = !may_read;
	values[i++] = ObjectIdGetDatum(may_read ? statement->userid : InvalidOid);
	nulls[i] = !may_read;
	values[i++] = Int64GetDatum(may_read ? (int64) statement->queryid : 0);
	values[i++] = TimestampTzGetDatum(requests->totals.first_seen);
	values[i++] = TimestampTzGetDatum(requests->totals.last_seen);
	Assert(i == ROUTE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Put the requests of the last minutes in the place of all that there were. */
static void
keep_recent(RequestTable *table)
{
	int64		now = GetCurrentTimestamp() / USECS_PER_MINUTE;

	table->routes = 0;
	for (int i = 0; i < RECENT_MINUTES; i++)
	{
		const RecentMinute *recent = &table->recent[i];

		if (recent->minute > now || recent->minute <= now - RECENT_MINUTES)
			continue;
		for (int64 route = 0; route < recent->routes; route++)
		{
			const RouteKey *key = &recent->keys[route];

			route_requests_merge(request_table_route(table, key->dbid, key->route),
								 &recent->route[route]);
		}
	}
}

/*
 * clipperf_read_routes(recent): the rows of both views, of all databases.
 */
Datum
clipperf_read_routes(PG_FUNCTION_ARGS)
{
	RequestTable *table;
	HTAB	   *costliest;

	report_begin_rows(fcinfo, ROUTE_COLUMNS);
	costliest = find_costliest();
	table = requests_copy((int64) setting_request_idle_ms * 1000);
	if (PG_GETARG_BOOL(0))
		keep_recent(table);
	for (int64 i = 0; i < table->routes; i++)
		put_route((ReturnSetInfo *) fcinfo->resultinfo, &table->keys[i],
				  &table->route[i], costliest);
	return (Datum) 0;
}
