/*-------------------------------------------------------------------------
 *
 * plan_facts.h
 *	  What the executed plan tells about scans that read too much.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_FACTS_H
#define CLIPPERF_PLAN_FACTS_H

#include "compat.h"

#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"

#include "profile/statement/execution.h"
#include "settings.h"

/* The cost from which on a scan is worth a look. */
static inline Cost
plan_facts_least_cost(void)
{
	return setting_seqscan_min_rows * cpu_tuple_cost;
}

/*
 * Is this all there is to a plan: the lookup of a few rows, maybe to change
 * them, or a row of VALUES?
 */
static inline bool
plan_is_lookup(const PlannedStmt *stmt)
{
	const Plan *plan = stmt->planTree;

	if (IsA(plan, ModifyTable))
		plan = outerPlan(plan);
	if (stmt->subplans != NIL || plan == NULL)
		return false;
	return ((IsA(plan, IndexScan) || IsA(plan, IndexOnlyScan)) &&
			(plan->qual == NIL || plan->total_cost < plan_facts_least_cost())) ||
		(IsA(plan, Result) && outerPlan(plan) == NULL) ||
		(IsA(plan, SeqScan) && plan->total_cost < plan_facts_least_cost());
}

/* What to count while a plan runs: its rows, if there is reason to. */
extern int	plan_facts_survey(const PlannedStmt *plan);

/*
 * Before ExecutorStart: the instrument options (INSTRUMENT_ROWS or 0) this
 * plan's scans need.  A few instructions for a plan too cheap to scan
 * clipperf.seqscan_min_rows rows.
 */
static inline int
plan_facts_options(const QueryDesc *query)
{
	return likely(plan_is_lookup(query->plannedstmt)) ? 0 :
		plan_facts_survey(query->plannedstmt);
}

/* Counts the scans of an execution that counted its rows. */
extern void plan_facts_count(const Execution *execution);

/*
 * Before ExecutorEnd of an execution that did not fail: counts its scans in the
 * store.
 */
static inline void
plan_facts_collect(const Execution *execution)
{
	if (unlikely(execution->query->estate->es_instrument != 0) &&
		!execution->is_only_measured)
		plan_facts_count(execution);
}

#endif							/* CLIPPERF_PLAN_FACTS_H */
