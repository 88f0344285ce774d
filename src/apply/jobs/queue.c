/*-------------------------------------------------------------------------
 *
 * queue.c
 *	  Shared memory of apply: which databases have jobs, who works on them.
 *
 * Everything in ApplyQueue is read and written under its lock, which is held
 * for a few assignments only.  A database is listed while something is to be
 * done there, now or later; whoever makes a job wakes it when its transaction
 * has committed.  A worker that ends without queue_worker_done() leaves its
 * database due again, so that what it left is looked after.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/queue.h"

#include <signal.h>

#include "access/xact.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#define TRANCHE_NAME "clipperf apply"

/* A database whose worker failed is tried again after 1, 2, 4 ... seconds. */
#define RETRY_MS 1000
#define MOST_DOUBLINGS 8

typedef struct QueueDatabase
{
	Oid			dbid;			/* InvalidOid: the entry is free */
	TimestampTz next;			/* when a worker is wanted; DT_NOEND: one is
								 * there, or was promised */
	int			failures;		/* workers that failed one after the other */
} QueueDatabase;

typedef struct QueueWorker
{
	bool		used;			/* from queue_assign to its end */
	int			pid;			/* 0 until it has begun */
	uint32		generation;		/* bumped whenever it is assigned */
	Oid			dbid;
	int64		job;			/* that it works on, 0 if none */
	Oid			relid;			/* table of the job */
	Oid			jobs;			/* table of the jobs, which it has locked */
	WorkerInterrupt interrupt;
	int			interrupted_by; /* role or process, by kind of interrupt */
	BuildProgress progress;		/* only the launcher writes it, but for 0 */
} QueueWorker;

typedef struct ApplyQueue
{
	Latch	   *launcher;		/* NULL if it does not run */
	int			launcher_pid;
	TimestampTz since;			/* when the first launcher began; 0 = never */
	bool		rescan;			/* look into all databases */
	TimestampTz refused_since;	/* no free background worker; 0 = there was */
	QueueDatabase databases[QUEUE_DATABASES];
	QueueWorker workers[QUEUE_WORKERS];
} ApplyQueue;

static ApplyQueue *queue = NULL;
static LWLock *queue_lock = NULL;

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

/* Is our database to be looked into when this transaction commits? */
static bool wake_at_commit = false;

/* This process's slot, if it is a worker. */
static QueueWorker *my_worker = NULL;

/* Bytes of shared memory that are used here. */
Size
queue_memory(void)
{
	return MAXALIGN(sizeof(ApplyQueue)) + sizeof(LWLockPadded);
}

/* Ask for our memory and lock. */
static void
request_queue_memory(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(queue_memory());
	RequestNamedLWLockTranche(TRANCHE_NAME, 1);
}

/* Set our memory up, or attach to it. */
static void
attach_queue(void)
{
	bool		found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	queue_lock = &GetNamedLWLockTranche(TRANCHE_NAME)->lock;
	queue = ShmemInitStruct(TRANCHE_NAME, sizeof(ApplyQueue), &found);
	if (!found)
	{
		memset(queue, 0, sizeof(ApplyQueue));
		queue->rescan = true;
	}
	LWLockRelease(AddinShmemInitLock);
}

/* Install the hooks that set our shared memory up. */
void
queue_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_queue_memory;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_queue;
}

/* Wake the launcher.  Caller holds the lock. */
static void
wake_launcher(void)
{
	if (queue->launcher != NULL)
		SetLatch(queue->launcher);
}

/* The entry of a database, or a free one, or NULL.  Caller holds the lock. */
static QueueDatabase *
find_database(Oid dbid)
{
	QueueDatabase *free_entry = NULL;

	for (int i = 0; i < QUEUE_DATABASES; i++)
	{
		QueueDatabase *entry = &queue->databases[i];

		if (entry->dbid == dbid)
			return entry;
		if (entry->dbid == InvalidOid && free_entry == NULL)
			free_entry = entry;
	}
	return free_entry;
}

/*
 * Have a database looked into at that time or before; false if there is no
 * room to remember it.  Caller holds the lock.
 */
static bool
wake_database(Oid dbid, TimestampTz when)
{
	QueueDatabase *entry = find_database(dbid);

	if (entry == NULL)
		return false;
	if (entry->dbid == InvalidOid)
	{
		entry->dbid = dbid;
		entry->next = when;
		entry->failures = 0;
	}
	entry->next = Min(entry->next, when);
	wake_launcher();
	return true;
}

/*
 * Have a database looked into at that time, or before; false if there is no
 * room to remember it.  Takes the lock.
 */
bool
queue_wake(Oid dbid, TimestampTz when)
{
	bool		done;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	done = wake_database(dbid, when);
	LWLockRelease(queue_lock);
	return done;
}

/*
 * XactCallback: jobs made by this transaction are there once it commits.  Takes
 * the lock.  If there is no room for our database, all are looked into when there
 * is again.
 */
static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (!wake_at_commit)
		return;
	if (event == XACT_EVENT_PRE_PREPARE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that has made or changed jobs of clipperf"),
				 errhint("Commit it instead.")));
	if (event == XACT_EVENT_COMMIT)
	{
		LWLockAcquire(queue_lock, LW_EXCLUSIVE);
		if (!wake_database(MyDatabaseId, GetCurrentTimestamp()))
			queue->rescan = true;
		LWLockRelease(queue_lock);
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		wake_at_commit = false;
}

/*
 * Have our database looked into when the current transaction commits.
 */
void
queue_wake_at_commit(void)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_end_of_transaction, NULL);
	registered = true;
	wake_at_commit = true;
}

/*
 * Cancel the build of a job and say why.  False if no worker is on it.  "by"
 * is the role that asks, or the process that is in need.
 */
bool
queue_interrupt(Oid dbid, int64 job, WorkerInterrupt why, int by)
{
	bool		found = false;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	for (int i = 0; i < QUEUE_WORKERS; i++)
	{
		QueueWorker *worker = &queue->workers[i];

		if (!worker->used || worker->pid == 0 || worker->dbid != dbid ||
			worker->job != job)
			continue;
		found = true;
		if (worker->interrupt == INTERRUPT_CANCEL)
			continue;
		worker->interrupt = why;
		worker->interrupted_by = by;
		kill(worker->pid, SIGINT);
	}
	LWLockRelease(queue_lock);
	return found;
}

/* The process of the launcher; 0 if it does not run. */
int
queue_launcher_pid(void)
{
	int			pid;

	LWLockAcquire(queue_lock, LW_SHARED);
	pid = queue->launcher_pid;
	LWLockRelease(queue_lock);
	return pid;
}

/* Since when no process is to be had for a worker; 0 if one is. */
TimestampTz
queue_refused_since(void)
{
	TimestampTz since;

	LWLockAcquire(queue_lock, LW_SHARED);
	since = queue->refused_since;
	LWLockRelease(queue_lock);
	return since;
}

/* When work began in this run of the server, as a primary; 0 = not yet. */
TimestampTz
queue_since(void)
{
	TimestampTz since;

	LWLockAcquire(queue_lock, LW_SHARED);
	since = queue->since;
	LWLockRelease(queue_lock);
	return since;
}

/* Callback at the launcher's end. */
static void
launcher_ends(int code, Datum arg)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	queue->launcher = NULL;
	queue->launcher_pid = 0;
	LWLockRelease(queue_lock);
}

/*
 * This process is the launcher.  Workers that a former launcher promised but
 * that have not begun lose their slot: they find out and end.
 */
void
queue_launcher_begins(void)
{
	before_shmem_exit(launcher_ends, (Datum) 0);
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	queue->launcher = MyLatch;
	queue->launcher_pid = MyProcPid;
	if (queue->since == 0)
		queue->since = GetCurrentTimestamp();
	queue->rescan = true;
	for (int i = 0; i < QUEUE_WORKERS; i++)
		if (queue->workers[i].pid == 0)
			queue->workers[i].used = false;
	LWLockRelease(queue_lock);
}

/* Should all databases be looked into?  Asked once per request. */
bool
queue_take_rescan(void)
{
	bool		rescan;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	rescan = queue->rescan;
	queue->rescan = false;
	LWLockRelease(queue_lock);
	return rescan;
}

/* A database that is due now, or NULL.  Caller holds the lock. */
static QueueDatabase *
due_database(TimestampTz now)
{
	QueueDatabase *first = NULL;

	for (int i = 0; i < QUEUE_DATABASES; i++)
	{
		QueueDatabase *entry = &queue->databases[i];

		if (entry->dbid == InvalidOid || entry->next > now)
			continue;
		if (first == NULL || entry->next < first->next)
			first = entry;
	}
	return first;
}

/* A free slot if fewer than "most" are used, or -1.  Caller holds the lock. */
static int
free_slot(int most)
{
	int			slot = -1;
	int			used = 0;

	for (int i = 0; i < QUEUE_WORKERS; i++)
	{
		if (queue->workers[i].used)
			used++;
		else if (slot < 0)
			slot = i;
	}
	return used < most ? slot : -1;
}

/*
 * Give the database that has been due the longest to a new worker, of which
 * there are at most "most".  False if there is nothing to do or nobody to do
 * it.
 */
bool
queue_assign(int most, WorkerTicket *ticket)
{
	QueueDatabase *database;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	database = due_database(GetCurrentTimestamp());
	ticket->slot = database ? free_slot(most) : -1;
	if (ticket->slot >= 0)
	{
		QueueWorker *worker = &queue->workers[ticket->slot];
		uint32		generation = worker->generation + 1;

		memset(worker, 0, sizeof(*worker));
		worker->used = true;
		worker->generation = ticket->generation = generation;
		worker->dbid = ticket->dbid = database->dbid;
		database->next = DT_NOEND;
	}
	LWLockRelease(queue_lock);
	return ticket->slot >= 0;
}

/* Try a database again later.  Caller holds the lock. */
static void
retry_database(Oid dbid)
{
	TimestampTz now = GetCurrentTimestamp();
	QueueDatabase *entry;
	int64		delay_ms = RETRY_MS;

	entry = find_database(dbid);
	if (entry != NULL && entry->dbid == dbid)
		delay_ms <<= Min(entry->failures, MOST_DOUBLINGS);
	wake_database(dbid, TimestampTzPlusMilliseconds(now, delay_ms));
	entry = find_database(dbid);
	if (entry != NULL && entry->dbid == dbid)
		entry->failures++;
}

/*
 * Take an assignment back if its worker has not begun: it could not be started,
 * for lack of a free process if "refused".
 */
void
queue_unassign(const WorkerTicket *ticket, bool refused)
{
	QueueWorker *worker = &queue->workers[ticket->slot];

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	if (worker->used && worker->pid == 0 &&
		worker->generation == ticket->generation)
	{
		worker->used = false;
		if (refused && queue->refused_since == 0)
			queue->refused_since = GetCurrentTimestamp();
		if (refused)
			wake_database(ticket->dbid,
						  TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													  RETRY_MS));
		else
			retry_database(ticket->dbid);
	}
	LWLockRelease(queue_lock);
}

/* A worker process was to be had. */
void
queue_started(void)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	queue->refused_since = 0;
	LWLockRelease(queue_lock);
}

/* The database is gone. */
void
queue_forget(Oid dbid)
{
	QueueDatabase *entry;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	entry = find_database(dbid);
	if (entry != NULL && entry->dbid == dbid)
		entry->dbid = InvalidOid;
	LWLockRelease(queue_lock);
}

/* When the next database is due; in the past if one waits for a worker. */
TimestampTz
queue_next(void)
{
	TimestampTz next = DT_NOEND;

	LWLockAcquire(queue_lock, LW_SHARED);
	for (int i = 0; i < QUEUE_DATABASES; i++)
		if (queue->databases[i].dbid != InvalidOid)
			next = Min(next, queue->databases[i].next);
	LWLockRelease(queue_lock);
	return next;
}

/* The builds that go on; returns their number. */
int
queue_builds(RunningBuild *builds)
{
	int			count = 0;

	LWLockAcquire(queue_lock, LW_SHARED);
	for (int i = 0; i < QUEUE_WORKERS; i++)
	{
		QueueWorker *worker = &queue->workers[i];

		if (!worker->used || worker->pid == 0 || worker->job == 0)
			continue;
		builds[count].job = worker->job;
		builds[count].pid = worker->pid;
		builds[count].dbid = worker->dbid;
		builds[count].relid = worker->relid;
		builds[count].jobs = worker->jobs;
		builds[count].progress = worker->progress;
		count++;
	}
	LWLockRelease(queue_lock);
	return count;
}

/* Remember the progress of a build that goes on still. */
void
queue_keep_progress(const RunningBuild *build)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	for (int i = 0; i < QUEUE_WORKERS; i++)
	{
		QueueWorker *worker = &queue->workers[i];

		if (worker->used && worker->pid == build->pid &&
			worker->job == build->job)
			worker->progress = build->progress;
	}
	LWLockRelease(queue_lock);
}

/* Callback at a worker's end; it may have failed. */
static void
builder_ends(int code, Datum arg)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	my_worker->used = false;
	my_worker->pid = 0;
	my_worker->job = 0;
	if (DatumGetBool(arg) && my_worker->dbid != InvalidOid)
		retry_database(my_worker->dbid);
	wake_launcher();
	LWLockRelease(queue_lock);
	my_worker = NULL;
}

/*
 * This process takes the slot it was given.  False if it comes too late.
 */
bool
queue_worker_begins(const WorkerTicket *ticket)
{
	QueueWorker *worker = &queue->workers[ticket->slot];
	bool		valid;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	valid = worker->used && worker->pid == 0 &&
		worker->generation == ticket->generation;
	if (valid)
	{
		worker->pid = MyProcPid;
		my_worker = worker;
	}
	LWLockRelease(queue_lock);
	if (valid)
		before_shmem_exit(builder_ends, BoolGetDatum(true));
	return valid;
}

/*
 * The job this worker is on from now, and its table; the launcher watches
 * builds.  What it was told before is forgotten.
 */
void
queue_worker_takes(int64 job, Oid relid)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	my_worker->job = job;
	my_worker->relid = relid;
	memset(&my_worker->progress, 0, sizeof(my_worker->progress));
	my_worker->interrupt = INTERRUPT_NONE;
	my_worker->interrupted_by = 0;
	wake_launcher();
	LWLockRelease(queue_lock);
}

/* It is on no job any more, and is told nothing more. */
void
queue_worker_leaves(void)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	my_worker->job = 0;
	LWLockRelease(queue_lock);
}

/* It holds a lock on the table of the jobs, which it gives up if asked. */
void
queue_worker_holds(Oid jobs)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	my_worker->jobs = jobs;
	LWLockRelease(queue_lock);
}

/* The table it works on from now: a partition of that of its job. */
void
queue_worker_takes_table(Oid relid)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	my_worker->relid = relid;
	LWLockRelease(queue_lock);
}

/* Why this worker's build was cancelled. */
WorkerInterrupt
queue_worker_interrupt(int *by)
{
	WorkerInterrupt interrupt;

	LWLockAcquire(queue_lock, LW_SHARED);
	interrupt = my_worker->interrupt;
	*by = my_worker->interrupted_by;
	LWLockRelease(queue_lock);
	return interrupt;
}

/*
 * This worker has found nothing more to do before "next" (DT_NOEND: at all).
 * Its database may have been woken meanwhile.
 */
void
queue_worker_done(TimestampTz next)
{
	QueueDatabase *entry;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	if (next != DT_NOEND)
		wake_database(my_worker->dbid, next);
	entry = find_database(my_worker->dbid);
	if (entry != NULL && entry->dbid == my_worker->dbid)
	{
		entry->failures = 0;
		if (entry->next == DT_NOEND)
			entry->dbid = InvalidOid;
	}
	my_worker->dbid = InvalidOid;
	LWLockRelease(queue_lock);
}
