/*-------------------------------------------------------------------------
 *
 * snapshot_worker.h
 *	  The background worker that takes a snapshot of one database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SNAPSHOT_WORKER_H
#define CLIPPERF_SNAPSHOT_WORKER_H

#include "compat.h"

extern PGDLLEXPORT void clipperf_snapshot_main(Datum arg);

#endif							/* CLIPPERF_SNAPSHOT_WORKER_H */
