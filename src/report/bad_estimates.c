/*-------------------------------------------------------------------------
 *
 * bad_estimates.c
 *	  Plans made for other numbers of rows than came, and what hangs on that.
 *
 * A node is off that lately returned PLAN_OFF_TIMES as many rows as the planner
 * expected, or the reverse.  What is above it is off as well, for its sake: of the
 * nodes that are off in one direction, the cause is the one below all others.
 *
 * A wrong number does no harm where no other plan would have been made for the right
 * one.  So only what the planner decides by it counts:
 *
 * - too few were expected: a nested loop above repeats its inner side more often; the
 *   inner side of a hash join is larger; a scan finds in an index what is the better
 *   part of the table; more groups are hashed than there is memory for;
 * - too many were expected: a hash or merge join above reads all of its other side; a
 *   table is read whose rows an index finds; rows are sorted to be grouped; a scan in
 *   the order of an index, for a LIMIT, does not stop early.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/result_rows.h"
#include "report/plan_outline.h"
#include "report/plans.h"
#include "report/serving_index.h"

PGDLLEXPORT Datum clipperf_read_bad_estimates(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_read_bad_estimates);

#define BAD_ESTIMATE_COLUMNS 18

/* A node is off that was so in this share of the executions lately. */
#define OFF_SHARE	0.25

/* One node's estimate. */
typedef struct BadEstimate
{
	const StatementPlan *plan;
	int			node;			/* number */
	bool		too_few;		/* rows were expected; else too many */
	double		affected_us;	/* of shared_us: see above */
} BadEstimate;

/* The node above a node, or -1. */
static int
node_above(const StatementPlan *plan, int node)
{
	int			above = node - 1;

	while (above >= 0 && plan->node[above].depth >= plan->node[node].depth)
		above--;
	return above;
}

/* The end of the nodes that belong to one: it and those below. */
static int
nodes_end(const StatementPlan *plan, int node)
{
	int			end = node + 1;

	while (end < plan->nodes && plan->node[end].depth > plan->node[node].depth)
		end++;
	return end;
}

/* The time of a node and those below, of shared_us. */
static double
tree_us(const StatementPlan *plan, int node)
{
	double		us = 0;

	for (int i = node; i < nodes_end(plan, node); i++)
		us += plan->did[i].self_us;
	return us;
}

/* Is it off in this direction? */
static bool
node_is_off(const StatementPlan *plan, int node, bool too_few)
{
	const PlanMisjudged *off = &plan->did[node].off;

	return (too_few ? off->too_few : off->too_many) >= OFF_SHARE;
}

/* Does the planner guess how many rows there are, rather than take those of its input? */
static bool
is_guessed(const PlanNode *node)
{
	switch (node->kind)
	{
		case PLAN_SEQ_SCAN:
		case PLAN_INDEX_SCAN:
		case PLAN_INDEX_ONLY_SCAN:
		case PLAN_BITMAP_HEAP_SCAN:
		case PLAN_SUBQUERY_SCAN:
		case PLAN_FUNCTION_SCAN:
		case PLAN_FOREIGN_SCAN:
		case PLAN_NESTED_LOOP:
		case PLAN_MERGE_JOIN:
		case PLAN_HASH_JOIN:
		case PLAN_GROUP:
		case PLAN_UNIQUE:
		case PLAN_PROJECT_SET:
			return true;
		case PLAN_AGGREGATE:
			return node->detail != PLAN_STRATEGY_PLAIN;
		default:
			return false;
	}
}

/*
 * Is it the cause of what is off above?  Not what reads a WITH query, or a set of rows
 * that another node has made: the planner knows no more of these.
 */
static bool
is_cause(const StatementPlan *plan, int node, bool too_few)
{
	if (!is_guessed(&plan->node[node]) || !node_is_off(plan, node, too_few))
		return false;
	for (int i = node + 1; i < nodes_end(plan, node); i++)
	{
		if (node_is_off(plan, i, too_few) && plan->node[i].kind != PLAN_BITMAP_INDEX_SCAN)
			return false;
	}
	return true;
}

/* Is it a scan that finds its rows by an index? */
static bool
scans_index(const PlanNode *node)
{
	return node->kind == PLAN_INDEX_SCAN || node->kind == PLAN_INDEX_ONLY_SCAN ||
		node->kind == PLAN_BITMAP_HEAP_SCAN;
}

/* Does an index of a scan's table begin with a column that the scan compares? */
static bool
has_index_for(const PlanNode *node)
{
	AttrNumber	columns[PLAN_NODE_COLUMNS + 1] = {0};

	memcpy(columns, node->column, sizeof(node->column));
	return serving_index_begins(node->relation, columns);
}

/* The time of what hangs on a join's estimate of one side, "below" it; 0 if nothing does. */
static double
join_us(const StatementPlan *plan, int join, int below, bool too_few)
{
	const PlanNode *node = &plan->node[join];
	bool		is_inner = node_above(plan, below) == join && below != join + 1;
	double		us = plan->did[join].self_us;

	if (node->kind == PLAN_NESTED_LOOP ? !too_few :
		(node->kind == PLAN_HASH_JOIN || node->kind == PLAN_MERGE_JOIN) ?
		too_few && !(is_inner && node->kind == PLAN_HASH_JOIN) : true)
		return 0;
	for (int i = join + 1; i < nodes_end(plan, join); i = nodes_end(plan, i))
	{
		if (i != below)
			us += tree_us(plan, i);
	}
	return us;
}

/* The same of what the node itself was chosen for. */
static double
own_us(const StatementPlan *plan, int number, bool too_few)
{
	const PlanNode *node = &plan->node[number];
	double		us = plan->did[number].self_us;
	bool		is_limited = false;

	for (int above = node_above(plan, number); above >= 0; above = node_above(plan, above))
		is_limited |= plan->node[above].kind == PLAN_LIMIT;
	if (node->kind == PLAN_SEQ_SCAN)
		return !too_few && has_index_for(node) ? us : 0;
	if (scans_index(node))
		return too_few || (is_limited && node->kind != PLAN_BITMAP_HEAP_SCAN) ? us : 0;
	if (node->kind == PLAN_AGGREGATE && node->detail == PLAN_STRATEGY_HASHED)
		return too_few ? us : 0;
	if (node->kind == PLAN_AGGREGATE && number + 1 < plan->nodes &&
		plan->node[number + 1].kind == PLAN_SORT)
		return too_few ? 0 : us + plan->did[number + 1].self_us;
	return 0;
}

/*
 * The time of what hangs on a node's estimate.  Where something does, and too few rows
 * were expected, all nodes up to the top deal with them.
 */
static double
affected_us(const StatementPlan *plan, int node, bool too_few)
{
	double		us = own_us(plan, node, too_few);
	double		passing_us = us > 0 ? 0 : plan->did[node].self_us;
	int			below = node;

	for (int above = node_above(plan, node); above >= 0; above = node_above(plan, above))
	{
		double		hangs_us = join_us(plan, above, below, too_few);

		us += hangs_us;
		if (hangs_us == 0)
			passing_us += plan->did[above].self_us;
		below = above;
	}
	return us > 0 && too_few ? us + passing_us : us;
}

/* The columns that a scan compares for equality, as int2[]. */
static Datum
compared_columns(const PlanNode *node)
{
	Datum		columns[PLAN_NODE_COLUMNS];
	int			count = 0;

	for (int i = 0; i < PLAN_NODE_COLUMNS; i++)
	{
		if (node->column[i] > 0)
			columns[count++] = Int16GetDatum(node->column[i]);
	}
	return PointerGetDatum(construct_array(columns, count, INT2OID, sizeof(int16), true,
										   TYPALIGN_SHORT));
}

/* What kind of a guess a node's number of rows is. */
static const char *
guess_of(const PlanNode *node)
{
	switch (node->kind)
	{
		case PLAN_NESTED_LOOP:
		case PLAN_MERGE_JOIN:
		case PLAN_HASH_JOIN:
			return "join";
		case PLAN_GROUP:
		case PLAN_UNIQUE:
		case PLAN_AGGREGATE:
			return "groups";
		case PLAN_FUNCTION_SCAN:
		case PLAN_PROJECT_SET:
			return "function";
		case PLAN_SUBQUERY_SCAN:
		case PLAN_FOREIGN_SCAN:
			return "other";
		default:
			return "scan";
	}
}

/* Add a row about an estimate. */
static void
put_estimate(ReturnSetInfo *result, const BadEstimate *estimate)
{
	const StatementPlan *plan = estimate->plan;
	const PlanCounters *counters = &plan->counters;
	const PlanNode *node = &plan->node[estimate->node];
	const PlanNodeWork *did = &plan->did[estimate->node];
	double		calls = Max(counters->calls, 1);
	Datum		values[BAD_ESTIMATE_COLUMNS];
	bool		nulls[BAD_ESTIMATE_COLUMNS] = {false};
	int			i = 0;

	values[i++] = ObjectIdGetDatum(plan->key.userid);
	values[i++] = Int64GetDatum((int64) plan->key.queryid);
	values[i++] = Int64GetDatum((int64) plan->key.shape);
	result_set_text(values, nulls, i++, plan_node_words(node));
	result_set_text(values, nulls, i++, guess_of(node));
	nulls[i] = !OidIsValid(node->relation);
	values[i++] = ObjectIdGetDatum(node->relation);
	values[i++] = compared_columns(node);
	values[i++] = BoolGetDatum(estimate->too_few);
	values[i++] = Float8GetDatum(did->off.expected);
	values[i++] = Float8GetDatum(did->off.rows);
	values[i++] = Float8GetDatum(did->loops / calls);
	values[i++] = Float8GetDatum(estimate->too_few ? did->off.too_few : did->off.too_many);
	values[i++] = Float8GetDatum(counters->shared_us <= 0 ? 0 :
								 Min(estimate->affected_us / counters->shared_us, 1));
	values[i++] = Float8GetDatum(US_TO_MS(counters->total_us / calls));
	values[i++] = Int64GetDatum(counters->measured);
	values[i++] = BoolGetDatum(counters->timed == 0);
	values[i++] = TimestampTzGetDatum(counters->first_seen);
	values[i++] = TimestampTzGetDatum(counters->last_seen);
	Assert(i == BAD_ESTIMATE_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_read_bad_estimates(): of each plan, the node whose estimate was off and that
 * most of its time hangs on; of the caller's own statements, or of all for members of
 * pg_read_all_stats.  Raises what reading a catalog does.
 */
Datum
clipperf_read_bad_estimates(PG_FUNCTION_ARGS)
{
	List	   *plans;
	ListCell   *lc;

	report_begin_rows(fcinfo, BAD_ESTIMATE_COLUMNS);
	plans = plans_of_caller();
	foreach(lc, plans)
	{
		BadEstimate worst = {.plan = lfirst(lc)};

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < 2 * worst.plan->nodes; i++)
		{
			BadEstimate estimate = {
				.plan = worst.plan,.node = i / 2,.too_few = i % 2 == 0
			};

			if (!is_cause(estimate.plan, estimate.node, estimate.too_few))
				continue;
			estimate.affected_us = affected_us(estimate.plan, estimate.node,
											   estimate.too_few);
			if (estimate.affected_us > worst.affected_us)
				worst = estimate;
		}
		if (worst.affected_us > 0)
			put_estimate((ReturnSetInfo *) fcinfo->resultinfo, &worst);
	}
	return (Datum) 0;
}
