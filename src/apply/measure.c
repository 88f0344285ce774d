/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  What the statements that an index concerns did, and what changed.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/measure.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "apply/own_sql.h"
#include "store/statement.h"

/* What is filled in by the visitor. */
typedef struct Collection
{
	Measure    *measures;
	int			count;
} Collection;

/*
 * Statements of this database that change the table, or that are meant: named
 * by the job or else naming the table.  $1 the table's name as a regular
 * expression, $2 the job's statements.
 */
#define CONCERNED \
	"SELECT c.queryid, bool_or(c.writes) FROM (" \
	"SELECT q.queryid, q.query ~* ('^\\s*(insert\\s+into|update|delete\\s+from" \
	"|merge\\s+into)\\s+(only\\s+)?(\"?\\w+\"?\\.)?\"?' || $1 || '\"?(\\W|$)')" \
	" AS writes, CASE WHEN $2::bigint[] IS NULL" \
	" THEN q.query ~* ('(^|\\W)' || $1 || '(\\W|$)')" \
	" ELSE q.queryid = ANY ($2) END AS meant" \
	" FROM @extschema@.clipperf_queries AS q" \
	" WHERE q.dbid = (SELECT d.oid FROM pg_database AS d" \
	" WHERE d.datname = current_database())" \
	" AND coalesce(q.query, '') NOT ILIKE '%clipperf\\_%') AS c" \
	" WHERE c.writes OR c.meant GROUP BY c.queryid ORDER BY c.queryid"

/* The name of the table as a regular expression that fits it alone. */
static char *
name_pattern(Oid relid)
{
	const char *name = get_rel_name(relid);
	StringInfoData pattern;

	initStringInfo(&pattern);
	for (; name != NULL && *name != '\0'; name++)
	{
		if (!IS_HIGHBIT_SET(*name) && !isalnum((unsigned char) *name) &&
			*name != '_')
			appendStringInfoChar(&pattern, '\\');
		appendStringInfoChar(&pattern, *name);
	}
	return pattern.data;
}

/* StatementVisitor: add the counters to those of the Collection "arg". */
static void
collect(const StatementKey *key, const StatementCounters *counters, void *arg)
{
	Collection *collection = arg;

	if (key->dbid != MyDatabaseId)
		return;
	for (int i = 0; i < collection->count; i++)
	{
		Measure    *measure = &collection->measures[i];

		if (measure->queryid != key->queryid)
			continue;
		measure->calls += (double) counters->calls;
		measure->total_us += counters->total_us;
		measure->blocks += (double) counters->shared_blks_hit +
			(double) counters->shared_blks_read;
		histogram_merge(&measure->latency, &counters->latency);
	}
}

/* See measure.h. */
int
measure_now(const Job *job, Measure **measures)
{
	Collection	collection;
	SqlArg		args[] = {
		arg_text(name_pattern(job->relid)),
		arg_datum(INT8ARRAYOID, PointerGetDatum(job->queryids),
				  job->queryids == NULL)
	};

	own_sql(CONCERNED, lengthof(args), args);
	collection.count = (int) SPI_processed;
	collection.measures = palloc0(sizeof(Measure) * Max(collection.count, 1));
	for (int i = 0; i < collection.count; i++)
	{
		collection.measures[i].queryid = (uint64) DatumGetInt64(own_datum(i, 1));
		collection.measures[i].write = !own_isnull(i, 2) &&
			DatumGetBool(own_datum(i, 2));
	}
	if (collection.count > 0)
		statement_visit(collect, &collection);
	*measures = collection.measures;
	return collection.count;
}

/* A histogram as bytes. */
static Datum
histogram_datum(const Histogram *histogram)
{
	bytea	   *bytes = palloc(VARHDRSZ + sizeof(Histogram));

	SET_VARSIZE(bytes, VARHDRSZ + sizeof(Histogram));
	memcpy(VARDATA(bytes), histogram, sizeof(Histogram));
	return PointerGetDatum(bytes);
}

/* Store one of them. */
static void
keep_one(const Job *job, const char *stage, const Measure *measure)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_text(stage),
		arg_int8((int64) measure->queryid),
		arg_bool(measure->write),
		arg_datum(FLOAT8OID, Float8GetDatum(measure->calls), false),
		arg_datum(FLOAT8OID, Float8GetDatum(measure->total_us), false),
		arg_datum(FLOAT8OID, Float8GetDatum(measure->blocks), false),
		arg_datum(BYTEAOID, histogram_datum(&measure->latency), false)
	};

	own_sql("INSERT INTO @extschema@.clipperf_job_measures (job, stage,"
			" queryid, is_write, calls, total_ms, blocks, histogram)"
			" VALUES ($1, $2, $3, $4, $5, $6 / 1000, $7, $8)",
			lengthof(args), args);
}

/* See measure.h. */
void
measure_keep(const Job *job, const char *stage, const Measure *measures,
			 int count)
{
	SqlArg		args[] = {arg_int8(job->id), arg_text(stage)};

	own_sql("DELETE FROM @extschema@.clipperf_job_measures"
			" WHERE job = $1 AND stage = $2", lengthof(args), args);
	for (int i = 0; i < count; i++)
		if (measures[i].calls > 0)
			keep_one(job, stage, &measures[i]);
}

/* See measure.h. */
int
measure_kept(const Job *job, const char *stage, Measure **measures)
{
	SqlArg		args[] = {arg_int8(job->id), arg_text(stage)};
	int			count;

	own_sql("SELECT queryid, is_write, calls, total_ms * 1000, blocks, histogram"
			" FROM @extschema@.clipperf_job_measures"
			" WHERE job = $1 AND stage = $2", lengthof(args), args);
	count = (int) SPI_processed;
	*measures = palloc0(sizeof(Measure) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		Measure    *measure = &(*measures)[i];
		bytea	   *bytes = DatumGetByteaPP(own_datum(i, 6));

		measure->queryid = (uint64) DatumGetInt64(own_datum(i, 1));
		measure->write = DatumGetBool(own_datum(i, 2));
		measure->calls = DatumGetFloat8(own_datum(i, 3));
		measure->total_us = DatumGetFloat8(own_datum(i, 4));
		measure->blocks = DatumGetFloat8(own_datum(i, 5));
		if (VARSIZE_ANY_EXHDR(bytes) == sizeof(Histogram))
			memcpy(&measure->latency, VARDATA_ANY(bytes), sizeof(Histogram));
	}
	return count;
}

/* See measure.h. */
const Measure *
measure_find(const Measure *measures, int count, uint64 queryid)
{
	for (int i = 0; i < count; i++)
		if (measures[i].queryid == queryid)
			return &measures[i];
	return NULL;
}

/* See measure.h. */
void
measure_subtract(const Measure *later, const Measure *earlier,
				 Measure *difference)
{
	*difference = *later;
	if (earlier == NULL || later->calls < earlier->calls)
		return;
	difference->calls -= earlier->calls;
	difference->total_us -= earlier->total_us;
	difference->blocks -= earlier->blocks;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		difference->latency.count[i] -= Min(earlier->latency.count[i],
											difference->latency.count[i]);
}
