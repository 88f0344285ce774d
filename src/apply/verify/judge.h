/*-------------------------------------------------------------------------
 *
 * judge.h
 *	  Did an index make a statement faster or slower, all else aside?
 *
 * Three witnesses are heard, none of which is believed alone.
 *
 * Latencies, before and after, are compared by the Mann-Whitney test on their
 * histograms: it asks how often a call before took longer than one after,
 * whatever the shape of the distributions, and outliers count no more than
 * others.  Calls that follow each other are not independent, so no sample
 * counts for more than JUDGE_SAMPLE calls.  The deviation must be at least
 * JUDGE_DEVIATION standard deviations, and the mean must have changed by
 * JUDGE_CHANGE: a difference that is sure but small changes nothing.
 *
 * Blocks per call: load, other processes and the cache change latencies, but
 * not how many blocks a call touches.  So time and blocks must not contradict
 * each other; if the cache was colder after than before, fewer blocks are
 * enough, and if it was warmer, less time is not.
 *
 * The planner is asked what the statement would cost without the index, with
 * parameters that it had: neither other parameters nor anything else that
 * happened meanwhile can make it praise an index that the statement does not
 * use.  What it sees no use in is neither praised nor blamed.
 *
 * Where calls return other numbers of rows than before, as much more time and
 * blocks are taken for granted, or as much less asked for; to find nothing is
 * taken to be the work of one row less.
 *
 * A write pays for the upkeep of an index that its plan does not use.  It is
 * charged with the time of the blocks that it touches more, at most, unless
 * another index of the table came or went meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JUDGE_H
#define CLIPPERF_JUDGE_H

#include "compat.h"

#include "apply/verify/measure.h"
#include "apply/verify/planner_check.h"

#define JUDGE_SAMPLE	400
#define JUDGE_DEVIATION 4.0
#define JUDGE_CHANGE	0.1
/* Of the blocks of a write: an index entry is a few among many. */
#define JUDGE_WRITE_BLOCKS 0.05
/* The cache is as warm as before if so much more or less of the blocks was in it. */
#define JUDGE_CACHE		0.1
/*
 * With fewer calls than this on one side only what is plain is judged: the test
 * is sure, which takes a dozen calls, and time and blocks changed twofold.
 */
#define JUDGE_LEAST_CALLS 30
#define JUDGE_PLAIN_CHANGE 2.0

typedef enum Judgement
{
	JUDGED_UNKNOWN,				/* too few calls */
	JUDGED_SAME,
	JUDGED_UNCLEAR,				/* changed, but not for sure by the index */
	JUDGED_FASTER,
	JUDGED_SLOWER
} Judgement;

typedef struct MeasureComparison
{
	const Measure *before;
	const Measure *after;
	bool		dropped;		/* there was an index, else there is one */
	bool		others_changed; /* other indexes of the table came or went */
	double		superiority;	/* share of pairs in which before was slower */
	double		deviation;		/* of it from one half, in standard deviations */
	bool		by_blocks;		/* judged by blocks, as the cache was colder */
	PlannerCheck planner_check; /* asked only where something changed */
	Judgement	judgement;
	double		saved_us;		/* by all calls after; negative: lost */
} MeasureComparison;

/*
 * Compare two measures; true if something changed, so that the planner has to
 * be heard and judge_decide() called.
 */
extern bool judge_compare(const Measure *before, const Measure *after,
						  bool dropped, MeasureComparison *comparison);
extern void judge_decide(MeasureComparison *comparison, PlannerCheck planner_check);
extern const char *judgement_name(Judgement judgement);

/* Mean time of a call in microseconds; blocks of one. */
extern double judge_mean_us(const Measure *measure);
extern double judge_blocks(const Measure *measure);

#endif							/* CLIPPERF_JUDGE_H */
