/*-------------------------------------------------------------------------
 *
 * waits.c
 *	  clipperf_waits: what the statements of each route were seen to wait for; and the
 *	  same for snapshots, which keep what was sampled between two of them.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/cmdtag.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "store/waits.h"

PGDLLEXPORT Datum clipperf_read_waits(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_read_sampled(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_waits);
PG_FUNCTION_INFO_V1(clipperf_read_sampled);

#define WAIT_COLUMNS 16
#define SAMPLED_COLUMNS 7

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

/* Add a name, which may be NULL, to a hash. */
static uint64
hash_name(uint64 hash, const char *name)
{
	return hash_bytes_extended((const unsigned char *) name,
							   name ? strlen(name) : 0, hash);
}

/*
 * What tells an entry from others, also after a restart: routes and events go by their
 * names, as their numbers may change.
 */
static int64
wait_identity(const WaitTable *table, const WaitKey *key)
{
	WaitKey		rest = *key;
	uint64		hash;

	rest.route = 0;
	rest.holder = 0;
	rest.event = 0;
	hash = hash_bytes_extended((const unsigned char *) &rest, sizeof(rest), 0);
	hash = hash_name(hash, route_label(key->route));
	hash = hash_name(hash, route_label(key->holder));
	hash = hash_name(hash, table->events[key->event].type);
	return (int64) hash_name(hash, table->events[key->event].event);
}

/* Add the row of an entry of active sessions. */
static void
put_sampled(ReturnSetInfo *result, const WaitTable *table, const WaitEntry *entry)
{
	const WaitEventName *event = &table->events[entry->key.event];
	Datum		values[SAMPLED_COLUMNS];
	bool		nulls[SAMPLED_COLUMNS] = {false};
	int			i = 0;

	values[i++] = Int64GetDatum(wait_identity(table, &entry->key));
	values[i++] = TimestampTzGetDatum(entry->first_seen);
	result_set_text(values, nulls, i++, route_label(entry->key.route));
	values[i++] = CStringGetTextDatum(event->type);
	values[i++] = CStringGetTextDatum(event->event);
	values[i++] = Int64GetDatum(entry->samples);
	values[i++] = Int64GetDatum(entry->ms);
	Assert(i == SAMPLED_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * Add the row of the time in which samples were taken, which has no event; a reset of
 * the database makes it another one.
 */
static void
put_sampled_time(ReturnSetInfo *result, const WaitTable *table)
{
	int64		before = databases_sampled_before(&table->databases, MyDatabaseId);
	Datum		values[SAMPLED_COLUMNS] = {0};
	bool		nulls[SAMPLED_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[0] = Int64GetDatum(before);
	values[1] = TimestampTzGetDatum(table->totals.since);
	values[SAMPLED_COLUMNS - 1] = Int64GetDatum(waits_sampled_ms(table, MyDatabaseId));
	nulls[0] = nulls[1] = nulls[SAMPLED_COLUMNS - 1] = false;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * _clipperf_read_sampled(): what was sampled of active sessions in this database, and in
 * a row without an event the time in which samples were taken, all of one moment.
 */
Datum
clipperf_read_sampled(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	WaitTable  *table;

	report_begin_rows(fcinfo, SAMPLED_COLUMNS);
	table = waits_copy();
	if (table->totals.since != 0)
		put_sampled_time(result, table);
	for (int i = 0; i < table->count; i++)
	{
		const WaitEntry *entry = &table->entries[i];

		if (entry->key.dbid == MyDatabaseId && entry->key.state == WAIT_ACTIVE)
			put_sampled(result, table, entry);
	}
	return (Datum) 0;
}
