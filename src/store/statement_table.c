/*-------------------------------------------------------------------------
 *
 * statement_table.c
 *	  The shared table of statements: lookup, insertion, eviction.
 *
 * A fixed array of entries, a partitioned hash table from key to index, and
 * the members of each partition for the choice of victims.  When no entry is
 * free, the least useful of the next few of the new statement's own partition
 * goes, so that no lock wider than a partition is ever taken.
 *
 *-------------------------------------------------------------------------
 */
#include "store/statement_table.h"

#include "port/pg_bitutils.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "hotpath.h"
#include "settings.h"
#include "store/admission.h"

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

/* The entries of one partition; under its lock. */
typedef struct TablePartition
{
	int			count;			/* of members */
	int			hand;			/* the next one to be looked at, a clock's */
	Admission	admission;
} TablePartition;

typedef struct TableShared
{
	slock_t		mutex;			/* protects first_free and next_free */
	int			first_free;		/* index of a free entry, or -1 */
	pg_atomic_uint32 hand;		/* partition to give up a text next */
	TablePartition partitions[STATEMENT_PARTITIONS];
} TableShared;

static TableShared *shared = NULL;
StatementEntry *statement_entries HOTPATH_DATA = NULL;
static int *members = NULL;		/* [partition][position]: indexes of entries */
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

/* Members that a partition may have: far more than it has by chance. */
static int
members_max(void)
{
	return Min(setting_max_statements,
			   4 * (setting_max_statements / partitions() + 1));
}

static Size
members_size(void)
{
	return CACHELINEALIGN(mul_size(partitions(),
								   mul_size(members_max(), sizeof(int))));
}

Size
statement_table_size(void)
{
	return CACHELINEALIGN(sizeof(TableShared)) + members_size() +
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
	members = (int *) ((char *) memory + CACHELINEALIGN(sizeof(TableShared)));
	statement_entries = (StatementEntry *) ((char *) members + members_size());
	attach_index();
	if (found)
		return;

	SpinLockInit(&shared->mutex);
	pg_atomic_init_u32(&shared->hand, 0);
	memset(shared->partitions, 0, sizeof(shared->partitions));
	for (int i = 0; i < setting_max_statements; i++)
	{
		LWLockInitialize(&statement_entry(i)->lock, store_tranche());
		pg_atomic_init_u64(&statement_entry(i)->generation, 0);
		statement_entry(i)->next_free = i + 1 < setting_max_statements ? i + 1 : -1;
	}
	shared->first_free = 0;
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

/* Empty counters, which may hold anything, or which are known to be valid. */
void
counters_init(StatementCounters *counters)
{
	memset(counters, 0, sizeof(*counters));
}

/* Empty counters that are valid: only what is in use of their histogram. */
void
counters_clear(StatementCounters *counters)
{
	memset(&counters->latency.count[counters->latency_first], 0,
		   sizeof(uint32) * (counters->latency_end - counters->latency_first));
	memset(counters, 0, offsetof(StatementCounters, latency));
}

/* Add the histogram of "from", which has calls. */
static void
merge_latency(StatementCounters *into, const StatementCounters *from)
{
	counters_widen_latency(into, from->latency_first, from->latency_end);
	histogram_merge_part(&into->latency, &from->latency, from->latency_first,
						 from->latency_end);
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
	into->refused += from->refused;
	into->interrupted += from->interrupted;
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
	into->last_seen = clock_last_seen(into->last_seen, from->last_seen,
									  GetCurrentTimestamp());
	sketch_merge(&into->params, &from->params);
	if (from->calls > 0)
		merge_latency(into, from);
}

/*
 * The logarithm to the base 2 of a number from 1 on, at most 0.09 too small: an
 * IEEE 754 double's bits, read as a number, grow like it (J. N. Mitchell, IRE
 * Transactions on Electronic Computers 11, 1962).
 */
static inline double
rough_log2(double number)
{
	uint64		bits;

	memcpy(&bits, &number, sizeof(bits));
	return (double) bits / (double) (UINT64CONST(1) << 52) - 1023.0;
}

/*
 * How much is lost with this entry: the logarithm of the time its statement
 * took, less one for each half-life it has not been seen.  (Exponential decay;
 * in logarithms, so that no counter has to be aged.)  Read without the entry's
 * lock: a torn value costs no more than a worse choice.
 */
static double
statement_usefulness(const StatementEntry *entry, TimestampTz now)
{
	double		idle_s = clock_age_us(entry->counters.last_seen, now) / 1000000.0;

	return rough_log2(1.0 + entry->counters.total_us) -
		idle_s / USEFUL_HALF_LIFE_S;
}

/*
 * Take an entry out of use; its text loses a reference, and it stays a member
 * of its partition.  Caller holds the partition's lock exclusively.
 */
static void
remove_entry(StatementEntry *entry)
{
	TextKey text = statement_text_key(&entry->key);

	hash_search(index_table, &entry->key, HASH_REMOVE, NULL);
	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	pg_atomic_fetch_add_u64(&entry->generation, 1);
	LWLockRelease(&entry->lock);
	pg_atomic_fetch_add_u64(&store_header->removals, 1);
	if (entry->has_text)
		text_release(&text);
}

/* Put an entry that is not in use on the list of free ones. */
static void
free_statement(StatementEntry *entry)
{
	SpinLockAcquire(&shared->mutex);
	entry->next_free = shared->first_free;
	shared->first_free = entry - statement_entries;
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
		entry = statement_entry(shared->first_free);
		shared->first_free = entry->next_free;
	}
	SpinLockRelease(&shared->mutex);
	return entry;
}

/* The members of a partition. */
static inline int *
members_of(uint32 partition)
{
	return members + partition * members_max();
}

/* Make an entry a member; caller holds the partition's lock exclusively. */
static void
add_member(uint32 partition, StatementEntry *entry)
{
	entry->position = shared->partitions[partition].count++;
	members_of(partition)[entry->position] = entry - statement_entries;
}

/* Its place goes to the last member; lock as above. */
static void
drop_member(uint32 partition, StatementEntry *entry)
{
	int			last = --shared->partitions[partition].count;
	int			moved = members_of(partition)[last];

	members_of(partition)[entry->position] = moved;
	statement_entry(moved)->position = entry->position;
}

/*
 * The least useful of the partition's next few members, or NULL if it has none.
 * They are scattered in memory: all are fetched before the first is looked at.
 */
static StatementEntry *
choose_evicted(uint32 partition, TimestampTz now)
{
	TablePartition *facts = &shared->partitions[partition];
	const int  *member = members_of(partition);
	int			count = Min(VICTIM_CANDIDATES, facts->count);
	StatementEntry *next[VICTIM_CANDIDATES];
	StatementEntry *victim = NULL;
	double		least = 0;

	for (int i = 0; i < count; i++)
	{
		if (++facts->hand >= facts->count)
			facts->hand = 0;
		next[i] = statement_entry(member[facts->hand]);
		__builtin_prefetch(&next[i]->counters.total_us);
		__builtin_prefetch(&next[i]->counters.last_seen);
	}
	for (int i = 0; i < count; i++)
	{
		double		useful = statement_usefulness(next[i], now);

		if (victim == NULL || useful < least)
		{
			victim = next[i];
			least = useful;
		}
	}
	return victim;
}

/*
 * Push the least useful of the partition's next few members out and return it
 * unused, still a member; or NULL.  Caller holds the partition's lock
 * exclusively.
 */
static StatementEntry *
evict_from(uint32 partition)
{
	TimestampTz now = GetCurrentTimestamp();
	StatementEntry *victim = choose_evicted(partition, now);

	if (victim == NULL)
		return NULL;
	remove_entry(victim);
	admission_evicted(&shared->partitions[partition].admission, now);
	pg_atomic_fetch_add_u64(&store_header->evicted, 1);
	return victim;
}

/*
 * An entry that is not in use, made a member of the partition; NULL if there
 * is none.  Caller holds the partition's lock exclusively.
 */
static StatementEntry *
take_entry(uint32 partition)
{
	StatementEntry *entry = NULL;

	if (shared->partitions[partition].count < members_max())
		entry = take_free();
	if (entry == NULL)
		return evict_from(partition);
	add_member(partition, entry);
	counters_init(&entry->counters);
	return entry;
}

/* Give such an entry back; lock as above. */
static void
return_entry(uint32 partition, StatementEntry *entry)
{
	drop_member(partition, entry);
	free_statement(entry);
}

/*
 * Lookup a statement up; index -1 if it is not there.  *welcome tells whether it
 * may come in then, for this execution, NULL if it always may.  Caller holds no
 * lock.
 */
static StatementRef
lookup(const StatementKey *key, const StatementSample *sample, bool *welcome)
{
	StatementRef ref = {.index = -1};
	uint32		hash = get_hash_value(index_table, key);
	uint32		partition = hash % partitions();
	LWLock	   *lock = store_lock(LOCKS_STATEMENT, partition);
	IndexEntry *found;

	LWLockAcquire(lock, LW_SHARED);
	found = hash_search_with_hash_value(index_table, key, hash, HASH_FIND, NULL);
	if (found != NULL)
	{
		ref.index = found->index;
		ref.generation = pg_atomic_read_u64(&statement_entry(ref.index)->generation);
	}
	*welcome = found != NULL || sample == NULL ||
		admission_allows(&shared->partitions[partition].admission,
						 hash / partitions(), sample->work->elapsed_us);
	LWLockRelease(lock);
	return ref;
}

/* Start the life of an entry under its partition's exclusive lock. */
static void
start_entry(StatementEntry *entry, const StatementKey *key, bool has_text)
{
	LWLockAcquire(&entry->lock, LW_EXCLUSIVE);
	entry->key = *key;
	entry->has_text = has_text;
	entry->tables.count = 0;
	entry->tables.dropped = 0;
	counters_clear(&entry->counters);
	entry->counters.last_seen = GetCurrentTimestamp();
	pg_atomic_fetch_add_u64(&entry->generation, 1);
	LWLockRelease(&entry->lock);
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
		entry = take_entry(partition);
		if (entry == NULL)
			return ref;
		slot = hash_search_with_hash_value(index_table, key, hash,
										   HASH_ENTER_NULL, NULL);
		if (slot == NULL)
		{
			return_entry(partition, entry);
			return ref;
		}
		slot->index = entry - statement_entries;
		start_entry(entry, key, has_text);
	}
	ref.index = slot->index;
	ref.generation = pg_atomic_read_u64(&statement_entry(ref.index)->generation);
	return ref;
}

/*
 * Find or make the entry of a statement read from a file, whose text is
 * referenced already if has_text.
 */
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
	if (entry != NULL)
		return_entry(partition, entry);
	LWLockRelease(lock);
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

/*
 * Find or make the entry of a statement, for this execution of it, NULL if it
 * was in the table before.  An entry that is made may push another one out.
 * ref->index is -1 if there was no room, or a new statement was not let in:
 * see admission.h.  Takes the locks it needs; the caller holds none.
 */
StatementRef
statement_table_enter(const StatementKey *key, const StatementSample *sample,
					  StatementTextMaker maker, void *maker_arg)
{
	bool		welcome;
	StatementRef ref = lookup(key, sample, &welcome);

	if (!welcome || ref.index >= 0)
		return ref;
	return statement_table_insert(key, ensure_text(key, maker, maker_arg));
}

/*
 * Forget the statements of a database, or all if it is InvalidOid.  Takes each
 * partition's lock in turn.
 */
void
statement_table_clear(Oid dbid)
{
	for (uint32 i = 0; i < partitions(); i++)
	{
		LWLock	   *lock = store_lock(LOCKS_STATEMENT, i);

		LWLockAcquire(lock, LW_EXCLUSIVE);
		/* from the last one on, whose place no other one takes */
		for (int member = shared->partitions[i].count - 1; member >= 0; member--)
		{
			StatementEntry *entry = statement_entry(members_of(i)[member]);

			if (!reset_concerns(dbid, entry->key.dbid))
				continue;
			remove_entry(entry);
			return_entry(i, entry);
		}
		if (!OidIsValid(dbid))
			memset(&shared->partitions[i].admission, 0, sizeof(Admission));
		LWLockRelease(lock);
	}
}
