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

#include "store/episode.h"
#include "store/life.h"
#include "store/pattern.h"
#include "store/repeat.h"
#include "store/resultset.h"
#include "store/route.h"
#include "store/sample.h"
#include "store/save.h"
#include "store/seqscan.h"
#include "store/statement.h"
#include "store/store.h"
#include "store/text.h"

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
	&seqscan_module,
	&life_module
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
		size = add_size(size, CACHELINEALIGN(modules[i]->size()));
		if (modules[i]->hash_size != NULL)
			size = add_size(size, modules[i]->hash_size());
	}
	return size;
}

/* Forget what is named by the bits of ResetWhat.  The caller holds no lock. */
void
store_reset(int what)
{
	for (int i = 0; i < lengthof(modules); i++)
		if (modules[i]->reset != NULL)
			modules[i]->reset(what);
	if (what == RESET_ALL)
		store_reset_header();
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
		void	   *memory = ShmemInitStruct(psprintf("clipperf %s", modules[i]->name),
											 modules[i]->size(), &module_found);

		modules[i]->attach(memory, module_found);
	}
	LWLockRelease(AddinShmemInitLock);

	if (IsUnderPostmaster)
		return;
	on_shmem_exit(save_at_exit, (Datum) 0);
	if (!found && !load_modules(modules, lengthof(modules)))
		store_reset(RESET_ALL);
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
