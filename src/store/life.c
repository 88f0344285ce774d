/*-------------------------------------------------------------------------
 *
 * life.c
 *	  Whether what a finding names is still seen.
 *
 * Those who read findings tell when each was seen last and how often its
 * statement has been called.  From one reading to the next that shows for how
 * many calls it has not been seen: nothing is counted for it while statements
 * run.
 *
 * A fixed table of sets of SET_SIZE entries; what is new takes the place of the
 * entry of its set that was seen longest ago.  All of it is read and written
 * under one LWLock, which readers of findings take for each of them.
 *
 *-------------------------------------------------------------------------
 */
#include "store/life.h"

#include "common/hashfn.h"

#include "store/save.h"

/* As many as there can be scans and patterns, and room for uneven sets. */
#define SETS		256
#define SET_SIZE	8

/* Saved as it is: no padding. */
typedef struct LifeEntry
{
	LifeKey		key;			/* all zero = free */
	TimestampTz seen;			/* last */
	int64		calls;			/* when that was noted */
	int32		over;
	int32		again;
} LifeEntry;

typedef struct LifeTable
{
	LWLockPadded lock;
	LifeEntry	sets[SETS][SET_SIZE];
} LifeTable;

static LifeTable *lives = NULL;

/* The entry of a key, made if it is new.  The caller holds the lock. */
static LifeEntry *
find_life(const LifeKey *key)
{
	LifeEntry  *set = lives->sets[hash_bytes((const unsigned char *) key,
											 sizeof(*key)) % SETS];
	LifeEntry  *oldest = &set[0];

	for (int i = 0; i < SET_SIZE; i++)
	{
		if (memcmp(&set[i].key, key, sizeof(*key)) == 0)
			return &set[i];
		if (set[i].seen < oldest->seen)
			oldest = &set[i];
	}
	memset(oldest, 0, sizeof(LifeEntry));
	oldest->key = *key;
	return oldest;
}

/*
 * Note that something was seen last at "seen", by a reader who knows of "calls"
 * calls of its statement by now; what it stands for, then.  Calls that are fewer
 * than before are of a statement that was forgotten meanwhile: they count from
 * now on.
 */
Life
life_observe(const LifeKey *key, TimestampTz seen, int64 calls)
{
	LifeEntry  *entry;
	Life		life;

	LWLockAcquire(&lives->lock.lock, LW_EXCLUSIVE);
	entry = find_life(key);
	if (entry->seen != seen)
	{
		entry->again |= entry->over;
		entry->over = false;
		entry->seen = seen;
		entry->calls = calls;
	}
	entry->calls = Min(entry->calls, calls);
	entry->over |= calls - entry->calls >= LIFE_CALLS;
	life.unseen = calls - entry->calls;
	life.over = entry->over != 0;
	life.again = entry->again != 0;
	LWLockRelease(&lives->lock.lock);
	return life;
}

/* StoreModule callback. */
static Size
life_size(void)
{
	return sizeof(LifeTable);
}

/* StoreModule callback. */
static void
life_attach(void *memory, bool found)
{
	lives = memory;
	if (found)
		return;
	memset(lives, 0, sizeof(LifeTable));
	LWLockInitialize(&lives->lock.lock, store_tranche());
}

/* StoreModule callback: how many there are, and each. */
static void
life_save(struct SaveFile *file)
{
	LifeEntry  *copies = palloc(sizeof(lives->sets));
	int64		count = 0;

	LWLockAcquire(&lives->lock.lock, LW_SHARED);
	for (int set = 0; set < SETS; set++)
		for (int i = 0; i < SET_SIZE; i++)
			if (lives->sets[set][i].key.queryid != 0)
				copies[count++] = lives->sets[set][i];
	LWLockRelease(&lives->lock.lock);
	save_bytes(file, &count, sizeof(count));
	save_bytes(file, copies, count * sizeof(LifeEntry));
	pfree(copies);
}

/* StoreModule callback. */
static bool
life_load(struct SaveFile *file)
{
	int64		count;
	LifeEntry	saved;

	if (!load_bytes(file, &count, sizeof(count)) || count < 0 ||
		count > SETS * SET_SIZE)
		return false;
	while (count-- > 0)
	{
		if (!load_bytes(file, &saved, sizeof(saved)) ||
			saved.key.queryid == 0 || !saved_time_is_sound(saved.seen) ||
			!saved_amount_is_sound(saved.calls))
			return false;
		LWLockAcquire(&lives->lock.lock, LW_EXCLUSIVE);
		*find_life(&saved.key) = saved;
		LWLockRelease(&lives->lock.lock);
	}
	return true;
}

/* StoreModule callback: calls, or what was seen, begin again. */
static void
life_reset(int what, Oid dbid)
{
	LWLockAcquire(&lives->lock.lock, LW_EXCLUSIVE);
	for (int set = 0; set < SETS; set++)
	{
		for (int i = 0; i < SET_SIZE; i++)
		{
			LifeEntry  *entry = &lives->sets[set][i];

			if (reset_concerns(dbid, entry->key.dbid))
				memset(entry, 0, sizeof(LifeEntry));
		}
	}
	LWLockRelease(&lives->lock.lock);
}

const StoreModule life_module = {
	.name = "findings",
	.size = life_size,
	.attach = life_attach,
	.save = life_save,
	.load = life_load,
	.reset = life_reset
};
