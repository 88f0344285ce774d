/*-------------------------------------------------------------------------
 *
 * planner_check.h
 *	  What the planner says of an index and a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLANNER_CHECK_H
#define CLIPPERF_PLANNER_CHECK_H

#include "compat.h"

#include "apply/jobs/jobs.h"

/* A plan that costs this share more without the index is worse without it. */
#define PLANNER_CHECK_WORTH_SHARE 0.1

typedef enum PlannerCheck
{
	PLANNER_CHECK_NONE,			/* the statement cannot be planned again */
	PLANNER_CHECK_UNUSED,		/* it does not use the index */
	PLANNER_CHECK_EQUAL,		/* it does, and is about as well off without */
	PLANNER_CHECK_WORTH			/* it does, and is worse off without */
} PlannerCheck;

/*
 * Plan a statement with and without the index that the job has built, or has
 * dropped, as its users and with the parameters that are known of it.
 */
extern PlannerCheck planner_check_run(const Job *job, uint64 queryid);
extern const char *planner_check_name(PlannerCheck planner_check);

#endif							/* CLIPPERF_PLANNER_CHECK_H */
