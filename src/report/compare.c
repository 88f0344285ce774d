/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Did a figure change between two periods, or does it vary like that?
 *
 * A figure is compared as the logarithm of its ratio, with an interval around it.
 * The interval's width comes from the blocks of time of both periods, not from
 * the number of calls: calls that follow each other are disturbed by the same
 * things, and a test that takes them for independent finds a change between any
 * two runs.
 *
 * The spread of the blocks tells how much the mean of all of them varies if each
 * is independent of its neighbours.  That they are not shows when neighbours are
 * joined: joined blocks then vary more than half as many independent ones would.
 * So this is done for blocks of one, two, four .. times the length, as long as a
 * few are left, and the widest interval counts.  (Batch means; Conway, Management
 * Science 10, 1963.  Few batches make wide intervals, by Student's t.)
 *
 * What no block can show is that a whole run went on a slower machine than the
 * other.  So times are also compared in units of a yardstick: how long a fixed piece
 * of work took meanwhile; and with what the times of other statements have changed
 * by, the control, which sees what no yardstick does, as caches that are shared with
 * others.  All must agree, and a change must be as large as what two runs of the same
 * may differ by even so.
 *
 * Blocks per call, statements per request and errors are counts, which no other
 * process changes: there a small change counts as well.
 *
 *-------------------------------------------------------------------------
 */
#include "report/compare.h"

#include <math.h>

/* Batches that are left at least when neighbours are joined. */
#define FEWEST_BATCHES		5

/* The share of the blocks that count as disturbed, on either side. */
#define TRIMMED				0.25

/* A block with less than a fourth of the usual calls is left out. */
#define FEW_CALLS			4

/* Calls of a block beyond a quantile at least, for the quantile to be judged. */
#define FEWEST_BEYOND		1

/*
 * Times must change by this factor, in the middle and in the tail: two runs of the
 * same on a machine that others use differ by less (make bench-compare).
 */
#define CHANGE_OF_TIME		1.12
#define CHANGE_OF_TAIL		CHANGE_OF_TIME

/* The p99 has a fifth of the calls of the p95 beyond it. */
#define CHANGE_OF_FAR_TAIL	1.20

/* Counts: blocks depend on what else changes the tables. */
#define CHANGE_OF_BLOCKS	1.10
#define CHANGE_OF_PARTS		1.02

/* Without blocks of time: this factor is beyond chance, on so many calls. */
#define CLEAR_CHANGE		1.50
#define CLEAR_CALLS			30

/* The share of calls that fail must change by so much, 0..1. */
#define CHANGE_OF_ERRORS	0.001

/*
 * A control explains a change by this factor at most: more is no machine's doing.  What
 * disturbs one statement disturbs another by half as much again.
 */
#define MOST_EXPLAINED		2.0
#define CONTROL_FACTOR		1.5

/* Deviations of the ends of an interval that holds 98 of 100. */
#define DEVIATIONS			2.326

/* What is known of a figure in one period. */
typedef struct Estimate
{
	bool		is_known;		/* its spread, too */
	double		value;
	double		variance;		/* of the value */
	double		freedom;		/* degrees of freedom of the variance */
} Estimate;

/*
 * The quantile of Student's t distribution that belongs to DEVIATIONS of the
 * normal one (Cornish and Fisher's expansion; Abramowitz and Stegun 26.7.5).
 */
static double
deviations(double freedom)
{
	double		z = DEVIATIONS;
	double		z3 = z * z * z;
	double		z5 = z3 * z * z;
	double		z7 = z5 * z * z;

	return z + (z3 + z) / (4 * freedom) +
		(5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom) +
		(3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * pow(freedom, 3));
}

/* One number of a block, weighted with its calls. */
typedef double (*BlockValue) (const PeriodBlock *block, int which);

/* The logarithm of a quantile. */
static double
block_quantile(const PeriodBlock *block, int which)
{
	return block->quantile[which];
}

/* The logarithm of the mean. */
static double
block_mean(const PeriodBlock *block, int which)
{
	return log(Max(block->total_us, 1) / block->calls);
}

/* The logarithm of the seconds per call, all sessions together. */
static double
block_pace(const PeriodBlock *block, int which)
{
	return log(Max(block->seconds, 0.001) / block->calls);
}

/* Shared blocks per call. */
static double
block_blocks(const PeriodBlock *block, int which)
{
	return block->blocks / block->calls;
}

/* Rows per call, or statements per request. */
static double
block_parts(const PeriodBlock *block, int which)
{
	return block->parts / block->calls;
}

/* The share of calls that fail. */
static double
block_errors(const PeriodBlock *block, int which)
{
	return block->errors / ((double) block->calls + block->errors);
}

/*
 * A number of each block of a series; if by_yardstick, a logarithm of a time in units
 * of the yardstick.  A block with few calls, as the last one may be, tells too little
 * and is left out; returns how many are left.
 */
static int
collect_values(const BlockSeries *series, BlockValue number, int which,
			   bool by_yardstick, double *values)
{
	double		calls = 0;
	int			count = 0;

	for (int i = 0; i < series->count; i++)
		calls += series->block[i].calls;
	for (int i = 0; i < series->count; i++)
	{
		const PeriodBlock *block = &series->block[i];

		if (block->calls > 0 && block->calls * series->count * FEW_CALLS >= calls)
			values[count++] = number(block, which) -
				(by_yardstick ? block->yardstick : 0);
	}
	return count;
}

/* For qsort(). */
static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

/*
 * Bring the lowest and the highest values to those next to them, TRIMMED of all on
 * each side.  *mean is set to the mean of the others.  Returns how many were
 * brought on each side.
 */
static int
winsorize(double *values, int count, double *mean)
{
	double		sorted[BLOCKS];
	int			cut = (int) (count * TRIMMED);

	memcpy(sorted, values, count * sizeof(double));
	qsort(sorted, count, sizeof(double), compare_doubles);
	*mean = 0;
	for (int i = cut; i < count - cut; i++)
		*mean += sorted[i] / (count - 2 * cut);
	for (int i = 0; i < count; i++)
		values[i] = Min(Max(values[i], sorted[cut]), sorted[count - 1 - cut]);
	return cut;
}

/* The variance of the mean of "count" values, if so many neighbours are joined. */
static double
batch_variance(const double *values, int count, int joined)
{
	int			batches = count / joined;
	double		sums[BLOCKS];
	double		mean = 0;
	double		variance = 0;

	for (int i = 0; i < batches; i++)
	{
		sums[i] = 0;
		for (int part = 0; part < joined; part++)
			sums[i] += values[i * joined + part] / joined;
		mean += sums[i] / batches;
	}
	for (int i = 0; i < batches; i++)
		variance += (sums[i] - mean) * (sums[i] - mean);
	return variance / (batches - 1.0) / batches;
}

/*
 * Estimate the usual value of a block: the mean without the lowest and the highest
 * ones, as what disturbs a few blocks does not come from the statement (trimmed mean
 * with the variance of winsorized values; Yuen, Biometrika 61, 1974).  The
 * variance is the one that makes the widest interval over all lengths of blocks; it
 * stays unknown of few blocks.
 */
static Estimate
estimate_block(const BlockSeries *series, BlockValue number, int which,
			   bool by_yardstick)
{
	Estimate	estimate = {.is_known = false};
	double		values[BLOCKS];
	int			count = collect_values(series, number, which, by_yardstick, values);
	double		left;
	double		widest = -1;

	if (count == 0)
		return estimate;
	left = 1.0 - 2.0 * winsorize(values, count, &estimate.value) / count;
	for (int joined = 1; count / joined >= FEWEST_BATCHES; joined *= 2)
	{
		double		freedom = (count / joined) * left - 1;
		double		variance = batch_variance(values, count, joined) / (left * left);
		double		width = sqrt(variance) * deviations(freedom);

		if (width <= widest)
			continue;
		widest = width;
		estimate.is_known = true;
		estimate.variance = variance;
		estimate.freedom = freedom;
	}
	return estimate;
}

/*
 * The logarithm of a quantile.  Its variance is at least the one that it would have
 * if the calls were independent (Woodruff, Journal of the ASA 47, 1952).
 */
static Estimate
estimate_quantile(const PeriodMeasure *measure, int which, bool by_yardstick)
{
	Estimate	estimate = estimate_block(&measure->series, block_quantile, which,
										  by_yardstick);
	double		q = block_quantiles[which];
	double		share = sqrt(q * (1 - q) / Max(measure->calls, 1));
	double		width;

	if (measure->calls * (1 - q) < FEWEST_BEYOND * measure->series.count)
		estimate.is_known = false;
	width = log(histogram_between(&measure->latency, Min(q + share, 1)) /
				histogram_between(&measure->latency, Max(q - share, 0))) / 2;
	estimate.variance = Max(estimate.variance, width * width);
	return estimate;
}

/* A count per call. */
static Estimate
estimate_count(const PeriodMeasure *measure, double sum, BlockValue number)
{
	Estimate	estimate = estimate_block(&measure->series, number, 0, false);

	estimate.value = measure->calls > 0 ? sum / measure->calls : 0;
	return estimate;
}

/*
 * Statements per request.  Each request's number is known, so that few blocks do.
 */
static Estimate
estimate_statements(const PeriodMeasure *measure)
{
	Estimate	estimate = estimate_count(measure, measure->parts, block_parts);
	double		requests = (double) histogram_total(&measure->statements);
	double		mean = 0;
	double		squares = 0;

	if (requests < 2)
		return estimate;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		double		count = measure->statements.count[i];

		mean += count / requests * histogram_value(i);
		squares += count / requests * histogram_value(i) * histogram_value(i);
	}
	if (!estimate.is_known)
	{
		estimate.is_known = true;
		estimate.variance = 0;
		estimate.freedom = requests - 1;
	}
	estimate.variance = Max(estimate.variance,
							Max(squares - mean * mean, 0) / requests);
	return estimate;
}

/*
 * Judge a change and its interval.  Within +- "least" it does not matter, and it is
 * the same if it cannot be twice as much; larger is worse.
 */
static FigureChange
judge_change(double change, double variance, double freedom, double least)
{
	double		width = variance > 0 ? sqrt(variance) * deviations(freedom) : 0;

	if (change - width > 0 && change > least)
		return CHANGE_WORSE;
	if (change + width < 0 && change < -least)
		return CHANGE_BETTER;
	if (fabs(change) <= least && fabs(change) + width <= 2 * least)
		return CHANGE_SAME;
	return CHANGE_UNSURE;
}

/* Degrees of freedom of the sum of both variances (Welch 1947, Satterthwaite 1946). */
static double
joint_freedom(const Estimate *before, const Estimate *after, double weight_before,
			  double weight_after)
{
	double		a = before->variance * weight_before;
	double		b = after->variance * weight_after;

	if (a + b <= 0)
		return before->freedom + after->freedom;
	return (a + b) * (a + b) / (a * a / before->freedom + b * b / after->freedom);
}

/*
 * Judge the change of a logarithm of the usual block, which disturbances of some
 * blocks do not move, apart from the one expected.  That of all calls, "all", must not say the opposite, nor
 * differ if nothing is to have changed.
 */
static FigureChange
compare_usual(const Estimate *old, const Estimate *new, double all, double expected,
			  double least)
{
	FigureChange change;

	if (!old->is_known || !new->is_known)
		return CHANGE_UNSURE;
	change = judge_change(new->value - old->value - expected, old->variance + new->variance,
						  joint_freedom(old, new, 1, 1), log(least));
	if (change == CHANGE_SAME && fabs(all) > log(least))
		return CHANGE_UNSURE;
	if ((change == CHANGE_WORSE && all < 0) || (change == CHANGE_BETTER && all > 0))
		return CHANGE_UNSURE;
	return change;
}

/*
 * Put two judgements together, that of the times and that of the times as a control or
 * the yardstick lets them appear: what has changed by one alone may be the machine's
 * doing.
 */
static FigureChange
agree(FigureChange times, FigureChange units)
{
	if (times == units || (times == CHANGE_SAME && units == CHANGE_UNSURE))
		return times;
	return CHANGE_UNSURE;
}

/* The change that a control explains. */
static double
explained(double control)
{
	return Max(Min(control * CONTROL_FACTOR, log(MOST_EXPLAINED)),
			   -log(MOST_EXPLAINED));
}

/* Judge a quantile, given what those of others have changed by. */
static FigureChange
compare_quantile(const PeriodMeasure *before, const PeriodMeasure *after,
				 int which, double control, double least)
{
	double		q = block_quantiles[which];
	double		all = log(histogram_between(&after->latency, q) /
						  histogram_between(&before->latency, q));
	Estimate	old = estimate_quantile(before, which, true);
	Estimate	new = estimate_quantile(after, which, true);
	FigureChange units = compare_usual(&old, &new, all, 0, least);
	FigureChange times;

	old = estimate_quantile(before, which, false);
	new = estimate_quantile(after, which, false);
	times = compare_usual(&old, &new, all, 0, least);
	return agree(agree(times, units),
				 compare_usual(&old, &new, all, explained(control), least));
}

/* Judge the logarithm of a time, of which "all" is that of all calls. */
static FigureChange
compare_times(const PeriodMeasure *before, const PeriodMeasure *after,
			  BlockValue time, double all, double control)
{
	Estimate	old = estimate_block(&before->series, time, 0, true);
	Estimate	new = estimate_block(&after->series, time, 0, true);
	FigureChange units = compare_usual(&old, &new, all, 0, CHANGE_OF_TIME);
	FigureChange times;

	old = estimate_block(&before->series, time, 0, false);
	new = estimate_block(&after->series, time, 0, false);
	times = compare_usual(&old, &new, all, 0, CHANGE_OF_TIME);
	return agree(agree(times, units),
				 compare_usual(&old, &new, all, explained(control), CHANGE_OF_TIME));
}

/* The logarithm of a usual block's quantile in microseconds, NAN if not known. */
double
compare_usual_quantile(const PeriodMeasure *measure, int which)
{
	Estimate	estimate = estimate_quantile(measure, which, false);

	return estimate.is_known ? estimate.value : NAN;
}

/* Calls per second while there were calls; 0 without blocks. */
double
calls_per_second(const BlockSeries *series)
{
	double		calls = 0;
	double		seconds = 0;

	for (int i = 0; i < series->count; i++)
	{
		calls += series->block[i].calls;
		seconds += series->block[i].seconds;
	}
	return seconds > 0 ? calls / seconds : 0;
}

/*
 * Judge a count per call.  The interval is that of the logarithm of the ratio, by
 * the first term of its series.
 */
static FigureChange
compare_counts(const Estimate *old, const Estimate *new, double calls_before,
			   double calls_after, double least)
{
	double		weight_old;
	double		weight_new;
	double		change;

	if (old->value <= 0 || new->value <= 0)
	{
		if (old->value <= 0 && new->value <= 0)
			return CHANGE_SAME;
		return CHANGE_UNSURE;
	}
	change = log(new->value / old->value);
	if (!old->is_known || !new->is_known)
	{
		if (fabs(change) < log(least) / 4)
			return CHANGE_SAME;
		if (fabs(change) < log(CLEAR_CHANGE) ||
			Min(calls_before, calls_after) < CLEAR_CALLS)
			return CHANGE_UNSURE;
		return change > 0 ? CHANGE_WORSE : CHANGE_BETTER;
	}
	weight_old = 1 / (old->value * old->value);
	weight_new = 1 / (new->value * new->value);
	return judge_change(change,
						old->variance * weight_old + new->variance * weight_new,
						joint_freedom(old, new, weight_old, weight_new), log(least));
}

/* The share of calls that fail. */
static Estimate
estimate_errors(const PeriodMeasure *measure)
{
	double		all = Max(measure->calls + measure->errors, 1);
	Estimate	estimate = estimate_block(&measure->series, block_errors, 0, false);

	estimate.value = measure->errors / all;
	if (!estimate.is_known)
	{
		estimate.freedom = all;
		estimate.variance = 0;
	}
	estimate.variance = Max(estimate.variance,
							estimate.value * (1 - estimate.value) / all);
	return estimate;
}

/* Judge the share of calls that fail. */
static FigureChange
compare_errors(const PeriodMeasure *before, const PeriodMeasure *after)
{
	Estimate	old = estimate_errors(before);
	Estimate	new = estimate_errors(after);

	return judge_change(new.value - old.value, old.variance + new.variance,
						joint_freedom(&old, &new, 1, 1), CHANGE_OF_ERRORS);
}

/*
 * What all figures come to: where some are better and others worse, nobody is sure.
 */
static FigureChange
sum_up(const FigureChange *figure)
{
	bool		better = false;
	bool		worse = false;

	for (int i = 0; i < COMPARE_SUMMED; i++)
	{
		better |= figure[i] == CHANGE_BETTER;
		worse |= figure[i] == CHANGE_WORSE;
	}
	if (better && worse)
		return CHANGE_UNSURE;
	if (better || worse)
		return better ? CHANGE_BETTER : CHANGE_WORSE;
	return figure[COMPARE_P50] == CHANGE_SAME &&
		figure[COMPARE_P95] == CHANGE_SAME ? CHANGE_SAME : CHANGE_UNSURE;
}

/*
 * Compare two periods, both of which have calls or errors.  parts_are_cost: fewer
 * of them are better, as of the statements of a request; else more of them are
 * worse, as of the rows of a statement, and fewer say nothing.  control[] has
 * COMPARE_CONTROLS numbers.
 */
void
compare_periods(const PeriodMeasure *before, const PeriodMeasure *after,
				bool parts_are_cost, const double *control, PeriodComparison *comparison)
{
	FigureChange *figure = comparison->figure;
	Estimate	old = estimate_count(before, before->blocks, block_blocks);
	Estimate	new = estimate_count(after, after->blocks, block_blocks);

	figure[COMPARE_P50] = compare_quantile(before, after, 0, control[0],
										   CHANGE_OF_TIME);
	figure[COMPARE_P95] = compare_quantile(before, after, 1, control[1],
										   CHANGE_OF_TAIL);
	figure[COMPARE_P99] = compare_quantile(before, after, 2, control[1],
										   CHANGE_OF_FAR_TAIL);
	figure[COMPARE_BLOCKS] = compare_counts(&old, &new, before->calls,
											after->calls, CHANGE_OF_BLOCKS);
	old = estimate_statements(before);
	new = estimate_statements(after);
	figure[COMPARE_PARTS] = compare_counts(&old, &new, before->calls, after->calls,
										   parts_are_cost ? CHANGE_OF_PARTS :
										   CHANGE_OF_BLOCKS);
	if (!parts_are_cost && figure[COMPARE_PARTS] == CHANGE_BETTER)
		figure[COMPARE_PARTS] = CHANGE_SAME;
	figure[COMPARE_ERRORS] = compare_errors(before, after);
	figure[COMPARE_MEAN] =
		compare_times(before, after, block_mean,
					  log(Max(after->total_us, 1) / Max(after->calls, 1)) -
					  log(Max(before->total_us, 1) / Max(before->calls, 1)), control[0]);
	figure[COMPARE_RATE] =
		compare_times(before, after, block_pace,
					  log(Max(calls_per_second(&before->series), 0.001)) -
					  log(Max(calls_per_second(&after->series), 0.001)), 0);
	comparison->all = sum_up(figure);
}
