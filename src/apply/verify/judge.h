/*-------------------------------------------------------------------------
 *
 * judge.h
 *	  Did an index make a statement faster or slower, all else aside?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JUDGE_H
#define CLIPPERF_JUDGE_H

#include "compat.h"

#include "apply/verify/measure.h"
#include "apply/verify/planner_check.h"

/*
 * Standard deviations from one half that the Mann-Whitney statistic must have:
 * three in a hundred thousand tests of equal distributions deviate so far to
 * one side.  With two samples of MEASURE_SAMPLE calls it is reached when a call
 * before took longer than one after in 58 % of the pairs.
 */
#define JUDGE_DEVIATION 4.0

/*
 * Chance of the tail's test to see so many slow calls where nothing has changed:
 * as small as that of JUDGE_DEVIATION.  Where both time and blocks have changed
 * by JUDGE_LARGE_CHANGE, they are witnesses themselves, and two terrible calls
 * in ten are enough after 200 without one.
 */
#define JUDGE_TAIL_CHANCE 3.0e-5
#define JUDGE_LARGE_TAIL_CHANCE 0.005

/*
 * A call is slow that takes JUDGE_LARGE_CHANGE times as long as this share of the
 * calls before: p95, the quantile that users see of a statement.
 */
#define JUDGE_TAIL_QUANTILE 0.95

/*
 * Share by which the mean time or the blocks of a call must have changed: less
 * is not what indexes are built for.
 */
#define JUDGE_CHANGE	0.1

/*
 * Share by which the blocks of a write must have changed.  An index entry is a
 * few blocks among the many of the table, its other indexes and triggers.
 */
#define JUDGE_WRITE_BLOCKS 0.05

/*
 * The cache is as warm as before if the share of blocks that were not found in
 * it has changed by no more than this (difference of two shares).
 */
#define JUDGE_CACHE		0.1

/*
 * Calls that both sides must have for a usual judgement.  With fewer only a
 * large change is judged: the test finds JUDGE_DEVIATION, for which each side
 * needs 9 to 12 calls, and both time and blocks changed by that factor.
 */
#define JUDGE_LEAST_CALLS 30
#define JUDGE_LARGE_CHANGE 2.0

/*
 * Chance of so many failures since, had nothing changed, from which on a statement
 * counts as one that began to fail; and how many there must be, as one statement
 * fails now and then.  A good index that goes for nothing can be built again: a
 * lost write cannot be had again.
 */
#define JUDGE_FAILURE_CHANCE 0.001
#define JUDGE_LEAST_FAILURES 3

/* What became of a statement. */
typedef enum Judgement
{
	JUDGED_UNKNOWN,				/* too few calls */
	JUDGED_SAME,
	JUDGED_UNCLEAR,				/* changed, but not for sure by the index */
	JUDGED_FASTER,
	JUDGED_SLOWER
} Judgement;

/* By which of the measures a statement is judged. */
typedef enum JudgeRule
{
	RULE_NONE,
	RULE_RANKS,					/* most calls, by the Mann-Whitney test */
	RULE_TOTAL,					/* the mean, by Welch's test */
	RULE_TAIL,					/* the share of slow calls, by Fisher's test */
	RULE_BLOCKS					/* the blocks, which are exact, where times do
								 * not tell */
} JudgeRule;

/* What one statement did before and after, and what that means. */
typedef struct MeasureComparison
{
	const Measure *before;
	const Measure *after;
	bool		dropped;		/* the index was dropped, else it was made */
	double		overhead_share; /* of a write's overhead that the index causes */
	double		hot_share;		/* of the index in that updates of the table
								 * are not HOT any more */
	double		superiority;	/* share of pairs in which before was slower */
	double		deviation;		/* of it from one half, in standard deviations */
	double		mean_deviation; /* of the mean after from that before, in
								 * standard errors */
	double		tail_chance;	/* to see so many slow calls without a change */
	JudgeRule	rule;			/* that spoke */
	PlannerCheck planner_check; /* asked only where something changed */
	Judgement	judgement;
	bool		is_overhead;	/* it is about keeping the index up to date,
								 * or what that does to other statements */
	double		saved_us;		/* by all calls after; negative: lost */
	bool		fails;			/* since then it fails, or more often */
} MeasureComparison;

/* Compare two measures; true if judge_decide() has to decide what follows. */
extern bool judge_compare(const Measure *before, const Measure *after,
						  bool dropped, MeasureComparison *comparison);

/* Does a call touch more blocks than before, beyond what rows explain? */
extern bool judge_blocks_rose(const MeasureComparison *comparison);

/* Decide, by the planner's answer, if the index has changed the statement. */
extern void judge_decide(MeasureComparison *comparison, PlannerCheck planner_check);

/* What a statement that was judged unclear may have saved, in microseconds. */
extern double judge_may_have_saved_us(const MeasureComparison *comparison);

/* The name of a judgement in the verdict of a job. */
extern const char *judgement_name(Judgement judgement);

/* The name of a rule in the verdict of a job; NULL for none. */
extern const char *judge_rule_name(JudgeRule rule);

/* Mean time of a call, in microseconds. */
extern double judge_mean_us(const Measure *measure);

/* Mean number of shared blocks that a call touches. */
extern double judge_blocks(const Measure *measure);

#endif							/* CLIPPERF_JUDGE_H */
