/*-------------------------------------------------------------------------
 *
 * histogram.c
 *	  How exact src/store/histogram.c is: run by test/t/019_histogram.pl.
 *
 * Prints the largest relative error of a bucket's value over the whole range,
 * and of quantiles of some distributions against the sorted durations.
 *
 *-------------------------------------------------------------------------
 */
#include "store/histogram.c"

#include <stdio.h>
#include <stdlib.h>

/* The C library's own: the server's are in the server. */
#undef printf
#undef qsort

#define SAMPLES 20000

/* 71 minutes, in microseconds: the end of the last bucket. */
#define RANGE_US ldexp(1.0, HISTOGRAM_OCTAVES)

static double samples[SAMPLES];

/* Uniform in [0, 1), the same in each run (a 48-bit linear congruence). */
static double
uniform(void)
{
	static uint64 state = 42;

	state = (state * UINT64CONST(0x5DEECE66D) + 11) & ((UINT64CONST(1) << 48) - 1);
	return (double) state / (double) (UINT64CONST(1) << 48);
}

/* The distributions, in microseconds. */
static double
draw_uniform(void)
{
	return 1.0 + 5000.0 * uniform();
}

static double
draw_exponential(void)
{
	return 1.0 - 300.0 * log(1.0 - uniform());
}

static double
draw_lognormal(void)
{
	return exp(7.0 + 2.0 * sqrt(-2.0 * log(1.0 - uniform())) * cos(2.0 * M_PI * uniform()));
}

static double
draw_two_peaks(void)
{
	return uniform() < 0.9 ? 20.0 + uniform() : 2000000.0 + 100000.0 * uniform();
}

static double
draw_constant(void)
{
	return 12345.0;
}

static double
draw_hour(void)
{
	return 3.6e9 * (1.0 + 0.1 * uniform());
}

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static double
relative_error(double value, double truth)
{
	return fabs(value - truth) / truth;
}

/* The largest error of any quantile of SAMPLES draws, in two histograms. */
static double
quantile_error(double (*draw) (void))
{
	Histogram	parts[2] = {0};
	double		worst = 0;

	for (int i = 0; i < SAMPLES; i++)
	{
		samples[i] = draw();
		parts[i % 2].count[histogram_bucket(samples[i])]++;
	}
	histogram_merge(&parts[0], &parts[1]);
	if (histogram_total(&parts[0]) != SAMPLES)
		return 1.0;

	qsort(samples, SAMPLES, sizeof(double), compare);
	for (int thousandth = 1; thousandth <= 1000; thousandth++)
	{
		double		truth = samples[thousandth * (SAMPLES / 1000) - 1];
		double		error = relative_error(histogram_quantile(&parts[0], thousandth / 1000.0), truth);

		worst = Max(worst, error);
	}
	return worst;
}

/* The largest error of a bucket's value, at 1,000 places in each octave. */
static double
bucket_error(void)
{
	double		worst = 0;

	for (double us = 1.0; us < RANGE_US; us *= 1.0 + 1.0 / 1024)
		worst = Max(worst, relative_error(histogram_value(histogram_bucket(us)), us));
	return worst;
}

/* Does each bucket reach from its lower bound to the next one's, but for rounding? */
static bool
buckets_follow(void)
{
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram_bucket(histogram_lower_bound(i) * (1 + 1e-15)) != i ||
			histogram_bucket(histogram_lower_bound(i + 1) * (1 - 1e-15)) != i)
			return false;
	return true;
}

/* What is out of range, or no number, is counted at an end. */
static bool
ends_hold(void)
{
	return histogram_bucket(0.0) == 0 && histogram_bucket(-1.0) == 0 &&
		histogram_bucket(NAN) == 0 && histogram_bucket(0.3) == 0 &&
		histogram_bucket(RANGE_US) == HISTOGRAM_BUCKETS - 1 &&
		histogram_bucket(INFINITY) == HISTOGRAM_BUCKETS - 1;
}

/* A count that cannot grow any more stays where it is. */
static bool
saturates(void)
{
	Histogram	into = {.count = {PG_UINT32_MAX - 1}};
	Histogram	from = {.count = {5}};

	histogram_merge(&into, &from);
	histogram_merge(&into, &from);
	return into.count[0] == PG_UINT32_MAX;
}

int
main(void)
{
	Histogram	empty = {0};

	printf("bucket %.6f\n", bucket_error());
	printf("uniform %.6f\n", quantile_error(draw_uniform));
	printf("exponential %.6f\n", quantile_error(draw_exponential));
	printf("lognormal %.6f\n", quantile_error(draw_lognormal));
	printf("two_peaks %.6f\n", quantile_error(draw_two_peaks));
	printf("constant %.6f\n", quantile_error(draw_constant));
	printf("hour %.6f\n", quantile_error(draw_hour));
	printf("follow %d\n", buckets_follow());
	printf("ends %d\n", ends_hold());
	printf("saturates %d\n", saturates());
	printf("empty %d\n", histogram_quantile(&empty, 0.5) == 0.0);
	return 0;
}
