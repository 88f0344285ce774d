/*-------------------------------------------------------------------------
 *
 * plan_outline.h
 *	  A plan in words, without values.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_OUTLINE_H
#define CLIPPERF_PLAN_OUTLINE_H

#include "compat.h"

#include "lib/stringinfo.h"

#include "store/plan.h"

/* A node as EXPLAIN names it, palloc'd. */
extern char *plan_node_title(const PlanNode *node);

/* A plan's nodes on a line each, palloc'd. */
extern char *plan_outline(const StatementPlan *plan);

/* How many times more rows, or fewer, than expected: at least 1. */
extern double plan_node_off(const PlanNodeWork *did);

/* The node whose expected rows are furthest off, first of all; -1 = none is. */
extern int	plan_worst_estimate(const StatementPlan *plan);

/* Settings of the planner that are off, as "enable_seqscan = off", palloc'd. */
extern char *plan_settings_off(uint32 disabled);

#endif							/* CLIPPERF_PLAN_OUTLINE_H */
