/*-------------------------------------------------------------------------
 *
 * job_control.c
 *	  clipperf_wait(), clipperf_cancel(), clipperf_revert(), and what keeps
 *	  jobs from being begun.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/plannodes.h"
#include "storage/lock.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply/build/leftovers.h"
#include "apply/build/preflight.h"
#include "apply/jobs/job_lock.h"
#include "apply/jobs/jobs.h"
#include "apply/jobs/queue.h"
#include "common/arguments.h"
#include "common/clock.h"
#include "common/lock_limit.h"
#include "common/own_sql.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_wait(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_cancel(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_revert(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_apply_obstacle(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_wait);
PG_FUNCTION_INFO_V1(clipperf_cancel);
PG_FUNCTION_INFO_V1(clipperf_revert);
PG_FUNCTION_INFO_V1(clipperf_apply_obstacle);

/* Milliseconds between two looks at a job that is waited for. */
#define LOOK_MS 50

/* The job, as it is committed by now; error 42704 if there is none. */
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
				 errmsg("job %lld does not exist", (long long) id),
				 errhint("The view clipperf_jobs lists the jobs.")));
	return job;
}

/* ------------------------------------------------------------------------
 * Waiting
 * ------------------------------------------------------------------------ */

/*
 * A concurrent build waits for all transactions whose snapshots are older than
 * it, so for that of the statement that calls us, too, by the lock on our
 * virtual transaction.  Nobody is to wait for it as long as we wait ourselves:
 * who waits for it by now goes on, and who comes later finds none.
 *
 * That is safe only since this transaction has used no table, see
 * require_clean_transaction(), and uses none before it has the lock again.
 */
static void
let_builds_pass(void)
{
	VirtualXactLockTableCleanup();
}

/* The counterpart of let_builds_pass(): the transaction is waited for again. */
static void
stop_builds(void)
{
	VirtualTransactionId vxid;

	GET_VXID_FROM_PGPROC(vxid, *MyProc);
	VirtualXactLockTableInsert(vxid);
}

/* Does the relation belong to the server or to clipperf? */
static bool
is_own_relation(Oid relid)
{
	Oid			table;

	if (relid < FirstNormalObjectId)
		return true;
	table = get_rel_relkind(relid) == RELKIND_INDEX ?
		IndexGetRelation(relid, true) : relid;
	return OidIsValid(table) &&
		getExtensionOfObject(RelationRelationId, table) ==
		get_extension_oid("clipperf", true);
}

/* Has this transaction a lock on a table other than the server's and ours? */
static bool
has_used_tables(void)
{
	LockData   *locks = GetLockStatusData();

	for (int i = 0; i < locks->nelements; i++)
	{
		LockInstanceData *lock = &locks->locks[i];

		if (lock->pid == MyProcPid && lock->holdMask != 0 &&
			lock->locktag.locktag_type == LOCKTAG_RELATION &&
			lock->locktag.locktag_field1 == MyDatabaseId &&
			!is_own_relation(lock->locktag.locktag_field2))
			return true;
	}
	return false;
}

/*
 * Is a call of the function all that the client's statement does?  What it is
 * called with may be computed before.
 */
static bool
is_all_of_statement(Oid function)
{
	const PlannedStmt *stmt;
	const Result *result;
	const TargetEntry *entry;

	if (ActivePortal == NULL)	/* called by the protocol's function call */
		return true;
	if (list_length(ActivePortal->stmts) != 1)
		return false;
	stmt = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (stmt->commandType != CMD_SELECT || !IsA(stmt->planTree, Result))
		return false;
	result = (const Result *) stmt->planTree;
	if (outerPlan(result) != NULL || result->resconstantqual != NULL ||
		list_length(result->plan.targetlist) != 1)
		return false;
	entry = linitial_node(TargetEntry, result->plan.targetlist);
	return IsA(entry->expr, FuncExpr) &&
		((const FuncExpr *) entry->expr)->funcid == function;
}

/*
 * Errors where waiting would keep the job from getting on, or where a build that
 * does not wait for us would do harm: it might miss a row that we have written,
 * or remove what we still read.  So would the statement itself, by its snapshot,
 * if it read anything after the wait.
 */
static void
require_clean_transaction(Oid function)
{
	if (IsTransactionBlock() || IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("clipperf_wait() cannot run inside a transaction block"),
				 errdetail("Jobs begin when the transaction that makes them commits, and a build waits for transactions that are older than it.")));
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()) || has_used_tables())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("clipperf_wait() cannot run in a transaction that has used tables"),
				 errdetail("A build waits for such transactions."),
				 errhint("Call it in a statement of its own.")));
	if (!is_all_of_statement(function))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("clipperf_wait() must be called in a statement of its own"),
				 errdetail("The rest of the statement would use a snapshot taken before the build ended."),
				 errhint("Use SELECT clipperf_wait(job), and nothing else in the statement.")));
}

/*
 * Wait until the job is built, or else is judged if "verdict", or has ended
 * otherwise; at most until that time of clock_us().  Returns its state then.
 */
static JobState
wait_for_job(int64 id, int64 end_us, bool verdict)
{
	Job		   *job = require_job(id);

	while ((job->state <= JOB_BUILDING ||
			(verdict && job->state == JOB_VERIFYING)) &&
		   clock_us() < end_us)
	{
		job_sleep(LOOK_MS);
		pfree(job);
		job = require_job(id);
	}
	return job->state;
}

/*
 * clipperf_wait(job, timeout, verdict): the state of the job when it is built or
 * judged, or in the end.  Error 25001 in a transaction that a build would have
 * to wait for, 42704 if there is no such job.
 */
Datum
clipperf_wait(PG_FUNCTION_ARGS)
{
	int64		end_us = PG_INT64_MAX;
	bool		verdict = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2);
	volatile JobState state = JOB_QUEUED;

	store_require();
	PreventCommandDuringRecovery("clipperf_wait()");
	argument_require(fcinfo, 0, "job");
	if (!PG_ARGISNULL(1))
		end_us = clock_after(PG_GETARG_INTERVAL_P(1));
	require_clean_transaction(fcinfo->flinfo->fn_oid);
	let_builds_pass();
	PG_TRY();
	{
		state = wait_for_job(PG_GETARG_INT64(0), end_us, verdict);
	}
	PG_FINALLY();
	{
		stop_builds();
	}
	PG_END_TRY();
	PG_RETURN_TEXT_P(cstring_to_text(job_state_name(state)));
}

/* ------------------------------------------------------------------------
 * Changing
 * ------------------------------------------------------------------------ */

/* Open what functions of jobs.h need, within the caller's transaction. */
static void
begin_job_change(void)
{
	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
}

/* The counterpart of begin_job_change(). */
static void
end_job_change(void)
{
	PopActiveSnapshot();
	SPI_finish();
}

/*
 * Keep workers away from the job to the end of the transaction: true.  False if
 * one is on it, and was told to cancel, as "cancel" asks for; else that one is
 * waited for.  Error 55P03 if someone has the job for longer than lock_limit_ms():
 * no worker does.
 */
static bool
take_from_workers(int64 id, bool cancel)
{
	int64		end_us = clock_us() + lock_limit_ms() * INT64CONST(1000);

	while (!job_lock_exclude(id))
	{
		if (cancel && queue_interrupt(MyDatabaseId, id, INTERRUPT_CANCEL,
									  (int) GetUserId()))
			return false;
		if (clock_us() >= end_us)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("could not lock job %lld", (long long) id),
					 errdetail("Another session has changed it in a transaction that is open still, or it is being reviewed."),
					 lock_limit_hint()));
		job_sleep(LOOK_MS);
	}
	return true;
}

/*
 * Error 42501 unless the caller may end the job, as owner of the table or as
 * a member of the role that made the job.
 */
static void
require_right_to_end(const Job *job)
{
	if ((get_rel_relkind(job->relid) != '\0' &&
		 RELATION_OWNERCHECK(job->relid, GetUserId())) ||
		has_privs_of_role(GetUserId(), job->role))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for job %lld", (long long) job->id),
			 errdetail("Only the owner of the table and members of the role that made the job may end it.")));
}

/* What "canceled" means for a job that no worker is on. */
static char *
cancel_reason(const Job *job)
{
	const char *name = GetUserNameFromId(GetUserId(), false);

	if (job->state == JOB_VERIFYING)
		return psprintf("verification canceled by %s; the change stays until clipperf_revert() reverts it",
						name);
	if (job->revert)
		return psprintf("canceled by %s; what the job did was not reverted",
						name);
	return psprintf("canceled by %s", name);
}

/*
 * End a job that no worker is on, and that none takes before the transaction
 * ends; at once, or by a worker if something of it is left.
 */
static void
cancel_unattended(Job *job)
{
	begin_job_change();
	if (job->state == JOB_BUILDING || leftovers_exist(job))
	{
		job_set_cancel(job, cancel_reason(job));
		queue_wake_at_commit();
	}
	else
		job_change(job, JOB_CANCELED, cancel_reason(job));
	end_job_change();
}

/*
 * End the job of that number; false if it has ended already.  It is looked at
 * twice, as it may have changed until workers are kept away from it.
 */
static bool
cancel_job(int64 id)
{
	Job		   *job = require_job(id);

	if (!job_state_is_open(job->state))
		return false;
	require_right_to_end(job);
	if (!take_from_workers(id, true))
		return true;
	job = require_job(id);
	if (!job_state_is_open(job->state))
		return false;
	cancel_unattended(job);
	return true;
}

/*
 * clipperf_cancel(job): false if it has ended already.  Error 22004 for NULL.
 */
Datum
clipperf_cancel(PG_FUNCTION_ARGS)
{
	store_require();
	argument_require(fcinfo, 0, "job");
	PreventCommandDuringRecovery("clipperf_cancel()");
	argument_require(fcinfo, 0, "job");
	own_lock_extension();
	PG_RETURN_BOOL(cancel_job(PG_GETARG_INT64(0)));
}

/* Is there something that a job did, to be reverted? */
static bool
can_be_reverted(const Job *job)
{
	return OidIsValid(job->index_oid) && job->state != JOB_REVERTED &&
		job->state > JOB_BUILDING;
}

/*
 * Have what a job did reverted, as the caller; false if there is nothing to
 * revert.  Errors as preflight_table().
 */
static bool
revert_job(int64 id)
{
	Job		   *job = require_job(id);

	if (!can_be_reverted(job))
		return false;
	preflight_table(job->relid, job->relation_name, GetUserId());
	(void) take_from_workers(id, false);
	job = require_job(id);
	if (!can_be_reverted(job))
		return false;
	begin_job_change();
	job_set_goal_revert(job, GetUserId(),
						psprintf("to be reverted, as asked by %s",
								 GetUserNameFromId(GetUserId(), false)));
	end_job_change();
	queue_wake_at_commit();
	return true;
}

/*
 * clipperf_revert(job): revert what is done, and end what is not; false if
 * there is nothing to revert.  Error 22004 for NULL.
 */
Datum
clipperf_revert(PG_FUNCTION_ARGS)
{
	int64		id;
	Job		   *job;

	store_require();
	argument_require(fcinfo, 0, "job");
	PreventCommandDuringRecovery("clipperf_revert()");
	argument_require(fcinfo, 0, "job");
	id = PG_GETARG_INT64(0);
	own_lock_extension();
	id = PG_GETARG_INT64(0);
	job = require_job(id);
	if (job->state > JOB_BUILDING)
		PG_RETURN_BOOL(revert_job(id));
	if (job->revert)
		PG_RETURN_BOOL(true);	/* it is under way */

	/* What is not done yet is not to be done. */
	PG_RETURN_BOOL(cancel_job(id));
}

/*
 * clipperf_apply_obstacle(): why queued jobs are not begun; NULL if nothing is in
 * the way.
 */
Datum
clipperf_apply_obstacle(PG_FUNCTION_ARGS)
{
	store_require();
	if (!own_is_trusted())
		PG_RETURN_TEXT_P(cstring_to_text("the tables of the extension do not belong to a superuser"));
	if (queue_refused_since() != 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("waits for a free background worker; max_worker_processes is %d",
												  max_worker_processes)));
	if (queue_launcher_pid() == 0)
		PG_RETURN_TEXT_P(cstring_to_text("the launcher does not run"));
	PG_RETURN_NULL();
}
