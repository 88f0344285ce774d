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
 *-------------------------------------------------------------------------
 */
#include "apply/partition.h"

#include "access/attmap.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "rewrite/rewriteManip.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "apply/build.h"
#include "apply/own_sql.h"
#include "apply/preflight.h"
#include "apply/queue.h"
#include "apply/top_statement.h"
#include "settings.h"

/* A partition that lacks the index. */
typedef struct Partition
{
	Oid			relid;			/* InvalidOid: none lacks it */
	char	   *sql;			/* that builds it */
	char	   *index_name;
	char	   *remains;		/* INVALID index in the way, or NULL */
	char	   *obstacle;		/* who is in the way, or NULL */
} Partition;

/* Expressions over columns of the parent, over those of a partition. */
static Node *
map_node(Node *node, AttrMap *map)
{
	bool		whole_row;

	return map_variable_attnos(node, 1, 0, map, InvalidOid, &whole_row);
}

/* The definition of a partition's index. */
static IndexDefinition *
map_definition(const IndexDefinition *def, Oid relid)
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
		key->expr = map_node(key->expr, map);
		key->written = map_node(key->written, map);
	}
	for (int i = 0; i < def->nincluded; i++)
		mapped->included[i] = map->attnums[def->included[i] - 1];
	mapped->predicate = (List *) map_node((Node *) def->predicate, map);
	mapped->written_predicate = map_node(def->written_predicate, map);
	table_close(child, NoLock);
	table_close(parent, NoLock);
	return mapped;
}

/*
 * Does the partition have that index, to be attached or attached already?
 * *remains is set to an INVALID one.
 */
static bool
has_index(const IndexDefinition *def, char **remains)
{
	ListCell   *lc;

	foreach(lc, index_def_existing(def->relid))
	{
		IndexDefinition *existing = lfirst(lc);

		if (OidIsValid(existing->parent) || !index_def_equal(existing, def))
			continue;
		if (existing->valid)
			return true;
		*remains = existing->name;
	}
	return false;
}

/* Look for a partition that lacks the index; locks all to the transaction's end. */
static void
find_partition(const IndexDefinition *def, Partition *partition)
{
	ListCell   *lc;

	partition->relid = InvalidOid;
	foreach(lc, find_all_inheritors(def->relid, AccessShareLock, NULL))
	{
		Oid			relid = lfirst_oid(lc);
		IndexDefinition *mapped;

		if (get_rel_relkind(relid) != RELKIND_RELATION)
			continue;
		mapped = map_definition(def, relid);
		partition->remains = NULL;
		if (has_index(mapped, &partition->remains))
			continue;
		partition->relid = relid;
		mapped->name = partition->index_name = index_def_free_name(mapped, NIL);
		partition->sql = index_def_ddl(mapped, true, false);
		partition->obstacle = preflight_transactions(relid);
		return;
	}
}

/* The next partition to build, in the caller's memory context. */
static void
next_partition(Job *job, const IndexDefinition *def, Partition *partition)
{
	MemoryContext caller = CurrentMemoryContext;

	job_begin();
	MemoryContextSwitchTo(caller);
	LockRelationOid(def->relid, AccessShareLock);
	find_partition(def, partition);
	if (OidIsValid(partition->relid) && partition->obstacle != NULL)
		job_wait(job, 1000, partition->obstacle);
	job_end();
	MemoryContextSwitchTo(caller);
}

/* Remember that the job has built the index of a partition. */
static void
remember_part(Job *job, const Partition *partition)
{
	MemoryContext caller = CurrentMemoryContext;

	job_begin();
	job_add_part(job, get_relname_relid(partition->index_name,
										get_rel_namespace(partition->relid)));
	job_end();
	MemoryContextSwitchTo(caller);
}

/* Build the index of one partition. */
static ErrorData *
build_part(Job *job, const Partition *partition)
{
	ErrorData  *error;

	if (partition->remains != NULL)
		(void) build_remove_remains(job, partition->relid, partition->remains);
	queue_worker_takes_table(partition->relid);
	error = top_statement_run(partition->sql, job->role, job->settings, 0);
	if (error != NULL)
		(void) build_remove_remains(job, partition->relid,
									partition->index_name);
	else
		remember_part(job, partition);
	queue_worker_takes_table(job->relid);
	return error;
}

/* See partition.h. */
ErrorData *
partition_build(Job *job, const IndexDefinition *def, const char *sql,
				MemoryContext context, bool *waits)
{
	MemoryContextSwitchTo(context);
	for (;;)
	{
		Partition	partition = {0};
		ErrorData  *error;

		next_partition(job, def, &partition);
		if (!OidIsValid(partition.relid))
			break;
		if (partition.obstacle != NULL)
		{
			*waits = true;
			return NULL;
		}
		error = build_part(job, &partition);
		if (error != NULL)
			return error;
	}
	return top_statement_run(sql, job->role,
							 job->settings, setting_give_way_after_ms);
}

/* The statement that drops one of the job's parts, or NULL. */
static char *
part_to_drop(Job *job)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *sql = NULL;
	List	   *parts;
	ListCell   *lc;

	job_begin();
	parts = job_parts(job);
	foreach(lc, parts)
	{
		IndexDefinition *part = index_def_of_index(lfirst_oid(lc));

		if (part == NULL || OidIsValid(part->parent))
			continue;
		sql = MemoryContextStrdup(caller, index_def_drop_ddl(part));
		break;
	}
	job_end();
	MemoryContextSwitchTo(caller);
	return sql;
}

/* See partition.h. */
bool
partition_clean_up(Job *job)
{
	char	   *sql;

	while ((sql = part_to_drop(job)) != NULL)
	{
		queue_worker_takes(job->id, job->relid);
		if (top_statement_run(sql, BOOTSTRAP_SUPERUSERID, NULL, 0) != NULL)
			return false;
	}
	return true;
}
