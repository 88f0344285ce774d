/*-------------------------------------------------------------------------
 *
 * build.h
 *	  Carries one job out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BUILD_H
#define CLIPPERF_BUILD_H

#include "compat.h"

#include "apply/jobs/jobs.h"

/* Carry a job out that this process has locked, into its next state. */
extern void build_run(Job *job, MemoryContext context);

#endif							/* CLIPPERF_BUILD_H */
