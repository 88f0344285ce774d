/*-------------------------------------------------------------------------
 *
 * waits.c
 *	  clipperf_waits: what the statements of each route were seen to wait for.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "tcop/cmdtag.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "store/waits.h"

PGDLLEXPORT Datum clipperf_read_waits(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_waits);

#define WAIT_COLUMNS 16

/* The states in words; the first two are those of pg_stat_activity. */
static const char *const state_names[NUM_WAIT_STATES] = {
	[WAIT_ACTIVE] = "active",
	[WAIT_IN_TRANSACTION] = "idle in transaction",
	[WAIT_OURS] = "clipperf"
};

/* Whose statement it is and which, for those who may read it. */
static int
put_wait_statement(Datum *values, bool *nulls, int i, const WaitKey *key)
{
	bool		may_read = report_may_read(key->userid);

	nulls[i] = !may_read;
	values[i++] = ObjectIdGetDatum(key->userid);
	values[i++] = ObjectIdGetDatum(key->dbid);
	result_set_text(values, nulls, i++, route_label(key->route));
	nulls[i] = !may_read || key->queryid == 0;
	values[i++] = Int64GetDatum((int64) key->queryid);
	result_set_text(values, nulls, i++, may_read && key->command != 0 ?
					GetCommandTagName(key->command) : NULL);
	return i;
}

/* Add the row of one entry. */
static void
put_wait(ReturnSetInfo *result, const WaitTable *table, const WaitEntry *entry,
		 TimestampTz now)
{
	const WaitEventName *event = &table->events[entry->key.event];
	int64		recent_of_ms;
	int64		recent_ms = waits_recent_ms(table, entry, now,
											&recent_of_ms);
	Datum		values[WAIT_COLUMNS];
	bool		nulls[WAIT_COLUMNS] = {false};
	int			i = 0;

	i = put_wait_statement(values, nulls, i, &entry->key);
	values[i++] = CStringGetTextDatum(state_names[entry->key.state]);
	values[i++] = CStringGetTextDatum(event->type);
	values[i++] = CStringGetTextDatum(event->event);
	result_set_text(values, nulls, i++, route_label(entry->key.holder));
	values[i++] = Int64GetDatum(entry->samples);
	values[i++] = Float8GetDatum((double) entry->ms);
	values[i++] = Float8GetDatum((double) waits_sampled_ms(table, entry->key.dbid));
	values[i++] = Float8GetDatum((double) recent_ms);
	values[i++] = Float8GetDatum((double) recent_of_ms);
	values[i++] = TimestampTzGetDatum(entry->first_seen);
	values[i++] = TimestampTzGetDatum(entry->last_seen);
	Assert(i == WAIT_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_waits(): what the view adds up, of all databases.  Statements that the
 * caller may not read have neither role nor queryid.
 */
Datum
clipperf_read_waits(PG_FUNCTION_ARGS)
{
	WaitTable  *table;
	TimestampTz now = GetCurrentTimestamp();

	report_begin_rows(fcinfo, WAIT_COLUMNS);
	table = waits_copy();
	for (int i = 0; i < table->count; i++)
		put_wait((ReturnSetInfo *) fcinfo->resultinfo, table, &table->entries[i],
				 now);
	return (Datum) 0;
}
