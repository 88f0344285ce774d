/*-------------------------------------------------------------------------
 *
 * index_fold.c
 *	  Expressions and predicates of indexes as the planner has them.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_fold.h"

#include "access/transam.h"
#include "access/xact.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"

#include "advise/workload/sandbox.h"
#include "common/owner.h"

/*
 * Does it belong to a role that is neither a superuser nor the trusted user?  With
 * nobody to trust everybody is.
 */
static bool
is_others(Oid owner, Oid trusted)
{
	return !OidIsValid(trusted) ||
		(owner != trusted && !superuser_arg(owner));
}

/* check_function_callback: is it another role's function? */
static bool
is_others_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId &&
		is_others(owner_of_function(function), *(Oid *) context);
}

/*
 * Does the expression call a function of another role than the trusted user,
 * whose OID is the context?
 */
static bool
function_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, is_others_function, context) ||
		expression_tree_walker(node, function_walker, context);
}

/* SandboxWork: simplify the node that the argument points to. */
static void
simplify_node(void *arg)
{
	Node	  **node = arg;

	*node = eval_const_expressions(NULL, *node);
}

/*
 * Simplify as another user, who can do nothing but compute, and runs no
 * functions but that user's and superusers'.  If that fails the
 * node stays as it is, and also while a parallel query runs, which allows no
 * subtransactions.
 */
static Node *
simplify_as(Oid userid, Node *node)
{
	Sandbox		sandbox = {.userid = userid,.trust = SANDBOX_TRUST_OWN};
	Node	   *simplified = node;

	if (IsInParallelMode() ||
		sandbox_run(&sandbox, simplify_node, &simplified) != NULL)
		return node;
	return simplified;
}

/* Simplify, if that may be done. */
static Node *
simplify(Node *node, Oid relid, FoldSource source)
{
	Oid			nobody = InvalidOid;
	Oid			owner;

	fix_opfuncids(node);
	if (!function_walker(node, &nobody))
		return eval_const_expressions(NULL, node);
	owner = owner_of_relation(relid);
	if (!OidIsValid(owner) ||
		(source == FOLD_TEXT && function_walker(node, &owner)))
		return node;
	return simplify_as(owner, node);
}

/*
 * An expression of an index on the table, simplified as the planner does.  Comes
 * back as it was where that may not be done.
 */
Node *
index_fold_expression(Node *expr, Oid relid, FoldSource source)
{
	expr = simplify(expr, relid, source);
	fix_opfuncids(expr);
	return expr;
}

/* The condition becomes a list, implicitly ANDed. */
List *
index_fold_predicate(Node *condition, Oid relid, FoldSource source)
{
	List	   *clauses;

	condition = simplify(condition, relid, source);
	clauses = make_ands_implicit(canonicalize_qual((Expr *) condition, false));
	fix_opfuncids((Node *) clauses);
	return clauses;
}
