/*-------------------------------------------------------------------------
 *
 * relation_size.c
 *	  Bytes of tables and indexes, without waiting for anybody.
 *
 *-------------------------------------------------------------------------
 */
#include "common/relation_size.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

/*
 * Bytes of the main fork of one table or index.  -1 if someone has it
 * locked or it is gone; 0 if it has no storage.
 */
static int64
own_bytes(Oid relid)
{
	Relation	relation;
	int64		bytes = 0;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return -1;
	relation = try_relation_open(relid, NoLock);
	if (relation == NULL)
	{
		UnlockRelationOid(relid, AccessShareLock);
		return -1;
	}
	if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind) &&
		!RELATION_IS_OTHER_TEMP(relation))
		bytes = (int64) RelationGetNumberOfBlocks(relation) * BLCKSZ;
	relation_close(relation, AccessShareLock);
	return bytes;
}

/*
 * Bytes of the main forks of a table or index and all its partitions; -1 if
 * one of them is gone or someone has it locked.
 */
int64
relation_family_bytes(Oid relid)
{
	int64		sum = 0;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		int64		bytes = own_bytes(lfirst_oid(lc));

		if (bytes < 0)
			return -1;
		sum += bytes;
	}
	return sum;
}
