/*-------------------------------------------------------------------------
 *
 * histogram.h
 *	  Latency distributions: log-linear, mergeable, bounded relative error.
 *
 * Every power of two of microseconds is cut into HISTOGRAM_STEPS equal parts
 * (the layout of HdrHistogram).  Within a bucket [lo, hi) the value reported
 * is the harmonic mean of its bounds, whose relative error to any value of the
 * bucket is at most (hi-lo)/(hi+lo) <= 1/(2*HISTOGRAM_STEPS+1) = 4 %.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HISTOGRAM_H
#define CLIPPERF_HISTOGRAM_H

#include "compat.h"

#define HISTOGRAM_STEPS		12
#define HISTOGRAM_OCTAVES	32	/* 1 us to 2^32 us = 71.6 minutes */
#define HISTOGRAM_BUCKETS	(HISTOGRAM_STEPS * HISTOGRAM_OCTAVES)

typedef struct Histogram
{
	uint32		count[HISTOGRAM_BUCKETS];
} Histogram;

/* An IEEE 754 double: 52 bits of fraction below an exponent biased by 1023. */
#define HISTOGRAM_FRACTION_BITS	52
#define HISTOGRAM_EXPONENT_BIAS	1023

/*
 * The bucket of a duration in microseconds.  Below 1 us counts as 1 us, above
 * the range as its last bucket.  Reads octave and step off the bits of the
 * number, as this runs for every execution.
 */
static inline int
histogram_bucket(double us)
{
	uint64		bits;
	uint64		fraction;
	int			octave;

	if (unlikely(!(us > 1.0)))
		return 0;
	memcpy(&bits, &us, sizeof(bits));
	octave = (int) (bits >> HISTOGRAM_FRACTION_BITS) - HISTOGRAM_EXPONENT_BIAS;
	if (unlikely(octave >= HISTOGRAM_OCTAVES))
		return HISTOGRAM_BUCKETS - 1;
	fraction = bits & ((UINT64CONST(1) << HISTOGRAM_FRACTION_BITS) - 1);
	return octave * HISTOGRAM_STEPS +
		(int) ((fraction * HISTOGRAM_STEPS) >> HISTOGRAM_FRACTION_BITS);
}

/* The duration reported for a bucket, in microseconds. */
extern double histogram_value(int bucket);

/* The lower bound of a bucket, in microseconds; of the next one its upper bound. */
extern double histogram_lower_bound(int bucket);

/* Add "from" to "into"; counts stop at their maximum. */
extern void histogram_merge(Histogram *into, const Histogram *from);

/* Add "from", which is empty outside of the buckets first .. end - 1. */
extern void histogram_merge_part(Histogram *into, const Histogram *from,
								 int first, int end);

/* How many durations are below 2^first, 2^(first+1) .. microseconds. */
extern void histogram_below_powers(const Histogram *histogram, int first,
								   int count, int64 *below);

extern uint64 histogram_total(const Histogram *histogram);

/* Quantile q (0..1) in microseconds; 0 of an empty histogram. */
extern double histogram_quantile(const Histogram *histogram, double q);

/* The same between the bounds of its bucket: for what must not move in steps. */
extern double histogram_between(const Histogram *histogram, double q);

/* The lower bound of the bucket that holds it. */
extern double histogram_quantile_bound(const Histogram *histogram, double q);

#endif							/* CLIPPERF_HISTOGRAM_H */
