/*-------------------------------------------------------------------------
 *
 * lock_limit.h
 *	  A bound for the time that a function waits for other callers of clipperf.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LOCK_LIMIT_H
#define CLIPPERF_LOCK_LIMIT_H

#include "compat.h"

/* From lock_limit_begin() to lock_limit_end(). */
typedef struct LockLimit
{
	ErrorContextCallback callback;
	int			nest_level;		/* of settings */
} LockLimit;

/* Most milliseconds that a caller waits: lock_timeout, or less. */
extern int	lock_limit_ms(void);

/* Let no lock be waited for longer; "detail" tells who may have it. */
extern void lock_limit_begin(LockLimit *limit, const char *detail);
extern void lock_limit_end(LockLimit *limit);

/* The hint of an error that is raised when the time is over. */
extern int	lock_limit_hint(void);

#endif							/* CLIPPERF_LOCK_LIMIT_H */
