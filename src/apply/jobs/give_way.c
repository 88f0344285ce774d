/*-------------------------------------------------------------------------
 *
 * give_way.c
 *	  Builds end when another session waits for the lock they hold, or needs
 *	  their database alone.
 *
 * A build holds a ShareUpdateExclusiveLock on its table, which lets statements
 * read and write.  But a DDL statement waits for it, and whatever comes after
 * that queues behind the DDL statement.  So the build is canceled, to be
 * tried again later, before such a wait has lasted clipperf.give_way_after.
 * That also unties the knot of a DDL statement that waits for a build which
 * waits for the transaction of the statement, before the server finds a
 * deadlock and picks its victim.
 *
 * Nothing queues behind statements that want the same lock as the build.  But
 * those that wait with a snapshot, as CREATE INDEX CONCURRENTLY, REINDEX
 * CONCURRENTLY and ANALYZE do, are waited for by the last phase of the build: a
 * knot that is sure to come.  So it ends for them, too, rather than waste its work
 * and theirs.  VACUUM, and whatever autovacuum does, is not waited for, and waits.
 * A transaction that the build waits for already makes a knot whatever it wants.
 *
 * A build also holds an AccessShareLock on the extension, so that DROP EXTENSION
 * is noticed: without its job the build has no meaning any more.  It is the first
 * lock that DROP EXTENSION takes.  That on any of our tables would come later,
 * when it has locked others, which the builder may want.
 *
 * Whoever drops, renames, moves or copies a database waits for five seconds that all
 * others leave it, and fails then.  So all workers that are in it leave, whatever they
 * do there.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/give_way.h"

#include "catalog/pg_extension.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"

#include "apply/jobs/queue.h"
#include "common/clock.h"
#include "common/database.h"
#include "settings.h"

/*
 * Waits of other processes may end while they are looked at, unless the lock's
 * partition lock is held.  The memory of a lock stays, so that the worst is an
 * answer which is not true any more.
 */

/* Does the process wait for the end of the other one's transaction? */
static bool
waits_for_transaction(const PGPROC *proc, const PGPROC *other)
{
	LOCK	   *lock = proc->waitLock;
	VirtualTransactionId vxid;

	if (lock == NULL || lock->tag.locktag_type != LOCKTAG_VIRTUALTRANSACTION)
		return false;
	GET_VXID_FROM_PGPROC(vxid, *other);
	return lock->tag.locktag_field1 == VXID_OWNER(vxid) &&
		lock->tag.locktag_field2 == vxid.localTransactionId;
}

/* Does the last phase of a concurrent build wait for that process? */
static bool
holds_snapshot(const PGPROC *proc)
{
	return TransactionIdIsValid(proc->xmin) &&
		(proc->statusFlags & (PROC_IS_AUTOVACUUM | PROC_IN_VACUUM |
							  PROC_IN_SAFE_IC)) == 0;
}

/*
 * Does the build wait, directly or by others, for the process?  By others is a
 * guess: it waits for a transaction that waits for something itself.
 */
static bool
is_knot(const PGPROC *builder, const PGPROC *waiting)
{
	if (builder == NULL)
		return false;
	if (waits_for_transaction(builder, waiting))
		return true;
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[i];

		if (proc->pid != 0 && proc->waitLock != NULL && proc != builder &&
			waits_for_transaction(builder, proc))
			return true;
	}
	return false;
}

/* Has the process waited for the lock for longer than it should? */
static bool
waits_too_long(PGPROC *proc)
{
	TimestampTz since = (TimestampTz) pg_atomic_read_u64(&proc->waitStart);

	/* 0: it has just begun, and will say when in a moment */
	return since != 0 &&
		clock_age_us(since, GetCurrentTimestamp()) >=
		setting_give_way_after_ms * INT64CONST(1000);
}

/*
 * The process that the build keeps waiting for that lock, which is held in mode
 * "held", and that must not wait; 0 if there is none.  Caller holds the lock's
 * partition lock, under which alone a process begins and ends to wait for it.
 */
static int
find_waiting(const LOCKTAG *tag, LOCKMODE held, const PGPROC *builder)
{
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[i];
		LOCK	   *lock = proc->waitLock;

		if (lock == NULL || proc->pid == 0 || proc == builder ||
			memcmp(&lock->tag, tag, sizeof(LOCKTAG)) != 0 ||
			!DoLockModesConflict(held, proc->waitLockMode) ||
			!waits_too_long(proc))
			continue;
		if (proc->waitLockMode >= ShareLock || holds_snapshot(proc) ||
			is_knot(builder, proc))
			return proc->pid;
	}
	return 0;
}

/* Cancel the build if it keeps someone waiting for that lock. */
static void
give_way_at(const RunningBuild *build, const LOCKTAG *tag, LOCKMODE held)
{
	PGPROC	   *builder = BackendPidGetProc(build->pid);
	LWLock	   *partition;
	int			waiting;

	partition = LockHashPartitionLock(LockTagHashCode(tag));
	LWLockAcquire(partition, LW_SHARED);
	waiting = find_waiting(tag, held, builder);
	LWLockRelease(partition);
	if (waiting != 0)
		queue_interrupt(build->dbid, build->job, INTERRUPT_GIVE_WAY, waiting);
}

/* Have the workers leave those databases that someone needs alone. */
static void
leave_databases(void)
{
	static DatabaseClaim last[QUEUE_WORKERS];
	Oid			dbids[QUEUE_WORKERS];
	int			count = queue_databases_in_use(dbids);

	for (int i = 0; i < count; i++)
	{
		if (database_claim_lasts(dbids[i], &last[i]))
			queue_leave(dbids[i]);
	}
}

/*
 * Cancel the builds that are in another session's way, and let no worker be in that
 * of who needs a database alone.
 */
void
give_way(void)
{
	RunningBuild builds[QUEUE_WORKERS];
	int			count;

	leave_databases();
	count = queue_builds(builds);
	for (int i = 0; i < count; i++)
	{
		LOCKTAG		tag;

		SET_LOCKTAG_RELATION(tag, builds[i].dbid, builds[i].relid);
		give_way_at(&builds[i], &tag, ShareUpdateExclusiveLock);
		if (!OidIsValid(builds[i].extension))
			continue;
		SET_LOCKTAG_OBJECT(tag, builds[i].dbid, ExtensionRelationId,
						   builds[i].extension, 0);
		give_way_at(&builds[i], &tag, AccessShareLock);
	}
}
