/*-------------------------------------------------------------------------
 *
 * block_series.h
 *	  What one statement, or one route, did in equal parts of a period.
 *
 * Calls that follow each other are not independent: what disturbs one disturbs
 * the next.  Sums over blocks of time tell how much the figures of a period vary
 * by themselves.  A series begins with blocks of BLOCK_SECONDS; when it is full,
 * its neighbours are joined and further blocks last twice as long.  So it covers a
 * period of any length with BLOCKS / 2 to BLOCKS blocks, in memory of fixed size.
 *
 * Plain memory: whoever owns a series guards it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BLOCK_SERIES_H
#define CLIPPERF_BLOCK_SERIES_H

#include "compat.h"

#include "store/histogram.h"

#define BLOCKS			32

/* How long blocks last at first: less than the time between two ticks. */
#define BLOCK_SECONDS	0.2f

/* A block has so many calls at least, that its quantiles are worth something. */
#define BLOCK_CALLS		20

/* The quantiles that are kept of each block: p50, p90, p95, p99. */
#define BLOCK_QUANTILES	4
extern const double block_quantiles[BLOCK_QUANTILES];

/* Sums over the calls of a block. */
typedef struct PeriodBlock
{
	uint32		calls;
	uint32		errors;
	float		seconds;		/* with calls */
	float		total_us;
	float		blocks;			/* shared blocks, hit and read */
	float		parts;			/* rows of a statement, statements of a route */
	float		quantile[BLOCK_QUANTILES];	/* logarithms of microseconds */
	float		yardstick;		/* of a fixed piece of work, likewise */
} PeriodBlock;

typedef struct BlockSeries
{
	int32		count;			/* of blocks in use */
	float		seconds;		/* that a block lasts at least */
	PeriodBlock block[BLOCKS];
} BlockSeries;

/* Empty. */
extern void block_series_clear(BlockSeries *series);

/* The quantiles of a block's calls, which has some. */
extern void block_set_quantiles(PeriodBlock *block, const Histogram *calls);

/* Add the calls of some more time; none of a time without calls. */
extern void block_series_add(BlockSeries *series, const PeriodBlock *more);

/* Add the block "from" to "into". */
extern void block_join(PeriodBlock *into, const PeriodBlock *from);

#endif							/* CLIPPERF_BLOCK_SERIES_H */
