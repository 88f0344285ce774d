/*-------------------------------------------------------------------------
 *
 * held_lock.c
 *	  A function that holds the lock of the table of requests.
 *
 * hold_request_lock(fifo) takes the lock exclusively, and gives it back when the
 * FIFO was opened for writing and closed again: as long as a test wants.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "store/store.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(hold_request_lock);

/* Locks of the tranche before that of LOCKS_REQUEST: see StoreLockGroup. */
#define LOCKS_BEFORE \
	(STATEMENT_PARTITIONS + TEXT_PARTITIONS + 1 + EPISODE_STRIPES + REPEAT_STRIPES)

Datum
hold_request_lock(PG_FUNCTION_ARGS)
{
	char	   *path = text_to_cstring(PG_GETARG_TEXT_PP(0));
	LWLock	   *lock = &GetNamedLWLockTranche("clipperf")[LOCKS_BEFORE].lock;
	char		byte;
	int			fifo;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	elog(LOG, "the lock is held");
	fifo = open(path, O_RDONLY);
	while (fifo >= 0 && read(fifo, &byte, 1) > 0)
		;
	close(fifo);
	LWLockRelease(lock);
	PG_RETURN_VOID();
}
