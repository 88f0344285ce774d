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

/* What others' times have changed by, as logarithms: in the middle, in the tail. */
#define COMPARE_CONTROLS	2

/* What became of each figure, and of all together. */
typedef struct PeriodComparison
{
	FigureChange figure[COMPARE_FIGURES];
	FigureChange all;
} PeriodComparison;

/* Compare two periods, both of which have calls or errors. */
extern void compare_periods(const PeriodMeasure *before,
							const PeriodMeasure *after, bool parts_are_cost,
							const double *control, PeriodComparison *comparison);

/* The logarithm of a usual block's quantile in microseconds, NAN if not known. */
extern double compare_usual_quantile(const PeriodMeasure *measure, int which);

/* Calls per second while there were calls; 0 without blocks. */
extern double calls_per_second(const BlockSeries *series);

#endif							/* CLIPPERF_COMPARE_H */
