/*-------------------------------------------------------------------------
 *
 * table_sample.c
 *	  Rows of a table taken at random, to learn what statistics do not tell.
 *
 * Blocks are drawn first, then rows from all rows of these blocks, as ANALYZE
 * does.  The random numbers begin with the table's OID: advice must not change
 * from one call to the next.
 *
 * Samples are kept in memory for the duration of one statement of the client,
 * within CACHE_BYTES; a callback forgets them when the transaction's memory
 * goes.  A statement's snapshot protects what the rows point to.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/table_sample.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "common/pg_prng.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/sampling.h"
#include "utils/snapmgr.h"

/* Blocks read and rows kept, at most. */
#define SAMPLE_BLOCKS 10000
#define SAMPLE_ROWS 10000

/* Memory of one sample and of all that are kept, about. */
#define SAMPLE_BYTES (16 * 1024 * 1024)
#define CACHE_BYTES (64 * 1024 * 1024)

/* The samples of the client's statement. */
static struct
{
	MemoryContext context;		/* NULL = none */
	TimestampTz statement;
	List	   *samples;		/* of TableSample, the oldest first */
	Size		bytes;
}			cache = {0};

/* A sample being drawn. */
typedef struct Draw
{
	TableSample *sample;
	int			wanted;			/* rows */
	double		seen;			/* rows */
	double		blocks;			/* read */
	pg_prng_state random;
} Draw;

/* MemoryContextCallback: the samples are gone. */
static void
forget_samples(void *arg)
{
	memset(&cache, 0, sizeof(cache));
}

/* Make the cache empty and ready for the statement of the moment. */
static void
begin_cache(void)
{
	MemoryContextCallback *callback;

	if (cache.context != NULL)
		MemoryContextDelete(cache.context);
	cache.context = AllocSetContextCreate(TopTransactionContext,
										  "clipperf table samples",
										  ALLOCSET_DEFAULT_SIZES);
	callback = MemoryContextAlloc(cache.context, sizeof(*callback));
	callback->func = forget_samples;
	callback->arg = NULL;
	MemoryContextRegisterResetCallback(cache.context, callback);
	cache.statement = GetCurrentStatementStartTimestamp();
}

/* The sample that this statement has drawn already, or NULL. */
static TableSample *
find_table_sample(Oid relid, BlockNumber blocks)
{
	ListCell   *cell;

	if (cache.context == NULL ||
		cache.statement != GetCurrentStatementStartTimestamp())
		return NULL;
	foreach(cell, cache.samples)
	{
		TableSample *sample = lfirst(cell);

		if (sample->relid == relid && sample->blocks == blocks)
			return sample;
	}
	return NULL;
}

/* Free the rows of a sample, and the sample. */
static void
free_sample(TableSample *sample)
{
	for (int i = 0; i < sample->nrows; i++)
		heap_freetuple(sample->rows[i]);
	pfree(sample->rows);
	pfree(sample);
}

/* Let the oldest samples go until a new one fits in. */
static void
make_sample_room(Size bytes)
{
	while (cache.samples != NIL && cache.bytes + bytes > CACHE_BYTES)
	{
		TableSample *oldest = linitial(cache.samples);

		cache.bytes -= oldest->bytes;
		cache.samples = list_delete_first(cache.samples);
		free_sample(oldest);
	}
}

/* Take a row, or leave it, so that all rows seen have the same chance. */
static void
draw_row(Draw *draw, TupleTableSlot *slot)
{
	TableSample *sample = draw->sample;
	int			position = sample->nrows;

	draw->seen++;
	if (sample->nrows < draw->wanted)
		sample->nrows++;
	else
	{
		position = (int) (pg_prng_double(&draw->random) * draw->seen);
		if (position >= draw->wanted)
			return;
		sample->bytes -= sample->rows[position]->t_len;
		heap_freetuple(sample->rows[position]);
	}
	sample->rows[position] = ExecCopySlotHeapTuple(slot);
	sample->bytes += sample->rows[position]->t_len;
}

/* Draw from all rows of one block. */
static void
draw_block(Draw *draw, TableScanDesc scan, BlockNumber block,
		   TupleTableSlot *slot)
{
	ItemPointerData first;
	ItemPointerData last;

	ItemPointerSet(&first, block, 1);
	ItemPointerSet(&last, block, MaxOffsetNumber);
	table_rescan_tidrange(scan, &first, &last);
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
		draw_row(draw, slot);
}

/* Draw from blocks of the table taken at random. */
static void
draw_blocks(Draw *draw, Relation heap)
{
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	BlockSamplerData blocks;
	ItemPointerData nowhere;
	TableScanDesc scan;

	ItemPointerSet(&nowhere, 0, 1);
	scan = BEGIN_TIDRANGE_SCAN(heap, GetActiveSnapshot(), &nowhere, &nowhere);
	BlockSampler_Init(&blocks, draw->sample->blocks, SAMPLE_BLOCKS,
					  RelationGetRelid(heap));
	while (BlockSampler_HasMore(&blocks))
	{
		CHECK_FOR_INTERRUPTS();
		draw_block(draw, scan, BlockSampler_Next(&blocks), slot);
		draw->blocks++;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* qsort comparator: physical order. */
static int
compare_rows(const void *a, const void *b)
{
	return ItemPointerCompare(&(*(const HeapTuple *) a)->t_self,
							  &(*(const HeapTuple *) b)->t_self);
}

/* How many rows to keep: fewer when they are wide. */
static int
rows_wanted(Relation heap, BlockNumber blocks)
{
	double		tuples = heap->rd_rel->reltuples;
	double		width;

	if (tuples <= 0 || heap->rd_rel->relpages <= 0)
		return SAMPLE_ROWS;
	width = (double) heap->rd_rel->relpages * BLCKSZ / tuples;
	return (int) Max(Min(SAMPLE_ROWS, SAMPLE_BYTES / width), 100);
}

/* Draw a sample, in the current memory context. */
static TableSample *
draw_sample(Relation heap, BlockNumber blocks)
{
	TableSample *sample = palloc0(sizeof(TableSample));
	Draw		draw = {0};

	sample->relid = RelationGetRelid(heap);
	sample->blocks = blocks;
	draw.sample = sample;
	draw.wanted = rows_wanted(heap, blocks);
	sample->rows = palloc(draw.wanted * sizeof(HeapTuple));
	pg_prng_seed(&draw.random, sample->relid);

	draw_blocks(&draw, heap);
	sample->complete = blocks <= SAMPLE_BLOCKS && draw.seen == sample->nrows;
	sample->tuples = draw.seen * Max(blocks / Max(draw.blocks, 1), 1);
	qsort(sample->rows, sample->nrows, sizeof(HeapTuple), compare_rows);
	for (int i = 0; i < sample->nrows; i++)
		sample->external |= HeapTupleHasExternal(sample->rows[i]);
	return sample;
}

/* May the current user read every row and every column? */
static bool
may_read_all(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

/*
 * A sample of a table that the caller has open; kept until the client's
 * statement or the transaction ends, so use it at once.  The same table gives
 * the same sample.  NULL if the current user may not read all of the table, or
 * all of "named" when "heap" is a partition of that: a sample must not tell
 * what the table would not.  Needs an active snapshot.
 */
const TableSample *
table_sample(Relation heap, Oid named)
{
	BlockNumber blocks = RelationGetNumberOfBlocks(heap);
	TableSample *sample;
	MemoryContext caller;

	if (!may_read_all(named))
		return NULL;
	sample = find_table_sample(RelationGetRelid(heap), blocks);
	if (sample != NULL)
		return sample;

	if (cache.context == NULL ||
		cache.statement != GetCurrentStatementStartTimestamp())
		begin_cache();
	caller = MemoryContextSwitchTo(cache.context);
	sample = draw_sample(heap, blocks);
	make_sample_room(sample->bytes);
	cache.samples = lappend(cache.samples, sample);
	cache.bytes += sample->bytes;
	MemoryContextSwitchTo(caller);
	return sample;
}
