/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  Exact latencies: every one is kept, a quantile is read after sorting.
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "clipload.h"

/*
 * Make room for so many more latencies.
 */
static void
latencies_reserve(Latencies *latencies, size_t more)
{
	if (latencies->count + more <= latencies->space)
		return;
	latencies->space = (latencies->count + more) * 2;
	latencies->ms = must_realloc(latencies->ms, latencies->space * sizeof(float));
}

/*
 * Remember one latency.
 */
void
latencies_add(Latencies *latencies, double ms)
{
	latencies_reserve(latencies, 1);
	latencies->ms[latencies->count++] = (float) ms;
}

/*
 * Add all latencies of one set to another.
 */
void
latencies_merge(Latencies *into, const Latencies *from)
{
	if (from->count == 0)
		return;
	latencies_reserve(into, from->count);
	memcpy(into->ms + into->count, from->ms, from->count * sizeof(float));
	into->count += from->count;
}

/*
 * qsort() order of two latencies.
 */
static int
compare_ms(const void *left, const void *right)
{
	float		a = *(const float *) left;
	float		b = *(const float *) right;

	return (a > b) - (a < b);
}

/*
 * Sort, as latencies_quantile() wants it.
 */
void
latencies_sort(Latencies *latencies)
{
	if (latencies->count > 0)
		qsort(latencies->ms, latencies->count, sizeof(float), compare_ms);
}

/*
 * A quantile (0..1) of sorted latencies by nearest rank, in milliseconds; 0
 * of none.
 */
double
latencies_quantile(const Latencies *sorted, double quantile)
{
	size_t		rank;

	if (sorted->count == 0)
		return 0;
	rank = (size_t) (quantile * sorted->count);
	return sorted->ms[rank < sorted->count ? rank : sorted->count - 1];
}
