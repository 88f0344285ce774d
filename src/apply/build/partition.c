/*-------------------------------------------------------------------------
 *
 * partition.c
 *	  Indexes of partitioned tables.
 *
 * CREATE INDEX CONCURRENTLY does not work on a partitioned table.  So each
 * partition gets its index CONCURRENTLY first.  After that CREATE INDEX on the
 * partitioned table finds all of them and attaches them instead of building:
 * it only needs a lock for a moment, and gives up soon if it cannot have it.
 *
 * That is done in one transaction and in the end, rather than by CREATE INDEX ON
 * ONLY in the beginning and ALTER INDEX ATTACH PARTITION: the index of the whole
 * would be INVALID all the while, and ATTACH PARTITION locks the partition's
 * index against everybody who has planned a query with it, readers too.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/partition.h"

#include "access/attmap.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteManip.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "apply/build/leftovers.h"
#include "apply/build/preflight.h"
#include "apply/jobs/job_lock.h"
#include "apply/jobs/queue.h"
#include "apply/verify/top_statement.h"
#include "settings.h"

/* A partition that lacks the index. */
typedef struct Partition
{
	Oid			relid;			/* InvalidOid: none lacks it */
	char	   *sql;			/* that builds it */
	char	   *index_name;
	char	   *leftovers;		/* INVALID index in the way, or NULL */
	char	   *obstacle;		/* who is in the way; NULL if nobody is */
	double		blocks;			/* size of the partition, and a bit */
} Partition;

/* The work on one partitioned table. */
typedef struct PartitionWork
{
	Job		   *job;
	const IndexDefinition *def;
	MemoryContext context;		/* lasts as long as the work */
	Partition	next;			/* to be built next */
	List	   *locked;			/* OIDs: partitioned tables locked */
	double		blocks;			/* of all partitions to be done; 0 = unknown */
	double		blocks_done;	/* of those that are */
} PartitionWork;

/* An expression over columns of the parent, as one over those of a partition. */
static Node *
map_columns(Node *node, AttrMap *map)
{
	bool		whole_row;

	return map_variable_attnos(node, 1, 0, map, InvalidOid, &whole_row);
}

/* The definition of a partition's index. */
static IndexDefinition *
definition_of_part(const IndexDefinition *def, Oid relid)
{
	IndexDefinition *mapped = palloc(sizeof(IndexDefinition));
	Relation	parent = table_open(def->relid, NoLock);
	Relation	child = table_open(relid, NoLock);
	AttrMap    *map = BUILD_ATTRMAP(RelationGetDescr(child),
									RelationGetDescr(parent));

	*mapped = *def;
	mapped->relid = relid;
	mapped->name = NULL;
	for (int i = 0; i < def->nkeys; i++)
	{
		IndexKey   *key = &mapped->keys[i];

		if (key->attno != 0)
			key->attno = map->attnums[key->attno - 1];
		key->expr = map_columns(key->expr, map);
		key->written = map_columns(key->written, map);
	}
	for (int i = 0; i < def->nincluded; i++)
		mapped->included[i] = map->attnums[def->included[i] - 1];
	mapped->predicate = (List *) map_columns((Node *) def->predicate, map);
	mapped->written_predicate = map_columns(def->written_predicate, map);
	table_close(child, NoLock);
	table_close(parent, NoLock);
	return mapped;
}

/*
 * Does the partition have that index, to be attached or attached already?
 * *leftovers is set to the name of an INVALID one.
 */
static bool
has_index(const IndexDefinition *def, char **leftovers)
{
	ListCell   *lc;

	foreach(lc, index_def_existing(def->relid))
	{
		IndexDefinition *existing = lfirst(lc);

		if (OidIsValid(existing->parent) || !index_def_equal(existing, def))
			continue;
		if (existing->valid)
			return true;
		*leftovers = existing->name;
	}
	return false;
}

/* Size of a partition that is locked; never 0, as none is done in no time. */
static double
count_blocks(Oid relid)
{
	Relation	relation = table_open(relid, NoLock);
	double		blocks = 1.0 + RelationGetNumberOfBlocks(relation);

	table_close(relation, NoLock);
	return blocks;
}

/*
 * Find a partition that lacks the index; all are locked.  partition->relid stays
 * as it is if there is none.
 */
static void
find_partition(const IndexDefinition *def, List *relids, Partition *partition)
{
	ListCell   *lc;

	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);
		IndexDefinition *mapped;

		if (get_rel_relkind(relid) != RELKIND_RELATION)
			continue;
		mapped = definition_of_part(def, relid);
		partition->leftovers = NULL;
		if (has_index(mapped, &partition->leftovers))
			continue;
		partition->relid = relid;
		partition->blocks = count_blocks(relid);
		mapped->name = partition->index_name = index_def_free_name(mapped, NIL);
		partition->sql = index_def_ddl(mapped, true, false);
		partition->obstacle = preflight_transactions(list_make1_oid(relid),
													 ShareLock, true);
		return;
	}
}

/*
 * Keep partitions from being added, which the last statement would have to
 * build an index for while it blocks writes; what may be, is seen by those who
 * look afterwards.  NULL, or who is in the way.
 */
static char *
lock_against_new(PartitionWork *work, List *relids)
{
	ListCell   *lc;

	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);

		if (get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE)
			continue;
		if (!job_lock_relation(relid, ShareUpdateExclusiveLock))
			return preflight_lock_holders(relid, ShareUpdateExclusiveLock);
		work->locked = list_append_unique_oid(work->locked, relid);
	}
	return NULL;
}

/*
 * Add up the blocks there are to do for the job, and those that are done; all
 * partitions are locked.  Those that had the index before do not count.
 */
static void
count_partition_blocks(PartitionWork *work, List *relids)
{
	List	   *done = NIL;
	ListCell   *lc;

	foreach(lc, work->job->parts)
		done = lappend_oid(done, IndexGetRelation(lfirst_oid(lc), true));
	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);
		bool		is_done = list_member_oid(done, relid);
		char	   *leftovers;

		if (get_rel_relkind(relid) != RELKIND_RELATION ||
			(!is_done && has_index(definition_of_part(work->def, relid), &leftovers)))
			continue;
		work->blocks += count_blocks(relid);
		if (is_done)
			work->blocks_done += count_blocks(relid);
	}
}

/*
 * Find out what is to be done next: work->next.  If "lock", its partition is
 * locked for the session, so that the build does not wait for the lock with a
 * snapshot that someone who has it may wait for; if it is the last statement,
 * partitions are kept from being added until partition_build() gives these locks
 * up.
 */
static void
find_next(PartitionWork *work, bool lock)
{
	Partition  *next = &work->next;
	List	   *relids = find_all_inheritors(work->def->relid, NoLock, NULL);

	memset(next, 0, sizeof(*next));
	next->obstacle = preflight_lock_all(relids);
	if (next->obstacle == NULL)
		find_partition(work->def, relids, next);
	if (OidIsValid(next->relid) && work->blocks == 0 && work->job != NULL)
		count_partition_blocks(work, relids);
	if (lock && OidIsValid(next->relid) && next->obstacle == NULL &&
		!job_lock_relation(next->relid, ShareUpdateExclusiveLock))
		next->obstacle = preflight_lock_holders(next->relid,
												ShareUpdateExclusiveLock);
	if (next->obstacle != NULL || OidIsValid(next->relid))
		return;
	if (lock)
	{
		next->obstacle = lock_against_new(work, relids);
		if (next->obstacle != NULL)
			return;
		/* Some may have been added before that lock was had. */
		relids = find_all_inheritors(work->def->relid, AccessShareLock, NULL);
		find_partition(work->def, relids, next);
	}
	if (!OidIsValid(next->relid))
		next->obstacle = preflight_transactions(relids, ShareLock, false);
}

/*
 * Who is in the way of its next statement, in one sentence; NULL if nobody is.
 * In a transaction.
 */
char *
partition_obstacle(const IndexDefinition *def)
{
	PartitionWork work = {.def = def};

	find_next(&work, false);
	return work.next.obstacle;
}

/* Step: find out what is to be done next, or who is in the way of it. */
static void
find_next_step(void *arg)
{
	PartitionWork *work = arg;
	MemoryContext old = MemoryContextSwitchTo(work->context);

	job_limit_lock_waits();
	find_next(work, true);
	/* Who is in the way was found by SPI, and is told in its memory. */
	if (work->next.obstacle != NULL)
		work->next.obstacle = MemoryContextStrdup(work->context,
												  work->next.obstacle);
	MemoryContextSwitchTo(old);
}

/* Remember that the index of the next partition is being built, or is built. */
static void
remember_part(PartitionWork *work, bool built)
{
	MemoryContext caller = CurrentMemoryContext;
	Job		   *job = work->job;
	const Partition *partition = &work->next;

	/* Some may have been added since they were counted. */
	double		all = Max(work->blocks, work->blocks_done + partition->blocks);

	job_begin();
	if (built)
		job_add_part(job, top_statement_made());
	else
		job_begin_part(job, partition->relid, partition->index_name,
					   work->blocks_done / all, partition->blocks / all);
	job_end();
	if (built)
		work->blocks_done += partition->blocks;
	MemoryContextSwitchTo(caller);
}

/*
 * Step: lock the next partition again, as the removal of leftovers may have lost
 * the lock.  Error 55P03 if it cannot be had at once.
 */
static void
lock_partition_again(void *arg)
{
	const PartitionWork *work = arg;

	if (!job_lock_relation(work->next.relid, ShareUpdateExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("a partition is locked")));
}

/* Build the index of the next partition.  Returns NULL, or the error. */
static ErrorData *
build_part(PartitionWork *work)
{
	Job		   *job = work->job;
	const Partition *partition = &work->next;
	ErrorData  *error;

	if (partition->leftovers != NULL)
		(void) leftovers_drop(job, partition->relid, partition->leftovers);
	queue_worker_takes_table(partition->relid);
	error = job_step(lock_partition_again, work, work->context);
	if (error != NULL)
		return error;
	remember_part(work, false);
	error = top_statement_run(partition->sql, job->role, job->settings, 0);
	job_lock_release_relation(partition->relid, ShareUpdateExclusiveLock);
	if (error == NULL)
		remember_part(work, true);
	return error;
}

/*
 * Build the index of every partition that lacks it, CONCURRENTLY, then, by
 * "sql", that of the partitioned table, to which they are attached.  Returns
 * NULL, or the error in "context".  *obstacle is set to who is in the way, in
 * one sentence, if it could not go on to the end: what is built by then is found
 * when it is called again.
 */
ErrorData *
partition_build(Job *job, const IndexDefinition *def, const char *sql,
				MemoryContext context, char **obstacle)
{
	PartitionWork work = {.job = job,.def = def,.context = context};
	ErrorData  *error;
	ListCell   *lc;

	MemoryContextSwitchTo(context);
	for (;;)
	{
		error = job_step(find_next_step, &work, context);
		*obstacle = error == NULL ? work.next.obstacle : NULL;
		if (error != NULL || *obstacle != NULL || !OidIsValid(work.next.relid))
			break;
		error = build_part(&work);
		if (error != NULL)
			break;
	}
	queue_worker_takes_table(job->relid);
	if (error == NULL && *obstacle == NULL)
		error = top_statement_run(sql, job->role, job->settings,
								  setting_give_way_after_ms);
	foreach(lc, work.locked)
		job_lock_release_relation(lfirst_oid(lc), ShareUpdateExclusiveLock);
	return error;
}

/* OIDs of all indexes of the partitions of a table, which is locked. */
List *
partition_indexes(Oid relid)
{
	List	   *indexes = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		ListCell   *index;

		foreach(index, index_def_existing(lfirst_oid(lc)))
			indexes = lappend_oid(indexes,
								  ((IndexDefinition *) lfirst(index))->indexoid);
	}
	return indexes;
}

/*
 * OIDs of the indexes of leaf partitions that the index holds, but for others.
 */
List *
partition_new_indexes(Oid index_oid, const List *others)
{
	List	   *indexes = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(index_oid, NoLock, NULL))
	{
		if (get_rel_relkind(lfirst_oid(lc)) == RELKIND_INDEX &&
			!list_member_oid(others, lfirst_oid(lc)))
			indexes = lappend_oid(indexes, lfirst_oid(lc));
	}
	return indexes;
}

/*
 * The job has made its index: remember of which partitions that has taken in
 * an index which was there before, if it is one of a partitioned table.
 */
void
partition_note_taken_in(Job *job)
{
	MemoryContext old;
	ListCell   *lc;

	if (get_rel_relkind(job->index_oid) != RELKIND_PARTITIONED_INDEX)
		return;
	old = MemoryContextSwitchTo(GetMemoryChunkContext(job));
	foreach(lc, partition_new_indexes(job->index_oid, job->parts))
		job->taken_in = list_append_unique_oid(job->taken_in,
											   IndexGetRelation(lfirst_oid(lc), true));
	MemoryContextSwitchTo(old);
	job_store_parts(job);
}

/* OIDs of the indexes of these partitions now. */
List *
partition_taken_in(const Job *job)
{
	List	   *indexes = NIL;
	ListCell   *lc;

	foreach(lc, partition_new_indexes(job->index_oid, NIL))
		if (list_member_oid(job->taken_in,
							IndexGetRelation(lfirst_oid(lc), true)))
		indexes = lappend_oid(indexes, lfirst_oid(lc));
	return indexes;
}
