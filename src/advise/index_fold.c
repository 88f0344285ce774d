/*-------------------------------------------------------------------------
 *
 * index_fold.c
 *	  Expressions and predicates of indexes as the planner has them.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/index_fold.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "utils/syscache.h"

#include "advise/sandbox.h"

/* The owner of a table; InvalidOid if it is gone. */
static Oid
table_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* The owner of a function; InvalidOid if it is gone. */
static Oid
function_owner(Oid funcid)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* check_function_callback: is it none of the server's own? */
static bool
is_user_function(Oid funcid, void *context)
{
	return funcid >= FirstNormalObjectId;
}

/* check_function_callback: did somebody else than the table's owner make it? */
static bool
is_foreign_function(Oid funcid, void *context)
{
	Oid			owner;

	if (funcid < FirstNormalObjectId)
		return false;
	owner = function_owner(funcid);
	return owner != *(Oid *) context && !superuser_arg(owner);
}

typedef struct FunctionSearch
{
	check_function_callback matches;
	void	   *context;
} FunctionSearch;

/* Does the expression call a function that matches? */
static bool
function_walker(Node *node, void *context)
{
	FunctionSearch *search = context;

	if (node == NULL)
		return false;
	if (check_functions_in_node(node, search->matches, search->context))
		return true;
	return expression_tree_walker(node, function_walker, context);
}

/* SandboxWork: simplify the node that the argument points to. */
static void
simplify_node(void *arg)
{
	Node	  **node = arg;

	*node = eval_const_expressions(NULL, *node);
}

/*
 * Simplify as another user, who can do nothing but compute.  If that fails the
 * node stays as it is, and also while a parallel query runs, which allows no
 * subtransactions.
 */
static Node *
simplify_as(Oid userid, Node *node)
{
	Sandbox		sandbox = {.userid = userid};
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
	FunctionSearch search = {.matches = is_user_function};
	Oid			owner;

	fix_opfuncids(node);
	if (!function_walker(node, &search))
		return eval_const_expressions(NULL, node);
	owner = table_owner(relid);
	search = (FunctionSearch)
	{
		is_foreign_function, &owner
	};
	if (!OidIsValid(owner) ||
		(source == FOLD_TEXT && function_walker(node, &search)))
		return node;
	return simplify_as(owner, node);
}

/* See index_fold.h. */
Node *
index_fold_expression(Node *expr, Oid relid, FoldSource source)
{
	expr = simplify(expr, relid, source);
	fix_opfuncids(expr);
	return expr;
}

/* See index_fold.h. */
List *
index_fold_predicate(Node *condition, Oid relid, FoldSource source)
{
	List	   *clauses;

	condition = simplify(condition, relid, source);
	clauses = make_ands_implicit(canonicalize_qual((Expr *) condition, false));
	fix_opfuncids((Node *) clauses);
	return clauses;
}
