/*-------------------------------------------------------------------------
 *
 * plan_conditions.c
 *	  The expressions of a plan's node that its kind alone has.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_conditions.h"

/* The conditions, functions and values of a node that are not in its qual. */
const List *
plan_further_conditions(const Plan *plan)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
			return ((const IndexScan *) plan)->indexqualorig;
		case T_IndexOnlyScan:
			return ((const IndexOnlyScan *) plan)->indexqual;
		case T_BitmapIndexScan:
			return ((const BitmapIndexScan *) plan)->indexqualorig;
		case T_FunctionScan:
			return ((const FunctionScan *) plan)->functions;
		case T_ValuesScan:
			return ((const ValuesScan *) plan)->values_lists;
		case T_TidScan:
			return ((const TidScan *) plan)->tidquals;
		case T_NestLoop:
		case T_MergeJoin:
			return ((const Join *) plan)->joinqual;
		case T_HashJoin:
			return ((const HashJoin *) plan)->hashclauses;
		case T_Result:
			return (const List *) ((const Result *) plan)->resconstantqual;
		case T_ModifyTable:
			return ((const ModifyTable *) plan)->withCheckOptionLists;
		default:
			return NIL;
	}
}
