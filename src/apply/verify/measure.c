/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  Counters of the statements that an index affects, kept and subtracted.
 *
 * Affected are the statements that the index is meant for and those that write
 * to its table.  Their counters, of all users and routes, are read from shared
 * memory and kept as rows of clipperf_job_measures, one a statement and stage.
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

/*
 * Share by which times may fall when they are kept as milliseconds and read
 * back: far above the 2e-16 of a double, far below one call.
 */
#define ROUNDING 1e-9

/* What add_if_collected() adds counters to. */
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
 * indexes of table $2: the latest such moment with at most $4 calls by then.
 */
#define BEGINNING \
	"SELECT " COLUMNS ", j.verify_since" \
	" FROM @extschema@.clipperf_job_measures AS m" \
	" JOIN @extschema@.clipperf_job AS j USING (job)" \
	" WHERE j.relid = $2 AND j.job <> $1 AND m.stage = 'built'" \
	" AND m.queryid = $3 AND m.calls <= $4 AND j.verify_since IS NOT NULL" \
	" ORDER BY j.verify_since DESC LIMIT 1"

/* What is kept of a statement, in the order of read_kept_measure(). */
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

/* Add the counters of one user and route to a measure. */
static void
add_to_measure(Measure *measure, const StatementCounters *counters)
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

/*
 * StatementVisitor: add the counters to the measure of that statement, if the
 * MeasureCollection "arg" has one.
 */
static void
add_if_collected(const StatementKey *key, const StatementCounters *counters, void *arg)
{
	MeasureCollection *collection = arg;

	if (key->dbid != MyDatabaseId)
		return;
	for (int i = 0; i < collection->count; i++)
		if (collection->measures[i].queryid == key->queryid)
			add_to_measure(&collection->measures[i], counters);
}

/* Fill in counters from shared memory where only the queryid is set so far. */
static void
count_now(Measure *measures, int count)
{
	MeasureCollection collection = {.measures = measures,.count = count};

	for (int i = 0; i < count; i++)
		measures[i].first_seen = DT_NOEND;
	if (count > 0)
		statement_visit(add_if_collected, &collection);
}

/* Is it one of the statements that the job's recommendation names? */
static bool
is_named_by_job(const Job *job, uint64 queryid)
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

/*
 * Set whether a statement writes to the job's table, and whether the index is
 * meant for it: it is for all that do not write, and for writes by name only.
 */
static void
set_effect_on(const Job *job, Measure *measure, bool write)
{
	measure->write = write;
	measure->served = !write || is_named_by_job(job, measure->queryid);
}

/*
 * Count the statements of "measures" again, up to now.  Returns an array of the
 * same length and order, palloc'd.
 */
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

/* A histogram as a bytea, palloc'd. */
static Datum
histogram_datum(const Histogram *histogram)
{
	bytea	   *bytes = palloc(VARHDRSZ + sizeof(Histogram));

	SET_VARSIZE(bytes, VARHDRSZ + sizeof(Histogram));
	memcpy(VARDATA(bytes), histogram, sizeof(Histogram));
	return PointerGetDatum(bytes);
}

/* Insert the row of one measure. */
static void
insert_measure(const Job *job, const char *stage, const Measure *measure)
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

/*
 * Keep measures in the job, those of statements that were called; what was kept
 * at that stage is deleted.  Within job_begin() and job_end().
 */
void
measure_keep(const Job *job, const char *stage, const Measure *measures,
			 int count)
{
	SqlArg		args[] = {arg_int8(job->id), arg_text(stage)};

	own_sql("DELETE FROM @extschema@.clipperf_job_measures"
			" WHERE job = $1 AND stage = $2", lengthof(args), args);
	for (int i = 0; i < count; i++)
		if (measures[i].calls > 0)
			insert_measure(job, stage, &measures[i]);
}

/*
 * Read a measure from a row of the last result, whose columns begin with
 * COLUMNS.  first_seen is not kept.
 */
static void
read_kept_measure(const Job *job, int row, Measure *measure)
{
	int			i = 1;
	bytea	   *bytes;

	measure->queryid = (uint64) DatumGetInt64(own_datum(row, i++));
	set_effect_on(job, measure, DatumGetBool(own_datum(row, i++)));
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

/*
 * Read what was kept in the job at a stage.  Returns how many there are;
 * *measures is palloc'd.  Within job_begin() and job_end().
 */
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
		read_kept_measure(job, i, &(*measures)[i]);
	return count;
}

/* ------------------------------------------------------------------------
 * Before
 * ------------------------------------------------------------------------ */

/*
 * Leave out of a measure what was counted before another job last changed the
 * indexes of the table, which says nothing about what this one does; but only
 * if MEASURE_SAMPLE calls are left.
 */
static void
subtract_before_last_change(const Job *job, Measure *measure)
{
	Measure		earlier = {0};
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_oid(job->relid),
		arg_int8((int64) measure->queryid),
		arg_float8(measure->calls - MEASURE_SAMPLE)
	};

	own_sql(BEGINNING, lengthof(args), args);
	if (SPI_processed == 0)
		return;
	read_kept_measure(job, 0, &earlier);
	measure_subtract(measure, &earlier,
					 DatumGetTimestampTz(own_datum(0, NCOLUMNS + 1)), measure);
}

/*
 * The statements that the job's index is meant for, and those that write to
 * its table, as counted since another job last changed the table's indexes, or
 * for as long as is known if there were too few calls since.  Returns how many
 * there are; *measures is palloc'd.  Within job_begin() and job_end().
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
		set_effect_on(job, &(*measures)[i],
					  !own_isnull(i, 2) && DatumGetBool(own_datum(i, 2)));
	}
	count_now(*measures, count);
	for (int i = 0; i < count; i++)
		subtract_before_last_change(job, &(*measures)[i]);
	return count;
}

/* ------------------------------------------------------------------------
 * Differences
 * ------------------------------------------------------------------------ */

/* The measure of a statement, or NULL. */
const Measure *
measure_find(const Measure *measures, int count, uint64 queryid)
{
	for (int i = 0; i < count; i++)
		if (measures[i].queryid == queryid)
			return &measures[i];
	return NULL;
}

/*
 * What happened since "at", when the counters of a statement were "earlier"
 * (NULL: there were none).  That is all of "later" if they were begun anew since
 * then, by a reset or because the statement was evicted.  *difference may be
 * *later.
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
