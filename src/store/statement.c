/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  Counting executions in slots of pending counters, and adding them up.
 *
 * Each backend owns STATEMENT_SLOTS slots in shared memory, one for each of the
 * statements it ran last.  Only the owner writes a slot, under a change count
 * as in PgBackendStatus; so the usual execution takes no lock and writes no
 * cache line that others write.  A slot's counters are flushed into its
 * statement's entry when the slot is wanted for another statement, once a
 * second while it is in use and after a long execution (so that eviction knows
 * what is useful), and when the backend ends.
 *
 * Flushing holds the entry's lock exclusively, from adding to clearing.  A
 * reader that holds it shared therefore sees every pending counter exactly
 * once: in the entry or in the slot.
 *
 * An entry can be evicted while slots refer to it.  The next execution in such
 * a slot notices by the generation and makes the entry again; a slot that is
 * flushed after its entry has gone loses its counters, which is counted.
 *
 *-------------------------------------------------------------------------
 */
#include "store/statement.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

#include "hotpath.h"
#include "settings.h"
#include "store/save.h"
#include "store/statement_table.h"
#include "store/steady.h"

/* A slot in use is flushed this often, in microseconds .. */
#define FLUSH_INTERVAL_US INT64CONST(1000000)

/* .. and after each execution that took as long as this. */
#define FLUSH_AT_ONCE_US 10000

typedef struct PendingSlot
{
	uint32		changes;		/* odd while the owner writes */
	StatementRef ref;			/* its statement; index -1 = slot not in use */
	StatementCounters counters;
} PendingSlot;

/*
 * What this backend knows of its slots without looking into them: one line of
 * the processor's cache each.
 */
typedef struct OwnSlot
{
	StatementKey key;
	StatementRef ref;			/* index -1 = slot not in use */
	uint32		used;			/* tick of the last use; wraps around */
	uint32		removals;		/* of all entries when ref was known to be
								 * valid; wraps around */
	int64		counted;		/* executions since the slot was taken */
	TimestampTz flushed;
} OwnSlot;

static PendingSlot *pending = NULL; /* of all backends */
static pg_atomic_uint64 *epochs = NULL; /* see epoch_begin() */

/* Of this backend; own_pending is NULL until it has counted something. */
static PendingSlot *own_pending HOTPATH_DATA = NULL;
static OwnSlot own[STATEMENT_SLOTS] pg_attribute_aligned(PG_CACHE_LINE_SIZE);
static uint32 own_tick HOTPATH_DATA = 0;
int			statement_own_last HOTPATH_DATA = 0;
uint32		statement_own_tables[STATEMENT_SLOTS] HOTPATH_DATA;

/*
 * Statements and their tables that this backend has kept, each as one number, so
 * that plans which take turns are not kept again and again.
 */
#define KEPT_TABLES		256
static uint64 kept_tables[KEPT_TABLES];

/* The epoch of what is pending here, and where the one that goes on is told. */
static uint64 own_epoch HOTPATH_DATA = 0;
static pg_atomic_uint64 *current_epoch HOTPATH_DATA = NULL;

static Size
pending_size(void)
{
	return mul_size(store_backends(), sizeof(PendingSlot) * STATEMENT_SLOTS);
}

/* StoreModule.size */
static Size
statement_size(void)
{
	return add_size(CACHELINEALIGN(statement_table_size()),
					add_size(pending_size(),
							 mul_size(store_backends(),
									  sizeof(pg_atomic_uint64))));
}

/* StoreModule.attach */
static void
statement_attach(void *memory, bool found)
{
	statement_table_attach(memory, found);
	pending = (PendingSlot *) ((char *) memory +
							   CACHELINEALIGN(statement_table_size()));
	epochs = (pg_atomic_uint64 *) ((char *) pending + pending_size());
	if (found)
		return;
	for (int i = 0; i < store_backends(); i++)
		pg_atomic_init_u64(&epochs[i], 0);
	for (int i = 0; i < store_backends() * STATEMENT_SLOTS; i++)
	{
		pending[i].changes = 0;
		pending[i].ref.index = -1;
	}
}

/* The owner is about to write its slot. */
static inline void
begin_slot_change(PendingSlot *slot)
{
	slot->changes++;
	pg_write_barrier();
}

static inline void
end_slot_change(PendingSlot *slot)
{
	pg_write_barrier();
	slot->changes++;
}

/*
 * Move a slot's counters into its statement's entry.  Counters of a statement
 * that is there no more are dropped, and counted as such unless a reset took
 * the statement.
 */
pg_attribute_cold static void
flush(int number)
{
	PendingSlot *slot = &own_pending[number];
	StatementEntry *entry = statement_entry(own[number].ref.index);
	int64		count = slot->counters.calls + slot->counters.errors;
	TimestampTz used = slot->counters.last_seen;
	RouteId		route;

	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	route = entry->key.route;
	if (statement_ref_is_valid(&own[number].ref))
		counters_merge(&entry->counters, &slot->counters);
	else if (own_epoch == pg_atomic_read_u64(current_epoch))
		pg_atomic_fetch_add_u64(&store_header->dropped, count);
	begin_slot_change(slot);
	counters_clear(&slot->counters);
	end_slot_change(slot);
	LWLockRelease(&entry->lock);
	route_touch(route, used);
}

/* Flush a slot and leave it unused. */
static void
release_slot(int number)
{
	if (own[number].ref.index < 0)
		return;
	flush(number);
	begin_slot_change(&own_pending[number]);
	own_pending[number].ref.index = -1;
	end_slot_change(&own_pending[number]);
	own[number].ref.index = -1;
}

/* Flush this backend's pending counters and free its slots (backend exit). */
void
statement_flush(void)
{
	if (own_pending == NULL)
		return;
	for (int i = 0; i < STATEMENT_SLOTS; i++)
		release_slot(i);
}

/* Callback at the end of the backend. */
static void
flush_at_exit(int code, Datum arg)
{
	statement_flush();
}

/* Take possession of this backend's slots. */
pg_attribute_cold static void
own_slots(void)
{
	own_pending = &pending[MY_PROC_INDEX * STATEMENT_SLOTS];
	for (int i = 0; i < STATEMENT_SLOTS; i++)
	{
		own[i].ref.index = -1;
		counters_init(&own_pending[i].counters);
	}
	current_epoch = &epochs[MY_PROC_INDEX];
	own_epoch = epoch_begin(current_epoch, MyDatabaseId);
	before_shmem_exit(flush_at_exit, (Datum) 0);
}

/*
 * After a reset of this database: what is pending was counted before it.
 */
pg_attribute_cold static void
forget_pending(void)
{
	own_epoch = pg_atomic_read_u64(current_epoch);
	for (int i = 0; i < STATEMENT_SLOTS; i++)
	{
		begin_slot_change(&own_pending[i]);
		own_pending[i].ref.index = -1;
		counters_clear(&own_pending[i].counters);
		end_slot_change(&own_pending[i]);
		own[i].ref.index = -1;
	}
}

/*
 * The slot of a statement, or -1.  The search begins at the one used last: where
 * a few statements take turns, the next one stands in the next slot.
 */
static inline int
find_slot(const StatementKey *key)
{
	int			number = statement_own_last;

	for (int i = 0; i < STATEMENT_SLOTS; i++)
	{
		if (own[number].key.queryid == key->queryid &&
			own[number].ref.index >= 0 &&
			statement_keys_are_equal(&own[number].key, key))
			return number;
		number = number + 1 < STATEMENT_SLOTS ? number + 1 : 0;
	}
	return -1;
}

/* The slot that has not been used for longest, or an unused one. */
static int
oldest_slot(void)
{
	int			oldest = 0;

	for (int i = 0; i < STATEMENT_SLOTS; i++)
	{
		if (own[i].ref.index < 0)
			return i;
		if ((int32) (own[i].used - own[oldest].used) < 0)
			oldest = i;
	}
	return oldest;
}

/* How many entries have been removed so far. */
static inline uint32
count_removals(void)
{
	return (uint32) pg_atomic_read_u64(&store_header->removals);
}

/*
 * Let a slot point at its statement's entry, which was there after so many
 * removals.
 */
static void
point_slot(int number, StatementRef ref, uint32 removals)
{
	begin_slot_change(&own_pending[number]);
	own_pending[number].ref = ref;
	end_slot_change(&own_pending[number]);
	own[number].ref = ref;
	own[number].removals = removals;
	statement_own_tables[number] = 0;
}

/* Take a slot for a statement; -1 if the store does not take it. */
pg_attribute_cold static int
take_slot(const StatementKey *key, const StatementSample *sample,
		  StatementTextMaker maker, void *maker_arg)
{
	uint32		removals = count_removals();
	StatementRef ref = statement_table_enter(key, sample, maker, maker_arg);
	int			number;

	if (ref.index < 0)
		return -1;
	number = oldest_slot();
	release_slot(number);
	own[number].key = *key;
	own[number].counted = 0;
	own[number].flushed = 0;
	point_slot(number, ref, removals);
	return number;
}

/*
 * Is the entry still that of the slot's statement?  The entry itself is looked
 * at only if any has been removed since, as it is far off in memory.
 */
static inline bool
slot_is_valid(OwnSlot *slot)
{
	uint32		removals = count_removals();

	if (likely(slot->removals == removals))
		return true;
	pg_read_barrier();
	if (!statement_ref_is_valid(&slot->ref))
		return false;
	slot->removals = removals;
	return true;
}

/* The statement's slot, its entry made again if it was evicted; or -1. */
static int
get_slot(const StatementKey *key, const StatementSample *sample,
		 StatementTextMaker maker, void *maker_arg)
{
	int			number = find_slot(key);
	uint32		removals;
	StatementRef ref;

	if (unlikely(number < 0))
		return take_slot(key, sample, maker, maker_arg);
	if (likely(slot_is_valid(&own[number])))
		return number;
	removals = count_removals();
	ref = statement_table_enter(key, NULL, maker, maker_arg);
	if (ref.index < 0)
		return -1;
	point_slot(number, ref, removals);
	return number;
}

/* Add the time of one more call (Welford 1962 for the spread). */
static inline void
add_time(StatementCounters *counters, double us)
{
	double		delta = us - counters->mean_us;

	counters->calls++;
	counters->total_us += us;
	counters->mean_us += delta / counters->calls;
	counters->sum_dev2 += delta * (us - counters->mean_us);
	if (counters->calls == 1 || us < counters->min_us)
		counters->min_us = us;
	if (us > counters->max_us)
		counters->max_us = us;
	counters_add_latency(counters, us);
}

/* Add what one execution that has not failed did, and took. */
static inline void
add_statement_work(StatementCounters *counters, const StatementWork *work)
{
	add_time(counters, work->elapsed_us);
	counters->rows += work->rows;
	counters->plan_us += work->plan_us;
	counters->shared_blks_hit += work->counters.shared_blks_hit;
	counters->shared_blks_read += work->counters.shared_blks_read;
	counters->temp_blks_written += work->counters.temp_blks_written;
	counters->wal_bytes += work->counters.wal_bytes;
}

/* Add one execution; between begin_slot_change and end_slot_change. */
static inline void
add_to_counters(StatementCounters *counters, const StatementSample *sample)
{
	if (unlikely(sample->failed))
	{
		counters->errors++;
		counters->refused += sample->refused;
		counters->interrupted += sample->interrupted;
	}
	else
	{
		add_statement_work(counters, sample->work);
		sketch_add(&counters->params, sample->params_hash);
	}
	if (unlikely(counters->first_seen == 0))
		counters->first_seen = sample->when;
	counters->last_seen = sample->when;
}

/* Flush a slot if it is time to, after it has been written. */
static inline void
flush_in_time(int number, const StatementSample *sample)
{
	bool		slow = sample->work->elapsed_us >= FLUSH_AT_ONCE_US;

	/* unsigned: less than nothing, if the clock was set back, is long ago */
	if (likely(!slow) &&
		(uint64) (sample->when - own[number].flushed) <= FLUSH_INTERVAL_US)
		return;
	if (slow || own[number].flushed != 0)
		flush(number);
	own[number].flushed = sample->when;
}

/*
 * Count one execution.  The usual case touches only this backend's memory.
 * maker is called when the statement's text is not known yet.  Returns how
 * often this backend has counted it since it took the slot (1 = the first
 * time), 0 if it could not be counted.
 */
pg_attribute_hot int64
statement_count(const StatementKey *key, const StatementSample *sample,
				StatementTextMaker maker, void *maker_arg)
{
	int			number;
	OwnSlot    *slot;
	PendingSlot *counted;

	if (unlikely(own_pending == NULL))
		own_slots();
	if (unlikely(own_epoch != pg_atomic_read_u64(current_epoch)))
		forget_pending();

	number = get_slot(key, sample, maker, maker_arg);
	if (unlikely(number < 0))
	{
		pg_atomic_fetch_add_u64(&store_header->dropped, 1);
		return 0;
	}
	slot = &own[number];
	counted = &own_pending[number];
	begin_slot_change(counted);
	add_to_counters(&counted->counters, sample);
	end_slot_change(counted);

	slot->used = ++own_tick;
	statement_own_last = number;
	flush_in_time(number, sample);
	return ++slot->counted;
}

/* The slot's statement with these tables, as one number. */
static uint64
tables_signature(int number, uint32 hash)
{
	const StatementRef *ref = &own[number].ref;

	return hash_combine64(hash_combine64(hash, ref->generation), ref->index);
}

/*
 * Did this backend keep these tables of the statement counted last, before it
 * ran with others?  A statement that was evicted since, or reset, has another
 * generation.  Takes no lock.
 */
pg_attribute_cold bool
statement_tables_recall(uint32 hash)
{
	uint64		signature = tables_signature(statement_own_last, hash);

	if (kept_tables[signature % KEPT_TABLES] != signature)
		return false;
	statement_own_tables[statement_own_last] = hash;
	return true;
}

/*
 * Keep the tables of the statement counted last, beside those that were kept of
 * it before.  Takes the lock of its entry.
 */
pg_attribute_cold void
statement_tables_keep(uint32 hash, TableUses *tables)
{
	int			number = statement_own_last;
	StatementEntry *entry = statement_entry(own[number].ref.index);
	uint64		signature = tables_signature(number, hash);

	table_uses_stamp(tables);
	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	if (statement_ref_is_valid(&own[number].ref))
		table_uses_merge(&entry->tables, tables);
	LWLockRelease(&entry->lock);
	kept_tables[signature % KEPT_TABLES] = signature;
	statement_own_tables[number] = hash;
}

/*
 * Which slots point at which entries: heads[entry] is the first slot, next[]
 * leads on, -1 ends.  A hint: the caller checks again under the entry's lock.
 */
typedef struct SlotLists
{
	int		   *heads;
	int		   *next;
} SlotLists;

static SlotLists
list_slots(void)
{
	int			slots = store_backends() * STATEMENT_SLOTS;
	SlotLists	lists;

	lists.heads = palloc(setting_max_statements * sizeof(int));
	lists.next = palloc(slots * sizeof(int));
	for (int i = 0; i < setting_max_statements; i++)
		lists.heads[i] = -1;
	for (int i = 0; i < slots; i++)
	{
		int			index = ((volatile PendingSlot *) &pending[i])->ref.index;

		lists.next[i] = -1;
		if (index < 0)
			continue;
		lists.next[i] = lists.heads[index];
		lists.heads[index] = i;
	}
	return lists;
}

/*
 * Copy a slot as its owner left it between two changes; false if the owner is stopped
 * in the middle of one.
 */
static bool
copy_slot(PendingSlot *copy, const volatile PendingSlot *slot)
{
	SteadyRead	read = {&slot->changes};

	while (steady_begin(&read))
	{
		memcpy(copy, (const void *) slot, sizeof(*copy));
		if (steady_end(&read))
			return true;
	}
	return false;
}

/*
 * Entry "index" with what is pending for it; false if it is not in use.
 */
static bool
sum_entry(int index, const SlotLists *lists, StatementKey *key,
		  StatementCounters *counters, TableUses *tables)
{
	StatementEntry *entry = statement_entry(index);
	StatementRef ref = {.index = index};
	PendingSlot copy;

	LWLockAcquire(&entry->lock, LW_SHARED);
	ref.generation = pg_atomic_read_u64(&entry->generation);
	if ((ref.generation & 1) == 0)
	{
		LWLockRelease(&entry->lock);
		return false;
	}
	*key = entry->key;
	*counters = entry->counters;
	*tables = entry->tables;
	for (int i = lists->heads[index]; i >= 0; i = lists->next[i])
	{
		if (copy_slot(&copy, &pending[i]) &&
			copy.ref.index == index && copy.ref.generation == ref.generation)
			counters_merge(counters, &copy.counters);
	}
	LWLockRelease(&entry->lock);
	return true;
}

/*
 * Visit all statements with their counters, pending ones included, and their
 * tables, one at a time.  What is passed is valid until the next call.  No lock
 * is held while the visitor runs.
 */
void
statement_visit(StatementVisitor visitor, void *arg)
{
	SlotLists	lists = list_slots();
	StatementCounters *counters = palloc(sizeof(StatementCounters));
	StatementKey key;
	TableUses	tables;

	for (int i = 0; i < setting_max_statements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (sum_entry(i, &lists, &key, counters, &tables) &&
			counters->calls + counters->errors > 0)
			visitor(&key, counters, &tables, arg);
	}
	pfree(counters);
	pfree(lists.heads);
	pfree(lists.next);
}

/* Statements held, and the bytes that each takes in the table. */
void
statement_usage(int64 *held, Size *entry_bytes)
{
	*held = statement_table_held();
	*entry_bytes = sizeof(StatementEntry);
}

/* StoreModule.reset: what is pending first, so that none of it gets into a new entry. */
static void
statement_reset(int what, Oid dbid)
{
	if ((what & RESET_QUERIES) == 0)
		return;
	for (int i = 0; i < store_backends(); i++)
		epoch_end(&epochs[i], dbid);
	statement_table_clear(dbid);
}

/*
 * Counters are saved in two parts: up to the histogram, then those of its
 * buckets that are in use.
 */
#define COUNTERS_HEAD offsetof(StatementCounters, latency)

StaticAssertDecl(sizeof(StatementKey) == 24 &&
				 COUNTERS_HEAD == 17 * 8 + sizeof(Sketch) + 2 * sizeof(uint16),
				 "what is saved has no padding");

/* Bytes of the second part; the first one is sound. */
static inline Size
used_latency_bytes(const StatementCounters *counters)
{
	return (counters->latency_end - counters->latency_first) * sizeof(uint32);
}

/* Write one statement; "arg" is the file. */
static void
save_statement(const StatementKey *key, const StatementCounters *counters,
			   const TableUses *tables, void *arg)
{
	TextKey text = statement_text_key(key);

	save_bytes(arg, key, sizeof(*key));
	save_bytes(arg, counters, COUNTERS_HEAD);
	save_bytes(arg, &counters->latency.count[counters->latency_first],
			   used_latency_bytes(counters));
	save_bytes(arg, &tables->count, sizeof(tables->count));
	save_bytes(arg, &tables->dropped, sizeof(tables->dropped));
	save_bytes(arg, tables->use, tables->count * sizeof(TableUse));
	text_save(&text, arg);
}

/* StoreModule.save */
static void
statement_save(SaveFile *file)
{
	StatementKey end;

	statement_visit(save_statement, file);
	memset(&end, 0, sizeof(end));
	save_bytes(file, &end, sizeof(end));
}

/* Put one statement read from the file into the table. */
static void
restore_statement(const StatementKey *key, const StatementCounters *counters,
				  const TableUses *tables, bool has_text)
{
	StatementRef ref = statement_table_insert(key, has_text);
	StatementEntry *entry;

	if (ref.index < 0)
		return;
	entry = statement_entry(ref.index);
	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	counters_merge(&entry->counters, counters);
	entry->counters.last_seen = counters->last_seen;
	table_uses_merge(&entry->tables, tables);
	LWLockRelease(&entry->lock);
}

/* Can these counters be what was saved? */
static bool
counters_are_sound(const StatementCounters *counters)
{
	const double amounts[] = {
		counters->total_us, counters->min_us, counters->max_us,
		counters->mean_us, counters->sum_dev2, counters->plan_us,
		counters->calls, counters->errors, counters->refused, counters->interrupted, counters->rows,
		counters->shared_blks_hit, counters->shared_blks_read,
		counters->temp_blks_written, counters->wal_bytes
	};

	for (int i = 0; i < lengthof(amounts); i++)
	{
		if (!saved_amount_is_sound(amounts[i]))
			return false;
	}
	return saved_time_is_sound(counters->first_seen) &&
		saved_time_is_sound(counters->last_seen) &&
		counters->latency_first <= counters->latency_end &&
		counters->latency_end <= HISTOGRAM_BUCKETS;
}

/* Read the tables of a statement; false if they make no sense. */
static bool
load_tables(SaveFile *file, TableUses *tables)
{
	return load_bytes(file, &tables->count, sizeof(tables->count)) &&
		load_bytes(file, &tables->dropped, sizeof(tables->dropped)) &&
		tables->count <= TABLE_USES &&
		load_bytes(file, tables->use, tables->count * sizeof(TableUse)) &&
		table_uses_are_sound(tables);
}

/* StoreModule.load: up to the key of zeros. */
static bool
statement_load(SaveFile *file)
{
	StatementKey key;
	StatementCounters counters;
	TableUses	tables;
	TextKey text;
	bool		has_text;

	for (;;)
	{
		if (!load_bytes(file, &key, sizeof(key)))
			return false;
		if (key.queryid == 0)
			return true;
		text = statement_text_key(&key);

		counters_init(&counters);
		if (!load_bytes(file, &counters, COUNTERS_HEAD) ||
			!counters_are_sound(&counters) || key.toplevel > 1 ||
			!load_bytes(file, &counters.latency.count[counters.latency_first],
						used_latency_bytes(&counters)) ||
			!load_tables(file, &tables) ||
			!text_load(&text, file, &has_text))
			return false;
		restore_statement(&key, &counters, &tables, has_text);
	}
}

const StoreModule statement_module = {
	.name = "statement",
	.size = statement_size,
	.hash_size = statement_table_hash_size,
	.attach = statement_attach,
	.save = statement_save,
	.load = statement_load,
	.reset = statement_reset
};
