/*-------------------------------------------------------------------------
 *
 * cache_table.h
 *	  The statements whose results a cache might keep, and their replays.
 *
 * A fixed number of trackers, for the statements that cost the most.  Plain
 * memory: cache_store.c guards it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CACHE_TABLE_H
#define CLIPPERF_CACHE_TABLE_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/cache_replay.h"
#include "store/statement_counters.h"

/* What a statement's result depends on beside its parameters and its tables. */
typedef enum CacheMark
{
	CACHE_VOLATILE = 1 << 0,	/* functions that may return anything */
	CACHE_TIME = 1 << 1,
	CACHE_USER = 1 << 2,
	CACHE_POLICIES = 1 << 3,	/* of row-level security */
	CACHE_SETTINGS = 1 << 4,
	CACHE_SAMPLING = 1 << 5,	/* TABLESAMPLE */
	CACHE_SYSTEM = 1 << 6,		/* system catalogs */
	CACHE_FOREIGN = 1 << 7,		/* foreign tables */
	CACHE_TEMPORARY = 1 << 8,	/* temporary tables */
	CACHE_ALL_MARKS = (1 << 9) - 1
} CacheMark;

typedef struct CacheTracker
{
	StatementKey key;			/* queryid 0 = it is free */
	uint32		generation;		/* raised whenever it is given away */
	uint32		marks;			/* of CacheMark */
	TimestampTz since;			/* when it was given to the statement */
	double		heat_us;		/* time of the statement, the older the less */
	int64		heat_at_us;		/* clock_us() that this holds for .. */
	double		heat_of_us;		/* .. and counts.total_us then */
	CacheReplay replay;
} CacheTracker;

typedef struct CacheTable
{
	int64		evicted;		/* statements that made room for another */
	int64		refused;		/* times that one found no room */
	int64		lost;			/* executions that found no room in a log */
	int32		size;
	CacheTracker tracker[FLEXIBLE_ARRAY_MEMBER];
} CacheTable;

/* Forget the statements of a database, or of all. */
extern void cache_table_clear(CacheTable *table, Oid dbid);

/*
 * The tracker of a statement, given to it if there is a free one or a less useful
 * one; -1 if not: then *price_us tells from what time on it is worth to ask again.
 */
extern int	cache_table_enter(CacheTable *table, const StatementKey *key,
							  uint32 marks, double cost_us, int64 now_us,
							  double *price_us);

/* Give a tracker back to a statement whose counts were saved. */
extern void cache_table_restore(CacheTracker *tracker, const StatementKey *key,
								uint32 marks, TimestampTz since,
								const CacheCounts *counts, int64 now_us);

/* Add the first of these executions, with those after it that are of its tracker. */
extern int	cache_table_add(CacheTable *table, const CacheCall *calls, int count);

/* The trackers in use. */
extern int	cache_table_held(const CacheTable *table);

#endif							/* CLIPPERF_CACHE_TABLE_H */
