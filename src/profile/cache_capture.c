/*-------------------------------------------------------------------------
 *
 * cache_capture.c
 *	  Which executions could a cache of results have spared?
 *
 * Those of statements that only read.  Each backend remembers of the statements
 * that it ran last whether they do, and which tracker of the store they have: at hand
 * of those that have a slot of statement_count(), which has found it already.  So
 * an execution takes a look at that, a hash of its parameters and constants, and a
 * place in this backend's log.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/cache_capture.h"

#include "access/xact.h"

#include "hotpath.h"
#include "profile/plan/plan_result.h"
#include "profile/statement/value.h"
#include "profile/utility.h"

/*
 * Statements that are remembered, in sets of two, the one used last in front: some
 * 20 kB of private memory.
 */
#define MEMO_SETS		256
#define MEMO_WAYS		2

/*
 * A statement that has cost too little to get a tracker may have got one in another
 * session: that is looked for in one execution of so many.
 */
#define LOOK_INTERVAL	16

typedef struct CacheMemo
{
	uint64		queryid;		/* 0 = nothing is remembered */
	Oid			userid;
	RouteId		route;
	uint32		tables;			/* plan_tables_of() */
	int32		tracker;
	uint32		generation;		/* of the tracker */
	uint32		passed;			/* executions while it has no tracker .. */
	double		cost_us;		/* .. and what they cost */
} CacheMemo;

static CacheMemo memos[MEMO_SETS][MEMO_WAYS];

CacheSlot	cache_slots[STATEMENT_SLOTS] HOTPATH_DATA;

/*
 * Executions of the last requests, each in the place that follows from it; where
 * two meet, the later one is remembered.
 */
#define ASKED			64

typedef struct AskedBefore
{
	uint64		request;		/* 0 = none */
	uint32		tracker;
	uint32		hash;
} AskedBefore;

static AskedBefore asked[ASKED];

/*
 * Do its rows go into a table, or are they copied?  Where they have gone to is gone
 * itself, when a cursor ends.
 */
static inline bool
keeps_result(const QueryDesc *query)
{
	return query->sourceText == utility_around.kept;
}

/* Make a memo of a statement that was not remembered, with this plan. */
static pg_noinline void
learn_statement(CacheMemo *memo, const Execution *execution,
				const StatementKey *key, uint32 tables)
{
	const PlannedStmt *plan = execution->query->plannedstmt;

	memset(memo, 0, sizeof(*memo));
	memo->queryid = key->queryid;
	memo->userid = key->userid;
	memo->route = key->route;
	memo->tables = tables;
	memo->tracker = plan_only_reads(plan) && !keeps_result(execution->query) ?
		TRACKER_NONE : TRACKER_NEVER;
}

static inline bool
is_memo_of(const CacheMemo *memo, const StatementKey *key, uint32 tables)
{
	return memo->queryid == key->queryid && memo->userid == key->userid &&
		memo->route == key->route && memo->tables == tables;
}

/* Put in front what is remembered of a statement that is not there. */
static pg_noinline void
find_second_memo(CacheMemo *set, const Execution *execution,
				 const StatementKey *key, uint32 tables)
{
	CacheMemo	first = set[0];

	set[0] = set[1];
	set[1] = first;
	if (!is_memo_of(&set[0], key, tables))
		learn_statement(&set[0], execution, key, tables);
}

/* What is remembered of a statement. */
static inline CacheMemo *
find_memo(const Execution *execution, const StatementKey *key, uint32 tables)
{
	CacheMemo  *set = memos[(key->queryid ^ key->queryid >> 32 ^ key->route) %
							MEMO_SETS];

	if (unlikely(!is_memo_of(&set[0], key, tables)))
		find_second_memo(set, execution, key, tables);
	return &set[0];
}

/*
 * Ask for the tracker of a statement that has none for all that is remembered, or
 * for a new one, if what it has cost since is worth it.
 */
static void
ask_for_tracker(CacheMemo *memo, const Execution *execution,
				const StatementKey *key)
{
	double		price_us = pg_atomic_read_u64(cache_price_us);

	memo->tracker = TRACKER_NONE;
	memo->cost_us += execution->work.elapsed_us + execution->work.plan_us;
	if (price_us > 0 && memo->cost_us <= price_us &&
		(memo->passed++ % LOOK_INTERVAL != 0 || !cache_has_tracker(key)))
		return;
	memo->tracker = cache_enter(key,
								plan_result_marks(execution->query->plannedstmt,
												  execution->query->planstate),
								memo->cost_us, execution->first_us,
								&memo->generation);
	if (memo->tracker < 0)
		return;
	memo->cost_us = 0;
	memo->passed = 0;
}

/*
 * What cache_capture() does where the slot of the statement tells of no tracker that
 * it has still: looks into what is remembered of the statement, or else asks the
 * store.  False if it has none.
 */
bool
cache_capture_find(CacheSlot *slot, const Execution *execution,
				   const StatementKey *key, uint32 tables)
{
	CacheMemo  *memo;

	if (slot->tracker == TRACKER_NEVER)
		return false;
	memo = find_memo(execution, key, tables);
	if (memo->tracker == TRACKER_NONE ||
		(memo->tracker >= 0 &&
		 !cache_is_followed(memo->tracker, memo->generation)))
		ask_for_tracker(memo, execution, key);
	slot->tracker = memo->tracker;
	slot->generation = memo->generation;
	return slot->tracker >= 0;
}

/*
 * Was the same asked before in the same request, on this connection?  A request that
 * can be told from the next one is a trace, or an explicit transaction, known by its
 * start.
 */
bool
cache_capture_was_asked(const Execution *execution, uint32 tracker, uint32 hash)
{
	uint64		request = execution->trace != 0 ? execution->trace :
		(uint64) GetCurrentTransactionStartTimestamp();
	AskedBefore *place = &asked[(hash ^ tracker) % ASKED];
	bool		before = place->request == request && place->hash == hash &&
		place->tracker == tracker;

	place->request = request;
	place->tracker = tracker;
	place->hash = hash;
	return before;
}
