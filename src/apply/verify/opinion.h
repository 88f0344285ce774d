/*-------------------------------------------------------------------------
 *
 * opinion.h
 *	  What the planner says of an index and a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_OPINION_H
#define CLIPPERF_OPINION_H

#include "compat.h"

#include "apply/jobs/jobs.h"

/* A plan that costs this share more without the index is worse without it. */
#define OPINION_WORTH_SHARE 0.1

typedef enum PlanOpinion
{
	OPINION_NONE,				/* the statement cannot be planned again */
	OPINION_UNUSED,				/* it does not use the index */
	OPINION_EQUAL,				/* it does, and is about as well off without */
	OPINION_WORTH				/* it does, and is worse off without */
} PlanOpinion;

/*
 * Plan a statement with and without the index that the job has built, or has
 * dropped, as its users and with the parameters that are known of it.  Indexes
 * of the table that clipperf is about to take back, or has advised to, are left
 * out of the account, so that of two equal ones not both are found superfluous.
 *
 * Within job_begin() and job_end().  Leaves the usual handler of SIGINT behind.
 */
extern PlanOpinion opinion_ask(const Job *job, uint64 queryid);
extern const char *opinion_name(PlanOpinion opinion);

#endif							/* CLIPPERF_OPINION_H */
