/*-------------------------------------------------------------------------
 *
 * verify.h
 *	  Does what was built pay?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_VERIFY_H
#define CLIPPERF_VERIFY_H

#include "compat.h"

#include "apply/jobs/jobs.h"

/*
 * Keep the counters of the statements concerned in the job, before it changes
 * anything.
 */
extern void verify_before(const Job *job);

/* The work is done: watch what comes of it, or end the job. */
extern void verify_begin(Job *job, const char *reason);

/*
 * Judge the jobs for which enough calls were seen, or enough time has passed.
 */
extern bool verify_due(MemoryContext context);

/* When the next one is to be looked at; DT_NOEND if there is none. */
extern TimestampTz verify_next_due(void);

#endif							/* CLIPPERF_VERIFY_H */
