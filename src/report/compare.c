/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Did a figure change between two periods, or does it vary like that?
 *
 * A time is compared as the logarithm of its ratio, with an interval around it.
 * Three things make it vary where nothing has changed, and each is measured:
 *
 * The calls vary.  If they were independent, their number would tell by how much
 * (Woodruff, Journal of the ASA 47, 1952): by no less does a quantile vary.
 *
 * What disturbs the machine disturbs calls that follow each other, so that a test
 * which takes them for independent finds a change between any two runs.  So the
 * figures of blocks of time are looked at, each weighted with its calls: their
 * spread tells how much their mean varies.  Neighbours are joined, too, as slow
 * disturbances show only then (batch means; Conway, Management Science 10, 1963).
 *
 * A whole run may go on a machine that is slower than it was for the other one.
 * What ran beside it tells: statements that take about as long, and whose counts are
 * the same in both runs.  Their times are subtracted from those of each block, so that
 * what moves all of them alike moves nothing.  How much they differ in their changes tells how far one may differ from
 * them by chance.  They explain no more than the machine has wandered within the
 * runs: on a quiet machine others that became faster are no reason to call a
 * statement slower that did not.
 *
 * Where there are none, a run may be off by as much as long parts of it differ from
 * each other; and the change must be there as well in units of a yardstick, the time
 * of a fixed piece of work.
 *
 * Many figures are judged at a time.  The intervals are so wide that of ALARMS
 * comparisons of two runs of the same one finds a change in any of them (Bonferroni).
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

/* Calls of a block beyond a quantile at least, for the quantile to be judged. */
#define FEWEST_BEYOND		1

/*
 * Times must change by this factor, in the middle and in the tail: less is not worth
 * telling.
 */
#define CHANGE_OF_TIME		1.12

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
 * Others explain a change by this factor at most, as more is no machine's doing; and
 * by no more than so many times what the figure has wandered within the runs.
 */
#define MOST_EXPLAINED		2.0
#define EXPLAINED_WANDERS	3.0

/* TimeFigure.unlike of what is not compared with that of others. */
#define NO_CONTROLS			(-1.0)

/* Of one other statement nobody knows which of both has changed. */
#define FEWEST_CONTROLS		2

/* The variance from run to run is so many times that of long parts of a run. */
#define RUN_WANDERS			2.0

/* Two statements that nothing has changed differ in their changes by so much. */
#define RESIDUAL			0.02

/* A run that lasts longer than another by this share did not go on beside it. */
#define CONCURRENT			0.25

/* One comparison of so many of the same may find a change. */
#define ALARMS				40.0

/* Times of a row that make its whole: p50, p90, p95. */
#define FIGURES_OF_ROW		3

/* Both ends of an interval that holds 98 of 100: what is the same is told by it. */
#define SAME_ALARM			0.02

/* What is known of a figure in one period. */
typedef struct Estimate
{
	bool		is_known;		/* its spread, too */
	double		value;
	double		variance;		/* of the value */
	double		freedom;		/* degrees of freedom of the variance */
	double		wander;			/* variance of a run, by long parts of this
								 * one */
	double		wander_freedom; /* degrees of freedom of it */
} Estimate;

/* One number of a block. */
typedef double (*BlockValue) (const PeriodBlock *block, int which);

/* The same number of all calls of a period. */
typedef double (*WholeValue) (const PeriodMeasure *measure, int which);

/* A time that is judged, as a logarithm. */
typedef struct TimeFigure
{
	BlockValue	block;
	WholeValue	whole;
	int			which;
	double		least;			/* the factor that matters */
	double		unlike;			/* what changes others alike changes one by
								 * this share more or less */
} TimeFigure;

/* What two periods are compared with, and how. */
typedef struct Comparison
{
	const PeriodMeasure *before;
	const PeriodMeasure *after;
	const PeriodControls *controls;
	double		alarm;			/* probability of a false alarm of one figure */
} Comparison;

/*
 * The upper quantile of the normal distribution that is exceeded, on either side, with
 * this probability (Abramowitz and Stegun 26.2.23).
 */
static double
normal_deviations(double alarm)
{
	double		t = sqrt(-2 * log(alarm / 2));

	return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/* The same of Student's t distribution (Hill, Communications of the ACM 13, 1970). */
static double
deviations(double alarm, double freedom)
{
	double		n = Max(freedom, 1);
	double		a = 1 / (n - 0.5);
	double		b = 48 / (a * a);
	double		c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
	double		d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * M_PI_2) * n;
	double		y = pow(d * alarm, 2 / n);

	if (y > 0.05 + a)
	{
		double		x = -normal_deviations(alarm);

		y = x * x;
		if (n < 5)
			c += 0.3 * (n - 4.5) * (x + 0.6);
		c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c;
		y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
		y = a * y * y;
		y = y > 0.002 ? exp(y) - 1 : 0.5 * y * y + y;
	}
	else
		y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) +
			  0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2) + 1 / y;
	return sqrt(n * y);
}

/* The logarithm of a quantile. */
static double
block_quantile(const PeriodBlock *block, int which)
{
	return block->quantile[which];
}

/* The same of all calls. */
static double
whole_quantile(const PeriodMeasure *measure, int which)
{
	return log(histogram_between(&measure->latency, block_quantiles[which]));
}

/* The logarithm of the mean. */
static double
block_mean(const PeriodBlock *block, int which)
{
	return log(Max(block->total_us, 1) / block->calls);
}

/* The same of all calls. */
static double
whole_mean(const PeriodMeasure *measure, int which)
{
	return log(Max(measure->total_us, 1) / Max(measure->calls, 1));
}

/* The logarithm of the seconds per call, all sessions together. */
static double
block_pace(const PeriodBlock *block, int which)
{
	return log(Max(block->seconds, 0.001) / block->calls);
}

/* The same of all calls. */
static double
whole_pace(const PeriodMeasure *measure, int which)
{
	return -log(Max(calls_per_second(&measure->series), 0.001));
}

/* The logarithm of the yardstick. */
static double
block_yardstick(const PeriodBlock *block, int which)
{
	return block->yardstick;
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

/* Seconds that a series lasts, as far as there were calls. */
static double
series_seconds(const BlockSeries *series)
{
	double		seconds = 0;

	for (int i = 0; i < series->count; i++)
		seconds += series->block[i].seconds;
	return seconds;
}

/* The mean of a number between two times of a series, of all of it if it has none then. */
static double
mean_between(const BlockSeries *series, BlockValue number, int which,
			 double from, double until)
{
	double		begin = 0;
	double		sum = 0;
	double		weight = 0;
	double		all = 0;
	double		calls = 0;

	for (int i = 0; i < series->count; i++)
	{
		const PeriodBlock *block = &series->block[i];
		double		end = begin + block->seconds;
		double		overlap = Min(end, until) - Max(begin, from);

		begin = end;
		if (block->calls == 0)
			continue;
		all += number(block, which) * block->calls;
		calls += block->calls;
		if (overlap <= 0)
			continue;
		sum += number(block, which) * overlap;
		weight += overlap;
	}
	if (weight > 0)
		return sum / weight;
	return calls > 0 ? all / calls : 0;
}

/* Values of a few blocks, or of batches of them. */
typedef struct WeightedValues
{
	int			count;
	double		value[BLOCKS];
	double		weight[BLOCKS];
} WeightedValues;

/*
 * A number of each block of a series, weighted with its calls, less the mean of what
 * went on beside it: as far as that lasted as long.
 */
static void
collect_values(const BlockSeries *series, BlockValue number, int which,
			   const PeriodMeasure *const *beside, int count, WeightedValues *values)
{
	double		seconds = series_seconds(series);
	double		from = 0;

	values->count = 0;
	for (int i = 0; i < series->count; i++)
	{
		const PeriodBlock *block = &series->block[i];
		double		until = from + block->seconds;
		double		value;

		if (block->calls > 0 || number == block_errors)
		{
			value = number(block, which);
			for (int c = 0; c < count; c++)
			{
				bool		is_beside = fabs(series_seconds(&beside[c]->series) - seconds) <=
					CONCURRENT * seconds;

				value -= mean_between(&beside[c]->series, number, which,
									  is_beside ? from : -1, is_beside ? until : -1) / count;
			}
			values->value[values->count] = value;
			values->weight[values->count++] = (double) block->calls + block->errors;
		}
		from = until;
	}
}

/* Join so many neighbours to a batch. */
static void
join_values(const WeightedValues *values, int joined, WeightedValues *batches)
{
	batches->count = values->count / joined;
	for (int i = 0; i < batches->count; i++)
	{
		double		sum = 0;
		double		weight = 0;

		for (int part = i * joined; part < (i + 1) * joined; part++)
		{
			sum += values->value[part] * values->weight[part];
			weight += values->weight[part];
		}
		batches->value[i] = sum / weight;
		batches->weight[i] = weight;
	}
}

/*
 * The weighted mean of values, the variance of one of them, and as many of equal
 * weight as they are worth.
 */
static double
weighted_mean(const WeightedValues *values, double *variance, double *worth)
{
	double		weight = 0;
	double		squares = 0;
	double		mean = 0;

	for (int i = 0; i < values->count; i++)
	{
		weight += values->weight[i];
		squares += values->weight[i] * values->weight[i];
		mean += values->value[i] * values->weight[i];
	}
	mean /= Max(weight, 1);
	*variance = 0;
	for (int i = 0; i < values->count; i++)
		*variance += values->weight[i] * (values->value[i] - mean) *
			(values->value[i] - mean) / weight;
	*worth = weight * weight / Max(squares, 1);
	*variance *= *worth / Max(*worth - 1, 0.5);
	return mean;
}

/*
 * Estimate a number from the blocks of a series, as it is beside others.  The variance
 * is the mean over all lengths of batches: few long ones tell little by themselves.  It
 * stays unknown of few blocks.
 */
static Estimate
estimate_over_blocks(const BlockSeries *series, BlockValue number, int which,
					 const PeriodMeasure *const *beside, int count)
{
	Estimate	estimate = {.is_known = false};
	WeightedValues values;
	int			lengths = 0;

	collect_values(series, number, which, beside, count, &values);
	for (int joined = 1; values.count / joined >= FEWEST_BATCHES; joined *= 2)
	{
		WeightedValues batches;
		double		variance;
		double		worth;
		double		mean;

		join_values(&values, joined, &batches);
		mean = weighted_mean(&batches, &variance, &worth);
		if (joined == 1)
		{
			estimate.value = mean;
			estimate.freedom = Max(worth - 1, 1);
		}
		estimate.is_known = true;
		estimate.wander = RUN_WANDERS * variance;
		estimate.wander_freedom = Max(worth - 1, 1);
		estimate.variance += variance / worth;
		lengths++;
	}
	estimate.variance /= Max(lengths, 1);
	return estimate;
}

/*
 * The variance that the logarithm of a quantile has if the calls are independent of
 * each other.
 */
static double
quantile_variance(const PeriodMeasure *measure, int which)
{
	double		q = block_quantiles[which];
	double		share = sqrt(q * (1 - q) / Max(measure->calls, 1));
	double		width = log(histogram_between(&measure->latency, Min(q + share, 1)) /
							histogram_between(&measure->latency, Max(q - share, 0))) / 2;

	return width * width;
}

/* Estimate a time of one period, as it is beside others. */
static Estimate
estimate_time(const PeriodMeasure *measure, const TimeFigure *figure,
			  const PeriodMeasure *const *beside, int count)
{
	Estimate	estimate = estimate_over_blocks(&measure->series, figure->block, figure->which,
												beside, count);

	if (figure->block != block_quantile)
		return estimate;
	if (measure->calls * (1 - block_quantiles[figure->which]) <
		FEWEST_BEYOND * measure->series.count)
		estimate.is_known = false;
	estimate.variance = Max(estimate.variance, quantile_variance(measure, figure->which));
	return estimate;
}

/* A count per call. */
static Estimate
estimate_count(const PeriodMeasure *measure, double sum, BlockValue number)
{
	Estimate	estimate = estimate_over_blocks(&measure->series, number, 0, NULL, 0);

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
 * Judge a change and its interval, which is to hold all but "alarm" of what is none.
 * Within +- "least" it does not matter, and it is the same if it cannot be twice as
 * much; larger is worse.
 */
static FigureChange
judge_change(double change, double variance, double freedom, double least, double alarm)
{
	double		deviation = variance > 0 ? sqrt(variance) : 0;
	double		width = deviation * deviations(alarm, freedom);

	if (change - width > 0 && change > least)
		return CHANGE_WORSE;
	if (change + width < 0 && change < -least)
		return CHANGE_BETTER;
	if (fabs(change) <= least &&
		fabs(change) + deviation * deviations(SAME_ALARM, freedom) <= 2 * least)
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

/* What others tell of a change: what they explain of it, and how far they differ. */
typedef struct Control
{
	double		change;
	double		variance;
} Control;

/* What the yardstick has changed by, weighted with the calls of both periods. */
static double
yardstick_change(const Comparison *comparison)
{
	const BlockSeries *before = &comparison->before->series;
	const BlockSeries *after = &comparison->after->series;

	return mean_between(after, block_yardstick, 0, -1, -1) -
		mean_between(before, block_yardstick, 0, -1, -1);
}

/* The mean of a figure over all calls of a series. */
static double
series_mean(const BlockSeries *series, const TimeFigure *figure)
{
	return mean_between(series, figure->block, figure->which, -1, -1);
}

/*
 * What the figure of the controls has changed by, and the variance of what a further
 * statement may have changed by that nothing has changed.
 */
static Control
control_change(const PeriodControls *controls, const TimeFigure *figure)
{
	Control		control = {.variance = RESIDUAL * RESIDUAL};
	double		squares = 0;
	int			count = controls->count;

	for (int i = 0; i < count; i++)
	{
		double		change = series_mean(&controls->after[i]->series, figure) -
			series_mean(&controls->before[i]->series, figure);

		control.change += change / count;
		squares += change * change;
	}
	control.variance += pow(figure->unlike * control.change, 2);
	control.variance = Max(control.variance,
						   (squares - count * control.change * control.change) / (count - 1) *
						   (1 + 1.0 / count));
	return control;
}

/*
 * Put two judgements together, that of the times and that of the times in units of
 * the yardstick: what has changed by one alone may be the machine's doing.
 */
static FigureChange
agree(FigureChange times, FigureChange units)
{
	if (times == units || (times == CHANGE_SAME && units == CHANGE_UNSURE))
		return times;
	return CHANGE_UNSURE;
}

/*
 * Judge a time that has no controls, or of what they do not explain: the change of a
 * run as a whole is as large as long parts of the runs differ.
 */
static FigureChange
judge_alone(const Comparison *comparison, const Estimate *old, const Estimate *new,
			double change, double least)
{
	double		variance = old->variance + new->variance + old->wander + new->wander;
	double		freedom = old->wander_freedom + new->wander_freedom;

	return agree(judge_change(change, variance, freedom, least, comparison->alarm),
				 judge_change(change - yardstick_change(comparison), variance, freedom,
							  least, comparison->alarm));
}

/* Judge a time, beside the controls if there are any. */
static FigureChange
compare_times(const Comparison *comparison, const TimeFigure *figure)
{
	const PeriodControls *controls = comparison->controls;
	Estimate	old = estimate_time(comparison->before, figure, NULL, 0);
	Estimate	new = estimate_time(comparison->after, figure, NULL, 0);
	double		least = log(figure->least);
	double		change = new.value - old.value;
	double		explained;
	Control		control;
	FigureChange found;

	if (!old.is_known || !new.is_known)
		return CHANGE_UNSURE;
	if (controls->count < FEWEST_CONTROLS || figure->unlike == NO_CONTROLS)
		return judge_alone(comparison, &old, &new, change, least);
	control = control_change(controls, figure);
	explained = Min(EXPLAINED_WANDERS * sqrt(old.wander + new.wander) +
					fabs(yardstick_change(comparison)), log(MOST_EXPLAINED));
	if (fabs(control.change) > explained)
		return judge_alone(comparison, &old, &new,
						   change - (control.change > 0 ? explained : -explained), least);
	old = estimate_time(comparison->before, figure, controls->before, controls->count);
	new = estimate_time(comparison->after, figure, controls->after, controls->count);
	found = judge_change(new.value - old.value,
						 Max(old.variance + new.variance, control.variance),
						 joint_freedom(&old, &new, 1, 1), least, comparison->alarm);
	change = figure->whole(comparison->after, figure->which) -
		figure->whole(comparison->before, figure->which);
	return found == CHANGE_SAME && fabs(change) > least ? CHANGE_UNSURE : found;
}

/*
 * Judge a count per call.  The interval is that of the logarithm of the ratio, by
 * the first term of its series.
 */
static FigureChange
compare_counts(const Estimate *old, const Estimate *new, double calls_before,
			   double calls_after, double least, double alarm)
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
						joint_freedom(old, new, weight_old, weight_new), log(least),
						alarm);
}

/* The share of calls that fail. */
static Estimate
estimate_errors(const PeriodMeasure *measure)
{
	double		all = Max(measure->calls + measure->errors, 1);
	Estimate	estimate = estimate_over_blocks(&measure->series, block_errors, 0, NULL, 0);

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
compare_errors(const PeriodMeasure *before, const PeriodMeasure *after, double alarm)
{
	Estimate	old = estimate_errors(before);
	Estimate	new = estimate_errors(after);

	return judge_change(new.value - old.value, old.variance + new.variance,
						joint_freedom(&old, &new, 1, 1), CHANGE_OF_ERRORS, alarm);
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

/* The logarithm of a time. */
static const TimeFigure time_figures[COMPARE_FIGURES] = {
	[COMPARE_P50] = {block_quantile, whole_quantile, 0, CHANGE_OF_TIME, 0.05},
	[COMPARE_P90] = {block_quantile, whole_quantile, 1, CHANGE_OF_TIME, 0.15},
	[COMPARE_P95] = {block_quantile, whole_quantile, 2, CHANGE_OF_TIME, 0.30},
	[COMPARE_P99] = {block_quantile, whole_quantile, 3, CHANGE_OF_FAR_TAIL, 0.40},
	[COMPARE_MEAN] = {block_mean, whole_mean, 0, CHANGE_OF_TIME, 0.20},
	[COMPARE_RATE] = {block_pace, whole_pace, 0, CHANGE_OF_TIME, NO_CONTROLS}
};

/*
 * Compare two periods, both of which have calls or errors, one of "rows" pairs that
 * are compared at a time.  parts_are_cost: fewer of them are better, as of the
 * statements of a request; else more of them are worse, as of the rows of a
 * statement, and fewer say nothing.
 */
void
compare_periods(const PeriodMeasure *before, const PeriodMeasure *after,
				bool parts_are_cost, const PeriodControls *controls, int rows,
				PeriodComparison *result)
{
	FigureChange *figure = result->figure;
	Comparison	comparison = {
		.before = before,.after = after,.controls = controls,
		.alarm = 1 / (ALARMS * FIGURES_OF_ROW * Max(rows, 1))
	};
	Estimate	old = estimate_count(before, before->blocks, block_blocks);
	Estimate	new = estimate_count(after, after->blocks, block_blocks);

	for (int i = 0; i < COMPARE_FIGURES; i++)
	{
		if (time_figures[i].block != NULL)
			figure[i] = compare_times(&comparison, &time_figures[i]);
	}
	figure[COMPARE_BLOCKS] = compare_counts(&old, &new, before->calls, after->calls,
											CHANGE_OF_BLOCKS, comparison.alarm);
	old = estimate_statements(before);
	new = estimate_statements(after);
	figure[COMPARE_PARTS] = compare_counts(&old, &new, before->calls, after->calls,
										   parts_are_cost ? CHANGE_OF_PARTS :
										   CHANGE_OF_BLOCKS, comparison.alarm);
	if (!parts_are_cost && figure[COMPARE_PARTS] == CHANGE_BETTER)
		figure[COMPARE_PARTS] = CHANGE_SAME;
	figure[COMPARE_ERRORS] = compare_errors(before, after, comparison.alarm);
	result->all = sum_up(figure);
}
