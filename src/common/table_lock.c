/*-------------------------------------------------------------------------
 *
 * table_lock.c
 *	  Locks on tables that are looked at: without waiting, and not too many.
 *
 * The server has memory for so many locks, which all sessions share: when it
 * is full, statements of anybody fail, and nobody can connect.  Whoever looks
 * at all tables of a database unlocks each before the next; whoever must keep
 * them as they are stops at table_locks_most().
 *
 *-------------------------------------------------------------------------
 */
#include "common/table_lock.h"

#include "access/twophase.h"
#include "catalog/catalog.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/inval.h"
#include "utils/syscache.h"

/* The share of the server's locks that one command of ours takes at most. */
#define MOST_SHARE 0.5

/*
 * Lock a table (AccessShareLock), to the end of the transaction if it is not
 * unlocked before.  False if that must be waited for, or it is gone.  Error 53200
 * if others have taken all locks that the server has memory for.
 */
bool
table_lock_at_once(Oid relid)
{
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return true;
	UnlockRelationOid(relid, AccessShareLock);
	return false;
}

/*
 * Lock a relation (AccessShareLock) if that can be had at once.  False if not,
 * and if the table of locks is full, where table_lock_at_once() raises an error.
 * Does not find out whether the relation is there.
 */
bool
table_lock_if_free(Oid relid)
{
	LOCKTAG		tag;
	LOCALLOCK  *lock;
	LockAcquireResult result;

	SET_LOCKTAG_RELATION(tag, IsSharedRelation(relid) ? InvalidOid : MyDatabaseId,
						 relid);
	result = LOCK_AT_ONCE(&tag, AccessShareLock, &lock);
	if (result == LOCKACQUIRE_NOT_AVAIL)
		return false;
	if (result != LOCKACQUIRE_ALREADY_CLEAR)
	{
		AcceptInvalidationMessages();
		MarkLockClear(lock);
	}
	return true;
}

/* Unlock a table that table_lock_at_once() has locked. */
void
table_unlock(Oid relid)
{
	UnlockRelationOid(relid, AccessShareLock);
}

/*
 * So many tables may be locked together: the server has memory for
 * max_locks_per_transaction locks times the sessions and prepared transactions
 * that there can be (lock.c, NLOCKENTS()).
 */
int
table_locks_most(void)
{
	double		all = (double) max_locks_per_xact *
		(MaxBackends + max_prepared_xacts);

	return (int) Min(all * MOST_SHARE, INT_MAX);
}
