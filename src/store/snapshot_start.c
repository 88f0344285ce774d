/*-------------------------------------------------------------------------
 *
 * snapshot_start.c
 *	  Starts the background workers that take snapshots every
 *	  clipperf.snapshot_interval.
 *
 * When they are due, one is started for each database that has statements, one after
 * the other: a snapshot is of one database, in whose tables it is kept.  Where the
 * extension is not installed, the worker ends at once.  A standby takes none.
 *
 *-------------------------------------------------------------------------
 */
#include "store/snapshot_start.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"

#include "common/background.h"
#include "common/clock.h"
#include "settings.h"
#include "store/statement.h"

/*
 * How often the worker looks whether a snapshot has been taken, in milliseconds: the
 * postmaster notifies only those that are connected to a database.
 */
#define WAIT_MS 50

/* Databases whose snapshots are due, in the memory of the worker. */
static List *due_databases = NIL;

/* StatementVisitor that adds the statement's database to the due ones. */
static void
add_database(const StatementKey *key, const StatementCounters *counters,
			 const TableUses *tables, void *arg)
{
	if (OidIsValid(key->dbid))
		due_databases = list_append_unique_oid(due_databases, key->dbid);
}

/*
 * Start a worker that takes a snapshot in a database, and wait until it has ended.  If
 * there is no process for it, that snapshot is left out.
 */
static void
take_snapshot_in(Oid dbid)
{
	BackgroundWorkerHandle *handle;
	BgwHandleStatus status;
	pid_t		pid;
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_main_arg = ObjectIdGetDatum(dbid)
	};

	strcpy(worker.bgw_name, "clipperf snapshot");
	strcpy(worker.bgw_type, "clipperf snapshot");
	strcpy(worker.bgw_library_name, "clipperf");
	strcpy(worker.bgw_function_name, "clipperf_snapshot_main");
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
	{
		ereport(LOG,
				(errmsg("clipperf could not take a snapshot of database %u: no background worker is free", dbid),
				 errhint("Consider increasing the configuration parameter \"max_worker_processes\".")));
		return;
	}
	while (!ShutdownRequestPending &&
		   (status = GetBackgroundWorkerPid(handle, &pid)) != BGWH_STOPPED &&
		   status != BGWH_POSTMASTER_DIED)
		background_sleep(WAIT_MS);
	pfree(handle);
}

/*
 * For the worker, from time to time: take the snapshots of all databases that have
 * statements, if they are due.  The interval begins with the first call.
 */
void
snapshots_take_due(void)
{
	static int64 last_us = 0;
	int64		now_us = clock_us();

	if (last_us == 0 || setting_snapshot_interval_s == 0 || RecoveryInProgress())
		last_us = now_us;
	if (now_us - last_us < setting_snapshot_interval_s * USECS_PER_SEC ||
		setting_snapshot_interval_s == 0)
		return;
	last_us = now_us;
	statement_visit(add_database, NULL);
	while (due_databases != NIL && !ShutdownRequestPending)
	{
		Oid			dbid = linitial_oid(due_databases);

		due_databases = list_delete_first(due_databases);
		take_snapshot_in(dbid);
	}
}
