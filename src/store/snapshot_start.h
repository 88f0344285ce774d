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

/* For the launcher: start what is due; milliseconds until it calls again, or -1. */
extern long snapshots_go_on(void);

#endif							/* CLIPPERF_SNAPSHOT_START_H */
