/*-------------------------------------------------------------------------
 *
 * give_way.c
 *	  Builds end when somebody else waits for the lock they hold.
 *
 * A build holds a ShareUpdateExclusiveLock on its table, which lets statements
 * read and write.  But a DDL statement waits for it, and whatever comes after
 * that queues behind the DDL statement.  So the build is cancelled, to be
 * tried again later, before such a wait has lasted clipperf.give_way_after.
 * That also unties the knot of a DDL statement that waits for a build which
 * waits for the transaction of the statement, before the server finds a
 * deadlock and picks its victim.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/give_way.h"

#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

#include "apply/queue.h"
#include "settings.h"

/*
 * The process that waits for the lock for longer than it should, 0 if none
 * does.  Requests that statements do not queue behind may wait: VACUUM,
 * ANALYZE.  Caller holds the lock's partition lock, under which alone a
 * process begins and ends to wait for it.
 */
static int
find_waiting(const LOCKTAG *tag, int builder)
{
	TimestampTz too_long = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													   -setting_give_way_after_ms);

	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[i];
		LOCK	   *lock = proc->waitLock;

		if (lock == NULL || proc->pid == 0 || proc->pid == builder ||
			memcmp(&lock->tag, tag, sizeof(LOCKTAG)) != 0 ||
			proc->waitLockMode < ShareLock)
			continue;
		if ((TimestampTz) pg_atomic_read_u64(&proc->waitStart) <= too_long)
			return proc->pid;
	}
	return 0;
}

/*
 * Cancel the builds that are in somebody's way.
 */
void
give_way(void)
{
	RunningBuild builds[QUEUE_WORKERS];
	int			count = queue_builds(builds);

	for (int i = 0; i < count; i++)
	{
		LOCKTAG		tag;
		LWLock	   *partition;
		int			waiting;

		SET_LOCKTAG_RELATION(tag, builds[i].dbid, builds[i].relid);
		partition = LockHashPartitionLock(LockTagHashCode(&tag));
		LWLockAcquire(partition, LW_SHARED);
		waiting = find_waiting(&tag, builds[i].pid);
		LWLockRelease(partition);
		if (waiting != 0)
			queue_interrupt(builds[i].dbid, builds[i].job,
							INTERRUPT_GIVE_WAY, waiting);
	}
}
