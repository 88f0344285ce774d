/*-------------------------------------------------------------------------
 *
 * unneeded.c
 *	  Indexes that cost more than they are good for.
 *
 * That an index is not used is said with reserve.  The number of its scans
 * alone proves little: the counters may have been reset or lost, the index may
 * be young, its table idle, its scans may happen on a standby.  PostgreSQL
 * keeps no date of creation; but an index that was there while the rows of its
 * table changed has read a page for each of the changes at least.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/unneeded.h"

#include "access/xlog.h"
#include "catalog/pg_am.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lock.h"
#include "utils/timestamp.h"

#include "advise/indexes/foreign_key.h"
#include "advise/indexes/redundancy.h"
#include "common/relation_size.h"
#include "common/table_lock.h"

/* Not to be judged by use: a smaller index, bytes. */
#define UNUSED_MIN_BYTES (800 * 1024)

/* Not to be judged by use: indexes of a table with fewer scans. */
#define UNUSED_MIN_SCANS 100

/* Not to be judged by use: indexes of a table with fewer changed rows. */
#define UNUSED_MIN_CHANGES 1000

/* ------------------------------------------------------------------------
 * What the counters say
 * ------------------------------------------------------------------------ */

/* What is known of the use of a table. */
typedef struct TableUse
{
	int64		scans;			/* of itself and its indexes */
	int64		changes;		/* rows whose changes went into all indexes */
} TableUse;

/* Since when the counters of this database have been kept. */
static TimestampTz
counted_since(void)
{
	PgStat_StatDBEntry *database = pgstat_fetch_stat_dbentry(MyDatabaseId);
	TimestampTz started = pgstat_fetch_stat_bgwriter()->stat_reset_timestamp;

	/* counters lost in a crash are those of the whole server */
	if (database != NULL)
		started = Max(started, database->stat_reset_timestamp);
	return started;
}

/* The scans of a table or an index since then. */
static int64
count_scans(Oid relid)
{
	PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(relid);

	return entry == NULL ? 0 : entry->numscans;
}

/* Was an index scanned after a point in time, as far as is known? */
static bool
was_scanned(Oid indexoid, TimestampTz since)
{
	PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(indexoid);

	return entry != NULL && entry->numscans > 0 && INDEX_SCANNED_AFTER(entry, since);
}

/* Read how a table is used. */
static TableUse
read_use(Oid relid, List *indexes)
{
	PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(relid);
	TableUse	use = {0};
	ListCell   *lc;

	if (entry == NULL)
		return use;
	use.scans = entry->numscans;
	use.changes = entry->tuples_inserted + entry->tuples_updated -
		entry->tuples_hot_updated;
	foreach(lc, indexes)
		use.scans += count_scans(((IndexDefinition *) lfirst(lc))->indexoid);
	return use;
}

/* Has the index taken part in all changes, so that it is as old as they are? */
static bool
saw_changes(Oid indexoid, const TableUse *use)
{
	PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(indexoid);

	return entry != NULL && entry->blocks_fetched >= use->changes;
}

/* ------------------------------------------------------------------------
 * Rules
 * ------------------------------------------------------------------------ */

/* Advice to drop an index. */
static Advice *
advise_drop(IndexDefinition *def, const char *kind, char *reason)
{
	Advice	   *advice = advice_make("drop", def->relid, "catalog");

	advice->kind = kind;
	advice->index_name = def->name;
	advice->ddl = advice_statement(index_def_drop_ddl(def));
	advice->size_bytes = relation_family_bytes(def->indexoid);
	advice->reason = reason;
	advice->def = def;
	return advice;
}

/* Is another session building or maintaining an index of the table? */
static bool
is_being_built(Oid relid)
{
	LOCKTAG		tag;
	int			count;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	(void) GetLockConflicts(&tag, ShareUpdateExclusiveLock, &count);
	return count > 0;
}

/*
 * The rule for what a failed build has left.  A partitioned index is not valid
 * either while it waits for indexes of its partitions.
 */
static Advice *
check_invalid(IndexDefinition *def)
{
	if (def->valid || def->partitioned || !redundancy_droppable(def) ||
		is_being_built(def->relid))
		return NULL;
	return advise_drop(def, ADVICE_INVALID,
					   "its build failed, so no query uses it, yet it is kept up to date; build it again if it is wanted");
}

/* The rule for what another index does as well. */
static Advice *
check_redundant(IndexDefinition *def, List *indexes)
{
	const IndexDefinition *keeper = redundancy_keeper(def, indexes);

	if (keeper == NULL)
		return NULL;
	return advise_drop(def,
					   keeper->nkeys == def->nkeys && keeper->nincluded == def->nincluded ?
					   ADVICE_DUPLICATE : ADVICE_REDUNDANT,
					   redundancy_reason(def, keeper));
}

/* Is it the keeper of another index, whose scans it will take over? */
static bool
is_keeper(const IndexDefinition *def, List *indexes)
{
	ListCell   *lc;

	foreach(lc, indexes)
		if (redundancy_keeper(lfirst(lc), indexes) == def)
		return true;
	return false;
}

/* May the index be judged by its use at all? */
static bool
can_be_unused(const IndexDefinition *def, List *indexes)
{
	return redundancy_droppable(def) && def->valid && !def->unique &&
		!def->partitioned && def->predicate == NIL &&
		def->am != BRIN_AM_OID &&
		relation_family_bytes(def->indexoid) >= UNUSED_MIN_BYTES &&
		!foreign_key_uses(def) && !is_keeper(def, indexes);
}

/* What speaks for an index being unused, in words. */
static char *
unused_reason(TimestampTz since, const TableUse *use)
{
	return psprintf("no scan since %s, while its table had " INT64_FORMAT
					" scans and " INT64_FORMAT
					" row changes that it had to follow, as counted since %s",
					advice_minute(since), use->scans, use->changes,
					advice_minute(counted_since()));
}

/* The rule for what is not used. */
static Advice *
check_unused(IndexDefinition *def, List *indexes, const TableUse *use,
			 TimestampTz since)
{
	if (use->scans < UNUSED_MIN_SCANS || use->changes < UNUSED_MIN_CHANGES ||
		was_scanned(def->indexoid, since) ||
		!saw_changes(def->indexoid, use) || !can_be_unused(def, indexes))
		return NULL;
	return advise_drop(def, ADVICE_UNUSED, unused_reason(since, use));
}

/* Can anything be said about use since that time? */
static bool
can_judge_use(TimestampTz since)
{
	return !RecoveryInProgress() && counted_since() <= since;
}

/* ------------------------------------------------------------------------
 * Tables
 * ------------------------------------------------------------------------ */

/* Append the advice on the indexes of a locked table. */
static List *
check_table(Oid relid, TimestampTz since, bool judge_use, List *rows)
{
	List	   *indexes = index_def_existing(relid);
	TableUse	use = read_use(relid, indexes);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		IndexDefinition *def = lfirst(lc);
		Advice	   *advice = check_invalid(def);

		if (advice == NULL)
			advice = check_redundant(def, indexes);
		if (advice == NULL && judge_use)
			advice = check_unused(def, indexes, &use, since);
		if (advice != NULL)
			rows = lappend(rows, advice);
	}
	return rows;
}

/*
 * Advice to drop indexes of these tables: those that repeat another, those
 * whose build failed, and those not used since a point in time (DT_NOBEGIN =
 * do not judge by use).  Never one that backs something.  Each table is locked
 * (AccessShareLock) while it is looked at; those that someone has locked
 * exclusively, or that are gone, are left out.
 */
List *
unneeded_indexes(List *relids, TimestampTz unused_since)
{
	bool		judge_use = can_judge_use(unused_since);
	List	   *rows = NIL;
	ListCell   *lc;

	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);

		CHECK_FOR_INTERRUPTS();
		if (!table_lock_at_once(relid))
			continue;
		rows = check_table(relid, unused_since, judge_use, rows);
		table_unlock(relid);
	}
	return rows;
}
