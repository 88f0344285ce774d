/*-------------------------------------------------------------------------
 *
 * database.c
 *	  Which databases a background worker can be connected to, and which it is to
 *	  leave.
 *
 * One that is connected to a database which is gone, or takes no connections, ends
 * with an error in the log.  So whoever starts it asks first.
 *
 * One that is connected keeps others from dropping, renaming or copying the database.
 * So the launcher has an eye on who needs that, and has workers leave.
 *
 *-------------------------------------------------------------------------
 */
#include "common/database.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/syscache.h"
#include "utils/wait_event.h"

/* The type of each of our workers begins so. */
#define WORKER_TYPE "clipperf "

/*
 * So often, and for so long, whoever drops a database looks whether our workers have
 * left it: for a bit longer than the launcher lets them.
 */
#define AWAIT_LOOK_MS	20
#define AWAIT_MS		3000

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
 * The transaction that has locked a database in order to drop, rename, move or copy it;
 * false if there is none.  It waits for five seconds that the others leave the database,
 * then it fails.  Sessions hold no such lock once they are connected.
 */
static bool
find_claimant(Oid dbid, VirtualTransactionId *claimant)
{
	LOCKTAG		tag;
	VirtualTransactionId *holders;
	int			count;

	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, dbid, 0);
	holders = GetLockConflicts(&tag, RowExclusiveLock, &count);
	if (count > 0)
		*claimant = holders[0];
	pfree(holders);
	return count > 0;
}

/* Does a session need a database alone, or is it about to find that it may not? */
bool
database_is_wanted_alone(Oid dbid)
{
	VirtualTransactionId claimant;

	return find_claimant(dbid, &claimant);
}

/*
 * Does a session need a database alone, and did already at the last look, of which
 * *last tells, and which was some time ago?  The lock comes before the check of rights:
 * anybody can have it for a moment, again and again, in one transaction after the other.
 */
bool
database_claim_lasts(Oid dbid, DatabaseClaim *last)
{
	DatabaseClaim claim = {.dbid = dbid};
	bool		lasts;

	if (!find_claimant(dbid, &claim.by))
	{
		last->dbid = InvalidOid;
		return false;
	}
	lasts = last->dbid == dbid && VirtualTransactionIdEquals(last->by, claim.by);
	*last = claim;
	return lasts;
}

/* Is a worker of ours connected to the database? */
static bool
has_worker(Oid dbid)
{
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC	   *proc = &ProcGlobal->allProcs[i];
		const char *type;

		if (proc->databaseId != dbid || proc->pid == 0)
			continue;
		type = GetBackgroundWorkerTypeByPid(proc->pid);
		if (type != NULL && strncmp(type, WORKER_TYPE, strlen(WORKER_TYPE)) == 0)
			return true;
	}
	return false;
}

/*
 * Wait for a moment until our workers have left a database that this session is about
 * to drop, and has locked: the launcher sees that and has them leave.  The server
 * would wait for them, too, but WITH (FORCE) it refuses at once where the owner of the
 * database may not terminate them.
 */
void
database_await_workers(Oid dbid)
{
	for (int ms = 0; ms < AWAIT_MS && has_worker(dbid); ms += AWAIT_LOOK_MS)
	{
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 AWAIT_LOOK_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}
