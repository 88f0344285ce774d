/*-------------------------------------------------------------------------
 *
 * verify.h
 *	  Watches an index that was built or dropped until it can be judged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_VERIFY_H
#define CLIPPERF_VERIFY_H

#include "compat.h"

#include "apply/jobs/jobs.h"

/* Keep the counters of the affected statements, before the job begins. */
extern void verify_before(const Job *job);

/* The work is done: watch what comes of it, or end the job. */
extern void verify_begin(Job *job, const char *reason);

/* Judge the jobs that are due; true if one was queued to be reverted. */
extern bool verify_due(MemoryContext context);

/* Milliseconds until the next review; -1 if no job is to be reviewed. */
extern int64 verify_next_due(void);

#endif							/* CLIPPERF_VERIFY_H */
