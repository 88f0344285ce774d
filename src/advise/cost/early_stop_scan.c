/*-------------------------------------------------------------------------
 *
 * early_stop_scan.c
 *	  What the scans of a plan test, and in which order.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/early_stop_scan.h"

#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "advise/cost/early_stop_translate.h"

/* The scan of an index, as both kinds of nodes describe it. */
typedef struct IndexConditions
{
	Oid			indexid;
	ScanDirection direction;
	const List *conditions;		/* on columns of the index */
	const List *original;		/* these conditions on columns of the table */
	const List *targets;		/* TargetEntry: what an index-only scan reads */
} IndexConditions;

/*
 * Describe the scan of an index, whichever kind of node makes it.  False if
 * the node scans no index in its order.
 */
static bool
describe_index_scan(const Plan *node, IndexConditions *description)
{
	if (IsA(node, IndexScan))
	{
		const IndexScan *scan = (const IndexScan *) node;

		*description = (IndexConditions)
		{
			.indexid = scan->indexid,
				.direction = scan->indexorderdir,
				.conditions = scan->indexqual,
				.original = scan->indexqualorig
		};
	}
	else if (IsA(node, IndexOnlyScan))
	{
		const IndexOnlyScan *scan = (const IndexOnlyScan *) node;

		*description = (IndexConditions)
		{
			.indexid = scan->indexid,
				.direction = scan->indexorderdir,
				.conditions = scan->indexqual,
				.original = scan->indexqual,
				.targets = scan->indextlist
		};
	}
	else
		return false;
	return true;
}

/* The operand of a condition that is the index's column. */
static const Node *
condition_operand(const Node *condition)
{
	switch (nodeTag(condition))
	{
		case T_OpExpr:
			return get_leftop((const Expr *) condition);
		case T_ScalarArrayOpExpr:
			return linitial(((const ScalarArrayOpExpr *) condition)->args);
		case T_RowCompareExpr:
			return linitial(((const RowCompareExpr *) condition)->largs);
		case T_NullTest:
			return (const Node *) ((const NullTest *) condition)->arg;
		default:
			return NULL;
	}
}

/* The column of the index that a condition is on, from 1; 0 if not known. */
static int
condition_column(const Node *condition)
{
	const Node *operand = condition_operand(condition);

	if (operand != NULL && IsA(operand, RelabelType))
		operand = (const Node *) ((const RelabelType *) operand)->arg;
	return operand != NULL && IsA(operand, Var) ?
		((const Var *) operand)->varattno : 0;
}

/* Does a condition fix its column to one value, or a few? */
static bool
fixes_index_column(const Node *condition, const IndexDefinition *index,
				   int column)
{
	Oid			opno;

	if (IsA(condition, NullTest))
		return ((const NullTest *) condition)->nulltesttype == IS_NULL;
	if (IsA(condition, ScalarArrayOpExpr))
		opno = ((const ScalarArrayOpExpr *) condition)->opno;
	else if (IsA(condition, OpExpr))
		opno = ((const OpExpr *) condition)->opno;
	else
		return false;
	return get_op_opfamily_strategy(opno, index->keys[column - 1].opfamily) ==
		BTEqualStrategyNumber;
}

/* How many of the first columns of an index do conditions fix? */
static int
count_fixed(const List *conditions, const IndexDefinition *index)
{
	int			column = 1;

	for (; column <= index->nkeys; column++)
	{
		bool		fixed = false;
		ListCell   *lc;

		foreach(lc, conditions)
			fixed |= condition_column(lfirst(lc)) == column &&
			fixes_index_column(lfirst(lc), index, column);
		if (!fixed)
			break;
	}
	return column - 1;
}

/*
 * How many of the first keys of a B-tree its scan fixes to a value, or a few; 0 if the
 * node is none.
 */
int
early_stop_fixed_keys(const Plan *node, const IndexDefinition *index)
{
	IndexConditions description;

	return index != NULL && index->am == BTREE_AM_OID &&
		describe_index_scan(node, &description) ?
		count_fixed(description.conditions, index) : 0;
}

/*
 * Divide the conditions on an index into those that bound what is read of it,
 * and those tested on its entries; false if some cannot be tested on a sample.
 */
static bool
divide_index_conditions(OrderedScan *scan, const IndexConditions *description,
						const Translation *how)
{
	/* what is read is bounded by the columns that are fixed, and the next */
	int			bounding = Min(count_fixed(description->conditions, scan->index) + 1,
							   scan->index->nkeys);
	List	   *bounds = NIL;
	List	   *inside = NIL;
	bool		whole = true;
	ListCell   *condition;
	ListCell   *original;

	forboth(condition, description->conditions, original, description->original)
	{
		if (condition_column(lfirst(condition)) <= bounding)
			bounds = lappend(bounds, lfirst(original));
		else
			inside = lappend(inside, lfirst(original));
	}
	scan->bounds = early_stop_translate(bounds, how, &whole);
	scan->inside = early_stop_translate(inside, how, &whole);
	return whole;
}

/* Is an index one whose order can be found out without users' functions? */
static bool
is_testable_index(const IndexDefinition *index)
{
	Translation how = {.varno = 1};
	List	   *expressions = NIL;
	bool		whole = true;

	if (index == NULL || index->am != BTREE_AM_OID)
		return false;
	for (int i = 0; i < index->nkeys; i++)
		if (index->keys[i].attno == 0)
			expressions = lappend(expressions, index->keys[i].expr);
	(void) early_stop_translate(expressions, &how, &whole);
	(void) early_stop_translate(index->predicate, &how, &whole);
	return whole;
}

/*
 * The scan that a node makes, with its conditions as far as they can be tested
 * on a sample: palloc'd.  *whole is cleared if some of the filter cannot.
 * NULL if none of it can, or not what the index tests.
 */
OrderedScan *
early_stop_scan(const WhatIfPlan *plan, const Plan *node,
				ParamListInfo params, bool *whole)
{
	Index		varno = ((const Scan *) node)->scanrelid;
	OrderedScan *scan = palloc0(sizeof(OrderedScan));
	IndexConditions description = {0};
	bool		indexed = describe_index_scan(node, &description);
	Translation how = {
		.varno = varno,
		.targets = description.targets,
		.params = params
	};
	bool		bounded = true;

	*whole = true;
	scan->relid = rt_fetch(varno, plan->stmt->rtable)->relid;
	scan->backward = ScanDirectionIsBackward(description.direction);
	scan->filter = early_stop_translate(node->qual, &how, whole);
	if (indexed)
	{
		scan->index = whatif_plan_index(plan, description.indexid);
		if (!is_testable_index(scan->index) ||
			!divide_index_conditions(scan, &description, &how))
			return NULL;
	}
	else if (IsA(node, BitmapHeapScan))
		scan->bounds = early_stop_translate(((const BitmapHeapScan *) node)->bitmapqualorig,
											&how, &bounded);
	return bounded && (scan->filter != NIL || *whole) ? scan : NULL;
}
