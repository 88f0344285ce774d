/*-------------------------------------------------------------------------
 *
 * store.c
 *	  The shared memory of clipperf: what there is and when it is set up.
 *
 * Locks, from the outside in: a statement partition, a statement entry, a
 * text partition.  All other modules' locks are taken alone or before a text
 * partition, never together.
 *
 *-------------------------------------------------------------------------
 */
#include "store/store.h"

#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "hotpath.h"
#include "settings.h"
#include "store/episode.h"
#include "store/pattern.h"
#include "store/repeat.h"
#include "store/resultset.h"
#include "store/route.h"
#include "store/sample.h"
#include "store/save.h"
#include "store/seqscan.h"
#include "store/statement.h"
#include "store/text.h"

#define TRANCHE_NAME "clipperf"

StoreHeader *store_header HOTPATH_DATA = NULL;

static LWLockPadded *locks = NULL;

/*
 * In the order in which they are set up, saved and loaded.  Routes come after
 * those that refer to them, so that no number is saved without its name.
 */
static const StoreModule *const modules[] = {
	&text_module,
	&statement_module,
	&sample_module,
	&resultset_module,
	&episode_module,
	&repeat_module,
	&pattern_module,
	&route_module,
	&seqscan_module
};

/* How many locks each group has. */
static const int lock_counts[NUM_STORE_LOCK_GROUPS] = {
	[LOCKS_STATEMENT] = STATEMENT_PARTITIONS,
	[LOCKS_TEXT] = TEXT_PARTITIONS,
	[LOCKS_ROUTE] = 1,
	[LOCKS_EPISODE] = EPISODE_STRIPES,
	[LOCKS_REPEAT] = REPEAT_STRIPES,
	[LOCKS_PATTERN] = 1,
	[LOCKS_SEQSCAN] = 1,
	[LOCKS_SAMPLE] = SAMPLE_STRIPES,
	[LOCKS_SAVE] = 1
};

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

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
 * Raise an error unless clipperf was preloaded.
 */
void
store_require(void)
{
	if (!store_is_ready())
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

/* Bytes of shared memory that clipperf takes, fixed at server start. */
Size
store_memory_reserved(void)
{
	Size		size = MAXALIGN(sizeof(StoreHeader)) +
		mul_size(locks_before(NUM_STORE_LOCK_GROUPS), sizeof(LWLockPadded));

	for (int i = 0; i < lengthof(modules); i++)
	{
		size = add_size(size, CACHELINEALIGN(modules[i]->size()));
		if (modules[i]->hash_size != NULL)
			size = add_size(size, modules[i]->hash_size());
	}
	return size;
}

const StoreModule *const *
store_modules(int *count)
{
	*count = lengthof(modules);
	return modules;
}

/*
 * Forget what is named by the bits of ResetWhat.
 */
void
store_reset(int what)
{
	for (int i = 0; i < lengthof(modules); i++)
		if (modules[i]->reset != NULL)
			modules[i]->reset(what);
	if (what == RESET_ALL)
	{
		store_header->since = GetCurrentTimestamp();
		pg_atomic_write_u64(&store_header->evicted, 0);
		pg_atomic_write_u64(&store_header->dropped, 0);
		pg_atomic_write_u64(&store_header->texts_dropped, 0);
		pg_atomic_write_u64(&store_header->texts_cut, 0);
	}
}

/* Ask for our memory and locks. */
static void
request_shmem(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(store_memory_reserved());
	RequestNamedLWLockTranche(TRANCHE_NAME,
							  locks_before(NUM_STORE_LOCK_GROUPS));
}

/* Set up what all modules share. */
static void
init_header(void)
{
	store_header->since = GetCurrentTimestamp();
	pg_atomic_init_u64(&store_header->resets, 0);
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
}

/*
 * Set our memory up, or attach to it where processes do not inherit it.  Runs
 * in the postmaster (or a standalone backend): nothing here may raise an
 * error for the sake of the saved file.
 */
static void
startup_shmem(void)
{
	bool		found;
	bool		module_found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	locks = GetNamedLWLockTranche(TRANCHE_NAME);
	store_header = ShmemInitStruct("clipperf", sizeof(StoreHeader), &found);
	if (!found)
		init_header();
	for (int i = 0; i < lengthof(modules); i++)
	{
		void	   *memory = ShmemInitStruct(psprintf("clipperf %s", modules[i]->name),
											 modules[i]->size(), &module_found);

		modules[i]->attach(memory, module_found);
	}
	LWLockRelease(AddinShmemInitLock);

	if (IsUnderPostmaster)
		return;
	on_shmem_exit(store_save_at_exit, (Datum) 0);
	if (!found)
		load_store();
}

/* Called from _PG_init while shared_preload_libraries are loaded. */
void
store_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_shmem;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}
