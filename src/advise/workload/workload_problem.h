/*-------------------------------------------------------------------------
 *
 * workload_problem.h
 *	  Why a statement cannot be planned again, in plain words.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKLOAD_PROBLEM_H
#define CLIPPERF_WORKLOAD_PROBLEM_H

#include "compat.h"

/* The problem that an error of sandbox_run() amounts to; palloc'd. */
extern char *workload_problem(const ErrorData *error);

#endif							/* CLIPPERF_WORKLOAD_PROBLEM_H */
