/*-------------------------------------------------------------------------
 *
 * demand_support.h
 *	  Which operator classes a function's planner support can use.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DEMAND_SUPPORT_H
#define CLIPPERF_DEMAND_SUPPORT_H

#include "advise/candidates/demand.h"

#include "nodes/pathnodes.h"

/*
 * An operator class of the access method with which an index on an argument of
 * the function serves the condition, or InvalidOid.
 */
extern Oid	demand_support_opclass(PlannerInfo *root, RelOptInfo *rel,
								   Node *clause, int argument,
								   const DemandKey *key, Oid am);

#endif							/* CLIPPERF_DEMAND_SUPPORT_H */
