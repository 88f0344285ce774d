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

/* Error if a sandbox is open that does not let this function run. */
extern void sandbox_guard_function(Oid function);

/* The same of the functions that estimates call for operators and ranges. */
extern void sandbox_guard_operator(Oid operator);
extern void sandbox_guard_type(Oid type);

#endif							/* CLIPPERF_SANDBOX_GUARD_H */
