/*-------------------------------------------------------------------------
 *
 * compare.h
 *	  Did a figure change between two periods?  As arithmetic: see compare.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_COMPARE_H
#define CLIPPERF_COMPARE_H

#include "compat.h"

#include "store/block_series.h"

/* What a statement, or the requests of a route, did in a period. */
typedef struct PeriodMeasure
{
	double		calls;			/* without error; of a route, requests */
	double		errors;			/* of a route, requests with an error */
	double		total_us;
	double		blocks;			/* shared blocks, hit and read */
	double		parts;			/* rows of a statement, statements of a route */
	Histogram	latency;		/* of the calls */
	Histogram	statements;		/* of the requests of a route, else empty */
	BlockSeries series;
} PeriodMeasure;

typedef enum FigureChange
{
	CHANGE_UNSURE,
	CHANGE_SAME,
	CHANGE_BETTER,
	CHANGE_WORSE
} FigureChange;

/* The figures that are judged. */
typedef enum CompareFigure
{
	COMPARE_P50,
	COMPARE_P90,				/* what disturbs few calls leaves it alone */
	COMPARE_P95,
	COMPARE_BLOCKS,
	COMPARE_PARTS,
	COMPARE_ERRORS,
	COMPARE_SUMMED,				/* figures up to here make the whole */
	COMPARE_P99 = COMPARE_SUMMED,	/* what disturbs a run shows there first */
	COMPARE_MEAN,
	COMPARE_RATE,				/* calls per second */
	COMPARE_FIGURES
} CompareFigure;

/* What ran beside a statement or route in both periods, and is not known to differ. */
#define COMPARE_CONTROLS	8

typedef struct PeriodControls
{
	int			count;
	const PeriodMeasure *before[COMPARE_CONTROLS];
	const PeriodMeasure *after[COMPARE_CONTROLS];
} PeriodControls;

/* What became of each figure, and of all together. */
typedef struct PeriodComparison
{
	FigureChange figure[COMPARE_FIGURES];
	FigureChange all;
} PeriodComparison;

/* Compare two periods, both of which have calls or errors: one of so many rows. */
extern void compare_periods(const PeriodMeasure *before,
							const PeriodMeasure *after, bool parts_are_cost,
							const PeriodControls *controls, int rows,
							PeriodComparison *result);

/* Calls per second while there were calls; 0 without blocks. */
extern double calls_per_second(const BlockSeries *series);

#endif							/* CLIPPERF_COMPARE_H */
