/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  The background worker that saves the store now and then.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKER_H
#define CLIPPERF_WORKER_H

#include "compat.h"

extern void worker_register(void);	/* from _PG_init */

extern PGDLLEXPORT void clipperf_worker_main(Datum arg);

#endif							/* CLIPPERF_WORKER_H */
