/*-------------------------------------------------------------------------
 *
 * unknown_calls.c
 *	  Calls of functions that are not run to plan a statement.
 *
 * The planner runs a function whose arguments it knows, to plan with the result.
 * With the rights of whoever ran the statement only functions of superusers and
 * that user's own are run; to have run another one before proves nothing, for its owner may
 * have replaced it since.  Such a call gives one value for the whole statement all
 * the same: it becomes a parameter of which the planner knows no more than that.
 *
 * Calls that depend on rows stay as they are: expression indexes are found by
 * them, and the planner does not run them.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/unknown_calls.h"

#include "catalog/pg_proc.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "advise/workload/sandbox_guard.h"

/* Number of such a parameter: no statement can have so many. */
#define UNKNOWN_PARAMETER	(PG_UINT16_MAX + 1)

/* Is there anything whose value the planner does not know before it has rows? */
static bool
varies_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Aggref:
		case T_WindowFunc:
		case T_GroupingFunc:
		case T_SubLink:
		case T_CaseTestExpr:
		case T_CoerceToDomainValue:
		case T_SetToDefault:
			return true;
		default:
			return expression_tree_walker(node, varies_walker, context);
	}
}

/* The function that a node calls, if it returns one value; or InvalidOid. */
static Oid
function_of_call(Node *node)
{
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			return ((FuncExpr *) node)->funcretset ? InvalidOid :
				((FuncExpr *) node)->funcid;
		case T_OpExpr:
			return ((OpExpr *) node)->opretset ? InvalidOid :
				get_opcode(((OpExpr *) node)->opno);
		default:
			return InvalidOid;
	}
}

/* Would the planner run a function there that it must not run? */
static bool
is_unknown_call(Node *node)
{
	Oid			function = function_of_call(node);

	return OidIsValid(function) && !sandbox_guard_trusts(function) &&
		func_volatile(function) != PROVOLATILE_VOLATILE &&
		!varies_walker(node, NULL);
}

/* A parameter in the place of a call. */
static Node *
make_unknown(Node *call)
{
	Param	   *param = makeNode(Param);

	param->paramkind = PARAM_EXTERN;
	param->paramid = UNKNOWN_PARAMETER;
	param->paramtype = exprType(call);
	param->paramtypmod = exprTypmod(call);
	param->paramcollid = exprCollation(call);
	param->location = -1;
	return (Node *) param;
}

/* query_tree_mutator callback: puts parameters in the place of calls. */
static Node *
unknown_mutator(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, unknown_mutator,
										   context, 0);
	if (IsA(node, RangeTblFunction))
		return copyObject(node);	/* a function it must remain */
	if (is_unknown_call(node))
		return make_unknown(node);
	return expression_tree_mutator(node, unknown_mutator, context);
}

/*
 * Queries with values that nobody knows in the place of calls that the sandbox that
 * is open does not trust.
 */
List *
unknown_calls_put(List *queries)
{
	List	   *replaced = NIL;
	ListCell   *lc;

	foreach(lc, queries)
		replaced = lappend(replaced, unknown_mutator(lfirst(lc), NULL));
	return replaced;
}
