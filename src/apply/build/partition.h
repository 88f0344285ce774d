/*-------------------------------------------------------------------------
 *
 * partition.h
 *	  Indexes of partitioned tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PARTITION_H
#define CLIPPERF_PARTITION_H

#include "compat.h"

#include "advise/indexes/index_def.h"
#include "apply/jobs/jobs.h"

/* Build the index of every partition that lacks it, then that of the whole. */
extern ErrorData *partition_build(Job *job, const IndexDefinition *def,
								  const char *sql, MemoryContext context,
								  char **obstacle);

/* Who is in the way of its next statement; NULL if nobody is. */
extern char *partition_obstacle(const IndexDefinition *def);

/* OIDs of all indexes of the partitions of a table, which is locked. */
extern List *partition_indexes(Oid relid);

/* OIDs of the indexes of leaf partitions that the index holds, but for others. */
extern List *partition_new_indexes(Oid index_oid, const List *others);

/* The job has made its index: note which partitions had one before. */
extern void partition_note_taken_in(Job *job);

/* OIDs of the indexes of these partitions now. */
extern List *partition_taken_in(const Job *job);

#endif							/* CLIPPERF_PARTITION_H */
