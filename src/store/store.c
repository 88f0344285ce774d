/*-------------------------------------------------------------------------
 *
 * store.c
 *	  What all modules of the store share: its header and its locks.
 *
 * Locks, from the outside in: that of the blocks of time, a statement partition, a
 * statement entry, a text partition.  All other modules' locks are taken alone or before a text
 * partition, never together.
 *
 *-------------------------------------------------------------------------
 */
#include "store/store.h"

#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "hotpath.h"

#define TRANCHE_NAME "clipperf"

StoreHeader *store_header HOTPATH_DATA = NULL;

void		(*store_told_ours) (void) = NULL;

static LWLockPadded *locks = NULL;

/* How many locks each group has. */
static const int lock_counts[NUM_STORE_LOCK_GROUPS] = {
	[LOCKS_STATEMENT] = STATEMENT_PARTITIONS,
	[LOCKS_TEXT] = TEXT_PARTITIONS,
	[LOCKS_ROUTE] = 1,
	[LOCKS_EPISODE] = EPISODE_STRIPES,
	[LOCKS_REPEAT] = REPEAT_STRIPES,
	[LOCKS_REQUEST] = 1,
	[LOCKS_PATTERN] = 1,
	[LOCKS_SEQSCAN] = 1,
	[LOCKS_SAMPLE] = SAMPLE_STRIPES,
	[LOCKS_WAITS] = 1,
	[LOCKS_CACHE] = 1,
	[LOCKS_BLOCKS] = 1,
	[LOCKS_DATABASE] = 1,
	[LOCKS_SAVE] = 1
};

/* Number of locks of the groups before "group" (of all: NUM_...). */
static int
locks_before(int group)
{
	int			sum = 0;

	for (int i = 0; i < group; i++)
		sum += lock_counts[i];
	return sum;
}

/*
 * A function of ours runs: the statement that calls it is ours, not the application's.
 */
void
store_note_ours(void)
{
	extension_calls++;
	if (store_told_ours != NULL)
		store_told_ours();
}

/*
 * Raise an error unless clipperf was preloaded: at the beginning of functions of
 * ours, whose statements are told by it.  Without context: which of the functions
 * that a view or a report is made of has found that out tells nobody anything.
 * Whoever catches the error restores the stack.
 */
void
store_require(void)
{
	store_note_ours();
	if (store_is_ready())
		return;
	error_context_stack = NULL;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("clipperf must be loaded via \"shared_preload_libraries\""),
			 errhint("Add clipperf to \"shared_preload_libraries\" and restart the server.")));
}

/*
 * Lock number "number" (any value: it wraps around) of a group.
 */
LWLock *
store_lock(StoreLockGroup group, uint32 number)
{
	return &locks[locks_before(group) + number % lock_counts[group]].lock;
}

/* The tranche of our locks, for those embedded in shared structures. */
int
store_tranche(void)
{
	return locks[0].lock.tranche;
}

/*
 * How many processes can run statements.  The MY_PROC_INDEX of each is below
 * it: auxiliary processes come after the backends.
 */
int
store_backends(void)
{
	return MaxBackends;
}

/* Bytes of shared memory for the header and the locks. */
Size
store_header_size(void)
{
	return add_size(MAXALIGN(sizeof(StoreHeader)),
					mul_size(locks_before(NUM_STORE_LOCK_GROUPS),
							 sizeof(LWLockPadded)));
}

/* Ask for the locks; to be called while shared memory is asked for. */
void
store_request_locks(void)
{
	RequestNamedLWLockTranche(TRANCHE_NAME,
							  locks_before(NUM_STORE_LOCK_GROUPS));
}

/*
 * Set the header and the locks up, or attach to them.  False if they had to be
 * set up.  The caller holds AddinShmemInitLock.
 */
bool
store_attach_header(void)
{
	bool		found;

	locks = GetNamedLWLockTranche(TRANCHE_NAME);
	store_header = ShmemInitStruct("clipperf", sizeof(StoreHeader), &found);
	if (found)
		return true;
	store_header->since = GetCurrentTimestamp();
	pg_atomic_init_u64(&store_header->standby_seen, 0);
	pg_atomic_init_u64(&store_header->removals, 0);
	pg_atomic_init_u64(&store_header->evicted, 0);
	pg_atomic_init_u64(&store_header->dropped, 0);
	pg_atomic_init_u64(&store_header->texts_dropped, 0);
	pg_atomic_init_u64(&store_header->texts_cut, 0);
	pg_atomic_init_u64(&store_header->overhead_ns, 0);
	pg_atomic_init_u64(&store_header->overhead_of_ns, 0);
	pg_atomic_init_u64(&store_header->overhead_samples, 0);
	store_header->saved = 0;
	store_header->worker_pid = 0;
	return false;
}
