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

/* The same for a sentence, with names in which no line is broken. */
extern char *plan_node_words(const PlanNode *node);

/* A plan's nodes on a line each, palloc'd. */
extern char *plan_outline(const StatementPlan *plan);

/* Settings of the planner that are off, as "enable_seqscan = off", palloc'd. */
extern char *plan_settings_off(uint32 disabled);

#endif							/* CLIPPERF_PLAN_OUTLINE_H */
