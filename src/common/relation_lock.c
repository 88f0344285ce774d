/*-------------------------------------------------------------------------
 *
 * relation_lock.c
 *	  Locks on tables, without waiting for anybody.
 *
 *-------------------------------------------------------------------------
 */
#include "common/relation_lock.h"

#include "storage/lmgr.h"
#include "utils/syscache.h"

/*
 * Lock a relation (AccessShareLock) to the end of the transaction.  False, and
 * no lock, if somebody else has it locked or it is gone.
 */
bool
relation_lock_at_once(Oid relid)
{
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return true;
	UnlockRelationOid(relid, AccessShareLock);
	return false;
}
