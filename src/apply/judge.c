/*-------------------------------------------------------------------------
 *
 * judge.c
 *	  Did a statement become faster or slower, noise aside?
 *
 *-------------------------------------------------------------------------
 */
#include "apply/judge.h"

#include <math.h>

static const char *const judgement_names[] = {
	"unknown", "same", "faster", "slower"
};

/* See judge.h. */
const char *
judgement_name(Judgement judgement)
{
	return judgement_names[judgement];
}

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

/* Test the distributions. */
static void
test_latencies(Comparison *comparison)
{
	double		n_before = Min(comparison->before->calls, JUDGE_SAMPLE);
	double		n_after = Min(comparison->after->calls, JUDGE_SAMPLE);
	double		ties;
	double		variance;

	comparison->superiority = superiority(&comparison->before->latency,
										  &comparison->after->latency, &ties);
	variance = (1.0 - ties) * (n_before + n_after + 1.0) /
		(12.0 * n_before * n_after);
	if (variance > 0)
		comparison->deviation = (comparison->superiority - 0.5) / sqrt(variance);
}

/* The judgement, from all that is known. */
static Judgement
decide(const Comparison *comparison)
{
	const Measure *before = comparison->before;
	const Measure *after = comparison->after;
	double		mean_before = before->total_us / before->calls;
	double		mean_after = after->total_us / after->calls;
	double		blocks_before = before->blocks / before->calls;
	double		blocks_after = after->blocks / after->calls;

	if (mean_after <= (1.0 - JUDGE_CHANGE) * mean_before &&
		(comparison->deviation >= JUDGE_DEVIATION ||
		 blocks_after <= (1.0 - JUDGE_CHANGE) * blocks_before))
		return JUDGED_FASTER;
	if (mean_after >= (1.0 + JUDGE_CHANGE) * mean_before &&
		comparison->deviation <= -JUDGE_DEVIATION &&
		blocks_after > (after->write ? blocks_before :
						(1.0 + JUDGE_CHANGE) * blocks_before))
		return JUDGED_SLOWER;
	return JUDGED_SAME;
}

/* See judge.h. */
void
judge_compare(const Measure *before, const Measure *after,
			  Comparison *comparison)
{
	memset(comparison, 0, sizeof(*comparison));
	comparison->before = before;
	comparison->after = after;
	comparison->judgement = JUDGED_UNKNOWN;
	if (before->calls < JUDGE_LEAST_CALLS || after->calls < JUDGE_LEAST_CALLS)
		return;
	test_latencies(comparison);
	comparison->judgement = decide(comparison);
	if (comparison->judgement != JUDGED_SAME)
		comparison->saved_us = before->total_us / before->calls * after->calls -
			after->total_us;
}
