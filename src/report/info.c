/*-------------------------------------------------------------------------
 *
 * info.c
 *	  clipperf_info: the state of clipperf itself.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "settings.h"
#include "store/cache_store.h"
#include "store/database_reset.h"
#include "store/modules.h"
#include "store/pattern.h"
#include "store/plan.h"
#include "store/request_store.h"
#include "store/resultset.h"
#include "store/route.h"
#include "store/seqscan.h"
#include "store/standby.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/text.h"
#include "store/waits.h"

PGDLLEXPORT Datum clipperf_read_info(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_note_ours(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_info);
PG_FUNCTION_INFO_V1(clipperf_note_ours);

#define INFO_COLUMNS 52

/* Statements: held, most, evicted; executions that were dropped. */
static int
put_statements(Datum *values, int i)
{
	int64		held;
	Size		entry_bytes;

	statement_usage(&held, &entry_bytes);
	values[i++] = Int64GetDatum(held);
	values[i++] = Int64GetDatum(setting_max_statements);
	values[i++] = Int64GetDatum(pg_atomic_read_u64(&store_header->evicted));
	values[i++] = Int64GetDatum(pg_atomic_read_u64(&store_header->dropped));
	return i;
}

/* StatementVisitor that adds up tables in the TableUses "arg", without them. */
static void
add_table_uses(const StatementKey *key, const StatementCounters *counters,
			   const TableUses *tables, void *arg)
{
	TableUses  *sum = arg;

	sum->count += tables->count;
	sum->dropped += tables->dropped;
}

/* Tables of the statements: held, dropped. */
static int
put_tables(Datum *values, int i)
{
	TableUses	sum = {0};

	statement_visit(add_table_uses, &sum);
	values[i++] = Int64GetDatum(sum.count);
	values[i++] = Int64GetDatum(sum.dropped);
	return i;
}

/* Texts: held, cut, dropped; bytes used and reserved. */
static int
put_texts(Datum *values, int i)
{
	int64		texts;
	Size		used;
	Size		reserved;

	text_usage(&texts, &used, &reserved);
	values[i++] = Int64GetDatum(texts);
	values[i++] = Int64GetDatum(pg_atomic_read_u64(&store_header->texts_cut));
	values[i++] = Int64GetDatum(pg_atomic_read_u64(&store_header->texts_dropped));
	values[i++] = Int64GetDatum(used);
	values[i++] = Int64GetDatum(reserved);
	return i;
}

/* Memory that waits for statements and texts to come. */
static Size
unused_bytes(void)
{
	int64		held;
	int64		texts;
	Size		entry_bytes;
	Size		used;
	Size		reserved;

	statement_usage(&held, &entry_bytes);
	text_usage(&texts, &used, &reserved);
	return (setting_max_statements - held) * entry_bytes + reserved - used;
}

/* Findings, plans and routes: held and evicted; plans: executions lost, memory. */
static int
put_findings(Datum *values, int i)
{
	int			patterns;

	pfree(pattern_copy(&patterns));
	values[i++] = Int64GetDatum(patterns);
	values[i++] = Int64GetDatum(pattern_evicted());
	values[i++] = Int64GetDatum(seqscan_count());
	values[i++] = Int64GetDatum(seqscan_evicted());
	values[i++] = Int64GetDatum(plan_count());
	values[i++] = Int64GetDatum(plan_evicted());
	values[i++] = Int64GetDatum(plan_lost());
	values[i++] = Int64GetDatum(plan_module.size());
	values[i++] = Int64GetDatum(route_count());
	values[i++] = Int64GetDatum(route_evicted());
	return i;
}

/* Requests: routes held and evicted; traces cut; not counted as recent, at all; memory.  Endpoints: held; memory. */
static int
put_requests(Datum *values, int i)
{
	RequestTable *table = requests_copy_ended();

	values[i++] = Int64GetDatum(table->routes);
	values[i++] = Int64GetDatum(table->losses.evicted);
	values[i++] = Int64GetDatum(table->losses.traces_cut);
	values[i++] = Int64GetDatum(table->losses.recent_dropped);
	values[i++] = Int64GetDatum(table->losses.requests_lost);
	values[i++] = Int64GetDatum(request_module.size());
	values[i++] = Int64GetDatum(endpoint_table_held(&table->endpoints));
	values[i++] = Int64GetDatum(sizeof(EndpointTable));
	pfree(table);
	return i;
}

/* Samples of waits: rows held, evicted, samples lost; memory; what was sampled, and by whom; its time. */
static int
put_waits(Datum *values, bool *nulls, int i)
{
	WaitTotals	totals;

	values[i++] = Int64GetDatum(waits_held(&totals));
	values[i++] = Int64GetDatum(totals.evicted);
	values[i++] = Int64GetDatum(totals.lost);
	values[i++] = Int64GetDatum(waits_module.size());
	values[i++] = Int64GetDatum(totals.moments);
	values[i++] = Float8GetDatum((double) totals.ms);
	nulls[i] = totals.ms == 0;
	values[i++] = Float8GetDatum(US_TO_MS(totals.own_us) / Max(totals.ms, 1));
	nulls[i] = waits_sampler() == 0;
	values[i++] = Int32GetDatum(waits_sampler());
	return i;
}

/* Caches: statements held, evicted, refused; executions lost; memory. */
static int
put_caches(Datum *values, int i)
{
	CacheUsage	usage = cache_usage();

	values[i++] = Int64GetDatum(usage.held);
	values[i++] = Int64GetDatum(usage.evicted);
	values[i++] = Int64GetDatum(usage.refused);
	values[i++] = Int64GetDatum(usage.lost);
	values[i++] = Int64GetDatum(cache_module.size());
	return i;
}

/* What our own code costs, by executions measured now and then. */
static int
put_overhead(Datum *values, bool *nulls, int i)
{
	double		ns = pg_atomic_read_u64(&store_header->overhead_ns);
	double		measured = pg_atomic_read_u64(&store_header->overhead_samples);
	double		busy_ns = pg_atomic_read_u64(&store_header->overhead_of_ns);

	nulls[i] = measured == 0;
	values[i++] = Float8GetDatum(measured > 0 ? ns / measured / 1000000.0 : 0);
	nulls[i] = busy_ns == 0;
	values[i++] = Float8GetDatum(busy_ns > 0 ? ns / (ns + busy_ns) : 0);
	return i;
}

/*
 * clipperf_read_info(): the row of clipperf_info.
 */
Datum
clipperf_read_info(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[INFO_COLUMNS];
	bool		nulls[INFO_COLUMNS] = {false};
	int			i = 0;

	store_require();
	(void) standby_follows();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result_check_columns(desc, INFO_COLUMNS);

	values[i++] = CStringGetTextDatum(CLIPPERF_VERSION);
	values[i++] = TimestampTzGetDatum(database_since(MyDatabaseId));
	values[i++] = Int64GetDatum(store_memory_reserved());
	values[i++] = Int64GetDatum(store_memory_reserved() - unused_bytes());
	i = put_statements(values, i);
	i = put_tables(values, i);
	i = put_texts(values, i);
	i = put_findings(values, i);
	i = put_requests(values, i);
	i = put_waits(values, nulls, i);
	i = put_caches(values, i);
	values[i++] = Int64GetDatum(resultset_slots());
	i = put_overhead(values, nulls, i);
	values[i++] = Int32GetDatum(store_header->worker_pid);
	nulls[i - 1] = store_header->worker_pid == 0;
	values[i++] = TimestampTzGetDatum(store_header->saved);
	nulls[i - 1] = store_header->saved == 0;
	values[i++] = TimestampTzGetDatum(standby_last_seen());
	nulls[i - 1] = standby_last_seen() == 0;
	Assert(i == INFO_COLUMNS);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/*
 * _clipperf_note_ours(): true, and the statement that calls it is ours.  Needs no
 * preloaded module.
 */
Datum
clipperf_note_ours(PG_FUNCTION_ARGS)
{
	store_note_ours();
	PG_RETURN_BOOL(true);
}
