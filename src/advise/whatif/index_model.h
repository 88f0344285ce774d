/*-------------------------------------------------------------------------
 *
 * index_model.h
 *	  What the size models of the access methods share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_MODEL_H
#define CLIPPERF_INDEX_MODEL_H

#include "compat.h"

#include "access/htup.h"
#include "nodes/pathnodes.h"
#include "storage/block.h"
#include "storage/bufpage.h"
#include "storage/itemid.h"

#include "advise/whatif/index_sample.h"

/* How large the rows of an index are, by a sample: see whatif_width.c. */
typedef struct IndexWidth
{
	int			most;			/* bytes that the access method takes; 0 = not
								 * known */
	int			widest;			/* bytes of the largest row, or of the largest
								 * entry of a GIN index */
	int			column;			/* whose value makes it so large, from 0 */
	bool		unseen;			/* the table has wide values, but no row of
								 * the sample has */
} IndexWidth;

/* The size of an index on one table, and what its statistics would be. */
typedef struct IndexSize
{
	BlockNumber pages;
	double		tuples;
	int			tree_height;	/* btree: 0 = the root is a leaf; else -1 */
	double		gin_entries;
	double		gin_entry_pages;
	double		gin_data_pages; /* of posting trees */
	IndexWidth	width;
	HeapTuple  *stats;			/* of its columns, see index_stats.h; or NULL */
} IndexSize;

typedef struct IndexModel
{
	const IndexDefinition *def;
	Relation	heap;
	PlannerInfo *root;			/* in which the table has number 1 */
	RelOptInfo *rel;
	const IndexSample *sample;	/* NULL: the user may not read the table */
	double		tuples;			/* rows in the index */
} IndexModel;

/* Room of an index page for items and their pointers, without special space. */
#define PAGE_ROOM(special) \
	((double) (BLCKSZ - SizeOfPageHeaderData - MAXALIGN(special)))

/* What an item of this size takes from a page. */
#define ITEM_ROOM(size) ((double) (MAXALIGN(size) + sizeof(ItemIdData)))

/* Set "root" and "rel" to the planner's view of the table, open and locked. */
extern void index_model_look(IndexModel *model);

/* Average size of the data of an index row, from statistics, in bytes. */
extern double index_model_width(const IndexModel *model);

/* Estimated number of distinct keys of all rows in the index, at least 1. */
extern double index_model_distinct(const IndexModel *model);

/* The models: each fills in pages and what its access method has besides. */
extern void btree_size(const IndexModel *model, IndexSize *size);
extern void hash_size(const IndexModel *model, IndexSize *size);
extern void gist_size(const IndexModel *model, IndexSize *size);
extern void gin_size(const IndexModel *model, IndexSize *size);
extern void brin_size(const IndexModel *model, IndexSize *size);

#endif							/* CLIPPERF_INDEX_MODEL_H */
