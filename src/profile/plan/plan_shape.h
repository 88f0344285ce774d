/*-------------------------------------------------------------------------
 *
 * plan_shape.h
 *	  What a plan node is, without its values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_SHAPE_H
#define CLIPPERF_PLAN_SHAPE_H

#include "compat.h"

#include "nodes/plannodes.h"

#include "store/plan.h"

/* What a node of a plan is; "parents" are those of plan_tables_parents(). */
extern void plan_shape_node(const PlannedStmt *plan, const Index *parents,
							const Plan *node, PlanNode *shape);

/* A hash of that, which is the same for all partitions of a table. */
extern uint64 plan_shape_hash(const PlanNode *shape);

#endif							/* CLIPPERF_PLAN_SHAPE_H */
