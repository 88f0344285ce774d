/*-------------------------------------------------------------------------
 *
 * database.c
 *	  Which databases a background worker can be connected to.
 *
 * One that is connected to a database which is gone, or takes no connections, ends
 * with an error in the log.  So whoever starts it asks first.
 *
 *-------------------------------------------------------------------------
 */
#include "common/database.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "storage/lock.h"
#include "utils/syscache.h"

/* Can the database of this row of pg_database be connected to? */
bool
database_row_is_open(HeapTuple tuple)
{
	Form_pg_database database = (Form_pg_database) GETSTRUCT(tuple);

	return database->datallowconn && !DATABASE_IS_INVALID(database);
}

/*
 * Is there such a database, and can it be connected to?  Runs a transaction of its
 * own: for processes that are connected to no database.
 */
bool
database_is_open(Oid dbid)
{
	HeapTuple	tuple;
	bool		is_open;

	StartTransactionCommand();
	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(dbid));
	is_open = HeapTupleIsValid(tuple) && database_row_is_open(tuple);
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	CommitTransactionCommand();
	return is_open;
}

/*
 * Is a session about to drop, rename, or copy a database?  It has locked the database
 * and waits for five seconds that the others leave it, then it fails.  Sessions hold
 * no such lock once they are connected.
 */
bool
database_is_wanted_alone(Oid dbid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, dbid, 0);
	if (LockAcquire(&tag, RowExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, RowExclusiveLock, true);
	return false;
}
