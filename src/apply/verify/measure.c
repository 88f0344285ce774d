/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  Counters of the statements that an index affects, kept and subtracted.
 *
 * Affected are all statements that use its table, by the plans that ran
 * (store/table_use.h): those that name it, a partition of it or what it is a
 * partition of.  Their counters, of all users and routes, are read from shared
 * memory and kept as rows of _clipperf_job_measures, one a statement and stage.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/measure.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "common/own_sql.h"
#include "common/table_family.h"
#include "store/statement.h"

/*
 * Share by which times may fall when they are kept as milliseconds and read
 * back: far above the 2e-16 of a double, far below one call.
 */
#define ROUNDING 1e-9

/* Measures for which there is room at first, when they are collected. */
#define MEASURES_AT_FIRST 32

/* The place of a statement's measure. */
typedef struct MeasurePlace
{
	uint64		queryid;		/* hash key: first */
	int			number;
} MeasurePlace;

/* What add_if_collected() and find_affected() add to. */
typedef struct MeasureCollection
{
	Measure    *measures;
	int			count;
	int			room;			/* for so many measures */
	HTAB	   *places;			/* of MeasurePlace */
	List	   *relations;		/* OIDs: the table, its parts and parents */
} MeasureCollection;

/*
 * What was kept of statement $3 when another job than $1 had changed the
 * indexes of table $2: the latest such moment with at most $4 calls by then.
 */
#define BEGINNING \
	"SELECT " COLUMNS ", j.verify_since" \
	" FROM @extschema@._clipperf_job_measures AS m" \
	" JOIN @extschema@._clipperf_job AS j USING (job)" \
	" WHERE j.relid = $2 AND j.job <> $1 AND m.stage = 'built'" \
	" AND m.queryid = $3 AND m.calls <= $4 AND j.verify_since IS NOT NULL" \
	" ORDER BY j.verify_since DESC LIMIT 1"

/* What is kept of a statement, in the order of read_kept_measure(). */
#define COLUMNS \
	"m.queryid, m.is_read, m.is_write, m.calls, m.errors, m.refused, m.total_ms * 1000," \
	" m.rows, m.blocks, m.blocks_read, m.wal_bytes, m.histogram"
#define NCOLUMNS 12

/* ------------------------------------------------------------------------
 * Counters of now
 * ------------------------------------------------------------------------ */

/* Add the counters of one user and route to a measure. */
static void
add_to_measure(Measure *measure, const StatementCounters *counters)
{
	measure->first_seen = Min(measure->first_seen, counters->first_seen);
	measure->calls += (double) counters->calls;
	measure->errors += (double) (counters->errors - counters->interrupted);
	measure->refused += (double) counters->refused;
	measure->total_us += counters->total_us;
	measure->rows += (double) counters->rows;
	measure->blocks += (double) counters->shared_blks_hit +
		(double) counters->shared_blks_read;
	measure->blocks_read += (double) counters->shared_blks_read;
	measure->wal += (double) counters->wal_bytes;
	histogram_merge(&measure->latency, &counters->latency);
}

/* The table of places for so many measures, empty. */
static HTAB *
make_places(int count)
{
	HASHCTL		control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(MeasurePlace),
		.hcxt = CurrentMemoryContext
	};

	return hash_create("clipperf measures", count, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * StatementVisitor: add the counters to the measure of that statement, if the
 * MeasureCollection "arg" has one.
 */
static void
add_if_collected(const StatementKey *key, const StatementCounters *counters,
				 const TableUses *tables, void *arg)
{
	MeasureCollection *collection = arg;
	const MeasurePlace *place;

	if (key->dbid != MyDatabaseId)
		return;
	place = hash_search(collection->places, &key->queryid, HASH_FIND, NULL);
	if (place != NULL)
		add_to_measure(&collection->measures[place->number], counters);
}

/* How the table is used, by the plans of a statement: bits of TableUseHow. */
static uint32
use_of_table(const TableUses *tables, const List *relations)
{
	uint32		how = 0;

	for (uint32 i = 0; i < tables->count; i++)
	{
		const TableUse *use = &tables->use[i];

		if (list_member_oid(relations, use->relid) &&
			table_was_there(use->relid, use->seen))
			how |= use->how;
	}
	return how;
}

/* The measure of a statement, added without counters if there is none. */
static Measure *
collect_statement(MeasureCollection *collection, uint64 queryid)
{
	bool		found;
	MeasurePlace *place = hash_search(collection->places, &queryid, HASH_ENTER,
									  &found);
	Measure    *measure;

	if (found)
		return &collection->measures[place->number];
	place->number = collection->count;
	if (collection->count == collection->room)
	{
		collection->room *= 2;
		collection->measures = repalloc(collection->measures,
										sizeof(Measure) * collection->room);
	}
	measure = &collection->measures[collection->count++];
	memset(measure, 0, sizeof(*measure));
	measure->queryid = queryid;
	return measure;
}

/* StatementVisitor: add statements that use a table of the MeasureCollection. */
static void
find_affected(const StatementKey *key, const StatementCounters *counters,
			  const TableUses *tables, void *arg)
{
	MeasureCollection *collection = arg;
	Measure    *measure;
	uint32		how;

	if (key->dbid != MyDatabaseId)
		return;
	how = use_of_table(tables, collection->relations);
	if (how == 0)
		return;
	measure = collect_statement(collection, key->queryid);
	measure->read |= (how & ~TABLE_WRITTEN) != 0;
	measure->write |= (how & TABLE_WRITTEN) != 0;
}

/* Fill in counters from shared memory where only the queryid is set so far. */
static void
count_now(Measure *measures, int count)
{
	MeasureCollection collection = {.measures = measures,.count = count};

	if (count == 0)
		return;
	collection.places = make_places(count);
	for (int i = 0; i < count; i++)
	{
		MeasurePlace *place = hash_search(collection.places,
										  &measures[i].queryid, HASH_ENTER,
										  NULL);

		place->number = i;
		measures[i].first_seen = DT_NOEND;
	}
	statement_visit(add_if_collected, &collection);
	hash_destroy(collection.places);
}

/*
 * Is the index meant for a statement?  It is for those that the job's
 * recommendation names; if that names none, as one to drop an index, for all
 * that read the table, to change its rows or not.
 */
static bool
is_meant_for(const Job *job, const Measure *measure)
{
	Datum	   *elements;
	int			count = 0;

	if (job->queryids != NULL)
		deconstruct_array(job->queryids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
						  TYPALIGN_DOUBLE, &elements, NULL, &count);
	if (count == 0)
		return measure->read;
	for (int i = 0; i < count; i++)
		if ((uint64) DatumGetInt64(elements[i]) == measure->queryid)
			return true;
	return false;
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
		now[i].read = measures[i].read;
		now[i].write = measures[i].write;
		now[i].served = measures[i].served;
		now[i].foreseen = measures[i].foreseen;
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
		arg_bool(measure->read),
		arg_bool(measure->write),
		arg_float8(measure->calls),
		arg_float8(measure->errors),
		arg_float8(measure->refused),
		arg_float8(measure->total_us),
		arg_float8(measure->rows),
		arg_float8(measure->blocks),
		arg_float8(measure->blocks_read),
		arg_float8(measure->wal),
		arg_datum(BYTEAOID, histogram_datum(&measure->latency), false)
	};

	own_sql("INSERT INTO @extschema@._clipperf_job_measures (job, stage,"
			" queryid, is_read, is_write, calls, errors, refused, total_ms, rows,"
			" blocks, blocks_read, wal_bytes, histogram) VALUES"
			" ($1, $2, $3, $4, $5, $6, $7, $8, $9 / 1000, $10, $11, $12, $13, $14)",
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

	own_sql("DELETE FROM @extschema@._clipperf_job_measures"
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
	measure->read = DatumGetBool(own_datum(row, i++));
	measure->write = DatumGetBool(own_datum(row, i++));
	measure->served = is_meant_for(job, measure);
	measure->calls = DatumGetFloat8(own_datum(row, i++));
	measure->errors = DatumGetFloat8(own_datum(row, i++));
	measure->refused = DatumGetFloat8(own_datum(row, i++));
	measure->total_us = DatumGetFloat8(own_datum(row, i++));
	measure->rows = DatumGetFloat8(own_datum(row, i++));
	measure->blocks = DatumGetFloat8(own_datum(row, i++));
	measure->blocks_read = DatumGetFloat8(own_datum(row, i++));
	measure->wal = DatumGetFloat8(own_datum(row, i++));
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
			" FROM @extschema@._clipperf_job_measures AS m"
			" WHERE job = $1 AND stage = $2", lengthof(args), args);
	count = (int) SPI_processed;
	*measures = palloc0(sizeof(Measure) * Max(count, 1));
	for (int i = 0; i < count; i++)
		read_kept_measure(job, i, &(*measures)[i]);
	return count;
}

/*
 * Mark the measures of those statements that the job's recommendation itself said
 * would be slower.  Within job_begin() and job_end().
 */
void
measure_mark_foreseen(const Job *job, Measure *measures, int count)
{
	SqlArg		args[] = {arg_int8(job->recommendation)};

	own_sql("SELECT unnest(slowed) FROM @extschema@.clipperf_recommendations"
			" WHERE id = $1", lengthof(args), args);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		uint64		queryid = (uint64) DatumGetInt64(own_datum(row, 1));

		for (int i = 0; i < count; i++)
			measures[i].foreseen |= measures[i].queryid == queryid;
	}
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
 * The statements that use the job's table, as counted since another job last
 * changed the table's indexes, or for as long as is known if there were too few
 * calls since.  Returns how many there are; *measures is palloc'd.  Within
 * job_begin() and job_end().
 */
int
measure_affected(const Job *job, Measure **measures)
{
	MeasureCollection collection = {
		.measures = palloc(sizeof(Measure) * MEASURES_AT_FIRST),
		.room = MEASURES_AT_FIRST,
		.relations = table_relatives(job->relid)
	};

	collection.places = make_places(MEASURES_AT_FIRST);
	statement_visit(find_affected, &collection);
	hash_destroy(collection.places);
	*measures = collection.measures;
	count_now(*measures, collection.count);
	for (int i = 0; i < collection.count; i++)
	{
		(*measures)[i].served = is_meant_for(job, &(*measures)[i]);
		subtract_before_last_change(job, &(*measures)[i]);
	}
	return collection.count;
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
 * (NULL: there were none).  That is all of "later" if they were begun again since
 * then, by a reset or because the statement was evicted.  *difference may be
 * *later.
 */
void
measure_subtract(const Measure *later, const Measure *earlier, TimestampTz at,
				 Measure *difference)
{
	*difference = *later;
	if (earlier == NULL || later->first_seen > at ||
		later->calls < earlier->calls || later->errors < earlier->errors ||
		later->total_us < earlier->total_us * (1 - ROUNDING))
		return;
	difference->calls -= earlier->calls;
	difference->errors -= earlier->errors;
	difference->refused = Max(later->refused - earlier->refused, 0);
	difference->total_us = Max(later->total_us - earlier->total_us, 0);
	difference->rows -= earlier->rows;
	difference->blocks -= earlier->blocks;
	difference->blocks_read -= earlier->blocks_read;
	difference->wal -= earlier->wal;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		difference->latency.count[i] -= Min(earlier->latency.count[i],
											difference->latency.count[i]);
}
