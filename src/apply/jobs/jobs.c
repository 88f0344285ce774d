/*-------------------------------------------------------------------------
 *
 * jobs.c
 *	  What may happen to a job, and how a worker opens what that needs.
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

#define MAY_BECOME(state) ((uint32) 1 << JOB_##state)

/* Where one comes to that a worker may take: begun, put off, done, given up. */
#define AFTER_A_WORKER \
	(MAY_BECOME(WAITING) | MAY_BECOME(BUILDING) | MAY_BECOME(VERIFYING) | \
	 MAY_BECOME(KEPT) | MAY_BECOME(REVERTED) | MAY_BECOME(FAILED) | \
	 MAY_BECOME(CANCELED))

/*
 * Which states may follow each one.  Jobs are made queued, but for one that waits
 * for another to end, and one that has nothing to do and is kept at once.
 */
static const uint32 next_states[] = {
	[JOB_QUEUED] = AFTER_A_WORKER,
	[JOB_WAITING] = AFTER_A_WORKER,
	/* Queued again if its worker was lost. */
	[JOB_BUILDING] = AFTER_A_WORKER | MAY_BECOME(QUEUED),
	/* Reverted if another session has dropped the index. */
	[JOB_VERIFYING] = MAY_BECOME(QUEUED) | MAY_BECOME(KEPT) |
	MAY_BECOME(USELESS) | MAY_BECOME(REGRESSED) | MAY_BECOME(REVERTED) |
	MAY_BECOME(FAILED) | MAY_BECOME(CANCELED),
	/* What has ended can only be queued, to be reverted. */
	[JOB_KEPT] = MAY_BECOME(QUEUED),
	[JOB_USELESS] = MAY_BECOME(QUEUED),
	[JOB_REGRESSED] = MAY_BECOME(QUEUED),
	[JOB_FAILED] = MAY_BECOME(QUEUED),
	[JOB_CANCELED] = MAY_BECOME(QUEUED),
	[JOB_REVERTED] = 0
};

StaticAssertDecl(lengthof(next_states) == JOB_STATES,
				 "it is known what follows each state");

/*
 * Open a transaction if there is none, a snapshot and SPI.  AccessShareLock on
 * the extension to the end of the transaction.
 */
void
job_begin(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	own_lock_extension();
}

/* The counterpart of job_begin(): commits. */
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

/* Has a worker to do with a job in this state? */
bool
job_state_is_open(JobState state)
{
	return state <= JOB_VERIFYING;
}

/* Error XX000 unless the job may come into that state: a mistake of ours. */
static void
require_transition(const Job *job, JobState state)
{
	bool		allowed = (next_states[job->state] & ((uint32) 1 << state)) != 0;

	Assert(allowed);
	if (!allowed)
		elog(ERROR, "job %lld is %s and cannot become %s", (long long) job->id,
			 job_state_name(job->state), job_state_name(state));
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

	own_sql("SELECT job FROM @extschema@._clipperf_job"
			" WHERE relid = $1 AND (index_name = $2 OR ddl = $3)"
			" AND action = $4 AND goal = 'apply'"
			" AND state IN ('queued', 'waiting', 'building')"
			" ORDER BY job LIMIT 1", lengthof(args), args);
	return SPI_processed == 0 ? 0 : DatumGetInt64(own_datum(0, 1));
}

/*
 * Change the state; nothing happens if the job is gone.  When it has ended, the
 * jobs that wait for its end are queued, or end as canceled, too.
 */
void
job_change(Job *job, JobState state, const char *reason)
{
	SqlArg		args[] = {arg_text(reason)};
	SqlArg		follower_args[] = {
		arg_int8(job->id),
		arg_text(job_state_name(state == JOB_REVERTED ? JOB_QUEUED :
								JOB_CANCELED))
	};
	const char *sets = "reason = $2, changed_at = clock_timestamp(),"
		" worker_pid = NULL, cancel = NULL";

	/* Who works on it goes on; a cancel is there still. */
	if (state == JOB_BUILDING)
		sets = "reason = $2, changed_at = clock_timestamp()";
	else if (state == JOB_QUEUED)
		sets = "reason = $2, changed_at = clock_timestamp(), worker_pid = NULL";
	require_transition(job, state);
	job->state = state;
	job_row_update(job, JOB_BIT(STATE), sets, lengthof(args), args);
	if (job_state_is_open(state))
		return;
	own_sql("UPDATE @extschema@._clipperf_job"
			" SET state = $2, reason = format('job %s has ended', $1),"
			" after_job = NULL, changed_at = clock_timestamp(),"
			" retry_at = clock_timestamp()"
			" WHERE after_job = $1 AND state = 'waiting'",
			lengthof(follower_args), follower_args);
}

/*
 * Let a job wait that long, for a reason that is shown.  It has waited since it
 * waits for that reason.
 */
void
job_wait(Job *job, int64 delay_ms, const char *reason)
{
	SqlArg		args[] = {arg_text(reason), arg_float8(delay_ms / 1000.0)};

	require_transition(job, JOB_WAITING);
	job->state = JOB_WAITING;
	job_row_update(job, JOB_BIT(STATE),
				   "reason = $2, worker_pid = NULL,"
				   " changed_at = CASE WHEN state = 'waiting' AND reason = $2"
				   " THEN changed_at ELSE clock_timestamp() END,"
				   " retry_at = clock_timestamp() + make_interval(secs => $3)",
				   lengthof(args), args);
}

/* Queue a job to be reverted, as that role. */
void
job_set_goal_revert(Job *job, Oid role, const char *reason)
{
	SqlArg		args[] = {arg_text(reason)};

	require_transition(job, JOB_QUEUED);
	job->state = JOB_QUEUED;
	job->revert = true;
	job->role = role;
	job->undo = false;
	job->attempts = 0;
	job_row_update(job, JOB_BIT(STATE) | JOB_BIT(GOAL) | JOB_BIT(ROLE) |
				   JOB_BIT(UNDO) | JOB_BIT(ATTEMPTS),
				   "reason = $2, changed_at = clock_timestamp(),"
				   " retry_at = clock_timestamp()", lengthof(args), args);
}

/* Let a worker end it as canceled, once what is left of it is removed. */
void
job_set_cancel(Job *job, const char *reason)
{
	SqlArg		args[] = {arg_text(reason)};

	job_row_update(job, 0,
				   "cancel = $2, reason = $2 || '; what was begun is undone',"
				   " changed_at = clock_timestamp(), retry_at = clock_timestamp()",
				   lengthof(args), args);
}

/* Count an attempt that was interrupted. */
void
job_count_attempt(Job *job)
{
	job->attempts++;
	job_row_update(job, JOB_BIT(ATTEMPTS), NULL, 0, NULL);
}

/* Remember the index that it is about to build, or has built, and its DDL. */
void
job_set_index(Job *job, Oid index_oid, const char *index_name)
{
	job->index_oid = index_oid;
	job->index_name = MemoryContextStrdup(GetMemoryChunkContext(job), index_name);
	job_row_update(job, JOB_BIT(INDEX_OID) | JOB_BIT(INDEX_NAME) | JOB_BIT(DDL),
				   NULL, 0, NULL);
}

/* Remember that the index it is about to drop is a valid one. */
void
job_set_undo(Job *job)
{
	job->undo = true;
	job_row_update(job, JOB_BIT(UNDO), NULL, 0, NULL);
}

/* Store which partitions' indexes it has built, and is building. */
void
job_store_parts(const Job *job)
{
	job_row_update(job, JOB_BIT(PART_RELID) | JOB_BIT(PART_NAME) |
				   JOB_BIT(PART_FROM) | JOB_BIT(PART_SHARE) | JOB_BIT(PARTS) |
				   JOB_BIT(TAKEN_IN), NULL, 0, NULL);
}

/*
 * The index of a partition is built from now; "from" and "share" tell which part
 * of the whole that is, by size, 0..1.
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

/*
 * The index of a partition is built.  That is not stored before the next call of
 * a function that stores parts: this one needs no SPI.
 */
void
job_keep_part(Job *job, Oid index_oid)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(job));

	job->parts = list_append_unique_oid(job->parts, index_oid);
	job->part_relid = InvalidOid;
	job->part_name = NULL;
	MemoryContextSwitchTo(old);
}

/* The index of a partition is built; stores it. */
void
job_add_part(Job *job, Oid index_oid)
{
	job_keep_part(job, index_oid);
	job_store_parts(job);
}

/* Remember what makes an index what it was, see index_settings_restore(). */
void
job_set_restore(Job *job, List *restore)
{
	job->restore = restore;
	job_row_update(job, JOB_BIT(RESTORE), NULL, 0, NULL);
}

/*
 * Store a new job that makes an index again, when "first" has ended as
 * reverted; it is canceled if that ends otherwise.
 */
void
job_insert_follower(Job *job, const Job *first)
{
	SqlArg		args[] = {arg_int8(first->id)};

	job->state = JOB_WAITING;
	job->drop = true;
	job->revert = true;
	job_insert(job);
	job_row_update(job, 0, "after_job = $2", lengthof(args), args);
}

/*
 * End the jobs that came here with a copy of the database they were made in, as
 * CREATE DATABASE ... TEMPLATE makes one: nobody has asked for them here.  Those that
 * had begun are left to a worker, who takes away what is left of them.
 */
void
job_cancel_copied(void)
{
	SqlArg		args[] = {
		arg_oid(MyDatabaseId),
		arg_text("it was made in the database of which this one is a copy")
	};

	job_begin();
	own_sql("UPDATE @extschema@._clipperf_job SET cancel = $2,"
			" retry_at = clock_timestamp()"
			" WHERE database_oid <> $1 AND cancel IS NULL"
			" AND (state = 'building' OR state IN ('queued', 'waiting')"
			" AND (attempts > 0 OR parts <> '{}'))",
			lengthof(args), args);
	own_sql("UPDATE @extschema@._clipperf_job SET state = 'canceled', reason = $2,"
			" worker_pid = NULL, changed_at = clock_timestamp()"
			" WHERE database_oid <> $1 AND cancel IS NULL"
			" AND state IN ('queued', 'waiting', 'verifying')",
			lengthof(args), args);
	job_end();
}

/* Does another job wait for the end of this one? */
bool
job_has_followers(const Job *job)
{
	SqlArg		args[] = {arg_int8(job->id)};

	own_sql("SELECT FROM @extschema@._clipperf_job WHERE after_job = $1 LIMIT 1",
			lengthof(args), args);
	return SPI_processed > 0;
}

/* Take the job for this process, or leave it. */
void
job_set_worker(Job *job, int pid)
{
	SqlArg		args[] = {arg_datum(INT4OID, Int32GetDatum(pid), pid == 0)};

	job_row_update(job, 0, "worker_pid = $2", lengthof(args), args);
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
