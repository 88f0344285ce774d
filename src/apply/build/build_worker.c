/*-------------------------------------------------------------------------
 *
 * build_worker.c
 *	  The background worker that does the jobs of one database.
 *
 * Started by the launcher, it does what is due and ends; it does not stay
 * where it has to wait, so that other jobs are not held up.  It leaves, in the
 * middle of a build if need be, where someone needs the database alone.
 * It is connected as the bootstrap superuser to keep the jobs, and becomes the
 * role that asked for a job while it runs the job's statement.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/build_worker.h"

#include "access/xact.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "apply/build/build.h"
#include "apply/jobs/job_lock.h"
#include "apply/jobs/jobs.h"
#include "apply/jobs/queue.h"
#include "apply/verify/top_statement.h"
#include "apply/verify/verify.h"
#include "common/background.h"
#include "common/own_sql.h"
#include "store/endpoint_sync.h"

/* Endpoints that are locked are looked at again after this time. */
#define SYNC_AGAIN_MS 5000

/* Is the extension here, with the tables this module knows, as a superuser's? */
static bool
is_installed(void)
{
	bool		installed;

	StartTransactionCommand();
	installed = own_is_trusted();
	CommitTransactionCommand();
	return installed;
}

/*
 * Do one job, if one is due that nobody works on; false if not.  Settings that were
 * reloaded before the job was made count for it, so they are read when it is known.
 */
static bool
do_one_job(MemoryContext context)
{
	bool		more;
	Job		   *job = job_lock_next(context, &more);

	if (job == NULL)
		return false;
	if (more)					/* another worker may take the next one */
		queue_wake();
	background_reload();
	build_run(job, context);
	job_lock_release(job);
	return true;
}

/* Milliseconds until something is to be done here again; -1: never. */
static int64
next_due(void)
{
	int64		job_ms;
	int64		verify_ms;

	if (!is_installed())
		return -1;
	job_begin();
	job_ms = job_next_due();
	verify_ms = verify_next_due();
	job_end();
	if (job_ms < 0 || verify_ms < 0)
		return Max(job_ms, verify_ms);
	return Min(job_ms, verify_ms);
}

/*
 * Let the rules of this database's endpoints count: after a crash, others may.  False
 * if they are locked.
 */
static bool
sync_endpoints(void)
{
	bool		done;

	StartTransactionCommand();
	done = endpoint_sync_now();
	CommitTransactionCommand();
	return done;
}

/* Do jobs and judge them until nothing is due. */
static void
do_what_is_due(void)
{
	MemoryContext context = AllocSetContextCreate(TopMemoryContext,
												  "clipperf job",
												  ALLOCSET_DEFAULT_SIZES);

	MemoryContextSwitchTo(context);
	if (is_installed())
		job_cancel_copied();
	while (!queue_worker_is_leaving() && is_installed() &&
		   (do_one_job(context) || verify_due(context)))
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(context);
}

/*
 * Entry point of the worker.
 */
void
clipperf_builder_main(Datum arg)
{
	WorkerTicket ticket;
	bool		synced;
	int64		due_ms;

	memcpy(&ticket, MyBgworkerEntry->bgw_extra, sizeof(ticket));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	pqsignal(SIGINT, top_statement_cancel);
	BackgroundWorkerUnblockSignals();
	background_init();
	if (!queue_worker_begins(&ticket))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(ticket.dbid, InvalidOid, 0);
	background_set_up_session("clipperf builder");

	synced = sync_endpoints();
	do_what_is_due();
	due_ms = next_due();
	queue_worker_done(synced ? due_ms :
					  background_sooner(due_ms, SYNC_AGAIN_MS));
	proc_exit(0);
}
