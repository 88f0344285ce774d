/*-------------------------------------------------------------------------
 *
 * plan_outline.c
 *	  A plan in words, without values.
 *
 * Nodes are named as EXPLAIN does.  Tables and indexes are named as they are called
 * now; one that was dropped has no name any more.
 *
 *-------------------------------------------------------------------------
 */
#include "report/plan_outline.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

static const char *const node_names[PLAN_NODE_KINDS] = {
	[PLAN_OTHER] = "Other",
	[PLAN_RESULT] = "Result",
	[PLAN_PROJECT_SET] = "ProjectSet",
	[PLAN_MODIFY_TABLE] = "ModifyTable",
	[PLAN_APPEND] = "Append",
	[PLAN_MERGE_APPEND] = "Merge Append",
	[PLAN_RECURSIVE_UNION] = "Recursive Union",
	[PLAN_BITMAP_AND] = "BitmapAnd",
	[PLAN_BITMAP_OR] = "BitmapOr",
	[PLAN_SEQ_SCAN] = "Seq Scan",
	[PLAN_SAMPLE_SCAN] = "Sample Scan",
	[PLAN_INDEX_SCAN] = "Index Scan",
	[PLAN_INDEX_ONLY_SCAN] = "Index Only Scan",
	[PLAN_BITMAP_INDEX_SCAN] = "Bitmap Index Scan",
	[PLAN_BITMAP_HEAP_SCAN] = "Bitmap Heap Scan",
	[PLAN_TID_SCAN] = "Tid Scan",
	[PLAN_TID_RANGE_SCAN] = "Tid Range Scan",
	[PLAN_SUBQUERY_SCAN] = "Subquery Scan",
	[PLAN_FUNCTION_SCAN] = "Function Scan",
	[PLAN_TABLE_FUNC_SCAN] = "Table Function Scan",
	[PLAN_VALUES_SCAN] = "Values Scan",
	[PLAN_CTE_SCAN] = "CTE Scan",
	[PLAN_NAMED_TUPLESTORE_SCAN] = "Named Tuplestore Scan",
	[PLAN_WORK_TABLE_SCAN] = "WorkTable Scan",
	[PLAN_FOREIGN_SCAN] = "Foreign Scan",
	[PLAN_CUSTOM_SCAN] = "Custom Scan",
	[PLAN_NESTED_LOOP] = "Nested Loop",
	[PLAN_MERGE_JOIN] = "Merge",
	[PLAN_HASH_JOIN] = "Hash",
	[PLAN_MATERIALIZE] = "Materialize",
	[PLAN_MEMOIZE] = "Memoize",
	[PLAN_SORT] = "Sort",
	[PLAN_INCREMENTAL_SORT] = "Incremental Sort",
	[PLAN_GROUP] = "Group",
	[PLAN_AGGREGATE] = "Aggregate",
	[PLAN_WINDOW_AGG] = "WindowAgg",
	[PLAN_UNIQUE] = "Unique",
	[PLAN_GATHER] = "Gather",
	[PLAN_GATHER_MERGE] = "Gather Merge",
	[PLAN_HASH] = "Hash",
	[PLAN_SET_OP] = "SetOp",
	[PLAN_LOCK_ROWS] = "LockRows",
	[PLAN_LIMIT] = "Limit"
};

static const char *const join_names[PLAN_JOINS] = {
	[PLAN_JOIN_INNER] = "",
	[PLAN_JOIN_LEFT] = " Left",
	[PLAN_JOIN_FULL] = " Full",
	[PLAN_JOIN_RIGHT] = " Right",
	[PLAN_JOIN_SEMI] = " Semi",
	[PLAN_JOIN_ANTI] = " Anti",
	[PLAN_JOIN_RIGHT_SEMI] = " Right Semi",
	[PLAN_JOIN_RIGHT_ANTI] = " Right Anti"
};

static const char *const aggregate_names[PLAN_STRATEGIES] = {
	[PLAN_STRATEGY_PLAIN] = "Aggregate",
	[PLAN_STRATEGY_SORTED] = "GroupAggregate",
	[PLAN_STRATEGY_HASHED] = "HashAggregate",
	[PLAN_STRATEGY_MIXED] = "MixedAggregate"
};

static const char *const change_names[PLAN_CHANGES] = {
	[PLAN_INSERT] = "Insert",
	[PLAN_UPDATE] = "Update",
	[PLAN_DELETE] = "Delete",
	[PLAN_MERGE] = "Merge"
};

/* By their numbers in PlanSettings.disabled. */
static const char *const enabled_names[PLAN_SETTINGS_ENABLED] = {
	"enable_seqscan", "enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan",
	"enable_tidscan", "enable_sort", "enable_incremental_sort", "enable_hashagg",
	"enable_nestloop", "enable_material", "enable_memoize", "enable_mergejoin",
	"enable_hashjoin", "enable_gathermerge", "enable_partition_pruning"
};

/* The quoted name of a relation, or what is said of one that was dropped. */
static const char *
outline_relation_name(Oid relation, const char *dropped)
{
	char	   *name = get_rel_name(relation);

	return name == NULL ? dropped : quote_identifier(name);
}

/* What a node does, without the table it does it to. */
static void
append_kind(StringInfo title, const PlanNode *node)
{
	if ((node->flags & PLAN_NODE_PARALLEL) != 0)
		appendStringInfoString(title, "Parallel ");
	if ((node->flags & PLAN_NODE_PARTIAL) != 0)
		appendStringInfoString(title, "Partial ");
	if ((node->flags & PLAN_NODE_FINALIZE) != 0)
		appendStringInfoString(title, "Finalize ");
	if (node->kind == PLAN_AGGREGATE)
		appendStringInfoString(title, aggregate_names[node->detail]);
	else if (node->kind == PLAN_MODIFY_TABLE)
		appendStringInfoString(title, change_names[node->detail]);
	else if (node->kind == PLAN_SET_OP && node->detail == PLAN_STRATEGY_HASHED)
		appendStringInfoString(title, "HashSetOp");
	else
		appendStringInfoString(title, node_names[node->kind]);
	if (node->kind == PLAN_HASH_JOIN || node->kind == PLAN_MERGE_JOIN)
		appendStringInfo(title, "%s Join", join_names[node->detail]);
	else if (node->kind == PLAN_NESTED_LOOP && node->detail != PLAN_JOIN_INNER)
		appendStringInfo(title, "%s Join", join_names[node->detail]);
	if ((node->flags & PLAN_NODE_BACKWARD) != 0)
		appendStringInfoString(title, " Backward");
}

/* A node as EXPLAIN names it, palloc'd. */
char *
plan_node_title(const PlanNode *node)
{
	StringInfoData title;

	initStringInfo(&title);
	if ((node->flags & PLAN_NODE_INIT) != 0)
		appendStringInfoString(&title, "InitPlan: ");
	if ((node->flags & PLAN_NODE_SUBPLAN) != 0)
		appendStringInfoString(&title, "SubPlan: ");
	if ((node->flags & PLAN_NODE_CTE) != 0)
		appendStringInfoString(&title, "CTE: ");
	append_kind(&title, node);
	if (OidIsValid(node->index))
		appendStringInfo(&title, " using %s",
						 outline_relation_name(node->index, "an index that was dropped"));
	if (OidIsValid(node->relation))
		appendStringInfo(&title, " on %s",
						 outline_relation_name(node->relation, "a table that was dropped"));
	if ((node->flags & PLAN_NODE_PARTITION) != 0)
		appendStringInfoString(&title, " (partition)");
	return title.data;
}

/*
 * The same for a sentence, palloc'd: of one line, whatever is in its names, within which
 * clipperf_wrap() does not break it.
 */
char *
plan_node_words(const PlanNode *node)
{
	char	   *title = plan_node_title(node);
	bool		in_name = false;

	for (char *c = title; *c != '\0'; c++)
	{
		if (*c == '"')
			in_name = !in_name;
		else if (in_name && (unsigned char) *c < ' ')
			*c = '_';
	}
	return title;
}

/* A node's figures, per execution: its time's share of the plan's. */
static void
append_figures(StringInfo outline, const StatementPlan *plan, int number)
{
	const PlanNodeWork *did = &plan->did[number];
	double		calls = Max(plan->counters.calls, 1);

	if (did->loops == 0)
	{
		appendStringInfoString(outline, "  (never executed)");
		return;
	}
	appendStringInfo(outline, "  (%s%.0f%% of the time, rows %.0f, expected %.0f",
					 plan->counters.timed == 0 ? "about " : "",
					 plan->counters.shared_us <= 0 ? 0 :
					 100 * did->self_us / plan->counters.shared_us,
					 did->rows / calls, did->estimated / calls);
	if (did->loops / calls >= 1.5)
		appendStringInfo(outline, ", loops %.0f", did->loops / calls);
	appendStringInfoChar(outline, ')');
}

/*
 * A plan's nodes on a line each, palloc'd: what they are and, per execution, which
 * share of the time they took and how many rows they returned.
 */
char *
plan_outline(const StatementPlan *plan)
{
	StringInfoData outline;

	initStringInfo(&outline);
	for (int i = 0; i < plan->nodes; i++)
	{
		const PlanNode *node = &plan->node[i];

		if (i > 0)
			appendStringInfo(&outline, "\n%*s->  ", 2 + 6 * (node->depth - 1), "");
		if (node->repeats > 1)
			appendStringInfo(&outline, "%u x ", node->repeats);
		appendStringInfoString(&outline, plan_node_title(node));
		append_figures(&outline, plan, i);
	}
	if (plan->cut > 0)
		appendStringInfo(&outline, "\n(and %d more nodes)", plan->cut);
	return outline.data;
}

/* Settings of the planner that are off, as "enable_seqscan = off", palloc'd. */
char *
plan_settings_off(uint32 disabled)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < PLAN_SETTINGS_ENABLED; i++)
	{
		if ((disabled & (1U << i)) != 0)
			appendStringInfo(&list, "%s%s = off", list.len > 0 ? ", " : "",
							 enabled_names[i]);
	}
	return list.data;
}
