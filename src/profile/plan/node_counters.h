/*-------------------------------------------------------------------------
 *
 * node_counters.h
 *	  What the executor counted of a plan node, read without a risk.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_NODE_COUNTERS_H
#define CLIPPERF_NODE_COUNTERS_H

#include "compat.h"

#include "executor/instrument.h"
#include "nodes/execnodes.h"

/*
 * Count the loop that a node is in as done; false if nothing is counted of the node.
 * InstrEndLoop() would raise an error of a node that is in the middle of a row.
 */
static inline bool
node_counters_end_loop(PlanState *node)
{
	PlanNodeCounters *counters = node->instrument;

	if (counters == NULL ||
		(counters->running && !INSTR_TIME_IS_ZERO(NODE_STARTED(counters))))
		return false;
	InstrEndLoop(counters);
	return true;
}

#endif							/* CLIPPERF_NODE_COUNTERS_H */
