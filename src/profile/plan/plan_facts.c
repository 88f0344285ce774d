/*-------------------------------------------------------------------------
 *
 * plan_facts.c
 *	  What the executed plan tells about scans that read too much.
 *
 * Counting rows costs a little per row and plan node, so the plan is looked at
 * before it starts: only a plan that holds a scan which another index might
 * have saved is counted: a sequential scan, or one of an index that filters what
 * it finds.  A plan that will move many rows, or has the latter only, is counted
 * now and then (see plan_sampling.c).  When it has run, each scan is followed
 * upwards to see what became of its rows.
 *
 * Belongs to one backend: no locks are held here.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_facts.h"

#include <math.h>

#include "access/transam.h"
#include "access/xact.h"
#include "executor/instrument.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "common/join_conditions.h"
#include "common/stack_room.h"
#include "profile/plan/node_counters.h"
#include "profile/plan/plan_sampling.h"
#include "profile/plan/scan_columns.h"
#include "settings.h"
#include "store/seqscan.h"

/* Of plans that are to move more rows than this, some executions are counted. */
#define CHEAP_ROWS			10000

/* What lies above a node of a plan. */
#define ABOVE_JOIN	0x01
#define ABOVE_SORT	0x02
#define ABOVE_LIMIT 0x04

/* What is learnt of a plan before it starts. */
typedef struct PlanSurvey
{
	const PlannedStmt *plan;
	double		least_cost;		/* of reading seqscan_min_rows rows */
	double		rows;			/* that all nodes will emit */
	bool		watched;		/* a sequential scan */
	bool		filtered;		/* a scan of an index, with a filter */
} PlanSurvey;

/* A node of a running plan and the way up from it. */
typedef struct PlanPath
{
	const struct PlanPath *above;
	PlanState  *node;
} PlanPath;

/* What became of the rows of a table; partitions add up. */
typedef struct ScanFacts
{
	ScanColumns columns;
	double		scans;
	double		read;
	double		kept;
	double		joined;			/* rows a join could use; -1 = no such join */
	PlanState  *sort;			/* the last sort that took its rows, or NULL */
	double		sort_input;
	double		sort_output;
	double		cost;			/* planner's, of what an index would replace */
} ScanFacts;

/* The walk through a plan that has run. */
typedef struct Collector
{
	const PlannedStmt *plan;
	const PlanPath *above;
	List	   *scans;			/* of ScanFacts */
} Collector;

/*
 * Is this a table of users that the settings do not leave out?  What the
 * lookup allocates goes at once: a loop in a function may run statements by
 * the million in one memory context.
 */
static bool
is_user_table(const PlannedStmt *plan, Index named)
{
	static MemoryContext scratch = NULL;
	Oid			relid = rt_fetch(named, plan->rtable)->relid;
	MemoryContext old;
	bool		watched;

	if (relid < FirstNormalObjectId)
		return false;
	if (scratch == NULL)
		scratch = AllocSetContextCreate(TopMemoryContext, "clipperf lookups",
										ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scratch);
	watched = settings_table_is_watched(relid);
	MemoryContextSwitchTo(old);
	MemoryContextReset(scratch);
	return watched;
}

/* Could an index save this scan? */
static bool
is_worth_watching(const PlanSurvey *survey, const Plan *scan, int above)
{
	if (scan->qual == NIL && (above & ABOVE_JOIN) == 0 &&
		(above & (ABOVE_SORT | ABOVE_LIMIT)) != (ABOVE_SORT | ABOVE_LIMIT))
		return false;
	return is_user_table(survey->plan,
						 scan_columns_named(survey->plan,
											((const Scan *) scan)->scanrelid));
}

/* What a node adds to what lies above its children. */
static int
adds_above(const Plan *node)
{
	switch (nodeTag(node))
	{
		case T_NestLoop:
		case T_HashJoin:
		case T_MergeJoin:
			return ABOVE_JOIN;
		case T_Sort:
		case T_IncrementalSort:
			return ABOVE_SORT;
		case T_Limit:
			return ABOVE_LIMIT;
		default:
			return 0;
	}
}

/* The children of a node that has any number of them. */
static List *
other_children(const Plan *node)
{
	switch (nodeTag(node))
	{
		case T_Append:
			return ((const Append *) node)->appendplans;
		case T_MergeAppend:
			return ((const MergeAppend *) node)->mergeplans;
		case T_CustomScan:
			return ((const CustomScan *) node)->custom_plans;
		default:
			return NIL;
	}
}

/* The plan of a sub-query that has its own level of columns, or NULL. */
static const Plan *
subquery_plan(const Plan *node)
{
	return IsA(node, SubqueryScan) ? ((const SubqueryScan *) node)->subplan : NULL;
}

/* Does a node find rows by an index? */
static bool
is_index_scan(const Plan *node)
{
	return IsA(node, IndexScan) || IsA(node, IndexOnlyScan) ||
		IsA(node, BitmapHeapScan);
}

/* Does a scan of an index throw rows away that another one would not find? */
static bool
is_filtered(const PlanSurvey *survey, const Plan *scan)
{
	return scan->qual != NIL &&
		is_user_table(survey->plan,
					  scan_columns_named(survey->plan,
										 ((const Scan *) scan)->scanrelid));
}

/*
 * Look at a node and what is below.  "costly": the node above, or one further
 * up, costs enough to read the rows that make a scan worth a note; a Limit
 * makes its own cost look small, but not that of the node below it.
 */
static void
survey_node(PlanSurvey *survey, const Plan *node, int above, bool costly)
{
	ListCell   *lc;

	survey->rows += node->plan_rows;
	costly = costly || node->total_cost >= survey->least_cost ||
		node->parallel_aware;
	if (IsA(node, SeqScan))
	{
		if (costly && !survey->watched)
			survey->watched = is_worth_watching(survey, node, above);
		return;
	}
	if (is_index_scan(node))
	{
		if (costly && !survey->filtered)
			survey->filtered = is_filtered(survey, node);
		return;
	}

	above |= adds_above(node);
	if (outerPlan(node) != NULL)
		survey_node(survey, outerPlan(node), above, costly);
	if (innerPlan(node) != NULL)
		survey_node(survey, innerPlan(node), above, costly);
	if (subquery_plan(node) != NULL)
		survey_node(survey, subquery_plan(node), above, costly);
	foreach(lc, other_children(node))
		survey_node(survey, lfirst(lc), above, costly);
}

/* What to count while a plan runs: its rows, if there is reason to. */
int
plan_facts_survey(const PlannedStmt *plan)
{
	PlanSurvey	survey = {
		.plan = plan,
		.least_cost = plan_facts_least_cost()
	};
	bool		costly = plan->planTree->total_cost >= survey.least_cost;
	ListCell   *lc;

	survey_node(&survey, plan->planTree, 0, false);
	foreach(lc, plan->subplans)
	{
		if (lfirst(lc) != NULL)
			survey_node(&survey, lfirst(lc), 0, costly);
	}

	if (!survey.watched && !survey.filtered)
		return 0;
	if ((survey.rows > CHEAP_ROWS || !survey.watched) &&
		!plan_sampling_counts_scans(plan->queryId))
		return 0;
	return INSTRUMENT_ROWS;
}

/* Rows that a node that has run emitted, of all its loops. */
static double
rows_of(PlanState *node)
{
	if (node == NULL || !node_counters_end_loop(node))
		return 0;
	return node->instrument->ntuples;
}

/* Does "below" hand its rows to the node above it, or is it a sub-plan? */
static bool
feeds(const PlanPath *below)
{
	PlanState  *node = below->above->node;

	return outerPlanState(node) == below->node ||
		innerPlanState(node) == below->node ||
		subquery_plan(node->plan) == below->node->plan ||
		list_member_ptr(other_children(node->plan), below->node->plan);
}

/* The node below "top" on the way up from "bottom". */
static const PlanPath *
step_down(const PlanPath *bottom, const PlanPath *top)
{
	while (bottom->above != top)
		bottom = bottom->above;
	return bottom;
}

/*
 * The column of the scan at "bottom" that column "attnum" of the rows of "top"
 * is taken from unchanged; 0 if there is none.
 */
static AttrNumber
trace_column(const PlanPath *bottom, const PlanPath *top, AttrNumber attnum)
{
	for (;;)
	{
		const Plan *plan = top->node->plan;
		TargetEntry *entry;
		Var		   *var;

		if (attnum <= 0 || attnum > list_length(plan->targetlist))
			return 0;
		entry = list_nth_node(TargetEntry, plan->targetlist, attnum - 1);
		var = plain_column((Node *) entry->expr);
		if (var == NULL)
			return 0;
		attnum = var->varattno;
		if (top == bottom)
			return attnum;
		if (var->varno == INNER_VAR &&
			innerPlanState(top->node) != step_down(bottom, top)->node)
			return 0;
		if (var->varno == OUTER_VAR &&
			innerPlanState(top->node) == step_down(bottom, top)->node)
			return 0;
		top = step_down(bottom, top);
	}
}

/* The column of the scan that a join condition compares for equality, or 0. */
static AttrNumber
joined_column(const PlanPath *scan, const PlanPath *below, Node *condition)
{
	int			side = innerPlanState(below->above->node) == below->node ?
		INNER_VAR : OUTER_VAR;
	ListCell   *lc;

	if (!is_opclause(condition) ||
		!operator_is_equality(((OpExpr *) condition)->opno))
		return 0;
	foreach(lc, ((OpExpr *) condition)->args)
	{
		Var		   *var = plain_column(lfirst(lc));

		if (var != NULL && var->varno == side)
			return trace_column(scan, below, var->varattno);
	}
	return 0;
}

/* May a join of this type drop rows of this side that have no partner? */
static bool
join_drops_rows(JoinType type, bool inner_side)
{
	if (inner_side)
		return type == JOIN_INNER || type == JOIN_LEFT ||
			type == JOIN_SEMI || type == JOIN_ANTI;
	return type == JOIN_INNER || type == JOIN_RIGHT || type == JOIN_SEMI;
}

/*
 * The rows of the scan go into the join above "below".  An index on the joined
 * column would have read at most what the join returned, or one row for each
 * row of the other side.
 */
static void
follow_join(const PlanPath *scan, const PlanPath *below, ScanFacts *facts)
{
	PlanState  *join = below->above->node;
	bool		inner_side = innerPlanState(join) == below->node;
	PlanState  *other = inner_side ? outerPlanState(join) : innerPlanState(join);
	bool		found = false;
	ListCell   *lc;

	if (!join_drops_rows(((Join *) join->plan)->jointype, inner_side))
		return;
	foreach(lc, join_conditions(join->plan))
	{
		AttrNumber	attnum = joined_column(scan, below, lfirst(lc));

		if (attnum != 0)
		{
			scan_columns_join(&facts->columns, attnum);
			found = true;
		}
	}
	if (found)
		facts->joined = Max(rows_of(join), rows_of(other));
}

/*
 * The rows of the scan are sorted: by which of its columns, and how many?  Rows
 * that are not joined to others ("alone") are sorted by what they hold, be it an
 * expression.
 */
static void
follow_sort(const PlanPath *scan, const PlanPath *sort, bool alone,
			ScanFacts *facts)
{
	const Sort *plan = (const Sort *) sort->node->plan;

	for (int i = 0; i < plan->numCols; i++)
	{
		AttrNumber	attnum = trace_column(scan, sort, plan->sortColIdx[i]);

		if (attnum == 0 ||
			!scan_columns_sort(&facts->columns, attnum, plan->sortOperators[i],
							   plan->nullsFirst[i]))
			break;
	}
	if (facts->columns.sorts > 0 || alone)
	{
		facts->sort = sort->node;
		facts->sort_input = rows_of(outerPlanState(sort->node));
		facts->sort_output = rows_of(sort->node);
		facts->cost = Max(facts->cost, plan->plan.total_cost);
	}
}

/* Is a sort the planner's means to a merge join, not what was asked for? */
static bool
is_for_merge(const PlanPath *sort)
{
	return sort->above != NULL && IsA(sort->above->node->plan, MergeJoin);
}

/*
 * See what becomes of the rows of a scan, up to the first node that makes
 * other rows of them.
 */
static void
follow_rows(const PlanPath *scan, ScanFacts *facts)
{
	const PlanPath *below = scan;
	bool		joined = false;

	for (; below->above != NULL && feeds(below); below = below->above)
	{
		switch (nodeTag(below->above->node->plan))
		{
			case T_Hash:
			case T_Material:
			case T_Memoize:
			case T_Gather:
			case T_GatherMerge:
			case T_Append:
			case T_MergeAppend:
			case T_LockRows:
			case T_SubqueryScan:
			case T_Result:
				break;
			case T_NestLoop:
			case T_HashJoin:
			case T_MergeJoin:
				if (!joined)
					follow_join(scan, below, facts);
				joined = true;
				break;
			case T_Sort:
			case T_IncrementalSort:
				if (is_for_merge(below->above))
					break;
				follow_sort(scan, below->above, !joined, facts);
				return;
			default:
				return;
		}
	}
}

/* Two scans of the same table for the same columns: partitions. */
static void
add_facts(ScanFacts *sum, const ScanFacts *facts)
{
	sum->scans = Max(sum->scans, facts->scans);
	sum->read += facts->read;
	sum->kept += facts->kept;
	sum->cost += facts->cost;
	if (facts->sort != NULL && facts->sort != sum->sort)
	{
		sum->sort = facts->sort;
		sum->sort_input += facts->sort_input;
		sum->sort_output += facts->sort_output;
	}
}

/* Add the facts of a scan to those of its sisters, or to the list. */
static void
keep_facts(Collector *collector, const ScanFacts *facts)
{
	SeqScanColumns columns = scan_columns_result(&facts->columns, false);
	ListCell   *lc;
	ScanFacts  *copy;

	foreach(lc, collector->scans)
	{
		ScanFacts  *known = lfirst(lc);
		SeqScanColumns known_columns = scan_columns_result(&known->columns, false);

		if (known->columns.named == facts->columns.named &&
			memcmp(&known_columns, &columns, sizeof(columns)) == 0)
		{
			add_facts(known, facts);
			return;
		}
	}
	copy = palloc(sizeof(ScanFacts));
	*copy = *facts;
	collector->scans = lappend(collector->scans, copy);
}

/*
 * Note what a scan that has run, at the lower end of a path, has read, and what
 * for; how many rows it kept is noted already.
 */
static void
collect_rows(Collector *collector, const PlanPath *scan, ScanFacts *facts)
{
	const Plan *plan = scan->node->plan;
	const PlanNodeCounters *instrument = scan->node->instrument;

	facts->scans = plan->parallel_aware ? 1 : instrument->nloops;
	facts->read = facts->kept + instrument->nfiltered1;
	facts->cost = plan->total_cost * facts->scans;
	scan_columns_filter(&facts->columns, plan->qual);
	follow_rows(scan, facts);
	keep_facts(collector, facts);
}

/* A sequential scan that has run, at the lower end of a path. */
static void
collect_scan(Collector *collector, const PlanPath *scan)
{
	const Plan *plan = scan->node->plan;
	const PlanState *node = scan->node;
	ScanFacts	facts = {.joined = -1};

	facts.kept = rows_of(scan->node);	/* ends the loop that it is in */
	if (node->instrument == NULL || node->instrument->nloops == 0)
		return;
	scan_columns_begin(&facts.columns, collector->plan,
					   ((const Scan *) plan)->scanrelid);
	if (!is_user_table(collector->plan, facts.columns.named))
		return;

	collect_rows(collector, scan, &facts);
}

/* The first index that a bitmap is made of; InvalidOid if there is none. */
static Oid
bitmap_index(const Plan *bitmap)
{
	while (bitmap != NULL && !IsA(bitmap, BitmapIndexScan))
	{
		if (IsA(bitmap, BitmapAnd))
			bitmap = linitial(((const BitmapAnd *) bitmap)->bitmapplans);
		else if (IsA(bitmap, BitmapOr))
			bitmap = linitial(((const BitmapOr *) bitmap)->bitmapplans);
		else
			return InvalidOid;
	}
	return bitmap == NULL ? InvalidOid :
		((const BitmapIndexScan *) bitmap)->indexid;
}

/* The index that a scan walks, and note what it looks up there. */
static Oid
walked_index(const Plan *plan, ScanColumns *columns)
{
	switch (nodeTag(plan))
	{
		case T_IndexScan:
			scan_columns_filter(columns, ((const IndexScan *) plan)->indexqualorig);
			return ((const IndexScan *) plan)->indexid;
		case T_IndexOnlyScan:
			return ((const IndexOnlyScan *) plan)->indexid;
		case T_BitmapHeapScan:
			scan_columns_filter(columns, ((const BitmapHeapScan *) plan)->bitmapqualorig);
			return bitmap_index(outerPlan(plan));
		default:
			return InvalidOid;
	}
}

/*
 * A scan of an index that has run, at the lower end of a path: worth a note if
 * its filter threw away clipperf.seqscan_min_rows rows.
 */
static void
collect_index_scan(Collector *collector, const PlanPath *scan)
{
	const Plan *plan = scan->node->plan;
	const PlanState *node = scan->node;
	ScanFacts	facts = {.joined = -1};

	facts.kept = rows_of(scan->node);	/* ends the loop that it is in */
	if (plan->qual == NIL || node->instrument == NULL ||
		node->instrument->nfiltered1 < setting_seqscan_min_rows)
		return;
	scan_columns_begin(&facts.columns, collector->plan,
					   ((const Scan *) plan)->scanrelid);
	if (!is_user_table(collector->plan, facts.columns.named))
		return;

	facts.columns.index = walked_index(plan, &facts.columns);
	if (facts.columns.named != facts.columns.scanned)
		facts.columns.index = rt_fetch(facts.columns.named,
									   collector->plan->rtable)->relid;
	if (!OidIsValid(facts.columns.index))
		return;
	collect_rows(collector, scan, &facts);
}

/* planstate_tree_walker callback; ends the walk where the stack has no room. */
static bool
collect_node(PlanState *node, void *arg)
{
	Collector  *collector = arg;
	PlanPath	here = {collector->above, node};
	bool		too_deep;

	if (!stack_has_room())
		return true;
	if (IsA(node, SeqScanState))
		collect_scan(collector, &here);
	else if (is_index_scan(node->plan))
		collect_index_scan(collector, &here);
	collector->above = &here;
	too_deep = planstate_tree_walker(node, collect_node, arg);
	collector->above = here.above;
	return too_deep;
}

/* Of the rows kept, those that the statement had use for. */
static double
rows_needed(const ScanFacts *facts)
{
	double		needed = facts->kept;

	if (facts->joined >= 0)
		needed = Min(needed, facts->joined);
	if (facts->sort != NULL && facts->sort_output < facts->sort_input)
		needed *= facts->sort_output / facts->sort_input;
	return ceil(needed);
}

/*
 * Count the scans of one table in the store, unless there is no column for an
 * index.  A join that used most of the rows is no reason for one.
 */
static void
record_scan(const Execution *execution, const ScanFacts *facts,
			int64 executions, bool estimated, double total_us)
{
	const PlannedStmt *plan = execution->query->plannedstmt;
	bool		joins = facts->joined >= 0 && facts->joined <= facts->kept / 2;
	SeqScanColumns columns = scan_columns_result(&facts->columns, joins);
	SeqScanKey	key = {
		.queryid = execution->queryid,
		.dbid = MyDatabaseId,
		.userid = execution->userid,
		.relid = rt_fetch(facts->columns.named, plan->rtable)->relid,
		.columns = seqscan_columns_hash(&columns)
	};
	SeqScanCounters counters = {
		.executions = executions,
		.estimated = estimated ? executions : 0,
		.scans = executions * (int64) facts->scans,
		.rows_read = executions * (int64) facts->read,
		.rows_kept = executions * (int64) facts->kept,
		.rows_needed = executions * (int64) rows_needed(facts),
		.total_us = executions * total_us,
		.last_seen = GetCurrentStatementStartTimestamp()
	};

	if (columns.filters == 0 && columns.sorts == 0)
		return;
	seqscan_record(&key, &columns, &counters, execution_text,
				   unconstify(Execution *, execution));
}

/*
 * Count what was found.  The execution's time is shared out by the planner's
 * costs.
 */
static void
record_scans(const Execution *execution, List *scans)
{
	double		plan_cost = execution->query->plannedstmt->planTree->total_cost;
	bool		estimated;
	int64		executions = plan_sampling_scans(execution->query->plannedstmt->queryId,
												 &estimated);
	double		scan_cost = 0;
	ListCell   *lc;

	foreach(lc, scans)
		scan_cost += ((ScanFacts *) lfirst(lc))->cost;
	plan_cost = Max(plan_cost, scan_cost);
	foreach(lc, scans)
	{
		ScanFacts  *facts = lfirst(lc);
		double		share = plan_cost > 0 ? facts->cost / plan_cost : 1;

		if (facts->read >= setting_seqscan_min_rows)
			record_scan(execution, facts, executions, estimated,
						share * execution->work.elapsed_us);
	}
}

/* Counts the scans of an execution that counted its rows. */
void
plan_facts_count(const Execution *execution)
{
	const QueryDesc *query = execution->query;
	Collector	collector = {.plan = query->plannedstmt};
	MemoryContext old;

	old = MemoryContextSwitchTo(query->estate->es_query_cxt);
	(void) collect_node(query->planstate, &collector);
	if (collector.scans != NIL)
		record_scans(execution, collector.scans);
	MemoryContextSwitchTo(old);
}
