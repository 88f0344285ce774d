/*-------------------------------------------------------------------------
 *
 * launcher.h
 *	  The background worker that starts build workers where jobs wait.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LAUNCHER_H
#define CLIPPERF_LAUNCHER_H

#include "compat.h"

/* Have the postmaster start the launcher; from _PG_init. */
extern void launcher_register(void);

/* Entry point of the launcher. */
extern PGDLLEXPORT void clipperf_launcher_main(Datum arg);

#endif							/* CLIPPERF_LAUNCHER_H */
