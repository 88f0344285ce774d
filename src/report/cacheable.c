/*-------------------------------------------------------------------------
 *
 * cacheable.c
 *	  clipperf_cacheable: what a cache of each statement's results would save.
 *
 * The store has replayed such caches; what is said here is how often a result in
 * them would be older than a write to one of its tables.  Writes are taken to come
 * at random, as many a second as there were on average: in bursts they make fewer
 * results stale.  Nobody knows which lists of parameters a written row concerns.
 * So there are two answers: each write concerns all of them, or each row one.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "common/table_family.h"
#include "store/cache_store.h"
#include "store/statement.h"

PGDLLEXPORT Datum clipperf_read_cacheable(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_cacheable);

#define CACHEABLE_COLUMNS 23

/* What each bit of CacheMark is called. */
static const char *const mark_names[] = {
	"volatile functions", "current time", "current user", "row-level security",
	"settings", "random sample", "system catalogs", "foreign tables",
	"temporary tables"
};

StaticAssertDecl(CACHE_ALL_MARKS == (1 << lengthof(mark_names)) - 1,
				 "each mark has a name");

/* A statement of this database, and the tables that it uses. */
typedef struct KnownStatement
{
	StatementKey key;
	double		calls;
	double		rows;
	TableUses	tables;			/* roots of partitions, as far as they exist */
} KnownStatement;

/* The statements of this database: what a StatementVisitor collects. */
typedef struct KnownStatements
{
	List	   *readers;		/* of KnownStatement; one may be in both */
	List	   *writers;
	TimestampTz first_seen;
	TimestampTz last_seen;
} KnownStatements;

/* What is written to the tables that a statement reads. */
typedef struct WritesToTables
{
	double		per_s;
	double		rows_per_s;
	Datum	   *read;			/* OIDs of the tables */
	Datum	   *written;		/* of these, that are written */
	int			nread;
	int			nwritten;
} WritesToTables;

/* StatementVisitor: adds the statement to the KnownStatements "arg". */
static void
know_statement(const StatementKey *key, const StatementCounters *counters,
			   const TableUses *tables, void *arg)
{
	KnownStatements *known = arg;
	KnownStatement *statement;
	uint32		how = 0;

	if (key->dbid != MyDatabaseId || counters->first_seen == 0)
		return;
	known->first_seen = known->first_seen == 0 ? counters->first_seen :
		Min(known->first_seen, counters->first_seen);
	known->last_seen = Max(known->last_seen, counters->last_seen);

	statement = palloc0(sizeof(KnownStatement));
	statement->key = *key;
	statement->calls = counters->calls;
	statement->rows = counters->rows;
	for (uint32 i = 0; i < tables->count; i++)
	{
		const TableUse *use = &tables->use[i];

		if (!table_was_there(use->relid, use->seen))
			continue;
		(void) table_uses_add(&statement->tables, table_root(use->relid), use->how);
		how |= use->how;
	}
	if (how & TABLE_WRITTEN)
		known->writers = lappend(known->writers, statement);
	if ((how & TABLE_READ) && key->toplevel)
		known->readers = lappend(known->readers, statement);
}

/* Does a statement write this table? */
static bool
writes_table(const KnownStatement *writer, Oid relid)
{
	for (uint32 i = 0; i < writer->tables.count; i++)
	{
		if (writer->tables.use[i].relid == relid)
			return (writer->tables.use[i].how & TABLE_WRITTEN) != 0;
	}
	return false;
}

/* Note the tables that a statement reads, and which of them are written. */
static void
note_tables(const KnownStatements *known, const KnownStatement *reader,
			WritesToTables *writes)
{
	for (uint32 i = 0; i < reader->tables.count; i++)
	{
		Oid			relid = reader->tables.use[i].relid;
		ListCell   *lc;

		if ((reader->tables.use[i].how & TABLE_READ) == 0)
			continue;
		writes->read[writes->nread++] = ObjectIdGetDatum(relid);
		foreach(lc, known->writers)
		{
			if (writes_table(lfirst(lc), relid))
			{
				writes->written[writes->nwritten++] = ObjectIdGetDatum(relid);
				break;
			}
		}
	}
}

/* The statement with this key, or NULL if it is not known any more. */
static const KnownStatement *
find_reader(const KnownStatements *known, const StatementKey *key)
{
	ListCell   *lc;

	foreach(lc, known->readers)
	{
		const KnownStatement *statement = lfirst(lc);

		if (statement_keys_are_equal(&statement->key, key))
			return statement;
	}
	return NULL;
}

/* What is written to the tables of a statement: each writer counts once. */
static WritesToTables
find_writes(const KnownStatements *known, const StatementKey *key)
{
	const KnownStatement *reader = find_reader(known, key);
	double		seconds = Max((known->last_seen - known->first_seen) / 1e6, 1.0);
	WritesToTables writes = {0};
	ListCell   *lc;

	writes.read = palloc(TABLE_USES * sizeof(Datum));
	writes.written = palloc(TABLE_USES * sizeof(Datum));
	if (reader == NULL)
		return writes;
	note_tables(known, reader, &writes);
	foreach(lc, known->writers)
	{
		const KnownStatement *writer = lfirst(lc);
		bool		concerns = false;

		for (int i = 0; i < writes.nwritten && !concerns; i++)
			concerns = writes_table(writer, DatumGetObjectId(writes.written[i]));
		if (!concerns)
			continue;
		writes.per_s += writer->calls / seconds;
		writes.rows_per_s += writer->rows / seconds;
	}
	return writes;
}

/* The names of marks as an array. */
static Datum
mark_array(uint32 marks)
{
	Datum		names[lengthof(mark_names)];
	int			count = 0;

	for (int i = 0; i < lengthof(mark_names); i++)
	{
		if (marks & (1u << i))
			names[count++] = CStringGetTextDatum(mark_names[i]);
	}
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/* An array of tables. */
static Datum
tables_read_array(Datum *oids, int count)
{
	return PointerGetDatum(construct_array(oids, count, REGCLASSOID, sizeof(Oid),
										   true, TYPALIGN_INT));
}

/* The shares of one time to live: of hits, of stale ones, what writes leave. */
static int
put_shares(Datum *values, int i, const CacheCounts *counts, int ttl,
		   const WritesToTables *writes)
{
	CacheShares all;
	CacheShares one;

	cache_shares(counts, ttl, writes->per_s, &all);
	cache_shares(counts, ttl, writes->rows_per_s / Max(all.lists, 1.0), &one);
	values[i++] = Float8GetDatum(report_round(all.low));
	values[i++] = Float8GetDatum(report_round(all.expected));
	values[i++] = Float8GetDatum(report_round(all.high));
	values[i++] = Float8GetDatum(report_round(Min(one.stale, all.stale)));
	values[i++] = Float8GetDatum(report_round(Max(one.stale, all.stale)));
	values[i++] = Float8GetDatum(report_round(Min(one.kept, all.kept)));
	values[i++] = Float8GetDatum(report_round(Max(one.kept, all.kept)));
	values[i++] = Float8GetDatum(all.lists);
	return i;
}

/* Put out a row: one statement of one user and route, and one time to live. */
static void
put_cacheable(ReturnSetInfo *result, const CacheRow *row, int ttl,
			  const WritesToTables *writes)
{
	const CacheCounts *counts = &row->counts;
	Datum		values[CACHEABLE_COLUMNS];
	bool		nulls[CACHEABLE_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(row->key.userid);
	values[i++] = Int64GetDatum((int64) row->key.queryid);
	result_set_text(values, nulls, i++, route_label(row->key.route));
	values[i++] = Int32GetDatum(cache_ttl_s[ttl]);
	values[i++] = Int64GetDatum((int64) counts->calls);
	values[i++] = Float8GetDatum(US_TO_MS(counts->total_us));
	i = put_shares(values, i, counts, ttl, writes);
	values[i++] = Float8GetDatum(report_round(writes->per_s));
	values[i++] = Float8GetDatum(report_round(writes->rows_per_s));
	values[i++] = Int64GetDatum((int64) counts->unmeasured);
	values[i++] = Int64GetDatum((int64) counts->repeats);
	values[i++] = Float8GetDatum(US_TO_MS(counts->repeats_us));
	values[i++] = mark_array(row->marks);
	values[i++] = tables_read_array(writes->read, writes->nread);
	values[i++] = tables_read_array(writes->written, writes->nwritten);
	values[i++] = TimestampTzGetDatum(row->since);
	Assert(i == CACHEABLE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_cacheable(): the rows of clipperf_cacheable, of this database, as far
 * as the caller may read of their statements.
 */
Datum
clipperf_read_cacheable(PG_FUNCTION_ARGS)
{
	KnownStatements known = {0};
	int			count;
	CacheRow   *rows;

	report_begin_rows(fcinfo, CACHEABLE_COLUMNS);
	statement_visit(know_statement, &known);
	rows = cache_copy(&count);
	for (int i = 0; i < count; i++)
	{
		WritesToTables writes;

		CHECK_FOR_INTERRUPTS();
		if (rows[i].key.dbid != MyDatabaseId || !report_may_read(rows[i].key.userid) ||
			rows[i].counts.calls == 0)
			continue;
		writes = find_writes(&known, &rows[i].key);
		for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
			put_cacheable((ReturnSetInfo *) fcinfo->resultinfo, &rows[i], ttl, &writes);
	}
	return (Datum) 0;
}
