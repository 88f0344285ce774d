/*-------------------------------------------------------------------------
 *
 * plan_sampling.h
 *	  Which executions of a statement are looked at more closely, and how.
 *
 * What each execution asks is answered here, by a few instructions: see
 * plan_sampling.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_SAMPLING_H
#define CLIPPERF_PLAN_SAMPLING_H

#include "compat.h"

#include "hotpath.h"
#include "settings.h"

/* Statements of a backend whose executions are told apart. */
#define SAMPLED_STATEMENTS	1024

/* What of a statement's nodes is measured. */
typedef enum PlanDetail
{
	PLAN_ROWS_FIRST,			/* rows, since it is not known what times cost */
	PLAN_ROWS,					/* rows, as times would cost too much */
	PLAN_TIMES					/* times, rows and blocks */
} PlanDetail;

/* Executions of one statement; where two meet, the newer one takes the place. */
typedef struct PlanSampling
{
	uint64		queryid;
	uint32		next;			/* the plan is measured after so many */
	uint32		unmeasured;		/* since the last one that was */
	uint32		measured;
	PlanDetail	detail;
	uint32		counted;		/* whose scans could be counted, up to the
								 * first ones */
	uint32		uncounted;		/* since the last one whose scans were */
} PlanSampling;

HOTPATH_EXTERN PlanSampling plan_samplings[SAMPLED_STATEMENTS];

/* The place of a statement. */
static inline PlanSampling *
plan_sampling_of(uint64 queryid)
{
	return &plan_samplings[queryid % SAMPLED_STATEMENTS];
}

/* An execution of a plan to be measured, or a statement not known yet. */
extern int	plan_sampling_choose(uint64 queryid, bool is_lookup);

/*
 * Before ExecutorStart: the instrument options by which to measure this execution's
 * plan, or 0.
 */
static inline int
plan_sampling_options(uint64 queryid, bool is_lookup)
{
	PlanSampling *sampling = plan_sampling_of(queryid);

	if (unlikely(setting_plan_interval <= 1))
		return setting_plan_interval == 0 ? 0 :
			plan_sampling_choose(queryid, is_lookup);
	if (likely(sampling->queryid == queryid && sampling->next > 1))
	{
		sampling->next--;
		sampling->unmeasured++;
		return 0;
	}
	return plan_sampling_choose(queryid, is_lookup);
}

/*
 * A measured execution has ended: how many it stands for.  Decides when the next
 * one is due, and how much of it is measured.
 */
extern double plan_sampling_measured(uint64 queryid, double node_calls,
									 double elapsed_us, double own_us);

/* Are the scans of this execution to be counted? */
extern bool plan_sampling_counts_scans(uint64 queryid);

/* How many executions the one whose scans were counted stands for. */
extern int64 plan_sampling_scans(uint64 queryid, bool *estimated);

#endif							/* CLIPPERF_PLAN_SAMPLING_H */
