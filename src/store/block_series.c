/*-------------------------------------------------------------------------
 *
 * block_series.c
 *	  What one statement, or one route, did in equal parts of a period.
 *
 * Plain memory: whoever owns a series guards it.
 *
 *-------------------------------------------------------------------------
 */
#include "store/block_series.h"

#include <math.h>

const double block_quantiles[BLOCK_QUANTILES] = {0.50, 0.90, 0.95, 0.99};

/* Empty. */
void
block_series_clear(BlockSeries *series)
{
	series->count = 0;
	series->seconds = BLOCK_SECONDS;
}

/* The quantiles of a block's calls, which has some. */
void
block_set_quantiles(PeriodBlock *block, const Histogram *calls)
{
	for (int i = 0; i < BLOCK_QUANTILES; i++)
		block->quantile[i] = (float) log(histogram_between(calls,
														   block_quantiles[i]));
}

/*
 * Add the block "from" to "into".  Quantiles of a union are not known from those of
 * its parts: their mean by calls stands for them, which varies as they do.
 */
void
block_join(PeriodBlock *into, const PeriodBlock *from)
{
	double		calls = (double) into->calls + from->calls;

	for (int i = 0; i < BLOCK_QUANTILES && calls > 0; i++)
		into->quantile[i] = (float) ((into->quantile[i] * into->calls +
									  from->quantile[i] * from->calls) / calls);
	if (calls > 0)
		into->yardstick = (float) ((into->yardstick * into->calls +
									from->yardstick * from->calls) / calls);
	into->calls += from->calls;
	into->errors += from->errors;
	into->seconds += from->seconds;
	into->total_us += from->total_us;
	into->blocks += from->blocks;
	into->parts += from->parts;
}

/* Join neighbours in a full series: the next blocks last twice as long. */
static void
join_neighbours(BlockSeries *series)
{
	for (int i = 0; i < BLOCKS / 2; i++)
	{
		series->block[i] = series->block[2 * i];
		block_join(&series->block[i], &series->block[2 * i + 1]);
	}
	series->count = BLOCKS / 2;
	series->seconds *= 2;
}

/*
 * Add the calls of some more time.  Nothing is added of a time without calls: a pause
 * tells nothing of how calls vary.
 */
void
block_series_add(BlockSeries *series, const PeriodBlock *more)
{
	PeriodBlock *last = &series->block[series->count - 1];

	if (more->calls == 0 && more->errors == 0)
		return;
	if (series->count > 0 && last->seconds < series->seconds)
	{
		block_join(last, more);
		return;
	}
	if (series->count == BLOCKS)
		join_neighbours(series);
	series->block[series->count++] = *more;
}
