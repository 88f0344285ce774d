/*-------------------------------------------------------------------------
 *
 * index_size.h
 *	  How large an index would be right after CREATE INDEX.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_SIZE_H
#define CLIPPERF_INDEX_SIZE_H

#include "compat.h"

#include "access/htup.h"
#include "storage/block.h"
#include "utils/rel.h"

#include "advise/indexes/index_def.h"

/* The size of an index on one table, and what its statistics would be. */
typedef struct IndexSize
{
	BlockNumber pages;
	double		tuples;
	int			tree_height;	/* btree: 0 = the root is a leaf; else -1 */
	double		gin_entries;
	double		gin_entry_pages;
	double		gin_data_pages; /* of posting trees */
	HeapTuple  *stats;			/* of its columns, see index_stats.h; or NULL */
} IndexSize;

/*
 * Estimate the size of an index on "heap", which the caller has open and
 * locked.
 */
extern void index_size(const IndexDefinition *def, Relation heap,
					   IndexSize *size);

/* The size of an index like a known one, on a share of its table's rows. */
extern void index_size_scale(IndexSize *size, const IndexSize *known,
							 double share);

#endif							/* CLIPPERF_INDEX_SIZE_H */
