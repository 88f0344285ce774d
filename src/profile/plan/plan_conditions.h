/*-------------------------------------------------------------------------
 *
 * plan_conditions.h
 *	  The expressions of a plan's node that its kind alone has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_CONDITIONS_H
#define CLIPPERF_PLAN_CONDITIONS_H

#include "compat.h"

#include "nodes/plannodes.h"

/* The conditions, functions and values of a node that are not in its qual. */
extern const List *plan_further_conditions(const Plan *plan);

#endif							/* CLIPPERF_PLAN_CONDITIONS_H */
