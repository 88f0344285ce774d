/*-------------------------------------------------------------------------
 *
 * jobs.c
 *	  Jobs: what is to be done to one index, and how far it has come.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/jobs.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/own_sql.h"

/* Longest wait for a lock where nobody is to be waited for. */
#define LOCK_TIMEOUT "1s"

static const char *const job_state_names[] = {
	"queued", "waiting", "building", "verifying", "kept",
	"useless", "regressed", "reverted", "failed", "cancelled"
};

/* Open and close: a transaction if there is none, a snapshot and SPI. */
void
job_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
}

/* See jobs.h. */
void
job_end(void)
{
	PopActiveSnapshot();
	SPI_finish();
	CommitTransactionCommand();
}

/*
 * Run a step of a worker between job_begin() and job_end().  Returns NULL, or
 * its error in "context"; no transaction is open then.  Locks that belong to
 * the session are gone after an error, but for advisory ones.
 */
ErrorData *
job_step(void (*step) (void *arg), void *arg, MemoryContext context)
{
	ErrorData  *error = NULL;

	PG_TRY();
	{
		job_begin();
		step(arg);
		job_end();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	return error;
}

/* Wait for locks for a moment only, to the end of the transaction. */
void
job_limit_lock_waits(void)
{
	(void) set_config_option("lock_timeout", LOCK_TIMEOUT, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/* See jobs.h. */
const char *
job_state_name(JobState state)
{
	return job_state_names[state];
}

/* See jobs.h. */
bool
job_state_is_open(JobState state)
{
	return state <= JOB_VERIFYING;
}

/* The state of that name. */
static JobState
parse_state(const char *name)
{
	for (int i = 0; i < lengthof(job_state_names); i++)
		if (strcmp(job_state_names[i], name) == 0)
			return (JobState) i;
	elog(ERROR, "unknown state of a job: %s", name);
}

/* An array in a column of the first row of the last result; NULL if none. */
static ArrayType *
array_column(int column)
{
	return own_isnull(0, column) ? NULL :
		DatumGetArrayTypePCopy(own_datum(0, column));
}

/* The OIDs in a column of the first row of the last result. */
static List *
oid_list_column(int column)
{
	List	   *list = NIL;
	Datum	   *elements;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(own_datum(0, column)), OIDOID,
					  sizeof(Oid), true, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		list = lappend_oid(list, DatumGetObjectId(elements[i]));
	return list;
}

/* The texts in a column of the first row of the last result. */
static List *
text_list_column(int column)
{
	List	   *list = NIL;
	Datum	   *elements;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(own_datum(0, column)), TEXTOID, -1,
					  false, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		list = lappend(list, TextDatumGetCString(elements[i]));
	return list;
}

/* Read the first row of the last result, in the order of job_load(). */
static void
read_job(Job *job)
{
	int			i = 1;

	job->id = DatumGetInt64(own_datum(0, i++));
	job->drop = DatumGetBool(own_datum(0, i++));
	job->revert = DatumGetBool(own_datum(0, i++));
	job->cancel = own_string(0, i++);
	job->state = parse_state(own_string(0, i++));
	job->reason = own_string(0, i++);
	job->recommendation = DatumGetInt64(own_datum(0, i++));
	job->relid = DatumGetObjectId(own_datum(0, i++));
	job->relation_name = own_string(0, i++);
	job->index_name = own_string(0, i++);
	job->ddl = own_string(0, i++);
	job->index_oid = DatumGetObjectId(own_datum(0, i++));
	job->undo = DatumGetBool(own_datum(0, i++));
	job->part_relid = DatumGetObjectId(own_datum(0, i++));
	job->part_name = own_string(0, i++);
	job->parts = oid_list_column(i++);
	job->taken_in = oid_list_column(i++);
	job->restore = text_list_column(i++);
	job->transactional = DatumGetBool(own_datum(0, i++));
	job->queryids = array_column(i++);
	job->size_bytes = DatumGetInt64(own_datum(0, i++));
	job->role = DatumGetObjectId(own_datum(0, i++));
	job->settings = array_column(i++);
	job->attempts = DatumGetInt32(own_datum(0, i++));
	job->changed_at = DatumGetTimestampTz(own_datum(0, i++));
	job->verify_since = own_isnull(0, i) ? 0 :
		DatumGetTimestampTz(own_datum(0, i));
}

/* The job, palloc'd in "context"; NULL if there is none of this number. */
Job *
job_load(int64 id, MemoryContext context)
{
	SqlArg		args[] = {arg_int8(id)};
	MemoryContext old;
	Job		   *job;

	own_sql("SELECT job, action = 'drop', goal = 'revert', cancel, state,"
			" reason, coalesce(recommendation, 0), relid, relation_name,"
			" index_name, ddl, coalesce(index_oid, 0), undo,"
			" coalesce(part_relid, 0), part_name, parts, taken_in, restore,"
			" transactional,"
			" queryids,"
			" coalesce(size_bytes, -1), role, settings, attempts, changed_at,"
			" verify_since"
			" FROM @extschema@.clipperf_job WHERE job = $1", 1, args);
	if (SPI_processed == 0)
		return NULL;
	old = MemoryContextSwitchTo(context);
	job = palloc0(sizeof(Job));
	job->table = own_table("clipperf_job");
	read_job(job);
	MemoryContextSwitchTo(old);
	return job;
}

/* Store a new job and set its id. */
void
job_insert(Job *job)
{
	SqlArg		args[] = {
		arg_text(job->drop ? "drop" : "create"),
		arg_text(job_state_name(job->state)),
		arg_text(job->reason),
		arg_datum(INT8OID, Int64GetDatum(job->recommendation),
				  job->recommendation == 0),
		arg_oid(job->relid),
		arg_text(job->relation_name),
		arg_text(job->index_name),
		arg_text(job->ddl),
		arg_oid(job->index_oid),
		arg_bool(job->transactional),
		arg_datum(INT8ARRAYOID, PointerGetDatum(job->queryids),
				  job->queryids == NULL),
		arg_datum(INT8OID, Int64GetDatum(job->size_bytes),
				  job->size_bytes < 0),
		arg_oid(job->role),
		arg_datum(TEXTARRAYOID, PointerGetDatum(job->settings),
				  job->settings == NULL)
	};

	own_sql("INSERT INTO @extschema@.clipperf_job (action, state, reason,"
			" recommendation, relid, relation_name, index_name, ddl,"
			" index_oid, transactional, queryids, size_bytes, role, settings)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
			" $14) RETURNING job", lengthof(args), args);
	job->id = DatumGetInt64(own_datum(0, 1));
	job->table = own_table("clipperf_job");
}

/*
 * Change a job.  Error 42P01 if its table is another one by now: the extension
 * was dropped and made anew, and its number means another job.
 */
static void
update_job(const Job *job, const char *statement, int nargs, const SqlArg *args)
{
	if (own_table("clipperf_job") != job->table)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("job %lld is gone with the extension clipperf",
						(long long) job->id)));
	own_sql(statement, nargs, args);
}

/* An open job for the same index of the same table, 0 if there is none. */
int64
job_find_open(const Job *job)
{
	SqlArg		args[] = {
		arg_oid(job->relid),
		arg_text(job->index_name),
		arg_text(job->ddl),
		arg_text(job->drop ? "drop" : "create")
	};

	own_sql("SELECT job FROM @extschema@.clipperf_job"
			" WHERE relid = $1 AND (index_name = $2 OR ddl = $3)"
			" AND action = $4 AND goal = 'apply'"
			" AND state IN ('queued', 'waiting', 'building')"
			" ORDER BY job LIMIT 1", lengthof(args), args);
	return SPI_processed == 0 ? 0 : DatumGetInt64(own_datum(0, 1));
}

/* Let the jobs that wait for the end of this one go on, or end them, too. */
static void
release_followers(const Job *job)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_text(job_state_name(job->state == JOB_REVERTED ? JOB_QUEUED :
								JOB_CANCELLED))
	};

	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET state = $2, reason = format('job %s has ended', $1),"
			   " after_job = NULL, changed_at = clock_timestamp(),"
			   " retry_at = clock_timestamp()"
			   " WHERE after_job = $1 AND state = 'waiting'", lengthof(args), args);
}

/* Change the state; nothing happens if the job is gone. */
void
job_change(Job *job, JobState state, const char *reason)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_text(job_state_name(state)),
		arg_text(reason)
	};

	job->state = state;
	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET state = $2, reason = $3, changed_at = clock_timestamp(),"
			   " worker_pid = CASE $2 WHEN 'building' THEN worker_pid END,"
			   " cancel = CASE WHEN $2 IN ('queued', 'building') THEN cancel END"
			   " WHERE job = $1", lengthof(args), args);
	if (!job_state_is_open(state))
		release_followers(job);
}

/* Let a job wait that long, for a reason that is shown. */
void
job_wait(Job *job, int64 delay_ms, const char *reason)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_datum(FLOAT8OID, Float8GetDatum(delay_ms / 1000.0), false),
		arg_text(reason)
	};

	job->state = JOB_WAITING;
	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET state = 'waiting', reason = $3, worker_pid = NULL,"
			   " changed_at = CASE WHEN state = 'waiting' AND reason = $3"
			   " THEN changed_at ELSE clock_timestamp() END,"
			   " retry_at = clock_timestamp() + make_interval(secs => $2)"
			   " WHERE job = $1", lengthof(args), args);
}

/* Queue a job to be taken back, as that role. */
void
job_set_goal_revert(Job *job, Oid role, const char *reason)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_oid(role),
		arg_text(reason)
	};

	job->state = JOB_QUEUED;
	job->revert = true;
	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET state = 'queued', goal = 'revert', role = $2, reason = $3,"
			   " undo = false, attempts = 0, changed_at = clock_timestamp(),"
			   " retry_at = clock_timestamp()"
			   " WHERE job = $1", lengthof(args), args);
}

/* Let a worker end it as cancelled, once what is left of it is removed. */
void
job_set_cancel(Job *job, const char *reason)
{
	SqlArg		args[] = {arg_int8(job->id), arg_text(reason)};

	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET cancel = $2, reason = $2 || '; what was begun is undone',"
			   " changed_at = clock_timestamp(), retry_at = clock_timestamp()"
			   " WHERE job = $1", lengthof(args), args);
}

/* Count an attempt that was broken off. */
void
job_count_attempt(Job *job)
{
	SqlArg		args[] = {arg_int8(job->id)};

	job->attempts++;
	update_job(job, "UPDATE @extschema@.clipperf_job SET attempts = attempts + 1"
			   " WHERE job = $1", lengthof(args), args);
}

/* Remember the index that it has built. */
void
job_set_index(Job *job, Oid index_oid, const char *index_name)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_oid(index_oid),
		arg_text(index_name),
		arg_text(job->ddl)
	};

	job->index_oid = index_oid;
	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET index_oid = $2, index_name = $3, ddl = $4"
			   " WHERE job = $1", lengthof(args), args);
}

/* Remember that the index it is about to drop is a valid one. */
void
job_set_undo(Job *job)
{
	SqlArg		args[] = {arg_int8(job->id)};

	job->undo = true;
	update_job(job, "UPDATE @extschema@.clipperf_job SET undo = true"
			   " WHERE job = $1", lengthof(args), args);
}

/* An argument that is an array of OIDs. */
static SqlArg
arg_oids(const List *list)
{
	Datum	   *oids = palloc(sizeof(Datum) * Max(list_length(list), 1));
	SqlArg		arg = {.type = OIDARRAYOID};
	ListCell   *lc;

	foreach(lc, list)
		oids[foreach_current_index(lc)] = ObjectIdGetDatum(lfirst_oid(lc));
	arg.value = PointerGetDatum(construct_array(oids, list_length(list), OIDOID,
												sizeof(Oid), true,
												TYPALIGN_INT));
	return arg;
}

/* Store job->parts and job->taken_in. */
void
job_store_parts(const Job *job)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_oid(job->part_relid),
		arg_text(job->part_name),
		arg_oids(job->parts),
		arg_float8(job->part_from),
		arg_float8(job->part_share),
		arg_oids(job->taken_in)
	};

	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET part_relid = $2, part_name = $3, parts = $4,"
			   " part_from = $5, part_share = $6, taken_in = $7"
			   " WHERE job = $1", lengthof(args), args);
}

/*
 * The index of a partition is built from now; it is built.  job_keep_part()
 * leaves it to the next of these to store that, and so needs no SPI.
 */
void
job_begin_part(Job *job, Oid relid, const char *index_name, double from,
			   double share)
{
	job->part_relid = relid;
	job->part_from = from;
	job->part_share = share;
	job->part_name = MemoryContextStrdup(GetMemoryChunkContext(job), index_name);
	job_store_parts(job);
}

/* See jobs.h. */
void
job_keep_part(Job *job, Oid index_oid)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(job));

	job->parts = list_append_unique_oid(job->parts, index_oid);
	job->part_relid = InvalidOid;
	job->part_name = NULL;
	MemoryContextSwitchTo(old);
}

/* See jobs.h. */
void
job_add_part(Job *job, Oid index_oid)
{
	job_keep_part(job, index_oid);
	job_store_parts(job);
}

/* What makes the index that it drops what it was, see index_settings.h. */
void
job_set_restore(Job *job, List *restore)
{
	Datum	   *texts = palloc(sizeof(Datum) * Max(list_length(restore), 1));
	SqlArg		args[] = {arg_int8(job->id), {.type = TEXTARRAYOID}};
	ListCell   *lc;

	foreach(lc, restore)
		texts[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	args[1].value = PointerGetDatum(construct_array(texts, list_length(restore),
													TEXTOID, -1, false,
													TYPALIGN_INT));
	job->restore = restore;
	update_job(job, "UPDATE @extschema@.clipperf_job SET restore = $2"
			   " WHERE job = $1", lengthof(args), args);
}

/*
 * Store a new job that makes an index again, when "first" has ended as
 * reverted; it is cancelled if that ends otherwise.
 */
void
job_insert_follower(Job *job, const Job *first)
{
	SqlArg		args[] = {arg_int8(0), arg_int8(first->id)};

	job->state = JOB_WAITING;
	job->drop = true;
	job->revert = true;
	job_insert(job);
	args[0] = arg_int8(job->id);
	update_job(job, "UPDATE @extschema@.clipperf_job"
			   " SET goal = 'revert', after_job = $2, retry_at = 'infinity'"
			   " WHERE job = $1", lengthof(args), args);
}

/* See jobs.h. */
bool
job_has_followers(const Job *job)
{
	SqlArg		args[] = {arg_int8(job->id)};

	own_sql("SELECT FROM @extschema@.clipperf_job WHERE after_job = $1 LIMIT 1",
			lengthof(args), args);
	return SPI_processed > 0;
}

/* Take the job for this process, or leave it. */
void
job_set_worker(Job *job, int pid)
{
	SqlArg		args[] = {
		arg_int8(job->id),
		arg_datum(INT4OID, Int32GetDatum(pid), pid == 0)
	};

	update_job(job, "UPDATE @extschema@.clipperf_job SET worker_pid = $2"
			   " WHERE job = $1", lengthof(args), args);
}

/* Sleep; ends by an error, or with the process, if it is told to end. */
void
job_sleep(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}
