/*-------------------------------------------------------------------------
 *
 * table_family.c
 *	  Tables that are parts of each other, and whether an OID still means one.
 *
 * Everything needs a transaction.  Nothing but catalogs is locked, so that the
 * answer is of the moment.
 *
 *-------------------------------------------------------------------------
 */
#include "common/table_family.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The tables that this one is a partition or child of, the first one first. */
static List *
find_parents(Oid relid)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *parents = NIL;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, InheritsRelidSeqnoIndexId, true, NULL, 1,
							  &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		parents = lappend_oid(parents,
							  ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return parents;
}

/*
 * The table that this one is a partition or child of at last, or itself.  Of
 * several parents, which only plain inheritance has, the first one counts.
 */
Oid
table_root(Oid relid)
{
	List	   *parents;

	while ((parents = find_parents(relid)) != NIL)
		relid = linitial_oid(parents);
	return relid;
}

/*
 * The table, all that it is a part of, and all that are parts of it: what a
 * statement may name to use the table.  A palloc'd list of OIDs.
 */
List *
table_relatives(Oid relid)
{
	List	   *relatives = find_all_inheritors(relid, NoLock, NULL);
	List	   *above = list_make1_oid(relid);

	/* The list grows while it is walked. */
	for (int i = 0; i < list_length(above); i++)
		above = list_concat_unique_oid(above, find_parents(list_nth_oid(above, i)));
	return list_concat_unique_oid(relatives, above);
}

/*
 * Is the table of that OID the one that was there when "next_xid" (with its
 * epoch) was to be the next transaction, rather than one that was created since?
 * Goes by the transaction that created its first system column, a row that
 * nothing changes.  Ages are compared, as a transaction's number says nothing of
 * its epoch; so a table that is older than all numbers may be taken for a
 * younger one, and never the other way round.
 */
bool
table_was_there(Oid relid, uint64 next_xid)
{
	FullTransactionId now = ReadNextFullTransactionId();
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
										Int16GetDatum(SelfItemPointerAttributeNumber));
	TransactionId created;

	if (!HeapTupleIsValid(tuple))
		return false;
	created = HeapTupleHeaderGetRawXmin(tuple->t_data);
	ReleaseSysCache(tuple);
	return !TransactionIdIsNormal(created) ||
		(uint64) (XidFromFullTransactionId(now) - created) >
		U64FromFullTransactionId(now) - next_xid;
}
