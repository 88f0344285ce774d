/*-------------------------------------------------------------------------
 *
 * leftovers.c
 *	  What a job that was interrupted has left, and how it is taken away.
 *
 * A build that is interrupted leaves an INVALID index.  It is dropped.
 *
 * A drop that is interrupted leaves the index INVALID, in one of two stages.  In
 * the first one it still is kept up to date: as long as the job may try again
 * it stays so, and when the job ends it is made valid by REINDEX.  In the second
 * one it is dead, and nothing can be done but to complete the drop.
 *
 * All this is done with the rights of the server, since it restores what was
 * there before, and the role that asked may have lost its rights meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/leftovers.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "advise/indexes/index_def.h"
#include "apply/jobs/job_lock.h"
#include "apply/jobs/queue.h"
#include "apply/verify/top_statement.h"

/* How often a removal is tried. */
#define REMOVAL_TRIES	50

/* The time between two tries grows by this, up to that. */
#define REMOVAL_DELAY_STEP_MS	100
#define MOST_REMOVAL_DELAY_MS	5000

/* How often it is looked whether others have let go of the table. */
#define LOCK_DELAY_MS	100

/* What is to be done next to take away what a job has left. */
typedef struct Removal
{
	Job		   *job;
	bool		ends;			/* the job does */
	LeftoversOutcome outcome;	/* if there is no statement */
	char	   *sql;			/* the next statement; NULL if none */
	Oid			relid;			/* table that it concerns */
	const char *index_name;		/* the only one to be looked at; NULL = all */
	MemoryContext context;		/* of "sql", where a step finds it */
	int			failures;		/* tries that came to nothing */
} Removal;

/* ------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------ */

/* Is it an INVALID index of the table, as a build leaves it? */
bool
leftovers_is_one(Oid index_oid, Oid relid)
{
	IndexDefinition *def;

	/*
	 * Partitioned indexes are invalid while partitions lack theirs, which is
	 * another matter.
	 */
	if (get_rel_relkind(index_oid) != RELKIND_INDEX)
		return false;
	def = index_def_of_index(index_oid);
	return def != NULL && def->relid == relid && !def->valid;
}

/* The index of that name in the schema of a table; InvalidOid if there is none. */
static Oid
index_of_name(Oid relid, const char *name)
{
	return get_relname_relid(name, get_rel_namespace(relid));
}

/*
 * The index that the job builds or has built, if it is there: by its OID, where
 * that is known, as someone may have renamed it, else by its name.
 */
Oid
leftovers_index(const Job *job)
{
	if (OidIsValid(job->index_oid) &&
		get_rel_relkind(job->index_oid) != '\0' &&
		IndexGetRelation(job->index_oid, true) == job->relid)
		return job->index_oid;
	return index_of_name(job->relid, job->index_name);
}

/* The statement that drops an index that a build of the table has left, or NULL. */
static char *
drop_leftovers(Oid relid, Oid index_oid)
{
	if (get_rel_relkind(relid) == '\0')
		return NULL;
	return OidIsValid(index_oid) && leftovers_is_one(index_oid, relid) ?
		index_def_drop_ddl(index_def_of_index(index_oid)) : NULL;
}

/* Has the index come to its second stage of being dropped? */
static bool
is_dead(Oid index_oid)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index_oid));
	bool		dead;

	if (!HeapTupleIsValid(tuple))
		return false;
	dead = !((Form_pg_index) GETSTRUCT(tuple))->indislive;
	ReleaseSysCache(tuple);
	return dead;
}

/* All INVALID indexes of a table, the dead ones among them. */
static List *
invalid_indexes(Oid relid)
{
	Relation	catalog = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *found = NIL;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);

		if (!form->indisvalid)
			found = lappend_oid(found, form->indexrelid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* The statement that drops what a REINDEX of the index has left, or NULL. */
static char *
drop_left_by_reindex(const IndexDefinition *def)
{
	ListCell   *lc;

	foreach(lc, invalid_indexes(def->relid))
	{
		IndexDefinition *left = index_def_of_index(lfirst_oid(lc));

		/* REINDEX CONCURRENTLY adds these to the name of an index. */
		if (left != NULL && left->indexoid != def->indexoid &&
			(strstr(left->name, "_ccnew") || strstr(left->name, "_ccold")) &&
			index_def_equal(left, def))
			return index_def_drop_ddl(left);
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * What to do next
 * ------------------------------------------------------------------------ */

/*
 * Look at the index of a partition that was being built: it goes if it is
 * INVALID, and is noted in the job if it was finished.
 */
static void
look_at_begun_part(Removal *removal)
{
	Job		   *job = removal->job;
	Oid			index_oid;

	if (!OidIsValid(job->part_relid) ||
		get_rel_relkind(job->part_relid) == '\0')
		return;
	removal->relid = job->part_relid;
	index_oid = index_of_name(job->part_relid, job->part_name);
	removal->sql = drop_leftovers(job->part_relid, index_oid);
	if (removal->sql == NULL && get_rel_relkind(index_oid) == RELKIND_INDEX)
		job_keep_part(job, index_oid);
}

/* Look for an index of a partition that is built, and not attached. */
static void
look_for_built_part(Removal *removal)
{
	ListCell   *lc;

	foreach(lc, removal->job->parts)
	{
		IndexDefinition *part = index_def_of_index(lfirst_oid(lc));

		if (part == NULL || OidIsValid(part->parent))
			continue;
		removal->relid = part->relid;
		removal->sql = index_def_drop_ddl(part);
		return;
	}
}

/* Is the index there that the job was to build? */
static bool
is_built(const Job *job)
{
	IndexDefinition *def;
	Oid			index_oid = leftovers_index(job);

	def = OidIsValid(index_oid) ? index_def_of_index(index_oid) : NULL;
	return def != NULL && def->relid == job->relid && def->valid;
}

/* Look at what the making of an index has left. */
static void
look_at_creation(Removal *removal)
{
	Job		   *job = removal->job;

	if (get_rel_relkind(job->relid) == '\0')
		return;
	if (job->state == JOB_BUILDING && is_built(job))
	{
		removal->outcome = LEFTOVERS_DONE;
		return;
	}
	removal->sql = drop_leftovers(job->relid, leftovers_index(job));
	if (removal->sql == NULL)
		look_at_begun_part(removal);
	if (removal->sql == NULL && removal->ends)
		look_for_built_part(removal);
}

/* Go on with the index that was rebuilt under the name of the job's, if one was. */
static void
adopt_rebuilt(Job *job)
{
	Oid			index_oid = index_of_name(job->relid, job->index_name);
	IndexDefinition *old = index_def_of_index(job->index_oid);
	IndexDefinition *def = OidIsValid(index_oid) ?
		index_def_of_index(index_oid) : NULL;

	if (def != NULL && index_oid != job->index_oid && def->valid &&
		(old == NULL || (!old->valid && index_def_equal(old, def))))
		job_set_index(job, index_oid, job->index_name);
}

/* Look at what the dropping of an index has left. */
static void
look_at_drop(Removal *removal)
{
	Job		   *job = removal->job;
	IndexDefinition *def;

	if (job->undo)
		adopt_rebuilt(job);
	def = index_def_of_index(job->index_oid);
	if (def == NULL)
		removal->outcome = LEFTOVERS_DONE;
	else if (is_dead(job->index_oid))
		removal->sql = index_def_drop_ddl(def);
	else if (job->undo && def->valid)
		removal->sql = drop_left_by_reindex(def);
	else if (job->undo && removal->ends)
	{
		removal->sql = drop_left_by_reindex(def);
		if (removal->sql == NULL)
			removal->sql =
				psprintf("REINDEX INDEX CONCURRENTLY %s",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(def->indexoid)),
													def->name));
	}
}

/*
 * Find the next statement, or the outcome if there is none: the job has left
 * nothing, or has done its work.  In an open transaction.
 */
static void
find_removal(Removal *removal)
{
	Job		   *job = removal->job;

	removal->sql = NULL;
	removal->relid = job->relid;
	removal->outcome = LEFTOVERS_NONE;
	if (JOB_CREATES(job))
		look_at_creation(removal);
	else
		look_at_drop(removal);
}

/* Has the job begun something, so that something may be left of it? */
static bool
has_begun(const Job *job)
{
	return job->state == JOB_BUILDING || job->attempts > 0 || job->parts != NIL;
}

/*
 * Has the job left something that only a worker can take away?  Needs an open
 * transaction and SPI.
 */
bool
leftovers_exist(Job *job)
{
	Removal		removal = {.job = job,.ends = true};

	if (!has_begun(job))
		return false;
	find_removal(&removal);
	return removal.sql != NULL;
}

/* ------------------------------------------------------------------------
 * Doing
 * ------------------------------------------------------------------------ */

/*
 * Wait until the table can be locked as DROP INDEX CONCURRENTLY and REINDEX do
 * it, and lock it for the session.  They would wait with a snapshot, which an
 * index command of another session, who has the lock, would wait for in turn: the
 * server would call that a deadlock, and end that one.  So nothing is held here, not
 * even a place in the queue.
 */
static void
wait_for_table(Job *job, Oid relid)
{
	while (!job_lock_relation(relid, ShareUpdateExclusiveLock))
	{
		job_lock_check_cancel(job);
		job_sleep(LOCK_DELAY_MS);
	}
}

/* A try has come to nothing: wait for a moment that is the longer the more there were. */
static void
rest_after_failure(Removal *removal)
{
	removal->failures++;
	job_sleep(Min(REMOVAL_DELAY_STEP_MS * removal->failures, MOST_REMOVAL_DELAY_MS));
}

/*
 * Run the statement that takes something away; a failure is counted.  A cancel that
 * comes meanwhile is remembered, since this must be done all the same.  The lock on the
 * table is given back unless the session had it before.
 */
static void
run_removal(Removal *removal)
{
	Job		   *job = removal->job;
	Oid			relid = removal->relid;
	bool		had_lock = job_lock_is_held(relid, ShareUpdateExclusiveLock);
	bool		done;

	job_lock_check_cancel(job);
	wait_for_table(job, relid);
	queue_worker_takes(job->id, relid);
	done = top_statement_run(removal->sql, BOOTSTRAP_SUPERUSERID, NULL, 0) == NULL;
	if (!had_lock)
		job_lock_release_relation(relid, ShareUpdateExclusiveLock);
	if (!done)
		rest_after_failure(removal);
}

/* Step: find out what is to be done next. */
static void
look_step(void *arg)
{
	Removal    *removal = arg;

	if (removal->index_name == NULL)
		find_removal(removal);
	else
		removal->sql = drop_leftovers(removal->relid,
									  index_of_name(removal->relid,
													removal->index_name));
	if (removal->sql != NULL)
		removal->sql = MemoryContextStrdup(removal->context, removal->sql);
}

/*
 * Find out what is to be done next; no transaction is open.  Our tables may be locked
 * for longer than a worker waits for them, as by a DROP EXTENSION that waits itself: a
 * worker that gave up then would leave what nobody knows of when they are gone.  So it
 * is tried again, and false if they are locked still; other errors are raised.
 */
static bool
look(Removal *removal)
{
	ErrorData  *error;

	while ((error = job_step(look_step, removal, removal->context)) != NULL)
	{
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			ReThrowError(error);
		if (removal->failures >= REMOVAL_TRIES)
			return false;
		rest_after_failure(removal);
	}
	return true;
}

/* Why something of a job is undone. */
typedef struct UndoReason
{
	Job		   *job;
	const char *reason;
} UndoReason;

/* Step: say in the job that it is being undone, and why. */
static void
announce_undo(void *arg)
{
	UndoReason *undo = arg;
	Job		   *job = undo->job;

	job_limit_lock_waits();
	job_change(job, JOB_BUILDING,
			   psprintf("%s; what was begun is undone", undo->reason));

	/* If this process dies, the next one is to go on with it. */
	if (job->cancel != NULL)
		job_set_cancel(job, job->cancel);
}

/*
 * Take away what the job has left; no transaction is open.  If it ends, all of
 * what it did goes: indexes of partitions that are built, and an index half
 * dropped is rebuilt.  Else what helps another attempt stays.  The job says
 * why if something has to be taken away, which may have to wait.
 */
LeftoversOutcome
leftovers_remove(Job *job, bool ends, const char *reason)
{
	Removal		removal = {.job = job,.context = CurrentMemoryContext};
	UndoReason	undo = {.job = job,.reason = reason};
	bool		announced = false;

	if (!has_begun(job))
		return LEFTOVERS_NONE;

	for (;;)
	{
		/* It may have been canceled meanwhile. */
		removal.ends = ends || job->cancel != NULL;
		if (!look(&removal))
			return LEFTOVERS_LEFT;
		if (removal.sql == NULL)
			return removal.outcome;
		if (removal.failures >= REMOVAL_TRIES)
			return LEFTOVERS_LEFT;

		/*
		 * An error here means that the jobs are gone, or locked; this must be
		 * done still.
		 */
		if (!announced)
			(void) job_step(announce_undo, &undo, removal.context);
		announced = true;
		run_removal(&removal);
	}
}

/*
 * Drop an INVALID index of that name that a build has left on a table; waits
 * and tries again while others are in the way.  False if it could not be done.
 */
bool
leftovers_drop(Job *job, Oid relid, const char *index_name)
{
	Removal		removal = {.job = job,.relid = relid,.index_name = index_name,
	.context = CurrentMemoryContext};

	while (removal.failures < REMOVAL_TRIES && look(&removal))
	{
		if (removal.sql == NULL)
			return true;
		run_removal(&removal);
	}
	return false;
}
