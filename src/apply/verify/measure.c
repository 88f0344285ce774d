/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  What the statements that an index concerns did, and what changed.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/measure.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/own_sql.h"
#include "store/statement.h"

/* Share by which times are rounded as milliseconds and back, at most. */
#define ROUNDING 1e-9

/* Fewer calls than this are no base for a comparison. */
#define ENOUGH_CALLS 400

/* What is filled in by the visitor. */
typedef struct MeasureCollection
{
	Measure    *measures;
	int			count;
} MeasureCollection;

/*
 * Statements of this database that change the table, or that are meant: named
 * by the job or else naming the table.  $1 the table's name as a regular
 * expression, $2 the job's statements.
 */
#define AFFECTED \
	"SELECT c.queryid, bool_or(c.writes) FROM (" \
	"SELECT q.queryid, q.query ~* ('\\m(insert\\s+into|update|delete\\s+from" \
	"|merge\\s+into)\\s+(only\\s+)?(\"?\\w+\"?\\.)?\"?' || $1 || '\"?(\\W|$)')" \
	" AS writes, CASE WHEN $2::bigint[] IS NULL" \
	" THEN q.query ~* ('(^|\\W)' || $1 || '(\\W|$)')" \
	" ELSE q.queryid = ANY ($2) END AS meant" \
	" FROM @extschema@.clipperf_queries AS q" \
	" WHERE q.dbid = (SELECT d.oid FROM pg_database AS d" \
	" WHERE d.datname = current_database())" \
	" AND coalesce(q.query, '') NOT ILIKE '%clipperf\\_%') AS c" \
	" WHERE c.writes OR c.meant GROUP BY c.queryid ORDER BY c.queryid"

/*
 * What was kept of statement $3 when another job than $1 had changed the
 * indexes of table $2, if $4 calls came later; the latest such moment.
 */
#define BEGINNING \
	"SELECT " COLUMNS ", j.verify_since" \
	" FROM @extschema@.clipperf_job_measures AS m" \
	" JOIN @extschema@.clipperf_job AS j USING (job)" \
	" WHERE j.relid = $2 AND j.job <> $1 AND m.stage = 'built'" \
	" AND m.queryid = $3 AND m.calls <= $4 AND j.verify_since IS NOT NULL" \
	" ORDER BY j.verify_since DESC LIMIT 1"

/* What is kept of a statement, in the order of read_row(). */
#define COLUMNS \
	"m.queryid, m.is_write, m.calls, m.total_ms * 1000, m.rows, m.blocks," \
	" m.blocks_read, m.histogram"
#define NCOLUMNS 8

/* ------------------------------------------------------------------------
 * Counters of now
 * ------------------------------------------------------------------------ */

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

/* Add counters to a measure. */
static void
add_counters(Measure *measure, const StatementCounters *counters)
{
	measure->first_seen = Min(measure->first_seen, counters->first_seen);
	measure->calls += (double) counters->calls;
	measure->total_us += counters->total_us;
	measure->rows += (double) counters->rows;
	measure->blocks += (double) counters->shared_blks_hit +
		(double) counters->shared_blks_read;
	measure->blocks_read += (double) counters->shared_blks_read;
	histogram_merge(&measure->latency, &counters->latency);
}

/* StatementVisitor: add the counters to those of the MeasureCollection "arg". */
static void
collect(const StatementKey *key, const StatementCounters *counters, void *arg)
{
	MeasureCollection *collection = arg;

	if (key->dbid != MyDatabaseId)
		return;
	for (int i = 0; i < collection->count; i++)
		if (collection->measures[i].queryid == key->queryid)
			add_counters(&collection->measures[i], counters);
}

/* Count the statements of which only the queryid is set so far. */
static void
count_now(Measure *measures, int count)
{
	MeasureCollection collection = {.measures = measures,.count = count};

	for (int i = 0; i < count; i++)
		measures[i].first_seen = DT_NOEND;
	if (count > 0)
		statement_visit(collect, &collection);
}

/* Is it one of the statements that the job names? */
static bool
is_named(const Job *job, uint64 queryid)
{
	Datum	   *elements;
	int			count;

	if (job->queryids == NULL)
		return false;
	deconstruct_array(job->queryids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		if ((uint64) DatumGetInt64(elements[i]) == queryid)
			return true;
	return false;
}

/* Set what a statement is to the job. */
static void
set_role(const Job *job, Measure *measure, bool write)
{
	measure->write = write;
	measure->served = !write || is_named(job, measure->queryid);
}

/* The same statements as counted up to now, palloc'd. */
Measure *
measure_again(const Measure *measures, int count)
{
	Measure    *now = palloc0(sizeof(Measure) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		now[i].queryid = measures[i].queryid;
		now[i].write = measures[i].write;
		now[i].served = measures[i].served;
	}
	count_now(now, count);
	return now;
}

/* ------------------------------------------------------------------------
 * Kept in the job
 * ------------------------------------------------------------------------ */

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
		arg_float8(measure->calls),
		arg_float8(measure->total_us),
		arg_float8(measure->rows),
		arg_float8(measure->blocks),
		arg_float8(measure->blocks_read),
		arg_datum(BYTEAOID, histogram_datum(&measure->latency), false)
	};

	own_sql("INSERT INTO @extschema@.clipperf_job_measures (job, stage,"
			" queryid, is_write, calls, total_ms, rows, blocks, blocks_read,"
			" histogram)"
			" VALUES ($1, $2, $3, $4, $5, $6 / 1000, $7, $8, $9, $10)",
			lengthof(args), args);
}

/* Keep measures in the job, or read what was kept; keeping forgets what was. */
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

/* Read one of them, in the order of COLUMNS. */
static void
read_row(const Job *job, int row, Measure *measure)
{
	int			i = 1;
	bytea	   *bytes;

	measure->queryid = (uint64) DatumGetInt64(own_datum(row, i++));
	set_role(job, measure, DatumGetBool(own_datum(row, i++)));
	measure->calls = DatumGetFloat8(own_datum(row, i++));
	measure->total_us = DatumGetFloat8(own_datum(row, i++));
	measure->rows = DatumGetFloat8(own_datum(row, i++));
	measure->blocks = DatumGetFloat8(own_datum(row, i++));
	measure->blocks_read = DatumGetFloat8(own_datum(row, i++));
	bytes = DatumGetByteaPP(own_datum(row, i));
	if (VARSIZE_ANY_EXHDR(bytes) == sizeof(Histogram))
		memcpy(&measure->latency, VARDATA_ANY(bytes), sizeof(Histogram));
	Assert(i == NCOLUMNS);
}

/* See measure.h. */
int
measure_kept(const Job *job, const char *stage, Measure **measures)
{
	SqlArg		args[] = {arg_int8(job->id), arg_text(stage)};
	int			count;

	own_sql("SELECT " COLUMNS
			" FROM @extschema@.clipperf_job_measures AS m"
			" WHERE job = $1 AND stage = $2", lengthof(args), args);
	count = (int) SPI_processed;
	*measures = palloc0(sizeof(Measure) * Max(count, 1));
	for (int i = 0; i < count; i++)
		read_row(job, i, &(*measures)[i]);
	return count;
}

/* ------------------------------------------------------------------------
 * Before
 * ------------------------------------------------------------------------ */

/*
 * Leave out what was counted before another job last changed the indexes of
 * the table: it is no base for the judgement on what this one does.
 */
static void
cut(const Job *job, Measure *measure)
{
	Measure		earlier = {0};
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_oid(job->relid),
		arg_int8((int64) measure->queryid),
		arg_float8(measure->calls - ENOUGH_CALLS)
	};

	own_sql(BEGINNING, lengthof(args), args);
	if (SPI_processed == 0)
		return;
	read_row(job, 0, &earlier);
	measure_subtract(measure, &earlier,
					 DatumGetTimestampTz(own_datum(0, NCOLUMNS + 1)), measure);
}

/*
 * The statements that the job's index is meant for, and those that write to
 * its table, as counted since another job last changed the table's indexes, or
 * for as long as is known if that was not long enough ago.  Returns how many
 * there are; *measures is palloc'd.  Within job_begin() and job_end(), as the
 * next two.
 */
int
measure_affected(const Job *job, Measure **measures)
{
	SqlArg		args[] = {
		arg_text(name_pattern(job->relid)),
		arg_datum(INT8ARRAYOID, PointerGetDatum(job->queryids),
				  job->queryids == NULL)
	};
	int			count;

	own_sql(AFFECTED, lengthof(args), args);
	count = (int) SPI_processed;
	*measures = palloc0(sizeof(Measure) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		(*measures)[i].queryid = (uint64) DatumGetInt64(own_datum(i, 1));
		set_role(job, &(*measures)[i],
				 !own_isnull(i, 2) && DatumGetBool(own_datum(i, 2)));
	}
	count_now(*measures, count);
	for (int i = 0; i < count; i++)
		cut(job, &(*measures)[i]);
	return count;
}

/* ------------------------------------------------------------------------
 * Differences
 * ------------------------------------------------------------------------ */

/* The one of that statement, or NULL. */
const Measure *
measure_find(const Measure *measures, int count, uint64 queryid)
{
	for (int i = 0; i < count; i++)
		if (measures[i].queryid == queryid)
			return &measures[i];
	return NULL;
}

/*
 * What happened since "at", when the counters were "earlier" (NULL = there
 * were none); all of "later" if they were begun anew since then.
 */
void
measure_subtract(const Measure *later, const Measure *earlier, TimestampTz at,
				 Measure *difference)
{
	*difference = *later;
	if (earlier == NULL || later->first_seen > at ||
		later->calls < earlier->calls ||
		later->total_us < earlier->total_us * (1 - ROUNDING))
		return;
	difference->calls -= earlier->calls;
	difference->total_us = Max(later->total_us - earlier->total_us, 0);
	difference->rows -= earlier->rows;
	difference->blocks -= earlier->blocks;
	difference->blocks_read -= earlier->blocks_read;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		difference->latency.count[i] -= Min(earlier->latency.count[i],
											difference->latency.count[i]);
}
