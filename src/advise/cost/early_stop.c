/*-------------------------------------------------------------------------
 *
 * early_stop.c
 *	  What a plan costs more if the first rows it wants come late.
 *
 * For LIMIT, EXISTS, min() and max() the planner takes a plan that stops early
 * to cost
 *
 *		startup + run * f
 *
 * where f is the share of the rows that is wanted, as if these were spread
 * evenly over what is read.  Nodes that read everything before they return a
 * row (sorts, hashes) have it in their startup cost.  Of the others we follow
 * the rows down to the scan, with f, and ask there for the share g >= f of the
 * scan that has to be read until the rows wanted are found.  What we add is
 *
 *		run * (g - f)
 *
 * - A scan without conditions on what it reads: g = f.
 * - With conditions that can be tested on a sample of the table: g by
 *   match_order.c, for as many rows as are wanted.  Conditions that the index
 *   tests, but not on its first keys, count as well; then g is the share of the
 *   index that is read, and the rows fetched are as many as the sample says.
 * - With joins to other tables that lose rows, likewise, if their conditions can
 *   be tested on samples of these.
 * - With others nothing is known but the share q of the rows that is kept.  The
 *   rows wanted may come first (g = f), or last (g = 1).  We take the geometric
 *   mean of the two as far as rows are lost: g = f ^ ((1 + q) / 2).
 *
 * So what we say is never below what the planner says, and never above what the
 * plan would cost if it ran to its end.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/early_stop.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/syscache.h"

#include "advise/cost/early_stop_scan.h"
#include "advise/cost/plan_blocks.h"

/*
 * A join that keeps more than this share of the rows is not tested: what it
 * may add is less than what samples can tell.
 */
#define KEEPS_MOST 0.9

/* What is known and found on the way down through a plan. */
typedef struct PlanPricing
{
	const WhatIfPlan *plan;
	ParamListInfo params;
	MatchOrderFinder find;
	void	   *arg;
	bool		stops;			/* something stops early */
	double		wanted;			/* share of the rows the planner thinks are
								 * wanted that are: less than 1 if only the
								 * parameters tell how many */
	List	   *joins;			/* of JoinTest: what else a scan's rows must
								 * meet */
	bool		reached;		/* a scan was tested, with these joins */
	double		reach;			/* share of that scan that has to be read */
	double		latest;			/* .. if what nothing tells of comes last */
	double		calls;			/* how often the sub-queries found are run */
	double		extra;			/* what they cost more */
	List	  **reaches;		/* of NodeReach, found on the way */
} PlanPricing;

static double price_plan(PlanPricing *pricing, const Plan *node, double share);

/* What a node costs after its first row, in the planner's unit. */
static inline double
run_cost(const Plan *node)
{
	return Max(node->total_cost - node->startup_cost, 0);
}

/* The share to be read for the share f, if only the share q is kept. */
static double
share_unknown(double f, double q)
{
	if (f <= 0 || f >= 1)
		return f;
	return pow(f, (1 + Min(Max(q, 0), 1)) / 2);
}

/* The rows that a node returns for each row it is given. */
static double
kept_share(const Plan *node, const Plan *child)
{
	return node->plan_rows / Max(child->plan_rows, 1);
}

/*
 * Note how much a node has to read; the most, if it was come across before.  A
 * share that "latest" is more than was guessed.
 */
static NodeReach *
note_reach(PlanPricing *pricing, const Plan *node, double share, double latest)
{
	NodeReach  *reach = NULL;
	ListCell   *lc;

	foreach(lc, *pricing->reaches)
	{
		if (((NodeReach *) lfirst(lc))->node == node)
			reach = lfirst(lc);
	}
	if (reach == NULL)
	{
		reach = palloc0(sizeof(NodeReach));
		reach->node = node;
		*pricing->reaches = lappend(*pricing->reaches, reach);
	}
	reach->share = Max(reach->share, share);
	reach->latest = Max(reach->latest, latest);
	return reach;
}

/*
 * The share that a node has to read for the share f, if it keeps only the share q of
 * it, and nothing tells which: noted.
 */
static double
guess_reach(PlanPricing *pricing, const Plan *node, double f, double q)
{
	double		g = share_unknown(f, q);

	if (f > 0 && f < 1)
		(void) note_reach(pricing, node, g, q <= KEEPS_MOST ? 1 : g);
	return g;
}

/* ------------------------------------------------------------------------
 * Scans
 * ------------------------------------------------------------------------ */

/*
 * The rows of a table, by its own statistics; those that the planner takes the
 * scan for if it has none yet.
 */
static double
table_rows(const PlanPricing *pricing, const Plan *node)
{
	const RangeTblEntry *rte = rt_fetch(((const Scan *) node)->scanrelid,
										pricing->plan->stmt->rtable);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(rte->relid));
	double		rows;

	if (!HeapTupleIsValid(tuple))
		return node->plan_rows;
	rows = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
	ReleaseSysCache(tuple);
	return rows < 0 ? node->plan_rows : rows;
}

/*
 * The share of a scan that must be read for the share f of its rows, by what a
 * sample tells.  Unless "whole", some conditions could not be tested.
 */
static double
tested_share(const PlanPricing *pricing, const Plan *node, const MatchOrder *order,
			 bool whole, double f)
{
	double		matches = order->matches / order->match_ratio;

	if (whole)
		return match_order_share(order, f * node->plan_rows * pricing->wanted,
								 f);
	return match_order_share(order, matches *
							 share_unknown(f * pricing->wanted,
										   node->plan_rows / Max(matches, 1)),
							 f);
}

/*
 * The part of an index scan's cost that reading the index from one end to the
 * other takes, as genericcostestimate() in selfuncs.c has it.
 */
static double
index_cost(const PlanPricing *pricing, const Plan *node)
{
	Oid			index = IsA(node, IndexScan) ?
		((const IndexScan *) node)->indexid :
		((const IndexOnlyScan *) node)->indexid;

	return Min(run_cost(node),
			   whatif_plan_index_pages(pricing->plan, index) * random_page_cost +
			   table_rows(pricing, node) *
			   (cpu_index_tuple_cost + cpu_operator_cost));
}

/*
 * What a scan costs more if the share f of its rows is wanted.  Where the
 * index itself tests conditions, its entries up to the share g are read, but
 * only the rows that these keep are fetched: the share h.
 */
static double
price_scan(PlanPricing *pricing, const Plan *node, double f)
{
	bool		whole;
	OrderedScan *scan;
	const MatchOrder *order = NULL;
	NodeReach  *reach;
	double		g;
	double		h;
	double		entries;

	if (f <= 0 || f >= 1)
		return 0;
	if (node->qual == NIL && pricing->joins == NIL &&
		!IsA(node, IndexScan) && !IsA(node, IndexOnlyScan))
		return 0;
	scan = early_stop_scan(pricing->plan, node, pricing->params, &whole);
	if (scan != NULL)
	{
		scan->joins = list_copy(pricing->joins);
		if (scan->filter == NIL && scan->inside == NIL && scan->joins == NIL)
			return 0;
		order = pricing->find(scan, pricing->arg);
	}
	if (order == NULL || !order->tested)
		return node->qual == NIL ? 0 : run_cost(node) *
			(guess_reach(pricing, node, f, node->plan_rows /
						 Max(table_rows(pricing, node), 1)) - f);
	g = tested_share(pricing, node, order, whole, f);
	reach = note_reach(pricing, node, g, whole ? g : 1);
	pricing->reached = true;
	pricing->reach = g;
	pricing->latest = reach->latest;
	if (scan->inside == NIL)
		return run_cost(node) * (g - f);
	reach->entries = g * order->rows / order->ratio;
	reach->fetched = g * order->fetched / order->ratio;
	h = Min(Max(reach->fetched / Max(node->plan_rows, 1), f), 1);
	entries = index_cost(pricing, node);
	return entries * (g - f) + (run_cost(node) - entries) * (h - f);
}

/* ------------------------------------------------------------------------
 * Sub-queries
 * ------------------------------------------------------------------------ */

/* What a sub-query costs more, each time it is run. */
static double
price_subplan(PlanPricing *pricing, const SubPlan *subplan)
{
	const Plan *node = list_nth(pricing->plan->stmt->subplans,
								subplan->plan_id - 1);
	double		share = plan_subquery_share(subplan, node);

	pricing->stops |= share < 1;
	return price_plan(pricing, node, share);
}

/* expression_tree_walker callback: adds up sub-queries. */
static bool
add_subplans(Node *node, void *context)
{
	PlanPricing *pricing = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
	{
		const SubPlan *subplan = (const SubPlan *) node;
		double		calls = subplan->useHashTable ? 1 : pricing->calls;

		pricing->extra += calls * price_subplan(pricing, subplan);
		return false;
	}
	return expression_tree_walker(node, add_subplans, context);
}

/*
 * What the sub-queries of a node cost more.  Those in its conditions are run
 * at least as often as it returns rows.
 */
static double
price_subplans(PlanPricing *pricing, const Plan *node, double share)
{
	double		extra = 0;
	PlanPricing inner = *pricing;
	ListCell   *lc;

	inner.wanted = 1;
	foreach(lc, node->initPlan)
		extra += price_subplan(&inner, lfirst(lc));
	inner.calls = Max(node->plan_rows * share, 1);
	inner.extra = 0;
	(void) add_subplans((Node *) node->targetlist, &inner);
	(void) add_subplans((Node *) node->qual, &inner);
	pricing->stops |= inner.stops;
	return extra + inner.extra;
}

/* ------------------------------------------------------------------------
 * Joins and other nodes
 * ------------------------------------------------------------------------ */

/*
 * What the inner side of a nested loop costs more, for each row of the outer.
 * A semi-join stops at the first match: the planner takes 1 + n matches to cut
 * what is read into n + 2 parts (final_cost_nestloop() in costsize.c).
 */
static double
price_inner(PlanPricing *pricing, const NestLoop *join)
{
	const Plan *inner = innerPlan(join);
	double		share = 1;

	if (join->join.jointype == JOIN_SEMI || join->join.jointype == JOIN_ANTI)
		share = Min(2 / (inner->plan_rows + 1), 1);
	pricing->stops |= share < 1;
	return price_plan(pricing, inner, share);
}

/*
 * What a join that loses rows costs more, with what it does for the outer rows
 * up to where the scan below has to be read.  -1 if that cannot be tested on
 * samples.
 */
static double
price_tested_join(PlanPricing *pricing, const Plan *node, double f)
{
	double		kept = kept_share(node, outerPlan(node));
	PlanPricing inner = *pricing;
	JoinTest   *test;
	double		extra;

	if (f <= 0 || f >= 1 || kept > KEEPS_MOST)
		return -1;
	test = early_stop_join(pricing->plan, node, pricing->params);
	if (test == NULL)
		return -1;
	inner.joins = lappend(list_copy(pricing->joins), test);
	inner.wanted *= kept;
	inner.reached = false;
	extra = price_plan(&inner, outerPlan(node), f);
	pricing->stops |= inner.stops;
	if (!inner.reached)
		return -1;
	pricing->reached = true;
	pricing->reach = inner.reach;
	pricing->latest = inner.latest;
	(void) note_reach(pricing, node, inner.reach, inner.latest);
	return Max(run_cost(node) * (inner.reach - f), extra);
}

/* What a join costs more. */
static double
price_join(PlanPricing *pricing, const Plan *node, double f)
{
	const Plan *outer = outerPlan(node);
	double		g = share_unknown(f, kept_share(node, outer));
	double		extra = price_tested_join(pricing, node, f);

	if (extra < 0)
		extra = run_cost(node) *
			(guess_reach(pricing, node, f, kept_share(node, outer)) - f) +
			price_plan(pricing, outer, g);
	if (IsA(node, NestLoop))
		return extra + outer->plan_rows * g *
			price_inner(pricing, (const NestLoop *) node);
	return extra + price_plan(pricing, innerPlan(node),
							  IsA(node, HashJoin) ? 1 : g);
}

/* What the children of an Append or MergeAppend cost more. */
static double
price_list(PlanPricing *pricing, const List *children, double f)
{
	double		extra = 0;
	ListCell   *lc;

	foreach(lc, children)
		extra += price_plan(pricing, lfirst(lc), f);
	return extra;
}

/* The number that a LIMIT or OFFSET gives, -1 if it is not known. */
static double
limit_number(const PlanPricing *pricing, const Node *expr)
{
	const Param *param = (const Param *) expr;
	ParamListInfo params = pricing->params;

	if (expr == NULL)
		return 0;
	if (IsA(expr, Const) && !((const Const *) expr)->constisnull)
		return DatumGetInt64(((const Const *) expr)->constvalue);
	if (!IsA(expr, Param) || param->paramkind != PARAM_EXTERN ||
		params == NULL || param->paramid > params->numParams ||
		params->params[param->paramid - 1].ptype != INT8OID ||
		params->params[param->paramid - 1].isnull)
		return -1;
	return DatumGetInt64(params->params[param->paramid - 1].value);
}

/*
 * What a LIMIT costs more.  The share that the planner thinks is wanted is in
 * its own cost; of a number it did not know, that is a tenth.
 */
static double
price_limit(PlanPricing *pricing, const Plan *node)
{
	const Limit *limit = (const Limit *) node;
	const Plan *child = outerPlan(node);
	double		offset = limit_number(pricing, limit->limitOffset);
	double		count = limit_number(pricing, limit->limitCount);
	double		wanted = pricing->wanted;
	double		share = plan_limit_share(node);
	double		extra;

	if (offset >= 0 && count >= 0 && limit->limitCount != NULL && share > 0)
		pricing->wanted = Min((offset + count) /
							  (share * Max(child->plan_rows, 1)), 1);
	pricing->stops |= share < 1;
	extra = price_plan(pricing, child, share);
	pricing->wanted = wanted;
	return extra;
}

/*
 * What a node that hands on the rows of another, or some of them, costs more.
 */
static double
price_pipe(PlanPricing *pricing, const Plan *node, const Plan *child, double f)
{
	double		g = node->qual == NIL ? f :
		guess_reach(pricing, node, f, kept_share(node, child));

	return run_cost(node) * (g - f) + price_plan(pricing, child, g);
}

/*
 * What a node that collects the rows of parallel workers costs more.  What is
 * below counts the rows of one worker.
 */
static double
price_gather(PlanPricing *pricing, const Plan *node, double f)
{
	double		wanted = pricing->wanted;
	double		extra;

	pricing->wanted *= Max(kept_share(node, outerPlan(node)), 1);
	extra = price_pipe(pricing, node, outerPlan(node), f);
	pricing->wanted = wanted;
	return extra;
}

/*
 * What a node and those below it, sub-queries left out, cost more than
 * startup + run * f.
 */
static double
price_node(PlanPricing *pricing, const Plan *node, double f)
{
	switch (nodeTag(node))
	{
		case T_Limit:
			return price_limit(pricing, node);
		case T_SeqScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapHeapScan:
			return price_scan(pricing, node, f);
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			return price_join(pricing, node, f);
		case T_Append:
			return price_list(pricing, ((const Append *) node)->appendplans, f);
		case T_MergeAppend:
			return price_list(pricing, ((const MergeAppend *) node)->mergeplans,
							  f);
		case T_Gather:
		case T_GatherMerge:
			return price_gather(pricing, node, f);
		case T_SubqueryScan:
			return price_pipe(pricing, node,
							  ((const SubqueryScan *) node)->subplan, f);
		case T_Sort:
		case T_Hash:
		case T_ModifyTable:
		case T_RecursiveUnion:
		case T_BitmapAnd:
		case T_BitmapOr:
			return (outerPlan(node) ? price_plan(pricing, outerPlan(node), 1) : 0) +
				(innerPlan(node) ? price_plan(pricing, innerPlan(node), 1) : 0);
		case T_Agg:
			if (((const Agg *) node)->aggstrategy != AGG_SORTED)
				f = 1;
			break;
		default:
			break;
	}
	return outerPlan(node) == NULL ? 0 :
		price_pipe(pricing, node, outerPlan(node), f);
}

/*
 * What must be added to startup + run * share for that share of the rows of a
 * node, with its sub-queries and all that is below it.
 */
static double
price_plan(PlanPricing *pricing, const Plan *node, double share)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	return price_node(pricing, node, share) +
		price_subplans(pricing, node, share);
}

/*
 * Cost to be added to that of the plan, in the planner's unit, 0 if it does
 * not stop early.  "params" are those that it is run with, NULL if they are in
 * it or not known.  *stops is set if it hopes to stop early, or could with
 * another index.  What its nodes have to read is added to *reaches.  That, and what
 * "find" is asked about, is palloc'd.
 */
double
early_stop_extra(const WhatIfPlan *plan, ParamListInfo params,
				 MatchOrderFinder find, void *arg, bool *stops, List **reaches)
{
	PlanPricing pricing = {
		.plan = plan,
		.params = params,
		.find = find,
		.arg = arg,
		.wanted = 1,
		.reaches = reaches
	};
	double		extra = price_plan(&pricing, plan->stmt->planTree, 1);

	*stops |= pricing.stops;
	return extra;
}
