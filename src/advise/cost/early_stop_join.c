/*-------------------------------------------------------------------------
 *
 * early_stop_join.c
 *	  What the joins of a plan test of the rows of one table.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/early_stop_scan.h"

#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "advise/cost/early_stop_translate.h"
#include "common/join_conditions.h"

/* An equality of columns of two tables. */
typedef struct Equality
{
	const Var  *outer;			/* with the tables' numbers in the plan */
	const Var  *inner;
	Oid			operator;
	Oid			collation;
} Equality;

/* The column of a table that a column of a node comes from; NULL if none. */
static const Var *
find_origin(const Plan *node, const Node *expr)
{
	const Var  *var = (const Var *) expr;
	const Plan *child;
	const TargetEntry *target;

	if (expr != NULL && IsA(expr, RelabelType))
		return find_origin(node, (const Node *) ((const RelabelType *) expr)->arg);
	if (expr == NULL || !IsA(expr, Var) || var->varattno <= 0)
		return NULL;
	if (!IS_SPECIAL_VARNO(var->varno))
		return var;
	if (var->varno == INDEX_VAR)
		return IsA(node, IndexOnlyScan) ?
			find_origin(node, (const Node *)
						list_nth_node(TargetEntry, ((const IndexOnlyScan *) node)->indextlist,
									  var->varattno - 1)->expr) : NULL;
	child = var->varno == OUTER_VAR ? outerPlan(node) :
		var->varno == INNER_VAR ? innerPlan(node) : NULL;
	if (child == NULL || var->varattno > list_length(child->targetlist))
		return NULL;
	target = list_nth_node(TargetEntry, child->targetlist, var->varattno - 1);
	return find_origin(child, (const Node *) target->expr);
}

/*
 * The scan of one table below nodes that change no rows; NULL if it is none.
 */
static const Plan *
find_single_scan(const Plan *node)
{
	while (node != NULL && (IsA(node, Hash) || IsA(node, Material) ||
							IsA(node, Memoize) || IsA(node, Sort)))
		node = outerPlan(node);
	if (node != NULL && (IsA(node, SeqScan) || IsA(node, IndexScan) ||
						 IsA(node, IndexOnlyScan) || IsA(node, BitmapHeapScan)))
		return node;
	return NULL;
}

/* The number of the table that the outer side reads first; 0 if none. */
static int
first_table(const Plan *join)
{
	const Plan *node = outerPlan(join);

	while (node != NULL && (IsA(node, NestLoop) || IsA(node, HashJoin) ||
							IsA(node, MergeJoin) || IsA(node, Gather) ||
							IsA(node, GatherMerge)))
		node = outerPlan(node);
	return find_single_scan(node) == NULL ? 0 :
		(int) ((const Scan *) find_single_scan(node))->scanrelid;
}

/*
 * What a parameter of a nested loop's inner side stands for; NULL if unknown.
 */
static const Node *
find_parameter(const Plan *join, const Node *expr)
{
	const Param *param = (const Param *) expr;
	ListCell   *lc;

	if (!IsA(join, NestLoop) || expr == NULL || !IsA(expr, Param) ||
		param->paramkind != PARAM_EXEC)
		return NULL;
	foreach(lc, ((const NestLoop *) join)->nestParams)
	{
		const NestLoopParam *known = lfirst(lc);

		if (known->paramno == param->paramid)
			return (const Node *) known->paramval;
	}
	return NULL;
}

/*
 * Fill in an equality of the tables "outer" and "inner" from the two sides of
 * a condition, in either order; false if it is none.
 */
static bool
fill_equality(Equality *equality, const Var *one, const Var *other, int outer,
			  int inner, Oid operator)
{
	if (one == NULL || other == NULL)
		return false;
	if (one->varno == inner && other->varno == outer)
	{
		const Var  *swapped = one;

		one = other;
		other = swapped;
		operator = get_commutator(operator);
	}
	equality->outer = one;
	equality->inner = other;
	equality->operator = operator;
	return one->varno == outer && other->varno == inner && OidIsValid(operator);
}

/*
 * Is the condition, found on a node of the join, an equality of the two
 * tables?
 */
static bool
is_join_equality(const Plan *join, const Plan *node, const Node *condition,
				 int outer, int inner, Equality *equality)
{
	const OpExpr *op = (const OpExpr *) condition;
	const Node *sides[2];
	const Var  *origins[2];

	if (!IsA(condition, OpExpr) || list_length(op->args) != 2)
		return false;
	for (int i = 0; i < 2; i++)
	{
		const Node *parameter;

		sides[i] = list_nth(op->args, i);
		parameter = find_parameter(join, sides[i]);
		origins[i] = parameter != NULL ? find_origin(join, parameter) :
			find_origin(node, sides[i]);
	}
	equality->collation = op->inputcollid;
	return fill_equality(equality, origins[0], origins[1], outer, inner, op->opno);
}

/* All conditions of the scan of the other table. */
static List *
scan_conditions(const Plan *scan)
{
	const List *range = NIL;

	if (IsA(scan, IndexScan))
		range = ((const IndexScan *) scan)->indexqualorig;
	else if (IsA(scan, IndexOnlyScan))
		range = ((const IndexOnlyScan *) scan)->indexqual;
	else if (IsA(scan, BitmapHeapScan))
		range = ((const BitmapHeapScan *) scan)->bitmapqualorig;
	return list_concat_copy(range, scan->qual);
}

/*
 * Take the one equality out of conditions, found on a node; false if there are
 * two.  The others are added to "rest".
 */
static bool
take_equality(const Plan *join, const Plan *node, const List *conditions,
			  int outer, int inner, Equality *equality, List **rest)
{
	ListCell   *lc;

	foreach(lc, conditions)
	{
		Equality	found;

		if (!is_join_equality(join, node, lfirst(lc), outer, inner, &found))
			*rest = lappend(*rest, lfirst(lc));
		else if (equality->outer == NULL)
			*equality = found;
		else
			return false;
	}
	return true;
}

/*
 * Do both sides of the operator hash alike, so that a hashed set can be
 * probed?
 */
static bool
hashes_alike(Oid operator)
{
	RegProcedure left;
	RegProcedure right;

	return get_op_hash_functions(operator, &left, &right) && left == right;
}

/*
 * What a join tests of the rows of the scan that its outer side begins with:
 * palloc'd.  NULL unless it is an inner join or a semi-join to the scan of one
 * other table by one equality, and all conditions there can be tested.
 */
JoinTest *
early_stop_join(const WhatIfPlan *plan, const Plan *join,
				ParamListInfo params)
{
	JoinType	type = ((const Join *) join)->jointype;
	const Plan *scan = find_single_scan(innerPlan(join));
	int			outer = first_table(join);
	Equality	equality = {0};
	List	   *others = NIL;
	List	   *conditions = NIL;
	Translation how = {.params = params};
	bool		whole = true;
	JoinTest   *test;

	if ((type != JOIN_INNER && type != JOIN_SEMI) || scan == NULL || outer == 0)
		return NULL;
	how.varno = ((const Scan *) scan)->scanrelid;
	if (IsA(scan, IndexOnlyScan))
		how.targets = ((const IndexOnlyScan *) scan)->indextlist;
	if (!take_equality(join, join, join_conditions(join), outer, how.varno,
					   &equality, &others) ||
		!take_equality(join, scan, scan_conditions(scan), outer, how.varno,
					   &equality, &conditions) ||
		others != NIL || equality.outer == NULL ||
		!hashes_alike(equality.operator))
		return NULL;
	test = palloc0(sizeof(JoinTest));
	test->relid = rt_fetch(how.varno, plan->stmt->rtable)->relid;
	test->inner = equality.inner->varattno;
	test->outer = equality.outer->varattno;
	test->operator = equality.operator;
	test->collation = equality.collation;
	test->conditions = early_stop_translate(conditions, &how, &whole);
	return whole ? test : NULL;
}
