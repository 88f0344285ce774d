/*-------------------------------------------------------------------------
 *
 * request_save.c
 *	  What was counted of requests, in the saved file.
 *
 * Of a histogram the buckets in use are written.  Each field that is read is
 * checked.
 *
 *-------------------------------------------------------------------------
 */
#include "store/request_save.h"

StaticAssertDecl(sizeof(RequestTotals) == 20 * sizeof(int64),
				 "what is saved has no padding");

/* Write a histogram: the buckets in use, from .. to, and their counts. */
static void
save_histogram(SaveFile *file, const Histogram *histogram)
{
	uint32		part[2] = {0, HISTOGRAM_BUCKETS};

	while (part[0] < part[1] && histogram->count[part[0]] == 0)
		part[0]++;
	while (part[0] < part[1] && histogram->count[part[1] - 1] == 0)
		part[1]--;
	save_bytes(file, part, sizeof(part));
	save_bytes(file, &histogram->count[part[0]],
			   (part[1] - part[0]) * sizeof(uint32));
}

/* Read a histogram; false if it makes no sense. */
static bool
load_histogram(SaveFile *file, Histogram *histogram)
{
	uint32		part[2];

	memset(histogram, 0, sizeof(*histogram));
	return load_bytes(file, part, sizeof(part)) && part[0] <= part[1] &&
		part[1] <= HISTOGRAM_BUCKETS &&
		load_bytes(file, &histogram->count[part[0]],
				   (part[1] - part[0]) * sizeof(uint32));
}

/* Write what was counted of some requests. */
void
request_save_counters(SaveFile *file, const RouteRequests *requests)
{
	save_bytes(file, &requests->totals, sizeof(RequestTotals));
	save_histogram(file, &requests->database);
	save_histogram(file, &requests->span);
	save_histogram(file, &requests->statements);
}

/* Larger sums than this cannot have been counted, and could not be added up. */
#define MOST_SAVED			(PG_INT64_MAX / 1024)

/* Can these counters be what was saved? */
static bool
totals_are_sound(const RequestTotals *totals)
{
	const int64 *field = (const int64 *) totals;

	for (int i = 0; i < sizeof(RequestTotals) / sizeof(int64); i++)
	{
		if (field[i] < 0 || field[i] > MOST_SAVED)
			return false;
	}
	return totals->requests > 0 && saved_time_is_sound(totals->first_seen) &&
		saved_time_is_sound(totals->last_seen);
}

/* Read what was counted of some requests; false if it makes no sense. */
bool
request_load_counters(SaveFile *file, RouteRequests *requests)
{
	return load_bytes(file, &requests->totals, sizeof(RequestTotals)) &&
		totals_are_sound(&requests->totals) &&
		load_histogram(file, &requests->database) &&
		load_histogram(file, &requests->span) &&
		load_histogram(file, &requests->statements);
}
