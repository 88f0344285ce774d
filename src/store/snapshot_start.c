/*-------------------------------------------------------------------------
 *
 * snapshot_start.c
 *	  Starts the background workers that take snapshots every
 *	  clipperf.snapshot_interval.
 *
 * When they are due, one is started for each database that has statements, one after
 * the other: a snapshot is of one database, in whose tables it is kept.  Where the
 * extension is not installed, the worker ends at once.
 *
 * The launcher calls this between its other tasks, and waits for no snapshot: one may
 * take long, or wait for a lock.  It runs where the server can be written to, so that
 * a standby takes none.
 *
 *-------------------------------------------------------------------------
 */
#include "store/snapshot_start.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"

#include "common/clock.h"
#include "common/database.h"
#include "settings.h"
#include "store/statement.h"

/* How often a snapshot that is taken is looked at: does someone want its database? */
#define LOOK_MS 500

/* All in the memory of the launcher. */
static List *due_databases = NIL;
static BackgroundWorkerHandle *running = NULL;	/* the worker of this database */
static Oid	running_in = InvalidOid;
static int64 begun_us = 0;		/* when the interval began */

/* StatementVisitor that adds the statement's database to the due ones. */
static void
add_database(const StatementKey *key, const StatementCounters *counters,
			 const TableUses *tables, void *arg)
{
	if (OidIsValid(key->dbid))
		due_databases = list_append_unique_oid(due_databases, key->dbid);
}

/*
 * Start a worker that takes a snapshot in a database.  If there is no process for it,
 * all that are due are left out.
 */
static void
start_snapshot(Oid dbid)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_main_arg = ObjectIdGetDatum(dbid),
		.bgw_notify_pid = MyProcPid
	};

	strcpy(worker.bgw_name, "clipperf snapshot");
	strcpy(worker.bgw_type, "clipperf snapshot");
	strcpy(worker.bgw_library_name, "clipperf");
	strcpy(worker.bgw_function_name, "clipperf_snapshot_main");
	running_in = dbid;
	if (RegisterDynamicBackgroundWorker(&worker, &running))
		return;
	ereport(LOG,
			(errmsg("clipperf could not take a snapshot of %d databases: no background worker is free",
					list_length(due_databases) + 1),
			 errhint("Consider increasing the configuration parameter \"max_worker_processes\".")));
	list_free(due_databases);
	due_databases = NIL;
}

/*
 * Is a snapshot being taken?  It ends where a session wants to have the database
 * alone, and is taken after the next interval.
 */
static bool
snapshot_runs(void)
{
	static DatabaseClaim claim;
	pid_t		pid;

	if (running == NULL)
		return false;
	if (GetBackgroundWorkerPid(running, &pid) == BGWH_STOPPED)
	{
		pfree(running);
		running = NULL;
		return false;
	}
	if (database_claim_lasts(running_in, &claim))
		TerminateBackgroundWorker(running);
	return true;
}

/* Milliseconds until the next snapshots are due; -1 if there are to be none. */
static long
time_to_snapshots(void)
{
	int64		left_us = begun_us +
		setting_snapshot_interval_s * USECS_PER_SEC - clock_us();

	if (setting_snapshot_interval_s == 0)
		return -1;
	return left_us <= 0 ? 0 : (long) (left_us / 1000 + 1);
}

/*
 * For the launcher, whenever it wakes: start what is due.  The interval begins with
 * the first call, or when the setting was 0 before.  Returns milliseconds until it
 * is to be called again, -1 if there is nothing to do.  Allocates in the current
 * memory context, which is to last.
 */
long
snapshots_go_on(void)
{
	if (begun_us == 0 || setting_snapshot_interval_s == 0)
		begun_us = clock_us();
	if (due_databases == NIL && time_to_snapshots() == 0)
	{
		begun_us = clock_us();
		statement_visit(add_database, NULL);
	}
	while (!snapshot_runs() && due_databases != NIL)
	{
		Oid			dbid = linitial_oid(due_databases);

		due_databases = list_delete_first(due_databases);
		if (database_is_open(dbid) && !database_is_wanted_alone(dbid))
			start_snapshot(dbid);
	}
	return running != NULL ? LOOK_MS : time_to_snapshots();
}
