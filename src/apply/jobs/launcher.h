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

extern void launcher_register(void);	/* from _PG_init */

extern PGDLLEXPORT void clipperf_launcher_main(Datum arg);

#endif							/* CLIPPERF_LAUNCHER_H */
