/*-------------------------------------------------------------------------
 *
 * plan_judge.c
 *	  Is one plan of a statement slower than another?  As arithmetic.
 *
 * Both are compared over blocks of time, by the logarithms of what an execution takes
 * on average: executions that follow each other are disturbed by the same things, and a
 * test that takes them for independent finds a change between any two of them.  That
 * neighbouring blocks are not independent either shows when they are joined: joined
 * blocks then vary more than half as many independent ones would.  So this is
 * done for blocks of one, two, four .. times the length, as long as a few are left, and
 * the widest interval counts (batch means; R. W. Conway, Management Science 10, 1963).
 *
 * What a machine that others use does to the times of a while is in no block of another
 * while.  So the work must have grown as the time has: rows and blocks are counts,
 * which no other process changes.
 *
 * Times of few blocks far from those of the others are drawn in: a single stall would
 * hide a plan that takes fifty times as long.
 *
 * Nothing here knows of shared memory or the server; test/unit/plan_judge.c puts it to
 * the test by simulation.
 *
 *-------------------------------------------------------------------------
 */
#include "report/plan_judge.h"

#include <math.h>

#include "common/slower.h"

/* Blocks that are left at least when neighbours are joined. */
#define FEWEST_PLAN_BLOCKS	5

/*
 * Standard errors between the means and what counts as slower: Student's t of 4 degrees
 * of freedom, as the fewest blocks have, is beyond it in 1 of 1000 cases.
 */
#define STANDARD_ERRORS		7.2

/*
 * Values so many standard deviations from the median are outliers; and the standard
 * deviation of normal values, in their median distance from the median (P. J. Huber,
 * Robust Statistics, 1981).
 */
#define OUTLIER_DEVIATIONS	3.0
#define DEVIATION_BY_MEDIAN	1.4826

/* Outliers are one in so many blocks at most, or a single one. */
#define OUTLIERS_PART		8

/* A number of a block, per execution. */
typedef double (*PlanBlockValue) (const PlanBlock *block);

/* The logarithm of the time. */
static double
block_time(const PlanBlock *block)
{
	return log(Max(block->us, 1) / block->calls);
}

/* The logarithm of the work. */
static double
block_work(const PlanBlock *block)
{
	return log(Max(block->work, 1) / block->calls);
}

/* The variance of the mean of a series' values, if so many neighbours are joined. */
static double
joined_variance(const double *values, int count, int joined)
{
	int			batches = count / joined;
	double		means[PLAN_BLOCKS];
	double		mean = 0;
	double		squares = 0;

	for (int i = 0; i < batches; i++)
	{
		means[i] = 0;
		for (int part = 0; part < joined; part++)
			means[i] += values[i * joined + part] / joined;
		mean += means[i] / batches;
	}
	for (int i = 0; i < batches; i++)
		squares += (means[i] - mean) * (means[i] - mean);
	return squares / (batches - 1.0) / batches;
}

/* qsort comparator. */
static int
compare_values(const void *a, const void *b)
{
	double		one = *(const double *) a;
	double		other = *(const double *) b;

	return (one > other) - (one < other);
}

/* The median of values. */
static double
median_of(const double *values, int count)
{
	double		sorted[PLAN_BLOCKS];

	memcpy(sorted, values, count * sizeof(double));
	qsort(sorted, count, sizeof(double), compare_values);
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/*
 * Move values that are far from the median of all to where they no longer are, unless
 * they are more than a few: then they belong to what is measured.
 */
static void
draw_in_outliers(double *values, int count)
{
	double		median = median_of(values, count);
	double		distance[PLAN_BLOCKS];
	double		far;
	int			outliers = 0;

	for (int i = 0; i < count; i++)
		distance[i] = fabs(values[i] - median);
	far = OUTLIER_DEVIATIONS * DEVIATION_BY_MEDIAN * median_of(distance, count);
	for (int i = 0; i < count; i++)
		outliers += distance[i] > far;
	if (outliers > Max(count / OUTLIERS_PART, 1))
		return;
	for (int i = 0; i < count; i++)
		values[i] = Min(Max(values[i], median - far), median + far);
}

/* The mean of a series' values, and its variance: the widest over all lengths. */
static double
plan_series_mean(const PlanSeries *series, PlanBlockValue value, double *variance)
{
	double		values[PLAN_BLOCKS] = {0};
	double		mean = 0;

	for (int i = 0; i < series->count; i++)
		values[i] = value(&series->block[i]);
	if (value == block_time)
		draw_in_outliers(values, series->count);
	for (int i = 0; i < series->count; i++)
		mean += values[i] / series->count;
	*variance = 0;
	for (int joined = 1; series->count / joined >= FEWEST_PLAN_BLOCKS; joined *= 2)
		*variance = Max(*variance, joined_variance(values, series->count, joined));
	return mean;
}

/* Has a value clearly grown? */
static bool
has_grown(const PlanSeries *older, const PlanSeries *newer, PlanBlockValue value)
{
	double		old_variance;
	double		new_variance;
	double		old_mean = plan_series_mean(older, value, &old_variance);
	double		new_mean = plan_series_mean(newer, value, &new_variance);

	return new_mean - old_mean - STANDARD_ERRORS * sqrt(old_variance + new_variance) > 0 &&
		new_mean - old_mean > log(CLEARLY_SLOWER);
}

/*
 * Is the newer plan clearly slower, by time and by work?  Not known of plans with few
 * blocks.
 */
bool
plan_judge_slower(const PlanSeries *older, const PlanSeries *newer)
{
	return older->count >= FEWEST_PLAN_BLOCKS && newer->count >= FEWEST_PLAN_BLOCKS &&
		has_grown(older, newer, block_time) && has_grown(older, newer, block_work);
}
