/*-------------------------------------------------------------------------
 *
 * sandbox_guard.h
 *	  Refuses what a rolled back transaction would not undo.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SANDBOX_GUARD_H
#define CLIPPERF_SANDBOX_GUARD_H

#include "compat.h"

/* Before the first sandbox of a backend, once. */
extern void sandbox_guard_install(void);

/*
 * Error 2F003 if there is an operator through which the planner's estimates
 * would call one of the server's functions that have side effects.
 */
extern void sandbox_guard_operators(void);

/*
 * Error 28000 if a sandbox is open that does not trust the function, for
 * functions that are called without the executor.
 */
extern void sandbox_guard_function(Oid function);

#endif							/* CLIPPERF_SANDBOX_GUARD_H */
