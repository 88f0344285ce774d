/*-------------------------------------------------------------------------
 *
 * blocks.c
 *	  Series of blocks of time, for what takes most of it.
 *
 * Nothing is counted here when a statement runs.  A few times a second the worker
 * reads the counters of all statements and routes, and adds what they have grown
 * by to their series: a tick.  How often depends on what that costs, and on whether
 * anything runs.
 *
 * SERIES_MAX statements and routes have a series; one that has taken little time
 * makes room for one that takes more.  Everything is read and written under the one
 * lock of LOCKS_BLOCKS, which is taken before all others.  Who ticks holds it
 * exclusively for all of the tick; nobody else who must not wait takes it.
 *
 * Each tick also measures how long a fixed piece of work takes, so that a period in
 * which the machine was slower can be told from one in which the statements were.
 *
 * Series are not saved: after a restart they begin again, and a period that went on
 * over it is judged by the blocks since then.
 *
 *-------------------------------------------------------------------------
 */
#include "store/blocks.h"

#include <math.h>

#include "common/hashfn.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "settings.h"
#include "store/request_store.h"
#include "store/statement.h"

/* Time between two ticks, while calls are counted and while none are. */
#define TICK_US				INT64CONST(250000)
#define IDLE_TICK_US		INT64CONST(1000000)

/* A tick comes not before so many times what the last one worked: 0.5 %. */
#define TICK_COST			200

/* Who makes room has taken less than half the time of who comes in. */
#define ROOM_FACTOR			2.0

/*
 * The yardstick: so much memory is hashed, a tenth of a millisecond's work on what
 * does not fit the innermost cache, as little of a server's does.
 */
#define YARDSTICK_BYTES		(128 * 1024)
#define YARDSTICK_TRIES		9

/* Chains of series by the hash of their key. */
#define SERIES_CHAINS		1024

/* What has been counted of a statement or a route. */
typedef struct SeriesTotals
{
	int64		calls;
	int64		errors;
	double		total_us;
	int64		blocks;
	int64		parts;
} SeriesTotals;

typedef struct TrackedSeries
{
	SeriesKey	key;
	int32		next;			/* in its chain, -1 ends it */
	uint32		ticks;			/* since the last block */
	double		seconds;		/* of these, with calls */
	double		yardstick;		/* sum over these */
	double		period_us;		/* time it took in this period */
	int64		seen_calls;		/* calls and errors at the last tick */
	SeriesTotals totals;		/* at the end of the last block */
	Histogram	latency;		/* then */
	BlockSeries blocks;
} TrackedSeries;

typedef struct BlocksShared
{
	int64		ticked_us;		/* clock_us() at the last tick's begin */
	TimestampTz ticked;			/* the same by the server's clock */
	int64		worked_us;		/* it, on the processor */
	bool		is_idle;		/* it found no calls */
	int32		count;			/* of series[] */
	int32		chain[SERIES_CHAINS];
	TrackedSeries series[SERIES_MAX];
} BlocksShared;

/* A tick, while it goes on. */
typedef struct Tick
{
	double		seconds;		/* since the last one */
	double		yardstick;		/* logarithm of microseconds */
	bool		found_calls;
	int32		least;			/* series with the least time, -1: not known */
} Tick;

static BlocksShared *shared = NULL;

/* StoreModule.size */
static Size
blocks_size(void)
{
	return sizeof(BlocksShared);
}

/* StoreModule.attach */
static void
blocks_attach(void *memory, bool found)
{
	shared = memory;
	if (found)
		return;
	shared->ticked_us = clock_us();
	shared->ticked = GetCurrentTimestamp();
	shared->worked_us = 0;
	shared->is_idle = false;
	shared->count = 0;
	for (int i = 0; i < SERIES_CHAINS; i++)
		shared->chain[i] = -1;
}

/* The key of the series of a statement. */
SeriesKey
series_key_of_statement(const StatementKey *key)
{
	return (SeriesKey)
	{
		.queryid = key->queryid,.dbid = key->dbid,.userid = key->userid,
			.route = key->route,.kind = SERIES_STATEMENT,.toplevel = key->toplevel
	};
}

/* The key of the series of a route. */
SeriesKey
series_key_of_route(Oid dbid, RouteId route)
{
	return (SeriesKey)
	{
		.dbid = dbid,.route = route,.kind = SERIES_ROUTE
	};
}

/*
 * The key of the series of an endpoint.  It is another one if another time is
 * measured, as that says nothing of the one before.
 */
SeriesKey
series_key_of_endpoint(const EndpointRule *rule)
{
	return (SeriesKey)
	{
		.queryid = hash_bytes_extended((const unsigned char *) rule->name,
									   strlen(rule->name), 0),
			.dbid = rule->dbid,.kind = SERIES_ENDPOINT,.toplevel = rule->time
	};
}

/* The key of the series of all requests in a database. */
SeriesKey
series_key_of_all(Oid dbid)
{
	return (SeriesKey)
	{
		.dbid = dbid,.kind = SERIES_ALL
	};
}

/* The chain that a key stands in. */
static int32 *
chain_of(const SeriesKey *key)
{
	uint32		hash = hash_bytes((const unsigned char *) key, sizeof(*key));

	return &shared->chain[hash % SERIES_CHAINS];
}

/* The series of a key, or NULL.  Caller holds the lock. */
static TrackedSeries *
find_series(const SeriesKey *key)
{
	for (int32 i = *chain_of(key); i >= 0; i = shared->series[i].next)
	{
		if (memcmp(&shared->series[i].key, key, sizeof(*key)) == 0)
			return &shared->series[i];
	}
	return NULL;
}

/* Take a series out of its chain. */
static void
unlink_series(int32 number)
{
	int32	   *link = chain_of(&shared->series[number].key);

	while (*link != number)
		link = &shared->series[*link].next;
	*link = shared->series[number].next;
}

/* Forget a series, whose place the last one takes. */
static void
forget_series(int32 number)
{
	int32		last = shared->count - 1;

	unlink_series(number);
	if (number < last)
	{
		unlink_series(last);
		shared->series[number] = shared->series[last];
		shared->series[number].next = *chain_of(&shared->series[number].key);
		*chain_of(&shared->series[number].key) = number;
	}
	shared->count = last;
}

/* StoreModule.reset */
static void
blocks_reset(int what, Oid dbid)
{
	if ((what & (RESET_QUERIES | RESET_ROUTES)) == 0)
		return;
	LWLockAcquire(store_lock(LOCKS_BLOCKS, 0), LW_EXCLUSIVE);
	for (int32 i = shared->count - 1; i >= 0; i--)
	{
		if (reset_concerns(dbid, shared->series[i].key.dbid))
			forget_series(i);
	}
	LWLockRelease(store_lock(LOCKS_BLOCKS, 0));
}

/* The series that took least time in this period; that of all requests stays. */
static int32
find_least(void)
{
	int32		least = 0;

	for (int32 i = 1; i < shared->count; i++)
	{
		if (shared->series[least].key.kind == SERIES_ALL ||
			(shared->series[i].key.kind != SERIES_ALL &&
			 shared->series[i].period_us < shared->series[least].period_us))
			least = i;
	}
	return least;
}

/*
 * A place for the series of what took so much time, or -1: the one with least time
 * makes room for one with far more.
 */
static int32
take_place(Tick *tick, double total_us)
{
	if (shared->count < SERIES_MAX)
		return shared->count++;
	if (tick->least < 0)
		tick->least = find_least();
	if (shared->series[tick->least].period_us * ROOM_FACTOR >= total_us)
		return -1;
	unlink_series(tick->least);
	return tick->least;
}

/*
 * Begin a series.  What was counted before is not part of it, unless all of it was
 * counted since the last tick.
 */
static TrackedSeries *
begin_series(Tick *tick, const SeriesKey *key, const SeriesTotals *totals,
			 const Histogram *latency, TimestampTz first_seen)
{
	int32		place = take_place(tick, totals->total_us);
	TrackedSeries *series;

	if (place < 0)
		return NULL;
	if (place == tick->least)
		tick->least = -1;
	series = &shared->series[place];
	memset(series, 0, offsetof(TrackedSeries, blocks));
	series->key = *key;
	series->next = *chain_of(key);
	*chain_of(key) = place;
	block_series_clear(&series->blocks);
	if (first_seen <= shared->ticked)
	{
		series->totals = *totals;
		series->latency = *latency;
		series->seen_calls = totals->calls + totals->errors;
	}
	return series;
}

/* End a block: what was counted since the last one. */
static void
end_block(TrackedSeries *series, const SeriesTotals *totals,
		  const Histogram *latency)
{
	Histogram	calls;
	PeriodBlock block = {
		.seconds = series->seconds,
		.calls = totals->calls - series->totals.calls,
		.errors = Max(totals->errors - series->totals.errors, 0),
		.total_us = Max(totals->total_us - series->totals.total_us, 0),
		.blocks = Max(totals->blocks - series->totals.blocks, 0),
		.parts = Max(totals->parts - series->totals.parts, 0),
		.yardstick = series->yardstick / series->ticks
	};

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		calls.count[i] = latency->count[i] > series->latency.count[i] ?
			latency->count[i] - series->latency.count[i] : 0;
	block_set_quantiles(&block, &calls);
	block_series_add(&series->blocks, &block);
	series->ticks = 0;
	series->seconds = 0;
	series->yardstick = 0;
	series->totals = *totals;
	series->latency = *latency;
}

/*
 * Add what was counted to the series of a key.  If that has become less, it was
 * forgotten meanwhile, and the series begins again.  A block ends when it has
 * BLOCK_CALLS calls.
 */
static void
tick_series(Tick *tick, const SeriesKey *key, const SeriesTotals *totals,
			const Histogram *latency, TimestampTz first_seen)
{
	TrackedSeries *series = find_series(key);
	int64		calls = totals->calls + totals->errors;

	if (series != NULL && totals->calls < series->totals.calls)
	{
		series->totals = *totals;
		series->latency = *latency;
		series->seen_calls = calls;
		return;
	}
	if (series == NULL)
		series = begin_series(tick, key, totals, latency, first_seen);
	if (series == NULL || calls == series->seen_calls)
		return;
	tick->found_calls = true;
	series->seen_calls = calls;
	series->ticks++;
	series->seconds += tick->seconds;
	series->yardstick += tick->yardstick;
	series->period_us += Max(totals->total_us - series->totals.total_us, 0);
	if (totals->calls - series->totals.calls >= BLOCK_CALLS)
		end_block(series, totals, latency);
}

/* StatementVisitor that adds to the series of a statement. */
static void
tick_statement(const StatementKey *key, const StatementCounters *counters,
			   const TableUses *tables, void *arg)
{
	SeriesKey	series = series_key_of_statement(key);
	SeriesTotals totals = {
		.calls = counters->calls,
		.errors = counters->errors,
		.total_us = counters->total_us,
		.blocks = counters->shared_blks_hit + counters->shared_blks_read,
		.parts = counters->rows
	};

	tick_series(arg, &series, &totals, &counters->latency, counters->first_seen);
}

/* Add to the series of requests, of which that time is measured. */
static void
tick_requests(Tick *tick, const SeriesKey *key, const RouteRequests *requests,
			  EndpointTime time)
{
	bool		is_span = time == ENDPOINT_SPAN;
	SeriesTotals totals = {
		.calls = requests->totals.requests,
		.errors = requests->totals.failed,
		.total_us = is_span ? requests->totals.span_us : requests->totals.database_us,
		.blocks = requests->totals.shared_blks_hit +
		requests->totals.shared_blks_read,
		.parts = requests->totals.statements
	};

	tick_series(tick, key, &totals, is_span ? &requests->span : &requests->database,
				requests->totals.first_seen);
}

/* Add to the series of the endpoints of all databases. */
static void
tick_endpoints(Tick *tick, const EndpointTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		const Endpoint *endpoint = &table->endpoint[i];
		SeriesKey	key;

		if (!OidIsValid(endpoint->rule.dbid))
			continue;
		key = series_key_of_endpoint(&endpoint->rule);
		tick_requests(tick, &key, &endpoint->requests, endpoint->rule.time);
	}
}

/* Add to the series of all requests in a database, the first time it is met. */
static void
tick_database(Tick *tick, const RequestTable *table, int64 first)
{
	Oid			dbid = table->keys[first].dbid;
	SeriesKey	key = series_key_of_all(dbid);
	RouteRequests *sum;

	for (int64 i = 0; i < first; i++)
	{
		if (table->keys[i].dbid == dbid)
			return;
	}
	sum = palloc0(sizeof(RouteRequests));
	for (int64 i = first; i < table->routes; i++)
	{
		if (table->keys[i].dbid == dbid)
			route_requests_merge(sum, &table->route[i]);
	}
	tick_requests(tick, &key, sum, ENDPOINT_DATABASE);
	pfree(sum);
}

/* For qsort(). */
static int
compare_ns(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/*
 * How fast the machine is: the logarithm of the time that a fixed piece of work
 * takes, in microseconds.  The median of a few tries, as some are interrupted.
 */
static double
measure_yardstick(void)
{
	static uint32 work[YARDSTICK_BYTES / sizeof(uint32)];
	int64		ns[YARDSTICK_TRIES];

	for (int i = 0; i < YARDSTICK_TRIES; i++)
	{
		int64		begun_ns = clock_ns();

		/*
		 * each try reads what the last one wrote, so that none can be left
		 * out
		 */
		work[0] = hash_bytes((const unsigned char *) work, sizeof(work));
		ns[i] = clock_ns() - begun_ns;
	}
	qsort(ns, YARDSTICK_TRIES, sizeof(int64), compare_ns);
	return log(Max(ns[YARDSTICK_TRIES / 2] / 1000.0, 1.0));
}

/*
 * Add what was counted since the last tick to all series.  Allocates in a context
 * of its own.  Caller holds no lock.
 */
void
blocks_tick(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "clipperf blocks",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LWLock	   *lock = store_lock(LOCKS_BLOCKS, 0);
	RequestTable *table;
	Tick		tick = {.yardstick = measure_yardstick(),.least = -1};
	int64		begun_us = clock_us();
	int64		worked_us = clock_processor_us();
	TimestampTz begun = GetCurrentTimestamp();

	LWLockAcquire(lock, LW_EXCLUSIVE);
	tick.seconds = Max(begun_us - shared->ticked_us, 0) / 1000000.0;
	table = requests_copy((int64) setting_request_idle_ms * 1000);
	for (int64 i = 0; i < table->routes; i++)
	{
		SeriesKey	key = series_key_of_route(table->keys[i].dbid,
											  table->keys[i].route);

		tick_database(&tick, table, i);
		tick_requests(&tick, &key, &table->route[i], ENDPOINT_DATABASE);
	}
	tick_endpoints(&tick, &table->endpoints);
	statement_visit(tick_statement, &tick);
	shared->ticked_us = begun_us;
	shared->ticked = begun;
	shared->worked_us = clock_processor_us() - worked_us;
	shared->is_idle = !tick.found_calls;
	LWLockRelease(lock);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Milliseconds until the next tick is due.  Read without the lock: a hint. */
long
blocks_due_ms(void)
{
	int64		pause_us = Max(shared->is_idle ? IDLE_TICK_US : TICK_US,
							   shared->worked_us * TICK_COST);
	int64		left_us = shared->ticked_us + pause_us - clock_us();

	return left_us <= 0 ? 0 : (long) (left_us / 1000 + 1);
}

/* Copy a series; false if there is none. */
bool
blocks_copy(const SeriesKey *key, BlockSeries *series)
{
	TrackedSeries *tracked;

	LWLockAcquire(store_lock(LOCKS_BLOCKS, 0), LW_SHARED);
	tracked = find_series(key);
	if (tracked != NULL)
		*series = tracked->blocks;
	LWLockRelease(store_lock(LOCKS_BLOCKS, 0));
	return tracked != NULL;
}

/* A period ends in this database: its series begin again. */
void
blocks_end_period(Oid dbid)
{
	LWLockAcquire(store_lock(LOCKS_BLOCKS, 0), LW_EXCLUSIVE);
	for (int32 i = 0; i < shared->count; i++)
	{
		if (shared->series[i].key.dbid != dbid)
			continue;
		block_series_clear(&shared->series[i].blocks);
		shared->series[i].period_us = 0;
	}
	LWLockRelease(store_lock(LOCKS_BLOCKS, 0));
}

const StoreModule blocks_module = {
	.name = "blocks",
	.size = blocks_size,
	.attach = blocks_attach,
	.reset = blocks_reset
};
