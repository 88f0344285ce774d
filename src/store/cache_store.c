/*-------------------------------------------------------------------------
 *
 * cache_store.c
 *	  What caches would have spared, of the statements of all backends.
 *
 * Each backend has a log in shared memory of its latest executions.  Only the
 * owner appends to it, so that a statement takes no lock and writes no cache line
 * that others write.  Whoever holds LOCKS_CACHE exclusively moves what the logs
 * hold into the trackers, and with it the ends of the logs: readers do, and every two
 * seconds some backend for all, so that executions arrive about in the order in
 * which they ran.  A backend whose log is full moves its own, if nobody holds the
 * lock; else that execution is lost, which is counted.  It waits for nobody.
 *
 * The trackers are read and written under the same lock.  Their generations are
 * written under it too, and read by anybody without it: an execution that is
 * logged for a tracker which is given away meanwhile is passed over when it is
 * moved.
 *
 * Nothing here raises an error or allocates but for readers.
 *
 *-------------------------------------------------------------------------
 */
#include "store/cache_store.h"

#include <math.h>

#include "common/clock.h"
#include "common/hashfn.h"
#include "store/save.h"

/* From so many executions on the owner of a log tries to move them. */
#define LOG_TRIES		48

/* Somebody moves all logs so often, in microseconds. */
#define MOVE_INTERVAL_US	INT64CONST(2000000)

typedef struct CacheShared
{
	pg_atomic_uint64 moved_us;	/* clock_us() when all logs were moved last */
	pg_atomic_uint64 price_us;	/* what it took to get a tracker last */
	CacheTable	table;
} CacheShared;

static CacheShared *shared = NULL;
static CacheLog *logs = NULL;	/* of all backends */

static pg_atomic_uint64 *keys = NULL;	/* hash of each tracker's statement */

pg_atomic_uint32 *cache_generations HOTPATH_DATA = NULL;
pg_atomic_uint64 *cache_price_us HOTPATH_DATA = NULL;

CacheLog   *cache_own_log HOTPATH_DATA = NULL;
uint32		cache_own_end HOTPATH_DATA = 0;
uint32		cache_own_room HOTPATH_DATA = 0;
int64		cache_look_us HOTPATH_DATA = 0;

/* Bytes of the table; there is always one tracker. */
static Size
table_bytes(void)
{
	return CACHELINEALIGN(add_size(offsetof(CacheShared, table.tracker),
								   mul_size(Max(setting_cache_statements, 1),
											sizeof(CacheTracker))));
}

/* Bytes of the generations. */
static Size
generations_bytes(void)
{
	return CACHELINEALIGN(mul_size(Max(setting_cache_statements, 1),
								   sizeof(pg_atomic_uint32)));
}

/* Bytes of the hashes of the trackers' statements. */
static Size
keys_bytes(void)
{
	return CACHELINEALIGN(mul_size(Max(setting_cache_statements, 1),
								   sizeof(pg_atomic_uint64)));
}

/* A hash of what tells a statement from others. */
static inline uint64
hash_key(const StatementKey *key)
{
	return hash_bytes_extended((const unsigned char *) key, sizeof(*key), 0);
}

/* StoreModule.size */
static Size
cache_size(void)
{
	if (setting_cache_statements == 0)
		return CACHELINEALIGN(1);
	return add_size(add_size(table_bytes(),
							 add_size(generations_bytes(), keys_bytes())),
					mul_size(store_backends(), sizeof(CacheLog)));
}

/* StoreModule.attach */
static void
cache_attach(void *memory, bool found)
{
	if (setting_cache_statements == 0)
		return;
	shared = memory;
	cache_price_us = &shared->price_us;
	cache_generations = (pg_atomic_uint32 *) ((char *) memory + table_bytes());
	keys = (pg_atomic_uint64 *) ((char *) cache_generations + generations_bytes());
	logs = (CacheLog *) ((char *) keys + keys_bytes());
	if (found)
		return;
	memset(shared, 0, table_bytes());
	pg_atomic_init_u64(&shared->moved_us, 0);
	pg_atomic_init_u64(&shared->price_us, 0);
	shared->table.size = setting_cache_statements;
	for (int i = 0; i < setting_cache_statements; i++)
	{
		pg_atomic_init_u32(&cache_generations[i], 0);
		pg_atomic_init_u64(&keys[i], 0);
	}
	for (int i = 0; i < store_backends(); i++)
	{
		pg_atomic_init_u32(&logs[i].end, 0);
		pg_atomic_init_u32(&logs[i].begin, 0);
		pg_atomic_init_u32(&logs[i].lost, 0);
	}
}

/* Move what a log holds; the lock is held exclusively. */
static void
move_log(CacheLog *log)
{
	uint32		begin = pg_atomic_read_u32(&log->begin);
	uint32		end = pg_atomic_read_u32(&log->end);

	if (unlikely(pg_atomic_read_u32(&log->lost) > 0))
		shared->table.lost += pg_atomic_exchange_u32(&log->lost, 0);
	pg_read_barrier();
	while (begin != end)
	{
		uint32		first = begin % CACHE_LOG_CALLS;

		begin += cache_table_add(&shared->table, &log->calls[first],
								 Min(end - begin, CACHE_LOG_CALLS - first));
	}
	pg_memory_barrier();
	pg_atomic_write_u32(&log->begin, end);
}

/* Move all logs; the lock is held exclusively. */
static void
move_logs(void)
{
	int			backends = store_backends();

	for (int i = 0; i < backends; i++)
	{
		if (pg_atomic_read_u32(&logs[i].end) != pg_atomic_read_u32(&logs[i].begin) ||
			pg_atomic_read_u32(&logs[i].lost) > 0)
			move_log(&logs[i]);
	}
	pg_atomic_write_u64(&shared->moved_us, clock_us());
}

/* Move all logs if nobody has for two seconds, and nobody holds the lock. */
pg_attribute_cold void
cache_move_in_time(int64 now_us)
{
	int64		moved_us = pg_atomic_read_u64(&shared->moved_us);

	if (now_us - moved_us < MOVE_INTERVAL_US)
	{
		cache_look_us = moved_us + MOVE_INTERVAL_US;
		return;
	}
	cache_look_us = now_us + MOVE_INTERVAL_US;
	if (!LWLockConditionalAcquire(store_lock(LOCKS_CACHE, 0), LW_EXCLUSIVE))
		return;
	move_logs();
	LWLockRelease(store_lock(LOCKS_CACHE, 0));
}

/*
 * Make room in this backend's log, if nobody holds the lock, and find out how much
 * there is.  False if there is none: the execution is lost.
 */
pg_attribute_cold bool
cache_make_room(void)
{
	LWLock	   *lock = store_lock(LOCKS_CACHE, 0);
	uint32		held;

	cache_own_log = &logs[MY_PROC_INDEX];
	cache_own_end = pg_atomic_read_u32(&cache_own_log->end);
	held = cache_own_end - pg_atomic_read_u32(&cache_own_log->begin);
	if (held >= LOG_TRIES && LWLockConditionalAcquire(lock, LW_EXCLUSIVE))
	{
		move_log(cache_own_log);
		LWLockRelease(lock);
		held = 0;
	}
	if (held >= CACHE_LOG_CALLS)
	{
		cache_own_room = cache_own_end;
		pg_atomic_fetch_add_u32(&cache_own_log->lost, 1);
		return false;
	}
	pg_memory_barrier();		/* what is overwritten has been read */
	cache_own_room = cache_own_end + (held < LOG_TRIES ? LOG_TRIES - held : 1);
	return true;
}

/*
 * Has the statement a tracker?  A hint, to be had without a lock: on the first
 * execution of a statement in a session.
 */
bool
cache_has_tracker(const StatementKey *key)
{
	uint64		hash = hash_key(key);

	for (int i = 0; i < setting_cache_statements; i++)
	{
		if (pg_atomic_read_u64(&keys[i]) == hash)
			return true;
	}
	return false;
}

/*
 * Ask for a tracker for a statement that has these marks and has cost so much
 * without one.  -1 if there is none for it, or if that cannot be told without
 * waiting: then the execution is lost.
 */
int
cache_enter(const StatementKey *key, uint32 marks, double cost_us,
			int64 now_us, uint32 *generation)
{
	LWLock	   *lock = store_lock(LOCKS_CACHE, 0);
	double		price_us;
	int			number;

	if (!LWLockConditionalAcquire(lock, LW_EXCLUSIVE))
	{
		pg_atomic_fetch_add_u32(&logs[MY_PROC_INDEX].lost, 1);
		return -1;
	}
	number = cache_table_enter(&shared->table, key, marks, cost_us, now_us,
							   &price_us);
	if (number >= 0)
	{
		*generation = shared->table.tracker[number].generation;
		pg_atomic_write_u32(&cache_generations[number], *generation);
		pg_atomic_write_u64(&keys[number], hash_key(key));
	}
	else
		pg_atomic_write_u64(&shared->price_us, (uint64) ceil(price_us));
	LWLockRelease(lock);
	return number;
}

/* ------------------------------------------------------------------------
 * Readers
 * ------------------------------------------------------------------------ */

/*
 * Copy a tracker, with its windows closed in the copy; false if it is free.  The
 * replay is copied into memory of the caller, as it is large.
 */
static bool
copy_tracker(int number, CacheRow *row, CacheReplay *replay)
{
	LWLock	   *lock = store_lock(LOCKS_CACHE, 0);
	const CacheTracker *tracker = &shared->table.tracker[number];
	bool		used;

	LWLockAcquire(lock, LW_SHARED);
	used = tracker->key.queryid != 0;
	row->key = tracker->key;
	row->marks = tracker->marks;
	row->since = tracker->since;
	*replay = tracker->replay;
	LWLockRelease(lock);
	if (!used)
		return false;
	cache_replay_close(replay);
	row->counts = replay->counts;
	return true;
}

/*
 * All trackers, palloc'd, also with what is in the logs.  The lock is held for one
 * at a time only.
 */
CacheRow *
cache_copy(int *count)
{
	CacheRow   *rows;
	CacheReplay *replay;

	*count = 0;
	if (shared == NULL)
		return NULL;
	rows = palloc(shared->table.size * sizeof(CacheRow));
	replay = palloc0(sizeof(CacheReplay));
	LWLockAcquire(store_lock(LOCKS_CACHE, 0), LW_EXCLUSIVE);
	move_logs();
	LWLockRelease(store_lock(LOCKS_CACHE, 0));
	for (int i = 0; i < shared->table.size; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (copy_tracker(i, &rows[*count], replay))
			(*count)++;
	}
	pfree(replay);
	return rows;
}

/* How many trackers are held; what was evicted, refused and lost. */
CacheUsage
cache_usage(void)
{
	CacheUsage	usage = {0};

	if (shared == NULL)
		return usage;
	LWLockAcquire(store_lock(LOCKS_CACHE, 0), LW_EXCLUSIVE);
	move_logs();
	usage.held = cache_table_held(&shared->table);
	usage.evicted = shared->table.evicted;
	usage.refused = shared->table.refused;
	usage.lost = shared->table.lost;
	LWLockRelease(store_lock(LOCKS_CACHE, 0));
	return usage;
}

/* StoreModule.reset */
static void
cache_reset(int what, Oid dbid)
{
	if ((what & RESET_QUERIES) == 0 || shared == NULL)
		return;
	LWLockAcquire(store_lock(LOCKS_CACHE, 0), LW_EXCLUSIVE);
	cache_table_clear(&shared->table, dbid);
	for (int i = 0; i < shared->table.size; i++)
	{
		pg_atomic_write_u32(&cache_generations[i],
							shared->table.tracker[i].generation);
		if (shared->table.tracker[i].key.queryid == 0)
			pg_atomic_write_u64(&keys[i], 0);
	}
	pg_atomic_write_u64(&shared->price_us, 0);
	move_logs();				/* passes over what was forgotten */
	if (!OidIsValid(dbid))
		shared->table.lost = 0;
	LWLockRelease(store_lock(LOCKS_CACHE, 0));
}

/* ------------------------------------------------------------------------
 * The saved file: losses, then the trackers up to the key of zeros.  What is
 * in the windows and the lists that are followed is not kept: after a restart
 * it is as if the caches had been emptied with it.
 * ------------------------------------------------------------------------ */

StaticAssertDecl(offsetof(CacheCounts, life) == 9 * sizeof(double) &&
				 offsetof(CacheLife, ages) == 6 * sizeof(double) &&
				 CACHE_AGES <= 32,
				 "what is saved has no padding");

/* No count gets so far: 2^60 microseconds are 36,000 years. */
#define MOST_COUNTED	ldexp(1.0, 60)

/* Write ages: which of them are not 0, then those. */
static void
save_ages(SaveFile *file, const CacheAges *ages)
{
	uint32		used = 0;

	for (int i = 0; i < CACHE_AGES; i++)
	{
		if (ages->count[i] > 0)
			used |= 1u << i;
	}
	save_bytes(file, &used, sizeof(used));
	for (int i = 0; i < CACHE_AGES; i++)
	{
		if (ages->count[i] > 0)
			save_bytes(file, &ages->count[i], sizeof(float));
	}
}

/* Write what was counted of a statement. */
static void
save_counts(SaveFile *file, const CacheCounts *counts)
{
	save_bytes(file, counts, offsetof(CacheCounts, life));
	for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
	{
		save_bytes(file, &counts->life[ttl], offsetof(CacheLife, ages));
		save_ages(file, &counts->life[ttl].ages);
		save_ages(file, &counts->life[ttl].gaps);
	}
}

/* StoreModule.save */
static void
cache_save(SaveFile *file)
{
	CacheUsage	usage = cache_usage();
	int			count;
	CacheRow   *rows = cache_copy(&count);
	StatementKey end;

	save_bytes(file, &usage.evicted, sizeof(usage.evicted));
	save_bytes(file, &usage.refused, sizeof(usage.refused));
	save_bytes(file, &usage.lost, sizeof(usage.lost));
	for (int i = 0; i < count; i++)
	{
		save_bytes(file, &rows[i].key, sizeof(rows[i].key));
		save_bytes(file, &rows[i].marks, sizeof(rows[i].marks));
		save_bytes(file, &rows[i].since, sizeof(rows[i].since));
		save_counts(file, &rows[i].counts);
	}
	memset(&end, 0, sizeof(end));
	save_bytes(file, &end, sizeof(end));
	if (rows != NULL)
		pfree(rows);
}

/* Read so many amounts; false if they cannot be numbers of things counted. */
static bool
load_amounts(SaveFile *file, double *amounts, int count)
{
	if (!load_bytes(file, amounts, count * sizeof(double)))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!saved_amount_is_sound(amounts[i]) || amounts[i] >= MOST_COUNTED)
			return false;
	}
	return true;
}

/* Read ages; false if they make no sense. */
static bool
load_ages(SaveFile *file, CacheAges *ages)
{
	uint32		used;

	if (!load_bytes(file, &used, sizeof(used)))
		return false;
	for (int i = 0; i < CACHE_AGES; i++)
	{
		ages->count[i] = 0;
		if ((used & (1u << i)) == 0)
			continue;
		if (!load_bytes(file, &ages->count[i], sizeof(float)) ||
			!saved_amount_is_sound(ages->count[i]))
			return false;
	}
	return true;
}

/* Read what was counted of a statement; false if it makes no sense. */
static bool
load_counts(SaveFile *file, CacheCounts *counts)
{
	if (!load_amounts(file, (double *) counts,
					  offsetof(CacheCounts, life) / sizeof(double)))
		return false;
	for (int ttl = 0; ttl < CACHE_TTLS; ttl++)
	{
		CacheLife  *life = &counts->life[ttl];

		if (!load_amounts(file, (double *) life,
						  offsetof(CacheLife, ages) / sizeof(double)) ||
			!load_ages(file, &life->ages) || !load_ages(file, &life->gaps))
			return false;
	}
	return true;
}

/* Put a tracker read from the file into the table, if there is room. */
static void
restore_tracker(const CacheRow *row)
{
	CacheTable *table = &shared->table;
	int			held = cache_table_held(table);

	if (held >= table->size)
		return;
	pg_atomic_write_u64(&keys[held], hash_key(&row->key));
	cache_table_restore(&table->tracker[held], &row->key, row->marks,
						row->since, &row->counts, clock_us());
}

/* StoreModule.load: the table is empty. */
static bool
cache_load(SaveFile *file)
{
	CacheUsage	usage;
	CacheRow	row;

	if (!load_bytes(file, &usage.evicted, sizeof(usage.evicted)) ||
		!load_bytes(file, &usage.refused, sizeof(usage.refused)) ||
		!load_bytes(file, &usage.lost, sizeof(usage.lost)) ||
		usage.evicted < 0 || usage.refused < 0 || usage.lost < 0)
		return false;
	if (shared != NULL)
	{
		shared->table.evicted = usage.evicted;
		shared->table.refused = usage.refused;
		shared->table.lost = usage.lost;
	}
	for (;;)
	{
		if (!load_bytes(file, &row.key, sizeof(row.key)))
			return false;
		if (row.key.queryid == 0)
			return true;
		if (!load_bytes(file, &row.marks, sizeof(row.marks)) ||
			!load_bytes(file, &row.since, sizeof(row.since)) ||
			!load_counts(file, &row.counts) ||
			(row.marks & ~CACHE_ALL_MARKS) != 0 || row.key.toplevel > 1 ||
			!saved_time_is_sound(row.since))
			return false;
		if (shared != NULL)
			restore_tracker(&row);
	}
}

const StoreModule cache_module = {
	.name = "caches",
	.size = cache_size,
	.attach = cache_attach,
	.save = cache_save,
	.load = cache_load,
	.reset = cache_reset
};
