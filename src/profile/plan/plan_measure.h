/*-------------------------------------------------------------------------
 *
 * plan_measure.h
 *	  What the nodes of an executed plan did.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_MEASURE_H
#define CLIPPERF_PLAN_MEASURE_H

#include "compat.h"

#include "profile/statement/execution.h"

/* Before ExecutorEnd of an execution whose plan is measured: count its nodes. */
extern void plan_measure_record(const Execution *execution);

#endif							/* CLIPPERF_PLAN_MEASURE_H */
