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
 * Moments are told by clock_us(), so that nobody waits until a clock that was
 * set back has caught up.  When the list is full, the database that is due last
 * makes room: all databases are looked into again when it would have been due.
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

#include "common/clock.h"

#define TRANCHE_NAME "clipperf apply"

/* A database whose worker failed is tried again after 1, 2, 4 ... seconds. */
#define RETRY_MS 1000
#define MOST_DOUBLINGS 8

/* So many databases that are looked into among all wait for a worker. */
#define MOST_VISITS QUEUE_WORKERS

/*
 * A worker that is told to leave its database has this time to break its build off in
 * good order, less than the five seconds for which DROP DATABASE waits; then it is
 * terminated.
 */
#define LEAVE_US (2 * INT64CONST(1000000))

/* A moment that does not come. */
#define NEVER PG_INT64_MAX

typedef struct QueueDatabase
{
	Oid			dbid;			/* InvalidOid: the entry is free */
	int64		next_us;		/* when a worker is wanted; NEVER: one is
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
	Oid			extension;		/* ours, which it has locked */
	WorkerInterrupt interrupt;
	int			interrupted_by; /* role or process, by kind of interrupt */
	int64		leave_us;		/* when it was told to leave; 0: it was not */
	BuildProgress progress;		/* only the launcher writes it, but for 0 */
} QueueWorker;

typedef struct ApplyQueue
{
	Latch	   *launcher;		/* NULL if it does not run */
	int			launcher_pid;
	TimestampTz since;			/* when the first launcher began; 0 = never */
	int64		rescan_us;		/* when to look into all databases */
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
		queue->rescan_us = 0;
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

/* The entry of a database, or NULL.  Caller holds the lock. */
static QueueDatabase *
find_database(Oid dbid)
{
	for (int i = 0; i < QUEUE_DATABASES; i++)
		if (queue->databases[i].dbid == dbid)
			return &queue->databases[i];
	return NULL;
}

/*
 * A free entry, made so if need be: by the database that is due last, unless
 * all are due.  NULL if there is none.  Caller holds the lock.
 */
static QueueDatabase *
take_free_entry(int64 now_us)
{
	QueueDatabase *last = find_database(InvalidOid);

	if (last != NULL)
		return last;
	for (int i = 0; i < QUEUE_DATABASES; i++)
	{
		QueueDatabase *entry = &queue->databases[i];

		if (entry->next_us > now_us && entry->next_us != NEVER &&
			(last == NULL || entry->next_us > last->next_us))
			last = entry;
	}
	if (last != NULL)
		queue->rescan_us = Min(queue->rescan_us, last->next_us);
	return last;
}

/*
 * Have a database looked into in so many milliseconds or before; with all
 * others if there is no room to remember it.  Caller holds the lock.
 */
static void
wake_database(Oid dbid, int64 delay_ms)
{
	int64		now_us = clock_us();
	int64		next_us = now_us + delay_ms * 1000;
	QueueDatabase *entry = find_database(dbid);

	if (entry == NULL)
	{
		entry = take_free_entry(now_us);
		if (entry != NULL)
			*entry = (QueueDatabase)
		{
			.dbid = dbid,.next_us = NEVER
		};
	}
	if (entry != NULL)
		entry->next_us = Min(entry->next_us, next_us);
	else
		queue->rescan_us = Min(queue->rescan_us, next_us);
	wake_launcher();
}

/*
 * Have our database looked into at once.  Takes the lock.
 */
void
queue_wake(void)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	wake_database(MyDatabaseId, 0);
	LWLockRelease(queue_lock);
}

/*
 * Have a database looked into as one of all; false if there are so many already
 * that it must wait: jobs that are made meanwhile come first.  Takes the lock.
 */
bool
queue_visit(Oid dbid)
{
	int64		now_us = clock_us();
	int			due = 0;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	for (int i = 0; i < QUEUE_DATABASES; i++)
		if (queue->databases[i].dbid != InvalidOid &&
			queue->databases[i].next_us <= now_us)
			due++;
	if (due < MOST_VISITS)
		wake_database(dbid, 0);
	LWLockRelease(queue_lock);
	return due < MOST_VISITS;
}

/*
 * XactCallback: jobs made by this transaction are there once it commits.  Takes
 * the lock.
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
		queue_wake();
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

/*
 * When work began in this run of the server, as a primary; 0 = not yet.  If the
 * server's clock was set back before that, it is now.
 */
TimestampTz
queue_since(void)
{
	TimestampTz since;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	queue->since = Min(queue->since, GetCurrentTimestamp());
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
	queue->rescan_us = 0;
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
	rescan = queue->rescan_us <= clock_us();
	if (rescan)
		queue->rescan_us = NEVER;
	LWLockRelease(queue_lock);
	return rescan;
}

/* A database that is due now, or NULL.  Caller holds the lock. */
static QueueDatabase *
due_database(int64 now_us)
{
	QueueDatabase *first = NULL;

	for (int i = 0; i < QUEUE_DATABASES; i++)
	{
		QueueDatabase *entry = &queue->databases[i];

		if (entry->dbid == InvalidOid || entry->next_us > now_us)
			continue;
		if (first == NULL || entry->next_us < first->next_us)
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
	database = due_database(clock_us());
	ticket->slot = database ? free_slot(most) : -1;
	if (ticket->slot >= 0)
	{
		QueueWorker *worker = &queue->workers[ticket->slot];
		uint32		generation = worker->generation + 1;

		memset(worker, 0, sizeof(*worker));
		worker->used = true;
		worker->generation = ticket->generation = generation;
		worker->dbid = ticket->dbid = database->dbid;
		database->next_us = NEVER;
	}
	LWLockRelease(queue_lock);
	return ticket->slot >= 0;
}

/* Try a database again later.  Caller holds the lock. */
static void
retry_database(Oid dbid)
{
	QueueDatabase *entry = find_database(dbid);
	int			failures = entry == NULL ? 0 : entry->failures;

	wake_database(dbid, (int64) RETRY_MS << Min(failures, MOST_DOUBLINGS));
	entry = find_database(dbid);
	if (entry != NULL)
		entry->failures++;
}

/*
 * Take an assignment back if its worker has not begun, and try the database again.
 */
void
queue_unassign(const WorkerTicket *ticket, QueueRetry why)
{
	QueueWorker *worker = &queue->workers[ticket->slot];

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	if (worker->used && worker->pid == 0 &&
		worker->generation == ticket->generation)
	{
		worker->used = false;
		if (why == RETRY_REFUSED && queue->refused_since == 0)
			queue->refused_since = GetCurrentTimestamp();
		if (why == RETRY_FAILED)
			retry_database(ticket->dbid);
		else
			wake_database(ticket->dbid, RETRY_MS);
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
	if (entry != NULL)
		entry->dbid = InvalidOid;
	LWLockRelease(queue_lock);
}

/*
 * Milliseconds until something is due that is not due yet; -1 if there is
 * nothing.  What is due already waits for a worker to end.
 */
long
queue_sleep_ms(void)
{
	int64		now_us = clock_us();
	int64		next_us;

	LWLockAcquire(queue_lock, LW_SHARED);
	next_us = queue->rescan_us > now_us ? queue->rescan_us : NEVER;
	for (int i = 0; i < QUEUE_DATABASES; i++)
		if (queue->databases[i].dbid != InvalidOid &&
			queue->databases[i].next_us > now_us)
			next_us = Min(next_us, queue->databases[i].next_us);
	LWLockRelease(queue_lock);
	if (next_us == NEVER)
		return -1;
	return (long) Min((next_us - now_us) / 1000 + 1, INT_MAX);
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
		builds[count].extension = worker->extension;
		builds[count].progress = worker->progress;
		count++;
	}
	LWLockRelease(queue_lock);
	return count;
}

/* The databases that workers are connected to, or about to be; returns their number. */
int
queue_databases_in_use(Oid *dbids)
{
	int			count = 0;

	LWLockAcquire(queue_lock, LW_SHARED);
	for (int i = 0; i < QUEUE_WORKERS; i++)
		if (queue->workers[i].used && OidIsValid(queue->workers[i].dbid))
			dbids[count++] = queue->workers[i].dbid;
	LWLockRelease(queue_lock);
	return count;
}

/*
 * Have the workers of a database leave it: someone needs it alone.  To be called
 * again as long as that is so.  A build is canceled, which gives the worker time to
 * end it in good order; one that takes too long, for that or for anything else, is
 * terminated, and the next worker finds its job as if it had died.
 */
void
queue_leave(Oid dbid)
{
	int64		now_us = clock_us();

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	for (int i = 0; i < QUEUE_WORKERS; i++)
	{
		QueueWorker *worker = &queue->workers[i];

		if (!worker->used || worker->pid == 0 || worker->dbid != dbid)
			continue;
		if (worker->leave_us != 0)
		{
			if (now_us - worker->leave_us >= LEAVE_US)
				kill(worker->pid, SIGTERM);
			continue;
		}
		worker->leave_us = now_us;
		if (worker->job == 0 || worker->interrupt == INTERRUPT_CANCEL)
			continue;
		worker->interrupt = INTERRUPT_LEAVE;
		kill(worker->pid, SIGINT);
	}
	LWLockRelease(queue_lock);
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

/* It holds a lock on the extension, which it gives up if asked. */
void
queue_worker_holds(Oid extension)
{
	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	my_worker->extension = extension;
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

/* Why this worker's build was canceled. */
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

/* Is this worker to leave its database? */
bool
queue_worker_is_leaving(void)
{
	bool		leaving;

	LWLockAcquire(queue_lock, LW_SHARED);
	leaving = my_worker->leave_us != 0;
	LWLockRelease(queue_lock);
	return leaving;
}

/*
 * This worker has found nothing more to do for so many milliseconds (-1: at
 * all).  Its database may have been woken meanwhile.
 */
void
queue_worker_done(int64 delay_ms)
{
	QueueDatabase *entry;

	LWLockAcquire(queue_lock, LW_EXCLUSIVE);
	if (delay_ms >= 0)
		wake_database(my_worker->dbid, delay_ms);
	entry = find_database(my_worker->dbid);
	if (entry != NULL)
	{
		entry->failures = 0;
		if (entry->next_us == NEVER)
			entry->dbid = InvalidOid;
	}
	my_worker->dbid = InvalidOid;
	LWLockRelease(queue_lock);
}
