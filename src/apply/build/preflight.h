/*-------------------------------------------------------------------------
 *
 * preflight.h
 *	  What is looked at before an index is built or dropped.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PREFLIGHT_H
#define CLIPPERF_PREFLIGHT_H

#include "compat.h"

#include "advise/indexes/index_def.h"
#include "apply/jobs/jobs.h"

/* What is to be done about an index that shall be created. */
typedef struct IndexPlan
{
	IndexDefinition *def;		/* with the name that it will have */
	IndexDefinition *existing;	/* does the same already, or NULL */
	char	   *renamed_from;	/* name that was taken, or NULL */
	char	   *leftovers;		/* name of an INVALID index that is in the
								 * way, left by an earlier attempt; or NULL */
} IndexPlan;

/*
 * Errors unless indexes of the table may be made and dropped by that role, in
 * principle:
 */
extern void preflight_table(Oid relid, const char *name, Oid role);

/* Errors unless the index can be dropped: */
extern IndexDefinition *preflight_drop(Oid index_oid, const char *name);

/*
 * Read the definition in the job's DDL and compare it with what the table has.
 */
extern void preflight_index(const Job *job, IndexPlan *plan);

/*
 * The error message if the file system of the index has less space than it is
 * estimated to need; else NULL.
 */
extern char *preflight_place(const IndexDefinition *def, int64 size_bytes);

/*
 * Whose long transaction holds a lock on one of these tables that conflicts with
 * that mode, or, if "snapshots", one that the end of a concurrent build waits
 * for; in one sentence.  NULL if nobody's does.
 */
extern char *preflight_transactions(List *relids, LOCKMODE mode,
									bool snapshots);

/* Who holds a lock on the table that conflicts with that one, in one sentence. */
extern char *preflight_lock_holders(Oid relid, LOCKMODE mode);

/*
 * Lock these tables, which are the partitions of one, to the transaction's end
 * against DROP and the like.
 */
extern char *preflight_lock_all(List *relids);

#endif							/* CLIPPERF_PREFLIGHT_H */
