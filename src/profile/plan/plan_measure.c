/*-------------------------------------------------------------------------
 *
 * plan_measure.c
 *	  What the nodes of an executed plan did.
 *
 * The executor's own counters are read when an execution ends that was chosen for
 * it before it began (plan_sampling.c).  They count a node's time together with that
 * of the nodes below: what is below is subtracted.  Nodes of workers that ran at
 * the same time are brought down to the time that the leader spent on them, so that
 * no plan takes longer than its execution.  Where times were not measured, the
 * execution's is shared out by the rows that the nodes dealt with.
 *
 * Partitions that are read alike count as one node.
 *
 * Belongs to one backend: no locks are held here.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_measure.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "common/clock.h"
#include "common/stack_room.h"
#include "profile/plan/node_counters.h"
#include "profile/plan/plan_sampling.h"
#include "profile/plan/plan_shape.h"
#include "profile/plan/plan_tables.h"
#include "store/plan.h"

/* Sub-selects of a plan whose work is put down to the node that uses them. */
#define MOST_USED	8

/* The work of a sub-select, which shows in the node that asks for its value. */
typedef struct UsedElsewhere
{
	const PlanState *user;
	double		us;
	double		blocks;
} UsedElsewhere;

/* A node on the way down through a plan. */
typedef struct MeasuredNode
{
	struct MeasuredNode *above;
	PlanState  *state;
	int			number;			/* in the measure: its own, or that of the
								 * nearest node above that is kept */
	uint16		flags;
	double		scale;			/* of its times */
	double		below_us;		/* of what is below, and in its own time */
	double		below_blocks;
	double		below_rows;
	uint64		hash;			/* of it and what is below */
	uint64		last_hash;		/* of the child before */
	int			last_number;
} MeasuredNode;

/* The walk through a plan that has run. */
typedef struct PlanWalk
{
	const PlannedStmt *plan;
	const Index *parents;		/* see plan_tables_parents() */
	bool		in_parts;		/* a cursor may have stopped before its end */
	MeasuredNode *above;
	PlanMeasure *measure;
	double		node_calls;		/* of the executor, for a row each */
	double		handled[PLAN_NODES];	/* rows that nodes dealt with */
	double		all_handled;
	UsedElsewhere used[MOST_USED];
	int			n_used;
} PlanWalk;

/* The sub-plan in a list of them whose top is a node, or NULL. */
static const SubPlan *
subplan_among(const List *subplans, const PlanState *top)
{
	ListCell   *lc;

	foreach(lc, subplans)
	{
		const SubPlanState *state = lfirst(lc);

		if (state->planstate == top)
			return state->subplan;
	}
	return NULL;
}

/* Does a sub-select stop as soon as it is known whether there is a row? */
static uint16
subplan_stops(const SubPlan *subplan)
{
	return subplan->subLinkType == EXISTS_SUBLINK ||
		subplan->subLinkType == ANY_SUBLINK ||
		subplan->subLinkType == ALL_SUBLINK ? PLAN_NODE_STOPPED : 0;
}

/* Has nothing been counted of what a node returned? */
static bool
has_no_rows(const PlanState *node)
{
	return node->instrument != NULL &&
		node->instrument->ntuples + node->instrument->tuplecount == 0;
}

/*
 * Does a node stop reading another one, below it, before that is at its end?  A LIMIT
 * does not that has run out of rows.  A hash join looks for a first row on the outer
 * side, before it finds that there is none on the inner one.
 */
static uint16
stops_reading(const PlanState *node, const PlanState *below)
{
	switch (nodeTag(node->plan))
	{
		case T_Limit:
			return castNode(LimitState, unconstify(PlanState *, node))->lstate ==
				LIMIT_SUBPLANEOF ? 0 : PLAN_NODE_STOPPED;
		case T_MergeJoin:
			return PLAN_NODE_STOPPED |
				(innerPlanState(node) == below ? PLAN_NODE_REREAD : 0);
		case T_HashJoin:
			return outerPlanState(node) == below &&
				has_no_rows(innerPlanState(node)) ? PLAN_NODE_STOPPED : 0;
		case T_NestLoop:
			return innerPlanState(node) == below &&
				(((const Join *) node->plan)->inner_unique ||
				 ((const Join *) node->plan)->jointype == JOIN_SEMI ||
				 ((const Join *) node->plan)->jointype == JOIN_ANTI) ?
				PLAN_NODE_STOPPED : 0;
		default:
			return 0;
	}
}

/* Does a node read its input to the end, whoever reads from it? */
static bool
reads_to_end(const Plan *node)
{
	return IsA(node, Sort) || IsA(node, Hash) ||
		(IsA(node, Agg) && ((const Agg *) node)->aggstrategy != AGG_SORTED);
}

/* How a node hangs together with the one above, as bits of PlanNode.flags. */
static uint16
relation_to_above(const MeasuredNode *above, const PlanState *node, bool in_parts)
{
	const SubPlan *subplan;
	uint16		inherited;

	if (above == NULL)
		return in_parts ? PLAN_NODE_STOPPED : 0;
	subplan = subplan_among(above->state->initPlan, node);
	if (subplan != NULL)
		return subplan->subLinkType == CTE_SUBLINK ? PLAN_NODE_CTE | PLAN_NODE_STOPPED :
			PLAN_NODE_INIT | subplan_stops(subplan);
	subplan = subplan_among(above->state->subPlan, node);
	if (subplan != NULL)
		return PLAN_NODE_SUBPLAN | subplan_stops(subplan);
	if (reads_to_end(above->state->plan))
		return 0;
	inherited = above->flags & PLAN_NODE_STOPPED;
	if (IsA(above->state->plan, Result))
		inherited |= above->flags & PLAN_NODE_REREAD;
	return inherited | stops_reading(above->state, node);
}

/*
 * The node that asks first for the value of a sub-select that hangs at "top": the
 * lowest one on the way down along those that depend on it.
 */
static const PlanState *
first_user(const PlanState *top, const SubPlan *subplan)
{
	int			param;

	if (subplan->setParam == NIL)
		return top;
	param = linitial_int(subplan->setParam);
	for (;;)
	{
		const PlanState *outer = outerPlanState(top);
		const PlanState *inner = innerPlanState(top);

		if (outer != NULL && bms_is_member(param, outer->plan->allParam))
			top = outer;
		else if (inner != NULL && bms_is_member(param, inner->plan->allParam))
			top = inner;
		else
			return top;
	}
}

/* Subtract what is in the time of a node from there, by and by. */
static void
use_elsewhere(PlanWalk *walk, const PlanState *user, double us, double blocks)
{
	if (walk->n_used < MOST_USED)
		walk->used[walk->n_used++] = (UsedElsewhere)
	{
		.user = user,.us = us,.blocks = blocks
	};
}

/* A node's time so far with all that is below, in microseconds; 0 if not timed. */
static double
total_us(const PlanState *node)
{
	return NODE_IS_TIMED(node->instrument) ?
		NODE_SECONDS(node->instrument) * 1000000.0 : 0;
}

/* Blocks that a node has touched so far with all that is below. */
static double
total_blocks(const PlanState *node)
{
	const BufferUsage *buffers = &NODE_BUFFERS(node->instrument);

	return (double) buffers->shared_blks_hit + buffers->shared_blks_read;
}

/*
 * What times below a node are to be multiplied with: those of all workers add up to
 * more than the time in which their leader waited for them.
 */
static double
scale_below(const PlanState *node, double scale)
{
	PlanState  *outer = outerPlanState(node);

	if ((!IsA(node->plan, Gather) && !IsA(node->plan, GatherMerge)) ||
		!node_counters_end_loop(outer) || total_us(outer) <= total_us(node))
		return scale;
	return scale * total_us(node) / total_us(outer);
}

/* Note what a node is; sets its number. */
static void
note_node(PlanWalk *walk, MeasuredNode *here)
{
	PlanMeasure *measure = walk->measure;
	PlanNode	shape;

	plan_shape_node(walk->plan, walk->parents, here->state->plan, &shape);
	shape.flags |= here->flags;
	if (here->above != NULL)
		shape.depth = measure->node[here->above->number].depth + 1;
	here->hash = plan_shape_hash(&shape);
	if (measure->nodes < PLAN_NODES)
	{
		here->number = measure->nodes++;
		measure->node[here->number] = shape;
	}
	else
	{
		here->number = here->above->number;
		measure->cut++;
	}
}

/* Add what a node did, apart from what is below.  Its loop has ended. */
static void
add_node_figures(PlanWalk *walk, MeasuredNode *here, double us, double blocks)
{
	const PlanNodeCounters *counters = here->state->instrument;
	PlanMeasure *measure = walk->measure;
	PlanNodeWork *did = &measure->did[here->number];
	double		dropped = counters->nfiltered1 + counters->nfiltered2;
	double		handled = counters->ntuples + dropped + here->below_rows;

	for (int i = 0; i < walk->n_used; i++)
	{
		if (walk->used[i].user != here->state)
			continue;
		here->below_us += walk->used[i].us;
		here->below_blocks += walk->used[i].blocks;
	}
	did->self_us += Max(us - here->below_us, 0);
	did->blocks += Max(blocks - here->below_blocks, 0);
	walk->handled[here->number] += handled;
	walk->all_handled += handled;
	walk->node_calls += counters->ntuples + counters->nloops;
	measure->work += counters->ntuples + dropped;
	if (here->above != NULL && here->above->number == here->number)
		return;					/* rows are those of the node that is kept */
	did->rows += counters->ntuples;
	did->loops += counters->nloops;
	did->estimated += here->state->plan->plan_rows * counters->nloops;
}

/* Tell the node above of the work that is in its own, too. */
static void
tell_above(PlanWalk *walk, const MeasuredNode *here, double us, double blocks)
{
	MeasuredNode *above = here->above;

	if (above == NULL || (here->flags & PLAN_NODE_CTE) != 0)
		return;
	if ((here->flags & PLAN_NODE_INIT) != 0)
	{
		const PlanState *user = first_user(above->state,
										   subplan_among(above->state->initPlan,
														 here->state));

		if (user != above->state)
		{
			use_elsewhere(walk, user, us, blocks);
			return;
		}
	}
	above->below_us += us;
	above->below_blocks += blocks;
	if (here->state->instrument != NULL)
		above->below_rows += here->state->instrument->ntuples;
}

/* The work of a WITH query is in that of the first node that reads it. */
static void
subtract_cte(PlanWalk *walk, MeasuredNode *here)
{
	CteScanState *scan = (CteScanState *) here->state;

	if (!IsA(scan, CteScanState) || scan->leader != scan ||
		!node_counters_end_loop(scan->cteplanstate))
		return;
	here->below_us += total_us(scan->cteplanstate) * here->scale;
	here->below_blocks += total_blocks(scan->cteplanstate);
}

/*
 * Let the hash of the node above include what is here.  Where it appends what is
 * alike, as partitions are, all of it counts as one.
 */
static void
join_alike(PlanWalk *walk, const MeasuredNode *here)
{
	MeasuredNode *above = here->above;
	PlanMeasure *measure = walk->measure;
	int			first = here->number;
	int			last = above->last_number;
	bool		alike = above->last_hash == here->hash &&
		(IsA(above->state->plan, Append) || IsA(above->state->plan, MergeAppend));

	above->last_hash = here->hash;
	if (!alike)
	{
		above->hash = hash_combine64(above->hash, here->hash);
		above->last_number = first;
		return;
	}
	if (first == above->number || measure->nodes - first != first - last)
		return;
	for (int i = 0; i < first - last; i++)
	{
		PlanNodeWork *sum = &measure->did[last + i];
		PlanNodeWork *add = &measure->did[first + i];

		sum->self_us += add->self_us;
		sum->rows += add->rows;
		sum->estimated += add->estimated;
		sum->loops += add->loops;
		sum->blocks += add->blocks;
		walk->handled[last + i] += walk->handled[first + i];
		memset(add, 0, sizeof(*add));
		walk->handled[first + i] = 0;
	}
	measure->nodes = first;
	if (measure->node[last].repeats < PG_UINT16_MAX)
		measure->node[last].repeats++;
}

/* planstate_tree_walker callback; true, and so the end, where the stack has no room. */
static bool
measure_node(PlanState *node, void *arg)
{
	PlanWalk   *walk = arg;
	MeasuredNode here = {
		.above = walk->above,
		.state = node,
		.flags = relation_to_above(walk->above, node, walk->in_parts),
		.scale = walk->above == NULL ? 1 : walk->above->scale
	};
	bool		counted = node_counters_end_loop(node);
	double		us = counted ? total_us(node) * here.scale : 0;
	double		blocks = counted ? total_blocks(node) : 0;

	if (!stack_has_room())
		return true;
	if (counted)
		here.scale = scale_below(node, here.scale);
	note_node(walk, &here);
	walk->above = &here;
	if (planstate_tree_walker(node, measure_node, arg))
		return true;
	walk->above = here.above;
	if (counted)
	{
		subtract_cte(walk, &here);
		add_node_figures(walk, &here, us, blocks);
	}
	tell_above(walk, &here, us, blocks);
	if (here.above != NULL)
		join_alike(walk, &here);
	else
		walk->measure->key.shape = here.hash;
	return false;
}

/* The planner's settings as they are now. */
static PlanSettings
planner_settings(void)
{
	const bool	enabled[] = {
		enable_seqscan, enable_indexscan, enable_indexonlyscan, enable_bitmapscan,
		enable_tidscan, enable_sort, enable_incremental_sort, enable_hashagg,
		enable_nestloop, enable_material, enable_memoize, enable_mergejoin,
		enable_hashjoin, enable_gathermerge, enable_partition_pruning
	};
	PlanSettings settings = {
		.work_mem_kb = work_mem,
		.random_page_cost = random_page_cost,
		.effective_cache_pages = effective_cache_size
	};

	StaticAssertStmt(lengthof(enabled) == PLAN_SETTINGS_ENABLED,
					 "each has a name in the report");
	for (int i = 0; i < lengthof(enabled); i++)
		settings.disabled |= enabled[i] ? 0 : 1U << i;
	return settings;
}

/*
 * Does the executor count the rows of such a node, and the planner expect them?  Not the
 * rows of a bitmap that is made of others, nor those that are changed.
 */
static bool
plan_counts_rows(uint8 kind)
{
	return kind != PLAN_BITMAP_AND && kind != PLAN_BITMAP_OR &&
		kind != PLAN_MODIFY_TABLE;
}

/* Share the execution's time out to the nodes, none of which is to exceed it. */
static void
share_time(PlanWalk *walk)
{
	PlanMeasure *measure = walk->measure;
	double		sum = 0;

	for (int i = 0; i < measure->nodes; i++)
	{
		if (!measure->timed)
			measure->did[i].self_us = walk->all_handled > 0 ?
				measure->elapsed_us * walk->handled[i] / walk->all_handled : 0;
		sum += measure->did[i].self_us;
	}
	if (sum <= measure->elapsed_us)
		return;
	for (int i = 0; i < measure->nodes; i++)
		measure->did[i].self_us *= measure->elapsed_us / sum;
}

/*
 * Judge whether the planner was wrong about the rows of nodes, each of which it takes for
 * one at least.  Whoever stops before a node's end tells nothing of the rows left.
 */
static void
note_misjudged_nodes(PlanMeasure *measure)
{
	for (int i = 0; i < measure->nodes; i++)
	{
		const PlanNode *node = &measure->node[i];
		PlanNodeWork *did = &measure->did[i];
		double		expected;
		double		rows;

		if (did->loops < 1 || !plan_counts_rows(node->kind) ||
			(node->flags & PLAN_NODE_REREAD) != 0)
			continue;
		expected = Max(did->estimated / did->loops, 1);
		rows = Max(did->rows / did->loops, 1);
		did->off.expected = expected;
		did->off.rows = did->rows / did->loops;
		did->off.too_few = rows >= PLAN_OFF_TIMES * expected ? 1 : 0;
		did->off.too_many = expected >= PLAN_OFF_TIMES * rows &&
			(node->flags & PLAN_NODE_STOPPED) == 0 ? 1 : 0;
	}
}

/*
 * Before ExecutorEnd of an execution whose plan is measured, and that has not failed:
 * count what its nodes did.  A plan too deep for the stack is left out.
 */
void
plan_measure_record(const Execution *execution)
{
	static PlanMeasure measure;
	const QueryDesc *query = execution->query;
	const WorkCounters *work = &execution->work.counters;
	PlanWalk	walk = {
		.plan = query->plannedstmt,
		.in_parts = execution->is_in_parts,
		.measure = &measure
	};
	int64		start = clock_ns();
	bool		too_deep;
	MemoryContext old = MemoryContextSwitchTo(query->estate->es_query_cxt);

	memset(&measure, 0, sizeof(measure));
	measure.key = (PlanKey)
	{
		.queryid = execution->queryid,.dbid = MyDatabaseId,.userid = execution->userid
	};
	measure.when = GetCurrentStatementStartTimestamp();
	measure.elapsed_us = execution->work.elapsed_us;
	measure.rows = execution->work.rows;
	measure.blocks = (double) work->shared_blks_hit + work->shared_blks_read;
	measure.timed = (query->estate->es_instrument & INSTRUMENT_TIMER) != 0;
	measure.settings = planner_settings();
	walk.parents = plan_tables_parents(query->plannedstmt);
	too_deep = measure_node(query->planstate, &walk);
	measure.work += PLAN_WORK_OF_BLOCK * (measure.blocks + work->temp_blks_written);
	share_time(&walk);
	note_misjudged_nodes(&measure);
	MemoryContextSwitchTo(old);
	measure.calls = plan_sampling_measured(execution->queryid, walk.node_calls,
										   measure.elapsed_us,
										   (clock_ns() - start) / 1000.0);
	if (!too_deep)
		plan_record(&measure);
}
