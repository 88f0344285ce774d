/*-------------------------------------------------------------------------
 *
 * join_conditions.h
 *	  The conditions of a join in a plan, whatever kind of join it is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JOIN_CONDITIONS_H
#define CLIPPERF_JOIN_CONDITIONS_H

#include "compat.h"

#include "nodes/plannodes.h"

/* The conditions by which a join finds the partners of a row. */
static inline List *
join_conditions(const Plan *join)
{
	switch (nodeTag(join))
	{
		case T_HashJoin:
			return ((const HashJoin *) join)->hashclauses;
		case T_MergeJoin:
			return ((const MergeJoin *) join)->mergeclauses;
		default:
			return ((const Join *) join)->joinqual;
	}
}

#endif							/* CLIPPERF_JOIN_CONDITIONS_H */
