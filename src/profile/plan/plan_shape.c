/*-------------------------------------------------------------------------
 *
 * plan_shape.c
 *	  What a plan node is, without its values.
 *
 * A plan is known by its nodes: their kinds, how they join and group, which tables
 * they read and by which indexes.  No constant, no parameter and no condition is a
 * part of that.  Of scans the columns are kept that conditions compare with
 * something.
 *
 * Belongs to one backend: no locks are held here.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_shape.h"

#include "access/htup_details.h"
#include "catalog/pg_index.h"
#include "common/hashfn.h"
#include "parser/parsetree.h"
#include "utils/syscache.h"

#include "profile/plan/scan_columns.h"

/* The kind of each node of the executor's; others are PLAN_OTHER. */
static PlanNodeKind
kind_of(const Plan *node)
{
	switch (nodeTag(node))
	{
		case T_Result:
			return PLAN_RESULT;
		case T_ProjectSet:
			return PLAN_PROJECT_SET;
		case T_ModifyTable:
			return PLAN_MODIFY_TABLE;
		case T_Append:
			return PLAN_APPEND;
		case T_MergeAppend:
			return PLAN_MERGE_APPEND;
		case T_RecursiveUnion:
			return PLAN_RECURSIVE_UNION;
		case T_BitmapAnd:
			return PLAN_BITMAP_AND;
		case T_BitmapOr:
			return PLAN_BITMAP_OR;
		case T_SeqScan:
			return PLAN_SEQ_SCAN;
		case T_SampleScan:
			return PLAN_SAMPLE_SCAN;
		case T_IndexScan:
			return PLAN_INDEX_SCAN;
		case T_IndexOnlyScan:
			return PLAN_INDEX_ONLY_SCAN;
		case T_BitmapIndexScan:
			return PLAN_BITMAP_INDEX_SCAN;
		case T_BitmapHeapScan:
			return PLAN_BITMAP_HEAP_SCAN;
		case T_TidScan:
			return PLAN_TID_SCAN;
		case T_TidRangeScan:
			return PLAN_TID_RANGE_SCAN;
		case T_SubqueryScan:
			return PLAN_SUBQUERY_SCAN;
		case T_FunctionScan:
			return PLAN_FUNCTION_SCAN;
		case T_TableFuncScan:
			return PLAN_TABLE_FUNC_SCAN;
		case T_ValuesScan:
			return PLAN_VALUES_SCAN;
		case T_CteScan:
			return PLAN_CTE_SCAN;
		case T_NamedTuplestoreScan:
			return PLAN_NAMED_TUPLESTORE_SCAN;
		case T_WorkTableScan:
			return PLAN_WORK_TABLE_SCAN;
		case T_ForeignScan:
			return PLAN_FOREIGN_SCAN;
		case T_CustomScan:
			return PLAN_CUSTOM_SCAN;
		case T_NestLoop:
			return PLAN_NESTED_LOOP;
		case T_MergeJoin:
			return PLAN_MERGE_JOIN;
		case T_HashJoin:
			return PLAN_HASH_JOIN;
		case T_Material:
			return PLAN_MATERIALIZE;
		case T_Memoize:
			return PLAN_MEMOIZE;
		case T_Sort:
			return PLAN_SORT;
		case T_IncrementalSort:
			return PLAN_INCREMENTAL_SORT;
		case T_Group:
			return PLAN_GROUP;
		case T_Agg:
			return PLAN_AGGREGATE;
		case T_WindowAgg:
			return PLAN_WINDOW_AGG;
		case T_Unique:
			return PLAN_UNIQUE;
		case T_Gather:
			return PLAN_GATHER;
		case T_GatherMerge:
			return PLAN_GATHER_MERGE;
		case T_Hash:
			return PLAN_HASH;
		case T_SetOp:
			return PLAN_SET_OP;
		case T_LockRows:
			return PLAN_LOCK_ROWS;
		case T_Limit:
			return PLAN_LIMIT;
		default:
			return PLAN_OTHER;
	}
}

/* How a join treats rows without a partner. */
static PlanJoin
join_of(JoinType type)
{
	switch (type)
	{
		case JOIN_LEFT:
			return PLAN_JOIN_LEFT;
		case JOIN_FULL:
			return PLAN_JOIN_FULL;
		case JOIN_RIGHT:
			return PLAN_JOIN_RIGHT;
		case JOIN_SEMI:
			return PLAN_JOIN_SEMI;
		case JOIN_ANTI:
			return PLAN_JOIN_ANTI;
		default:
			if (IS_RIGHT_SEMI_JOIN(type))
				return PLAN_JOIN_RIGHT_SEMI;
			return IS_RIGHT_ANTI_JOIN(type) ? PLAN_JOIN_RIGHT_ANTI : PLAN_JOIN_INNER;
	}
}

/* How rows are grouped. */
static PlanStrategy
strategy_of(AggStrategy strategy)
{
	switch (strategy)
	{
		case AGG_SORTED:
			return PLAN_STRATEGY_SORTED;
		case AGG_HASHED:
			return PLAN_STRATEGY_HASHED;
		case AGG_MIXED:
			return PLAN_STRATEGY_MIXED;
		default:
			return PLAN_STRATEGY_PLAIN;
	}
}

/* What a statement does to a table. */
static PlanChange
change_of(CmdType command)
{
	switch (command)
	{
		case CMD_UPDATE:
			return PLAN_UPDATE;
		case CMD_DELETE:
			return PLAN_DELETE;
		case CMD_MERGE:
			return PLAN_MERGE;
		default:
			return PLAN_INSERT;
	}
}

/* The index that a node reads. */
static Oid
index_of(const Plan *node)
{
	switch (nodeTag(node))
	{
		case T_IndexScan:
			return ((const IndexScan *) node)->indexid;
		case T_IndexOnlyScan:
			return ((const IndexOnlyScan *) node)->indexid;
		case T_BitmapIndexScan:
			return ((const BitmapIndexScan *) node)->indexid;
		default:
			return InvalidOid;
	}
}

/* Is the index read from its end? */
static bool
is_backward(const Plan *node)
{
	if (IsA(node, IndexScan))
		return ScanDirectionIsBackward(((const IndexScan *) node)->indexorderdir);
	if (IsA(node, IndexOnlyScan))
		return ScanDirectionIsBackward(((const IndexOnlyScan *) node)->indexorderdir);
	return false;
}

/* The range table index of the table that a node reads or changes; 0 = none. */
static Index
table_of(const Plan *node)
{
	switch (nodeTag(node))
	{
		case T_SeqScan:
		case T_SampleScan:
		case T_IndexScan:
		case T_IndexOnlyScan:
		case T_BitmapIndexScan:
		case T_BitmapHeapScan:
		case T_TidScan:
		case T_TidRangeScan:
		case T_ForeignScan:
		case T_CustomScan:
			return ((const Scan *) node)->scanrelid;
		case T_ModifyTable:
			if (((const ModifyTable *) node)->rootRelation > 0)
				return ((const ModifyTable *) node)->rootRelation;
			return linitial_int(((const ModifyTable *) node)->resultRelations);
		default:
			return 0;
	}
}

/* Note the table of a node: the whole one, where it is a partition. */
static void
note_table(const PlannedStmt *plan, const Index *parents, const Plan *node,
		   PlanNode *shape)
{
	Index		number = table_of(node);

	if (number == 0)
		return;
	while (parents[number] != 0)
	{
		number = parents[number];
		shape->flags |= PLAN_NODE_PARTITION;
	}
	shape->relation = rt_fetch(number, plan->rtable)->relid;
}

/*
 * Note the columns that the conditions of a scan compare for equality.  Those of
 * partitions are left out: there may be thousands.
 */
static void
note_columns(const PlannedStmt *plan, const Plan *node, PlanNode *shape)
{
	ScanColumns columns;
	int			kept = 0;

	if ((shape->kind != PLAN_SEQ_SCAN && shape->kind != PLAN_INDEX_SCAN &&
		 shape->kind != PLAN_BITMAP_HEAP_SCAN) ||
		(shape->flags & PLAN_NODE_PARTITION) != 0)
		return;
	scan_columns_begin(&columns, plan, table_of(node));
	scan_columns_filter(&columns, node->qual);
	if (IsA(node, IndexScan))
		scan_columns_filter(&columns, ((const IndexScan *) node)->indexqualorig);
	if (IsA(node, BitmapHeapScan))
		scan_columns_filter(&columns, ((const BitmapHeapScan *) node)->bitmapqualorig);
	for (int i = 0; i < columns.filters && kept < PLAN_NODE_COLUMNS; i++)
	{
		if (columns.filter[i].use == USE_EQUAL)
			shape->column[kept++] = columns.filter[i].attnum;
	}
}

/*
 * What a node of a plan is.  "parents" are those of plan_tables_parents().  Its place,
 * and how it hangs together with the one above, is for the caller to say.
 */
void
plan_shape_node(const PlannedStmt *plan, const Index *parents, const Plan *node,
				PlanNode *shape)
{
	memset(shape, 0, sizeof(*shape));
	shape->kind = kind_of(node);
	shape->repeats = 1;
	shape->index = index_of(node);
	note_table(plan, parents, node, shape);
	note_columns(plan, node, shape);
	if (node->parallel_aware)
		shape->flags |= PLAN_NODE_PARALLEL;
	if (is_backward(node))
		shape->flags |= PLAN_NODE_BACKWARD;
	if (IsA(node, NestLoop) || IsA(node, MergeJoin) || IsA(node, HashJoin))
		shape->detail = join_of(((const Join *) node)->jointype);
	else if (IsA(node, Agg))
	{
		const Agg  *aggregate = (const Agg *) node;

		shape->detail = strategy_of(aggregate->aggstrategy);
		if (DO_AGGSPLIT_SKIPFINAL(aggregate->aggsplit))
			shape->flags |= PLAN_NODE_PARTIAL;
		if (DO_AGGSPLIT_COMBINE(aggregate->aggsplit))
			shape->flags |= PLAN_NODE_FINALIZE;
	}
	else if (IsA(node, SetOp))
		shape->detail = ((const SetOp *) node)->strategy == SETOP_HASHED ?
			PLAN_STRATEGY_HASHED : PLAN_STRATEGY_SORTED;
	else if (IsA(node, ModifyTable))
		shape->detail = change_of(((const ModifyTable *) node)->operation);
}

/* A hash of the columns of a partition's index, as its parent's are. */
static uint64
index_columns_hash(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	uint64		hash;

	if (!HeapTupleIsValid(tuple))
		return 0;
	form = (Form_pg_index) GETSTRUCT(tuple);
	hash = hash_bytes_extended((const unsigned char *) form->indkey.values,
							   form->indnkeyatts * sizeof(int16), 0);
	ReleaseSysCache(tuple);
	return hash;
}

/*
 * A hash of what a node is.  All partitions of a table are alike, and so are their
 * indexes on the same columns.  What is compared in conditions is left out.
 */
uint64
plan_shape_hash(const PlanNode *shape)
{
	uint64		flags = shape->flags & ~(PLAN_NODE_STOPPED | PLAN_NODE_REREAD);
	uint64		what = shape->kind | (uint64) shape->detail << 8 | flags << 16 |
		(uint64) shape->relation << 32;
	uint64		index = shape->index;

	if (OidIsValid(shape->index) && (shape->flags & PLAN_NODE_PARTITION) != 0)
		index = index_columns_hash(shape->index);
	return hash_combine64(what * UINT64CONST(0x9E3779B97F4A7C15), index);
}
