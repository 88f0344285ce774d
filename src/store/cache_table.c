/*-------------------------------------------------------------------------
 *
 * cache_table.c
 *	  The statements whose results a cache might keep, and their replays.
 *
 * Where all trackers are taken, a statement that has none counts its time until
 * it exceeds twice what the least of them is worth: the recent time of its
 * statement, the older the less.  Twice, so that statements that cost about the
 * same do not push each other out.
 *
 *-------------------------------------------------------------------------
 */
#include "store/cache_table.h"

#include <math.h>

#include "access/xact.h"

#include "store/store.h"

/* Time counts half as much when it is so old, in microseconds. */
#define HALF_LIFE_US	(300.0 * 1e6)

/* How much more a statement must have cost than the one that makes room for it. */
#define ADVANTAGE		2.0

/*
 * Forget the statements of a database, or all if it is InvalidOid, and what was lost;
 * who has a tracker notices by its generation.
 */
void
cache_table_clear(CacheTable *table, Oid dbid)
{
	for (int i = 0; i < table->size; i++)
	{
		CacheTracker *tracker = &table->tracker[i];

		if (!reset_concerns(dbid, tracker->key.dbid))
			continue;
		tracker->key.queryid = 0;
		tracker->generation++;
	}
	if (OidIsValid(dbid))
		return;
	table->evicted = 0;
	table->refused = 0;
	table->lost = 0;
}

/* What a statement has cost lately, as of now. */
static double
heat_now(CacheTracker *tracker, int64 now_us)
{
	double		total_us = tracker->replay.counts.total_us;

	tracker->heat_us *= exp2((tracker->heat_at_us - now_us) / HALF_LIFE_US);
	tracker->heat_us += total_us - tracker->heat_of_us;
	tracker->heat_at_us = now_us;
	tracker->heat_of_us = total_us;
	return tracker->heat_us;
}

/* The tracker of a statement; else a free one; else the one worth the least. */
static int
find_tracker(CacheTable *table, const StatementKey *key, int64 now_us)
{
	int			least = 0;
	double		least_us = INFINITY;

	for (int i = 0; i < table->size; i++)
	{
		CacheTracker *tracker = &table->tracker[i];
		double		heat_us = tracker->key.queryid == 0 ? -1.0 :
			heat_now(tracker, now_us);

		if (statement_keys_are_equal(&tracker->key, key))
			return i;
		if (heat_us < least_us)
		{
			least = i;
			least_us = heat_us;
		}
	}
	return least;
}

/* Give a tracker to a statement. */
static void
give_tracker(CacheTracker *tracker, const StatementKey *key, double cost_us,
			 int64 now_us)
{
	memset(&tracker->replay, 0, sizeof(CacheReplay));
	tracker->key = *key;
	tracker->generation++;
	tracker->marks = 0;
	tracker->since = GetCurrentStatementStartTimestamp();
	tracker->heat_us = cost_us;
	tracker->heat_at_us = now_us;
	tracker->heat_of_us = 0;
}

/*
 * The tracker of a statement that has these marks and has cost so much while it had
 * none.  It is given one if there is a free one or a less useful one; else -1, and
 * *price_us tells from what cost on it is worth to ask again.
 */
int
cache_table_enter(CacheTable *table, const StatementKey *key, uint32 marks,
				  double cost_us, int64 now_us, double *price_us)
{
	int			number = find_tracker(table, key, now_us);
	CacheTracker *tracker = &table->tracker[number];

	if (!statement_keys_are_equal(&tracker->key, key))
	{
		if (tracker->key.queryid != 0)
		{
			*price_us = ADVANTAGE * heat_now(tracker, now_us);
			if (cost_us <= *price_us)
			{
				table->refused++;
				return -1;
			}
			table->evicted++;
		}
		give_tracker(tracker, key, cost_us, now_us);
	}
	tracker->marks |= marks;
	return number;
}

/*
 * Give a tracker, which is free, back to a statement whose counts were saved.  It has
 * cost lately as much as on average.
 */
void
cache_table_restore(CacheTracker *tracker, const StatementKey *key,
					uint32 marks, TimestampTz since,
					const CacheCounts *counts, int64 now_us)
{
	double		lately_us = HALF_LIFE_US / M_LN2;

	tracker->key = *key;
	tracker->marks = marks;
	tracker->since = since;
	tracker->replay.counts = *counts;
	tracker->heat_us = counts->total_us *
		Min(lately_us / Max(counts->busy_us, 1.0), 1.0);
	tracker->heat_at_us = now_us;
	tracker->heat_of_us = counts->total_us;
}

/*
 * Add the first of these executions, with those right after it that are of the same
 * tracker, unless their statement has lost that since.  Returns how many these are.
 */
int
cache_table_add(CacheTable *table, const CacheCall *calls, int count)
{
	CacheTracker *tracker = &table->tracker[calls->tracker];
	int			run = 1;

	while (run < count && calls[run].tracker == calls->tracker &&
		   calls[run].generation == calls->generation)
		run++;
	if (likely(tracker->generation == calls->generation))
		cache_replay_add(&tracker->replay, calls, run);
	return run;
}

/* The trackers in use. */
int
cache_table_held(const CacheTable *table)
{
	int			held = 0;

	for (int i = 0; i < table->size; i++)
		held += table->tracker[i].key.queryid != 0;
	return held;
}
