/*-------------------------------------------------------------------------
 *
 * snapshot_start.h
 *	  Starts the background workers that take snapshots every
 *	  clipperf.snapshot_interval.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SNAPSHOT_START_H
#define CLIPPERF_SNAPSHOT_START_H

#include "compat.h"

/* For the worker: take what is due; the interval begins with the first call. */
extern void snapshots_take_due(void);

#endif							/* CLIPPERF_SNAPSHOT_START_H */
