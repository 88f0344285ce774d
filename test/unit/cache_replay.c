/*-------------------------------------------------------------------------
 *
 * cache_replay.c
 *	  How exact src/store/cache_replay.c is: run by test/t/019_cache_replay.pl.
 *
 * Random traces are given to it and to an exact cache, which keeps each list's
 * result for its time to live.  Prints how often the share of hits of that was
 * outside of the bounds, how far the expected share was from it, and the same of
 * numbers of distinct values.
 *
 *-------------------------------------------------------------------------
 */
#include "store/cache_replay.c"
#include "store/distinct_set.c"

#include <stdio.h>
#include <stdlib.h>

/* The C library's own: the server's are in the server. */
#undef printf

#define TRACES		1000
#define MAX_KEYS	100000

static uint64 random_state = UINT64CONST(88172645463325252);

/* 64 random bits, the same in each run (xorshift). */
static uint64
random_bits(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64CONST(2685821657736338717);
}

/* Uniform in [0, 1). */
static double
uniform(void)
{
	return ldexp((double) (random_bits() >> 11), -53);
}

static double
between(double low, double high)
{
	return low + (high - low) * uniform();
}

/* Between, on a logarithmic scale. */
static double
about(double low, double high)
{
	return low * pow(high / low, uniform());
}

static uint32
hash_of(uint64 bits)
{
	bits ^= bits >> 33;
	bits *= UINT64CONST(0xff51afd7ed558ccd);
	bits ^= bits >> 33;
	bits *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return (uint32) (bits >> 32);
}

/* A trace: how its keys and its times are drawn. */
typedef struct Trace
{
	enum
	{
		ZIPF, UNIFORM, BURSTS, SCAN, DRIFT, MIXED, KINDS
	}			kind;
	int			keys;
	double		skew;
	double		mean_gap_us;
	double		drift;			/* keys an execution */
	int64		executions;
	uint64		salt;
}			Trace;

static Trace
draw_trace(int number)
{
	Trace		trace = {
		.kind = number % KINDS,
		.keys = (int) about(1, MAX_KEYS),
		.skew = between(0.5, 1.5),
		.mean_gap_us = about(200, 5e6),
		.drift = about(0.0001, 1),
		.executions = (int64) about(200, 60000),
		.salt = random_bits()
	};

	return trace;
}

/* A key from 0, the more popular the less it is. */
static int
draw_zipf(const Trace * trace)
{
	double		power = 1.0 - trace->skew;
	double		ends = pow(trace->keys, power) - 1.0;

	if (fabs(power) < 0.001)
		return (int) pow(trace->keys, uniform()) - 1;
	return Min((int) pow(ends * uniform() + 1.0, 1.0 / power), trace->keys) - 1;
}

static int
draw_key(const Trace * trace, int64 number)
{
	switch (trace->kind)
	{
		case UNIFORM:
			return (int) (uniform() * trace->keys);
		case SCAN:
			return number % trace->keys;
		case DRIFT:
			return (draw_zipf(trace) + (int64) (number * trace->drift)) % MAX_KEYS;
		case MIXED:
			return uniform() < 0.5 ? draw_zipf(trace) : (int) (number % MAX_KEYS);
		default:
			return draw_zipf(trace);
	}
}

/* Time to the next execution. */
static int64
draw_gap(const Trace * trace)
{
	double		mean = trace->mean_gap_us;

	if (trace->kind == BURSTS)
		mean *= uniform() < 0.01 ? 90 : 0.1;
	return (int64) (-mean * log(1.0 - uniform())) + 1;
}

/* When the exact cache has fetched each key, in milliseconds; -1 = never. */
static int64 fetched_ms[CACHE_TTLS][MAX_KEYS];

static double errors[TRACES * CACHE_TTLS];
static double widths = 0;
static int	broken = 0;
static int	figures = 0;
static int	small = 0;			/* where all lists were followed .. */
static int	exact = 0;			/* .. and the expected share was the exact one */

/* An execution as the exact cache sees it: adds to the hits. */
static void
ask_exact_cache(int key, int64 now_us, int64 *hits)
{
	for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
	{
		int64	   *fetched = &fetched_ms[ttl][key];

		if (*fetched >= 0 && now_us / 1000 - *fetched < cache_ttl_s[ttl] * 1000)
			hits[ttl]++;
		else
			*fetched = now_us / 1000;
	}
}

/* The server restarts: what was counted is kept, the caches are empty. */
static void
restart(CacheReplay *replay)
{
	CacheCounts counts;

	cache_replay_close(replay);
	counts = replay->counts;
	memset(replay, 0, sizeof(*replay));
	replay->counts = counts;
	memset(fetched_ms, -1, sizeof(fetched_ms));
}

/* Compare what was replayed with the hits of the exact cache. */
static void
compare(const CacheReplay *replay, const int64 *hits, bool in_order)
{
	for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
	{
		double		share = hits[ttl] / replay->counts.calls;
		CacheShares shares;

		cache_shares(&replay->counts, ttl, 0, &shares);
		if (share < shares.low - 1e-9 || share > shares.high + 1e-9 ||
			shares.expected < shares.low || shares.expected > shares.high)
			broken++;
		if (in_order && replay->beyond == 0)
		{
			small++;
			exact += fabs(shares.expected - share) < 1e-9;
		}
		widths += shares.high - shares.low;
		errors[figures++] = fabs(shares.expected - share);
	}
}

/*
 * Replay a trace both ways.  In one of ten the server restarts; in another, one
 * execution of twenty arrives up to a second late, after others.
 */
static void
run_trace(const Trace * trace, int number)
{
	static CacheReplay replay;
	int64		hits[CACHE_TTLS] = {0};
	int64		now_us = (int64) between(1, 1e12);
	bool		in_order = number % 10 != 1;
	CacheCall	late = {0};

	memset(&replay, 0, sizeof(replay));
	memset(fetched_ms, -1, sizeof(fetched_ms));
	for (int64 i = 0; i < trace->executions; i++)
	{
		int			key = draw_key(trace, i);
		CacheCall	call = {.elapsed_us = 1.0};

		if (i == trace->executions / 2 && number % 10 == 0)
			restart(&replay);
		now_us += draw_gap(trace);
		ask_exact_cache(key, now_us, hits);
		call.now_us = now_us;
		call.hash = hash_of(key ^ trace->salt);
		if (late.now_us != 0 &&
			(now_us - late.now_us > 1000000 || uniform() < 0.1))
		{
			cache_replay_add(&replay, &late, 1);
			late.now_us = 0;
		}
		if (in_order || late.now_us != 0 || uniform() >= 0.05)
			cache_replay_add(&replay, &call, 1);
		else
			late = call;
	}
	if (late.now_us != 0)
		cache_replay_add(&replay, &late, 1);
	cache_replay_close(&replay);
	compare(&replay, hits, in_order);
}

/* How often shares of stale and of kept results are not those of random writes. */
static int
count_wrong_stale_shares(double writes_per_s, int ttl)
{
	static CacheReplay replay;
	const		Trace trace = {.kind = UNIFORM,.keys = 50,.mean_gap_us = 20000};
	int64		ttl_us = cache_ttl_s[ttl] * INT64CONST(1000000);
	int64		fetched[2][50];
	int64		now_us = 1;
	int64		next_write_us = 0;
	int64		written_us = 0;
	double		hits = 0;
	double		stale = 0;
	double		kept = 0;
	int			calls = 100000;
	CacheShares shares;

	memset(&replay, 0, sizeof(replay));
	memset(fetched, -1, sizeof(fetched));
	for (int i = 0; i < calls; i++)
	{
		int			key = draw_key(&trace, i);
		CacheCall	call = {.elapsed_us = 1.0};

		now_us += draw_gap(&trace);
		while (next_write_us < now_us)
		{
			written_us = next_write_us;
			next_write_us += (int64) (-log(1.0 - uniform()) * 1e6 / writes_per_s) + 1;
		}
		if (fetched[0][key] >= 0 && now_us - fetched[0][key] < ttl_us)
		{
			hits++;
			stale += fetched[0][key] < written_us;
		}
		else
			fetched[0][key] = now_us;
		if (fetched[1][key] >= 0 && now_us - fetched[1][key] < ttl_us &&
			fetched[1][key] >= written_us)
			kept++;
		else
			fetched[1][key] = now_us;
		call.now_us = now_us;
		call.hash = hash_of(key);
		cache_replay_add(&replay, &call, 1);
	}
	cache_replay_close(&replay);
	cache_shares(&replay.counts, ttl, writes_per_s, &shares);
	/* after a write a result is fetched again, and lives longer: kept more */
	return (fabs(shares.stale - stale / hits) > 0.03) +
		(kept / calls < shares.kept - 0.01 || kept / calls > shares.kept + 0.06);
}

/*
 * The greatest error of a number of distinct values, in standard errors, over sets
 * of so many; of which a part is added twice, and a part by way of another set.
 */
static double
distinct_error(int values)
{
	double		worst = 0;

	for (int i = 0; i < 50; i++)
	{
		DistinctSet set = {0};
		DistinctSet other = {0};
		uint64		salt = random_bits();
		double		error;
		double		count;

		for (int value = 0; value < values; value++)
		{
			uint32		hash = hash_of(value ^ salt);

			distinct_add(value % 3 == 0 ? &other : &set, hash);
			if (value % 2 == 0)
				distinct_add(&set, hash);
		}
		distinct_merge(&set, &other);
		count = distinct_count(&set, &error);
		if (error == 0 && count != values)
			return INFINITY;
		if (error > 0)
			worst = Max(worst, fabs(count - values) / error);
	}
	return worst;
}

/* The greatest error of expected shares, and the share within 3 points. */
static void
print_errors(void)
{
	double		worst = 0;
	double		sum = 0;
	int			within = 0;

	for (int i = 0; i < figures; i++)
	{
		worst = Max(worst, errors[i]);
		sum += errors[i];
		within += errors[i] <= 0.03;
	}
	printf("figures %d\nbroken %d\nworst %.4f\nmean %.5f\nwithin %.5f\nwidth %.3f\nsmall %d\nexact %d\n",
		   figures, broken, worst, sum / figures, (double) within / figures,
		   widths / figures, small, exact);
}

int
main(int argc, char **argv)
{
	const int	sizes[] = {769, 1000, 3000, 9000, 10000, 11000, 13000, 30000};
	const double rates[] = {0.5, 1, 5};
	double		counted = 0;
	int			stale_wrong = 0;

	for (int i = 0; i < TRACES; i++)
	{
		Trace		trace = draw_trace(i);

		run_trace(&trace, i);
	}
	print_errors();
	for (int i = 0; i < lengthof(rates); i++)
		stale_wrong += count_wrong_stale_shares(rates[i], 0) +
			count_wrong_stale_shares(rates[i], 1);
	for (int i = 0; i < lengthof(sizes); i++)
		counted = Max(counted, distinct_error(sizes[i]));
	printf("stale_wrong %d\ncounted %.2f\nfew %d\n", stale_wrong, counted,
		   distinct_error(DISTINCT_EXACT) == 0 && distinct_error(1) == 0);
	return 0;
}
