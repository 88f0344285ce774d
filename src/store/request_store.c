/*-------------------------------------------------------------------------
 *
 * request_store.c
 *	  The requests of all backends.
 *
 * Each backend has a list in shared memory of its requests that have ended since
 * it last handed them on, and the one under way.  Only the owner writes it, under
 * a change count as in PgBackendStatus; so a statement takes no lock and writes no
 * cache line that others write.  From when the list is half full its requests are
 * moved into the table as soon as nobody holds the lock; where that does not come
 * before the list is full, the latest request makes room, and is counted as lost.
 * What is left is moved when the backend ends: only then it waits for the lock.
 * Readers who may have others wait take requests out of the lists, too.
 *
 * The table is read and written under LOCKS_REQUEST.  Moving holds it exclusively
 * from adding to clearing, so that a reader who holds it shared sees each request
 * once: in the table or in a list.
 *
 * A reset of a database, under the lock, ends the epoch of the lists whose owners are
 * connected to it.  What such a list holds was counted before: readers pass it over,
 * and its owner empties it.
 *
 * Nothing here raises an error or allocates but for readers.
 *
 *-------------------------------------------------------------------------
 */
#include "store/request_store.h"

#include "miscadmin.h"
#include "storage/ipc.h"

#include "common/clock.h"
#include "hotpath.h"
#include "store/endpoint_save.h"
#include "store/export.h"
#include "store/request_save.h"
#include "store/save.h"
#include "store/steady.h"

/*
 * How many requests of a backend wait before it is tried to hand them on.  The
 * difference to PENDING_REQUESTS is what a session can do while somebody copies the
 * table, which the worker does several times a second.
 */
#define HAND_ON_REQUESTS 16

typedef struct RequestShared
{
	pg_atomic_uint32 rules;		/* generation of the endpoints, under the lock */
	RequestTable table;
} RequestShared;

static RequestShared *shared = NULL;
static RequestList *lists = NULL;	/* of all backends */

pg_atomic_uint32 *requests_rules_generation HOTPATH_DATA = NULL;
RequestList *requests_own HOTPATH_DATA = NULL;

/* StoreModule.size */
static Size
request_size(void)
{
	return add_size(CACHELINEALIGN(sizeof(RequestShared)),
					mul_size(store_backends(), sizeof(RequestList)));
}

/* StoreModule.attach */
static void
request_attach(void *memory, bool found)
{
	shared = memory;
	lists = (RequestList *) ((char *) memory +
							 CACHELINEALIGN(sizeof(RequestShared)));
	requests_rules_generation = &shared->rules;
	if (found)
		return;
	endpoint_table_clear(&shared->table.endpoints);
	pg_atomic_init_u32(&shared->rules, shared->table.endpoints.generation);
	request_table_clear(&shared->table, InvalidOid);
	for (int i = 0; i < store_backends(); i++)
	{
		memset(&lists[i], 0, offsetof(RequestList, records));
		pg_atomic_init_u64(&lists[i].current, 0);
	}
}

/*
 * Empty the list: what it holds was handed on, or is not to be counted.  The lock is
 * held.
 */
static void
empty_list(void)
{
	RequestRecord *open = requests_own->open ? &requests_own->records[requests_own->ended] : NULL;

	requests_begin_change(requests_own);
	if (open != NULL)
		requests_own->records[0] = *open;
	requests_own->ended = 0;
	requests_own->lost = 0;
	requests_own->taken = 0;
	requests_end_change(requests_own);
}

/* Move the requests that have ended into the table; the lock is held. */
static void
move_requests(void)
{
	if (requests_are_current(requests_own))
	{
		for (int i = (int) requests_own->taken; i < requests_own->ended; i++)
			request_table_add(&shared->table, &requests_own->records[i]);
		shared->table.losses.requests_lost += requests_own->lost;
	}
	empty_list();
}

/* The request under way has ended. */
static inline void
end_request(void)
{
	requests_begin_change(requests_own);
	requests_own->ended++;
	requests_own->open = 0;
	requests_end_change(requests_own);
}

/* Callback at the end of the backend. */
static void
move_at_exit(int code, Datum arg)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);

	if (requests_own->open)
		end_request();
	LWLockAcquire(lock, LW_EXCLUSIVE);
	move_requests();
	LWLockRelease(lock);
}

/* After a reset: what this backend has counted was before it. */
static void
follow_reset(void)
{
	requests_begin_change(requests_own);
	requests_own->ended = 0;
	requests_own->open = 0;
	requests_own->lost = 0;
	requests_own->epoch = pg_atomic_read_u64(&requests_own->current);
	requests_end_change(requests_own);
}

/* Take possession of this backend's list. */
pg_attribute_cold static void
own_list(void)
{
	requests_own = &lists[MY_PROC_INDEX];
	(void) epoch_begin(&requests_own->current, MyDatabaseId);
	follow_reset();
	before_shmem_exit(move_at_exit, (Datum) 0);
}

/*
 * Make room for one more request that has ended.  Waits for nobody: where somebody
 * holds the lock and there is no room left, the request that ended last is lost.
 */
static inline void
hand_requests_on(void)
{
	LWLock	   *lock;

	if (likely(requests_own->ended < HAND_ON_REQUESTS))
		return;
	lock = store_lock(LOCKS_REQUEST, 0);
	if (LWLockConditionalAcquire(lock, LW_EXCLUSIVE))
	{
		move_requests();
		LWLockRelease(lock);
	}
	else if (requests_own->ended >= PENDING_REQUESTS)
	{
		requests_begin_change(requests_own);
		requests_own->ended--;
		requests_own->lost++;
		requests_end_change(requests_own);
	}
}

/*
 * A statement of the client has ended: it goes on with the request under way, or
 * ends that and begins its own.
 */
void
requests_add(const RequestRecord *part)
{
	RequestRecord *open = requests_under_way();

	if (open != NULL &&
		request_goes_on(open, part->kind, part->trace, part->period, part->route))
	{
		requests_begin_change(requests_own);
		open->kind = part->kind;
		open->trace = part->trace;
		request_merge(open, part);
		requests_end_change(requests_own);
		return;
	}
	if (unlikely(requests_own == NULL))
		own_list();
	if (unlikely(!requests_are_current(requests_own)))
		follow_reset();
	if (requests_own->open)
		end_request();
	hand_requests_on();
	requests_begin_change(requests_own);
	requests_own->records[requests_own->ended] = *part;
	requests_own->open = 1;
	requests_end_change(requests_own);
}

/*
 * The statement that was added last belongs to these endpoints, too: where it
 * failed, its text is made when it has been counted.
 */
void
requests_add_marks(EndpointMarks marks)
{
	if (marks == 0 || requests_own == NULL || !requests_own->open)
		return;
	requests_begin_change(requests_own);
	requests_own->records[requests_own->ended].endpoints |= marks;
	requests_end_change(requests_own);
}

/*
 * A transaction has ended: so has the request that it was.  Takes no lock.
 */
void
requests_end_transaction(void)
{
	if (requests_own != NULL && requests_own->open &&
		requests_own->records[requests_own->ended].kind == REQUEST_TRANSACTION)
		end_request();
}

/* ------------------------------------------------------------------------
 * Readers
 * ------------------------------------------------------------------------ */

/*
 * Copy a list as its owner left it between two changes; false if the owner is stopped
 * in the middle of one.
 */
static bool
copy_list(RequestList *copy, const volatile RequestList *list)
{
	SteadyRead	read = {&list->changes};

	while (steady_begin(&read))
	{
		memcpy(copy, (const void *) list, offsetof(RequestList, records));
		if (copy->ended >= 0 && copy->ended <= PENDING_REQUESTS)
			memcpy(copy->records, (const void *) list->records,
				   (copy->ended + 1) * sizeof(RequestRecord));
		if (steady_end(&read))
			return true;
	}
	return false;
}

/*
 * Add what a list holds to a copy of the table.  The request under way has ended if its
 * client has paused for idle_us, unless it is a transaction; a part of a trace is put
 * to the others.
 */
static void
add_pending(RequestTable *table, const RequestList *list, int64 now_us, int64 idle_us)
{
	const RequestRecord *open = &list->records[list->ended];

	for (int i = (int) list->taken; i < list->ended; i++)
		request_table_add(table, &list->records[i]);
	table->losses.requests_lost += list->lost;
	if (list->open &&
		(open->kind == REQUEST_TRACE ||
		 (open->kind == REQUEST_INFERRED && now_us - open->ended_us > idle_us)))
		request_table_add(table, open);
}

/*
 * Memory for a copy of the table, palloc'd.  The table is copied into it once without
 * its lock: what that yields may be torn, but it touches the memory that the copy under
 * the lock needs, and no more, so that nobody loses requests while the kernel fetches
 * pages.
 */
static RequestTable *
make_copy(void)
{
	RequestTable *table = palloc(sizeof(RequestTable));

	request_table_copy(table, &shared->table);
	return table;
}

/*
 * All requests that have ended, palloc'd, also what is pending.  A pause of
 * idle_us ends a request.
 */
RequestTable *
requests_copy(int64 idle_us)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	RequestTable *table = make_copy();
	RequestList *list = palloc(sizeof(RequestList));
	int64		now_us;

	LWLockAcquire(lock, LW_SHARED);
	request_table_copy(table, &shared->table);
	now_us = clock_us();
	for (int i = 0; i < store_backends(); i++)
	{
		if (copy_list(list, &lists[i]) && requests_are_current(list))
			add_pending(table, list, now_us, idle_us);
	}
	LWLockRelease(lock);
	pfree(list);
	request_table_end_traces(table, now_us, idle_us);
	request_table_fold_nameless(table);
	return table;
}

/*
 * Copy the request that process "number" has under way; false if it has none, or if
 * it cannot be had, since its owner was interrupted while it wrote.  Takes no lock.
 */
bool
requests_read_open(int number, RequestRecord *record)
{
	const volatile RequestList *list = &lists[number];
	SteadyRead	read = {&list->changes};

	while (steady_begin(&read))
	{
		int32		ended = list->ended;
		bool		found = list->open && ended >= 0 && ended <= PENDING_REQUESTS &&
			requests_are_current((const RequestList *) list);

		if (found)
			memcpy(record, (const void *) &list->records[ended], sizeof(*record));
		if (steady_end(&read))
			return found;
	}
	return false;
}

/* ------------------------------------------------------------------------
 * Readers of counters that never go back
 *
 * What clipperf_routes shows as soon as it may have ended can turn out to go on.
 * A monitoring system takes a counter that goes back for one that began again, so
 * here a request counts when its session has begun another, and if it is a trace,
 * when nothing was seen of it for TRACE_OVER_US and no session has a part of it under
 * way.  Who reads that counts it in the table: whatever comes of it later, as from
 * a statement that has run on another connection for longer, is another request.
 * ------------------------------------------------------------------------ */

/* A part of a trace that a session may go on with. */
typedef struct OpenTrace
{
	uint64		trace;
	Oid			dbid;
}			OpenTrace;

/*
 * Take the requests that have ended out of a list, of which this is a copy, into the
 * table.  The one in its last place may yet make room for another, and be lost.  The
 * lock is held exclusively.
 */
static void
take_requests(RequestList *list, const RequestList *copy)
{
	int			ended = Min(copy->ended, PENDING_REQUESTS - 1);

	for (int i = (int) list->taken; i < ended; i++)
		request_table_add(&shared->table, &copy->records[i]);
	list->taken = Max(list->taken, ended);
}

/*
 * Take what has ended out of all lists, and note the traces that their owners have
 * under way.  Returns how many these are; *lost is what no list had room for.  The
 * lock is held exclusively.
 */
static int
take_all_requests(RequestList *copy, OpenTrace * open, int64 *lost)
{
	int			count = 0;

	*lost = 0;
	for (int i = 0; i < store_backends(); i++)
	{
		const RequestRecord *last;

		if (!copy_list(copy, &lists[i]) || !requests_are_current(copy))
			continue;
		take_requests(&lists[i], copy);
		*lost += copy->lost;
		last = &copy->records[copy->ended];
		if (copy->open && last->kind == REQUEST_TRACE)
			open[count++] = (OpenTrace)
		{
			.trace = last->trace,.dbid = last->dbid
		};
	}
	return count;
}

/* Has a session a part of this trace under way? */
static bool
is_open_trace(const OpenTrace * open, int count, const RequestRecord *trace)
{
	for (int i = 0; i < count; i++)
	{
		if (open[i].trace == trace->trace && open[i].dbid == trace->dbid)
			return true;
	}
	return false;
}

/* Count the traces that have ended.  The lock is held exclusively. */
static void
end_whole_traces(const OpenTrace * open, int count, int64 now_us)
{
	RequestRecord *place = &shared->table.traces[0][0];

	for (int i = 0; i < TRACE_SETS * TRACE_WAYS; i++, place++)
	{
		if (place->trace != 0 && now_us - place->ended_us > TRACE_OVER_US &&
			!is_open_trace(open, count, place))
			request_table_end_trace(&shared->table, place);
	}
}

/*
 * Count what has ended for good; a copy of the table then, palloc'd.  All memory is
 * touched before the lock is taken, so that nobody loses requests meanwhile.
 */
RequestTable *
requests_copy_ended(void)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	RequestTable *table = make_copy();
	RequestList *list = palloc0(sizeof(RequestList));
	OpenTrace  *open = palloc0(store_backends() * sizeof(OpenTrace));
	int			count;
	int64		lost;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	count = take_all_requests(list, open, &lost);
	end_whole_traces(open, count, clock_us());
	request_table_copy(table, &shared->table);
	LWLockRelease(lock);
	table->losses.requests_lost += lost;
	request_table_fold_nameless(table);
	pfree(open);
	pfree(list);
	return table;
}

/*
 * Choose what of this database has metrics of its own, by what requests_copy_ended()
 * has returned.
 */
void
requests_choose_exports(RequestTable *table)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);

	if (!export_choose(table, table, MyDatabaseId))
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	(void) export_choose(&shared->table, table, MyDatabaseId);
	export_copy(table, &shared->table);
	LWLockRelease(lock);
}

/* ------------------------------------------------------------------------
 * Rules of endpoints
 * ------------------------------------------------------------------------ */

/*
 * The endpoints of this database that statements belong to, ENDPOINT_MARKS at
 * most, and as of which generation.  -1 if that cannot be told without waiting.
 */
int
requests_marked_rules(MarkedRule *rules, uint32 *generation)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	const EndpointTable *endpoints = &shared->table.endpoints;
	int			count = 0;

	if (!LWLockConditionalAcquire(lock, LW_SHARED))
		return -1;
	*generation = endpoints->generation;
	for (int i = 0; i < endpoints->count; i++)
	{
		const Endpoint *endpoint = &endpoints->endpoint[i];

		if (endpoint->rule.dbid != MyDatabaseId || endpoint->mark < 0)
			continue;
		rules[count].mark = endpoint->mark;
		rules[count].rule = endpoint->rule;
		count++;
	}
	LWLockRelease(lock);
	return count;
}

/* Do these rules of a database count, as far as there is room for them? */
bool
requests_have_rules(Oid dbid, const EndpointRule *rules, int count)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	bool		have;

	LWLockAcquire(lock, LW_SHARED);
	have = endpoint_table_has_rules(&shared->table.endpoints, dbid, rules, count);
	LWLockRelease(lock);
	return have;
}

/*
 * Let these rules of a database count from now on, as far as there is room for
 * them.  Raises nothing: a transaction may be committing.
 */
void
requests_set_rules(Oid dbid, const EndpointRule *rules, int count)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	EndpointTable *endpoints = &shared->table.endpoints;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	endpoint_table_set_rules(endpoints, dbid, rules, count);
	pg_atomic_write_u32(&shared->rules, endpoints->generation);
	LWLockRelease(lock);
}

/* For how many of these is no room? */
int
requests_rules_left_over(Oid dbid, const EndpointRule *rules, int count)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	int			left_over;

	LWLockAcquire(lock, LW_SHARED);
	left_over = endpoint_table_left_over(&shared->table.endpoints, dbid, rules,
										 count);
	LWLockRelease(lock);
	return left_over;
}

/* The databases that have rules, each once, ENDPOINT_MAX at most; their number. */
int
requests_rule_databases(Oid *dbids)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);
	const EndpointTable *endpoints = &shared->table.endpoints;
	int			count = 0;

	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < endpoints->count; i++)
	{
		Oid			dbid = endpoints->endpoint[i].rule.dbid;
		int			known = 0;

		while (known < count && dbids[known] != dbid)
			known++;
		if (OidIsValid(dbid) && known == count)
			dbids[count++] = dbid;
	}
	LWLockRelease(lock);
	return count;
}

/* StoreModule.reset */
static void
request_reset(int what, Oid dbid)
{
	LWLock	   *lock = store_lock(LOCKS_REQUEST, 0);

	if ((what & RESET_ROUTES) == 0)
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < store_backends(); i++)
	{
		epoch_end(&lists[i].current, dbid);
		if (!requests_are_current(&lists[i]))
			lists[i].taken = 0;
	}
	request_table_clear(&shared->table, dbid);
	LWLockRelease(lock);
}

/* ------------------------------------------------------------------------
 * The saved file
 * ------------------------------------------------------------------------ */

StaticAssertDecl(sizeof(RouteKey) == 2 * sizeof(uint32),
				 "what is saved has no padding");

/* Write routes, as many as there are. */
static void
save_routes(SaveFile *file, const RouteKey *keys, const RouteRequests *requests,
			int64 count)
{
	save_bytes(file, &count, sizeof(count));
	save_bytes(file, keys, count * sizeof(RouteKey));
	for (int64 i = 0; i < count; i++)
		request_save_counters(file, &requests[i]);
}

/*
 * StoreModule.save: losses, places of metrics, routes, minutes.  What goes on now will have ended when
 * the file is read.
 */
static void
request_save(SaveFile *file)
{
	RequestTable *table = requests_copy(-1);

	save_bytes(file, &table->losses, sizeof(table->losses));
	save_bytes(file, &table->exported, sizeof(table->exported));
	save_bytes(file, table->exports, table->exported * sizeof(RouteKey));
	save_routes(file, table->keys, table->route, table->routes);
	for (int i = 0; i < RECENT_MINUTES; i++)
	{
		RecentMinute *recent = &table->recent[i];

		save_bytes(file, &recent->minute, sizeof(recent->minute));
		save_routes(file, recent->keys, recent->route, recent->routes);
	}
	endpoints_save(file, &table->endpoints);
	pfree(table);
}

/* Read routes, "most" at most; false if they make no sense. */
static bool
load_routes(SaveFile *file, RouteKey *keys, RouteRequests *requests,
			int64 most, int64 *count)
{
	int64		saved;

	if (!load_bytes(file, &saved, sizeof(saved)) || saved < 0 || saved > most ||
		!load_bytes(file, keys, saved * sizeof(RouteKey)))
		return false;
	for (int64 i = 0; i < saved; i++)
	{
		if (!OidIsValid(keys[i].dbid) || !request_load_counters(file, &requests[i]))
			return false;
	}
	*count = saved;
	return true;
}

/* Read which routes have metrics of their own; false if that makes no sense. */
static bool
load_exports(SaveFile *file, RequestTable *table)
{
	if (!load_bytes(file, &table->exported, sizeof(table->exported)) ||
		table->exported < 0 || table->exported > REQUEST_ROUTES ||
		!load_bytes(file, table->exports, table->exported * sizeof(RouteKey)))
	{
		table->exported = 0;
		return false;
	}
	return true;
}

/* StoreModule.load */
static bool
request_load(SaveFile *file)
{
	RequestTable *table = &shared->table;

	if (!load_bytes(file, &table->losses, sizeof(table->losses)) ||
		table->losses.evicted < 0 || table->losses.traces_cut < 0 ||
		table->losses.recent_dropped < 0 ||
		table->losses.requests_lost < 0 ||
		!load_exports(file, table) ||
		!load_routes(file, table->keys, table->route, REQUEST_ROUTES,
					 &table->routes))
		return false;
	for (int i = 0; i < RECENT_MINUTES; i++)
	{
		RecentMinute *recent = &table->recent[i];

		if (!load_bytes(file, &recent->minute, sizeof(recent->minute)) ||
			recent->minute < 0 ||
			!load_routes(file, recent->keys, recent->route, RECENT_ROUTES,
						 &recent->routes))
			return false;
	}
	if (!endpoints_load(file, &table->endpoints))
		return false;
	pg_atomic_write_u32(&shared->rules, table->endpoints.generation);
	return true;
}

const StoreModule request_module = {
	.name = "requests",
	.size = request_size,
	.attach = request_attach,
	.save = request_save,
	.load = request_load,
	.reset = request_reset
};
