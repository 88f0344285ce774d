/*-------------------------------------------------------------------------
 *
 * planner_check.h
 *	  Would a statement cost more without the index of a job?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLANNER_CHECK_H
#define CLIPPERF_PLANNER_CHECK_H

#include "compat.h"

#include "apply/jobs/jobs.h"

/*
 * A plan that costs this share more without the index is worse without it;
 * smaller differences are within what the planner's estimates can tell.
 */
#define PLANNER_CHECK_WORTH_SHARE 0.1

/* The answers, from the least to the most in favour of the index. */
typedef enum PlannerCheck
{
	PLANNER_CHECK_NONE,			/* the statement cannot be planned again */
	PLANNER_CHECK_UNUSED,		/* it does not use the index */
	PLANNER_CHECK_EQUAL,		/* it does, and is about as well off without */
	PLANNER_CHECK_WORTH			/* it does, and is worse off without */
} PlannerCheck;

/* Plan a statement with and without the index of the job. */
extern PlannerCheck planner_check_run(const Job *job, uint64 queryid);

/*
 * The share of a statement's write overhead that the index of the job causes, of
 * that which it and other indexes of its table cause together.
 */
extern double planner_check_overhead(const Job *job, uint64 queryid, List *others);

/*
 * The share that the index of the job has in that the updates of a statement are
 * not HOT any more.
 */
extern double planner_check_ended_hot(const Job *job, uint64 queryid, List *others);

/* Do plans of a statement use one of these indexes? */
extern bool planner_check_uses(const Job *job, uint64 queryid, List *indexes);

/* The name of an answer in the verdict of a job. */
extern const char *planner_check_name(PlannerCheck planner_check);

#endif							/* CLIPPERF_PLANNER_CHECK_H */
