/*-------------------------------------------------------------------------
 *
 * cache_replay.h
 *	  What a cache of a statement's results would have spared.
 *
 * Such a cache keeps the result of each list of parameters for its time to
 * live, from the execution that fetched it on.  This is arithmetic over the
 * executions of one statement, each with a hash of its parameters and the time:
 * no shared memory, no clock.  Plain memory: whoever owns a replay guards it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CACHE_REPLAY_H
#define CLIPPERF_CACHE_REPLAY_H

#include "compat.h"

#include "store/distinct_set.h"

/* Times to live: each a multiple of the one before. */
#define CACHE_TTLS		4
extern const int cache_ttl_s[CACHE_TTLS];

/* Lists of parameters that are followed one by one. */
#define CACHE_KEYS		512

/* Places to find them by: half of them stay free, which ends a search. */
#define CACHE_PLACES	(2 * CACHE_KEYS)

/* Ages are told apart by powers of two, in milliseconds, up to 70 minutes. */
#define CACHE_AGES		23

/* An execution of the statement. */
typedef struct CacheCall
{
	int64		now_us;			/* when it began, by clock_us() */
	uint32		hash;			/* of its parameters and literals */
	float		elapsed_us;		/* of planner and executor */
	bool		repeated;		/* was asked before in its request */
	bool		unmeasured;		/* there is no hash */

	/* Whose it is, for the one who hands it on. */
	uint32		tracker;
	uint32		generation;
} CacheCall;

/* How often things happened that are so old, 2^(i-1) to 2^i ms. */
typedef struct CacheAges
{
	float		count[CACHE_AGES];
} CacheAges;

/* What is known of one time to live. */
typedef struct CacheLife
{
	double		windows;		/* distinct lists of each window, added up */
	double		windows_error;	/* their standard errors, added up */

	/* The lists that are followed, for all of them: see cache_replay.c. */
	double		seen_windows;	/* windows with an execution, of each list */
	double		seen_hits;
	double		seen_misses;
	double		hits_variance;	/* of seen_hits, by the choice of lists */
	CacheAges	ages;			/* at hits, of the result */
	CacheAges	gaps;			/* at hits, since the execution before */
} CacheLife;

/* What is counted; doubles and floats alone: it is saved as it is. */
typedef struct CacheCounts
{
	double		calls;
	double		total_us;		/* their time */
	double		unmeasured;		/* of these, without a hash */
	double		late;			/* of these, in windows that were closed */
	double		seen_variance;	/* of the calls of the lists that are
								 * followed, by their choice */
	double		repeats;		/* of these, asked before in their request */
	double		repeats_us;		/* their time */
	double		lists;			/* most distinct ones in a longest window, at
								 * least */
	double		busy_us;		/* from the first execution to the last */
	CacheLife	life[CACHE_TTLS];
} CacheCounts;

/* One list of parameters that is followed; times in ms, modulo 2^32. */
typedef struct CacheKey
{
	uint32		hash;
	uint32		calls;
	uint32		seen_ms;		/* last execution */
	uint32		filled_ms[CACHE_TTLS];	/* when its result was fetched */
	uint16		hits[CACHE_TTLS];	/* so far, up to a limit */
} CacheKey;

/* The distinct lists of a window that is not closed yet. */
typedef struct CacheWindow
{
	int64		number;			/* time divided by its length */
	DistinctSet set;
} CacheWindow;

/* All zeros at the beginning. */
typedef struct CacheReplay
{
	CacheCounts counts;
	int64		first_us;		/* of the executions since it began, or was
								 * resumed; 0 = none */
	int64		last_us;

	/* The shortest window, and the one before it; the longer ones. */
	int64		current_us;		/* when the current one began */
	CacheWindow current;
	CacheWindow previous;
	CacheWindow longer[CACHE_TTLS - 1];

	/* The lists that are followed. */
	uint32		beyond;			/* not those with hashes from this one on; 0 =
								 * all are */
	uint32		forgot_ms;		/* when old lists were forgotten last */
	int32		keys;
	CacheKey	key[CACHE_KEYS];
	uint16		place[CACHE_PLACES];	/* number in key[] and 1, from where
										 * its last bits tell on; 0 = free */
} CacheReplay;

/* Add executions that came one after the other. */
extern void cache_replay_add(CacheReplay *replay, const CacheCall *calls, int count);

/* Close all windows, so that the counts are complete. */
extern void cache_replay_close(CacheReplay *replay);

/* Shares of the calls, but for the number of lists. */
typedef struct CacheShares
{
	double		low;			/* hits: no fewer .. */
	double		expected;
	double		high;			/* .. and no more */
	double		stale;			/* of the hits, older than a write */
	double		kept;			/* hits if each write empties the cache */
	double		lists;			/* distinct ones in a window, on average */
} CacheShares;

/* What a time to live is worth, where there are so many writes a second. */
extern void cache_shares(const CacheCounts *counts, int ttl,
						 double writes_per_s, CacheShares *shares);

#endif							/* CLIPPERF_CACHE_REPLAY_H */
