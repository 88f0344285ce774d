/*-------------------------------------------------------------------------
 *
 * index_size.c
 *	  How large an index would be right after CREATE INDEX.
 *
 * The number of rows comes from the planner's view of the table, so that the
 * hypothetical index and its table agree.  What goes into the index is tried
 * out on a sample of the table: it tells widths, duplicates of several columns
 * together and what a predicate lets in, where the statistics of single columns
 * must guess.  Without the right to read the table the statistics alone are
 * used, as far as the planner would use them for this user.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/index_size.h"

#include <math.h>

#include "access/table.h"
#include "catalog/pg_am.h"
#include "optimizer/optimizer.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"

#include "advise/indexes/index_def_width.h"
#include "advise/whatif/index_model.h"
#include "advise/whatif/index_stats.h"

/* With fewer rows of a sample than this, a share of rows is not learnt of it. */
#define ROWS_FOR_SHARE 100

/* The share of the table's rows that the predicate lets in. */
static double
predicate_share(const IndexModel *model)
{
	const IndexSample *sample = model->sample;

	if (model->def->predicate == NIL)
		return 1.0;
	if (sample != NULL && sample->examined > 0 &&
		(sample->complete || sample->nrows >= ROWS_FOR_SHARE))
		return (double) sample->nrows / sample->examined;
	return clauselist_selectivity(model->root, model->def->predicate, 1,
								  JOIN_INNER, NULL);
}

/* Run the model of the access method. */
static void
run_model(const IndexModel *model, IndexSize *size)
{
	size->tree_height = -1;
	switch (model->def->am)
	{
		case BTREE_AM_OID:
			btree_size(model, size);
			break;
		case HASH_AM_OID:
			hash_size(model, size);
			break;
		case GIST_AM_OID:
			gist_size(model, size);
			break;
		case GIN_AM_OID:
			gin_size(model, size);
			break;
		case BRIN_AM_OID:
			brin_size(model, size);
			break;
		default:
			elog(ERROR, "no size is known for access method %u",
				 model->def->am);
	}
}

/* Is any key an expression? */
static bool
has_expressions(const IndexDefinition *def)
{
	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno == 0)
			return true;
	return false;
}

/*
 * Does the table keep values out of line, none of them in a row of the sample?
 * A value of the index's columns may then be wider than any that was seen.
 */
static bool
has_unseen_values(const IndexDefinition *def, Relation heap,
				  const TableSample *rows)
{
	Relation	toast;
	BlockNumber blocks;

	if (rows == NULL || rows->complete || rows->external ||
		!OidIsValid(heap->rd_rel->reltoastrelid) ||
		index_def_never_refuses(def))
		return false;
	toast = table_open(heap->rd_rel->reltoastrelid, AccessShareLock);
	blocks = RelationGetNumberOfBlocks(toast);
	table_close(toast, NoLock);
	return blocks > 0;
}

/*
 * Estimate the size of an index on "heap", which the caller has open and
 * locked.  The definition's columns are those of "heap"; its relid is that of
 * "heap" or of the partitioned table above it.  Expressions are evaluated over
 * a sample of the table, as the current user, if that user may read the table
 * with that relid; what they raise is raised.
 */
void
index_size(const IndexDefinition *def, Relation heap, IndexSize *size)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(caller,
												  "clipperf index size",
												  ALLOCSET_DEFAULT_SIZES);
	const TableSample *rows;
	IndexModel	model = {0};

	MemoryContextSwitchTo(scratch);
	model.def = def;
	model.heap = heap;
	index_model_look(&model);
	rows = table_sample(heap, def->relid);
	if (rows != NULL)
		model.sample = index_sample(def, heap, rows);
	model.tuples = rint(model.rel->tuples * predicate_share(&model));
	size->tuples = model.tuples;
	run_model(&model, size);
	size->width.unseen = def->am == BTREE_AM_OID &&
		has_unseen_values(def, heap, rows);
	MemoryContextSwitchTo(caller);
	if (has_expressions(def) && model.sample != NULL)
		size->stats = index_stats(def, model.sample, model.tuples);
	MemoryContextDelete(scratch);
}

/* The size of an index like a known one, on a share of its table's rows. */
void
index_size_scale(IndexSize *size, const IndexSize *known, double share)
{
	*size = *known;
	size->tuples = rint(known->tuples * share);
	size->pages = Max((BlockNumber) ceil(known->pages * share), 1);
	size->gin_entry_pages = ceil(known->gin_entry_pages * share);
	size->gin_data_pages = ceil(known->gin_data_pages * share);
}
