/*-------------------------------------------------------------------------
 *
 * modules.h
 *	  The modules of the store, set up, reset, saved and loaded together.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MODULES_H
#define CLIPPERF_MODULES_H

#include "compat.h"

/* From _PG_init: installs the hooks of shared memory. */
extern void store_init(void);

/* Bytes of shared memory that clipperf takes, fixed at server start. */
extern Size store_memory_reserved(void);

/*
 * The last three are exported for the tests, which read thousands of damaged
 * files in one process: test/unit/saved_file.c.
 */

/*
 * Forget what is named by the bits of ResetWhat, in memory and in the file: of one
 * database, or of all.
 */
extern PGDLLEXPORT void store_reset(int what, Oid dbid);

/* Write all modules; LOGs what fails and returns false. */
extern PGDLLEXPORT bool store_save(void);

/* Read all modules, which are empty. */
extern PGDLLEXPORT void store_load(void);

#endif							/* CLIPPERF_MODULES_H */
