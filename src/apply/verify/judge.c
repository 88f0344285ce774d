/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Did an index make a statement faster or slower, all else aside?
 *
 * Three things are measured or asked, and none decides alone:
 *
 * Latencies, before and after, by three tests on their histograms.  A difference
 * that is certain but small does not matter: the mean must have changed by
 * JUDGE_CHANGE as well.  Calls that follow each other are not independent, so no
 * side counts for more than MEASURE_SAMPLE calls.
 *
 * - Ranks, by the Mann-Whitney test: how often did a call before take longer than
 *   one after, whatever the shape of the distributions?  Outliers count no more
 *   than others, so that it sees what happened to most calls, and to no others.
 * - The total, by Welch's test of the means: what all calls together took, few
 *   long ones among them.
 * - The tail, by Fisher's exact test: is the share of calls larger that take
 *   JUDGE_LARGE_CHANGE times as long as nearly all did before?  It needs neither
 *   many calls nor a normal distribution.
 *
 * Any of them shows that a statement became slower; that it became faster is
 * shown by most of its calls.  Twice the blocks are enough where an index was
 * dropped that the planner would use, unless the ranks are sure that the statement
 * became faster; and for a write that pays for an index, whose time is little and
 * drowns in that of other things.  For a write half as many blocks more are enough if it writes half as much more WAL as well: entries in indexes do
 * both.  They are enough for a read, too, that does not use the index, where that
 * has put an end to HOT updates.
 *
 * Blocks per call: load, other processes and the cache change latencies, but
 * not how many blocks a call touches.  So time and blocks must not contradict
 * each other; if the cache was colder after than before, fewer blocks are
 * enough, and if it was warmer, less time is not.  A plan may do with more blocks,
 * and take less time: reading an index in the order of a sort that is saved.  There
 * time decides, if the planner says that the index is why.
 *
 * The planner is asked what the statement would cost without the index, with
 * parameters that it had: its answer depends neither on other parameters nor
 * on anything else that happened meanwhile.  A statement whose plan does not
 * use the index was not changed by it, but for the overhead of a write, and what
 * that does to reads: updates that are not HOT any more leave entries of dead rows in all
 * indexes of the table until it is vacuumed, and move rows away from those beside
 * them.  Where a read touches clearly more blocks for neither reason, something else
 * is the cause, which is said.
 *
 * Where calls return another number of rows than before, time and blocks are
 * expected to have changed in proportion; a call that finds nothing counts as
 * the work of one row less.
 *
 * Whatever it saves, an index must not make statements fail: one whose expression
 * raises an error for some rows, one whose entries cannot be as long as the rows'
 * values.  So the share of executions that failed is compared as well, of writes
 * whatever their plans are, as these keep all indexes.  Interruptions do not count,
 * nor do attempts without rights, or anybody could have an index reverted.
 *
 * A write pays for keeping an index that its plan does not use.  It is
 * charged with the time of the blocks that it touches more, at most, and with its
 * share of that if other indexes of the table came meanwhile that it has to keep,
 * too.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/judge.h"

#include <math.h>

#include "common/slower.h"

static const char *const judgement_names[] = {
	"unknown", "same", "unclear", "faster", "slower"
};

static const char *const rule_names[] = {
	NULL, "ranks", "total", "tail", "blocks"
};

/* Which of time and blocks per call have changed enough to count. */
typedef struct Change
{
	bool		time_fell;
	bool		time_rose;
	bool		blocks_clearly; /* rose by CLEARLY_SLOWER */
	bool		blocks_doubled; /* rose by JUDGE_LARGE_CHANGE */
	bool		writes_more;	/* blocks and WAL rose by CLEARLY_SLOWER */
	bool		large;			/* both changed by JUDGE_LARGE_CHANGE */
	bool		blocks_fell;
	bool		blocks_rose;
} Change;

/* The name of a judgement in the verdict of a job. */
const char *
judgement_name(Judgement judgement)
{
	return judgement_names[judgement];
}

/* The name of a rule in the verdict of a job; NULL for none. */
const char *
judge_rule_name(JudgeRule rule)
{
	return rule_names[rule];
}

/* Mean time of a call, in microseconds; 0 without calls. */
double
judge_mean_us(const Measure *measure)
{
	return measure->calls > 0 ? measure->total_us / measure->calls : 0;
}

/* Mean number of shared blocks that a call touches; 0 without calls. */
double
judge_blocks(const Measure *measure)
{
	return measure->calls > 0 ? measure->blocks / measure->calls : 0;
}

/* ------------------------------------------------------------------------
 * The tests
 * ------------------------------------------------------------------------ */

/*
 * Share of the pairs of a call before and a call after in which that before
 * took longer; equal buckets count half.  *ties is the sum of t^3 over shares t
 * of the calls that have the same bucket, for the variance.
 */
static double
superiority(const Histogram *before, const Histogram *after, double *ties)
{
	double		n_before = (double) histogram_total(before);
	double		n_after = (double) histogram_total(after);
	double		faster_after = 0;	/* share of the calls after, so far */
	double		result = 0;

	*ties = 0;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		double		share_before = before->count[i] / n_before;
		double		share_after = after->count[i] / n_after;

		result += share_before * (faster_after + 0.5 * share_after);
		faster_after += share_after;
		*ties += pow((share_before + share_after) / 2.0, 3);
	}
	return result;
}

/*
 * Compare the latencies of both sides by the Mann-Whitney test, with the usual
 * correction of its variance for ties.  Sets superiority, and deviation unless
 * all calls have one bucket.
 */
static void
test_ranks(MeasureComparison *comparison)
{
	double		n_before = Min(comparison->before->calls, MEASURE_SAMPLE);
	double		n_after = Min(comparison->after->calls, MEASURE_SAMPLE);
	double		ties;
	double		variance;

	comparison->superiority = superiority(&comparison->before->latency,
										  &comparison->after->latency, &ties);
	variance = (1.0 - ties) * (n_before + n_after + 1.0) /
		(12.0 * n_before * n_after);
	if (variance > 0)
		comparison->deviation = (comparison->superiority - 0.5) / sqrt(variance);
}

/*
 * The mean of the latencies in microseconds, and its variance as that of so many
 * independent calls.
 */
static double
mean_latency(const Histogram *histogram, double calls, double *variance)
{
	double		total = (double) histogram_total(histogram);
	double		mean = 0;
	double		square = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		double		us = histogram_value(i);

		if (histogram->count[i] == 0)
			continue;
		mean += us * (histogram->count[i] / total);
		square += us * us * (histogram->count[i] / total);
	}
	*variance = Max(square - mean * mean, 0) / Max(calls - 1, 1);
	return mean;
}

/*
 * Compare the means of both sides by Welch's test.  Sets mean_deviation, unless
 * all calls of either side have one bucket.
 */
static void
test_means(MeasureComparison *comparison)
{
	const Measure *before = comparison->before;
	const Measure *after = comparison->after;
	double		variance_before;
	double		variance_after;
	double		difference =
		mean_latency(&after->latency, Min(after->calls, MEASURE_SAMPLE),
					 &variance_after) -
		mean_latency(&before->latency, Min(before->calls, MEASURE_SAMPLE),
					 &variance_before);

	if (variance_before + variance_after > 0)
		comparison->mean_deviation =
			difference / sqrt(variance_before + variance_after);
}

/* Calls, of at most MEASURE_SAMPLE, that took longer than that. */
static double
count_slow(const Measure *measure, double us)
{
	double		total = (double) histogram_total(&measure->latency);
	double		slow = 0;

	for (int i = histogram_bucket(us) + 1; i < HISTOGRAM_BUCKETS; i++)
		slow += measure->latency.count[i];
	return floor(slow / total * Min(measure->calls, MEASURE_SAMPLE));
}

/* Natural logarithm of the number of ways to choose k of n. */
static double
log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/*
 * Compare the shares of slow calls by Fisher's exact test.  Sets tail_chance:
 * that of as many slow calls after, or more, if those of both sides were dealt
 * out at random.
 */
static void
test_tail(MeasureComparison *comparison)
{
	const Measure *before = comparison->before;
	const Measure *after = comparison->after;
	double		n_before = floor(Min(before->calls, MEASURE_SAMPLE));
	double		n_after = floor(Min(after->calls, MEASURE_SAMPLE));
	double		slow_us = JUDGE_LARGE_CHANGE *
		histogram_quantile(&before->latency, JUDGE_TAIL_QUANTILE);
	double		slow_after = count_slow(after, slow_us);
	double		slow = slow_after + count_slow(before, slow_us);
	double		chance = 0;

	for (double k = slow_after; k <= Min(slow, n_after); k++)
	{
		if (slow - k <= n_before)
			chance += exp(log_choose(n_after, k) + log_choose(n_before, slow - k) -
						  log_choose(n_before + n_after, slow));
	}
	comparison->tail_chance = Min(chance, 1);
}

/*
 * Does a statement fail since the index was made, or dropped, that did not before,
 * or more often?  A row that no index could hold is proof enough, if one was made.
 * Else the failures are compared by the binomial test: as likely on either side, so
 * many of them would have come since by chance.  Those that follow each other are
 * not independent, hence no more than MEASURE_SAMPLE count.
 */
static bool
began_to_fail(const Measure *before, const Measure *after, bool dropped)
{
	double		executions_before = before->calls + before->errors;
	double		executions_after = after->calls + after->errors;
	double		share = executions_after / (executions_before + executions_after);
	double		all = Min(before->errors + after->errors, MEASURE_SAMPLE);
	double		chance = 0;

	if (!dropped && after->refused > 0 && before->refused == 0)
		return true;
	if (after->errors < JUDGE_LEAST_FAILURES || executions_before <= 0)
		return false;
	for (double k = floor(after->errors * (all / (before->errors + after->errors)));
		 k <= all; k++)
		chance += exp(log_choose(all, k) + k * log(share) +
					  (all - k) * log1p(-share));
	return chance <= JUDGE_FAILURE_CHANCE;
}

/* ------------------------------------------------------------------------
 * The rules
 * ------------------------------------------------------------------------ */

/* Share of the blocks touched that was not in the cache. */
static double
read_share(const Measure *measure)
{
	return measure->blocks > 0 ? measure->blocks_read / measure->blocks : 0;
}

/*
 * Which of time and blocks changed, beyond what the number of rows explains.
 * Even a call that finds no row has something to do, hence one is added to both
 * sides of the ratio.  Both sides have calls.
 */
static Change
find_change(const MeasureComparison *comparison)
{
	const Measure *before = comparison->before;
	const Measure *after = comparison->after;
	double		rows = (after->rows / after->calls + 1) /
		(before->rows / before->calls + 1);
	double		less = Min(rows, 1);
	double		more = Max(rows, 1);
	double		blocks = after->write ? JUDGE_WRITE_BLOCKS : JUDGE_CHANGE;
	double		time = judge_mean_us(after) / judge_mean_us(before);
	double		touched = judge_blocks(after) / Max(judge_blocks(before), 1);
	Change		change = {
		.time_fell = time <= (1 - JUDGE_CHANGE) * less,
		.time_rose = time >= (1 + JUDGE_CHANGE) * more,
		.blocks_fell = judge_blocks(after) <=
		(1 - blocks) * less * judge_blocks(before),
		.blocks_rose = judge_blocks(after) >=
		(1 + blocks) * more * judge_blocks(before),
		.blocks_clearly = touched >= more * CLEARLY_SLOWER,
		.blocks_doubled = touched >= more * JUDGE_LARGE_CHANGE,
		.writes_more = after->write && before->wal > 0 &&
		touched >= more * CLEARLY_SLOWER &&
		after->wal / after->calls >= more * CLEARLY_SLOWER * before->wal / before->calls,
		.large = (time <= less / JUDGE_LARGE_CHANGE &&
				  touched <= less / JUDGE_LARGE_CHANGE) ||
		(time >= more * JUDGE_LARGE_CHANGE &&
		 touched >= more * JUDGE_LARGE_CHANGE)
	};

	return change;
}

/* Does a call touch more blocks than before, beyond what rows explain? */
bool
judge_blocks_rose(const MeasureComparison *comparison)
{
	return comparison->before->calls > 0 && comparison->after->calls > 0 &&
		find_change(comparison).blocks_rose;
}

/* The first of the tests that is sure that the time rose. */
static JudgeRule
rule_of_rise(const MeasureComparison *comparison, const Change *change)
{
	if (!change->time_rose)
		return RULE_NONE;
	if (comparison->deviation <= -JUDGE_DEVIATION)
		return RULE_RANKS;
	if (comparison->mean_deviation >= JUDGE_DEVIATION)
		return RULE_TOTAL;
	return comparison->tail_chance <= (change->large ? JUDGE_LARGE_TAIL_CHANCE :
									   JUDGE_TAIL_CHANCE) ?
		RULE_TAIL : RULE_NONE;
}

/*
 * Did the blocks rise so much that they are enough?  Those of a read are exact, but
 * tell of other plans and parameters as well: the planner has to say what of it is
 * due to the index.
 */
static bool
do_blocks_speak(const MeasureComparison *comparison, const Change *change)
{
	if (comparison->after->write)
		return change->writes_more || change->blocks_doubled;
	return comparison->dropped ?
		change->blocks_doubled && comparison->deviation < JUDGE_DEVIATION :
		change->blocks_clearly;
}

/*
 * The judgement by time and blocks alone, which the planner may overrule;
 * "unclear" if they contradict each other.  Sets the rule that spoke.
 */
static Judgement
judgement_by_measures(MeasureComparison *comparison)
{
	Change		change = find_change(comparison);
	double		colder = read_share(comparison->after) -
		read_share(comparison->before);
	bool		may_rise = !comparison->after->write && !comparison->dropped;

	if (change.blocks_fell && !change.time_fell && colder > JUDGE_CACHE)
	{
		comparison->rule = RULE_BLOCKS;
		return JUDGED_FASTER;
	}
	if (change.time_fell &&
		(change.blocks_fell || (comparison->deviation >= JUDGE_DEVIATION &&
								(may_rise || !change.blocks_rose) &&
								colder >= -JUDGE_CACHE)))
	{
		comparison->rule = comparison->deviation >= JUDGE_DEVIATION ?
			RULE_RANKS : RULE_TOTAL;
		return JUDGED_FASTER;
	}
	comparison->rule = rule_of_rise(comparison, &change);
	if (comparison->rule == RULE_NONE && do_blocks_speak(comparison, &change))
	{
		comparison->rule = RULE_BLOCKS;
		return JUDGED_SLOWER;
	}
	if (comparison->rule != RULE_NONE)
		return change.blocks_rose ? JUDGED_SLOWER : JUDGED_UNCLEAR;
	return change.blocks_fell ? JUDGED_UNCLEAR : JUDGED_SAME;
}

/*
 * Microseconds that all calls after have saved by the blocks they touch less,
 * each at the lower of the prices before and after.
 */
static double
saved_by_blocks_us(const MeasureComparison *comparison)
{
	const Measure *before = comparison->before;
	const Measure *after = comparison->after;
	double		block_us = Min(before->total_us / Max(before->blocks, 1),
							   after->total_us / Max(after->blocks, 1));

	return (judge_blocks(before) - judge_blocks(after)) * block_us * after->calls;
}

/*
 * Microseconds that all calls after may have saved, of which it is unclear whether
 * they have: by their times; or, unless their ranks say that most became slower, by the
 * blocks that they touch less, as a single call that was held up can take longer than all
 * others together.
 */
double
judge_may_have_saved_us(const MeasureComparison *comparison)
{
	double		saved = judge_mean_us(comparison->before) * comparison->after->calls -
		comparison->after->total_us;

	if (comparison->deviation > -JUDGE_DEVIATION)
		saved = Max(saved, saved_by_blocks_us(comparison));
	return Max(saved, 0);
}

/*
 * Does a read that does not use the index touch clearly more blocks since it has
 * ended HOT updates?  Its times count for nothing then: whatever made it faster was
 * not the index.
 */
static bool
meets_dead_rows(const MeasureComparison *comparison)
{
	return !comparison->after->write && comparison->hot_share > 0 &&
		comparison->planner_check == PLANNER_CHECK_UNUSED &&
		find_change(comparison).blocks_clearly;
}

/*
 * Is the judgement about the write overhead of the index, by a write whose plan
 * does not gain by it?
 */
static bool
is_overhead(const MeasureComparison *comparison, Judgement judgement)
{
	if (!comparison->after->write || comparison->planner_check == PLANNER_CHECK_WORTH)
		return false;
	return comparison->dropped ?
		judgement == JUDGED_FASTER && find_change(comparison).blocks_fell :
		judgement == JUDGED_SLOWER;
}

/* The share of the index in what is judged to be about its write overhead. */
static double
share_of_index(const MeasureComparison *comparison)
{
	return comparison->after->write ?
		comparison->overhead_share : comparison->hot_share;
}

/*
 * Microseconds that all calls after have saved; negative: lost.  Upkeep saves
 * and costs no more than its blocks do, and of that the index's share.
 */
static double
saved_by_calls_us(const MeasureComparison *comparison)
{
	double		saved = judge_mean_us(comparison->before) * comparison->after->calls -
		comparison->after->total_us;
	double		by_blocks = saved_by_blocks_us(comparison);

	if (comparison->rule != RULE_BLOCKS &&
		(!comparison->is_overhead || fabs(saved) < fabs(by_blocks)))
		by_blocks = saved;
	return comparison->is_overhead ? share_of_index(comparison) * by_blocks : by_blocks;
}

/*
 * The judgement, given what the planner answered (comparison->planner_check) to
 * the one by measures.  Upkeep that other indexes cause is none of this one's.
 */
static Judgement
judgement_by_planner(const MeasureComparison *comparison, Judgement judgement)
{
	Change		change = find_change(comparison);
	bool		by_blocks = judgement == JUDGED_SLOWER &&
		comparison->rule == RULE_BLOCKS;

	if (comparison->is_overhead)
		return share_of_index(comparison) > 0 ? judgement : JUDGED_SAME;
	switch (comparison->planner_check)
	{
		case PLANNER_CHECK_UNUSED:
			return change.blocks_clearly && !comparison->after->write ?
				JUDGED_UNCLEAR : JUDGED_SAME;
		case PLANNER_CHECK_EQUAL:
			return change.blocks_fell || change.blocks_rose ?
				JUDGED_UNCLEAR : JUDGED_SAME;
		case PLANNER_CHECK_WORTH:
			return by_blocks && !comparison->dropped ? JUDGED_UNCLEAR : judgement;
		case PLANNER_CHECK_NONE:
			break;
	}
	/* If the planner cannot be asked, time and blocks have to agree. */
	return (judgement == JUDGED_FASTER && !change.blocks_fell) || by_blocks ?
		JUDGED_UNCLEAR : judgement;
}

/* Did time and blocks change so much that few calls are enough to see it? */
static bool
is_plain(const MeasureComparison *comparison)
{
	return find_change(comparison).large &&
		(fabs(comparison->deviation) >= JUDGE_DEVIATION ||
		 comparison->tail_chance <= JUDGE_LARGE_TAIL_CHANCE);
}

/*
 * Compare what a statement did before and after an index was made, or dropped
 * if "dropped" is set, and fill in *comparison, which keeps pointers to both.
 * Returns true if something changed: then the caller asks the planner and calls
 * judge_decide().
 */
bool
judge_compare(const Measure *before, const Measure *after, bool dropped,
			  MeasureComparison *comparison)
{
	memset(comparison, 0, sizeof(*comparison));
	comparison->overhead_share = 1;
	comparison->tail_chance = 1;
	comparison->before = before;
	comparison->after = after;
	comparison->dropped = dropped;
	comparison->judgement = JUDGED_UNKNOWN;
	comparison->fails = began_to_fail(before, after, dropped);
	if (before->calls == 0 || after->calls == 0)
		return false;
	test_ranks(comparison);
	test_means(comparison);
	test_tail(comparison);
	if (Min(before->calls, after->calls) < JUDGE_LEAST_CALLS &&
		!is_plain(comparison))
		return false;
	comparison->judgement = judgement_by_measures(comparison);
	return comparison->judgement != JUDGED_SAME;
}

/*
 * Decide, by the planner's answer, if the index has changed the statement.  To
 * be called where judge_compare() returned true; comparison->overhead_share and
 * hot_share are set by then.
 */
void
judge_decide(MeasureComparison *comparison, PlannerCheck planner_check)
{
	comparison->planner_check = planner_check;
	if (meets_dead_rows(comparison))
	{
		comparison->rule = RULE_BLOCKS;
		comparison->judgement = JUDGED_SLOWER;
		comparison->is_overhead = true;
	}
	else
		comparison->is_overhead = is_overhead(comparison, comparison->judgement);
	comparison->judgement = judgement_by_planner(comparison, comparison->judgement);
	if (comparison->judgement >= JUDGED_FASTER)
		comparison->saved_us = saved_by_calls_us(comparison);
}
