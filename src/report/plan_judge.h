/*-------------------------------------------------------------------------
 *
 * plan_judge.h
 *	  Is one plan of a statement slower than another?  As arithmetic.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_JUDGE_H
#define CLIPPERF_PLAN_JUDGE_H

#include "compat.h"

#include "store/plan.h"

/* Is the newer plan clearly slower, by time and by work? */
extern bool plan_judge_slower(const PlanSeries *older, const PlanSeries *newer);

#endif							/* CLIPPERF_PLAN_JUDGE_H */
