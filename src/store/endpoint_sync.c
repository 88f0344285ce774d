/*-------------------------------------------------------------------------
 *
 * endpoint_sync.c
 *	  Rules of clipperf_endpoints where requests are counted.
 *
 * Whoever counts a request cannot read a table, so the rules of each database are
 * in shared memory as well.  They get there
 *
 * - when a transaction that has changed the table, or dropped the extension,
 *   commits: they are read before, so that an error still aborts it, and put in
 *   place right after;
 * - when a builder looks into the database, as it does in all of them after the
 *   server has started: a crash may have lost what was not saved;
 * - when an endpoint's figures are read: on a standby server, and where triggers
 *   were disabled, nothing else tells.
 *
 * Rules that were read must not be put in place after later ones.  So who is about
 * to commit holds ENDPOINTS_LOCK exclusively from reading them to the end of the
 * transaction, and the others while they read and compare, if it is free.
 *
 *-------------------------------------------------------------------------
 */
#include "store/endpoint_sync.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "common/own_sql.h"
#include "store/endpoint_row.h"
#include "store/request_store.h"

/* Rules that were read, in the order of their names. */
typedef struct RuleList
{
	EndpointRule *rules;		/* palloc'd */
	int			count;
} RuleList;

/* Has this transaction changed the table? */
static bool changed = false;

/* Then, from before its commit to its end: the rules; in its memory. */
static RuleList committing = {NULL, 0};

/* The lock of this file: the table as it is in this database, whatever its OID. */
static LOCKTAG
endpoints_lock(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, InvalidOid, 1);
	return tag;
}

/* qsort comparator */
static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const EndpointRule *) a)->name,
				  ((const EndpointRule *) b)->name);
}

/* Read the rows of the table that a snapshot shows; what is wrong is passed over. */
static RuleList
read_rows(Relation table, Snapshot snapshot)
{
	RuleList	list = {NULL, 0};
	int			most = 8;
	TableScanDesc scan = BEGIN_TABLE_SCAN(table, snapshot);
	HeapTuple	tuple;

	list.rules = palloc(most * sizeof(EndpointRule));
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (list.count == most)
		{
			most *= 2;
			list.rules = repalloc(list.rules, most * sizeof(EndpointRule));
		}
		if (endpoint_row_read(tuple, RelationGetDescr(table), DEBUG1,
							  &list.rules[list.count]))
			list.count++;
	}
	table_endscan(scan);
	qsort(list.rules, list.count, sizeof(EndpointRule), compare_names);
	return list;
}

/* Open and lock our table; NULL where the extension is not installed. */
static Relation
open_endpoints(void)
{
	Oid			relid = own_table(ENDPOINTS_TABLE);

	return OidIsValid(relid) ? try_table_open(relid, AccessShareLock) : NULL;
}

/*
 * Lock our table (AccessShareLock) if that can be had at once, or there is none; false
 * if not.
 */
static bool
lock_endpoints_at_once(void)
{
	Oid			relid = own_table(ENDPOINTS_TABLE);

	return !OidIsValid(relid) || ConditionalLockRelationOid(relid, AccessShareLock);
}

/*
 * The rules of this database as they are now, whatever the transaction's own
 * snapshot shows, and with its own changes; in the current memory context.  None
 * where there is no table.
 */
static RuleList
read_rules(Relation table)
{
	RuleList	list = {NULL, 0};
	Snapshot	snapshot;

	if (table == NULL)
		return list;
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	list = read_rows(table, snapshot);
	UnregisterSnapshot(snapshot);
	return list;
}

/* Close our table, and keep its lock. */
static void
close_endpoints(Relation table)
{
	if (table != NULL)
		table_close(table, NoLock);
}

/* Forget the rules of databases that have been dropped. */
static void
forget_dropped_databases(void)
{
	Oid			dbids[ENDPOINT_MAX];
	int			count = requests_rule_databases(dbids);

	for (int i = 0; i < count; i++)
	{
		if (!SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(dbids[i])))
			requests_set_rules(dbids[i], NULL, 0);
	}
}

/* Tell who has made so many endpoints that some are not counted. */
static void
warn_if_too_many(const RuleList *list)
{
	int			left_over = requests_rules_left_over(MyDatabaseId, list->rules,
													 list->count);

	if (left_over > 0)
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg_plural("requests of %d endpoint are not counted",
							   "requests of %d endpoints are not counted",
							   left_over, left_over),
				 errdetail("There is room for %d endpoints of all databases, and in each for %d with patterns of statements.",
						   ENDPOINT_MAX, ENDPOINT_MARKS),
				 errhint("Delete endpoints that are not needed.")));
}

/* The transaction is about to commit: read what it leaves behind. */
static void
prepare_rules(void)
{
	LOCKTAG		tag = endpoints_lock();
	Relation	table;
	MemoryContext old;

	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	CommandCounterIncrement();
	forget_dropped_databases();
	table = open_endpoints();
	old = MemoryContextSwitchTo(TopTransactionContext);
	committing = read_rules(table);
	MemoryContextSwitchTo(old);
	close_endpoints(table);
	warn_if_too_many(&committing);
}

/* XactCallback */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (!changed)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			prepare_rules();
			break;
		case XACT_EVENT_PRE_PREPARE:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot PREPARE a transaction that has changed endpoints of clipperf"),
					 errhint("Commit it instead.")));
			break;
		case XACT_EVENT_COMMIT:
			requests_set_rules(MyDatabaseId, committing.rules, committing.count);
			changed = false;
			break;
		case XACT_EVENT_ABORT:
			changed = false;
			break;
		default:
			break;
	}
}

/*
 * Let the rules of this database count when the current transaction commits, as
 * they are then: what a savepoint takes back needs no care.
 */
void
endpoint_sync_at_commit(void)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_transaction_end, NULL);
	registered = true;
	changed = true;
}

/*
 * Let those rules count that are committed, if others do.  Not if someone is
 * about to change them, nor in a transaction that has: they come then.  Nor in a
 * parallel plan, where no snapshot can be taken.  Nobody is waited for: false if
 * the table is locked.
 *
 * The table is locked first: who has locked it to empty it waits for ENDPOINTS_LOCK
 * when it commits.
 */
bool
endpoint_sync_now(void)
{
	LOCKTAG		tag = endpoints_lock();
	Relation	table;
	RuleList	list;

	if (changed || !store_is_ready() || IsInParallelMode())
		return true;
	if (!lock_endpoints_at_once())
		return false;
	table = open_endpoints();
	if (LockAcquire(&tag, RowShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
	{
		forget_dropped_databases();
		list = read_rules(table);
		if (!requests_have_rules(MyDatabaseId, list.rules, list.count))
			requests_set_rules(MyDatabaseId, list.rules, list.count);
		LockRelease(&tag, RowShareLock, false);
	}
	close_endpoints(table);
	return true;
}
