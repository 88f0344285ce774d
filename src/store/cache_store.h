/*-------------------------------------------------------------------------
 *
 * cache_store.h
 *	  What caches would have spared, of the statements of all backends.
 *
 * See cache_store.c for the locks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CACHE_STORE_H
#define CLIPPERF_CACHE_STORE_H

#include "compat.h"

#include "hotpath.h"
#include "port/atomics.h"
#include "settings.h"
#include "store/cache_table.h"
#include "store/store.h"

/* The generation of each tracker, raised when it is given away. */
HOTPATH_EXTERN pg_atomic_uint32 *cache_generations;

/* Does the statement that was given a tracker have it still? */
static inline bool
cache_is_followed(int tracker, uint32 generation)
{
	return pg_atomic_read_u32(&cache_generations[tracker]) == generation;
}

/*
 * What a statement without a tracker must have cost for it to be worth to ask for
 * one, in microseconds: 0 while there are free ones.
 */
HOTPATH_EXTERN pg_atomic_uint64 *cache_price_us;

/* Has the statement a tracker?  A hint, to be had without a lock. */
extern bool cache_has_tracker(const StatementKey *key);

/* Ask for a tracker for a statement; -1 if there is none for it now. */
extern int	cache_enter(const StatementKey *key, uint32 marks, double cost_us,
						int64 now_us, uint32 *generation);

/* Executions that a log holds. */
#define CACHE_LOG_CALLS	128

/* The latest executions of a backend: see cache_store.c. */
typedef struct CacheLog
{
	pg_atomic_uint32 end;		/* executions appended; wraps around */
	pg_atomic_uint32 begin;		/* of these, moved: under the lock */
	pg_atomic_uint32 lost;		/* since they were moved last */
	CacheCall	calls[CACHE_LOG_CALLS];
} CacheLog;

/*
 * Of this backend: its log, NULL until it has added something; its end, and up to
 * which end there is room in it; when to look whether the logs are to be moved.
 */
HOTPATH_EXTERN CacheLog *cache_own_log;
HOTPATH_EXTERN uint32 cache_own_end;
HOTPATH_EXTERN uint32 cache_own_room;
HOTPATH_EXTERN int64 cache_look_us;

/* Make room in it; false if there is none. */
extern bool cache_make_room(void);

/* Move all logs if nobody has for two seconds. */
extern void cache_move_in_time(int64 now_us);

/*
 * Where to put an execution of a statement that has a tracker; NULL if it is lost.
 * cache_log_done() is to follow.
 */
static inline CacheCall *
cache_log_place(void)
{
	if (unlikely(cache_own_end == cache_own_room) && !cache_make_room())
		return NULL;
	return &cache_own_log->calls[cache_own_end % CACHE_LOG_CALLS];
}

/* It is there, as of this time of clock_us(). */
static inline void
cache_log_done(int64 now_us)
{
	pg_write_barrier();
	pg_atomic_write_u32(&cache_own_log->end, ++cache_own_end);
	if (unlikely(now_us >= cache_look_us))
		cache_move_in_time(now_us);
}

/* A tracker as a reader sees it: with what has been counted up to now. */
typedef struct CacheRow
{
	StatementKey key;
	uint32		marks;
	TimestampTz since;
	CacheCounts counts;
} CacheRow;

/* All of them, palloc'd. */
extern CacheRow *cache_copy(int *count);

/* Of the trackers: how many are held; what was evicted, refused and lost. */
typedef struct CacheUsage
{
	int64		held;
	int64		evicted;
	int64		refused;
	int64		lost;
} CacheUsage;

extern CacheUsage cache_usage(void);

extern const StoreModule cache_module;

#endif							/* CLIPPERF_CACHE_STORE_H */
