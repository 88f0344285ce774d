/*-------------------------------------------------------------------------
 *
 * modules.c
 *	  The modules of the store, set up, reset, saved and loaded together.
 *
 *-------------------------------------------------------------------------
 */
#include "store/modules.h"

#include "storage/ipc.h"
#include "storage/shmem.h"

#include "store/blocks.h"
#include "store/cache_store.h"
#include "store/database_reset.h"
#include "store/episode.h"
#include "store/finding_counts.h"
#include "store/header.h"
#include "store/life.h"
#include "store/pattern.h"
#include "store/plan.h"
#include "store/repeat.h"
#include "store/request_store.h"
#include "store/resultset.h"
#include "store/route.h"
#include "store/sample.h"
#include "store/save.h"
#include "store/seqscan.h"
#include "store/session.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/text.h"
#include "store/waits.h"

/*
 * In the order in which they are set up, saved and loaded.  Routes come after
 * those that refer to them, so that no number is saved without its name.
 */
static const StoreModule *const modules[] = {
	&header_module,
	&database_module,
	&text_module,
	&statement_module,
	&sample_module,
	&resultset_module,
	&episode_module,
	&repeat_module,
	&pattern_module,
	&request_module,
	&session_module,
	&waits_module,
	&cache_module,
	&route_module,
	&blocks_module,
	&seqscan_module,
	&plan_module,
	&life_module,
	&finding_counts_module
};

static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

/* Bytes of shared memory that clipperf takes, fixed at server start. */
Size
store_memory_reserved(void)
{
	Size		size = store_header_size();

	for (int i = 0; i < lengthof(modules); i++)
	{
		if (modules[i]->size != NULL)
			size = add_size(size, CACHELINEALIGN(modules[i]->size()));
		if (modules[i]->hash_size != NULL)
			size = add_size(size, modules[i]->hash_size());
	}
	return size;
}

/* Forget what is named by the bits of ResetWhat of a database, or of all, in memory. */
static void
reset_memory(int what, Oid dbid)
{
	/* the last ones refer to what the first ones hold */
	for (int i = lengthof(modules) - 1; i >= 0; i--)
		if (modules[i]->reset != NULL)
			modules[i]->reset(what, dbid);
}

/*
 * Forget what is named by the bits of ResetWhat, of one database, or of all if it is
 * InvalidOid, in memory and in the file, so that a crash does not bring it back.  A
 * file that was put aside goes, too: it cannot be told what it holds.  The caller
 * holds no lock.
 */
void
store_reset(int what, Oid dbid)
{
	reset_memory(what, dbid);
	if (!store_save() && (what & RESET_ALL) == RESET_ALL && !OidIsValid(dbid))
		save_discard();
	if (what & RESET_ALL)
		save_discard_damaged();
}

/*
 * Write all modules; LOGs what fails and returns false.  Takes the lock of
 * LOCKS_SAVE.
 */
bool
store_save(void)
{
	return save_modules(modules, lengthof(modules));
}

/*
 * Read all modules, which are empty, from the file, if there is one.  They stay
 * empty if it cannot be used.
 */
void
store_load(void)
{
	if (!load_modules(modules, lengthof(modules)))
		reset_memory(RESET_ALL | RESET_STANDBYS, InvalidOid);
}

/*
 * Callback of on_shmem_exit: save after a clean shutdown.  A crash leaves the
 * last saved file as it is.
 */
static void
save_at_exit(int code, Datum arg)
{
	if (code == 0 && store_is_ready() && save_server_is_shut_down())
		(void) store_save();
}

/* Ask for our memory and locks. */
static void
request_store_memory(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(store_memory_reserved());
	store_request_locks();
}

/*
 * Set our memory up, or attach to it where processes do not inherit it.  Runs
 * in the postmaster (or a standalone backend): nothing here may raise an
 * error for the sake of the saved file.
 */
static void
attach_store_memory(void)
{
	bool		found;
	bool		module_found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	found = store_attach_header();
	for (int i = 0; i < lengthof(modules); i++)
	{
		void	   *memory;

		if (modules[i]->size == NULL)
			continue;
		memory = ShmemInitStruct(psprintf("clipperf %s", modules[i]->name),
								 modules[i]->size(), &module_found);
		modules[i]->attach(memory, module_found);
	}
	LWLockRelease(AddinShmemInitLock);

	if (IsUnderPostmaster)
		return;
	on_shmem_exit(save_at_exit, (Datum) 0);
	if (!found)
		store_load();
}

/* Called from _PG_init while shared_preload_libraries are loaded. */
void
store_init(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_store_memory;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = attach_store_memory;
}
