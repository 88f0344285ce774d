/*-------------------------------------------------------------------------
 *
 * job_control.c
 *	  clipperf_wait(), clipperf_cancel(), clipperf_revert(), and what keeps
 *	  jobs from being begun.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply/claim.h"
#include "apply/jobs.h"
#include "apply/own_sql.h"
#include "apply/preflight.h"
#include "apply/queue.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_wait(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_cancel(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_revert(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_apply_obstacle(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_wait);
PG_FUNCTION_INFO_V1(clipperf_cancel);
PG_FUNCTION_INFO_V1(clipperf_revert);
PG_FUNCTION_INFO_V1(clipperf_apply_obstacle);

/* How often a job that is waited for is looked at. */
#define LOOK_MS 50

/* Sleep; ends by an error if the caller cancels. */
static void
sleep_ms(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* The job; error 42704 if there is none.  As it is committed by now. */
static Job *
require_job(int64 id)
{
	MemoryContext caller = CurrentMemoryContext;
	Job		   *job;

	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	job = job_load(id, caller);
	PopActiveSnapshot();
	SPI_finish();
	if (job == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no job %lld", (long long) id),
				 errhint("See clipperf_jobs.")));
	return job;
}

/* ------------------------------------------------------------------------
 * Waiting
 * ------------------------------------------------------------------------ */

/*
 * A concurrent build waits for all transactions whose snapshots are older than
 * it, so for that of the statement that calls us, too, by the lock on our
 * virtual transaction.  Give that lock up early, whoever waits for it by now:
 * this process looks at no table but our own until the statement ends.  The
 * end of the transaction finds it gone and minds not.
 */
static void
let_builds_pass(void)
{
	VirtualXactLockTableCleanup();
}

/* Errors where waiting would keep the job from getting on. */
static void
require_no_transaction(void)
{
	if (IsTransactionBlock() || IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("clipperf_wait() cannot be called inside a transaction block"),
				 errdetail("Jobs begin when the transaction that makes them commits, and a build waits for transactions that are older than it.")));
}

/* The end of the wait; DT_NOEND if there is none. */
static TimestampTz
end_of_wait(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1))
		return DT_NOEND;
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(GetCurrentTimestamp()),
												   PG_GETARG_DATUM(1)));
}

/* Does the caller wait on? */
static bool
is_awaited(JobState state, bool verdict)
{
	return state <= JOB_BUILDING || (verdict && state == JOB_VERIFYING);
}

/*
 * clipperf_wait(job, timeout, verdict)
 */
Datum
clipperf_wait(PG_FUNCTION_ARGS)
{
	TimestampTz end = end_of_wait(fcinfo);
	bool		verdict = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	Job		   *job;

	store_require();
	PreventCommandDuringRecovery("clipperf_wait()");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	require_no_transaction();
	job = require_job(PG_GETARG_INT64(0));
	let_builds_pass();
	while (is_awaited(job->state, verdict) && GetCurrentTimestamp() < end)
	{
		sleep_ms(LOOK_MS);
		job = require_job(PG_GETARG_INT64(0));
	}
	PG_RETURN_TEXT_P(cstring_to_text(job_state_name(job->state)));
}

/* ------------------------------------------------------------------------
 * Changing
 * ------------------------------------------------------------------------ */

/*
 * Keep workers away from the job, or have the one that is on it cancel.  True
 * if the job is ours now, to the end of the transaction.
 */
static bool
take_from_workers(int64 id, bool cancel)
{
	for (;;)
	{
		if (claim_exclude(id))
			return true;
		if (cancel && queue_interrupt(MyDatabaseId, id, INTERRUPT_CANCEL,
									  (int) GetUserId()))
			return false;
		sleep_ms(LOOK_MS);
	}
}

/* Change a job that no worker has. */
static void
change(Job *job, JobState state, const char *reason)
{
	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	job_change(job, state, reason);
	PopActiveSnapshot();
	SPI_finish();
}

/* What "cancelled" means for a job in that state. */
static char *
cancel_reason(JobState state)
{
	const char *name = GetUserNameFromId(GetUserId(), false);

	if (state == JOB_VERIFYING)
		return psprintf("verification cancelled by %s; what was done stays, clipperf_revert() takes it back",
						name);
	return psprintf("cancelled by %s", name);
}

/*
 * clipperf_cancel(job)
 */
Datum
clipperf_cancel(PG_FUNCTION_ARGS)
{
	int64		id = PG_GETARG_INT64(0);
	Job		   *job;

	store_require();
	PreventCommandDuringRecovery("clipperf_cancel()");
	job = require_job(id);
	if (!job_state_is_open(job->state))
		PG_RETURN_BOOL(false);
	if (!take_from_workers(id, true))
		PG_RETURN_BOOL(true);
	job = require_job(id);
	if (!job_state_is_open(job->state))
		PG_RETURN_BOOL(false);
	if (job->state == JOB_BUILDING)
	{
		/* Its process has died: whoever finds it takes the remains away. */
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("job %lld is being recovered", (long long) id),
				 errhint("Try again in a moment.")));
	}
	change(job, JOB_CANCELLED, cancel_reason(job->state));
	PG_RETURN_BOOL(true);
}

/* Is there something that a job did, to be taken back? */
static bool
can_be_reverted(const Job *job)
{
	return OidIsValid(job->index_oid) && job->state != JOB_REVERTED &&
		job->state > JOB_BUILDING;
}

/*
 * clipperf_revert(job)
 */
Datum
clipperf_revert(PG_FUNCTION_ARGS)
{
	int64		id = PG_GETARG_INT64(0);
	Job		   *job;

	store_require();
	PreventCommandDuringRecovery("clipperf_revert()");
	job = require_job(id);
	if (!can_be_reverted(job))
		PG_RETURN_BOOL(false);
	preflight_table(job->relid, job->relation_name, GetUserId());
	(void) take_from_workers(id, false);
	job = require_job(id);
	if (!can_be_reverted(job))
		PG_RETURN_BOOL(false);
	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	job_set_goal_revert(job, GetUserId(),
						psprintf("to be taken back, as asked by %s",
								 GetUserNameFromId(GetUserId(), false)));
	PopActiveSnapshot();
	SPI_finish();
	queue_wake_at_commit();
	PG_RETURN_BOOL(true);
}

/*
 * clipperf_apply_obstacle()
 */
Datum
clipperf_apply_obstacle(PG_FUNCTION_ARGS)
{
	store_require();
	if (queue_refused_since() != 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("waits for a free background worker; max_worker_processes is %d",
												  max_worker_processes)));
	if (queue_launcher_pid() == 0)
		PG_RETURN_TEXT_P(cstring_to_text("the launcher does not run"));
	PG_RETURN_NULL();
}
