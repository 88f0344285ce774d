/*-------------------------------------------------------------------------
 *
 * lock_limit.c
 *	  A bound for the time that a function waits for other callers of clipperf.
 *
 * Some functions follow each other: who makes a job for a table, or takes a snapshot,
 * waits for the end of the transaction of whoever does so already.  That one may have
 * been forgotten, and nobody expects a function that observes the server to wait for
 * ever.  So there is a bound, which lock_timeout can make shorter.
 *
 *-------------------------------------------------------------------------
 */
#include "common/lock_limit.h"

#include "storage/proc.h"
#include "utils/guc.h"

/* Most milliseconds that another caller is waited for. */
#define MOST_WAIT_MS 30000

int
lock_limit_ms(void)
{
	return LockTimeout > 0 ? Min(LockTimeout, MOST_WAIT_MS) : MOST_WAIT_MS;
}

int
lock_limit_hint(void)
{
	return errhint("Try again when that transaction has ended.");
}

/* ErrorContextCallback: tells who was waited for. */
static void
explain_timeout(void *arg)
{
	if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE)
		return;
	errdetail("%s", (const char *) arg);
	lock_limit_hint();
}

/*
 * From now on no lock is waited for longer than lock_limit_ms(): error 55P03 with
 * that detail, a constant.
 */
void
lock_limit_begin(LockLimit *limit, const char *detail)
{
	char		value[16];

	limit->nest_level = NewGUCNestLevel();
	snprintf(value, sizeof(value), "%d", lock_limit_ms());
	(void) set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	limit->callback.callback = explain_timeout;
	limit->callback.arg = unconstify(char *, detail);
	limit->callback.previous = error_context_stack;
	error_context_stack = &limit->callback;
}

/* The counterpart of lock_limit_begin(); an error needs none. */
void
lock_limit_end(LockLimit *limit)
{
	error_context_stack = limit->callback.previous;
	AtEOXact_GUC(true, limit->nest_level);
}
