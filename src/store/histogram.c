/*-------------------------------------------------------------------------
 *
 * histogram.c
 *	  Latency distributions: log-linear, mergeable, bounded relative error.
 *
 * Plain memory: whoever owns a histogram guards it.
 *
 *-------------------------------------------------------------------------
 */
#include "store/histogram.h"

#include <math.h>

/* Lower bound of a bucket in microseconds; of the next one its upper bound. */
double
histogram_lower_bound(int bucket)
{
	double		steps = HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS;

	return ldexp(steps / HISTOGRAM_STEPS, bucket / HISTOGRAM_STEPS);
}

/* The value that stands for a bucket: the harmonic mean of its bounds. */
double
histogram_value(int bucket)
{
	double		low = histogram_lower_bound(bucket);
	double		high = histogram_lower_bound(bucket + 1);

	return 2.0 * low * high / (low + high);
}

/* Add "from" to "into"; counts stop at their maximum. */
void
histogram_merge(Histogram *into, const Histogram *from)
{
	histogram_merge_part(into, from, 0, HISTOGRAM_BUCKETS);
}

/* Add "from", which is empty outside of the buckets first .. end - 1. */
void
histogram_merge_part(Histogram *into, const Histogram *from, int first,
					 int end)
{
	for (int i = first; i < end; i++)
	{
		uint32		sum = into->count[i] + from->count[i];

		into->count[i] = sum < from->count[i] ? PG_UINT32_MAX : sum;
	}
}

/* How many durations were counted. */
uint64
histogram_total(const Histogram *histogram)
{
	uint64		total = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += histogram->count[i];
	return total;
}

/*
 * How many durations are below each of "count" powers of two of microseconds, from
 * 2^first on, which bound buckets: exact.
 */
void
histogram_below_powers(const Histogram *histogram, int first, int count,
					   int64 *below)
{
	int64		sum = 0;

	for (int bucket = 0; bucket < (first + count - 1) * HISTOGRAM_STEPS; bucket++)
	{
		sum += histogram->count[bucket];
		if ((bucket + 1) % HISTOGRAM_STEPS == 0 &&
			(bucket + 1) / HISTOGRAM_STEPS >= first)
			below[(bucket + 1) / HISTOGRAM_STEPS - first] = sum;
	}
}

/* The bucket that holds the ceil(q * total)-th smallest of "total" durations. */
static int
quantile_bucket(const Histogram *histogram, double q, uint64 total)
{
	double		rank = Max(ceil(q * (double) total), 1.0);
	uint64		below = 0;
	int			bucket = 0;

	for (; bucket < HISTOGRAM_BUCKETS - 1; bucket++)
	{
		below += histogram->count[bucket];
		if ((double) below >= rank)
			break;
	}
	return bucket;
}

/*
 * Quantile q (0..1) in microseconds: the value reported for the bucket of the
 * ceil(q * total)-th smallest duration.  0 of an empty histogram.
 */
double
histogram_quantile(const Histogram *histogram, double q)
{
	uint64		total = histogram_total(histogram);

	return total == 0 ? 0.0 :
		histogram_value(quantile_bucket(histogram, q, total));
}

/*
 * Quantile q (0..1) in microseconds as if the durations of a bucket lay evenly
 * between its bounds: it moves with each duration, where histogram_quantile() moves
 * from bucket to bucket.  1 of an empty histogram.
 */
double
histogram_between(const Histogram *histogram, double q)
{
	uint64		total = histogram_total(histogram);
	double		rank = Min(q * ((double) total + 1), (double) total);
	double		below = 0;

	for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
	{
		double		count = histogram->count[bucket];

		if (count > 0 && below + count >= rank)
			return histogram_lower_bound(bucket) + Max(rank - below, 0) / count *
				(histogram_lower_bound(bucket + 1) - histogram_lower_bound(bucket));
		below += count;
	}
	return 1.0;
}

/* The lower bound of that bucket; 0 of an empty histogram. */
double
histogram_quantile_bound(const Histogram *histogram, double q)
{
	uint64		total = histogram_total(histogram);

	return total == 0 ? 0.0 :
		histogram_lower_bound(quantile_bucket(histogram, q, total));
}
