/*-------------------------------------------------------------------------
 *
 * finding_counts.c
 *	  How many findings there were when they were last counted.
 *
 * To find takes a hundred times longer than to read a counter, so those who ask
 * every few seconds get what was found less than a minute ago.  What the counts
 * stand for is known in sql/metrics.sql.
 *
 * A few databases, whose counts are read and written under one LWLock; the one
 * counted longest ago makes room.  A restart forgets them.
 *
 *-------------------------------------------------------------------------
 */
#include "store/finding_counts.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

/* Databases in which somebody asks every few seconds. */
#define DATABASES 32

typedef struct FindingCounts
{
	Oid			dbid;			/* InvalidOid = free */
	int32		number;			/* of counts[] */
	TimestampTz counted;
	int64		counts[FINDING_COUNTS_MAX];
} FindingCounts;

typedef struct FindingCountsShared
{
	LWLockPadded lock;
	FindingCounts databases[DATABASES];
} FindingCountsShared;

static FindingCountsShared *shared = NULL;

/* The counts of this database, or NULL.  The caller holds the lock. */
static FindingCounts *
find_counts(void)
{
	for (int i = 0; i < DATABASES; i++)
	{
		if (shared->databases[i].dbid == MyDatabaseId)
			return &shared->databases[i];
	}
	return NULL;
}

/*
 * The counts of this database, FINDING_COUNTS_MAX at most, and their number; -1 if
 * there are none, or older ones than that.  Where the clock was set back they are not
 * known to be younger.
 */
int
finding_counts_read(int64 *counts, int64 age_us)
{
	TimestampTz now = GetCurrentTimestamp();
	const FindingCounts *held;
	int			number = -1;

	LWLockAcquire(&shared->lock.lock, LW_SHARED);
	held = find_counts();
	if (held != NULL && held->counted <= now && now - held->counted < age_us)
	{
		number = held->number;
		memcpy(counts, held->counts, number * sizeof(int64));
	}
	LWLockRelease(&shared->lock.lock);
	return number;
}

/* Keep the counts of this database, FINDING_COUNTS_MAX at most. */
void
finding_counts_keep(const int64 *counts, int number)
{
	FindingCounts *held;

	LWLockAcquire(&shared->lock.lock, LW_EXCLUSIVE);
	held = find_counts();
	if (held == NULL)
	{
		held = &shared->databases[0];
		for (int i = 1; i < DATABASES; i++)
		{
			if (shared->databases[i].counted < held->counted)
				held = &shared->databases[i];
		}
	}
	held->dbid = MyDatabaseId;
	held->number = number;
	held->counted = GetCurrentTimestamp();
	memcpy(held->counts, counts, number * sizeof(int64));
	LWLockRelease(&shared->lock.lock);
}

/* StoreModule.size */
static Size
finding_counts_size(void)
{
	return sizeof(FindingCountsShared);
}

/* StoreModule.attach */
static void
finding_counts_attach(void *memory, bool found)
{
	shared = memory;
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	LWLockInitialize(&shared->lock.lock, store_tranche());
}

/* StoreModule.reset: whatever is forgotten, findings may go. */
static void
finding_counts_reset(int what, Oid dbid)
{
	LWLockAcquire(&shared->lock.lock, LW_EXCLUSIVE);
	for (int i = 0; i < DATABASES; i++)
	{
		if (reset_concerns(dbid, shared->databases[i].dbid))
			memset(&shared->databases[i], 0, sizeof(FindingCounts));
	}
	LWLockRelease(&shared->lock.lock);
}

const StoreModule finding_counts_module = {
	.name = "finding counts",
	.size = finding_counts_size,
	.attach = finding_counts_attach,
	.reset = finding_counts_reset
};
