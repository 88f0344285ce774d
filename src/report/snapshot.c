/*-------------------------------------------------------------------------
 *
 * snapshot.c
 *	  clipperf_snapshot(): keeps what was counted, so that it can be compared.
 *
 * A snapshot is of one database, the one it is taken in: what the counters of its
 * statements and routes were then, in tables.  A period lies between two snapshots,
 * and what was counted in it is their difference.
 *
 * An entry that was reset, or evicted and made again, begins again; so it does
 * when a crash takes the counters back to those of the saved file.  The last is
 * prevented: the store is saved with each snapshot, so that the counters after
 * a crash are never older.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "common/lock_limit.h"
#include "common/own_sql.h"
#include "common/result_rows.h"
#include "report/snapshot_code.h"
#include "settings.h"
#include "store/blocks.h"
#include "store/modules.h"
#include "store/request_store.h"
#include "store/statement.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_read_states(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_snapshot(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_end_block(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_states);
PG_FUNCTION_INFO_V1(clipperf_snapshot);
PG_FUNCTION_INFO_V1(clipperf_end_block);

#define STATE_COLUMNS 8

/* Bytes of a label at most. */
#define LABEL_BYTES 63

/* The kinds of items, in tables. */
#define KIND_ALL		'a'
#define KIND_ROUTE		'r'
#define KIND_SPAN		'e'		/* endpoints: the requests' span is measured */
#define KIND_DATABASE	'd'		/* endpoints: their database time is */
#define KIND_STATEMENT	's'

/* Add the row of one item with that name; it has its series, if there is one. */
static void
put_state(ReturnSetInfo *result, char kind, const char *name, const SeriesKey *key,
		  const SnapshotState *state)
{
	BlockSeries series;
	bool		has_series = blocks_copy(key, &series) && series.count > 0;
	Datum		values[STATE_COLUMNS];
	bool		nulls[STATE_COLUMNS] = {false};
	int			i = 0;

	values[i++] = CharGetDatum(kind);
	nulls[i] = kind != KIND_STATEMENT;
	values[i++] = BoolGetDatum(key->toplevel != 0);
	nulls[i] = kind != KIND_STATEMENT;
	values[i++] = ObjectIdGetDatum(key->userid);
	nulls[i] = kind != KIND_STATEMENT;
	values[i++] = Int64GetDatum((int64) key->queryid);
	result_set_text(values, nulls, i++, name);
	values[i++] = Float8GetDatum(US_TO_MS((double) state->field[STATE_TOTAL_US]));
	values[i++] = PointerGetDatum(state_encode(state));
	nulls[i] = !has_series;
	values[i++] = has_series ? PointerGetDatum(series_encode(&series)) : (Datum) 0;
	Assert(i == STATE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * StatementVisitor that adds the row of a statement of this database to the
 * ReturnSetInfo "arg".  One whose route's name has gone is left out: its counters
 * cannot be told from those of others.
 */
static void
put_statement_state(const StatementKey *key, const StatementCounters *counters,
					const TableUses *tables, void *arg)
{
	SeriesKey	series = series_key_of_statement(key);
	SnapshotState state = {
		.field = {
			[STATE_FIRST_SEEN] = counters->first_seen,
			[STATE_CALLS] = counters->calls,
			[STATE_ERRORS] = counters->errors,
			[STATE_PARTS] = counters->rows,
			[STATE_TOTAL_US] = (int64) counters->total_us,
			[STATE_BLOCKS] = counters->shared_blks_hit + counters->shared_blks_read
		}
	};

	if (key->dbid != MyDatabaseId ||
		(key->route != ROUTE_NONE && !route_is_valid(key->route)))
		return;
	state.histogram[STATE_LATENCY] = counters->latency;
	put_state(arg, KIND_STATEMENT, route_label(key->route), &series, &state);
}

/* Add the row of the requests of a route, of an endpoint, or of all. */
static void
put_request_state(ReturnSetInfo *result, char kind, const char *name,
				  const SeriesKey *key, const RouteRequests *requests)
{
	const RequestTotals *totals = &requests->totals;
	bool		is_span = kind == KIND_SPAN;
	SnapshotState state = {
		.field = {
			[STATE_FIRST_SEEN] = totals->first_seen,
			[STATE_CALLS] = totals->requests,
			[STATE_ERRORS] = totals->failed,
			[STATE_PARTS] = totals->statements,
			[STATE_TOTAL_US] = is_span ? totals->span_us : totals->database_us,
			[STATE_SPAN_US] = totals->span_us,
			[STATE_BLOCKS] = totals->shared_blks_hit + totals->shared_blks_read
		}
	};

	state.histogram[STATE_LATENCY] = is_span ? requests->span : requests->database;
	state.histogram[STATE_SPAN] = requests->span;
	state.histogram[STATE_STATEMENTS] = requests->statements;
	put_state(result, kind, name, key, &state);
}

/* Add the rows of the endpoints of this database. */
static void
put_endpoint_states(ReturnSetInfo *result, const EndpointTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		const Endpoint *endpoint = &table->endpoint[i];
		SeriesKey	key;

		if (endpoint->rule.dbid != MyDatabaseId)
			continue;
		key = series_key_of_endpoint(&endpoint->rule);
		put_request_state(result, endpoint->rule.time == ENDPOINT_SPAN ?
						  KIND_SPAN : KIND_DATABASE, endpoint->rule.name, &key,
						  &endpoint->requests);
	}
}

/*
 * _clipperf_read_states(): a row for all requests in this database, each endpoint,
 * each route and each statement: what was counted, and the blocks since the last
 * snapshot.
 */
Datum
clipperf_read_states(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RouteRequests *sum = palloc0(sizeof(RouteRequests));
	SeriesKey	key = series_key_of_all(MyDatabaseId);
	RequestTable *table;

	report_begin_rows(fcinfo, STATE_COLUMNS);
	table = requests_copy((int64) setting_request_idle_ms * 1000);
	for (int64 i = 0; i < table->routes; i++)
	{
		SeriesKey	route = series_key_of_route(MyDatabaseId, table->keys[i].route);

		if (table->keys[i].dbid != MyDatabaseId)
			continue;
		route_requests_merge(sum, &table->route[i]);
		put_request_state(result, KIND_ROUTE, route_label(route.route), &route,
						  &table->route[i]);
	}
	if (sum->totals.requests > 0)
		put_request_state(result, KIND_ALL, NULL, &key, sum);
	put_endpoint_states(result, &table->endpoints);
	statement_visit(put_statement_state, result);
	return (Datum) 0;
}

/*
 * Error 22023 for a label that could be taken for the number of a period, is empty
 * or too long.
 */
static void
check_period_label(const char *label)
{
	if (label == NULL)
		return;
	if (label[0] == '\0' || strspn(label, "0123456789") == strlen(label))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid label of a period: \"%s\"", label),
				 errdetail("A label must not be empty, and not consist of digits alone.")));
	if (strlen(label) > LABEL_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label of a period is too long"),
				 errdetail("It must not be longer than %d bytes.", LABEL_BYTES)));
}

/*
 * Let nobody else take a snapshot until the end of the transaction, and make sure
 * that the label is free: error 42710.  Error 55P03 if someone else does for longer
 * than lock_limit_ms().
 */
static void
lock_snapshots(const char *label)
{
	SqlArg		arg = arg_text(label);
	LockLimit	limit;

	own_lock_extension();
	lock_limit_begin(&limit, "Another session has called clipperf_snapshot() in a transaction that is open still.");
	own_sql("LOCK TABLE @extschema@._clipperf_snapshot IN SHARE ROW EXCLUSIVE MODE",
			0, NULL);
	lock_limit_end(&limit);
	own_sql("SELECT FROM @extschema@._clipperf_snapshot WHERE label = $1", 1, &arg);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("period \"%s\" already exists", label),
				 errhint("Use another label, or remove the period with clipperf_drop_period().")));
}

/*
 * clipperf_snapshot(label, comment): end a period, and return its number.  The
 * blocks of the next one begin even if the transaction is rolled back, which makes
 * no figure wrong: they only tell how much the figures vary.
 */
Datum
clipperf_snapshot(PG_FUNCTION_ARGS)
{
	char	   *label = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *comment = PG_ARGISNULL(1) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(1));
	SqlArg		args[] = {arg_text(label), arg_text(comment),
	arg_text(GetUserNameFromId(GetUserId(), false)), arg_int4(setting_snapshot_keep)};
	int64		period;

	store_require();
	PreventCommandDuringRecovery("clipperf_snapshot()");
	PreventCommandIfReadOnly("clipperf_snapshot()");
	check_period_label(label);
	SPI_connect();
	lock_snapshots(label);
	blocks_tick();
	own_sql("SELECT @extschema@._clipperf_take_snapshot($1, $2, $3)", 3, args);
	period = DatumGetInt64(own_datum(0, 1));
	own_sql("SELECT @extschema@._clipperf_drop_old_periods($1)", 1, &args[3]);
	SPI_finish();
	blocks_end_period(MyDatabaseId);
	(void) store_save();
	PG_RETURN_INT64(period);
}

/*
 * _clipperf_end_block(): count for the blocks what was counted since the last time,
 * as the worker does every second, so that tests need not wait for it.
 */
Datum
clipperf_end_block(PG_FUNCTION_ARGS)
{
	store_require();
	blocks_tick();
	PG_RETURN_VOID();
}
