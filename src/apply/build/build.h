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

/*
 * Build or drop the index of a job that this process has claimed, and bring
 * the job into its next state.
 */
extern void build_run(Job *job, MemoryContext context);

/* The message of an error, with its detail, for the reason of a job. */
extern char *build_error_text(const ErrorData *error);

#endif							/* CLIPPERF_BUILD_H */
