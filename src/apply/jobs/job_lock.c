/*-------------------------------------------------------------------------
 *
 * job_lock.c
 *	  Which process works on a job.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/job_lock.h"

#include "access/xact.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "apply/jobs/queue.h"
#include "common/lock_limit.h"
#include "common/own_sql.h"

/* Kinds of our advisory locks; those of SQL functions are 1 and 2. */
#define LOCK_JOB		3
#define LOCK_TABLE		4
#define LOCK_MAKING		5

/* A job that is due, but whose table is taken, is looked at again then. */
#define LOOK_AGAIN_MS	500

/* The lock on a job. */
static LOCKTAG
job_tag(int64 job)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (job >> 32), (uint32) job,
						 LOCK_JOB);
	return tag;
}

/* The lock on a table. */
static LOCKTAG
table_tag(Oid relid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, relid, 0, LOCK_TABLE);
	return tag;
}

/* Try to get a lock, for the session or the transaction. */
static bool
try_lock(LOCKTAG tag, bool session)
{
	return LockAcquire(&tag, ExclusiveLock, session, true) !=
		LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Let others make jobs for the table only when this transaction has ended, so
 * that they see those that it makes.  Waits for others who do so: error 55P03 if
 * that takes longer than lock_limit_ms().
 */
void
job_lock_making(Oid relid)
{
	LOCKTAG		tag;
	LockLimit	limit;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, relid, 0, LOCK_MAKING);
	lock_limit_begin(&limit, "Another session has called clipperf_apply() for the table in a transaction that is open still.");
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	lock_limit_end(&limit);
}

/* End a session lock. */
static void
unlock(LOCKTAG tag)
{
	(void) LockRelease(&tag, ExclusiveLock, true);
}

/*
 * Keep workers away from a job to the end of the transaction; false if one has
 * it.
 */
bool
job_lock_exclude(int64 job)
{
	return try_lock(job_tag(job), false);
}

/*
 * Keep workers away from a job to the end of the session, or until
 * job_lock_release_id(); false if one has it.
 */
bool
job_lock_acquire(int64 job)
{
	return try_lock(job_tag(job), true);
}

/* End what job_lock_acquire() began. */
void
job_lock_release_id(int64 job)
{
	unlock(job_tag(job));
}

/* Give the locks on a job and its table back, which job_lock_next() took. */
void
job_lock_release(const Job *job)
{
	unlock(table_tag(job->relid));
	unlock(job_tag(job->id));
}

/* Has the session that lock on a relation? */
bool
job_lock_is_held(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return LOCK_HELD_BY_ME(&tag, mode);
}

/*
 * Get a lock on a relation for the session, which has it already or gets it at
 * once; false if not.
 */
bool
job_lock_relation(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return job_lock_is_held(relid, mode) ||
		LockAcquire(&tag, mode, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* End such a lock, unless an aborted transaction has done so. */
void
job_lock_release_relation(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	if (job_lock_is_held(relid, mode))
		(void) LockRelease(&tag, mode, true);
}

static LOCKTAG
extension_tag(Oid extension)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 0);
	return tag;
}

/*
 * Get AccessShareLock on the extension for the session, which may have it
 * already, at once; false if that fails.
 */
bool
job_lock_extension(Oid extension)
{
	LOCKTAG		tag = extension_tag(extension);

	return LockAcquire(&tag, AccessShareLock, true, true) !=
		LOCKACQUIRE_NOT_AVAIL;
}

/*
 * End that lock, however often it was taken, unless an aborted transaction has
 * done so.  Outside of transactions, which have locks of their own on it.
 */
void
job_lock_release_extension(Oid extension)
{
	LOCKTAG		tag = extension_tag(extension);

	while (OidIsValid(extension) && LOCK_HELD_BY_ME(&tag, AccessShareLock))
		(void) LockRelease(&tag, AccessShareLock, true);
}

/* Jobs that are due, those not that wait for the end of another one. */
#define DUE \
	" FROM @extschema@._clipperf_job WHERE state = 'building'" \
	" OR state IN ('queued', 'waiting') AND after_job IS NULL" \
	" AND " JOB_TIME_HAS_COME

/*
 * The numbers and tables of the jobs that are due, in the order in which they were
 * made.
 */
static int
list_due(int64 **jobs, Oid **relids)
{
	int			count;

	own_sql("SELECT job, relid" DUE " ORDER BY job", 0, NULL);
	count = (int) SPI_processed;
	*jobs = palloc(sizeof(int64) * Max(count, 1));
	*relids = palloc(sizeof(Oid) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		(*jobs)[i] = DatumGetInt64(own_datum(i, 1));
		(*relids)[i] = DatumGetObjectId(own_datum(i, 2));
	}
	return count;
}

/*
 * The first due job that could be locked together with its table; 0 if none.
 * *more tells whether there are others.
 */
static int64
lock_first(Oid *relid, bool *more)
{
	int64	   *jobs;
	Oid		   *relids;
	int			count = list_due(&jobs, &relids);

	for (int i = 0; i < count; i++)
	{
		if (!try_lock(job_tag(jobs[i]), true))
			continue;
		if (!try_lock(table_tag(relids[i]), true))
		{
			unlock(job_tag(jobs[i]));
			continue;
		}
		*relid = relids[i];
		*more = i + 1 < count;
		return jobs[i];
	}
	*more = false;
	return 0;
}

/*
 * Note in job->cancel that the job is to end, as that role wants it to, unless it
 * is to end already.  A transaction may be open.
 */
static void
note_cancel_by_role(Job *job, Oid role)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		alone = !IsTransactionState();
	char	   *name;

	if (job->cancel != NULL)
		return;
	if (alone)
		StartTransactionCommand();
	name = GetUserNameFromId(role, true);
	if (name == NULL)
		name = psprintf("%u", role);
	job->cancel = MemoryContextStrdup(GetMemoryChunkContext(job),
									  psprintf("canceled by %s", name));
	if (alone)
		CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
}

/*
 * Was this worker told to cancel the job?  Then job->cancel says so from now
 * on, and the worker can be told again.
 */
void
job_lock_check_cancel(Job *job)
{
	int			by;

	if (queue_worker_interrupt(&by) == INTERRUPT_CANCEL)
		note_cancel_by_role(job, by);
}

/*
 * The work on the job is done, and nobody can interrupt it any more.  If someone
 * has done so in the last moment, job->cancel says so.
 */
void
job_lock_end_work(Job *job)
{
	queue_worker_leaves();
	job_lock_check_cancel(job);
}

/*
 * Take the job that was locked, as it is by now; NULL if it is done with.  One
 * in state building was left so by a process that died.
 */
static Job *
take_locked_job(int64 id, MemoryContext context)
{
	Job		   *job;

	job_begin();
	job = job_load(id, context);
	if (job != NULL && job->state == JOB_BUILDING)
		job_count_attempt(job);
	if (job != NULL && job->state >= JOB_VERIFYING)
		job = NULL;
	if (job != NULL)
		job_set_worker(job, MyProcPid);
	job_end();
	return job;
}

/*
 * Take the first job that is due and that nobody works on; NULL if there is
 * none, or this worker is to leave the database.  *more tells whether another one is due.  Opens transactions itself.
 */
Job *
job_lock_next(MemoryContext context, bool *more)
{
	for (;;)
	{
		Oid			relid;
		int64		id;
		Job		   *job;

		job_begin();
		id = lock_first(&relid, more);
		job_end();
		if (id == 0)
			return NULL;
		queue_worker_takes(id, relid);
		job = queue_worker_is_leaving() ? NULL : take_locked_job(id, context);
		if (job != NULL)
			return job;
		queue_worker_leaves();
		unlock(table_tag(relid));
		unlock(job_tag(id));
		if (queue_worker_is_leaving())
			return NULL;
	}
}

/*
 * Milliseconds until the next job is due; -1 if there is none.  One that waits for
 * the end of another is due when that has ended.
 */
int64
job_next_due(void)
{
	own_sql("SELECT min(CASE WHEN state = 'building' OR " JOB_TIME_HAS_COME
			" THEN clock_timestamp() ELSE retry_at END)"
			" FROM @extschema@._clipperf_job"
			" WHERE state IN ('queued', 'waiting', 'building')"
			" AND after_job IS NULL", 0, NULL);
	if (own_isnull(0, 1))
		return -1;
	return Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
											   DatumGetTimestampTz(own_datum(0, 1))),
			   LOOK_AGAIN_MS);
}
