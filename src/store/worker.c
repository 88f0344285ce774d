/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  The background worker that saves the store every
 *	  clipperf.save_interval, and adds to the blocks of time.
 *
 * It runs on standbys too and needs no database.  At shutdown it just ends:
 * the postmaster saves once more when all backends have gone.
 *
 *-------------------------------------------------------------------------
 */
#include "store/worker.h"

#include "storage/ipc.h"

#include "common/background.h"
#include "common/clock.h"
#include "settings.h"
#include "store/blocks.h"
#include "store/modules.h"
#include "store/store.h"

/* The postmaster starts it again after this many seconds if it fails. */
#define RESTART_SECONDS 10

/* Callback at the worker's end. */
static void
saver_ends(int code, Datum arg)
{
	store_header->worker_pid = 0;
}

/*
 * Milliseconds from now to the next save, when the last one was at that time of
 * clock_us(), which nobody sets back; -1 if there is to be none.  The
 * setting is read each time, so a reload takes effect at once.
 */
static long
time_to_save(int64 last_us)
{
	int64		left_us = last_us + setting_save_interval_s * USECS_PER_SEC -
		clock_us();

	if (setting_save_interval_s == 0)
		return -1;
	return left_us <= 0 ? 0 : (long) (left_us / 1000 + 1);
}

/*
 * A turn of the worker, whose last save was at *arg: do what is due, or sleep
 * until something is.
 */
static void
saver_turn(void *arg)
{
	int64	   *last_us = arg;
	long		ms = time_to_save(*last_us);

	if (ms == 0)
	{
		(void) store_save();
		*last_us = clock_us();
	}
	else if (blocks_due_ms() == 0)
		blocks_tick();
	else
		background_sleep(background_sooner(blocks_due_ms(), ms));
}

/*
 * Entry point of the worker.
 */
void
clipperf_worker_main(Datum arg)
{
	int64		last_us = clock_us();

	background_begin();
	before_shmem_exit(saver_ends, (Datum) 0);
	store_header->worker_pid = MyProcPid;
	background_run(saver_turn, &last_us);
}

/* Called from _PG_init: ask the postmaster for the worker. */
void
worker_register(void)
{
	background_register("clipperf saver", "clipperf_worker_main",
						BGWORKER_SHMEM_ACCESS, BgWorkerStart_ConsistentState,
						RESTART_SECONDS);
}
