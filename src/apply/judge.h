/*-------------------------------------------------------------------------
 *
 * judge.h
 *	  Did a statement become faster or slower, noise aside?
 *
 * The rule.  Latencies before and after are compared by the Mann-Whitney test
 * on their histograms: it asks how often a call before took longer than one
 * after, whatever the shape of the distributions, and outliers count no more
 * than others.  Calls that follow each other are not independent, so no sample
 * counts for more than JUDGE_SAMPLE calls.  The deviation must be at least
 * JUDGE_DEVIATION standard deviations, and the mean must have changed by
 * JUDGE_CHANGE: a difference that is sure but small changes nothing.
 *
 * Load, cache and disk change latencies, but not how many blocks a call
 * touches.  So a read became slower only if it touches more blocks, too; if it
 * touches fewer and its mean is lower, it became faster even when the
 * distributions overlap much, as when a few calls of many took all the time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JUDGE_H
#define CLIPPERF_JUDGE_H

#include "compat.h"

#include "apply/measure.h"

#define JUDGE_SAMPLE	400
#define JUDGE_DEVIATION 4.0
#define JUDGE_CHANGE	0.1
/* With fewer calls than this on one side there is no judgement. */
#define JUDGE_LEAST_CALLS 30

typedef enum Judgement
{
	JUDGED_UNKNOWN,				/* too few calls */
	JUDGED_SAME,
	JUDGED_FASTER,
	JUDGED_SLOWER
} Judgement;

typedef struct Comparison
{
	const Measure *before;
	const Measure *after;
	double		superiority;	/* share of pairs in which before was slower */
	double		deviation;		/* of it from one half, in standard deviations */
	Judgement	judgement;
	double		saved_us;		/* by all calls after; negative: lost */
} Comparison;

extern void judge_compare(const Measure *before, const Measure *after,
						  Comparison *comparison);
extern const char *judgement_name(Judgement judgement);

#endif							/* CLIPPERF_JUDGE_H */
