/*-------------------------------------------------------------------------
 *
 * whatif_carry.c
 *	  Columns that a plan reads from an index, and needs it for nothing else.
 *
 * An index-only scan reads columns from the index instead of the table.  One that a
 * condition on the index compares, or that is part of an order which the plan makes use
 * of, has to be a key.  Any other is carried along, as an included column is.
 *
 * A plan says how many columns of an order a node makes use of.  These are the first
 * keys that are not compared.  Where it does not say so, all are taken to be of use.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/whatif_carry.h"

#include "access/sysattr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"

/* All keys of an index, when the columns of an order are counted. */
#define ALL_KEYS	INDEX_MAX_KEYS

/* A walk down through the plans of a query. */
typedef struct CarryWalk
{
	int			longest;		/* columns of the longest ORDER BY in it */
	List	   *found;			/* of CarriedColumns */
} CarryWalk;

static void walk_plan(CarryWalk *walk, const Plan *plan, int ordered);

/* Find the longest ORDER BY in a query: a walker. */
static bool
find_longest(Node *node, void *context)
{
	int		   *longest = context;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, find_longest, context);
	*longest = Max(*longest, list_length(((Query *) node)->sortClause));
	return query_tree_walker((Query *) node, find_longest, context, 0);
}

/* Does an expression hold an aggregate that wants its rows in an order?  A walker. */
static bool
has_ordered_aggregate(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Aggref) && (((Aggref *) node)->aggorder != NIL ||
							  ((Aggref *) node)->aggdistinct != NIL))
		return true;
	return expression_tree_walker(node, has_ordered_aggregate, context);
}

/* Of how many columns of its input's order an aggregation makes use. */
static int
order_of_aggregation(const Agg *agg)
{
	if (agg->aggstrategy == AGG_HASHED)
		return 0;
	if (agg->aggstrategy == AGG_MIXED || agg->chain != NIL ||
		has_ordered_aggregate((Node *) agg->plan.targetlist, NULL) ||
		has_ordered_aggregate((Node *) agg->plan.qual, NULL))
		return ALL_KEYS;
	return agg->numCols;
}

/*
 * Of how many columns of the order of its child's rows a node makes use, if those who
 * read its own make use of "ordered" columns of theirs.
 */
static int
order_below(const CarryWalk *walk, const Plan *plan, int ordered)
{
	switch (nodeTag(plan))
	{
		case T_Sort:
		case T_Hash:
		case T_HashJoin:
		case T_Gather:
		case T_RecursiveUnion:
			return 0;
		case T_IncrementalSort:
			return ((const IncrementalSort *) plan)->nPresortedCols;
		case T_Agg:
			return order_of_aggregation((const Agg *) plan);
		case T_SetOp:
			return ((const SetOp *) plan)->strategy == SETOP_HASHED ? 0 : ALL_KEYS;
		case T_Limit:
		case T_Unique:
			return Max(ordered, Max(walk->longest, IsA(plan, Limit) ? 0 :
									((const Unique *) plan)->numCols));
		case T_Group:
			return Max(ordered, ((const Group *) plan)->numCols);
		case T_WindowAgg:
			return Max(ordered, ((const WindowAgg *) plan)->partNumCols +
					   ((const WindowAgg *) plan)->ordNumCols);
		case T_MergeAppend:
			return Max(ordered, ((const MergeAppend *) plan)->numCols);
		case T_GatherMerge:
			return Max(ordered, ((const GatherMerge *) plan)->numCols);
		case T_MergeJoin:
			return Max(ordered, list_length(((const MergeJoin *) plan)->mergeclauses));
		case T_SubqueryScan:
		case T_CustomScan:
			return ALL_KEYS;
		default:
			return ordered;
	}
}

/* Add the numbers of an index's columns that an expression reads from it. */
static Bitmapset *
add_index_columns(Bitmapset *columns, const List *expr)
{
	Bitmapset  *attnos = NULL;
	int			attno = -1;

	pull_varattnos((Node *) expr, INDEX_VAR, &attnos);
	while ((attno = bms_next_member(attnos, attno)) >= 0)
		columns = bms_add_member(columns, attno +
								 FirstLowInvalidHeapAttributeNumber - 1);
	return columns;
}

/* Note what an index-only scan carries along, if anything. */
static void
note_carried(CarryWalk *walk, const IndexOnlyScan *scan, int ordered)
{
	Bitmapset  *needed = add_index_columns(add_index_columns(NULL, scan->indexqual),
										   scan->indexorderby);
	CarriedColumns *carried = palloc(sizeof(CarriedColumns));

	for (int i = 0; i < INDEX_MAX_KEYS && ordered > 0; i++)
	{
		if (bms_is_member(i, needed))
			continue;
		needed = bms_add_member(needed, i);
		ordered--;
	}
	carried->indexoid = scan->indexid;
	carried->columns =
		bms_difference(add_index_columns(add_index_columns(NULL, scan->scan.plan.targetlist),
										 scan->scan.plan.qual), needed);
	if (!bms_is_empty(carried->columns))
		walk->found = lappend(walk->found, carried);
}

/* walk_plan() for a list of plans. */
static void
walk_plans(CarryWalk *walk, const List *plans, int ordered)
{
	ListCell   *lc;

	foreach(lc, plans)
		walk_plan(walk, lfirst(lc), ordered);
}

/* Note what a plan and those below it carry along; "ordered" is as in order_below(). */
static void
walk_plan(CarryWalk *walk, const Plan *plan, int ordered)
{
	int			below;

	if (plan == NULL)
		return;
	check_stack_depth();
	below = order_below(walk, plan, ordered);
	switch (nodeTag(plan))
	{
		case T_IndexOnlyScan:
			note_carried(walk, (const IndexOnlyScan *) plan, ordered);
			break;
		case T_Append:
			walk_plans(walk, ((const Append *) plan)->appendplans, below);
			break;
		case T_MergeAppend:
			walk_plans(walk, ((const MergeAppend *) plan)->mergeplans, below);
			break;
		case T_CustomScan:
			walk_plans(walk, ((const CustomScan *) plan)->custom_plans, below);
			break;
		case T_SubqueryScan:
			walk_plan(walk, ((const SubqueryScan *) plan)->subplan, below);
			break;
		default:
			break;
	}
	walk_plan(walk, outerPlan(plan), below);
	walk_plan(walk, innerPlan(plan), IsA(plan, NestLoop) ? 0 : below);
}

/*
 * What the scans of a query's plan read from indexes though they need no key for it: a
 * list of CarriedColumns, in the current memory context.  The order of sub-queries that
 * are plans of their own is taken to be of use.
 */
List *
whatif_carried(Query *query, const PlannedStmt *stmt)
{
	CarryWalk	walk = {0};

	(void) find_longest((Node *) query, &walk.longest);
	walk_plan(&walk, stmt->planTree, list_length(query->sortClause));
	walk_plans(&walk, stmt->subplans, ALL_KEYS);
	return walk.found;
}
