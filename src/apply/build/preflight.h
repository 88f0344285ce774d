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

/* Errors unless that role may make and drop indexes of the table. */
extern void preflight_table(Oid relid, const char *name, Oid role);

/* The index; errors unless it can be dropped. */
extern IndexDefinition *preflight_drop(Oid index_oid, const char *name);

/* Compare the definition in the job's DDL with what the table has. */
extern void preflight_index(const Job *job, IndexPlan *plan);

/* Why there is no room for the index; NULL if there is. */
extern char *preflight_place(const IndexDefinition *def, int64 size_bytes);

/* Why the index would exceed the storage budget of its run; NULL if not. */
extern char *preflight_budget(const Job *job);

/* Whose long transaction is in the way of that lock; NULL if nobody's is. */
extern char *preflight_transactions(List *relids, LOCKMODE mode,
									bool snapshots);

/* Who holds a lock on the table that conflicts with that one, in one sentence. */
extern char *preflight_lock_holders(Oid relid, LOCKMODE mode);

/* Lock the partitions of a table against DROP; else who is in the way. */
extern char *preflight_lock_all(List *relids);

#endif							/* CLIPPERF_PREFLIGHT_H */
