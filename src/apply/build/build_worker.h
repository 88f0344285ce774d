/*-------------------------------------------------------------------------
 *
 * build_worker.h
 *	  The background worker that does the jobs of one database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BUILD_WORKER_H
#define CLIPPERF_BUILD_WORKER_H

#include "compat.h"

/* Entry point of the worker; bgw_extra is a WorkerTicket. */
extern PGDLLEXPORT void clipperf_builder_main(Datum arg);

#endif							/* CLIPPERF_BUILD_WORKER_H */
