/*-------------------------------------------------------------------------
 *
 * cache_capture.h
 *	  Which executions could a cache of results have spared?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CACHE_CAPTURE_H
#define CLIPPERF_CACHE_CAPTURE_H

#include "compat.h"

#include "hotpath.h"
#include "profile/parameters.h"
#include "profile/request_measure.h"
#include "profile/statement/execution.h"
#include "store/cache_store.h"
#include "store/statement.h"

/* What there is instead of the number of a tracker: less than 0. */
#define TRACKER_NONE	(-1)	/* not yet, or not any more */
#define TRACKER_NEVER	(-2)	/* the statement does more than read */

/* The tracker of the statement, with its tables, in each slot of statement_count(). */
typedef struct CacheSlot
{
	int32		tracker;
	uint32		generation;
} CacheSlot;

HOTPATH_EXTERN CacheSlot cache_slots[STATEMENT_SLOTS];

/*
 * The slot of the statement counted last was that of another one before, or of other
 * tables.
 */
static inline void
cache_capture_forget(void)
{
	cache_slots[statement_own_last].tracker = TRACKER_NONE;
}

/* What cache_capture() does where a slot tells of no tracker. */
extern bool cache_capture_find(CacheSlot *slot, const Execution *execution,
							   const StatementKey *key, uint32 tables);

/* Was the same asked before in the same trace or transaction? */
extern bool cache_capture_was_asked(const Execution *execution, uint32 tracker,
									uint32 hash);

/*
 * A statement of the client has ended well, and has been counted.  "tables" is its
 * plan_tables_of(), "params_hash" what parameters_hash() has just made of it.
 */
static inline void
cache_capture(const Execution *execution, const StatementKey *key,
			  uint32 tables, uint32 params_hash)
{
	CacheSlot  *slot = &cache_slots[statement_own_last];
	CacheCall  *call;

	if (unlikely(slot->tracker < 0 ||
				 !cache_is_followed(slot->tracker, slot->generation)) &&
		!cache_capture_find(slot, execution, key, tables))
		return;
	call = cache_log_place();
	if (unlikely(call == NULL))
		return;
	call->tracker = slot->tracker;
	call->generation = slot->generation;
	call->now_us = execution->first_us;
	call->elapsed_us = execution->work.elapsed_us + execution->work.plan_us;
	call->unmeasured = !parameters_key(execution, params_hash,
									   &call->hash);
	call->repeated =
		unlikely(execution->trace != 0 || request_in_block) &&
		cache_capture_was_asked(execution, slot->tracker, call->hash);
	cache_log_done(execution->first_us);
}

#endif							/* CLIPPERF_CACHE_CAPTURE_H */
