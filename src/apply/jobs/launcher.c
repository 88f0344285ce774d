/*-------------------------------------------------------------------------
 *
 * launcher.c
 *	  The background worker that starts others: build workers where jobs wait, and
 *	  those that take snapshots.
 *
 * It starts when the server can be written to, so on a standby not before it
 * is promoted, and then has every database looked into: what a crash or a
 * failover left undone is found so.  It is connected to no database.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/launcher.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "apply/jobs/build_progress.h"
#include "apply/jobs/give_way.h"
#include "apply/jobs/queue.h"
#include "common/background.h"
#include "common/database.h"
#include "settings.h"
#include "store/snapshot_start.h"

/* The postmaster starts it again after this many seconds if it fails. */
#define RESTART_SECONDS 5

/* Milliseconds between two looks at the workers: does someone wait for them? */
#define WATCH_MS 100

/* A worker that was asked for: whether it began shows later. */
typedef struct StartedWorker
{
	WorkerTicket ticket;
	BackgroundWorkerHandle *handle; /* NULL: nothing to watch */
} StartedWorker;

static StartedWorker started[QUEUE_WORKERS];

/* Databases that are to be looked into when the queue has room for them. */
static List *unvisited = NIL;

/* List all databases that can be connected to in "unvisited". */
static void
list_databases(void)
{
	Relation	catalog;
	TableScanDesc scan;
	HeapTuple	tuple;

	list_free(unvisited);
	unvisited = NIL;
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(catalog, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		if (database_row_is_open(tuple))
			unvisited = lappend_oid(unvisited,
									((Form_pg_database) GETSTRUCT(tuple))->oid);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
}

/* Have the databases in "unvisited" looked into, as many as the queue takes now. */
static void
visit_databases(void)
{
	while (unvisited != NIL && queue_visit(linitial_oid(unvisited)))
		unvisited = list_delete_first(unvisited);
}

/* Ask the postmaster for a worker; false if there is no free process for it. */
static bool
start_worker(const WorkerTicket *ticket)
{
	BackgroundWorker worker = {
		.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
		.bgw_start_time = BgWorkerStart_RecoveryFinished,
		.bgw_restart_time = BGW_NEVER_RESTART,
		.bgw_notify_pid = MyProcPid
	};
	StartedWorker *watched = &started[ticket->slot];

	strcpy(worker.bgw_name, "clipperf builder");
	strcpy(worker.bgw_type, "clipperf builder");
	strcpy(worker.bgw_library_name, "clipperf");
	strcpy(worker.bgw_function_name, "clipperf_builder_main");
	memcpy(worker.bgw_extra, ticket, sizeof(*ticket));
	if (watched->handle != NULL)
		pfree(watched->handle);
	watched->handle = NULL;
	watched->ticket = *ticket;
	return RegisterDynamicBackgroundWorker(&worker, &watched->handle);
}

/* Revert what was given to workers that ended before they began. */
static void
reap_workers(void)
{
	for (int i = 0; i < QUEUE_WORKERS; i++)
	{
		pid_t		pid;

		if (started[i].handle == NULL ||
			GetBackgroundWorkerPid(started[i].handle, &pid) != BGWH_STOPPED)
			continue;
		queue_unassign(&started[i].ticket, RETRY_FAILED);
		pfree(started[i].handle);
		started[i].handle = NULL;
	}
}

/* Start workers for the databases that are due, as many as may run. */
static void
start_workers(void)
{
	WorkerTicket ticket;

	while (queue_assign(setting_max_build_workers, &ticket))
	{
		if (!database_is_open(ticket.dbid))
		{
			queue_unassign(&ticket, RETRY_FAILED);
			queue_forget(ticket.dbid);
			continue;
		}
		if (database_is_wanted_alone(ticket.dbid))
		{
			queue_unassign(&ticket, RETRY_WANTED);
			continue;
		}
		if (!start_worker(&ticket))
		{
			queue_unassign(&ticket, RETRY_REFUSED);
			return;
		}
		queue_started();
	}
}

/* Milliseconds to sleep if nobody wakes us for a job; -1 = for ever. */
static long
time_to_sleep(void)
{
	Oid			dbids[QUEUE_WORKERS];
	long		ms = queue_sleep_ms();

	return queue_databases_in_use(dbids) > 0 ?
		background_sooner(ms, WATCH_MS) : ms;
}

/*
 * A turn of the launcher.  One round of visits after the other, so that each comes to
 * its end.
 */
static void
launcher_turn(void *arg)
{
	MemoryContextSwitchTo(TopMemoryContext);
	if (unvisited == NIL && queue_take_rescan())
		list_databases();
	visit_databases();
	reap_workers();
	start_workers();
	give_way();
	build_progress_watch();
	background_sleep(background_sooner(snapshots_go_on(), time_to_sleep()));
}

/*
 * Entry point of the launcher.
 */
void
clipperf_launcher_main(Datum arg)
{
	background_begin();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	queue_launcher_begins();
	background_run(launcher_turn, NULL);
}

/* Have the postmaster start the launcher; while the module is preloaded. */
void
launcher_register(void)
{
	background_register("clipperf launcher", "clipperf_launcher_main",
						BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION,
						BgWorkerStart_RecoveryFinished, RESTART_SECONDS);
}
