/*-------------------------------------------------------------------------
 *
 * cache_replay.c
 *	  What a cache of a statement's results would have spared.
 *
 * Bounds.  Time is cut into windows as long as the time to live.  Let W be the
 * number of distinct lists in each window, added up over the windows, and N that
 * of the executions.  A result that was fetched serves until its time to live is
 * over, so that two misses of a list are at least that far apart: no window has
 * two, and all misses are W at most.  A miss serves executions of its own window
 * and of the one that follows, no others; so each list has a miss for every two
 * windows that it occurs in, and all misses are W / 2 at least.  The share of
 * hits lies within 1 - W/N and 1 - W/2N, whatever the executions are.  Each list has
 * a miss, too: there are no fewer misses than lists in any longer window.
 *
 * That holds for any beginning of the trace too: for the windows that go on.
 * The distinct lists are counted exactly where they are few, else by HyperLogLog,
 * whose standard errors are added up, since the same lists may be in each window;
 * four of them are put to the bounds.  An execution that is told after its window
 * was closed may be a list more, or none; so may one without a hash.
 *
 * The estimate.  The lists whose hashes are the least are followed one by one
 * (spatial sampling: C. Waldspurger and others, Efficient MRC Construction with
 * SHARDS, FAST 2015), as many as there is room for; what is counted of them stands
 * for all, divided by the share of hashes that is followed.  Their misses in each
 * window that they occur in, times W, make one estimate, in which the popular lists
 * matter little; N less their hits makes another, which is the better one where
 * there are few hits.  Both are averaged by their variances.  Where all lists are
 * followed the second is exact.
 *
 * Each length of windows is a multiple of the one before, and a longer window is
 * the union of shorter ones; so an execution is counted in one set only.
 *
 *-------------------------------------------------------------------------
 */
#include "store/cache_replay.h"

#include <math.h>

#include "port/pg_bitutils.h"

/* Standard errors that the bounds allow for: one estimate in 30,000 has more. */
#define ERRORS_ALLOWED	4.0

/*
 * Misses of one list are between 0.5 and 1 of its windows: the standard
 * deviation of that, at most.
 */
#define RATIO_DEVIATION	0.15

/*
 * The lists that are followed do not make up for all executions: that much of its
 * square, as a multiple of the variance, is put to chance.  What is more tells of
 * popular lists that are not followed, or of one that is, by which the hits are off.
 */
#define CHANCE_ALLOWED	4.0

/* The shortest windows, in microseconds. */
#define SHORTEST_US		INT64CONST(10000000)

/* Lists are looked through for old ones so often at most, in milliseconds. */
#define FORGET_INTERVAL_MS	60000

const int	cache_ttl_s[CACHE_TTLS] = {SHORTEST_US / 1000000, 60, 300, 3600};

/* ------------------------------------------------------------------------
 * Windows
 * ------------------------------------------------------------------------ */

/* The longer window that a window of this time to live is a part of. */
static inline int64
longer_window(int ttl, int64 number)
{
	return number / (cache_ttl_s[ttl + 1] / cache_ttl_s[ttl]);
}

/*
 * Count the lists of a window, which is over, and make them a part of the next
 * longer one.  The loop runs once for each length that is over by that.
 */
static void
close_window(CacheReplay *replay, int ttl, CacheWindow *window)
{
	CacheLife  *life = &replay->counts.life[ttl];
	CacheWindow *longer = &replay->longer[ttl];
	double		error;
	double		lists = distinct_count(&window->set, &error);

	life->windows += lists;
	life->windows_error += error;
	if (ttl + 1 == CACHE_TTLS)
		replay->counts.lists = Max(replay->counts.lists,
								   lists - ERRORS_ALLOWED * error);
	if (ttl + 1 < CACHE_TTLS && window->set.count != 0)
	{
		if (longer->number != longer_window(ttl, window->number))
			close_window(replay, ttl + 1, longer);
		longer->number = longer_window(ttl, window->number);
		distinct_merge(&longer->set, &window->set);
	}
	distinct_clear(&window->set);
}

/* Time goes on: let "number" be the current window. */
static void
replay_advance(CacheReplay *replay, int64 number)
{
	close_window(replay, 0, &replay->previous);
	if (number > replay->current.number + 1)
	{
		close_window(replay, 0, &replay->current);
		replay->previous.number = number - 1;
	}
	else
	{
		replay->previous = replay->current;
		distinct_clear(&replay->current.set);
	}
	replay->current.number = number;
	replay->current_us = number * SHORTEST_US;
}

/* Close all windows, so that the counts are complete. */
void
cache_replay_close(CacheReplay *replay)
{
	close_window(replay, 0, &replay->previous);
	close_window(replay, 0, &replay->current);
	for (int ttl = 1; ttl < CACHE_TTLS; ttl++)
		close_window(replay, ttl, &replay->longer[ttl - 1]);
	replay->counts.busy_us += replay->last_us - replay->first_us;
	replay->first_us = replay->last_us;
}

/* ------------------------------------------------------------------------
 * The lists that are followed
 * ------------------------------------------------------------------------ */

/* What a list stands for: itself and those that are not followed. */
static inline double
list_weight(const CacheReplay *replay)
{
	return replay->beyond == 0 ? 1.0 : 4294967296.0 / replay->beyond;
}

/* Add something that is so old. */
static inline void
add_age(CacheAges *ages, uint32 age_ms, double weight)
{
	int			bucket = age_ms == 0 ? 0 : pg_leftmost_one_pos32(age_ms) + 1;

	ages->count[Min(bucket, CACHE_AGES - 1)] += weight;
}

/*
 * By how much a sum over all lists varies more, as its square, when a list that has
 * added "sum" to it adds one more: all of a list come or none, so that the square of
 * its part counts, which grows by 2 sum + 1.
 */
static inline double
square_step(double sum, double weight)
{
	return (2 * sum + 1) * (weight - 1) * weight;
}

/* An execution whose result is there already. */
static inline void
add_hit(CacheLife *life, CacheKey *key, int ttl, uint32 now_ms, double weight)
{
	life->seen_hits += weight;
	life->hits_variance += square_step(key->hits[ttl], weight);
	if (key->hits[ttl] < PG_UINT16_MAX)
		key->hits[ttl]++;
	add_age(&life->ages, now_ms - key->filled_ms[ttl], weight);
	add_age(&life->gaps, now_ms - key->seen_ms, weight);
}

/*
 * Where a list with this hash is found, or is to be found once it is followed: a
 * place that holds its number, or a free one.
 */
static inline uint32
find_place(const CacheReplay *replay, uint32 hash)
{
	uint32		at = hash % CACHE_PLACES;

	while (replay->place[at] != 0 &&
		   replay->key[replay->place[at] - 1].hash != hash)
		at = (at + 1) % CACHE_PLACES;
	return at;
}

/*
 * Free a place, and put what may be looked for by way of it nearer to where its
 * search begins.
 */
static void
free_list_place(CacheReplay *replay, uint32 at)
{
	uint32		next = at;

	replay->place[at] = 0;
	for (;;)
	{
		uint32		begin;

		next = (next + 1) % CACHE_PLACES;
		if (replay->place[next] == 0)
			return;
		begin = replay->key[replay->place[next] - 1].hash % CACHE_PLACES;
		if ((next - begin) % CACHE_PLACES < (next - at) % CACHE_PLACES)
			continue;			/* its search begins behind it */
		replay->place[at] = replay->place[next];
		replay->place[next] = 0;
		at = next;
	}
}

/* Follow a list no longer; the last one takes its number. */
static void
drop_list(CacheReplay *replay, int number)
{
	CacheKey   *key = &replay->key[number];

	free_list_place(replay, find_place(replay, key->hash));
	replay->keys--;
	if (number == replay->keys)
		return;
	*key = replay->key[replay->keys];
	replay->place[find_place(replay, key->hash)] = number + 1;
}

/* Are lists with this hash followed?  All are while "beyond" is 0. */
static inline bool
list_is_followed(const CacheReplay *replay, uint32 hash)
{
	return hash <= replay->beyond - 1;
}

/* Follow no longer those lists that are beyond. */
static void
drop_lists_beyond(CacheReplay *replay)
{
	uint32		last = replay->beyond - 1;
	int			number = 0;

	while (number < replay->keys)
	{
		if (likely(replay->key[number].hash <= last))
			number++;
		else
			drop_list(replay, number);
	}
}

/* Follow no longer those that no cache would have any more. */
static void
drop_lists_forgotten(CacheReplay *replay, uint32 now_ms)
{
	int32		age_ms = cache_ttl_s[CACHE_TTLS - 1] * 1000;
	int			number = 0;

	while (number < replay->keys)
	{
		if ((int32) (now_ms - replay->key[number].seen_ms) < age_ms)
			number++;
		else
			drop_list(replay, number);
	}
}

/*
 * Make room for a list to be followed: first those go whose results no cache would
 * have any more, which are not looked for more often than it is likely that there
 * are some; then an eighth of the hashes, the greatest.
 */
static pg_noinline void
replay_make_room(CacheReplay *replay, uint32 now_ms)
{
	if (now_ms - replay->forgot_ms >= FORGET_INTERVAL_MS)
	{
		replay->forgot_ms = now_ms;
		drop_lists_forgotten(replay, now_ms);
	}
	while (replay->keys == CACHE_KEYS)
	{
		uint32		followed = replay->beyond == 0 ? PG_UINT32_MAX :
			replay->beyond;

		replay->beyond = followed - followed / 8;
		drop_lists_beyond(replay);
	}
}

/* The first execution of a list that is followed: a miss of each cache. */
static void
follow_list(CacheReplay *replay, uint32 hash, uint32 now_ms)
{
	CacheKey	added = {.hash = hash,.calls = 1,.seen_ms = now_ms};
	double		weight;

	if (replay->keys == CACHE_KEYS)
	{
		replay_make_room(replay, now_ms);
		if (!list_is_followed(replay, hash))
			return;
	}
	weight = list_weight(replay);
	replay->counts.seen_variance += square_step(0, weight);
	for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
	{
		replay->counts.life[ttl].seen_misses += weight;
		replay->counts.life[ttl].seen_windows += weight;
		added.filled_ms[ttl] = now_ms;
	}
	replay->place[find_place(replay, hash)] = replay->keys + 1;
	replay->key[replay->keys++] = added;
}

/* A further execution of one, at a time that is "now_ms" when cut to 32 bits. */
static void
add_to_list(CacheReplay *replay, CacheKey *key, int64 now_us, uint32 now_ms)
{
	double		weight = list_weight(replay);
	int64		seen_us = now_us - (int64) (int32) (now_ms - key->seen_ms) * 1000;

	for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
	{
		CacheLife  *life = &replay->counts.life[ttl];
		uint32		ttl_ms = cache_ttl_s[ttl] * 1000;
		int64		ttl_us = cache_ttl_s[ttl] * INT64CONST(1000000);

		if (now_us / ttl_us != seen_us / ttl_us)
			life->seen_windows += weight;
		if (now_ms - key->filled_ms[ttl] < ttl_ms)
			add_hit(life, key, ttl, now_ms, weight);
		else
		{
			life->seen_misses += weight;
			key->filled_ms[ttl] = now_ms;
		}
	}
	replay->counts.seen_variance += square_step(key->calls, weight);
	key->calls++;
	key->seen_ms = now_ms;
}

/* An execution of a list whose hash is among those that are followed. */
static pg_noinline void
add_to_lists(CacheReplay *replay, uint32 hash, int64 now_us)
{
	uint32		now_ms = (uint32) (now_us / 1000);
	int			number = replay->place[find_place(replay, hash)];
	CacheKey   *key;

	if (number == 0)
	{
		follow_list(replay, hash, now_ms);
		return;
	}
	key = &replay->key[number - 1];
	if ((int32) (now_ms - key->seen_ms) < 0)
		add_to_list(replay, key, now_us, key->seen_ms);
	else
		add_to_list(replay, key, now_us, now_ms);
}

/* An execution of a list with this hash that is not in the current window. */
static pg_noinline void
add_to_other_window(CacheReplay *replay, uint32 hash, int64 now_us)
{
	int64		number = now_us / SHORTEST_US;

	if (number > replay->current.number)
	{
		replay_advance(replay, number);
		distinct_add(&replay->current.set, hash);
	}
	else if (number == replay->previous.number)
		distinct_add(&replay->previous.set, hash);
	else
		replay->counts.late++;
}

/* An execution of a list with this hash: which window is it in? */
static inline void
add_to_window(CacheReplay *replay, uint32 hash, int64 now_us)
{
	if (likely((uint64) (now_us - replay->current_us) < SHORTEST_US))
		distinct_add(&replay->current.set, hash);
	else
		add_to_other_window(replay, hash, now_us);
}

/* An execution of which more is to be noted than most have. */
static pg_noinline void
add_remarks(CacheCounts *counts, const CacheCall *call)
{
	if (call->repeated)
	{
		counts->repeats++;
		counts->repeats_us += call->elapsed_us;
	}
	if (call->unmeasured)
		counts->unmeasured++;
}

/*
 * Add executions that came one after the other.  Times are of a clock that never
 * steps back; one that comes a little late, after others, is taken as if it ran with
 * the last one of its list.
 */
void
cache_replay_add(CacheReplay *replay, const CacheCall *calls, int count)
{
	double		total_us = 0;

	if (unlikely(replay->first_us == 0))
		replay->first_us = replay->last_us = calls->now_us;
	for (const CacheCall *call = calls; call < calls + count; call++)
	{
		total_us += call->elapsed_us;
		replay->last_us = Max(replay->last_us, call->now_us);
		if (unlikely(call->repeated | call->unmeasured))
			add_remarks(&replay->counts, call);
		if (unlikely(call->unmeasured))
			continue;
		if (list_is_followed(replay, call->hash))
			add_to_lists(replay, call->hash, call->now_us);
		add_to_window(replay, call->hash, call->now_us);
	}
	replay->counts.calls += count;
	replay->counts.total_us += total_us;
}

/* ------------------------------------------------------------------------
 * What it comes to
 * ------------------------------------------------------------------------ */

/*
 * The mean of exp(-rate * age) over things of these ages, 1 if there are none:
 * the share of them without an event within their age, if events come at random.
 */
static double
share_without_event(const CacheAges *ages, double rate_per_ms)
{
	double		all = 0;
	double		without = 0;

	for (int i = 0; i < CACHE_AGES; i++)
	{
		double		from = i == 0 ? 0 : ldexp(1.0, i - 1);
		double		length = i == 0 ? 1.0 : from;
		double		events = rate_per_ms * length;

		all += ages->count[i];
		without += ages->count[i] * exp(-rate_per_ms * from) *
			(events < 1e-9 ? 1.0 : (1.0 - exp(-events)) / events);
	}
	return all > 0 ? without / all : 1.0;
}

/*
 * Misses of all lists, by those that are followed; within their bounds.  What has
 * no hash is a miss.
 */
static double
expected_misses(const CacheCounts *counts, const CacheLife *life, double least,
				double most)
{
	double		measured = counts->calls - counts->unmeasured;
	double		by_hits = measured - life->seen_hits;
	double		unseen = by_hits - life->seen_misses;
	double		hits_variance = life->hits_variance +
		Max(unseen * unseen - CHANCE_ALLOWED * counts->seen_variance, 0.0);
	double		misses = by_hits;

	if (life->seen_windows > 0 && hits_variance > 0)
	{
		double		ratio = life->seen_misses / life->seen_windows;
		double		by_windows = life->windows * ratio;
		double		deviation = life->windows_error * ratio +
			life->windows * RATIO_DEVIATION / sqrt(CACHE_KEYS);
		double		variance = deviation * deviation;

		misses = (by_windows * hits_variance + by_hits * variance) /
			(hits_variance + variance);
	}
	return Min(Max(misses + counts->unmeasured, least), most);
}

/* What a time to live is worth, where there are so many writes a second. */
void
cache_shares(const CacheCounts *counts, int ttl, double writes_per_s,
			 CacheShares *shares)
{
	const CacheLife *life = &counts->life[ttl];
	double		calls = Max(counts->calls, 1.0);
	double		error = ERRORS_ALLOWED * life->windows_error;
	double		most = Min(life->windows + error + counts->late +
						   counts->unmeasured, calls);
	double		least = Min(Max((life->windows - error) / 2, counts->lists), most);

	shares->low = 1.0 - most / calls;
	shares->high = 1.0 - least / calls;
	shares->expected =
		1.0 - expected_misses(counts, life, least, most) / calls;
	shares->stale =
		1.0 - share_without_event(&life->ages, writes_per_s / 1000);
	shares->kept = shares->expected *
		share_without_event(&life->gaps, writes_per_s / 1000);
	shares->lists = life->windows /
		Max(counts->busy_us / (cache_ttl_s[ttl] * 1e6), 1.0);
}
