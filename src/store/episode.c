/*-------------------------------------------------------------------------
 *
 * episode.c
 *	  Statements that seem to follow the rows of one result set.
 *
 * Both tables are set-associative: a key has a bucket, and the least recently
 * used entry of a full bucket makes room.
 *
 *-------------------------------------------------------------------------
 */
#include "store/episode.h"

#include "miscadmin.h"

#include "common/clock.h"

#define NUM_EPISODES	4096
#define EPISODE_WAYS	8
#define NUM_PATTERN_HISTORIES 4096
#define PATTERN_HISTORY_WAYS 8

/* A balance stays within these bounds, in nats. */
#define BALANCE_MIN		(-60.0f)
#define BALANCE_MAX		60.0f

/* The history of a pattern, and the episodes that wait for it. */
typedef struct PatternHistoryEntry
{
	uint64		key;			/* 0 = free */
	int64		last_us;
	PatternHistory history;
	Oid			dbid;
	int			nwaiting;
	uint64		waiting[PATTERN_HISTORY_WAITING];
} PatternHistoryEntry;

typedef struct EpisodeShared
{
	/* Beside the episodes, so that a bucket's keys share a cache line. */
	volatile uint64 keys[NUM_EPISODES];
	Episode		episodes[NUM_EPISODES];
	PatternHistoryEntry histories[NUM_PATTERN_HISTORIES];
} EpisodeShared;

static EpisodeShared *shared = NULL;

/* StoreModule.size */
static Size
episode_size(void)
{
	return sizeof(EpisodeShared);
}

/* StoreModule.attach */
static void
episode_attach(void *memory, bool found)
{
	shared = memory;
	if (!found)
		memset(shared, 0, sizeof(EpisodeShared));
}

/* Mix two hashes into one. */
static inline uint64
mix(uint64 a, uint64 b)
{
	a ^= b + UINT64CONST(0x9e3779b97f4a7c15) + (a << 6) + (a >> 2);
	a *= UINT64CONST(0xff51afd7ed558ccd);
	return a ^ (a >> 32);
}

/*
 * The key of the episode of a child statement, by its fingerprint, that looks
 * values of one column of a result up as this parameter; never 0.
 */
uint64
episode_key(const ResultHit *hit, uint64 child, int parameter)
{
	uint64		set = (uint64) hit->generation << 32 | hit->slot;
	uint64		key = mix(mix(set, child), parameter << 8 | hit->column);

	return key ? key : 1;
}

/* First entry of the bucket of a key. */
static inline int
bucket_of(uint64 key, int entries, int ways)
{
	return (key >> 16) % (entries / ways) * ways;
}

/* Index of the episode with this key, or -1; a hint without the lock. */
static inline int
find_episode(uint64 key)
{
	int			first = bucket_of(key, NUM_EPISODES, EPISODE_WAYS);

	for (int i = first; i < first + EPISODE_WAYS; i++)
		if (shared->keys[i] == key)
			return i;
	return -1;
}

/* The lock of the bucket of a key. */
static inline LWLock *
episode_stripe(uint64 key)
{
	return store_lock(LOCKS_EPISODE, (uint32) (key >> 16));
}

/*
 * What is seen of an episode, and of a rank in it, without a lock: a hint, for
 * another backend may be writing it.
 */
void
episode_peek(uint64 key, int rank, EpisodePeek *peek)
{
	int			at = find_episode(key);
	const Episode *episode = at < 0 ? NULL : &shared->episodes[at];

	/* what others had the credit of is no beginning of its own loop */
	if (episode != NULL && episode_was_lent(episode, rank))
		episode = NULL;
	peek->found = episode != NULL;
	peek->state = episode ? episode->state : EPISODE_OPEN;
	peek->used = episode ? evidence_is_hit(&episode->evidence, rank) : false;
	peek->exhausted = episode ? episode->evidence.used >= episode->evidence.distinct : false;
	peek->may_repeat = episode ? evidence_may_repeat(&episode->evidence) : false;
	peek->distance = episode ? evidence_distance(&episode->evidence, rank) : rank;
	peek->counted = episode ? episode->counted : false;
	peek->children = episode ? episode->evidence.children : 0;
	peek->last_us = episode ? episode->last_us : 0;
	peek->next_number = episode ?
		episode->first_number + episode->evidence.children : 0;
}

/* The entry of a bucket to replace: a free one, else the oldest. */
static int
choose_episode(uint64 key)
{
	int			first = bucket_of(key, NUM_EPISODES, EPISODE_WAYS);
	int			oldest = first;

	for (int i = first; i < first + EPISODE_WAYS; i++)
	{
		if (shared->keys[i] == 0)
			return i;
		if (shared->episodes[i].last_us < shared->episodes[oldest].last_us)
			oldest = i;
	}
	return oldest;
}

/* Start an episode over; under its lock. */
void
episode_clear(Episode *episode)
{
	uint64		key = episode->key;

	memset(episode, 0, sizeof(Episode));
	episode->key = key;
	evidence_clear(&episode->evidence);
	episode->pattern = -1;
	episode->dbid = MyDatabaseId;
}

/*
 * The episode of this key, made if there is none, with its stripe locked until
 * episode_unlock().
 */
Episode *
episode_lock(uint64 key, int64 now_us)
{
	int			at;
	Episode    *episode;

	LWLockAcquire(episode_stripe(key), LW_EXCLUSIVE);
	at = find_episode(key);
	if (at >= 0)
		return &shared->episodes[at];

	at = choose_episode(key);
	episode = &shared->episodes[at];
	shared->keys[at] = 0;
	episode->key = key;
	episode_clear(episode);
	episode->last_us = now_us;
	pg_write_barrier();
	shared->keys[at] = key;
	return episode;
}

/*
 * The episode of this key, with its stripe locked until episode_unlock(); NULL,
 * and no lock, if there is none.
 */
Episode *
episode_lock_existing(uint64 key)
{
	int			at;

	LWLockAcquire(episode_stripe(key), LW_EXCLUSIVE);
	at = find_episode(key);
	if (at >= 0)
		return &shared->episodes[at];
	LWLockRelease(episode_stripe(key));
	return NULL;
}

/* Release what episode_lock() or episode_lock_existing() has locked. */
void
episode_unlock(uint64 key)
{
	LWLockRelease(episode_stripe(key));
}

/* The history of a key, NULL if there is none; under its lock. */
static PatternHistoryEntry *
find_pattern_history(uint64 key)
{
	int			first = bucket_of(key, NUM_PATTERN_HISTORIES, PATTERN_HISTORY_WAYS);

	for (int i = first; i < first + PATTERN_HISTORY_WAYS; i++)
		if (shared->histories[i].key == key)
			return &shared->histories[i];
	return NULL;
}

/*
 * The history of a key, made for a database if there is none, in place of the one of
 * its bucket that was used least recently; under its lock.
 */
static PatternHistoryEntry *
make_pattern_history(uint64 key, Oid dbid)
{
	int			first = bucket_of(key, NUM_PATTERN_HISTORIES, PATTERN_HISTORY_WAYS);
	PatternHistoryEntry *entry = find_pattern_history(key);

	if (entry == NULL)
	{
		entry = &shared->histories[first];
		for (int i = first + 1; i < first + PATTERN_HISTORY_WAYS; i++)
			if (shared->histories[i].last_us < entry->last_us)
				entry = &shared->histories[i];
		memset(entry, 0, sizeof(PatternHistoryEntry));
		entry->key = key;
		entry->dbid = dbid;
	}
	entry->last_us = clock_us();
	return entry;
}

/* Add to a history and return what it is then.  Takes its lock. */
PatternHistory
pattern_history_add(uint64 key, const PatternHistoryChange *news)
{
	PatternHistoryEntry *entry;
	PatternHistory *history;
	PatternHistory result;

	LWLockAcquire(episode_stripe(key), LW_EXCLUSIVE);
	entry = make_pattern_history(key, MyDatabaseId);
	history = &entry->history;
	history->balance = Max(BALANCE_MIN,
						   Min(BALANCE_MAX,
							   history->balance + news->nats));
	history->failed += news->failed;
	history->children += news->children;
	if (news->waiting != 0)
	{
		/* remember an episode that waits, the oldest one making room */
		if (entry->nwaiting == PATTERN_HISTORY_WAITING)
			memmove(&entry->waiting[0], &entry->waiting[1],
					sizeof(uint64) * --entry->nwaiting);
		entry->waiting[entry->nwaiting++] = news->waiting;
	}
	result = *history;
	LWLockRelease(episode_stripe(key));
	return result;
}

/* The history of a key; all zero if there is none.  Takes its lock. */
PatternHistory
pattern_history_read(uint64 key)
{
	PatternHistoryEntry *entry;
	PatternHistory result = {0};

	LWLockAcquire(episode_stripe(key), LW_SHARED);
	entry = find_pattern_history(key);
	if (entry != NULL)
		result = entry->history;
	LWLockRelease(episode_stripe(key));
	return result;
}

/* Put back what was saved of the history of a pattern of that database.  Takes its lock. */
void
pattern_history_restore(uint64 key, Oid dbid, const PatternHistory *history)
{
	LWLockAcquire(episode_stripe(key), LW_EXCLUSIVE);
	make_pattern_history(key, dbid)->history = *history;
	LWLockRelease(episode_stripe(key));
}

/*
 * Hand out the keys of the episodes that wait, latest last, and forget them.
 * Returns how many.  Takes the history's lock.
 */
int
pattern_history_release(uint64 key, uint64 *waiting)
{
	PatternHistoryEntry *entry;
	int			count = 0;

	LWLockAcquire(episode_stripe(key), LW_EXCLUSIVE);
	entry = find_pattern_history(key);
	if (entry != NULL)
	{
		count = entry->nwaiting;
		memcpy(waiting, entry->waiting, sizeof(uint64) * count);
		entry->nwaiting = 0;
	}
	LWLockRelease(episode_stripe(key));
	return count;
}

/* StoreModule.reset: forget episodes and histories.  Takes all their locks, in order. */
static void
episode_reset(int what, Oid dbid)
{
	if ((what & RESET_N_PLUS_ONE) == 0)
		return;
	for (int i = 0; i < EPISODE_STRIPES; i++)
		LWLockAcquire(store_lock(LOCKS_EPISODE, i), LW_EXCLUSIVE);
	for (int i = 0; i < NUM_EPISODES; i++)
	{
		if (!reset_concerns(dbid, shared->episodes[i].dbid))
			continue;
		shared->keys[i] = 0;
		memset(&shared->episodes[i], 0, sizeof(Episode));
	}
	for (int i = 0; i < NUM_PATTERN_HISTORIES; i++)
	{
		if (reset_concerns(dbid, shared->histories[i].dbid))
			memset(&shared->histories[i], 0, sizeof(PatternHistoryEntry));
	}
	for (int i = EPISODE_STRIPES - 1; i >= 0; i--)
		LWLockRelease(store_lock(LOCKS_EPISODE, i));
}

const StoreModule episode_module = {
	.name = "episodes",
	.size = episode_size,
	.attach = episode_attach,
	.reset = episode_reset
};
