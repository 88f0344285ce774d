/*-------------------------------------------------------------------------
 *
 * workload_weight.h
 *	  How much each way to plan a statement weighs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKLOAD_WEIGHT_H
#define CLIPPERF_WORKLOAD_WEIGHT_H

#include "advise/workload/workload_sample.h"

/* Would any index serve, or harm, both trials alike? */
extern bool workload_alike(const PlanTrial *a, const PlanTrial *b);

/* Could these queries end before they have read all rows? */
extern bool workload_may_stop(const List *queries);

/* The trials that count, which were planned, with weights that sum up to 1. */
extern List *workload_weigh(List *trials, const Histogram *latency,
							double unseen, double cached);

#endif							/* CLIPPERF_WORKLOAD_WEIGHT_H */
