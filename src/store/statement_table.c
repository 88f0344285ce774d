/*-------------------------------------------------------------------------
 *
 * statement_table.c
 *	  The shared table of statements: look-up, insertion, eviction.
 *
 * A fixed array of entries, a partitioned hash table from key to index, and a
 * list of entries per partition for the choice of victims.  When no entry is
 * free, the least useful of the next few of the new statement's own partition
 * goes, so that no lock wider than a partition is ever taken.
 *
 *-------------------------------------------------------------------------
 */
#include "store/statement_table.h"

#include <math.h>

#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "settings.h"

/* How many entries are looked at to find a victim. */
#define VICTIM_CANDIDATES 16

/* Statements given up for the text of a new one, at most. */
#define MAX_TEXT_VICTIMS 8

/* In this time the usefulness of a statement not seen again halves. */
#define USEFUL_HALF_LIFE_S 600.0

typedef struct IndexEntry
{
	StatementKey key;			/* hash key: first */
	int			index;
} IndexEntry;

typedef struct TableShared
{
	slock_t		mutex;			/* protects first_free and next_free */
	int			first_free;		/* index of a free entry, or -1 */
	pg_atomic_uint32 hand;		/* partition to give up a text next */
	dlist_head	used[STATEMENT_PARTITIONS]; /* under the partition's lock */
} TableShared;

static TableShared *shared = NULL;
static StatementEntry *entries = NULL;
static HTAB *index_table = NULL;

/*
 * Partitions: a power of two, few enough that each has some 32 entries to
 * choose a victim from.
 */
static uint32
partitions(void)
{
	uint32		wanted = Max(setting_max_statements / 32, 1);

	return Min(pg_nextpower2_32(wanted), STATEMENT_PARTITIONS);
}

Size
statement_table_size(void)
{
	return CACHELINEALIGN(sizeof(TableShared)) +
		mul_size(setting_max_statements, sizeof(StatementEntry));
}

Size
statement_table_hash_size(void)
{
	return hash_estimate_size(setting_max_statements, sizeof(IndexEntry));
}

/* Make or find the hash table. */
static void
attach_index(void)
{
	HASHCTL		info = {
		.keysize = sizeof(StatementKey),
		.entrysize = sizeof(IndexEntry),
		.num_partitions = partitions()
	};

	index_table = SHMEM_INIT_HASH("clipperf statement table",
								  setting_max_statements, &info,
								  HASH_ELEM | HASH_BLOBS | HASH_PARTITION |
								  HASH_FIXED_SIZE);
}

/* Part of statement_module.attach. */
void
statement_table_attach(void *memory, bool found)
{
	shared = memory;
	entries = (StatementEntry *) ((char *) memory +
								  CACHELINEALIGN(sizeof(TableShared)));
	attach_index();
	if (found)
		return;

	SpinLockInit(&shared->mutex);
	pg_atomic_init_u32(&shared->hand, 0);
	for (int i = 0; i < STATEMENT_PARTITIONS; i++)
		dlist_init(&shared->used[i]);
	for (int i = 0; i < setting_max_statements; i++)
	{
		LWLockInitialize(&entries[i].lock, store_tranche());
		pg_atomic_init_u64(&entries[i].generation, 0);
		entries[i].next_free = i + 1 < setting_max_statements ? i + 1 : -1;
	}
	shared->first_free = 0;
}

StatementEntry *
statement_entry(int index)
{
	return &entries[index];
}

bool
statement_ref_is_valid(const StatementRef *ref)
{
	return pg_atomic_read_u64(&entries[ref->index].generation) ==
		ref->generation;
}

int64
statement_table_held(void)
{
	return hash_get_num_entries(index_table);
}

TextKey
statement_text_key(const StatementKey *key)
{
	return (TextKey)
	{
		.queryid = key->queryid,.dbid = key->dbid,.userid = key->userid
	};
}

/* Empty counters. */
void
counters_clear(StatementCounters *counters)
{
	memset(counters, 0, sizeof(*counters));
}

/* Times and their spread; both sides have calls. */
static void
merge_times(StatementCounters *into, const StatementCounters *from)
{
	double		n = into->calls;
	double		m = from->calls;
	double		delta = from->mean_us - into->mean_us;

	/* Chan, Golub, LeVeque 1979: the variance of a union of two samples */
	into->sum_dev2 += from->sum_dev2 + delta * delta * n * m / (n + m);
	into->mean_us += delta * m / (n + m);
	into->min_us = Min(into->min_us, from->min_us);
	into->max_us = Max(into->max_us, from->max_us);
}

/*
 * Add the counters "from" to "into".
 */
void
counters_merge(StatementCounters *into, const StatementCounters *from)
{
	if (into->calls > 0 && from->calls > 0)
		merge_times(into, from);
	else if (from->calls > 0)
	{
		into->sum_dev2 = from->sum_dev2;
		into->mean_us = from->mean_us;
		into->min_us = from->min_us;
		into->max_us = from->max_us;
	}
	into->calls += from->calls;
	into->errors += from->errors;
	into->rows += from->rows;
	into->total_us += from->total_us;
	into->plan_us += from->plan_us;
	into->shared_blks_hit += from->shared_blks_hit;
	into->shared_blks_read += from->shared_blks_read;
	into->temp_blks_written += from->temp_blks_written;
	into->wal_bytes += from->wal_bytes;
	if (into->first_seen == 0 ||
		(from->first_seen != 0 && from->first_seen < into->first_seen))
		into->first_seen = from->first_seen;
	into->last_seen = Max(into->last_seen, from->last_seen);
	sketch_merge(&into->params, &from->params);
	histogram_merge(&into->latency, &from->latency);
}

/*
 * How much is lost with this entry: the logarithm of the time its statement
 * took, less one for each half-life it has not been seen.  (Exponential decay;
 * in logarithms, so that no counter has to be aged.)  Read without the entry's
 * lock: a torn value costs no more than a worse choice.
 */
static double
usefulness(const StatementEntry *entry, TimestampTz now)
{
	double		idle_s = (now - entry->counters.last_seen) / 1000000.0;

	return log2(1.0 + entry->counters.total_us) - idle_s / USEFUL_HALF_LIFE_S;
}

/*
 * Take an entry out of use; its text loses a reference.  Caller holds the
 * partition's lock exclusively.
 */
static void
remove_entry(StatementEntry *entry)
{
	TextKey text = statement_text_key(&entry->key);

	hash_search(index_table, &entry->key, HASH_REMOVE, NULL);
	dlist_delete(&entry->node);
	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	pg_atomic_fetch_add_u64(&entry->generation, 1);
	LWLockRelease(&entry->lock);
	if (entry->has_text)
		text_release(&text);
}

/* Put an entry that is not in use on the list of free ones. */
static void
free_entry(StatementEntry *entry)
{
	SpinLockAcquire(&shared->mutex);
	entry->next_free = shared->first_free;
	shared->first_free = entry - entries;
	SpinLockRelease(&shared->mutex);
}

/* A free entry, or NULL. */
static StatementEntry *
take_free(void)
{
	StatementEntry *entry = NULL;

	SpinLockAcquire(&shared->mutex);
	if (shared->first_free >= 0)
	{
		entry = &entries[shared->first_free];
		shared->first_free = entry->next_free;
	}
	SpinLockRelease(&shared->mutex);
	return entry;
}

/*
 * Push the least useful of the partition's next few entries out and return it
 * unused, or NULL.  Caller holds the partition's lock exclusively.
 */
static StatementEntry *
evict_from(uint32 partition)
{
	dlist_head *used = &shared->used[partition];
	TimestampTz now = GetCurrentTimestamp();
	StatementEntry *victim = NULL;
	double		least = 0;

	for (int i = 0; i < VICTIM_CANDIDATES && !dlist_is_empty(used); i++)
	{
		dlist_node *node = dlist_pop_head_node(used);
		StatementEntry *entry = dlist_container(StatementEntry, node, node);
		double		useful = usefulness(entry, now);

		dlist_push_tail(used, node);
		if (victim == NULL || useful < least)
		{
			victim = entry;
			least = useful;
		}
	}
	if (victim != NULL)
	{
		remove_entry(victim);
		pg_atomic_fetch_add_u64(&store_header->evicted, 1);
	}
	return victim;
}

/* Look a statement up; index -1 if it is not there.  Caller holds no lock. */
static StatementRef
lookup(const StatementKey *key)
{
	StatementRef ref = {.index = -1};
	uint32		hash = get_hash_value(index_table, key);
	LWLock	   *lock = store_lock(LOCKS_STATEMENT, hash % partitions());
	IndexEntry *found;

	LWLockAcquire(lock, LW_SHARED);
	found = hash_search_with_hash_value(index_table, key, hash, HASH_FIND, NULL);
	if (found != NULL)
	{
		ref.index = found->index;
		ref.generation = pg_atomic_read_u64(&entries[ref.index].generation);
	}
	LWLockRelease(lock);
	return ref;
}

/* Start the life of an entry under its partition's exclusive lock. */
static void
start_entry(StatementEntry *entry, const StatementKey *key, uint32 partition,
			bool has_text)
{
	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	entry->key = *key;
	entry->has_text = has_text;
	counters_clear(&entry->counters);
	entry->counters.last_seen = GetCurrentTimestamp();
	pg_atomic_fetch_add_u64(&entry->generation, 1);
	LWLockRelease(&entry->lock);
	dlist_push_tail(&shared->used[partition], &entry->node);
}

/* Insert under the partition's exclusive lock; *taken as has_text's fate. */
static StatementRef
insert_locked(const StatementKey *key, uint32 hash, bool has_text, bool *taken)
{
	StatementRef ref = {.index = -1};
	uint32		partition = hash % partitions();
	StatementEntry *entry;
	IndexEntry *slot;

	slot = hash_search_with_hash_value(index_table, key, hash, HASH_FIND, NULL);
	*taken = slot == NULL;
	if (slot == NULL)
	{
		entry = take_free();
		if (entry == NULL)
			entry = evict_from(partition);
		if (entry == NULL)
			return ref;
		slot = hash_search_with_hash_value(index_table, key, hash,
										   HASH_ENTER_NULL, NULL);
		if (slot == NULL)
		{
			free_entry(entry);
			return ref;
		}
		slot->index = entry - entries;
		start_entry(entry, key, partition, has_text);
	}
	ref.index = slot->index;
	ref.generation = pg_atomic_read_u64(&entries[ref.index].generation);
	return ref;
}

/* See statement_table.h. */
StatementRef
statement_table_insert(const StatementKey *key, bool has_text)
{
	StatementRef ref;
	uint32		hash = get_hash_value(index_table, key);
	LWLock	   *lock = store_lock(LOCKS_STATEMENT, hash % partitions());
	TextKey text = statement_text_key(key);
	bool		taken;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	ref = insert_locked(key, hash, has_text, &taken);
	LWLockRelease(lock);
	if (has_text && (!taken || ref.index < 0))
		text_release(&text);
	return ref;
}

/* Give up one statement of some partition for the sake of its text. */
static void
evict_one_for_text(void)
{
	uint32		partition = pg_atomic_fetch_add_u32(&shared->hand, 1) % partitions();
	LWLock	   *lock = store_lock(LOCKS_STATEMENT, partition);
	StatementEntry *entry;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = evict_from(partition);
	LWLockRelease(lock);
	if (entry != NULL)
		free_entry(entry);
}

/* Have the statement's text stored, with a reference; false without room. */
static bool
ensure_text(const StatementKey *key, StatementTextMaker maker, void *maker_arg)
{
	TextKey		text_key = statement_text_key(key);
	char	   *text;
	bool		stored;

	if (text_acquire(&text_key))
		return true;
	text = maker(maker_arg);

	if (text == NULL)
		return false;
	stored = text_put(&text_key, text);
	for (int i = 0; i < MAX_TEXT_VICTIMS && !stored; i++)
	{
		evict_one_for_text();
		stored = text_put(&text_key, text);
	}
	pfree(text);
	if (!stored)
		pg_atomic_fetch_add_u64(&store_header->texts_dropped, 1);
	return stored;
}

/* See statement_table.h. */
StatementRef
statement_table_enter(const StatementKey *key, StatementTextMaker maker,
					  void *maker_arg)
{
	StatementRef ref = lookup(key);

	if (ref.index >= 0)
		return ref;
	return statement_table_insert(key, ensure_text(key, maker, maker_arg));
}

/*
 * Forget all statements.  Takes each partition's lock in turn.
 */
void
statement_table_clear(void)
{
	for (uint32 i = 0; i < partitions(); i++)
	{
		LWLock	   *lock = store_lock(LOCKS_STATEMENT, i);

		LWLockAcquire(lock, LW_EXCLUSIVE);
		while (!dlist_is_empty(&shared->used[i]))
		{
			StatementEntry *entry = dlist_container(StatementEntry, node,
													dlist_head_node(&shared->used[i]));

			remove_entry(entry);
			free_entry(entry);
		}
		LWLockRelease(lock);
	}
}
