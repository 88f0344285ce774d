/*-------------------------------------------------------------------------
 *
 * plan_result.h
 *	  What does the result of a plan depend on, beside tables and parameters?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_RESULT_H
#define CLIPPERF_PLAN_RESULT_H

#include "compat.h"

#include "nodes/execnodes.h"
#include "nodes/plannodes.h"

/* Does it return rows, and neither change nor lock any? */
extern bool plan_only_reads(const PlannedStmt *plan);

/* What its result depends on: bits of CacheMark. */
extern uint32 plan_result_marks(const PlannedStmt *plan, PlanState *state);

#endif							/* CLIPPERF_PLAN_RESULT_H */
