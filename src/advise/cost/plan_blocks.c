/*-------------------------------------------------------------------------
 *
 * plan_blocks.c
 *	  How many blocks a plan touches, and how often it scans indexes.
 *
 * The planner's cost says little about blocks: it takes most of those that a plan
 * visits again for free, since they are in the cache by then.  What the executor
 * counts, and people look at, is each visit.  So we walk the plan with its
 * estimates of rows, and count the visits: all blocks of a table that is read from
 * end to end, the way down to a leaf for each scan of an index, and from there a
 * block for each row, unless rows next to each other in the index are so in the
 * table, too.
 *
 * What depends on values that are not known, such as the rows that each outer row
 * of a join finds, is as good as the planner's own estimate.  Blocks of sorts and
 * hashes that do not fit into memory, and those of functions, are not counted.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/plan_blocks.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "postmaster/autovacuum.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "advise/cost/early_stop_scan.h"
#include "advise/cost/early_stop_translate.h"
#include "advise/whatif/index_model.h"

/* Entries of an inner page of a B-tree, about: keys of 16 bytes, pages two thirds full. */
#define INNER_ENTRIES	256

/* What later keys of an index leave of the order of its first one, as btcostestimate() has it. */
#define LATER_KEYS		0.75

/* Posting lists on a leaf page of a B-tree, as nbtsort.c makes them. */
#define LISTS_OF_PAGE	10

/* Entries of a leaf page without posting lists, at most: keys of 8 bytes. */
#define PLAIN_ENTRIES	(BLCKSZ / 20)

/* What is known and found on the way down through a plan. */
typedef struct BlockWalk
{
	const WhatIfPlan *plan;
	ParamListInfo params;
	const List *reaches;		/* of NodeReach */
	bool		latest;			/* what nothing tells of comes last */
	double		workers;		/* processes that run this part of the plan */
	double		calls;			/* how often the sub-queries found are run */
	double		weight;			/* of the scans noted */
	double		blocks;
	double		unvacuumed;		/* that come to them until VACUUM is due */
	List	   *scans;			/* of IndexScans */
} BlockWalk;

/* A table, by its own statistics. */
typedef struct TableFigures
{
	Oid			relid;
	double		pages;
	double		rows;
	double		visible;		/* pages that an index-only scan need not
								 * visit */
} TableFigures;

static void walk_plan(BlockWalk *walk, const Plan *node, double loops, double share);

/* The share of the rows of its child that a LIMIT asks for, as planned. */
double
plan_limit_share(const Plan *limit)
{
	const Plan *child = outerPlan(limit);
	double		run = child->total_cost - child->startup_cost;

	return run <= 0 ? 1 :
		Min(Max((limit->total_cost - child->startup_cost) / run, 0), 1);
}

/* The share of its rows that a sub-query is asked for each time: EXISTS stops at one. */
double
plan_subquery_share(const SubPlan *subplan, const Plan *plan)
{
	return subplan->subLinkType == EXISTS_SUBLINK && !subplan->useHashTable ?
		1 / Max(plan->plan_rows, 1) : 1;
}

/* What is known of how far a node has to read; NULL = as the planner has it. */
static const NodeReach *
find_reach(const BlockWalk *walk, const Plan *node)
{
	ListCell   *lc;

	foreach(lc, walk->reaches)
	{
		if (((const NodeReach *) lfirst(lc))->node == node)
			return lfirst(lc);
	}
	return NULL;
}

/* The share that a node has to read, where the planner takes it for "share". */
static double
reached_share(const BlockWalk *walk, const Plan *node, double share)
{
	const NodeReach *reach = find_reach(walk, node);

	return reach == NULL ? share :
		Max(share, walk->latest ? reach->latest : reach->share);
}

/* ------------------------------------------------------------------------
 * Scans
 * ------------------------------------------------------------------------ */

/* Look up the table that a node scans. */
static TableFigures
look_up_table(const BlockWalk *walk, const Plan *node)
{
	Oid			relid = rt_fetch(((const Scan *) node)->scanrelid,
								 walk->plan->stmt->rtable)->relid;
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	TableFigures table = {.relid = relid,.pages = 1,.rows = node->plan_rows};

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		table.pages = Max(form->relpages, 1);
		table.rows = form->reltuples < 0 ? node->plan_rows : form->reltuples;
		table.visible = Min(form->relallvisible, table.pages);
		ReleaseSysCache(tuple);
	}
	return table;
}

/* The share of a table's rows that meet conditions on it. */
static double
share_of_table(Oid relid, List *conditions)
{
	IndexModel	model = {0};
	double		share;

	if (conditions == NIL)
		return 1;
	model.heap = table_open(relid, AccessShareLock);
	index_model_look(&model);
	share = clauselist_selectivity(model.root, conditions, 1, JOIN_INNER, NULL);
	table_close(model.heap, NoLock);
	return Max(share, 1e-9);
}

/* Those of the conditions on a table that a predicate does not imply. */
static List *
not_implied(List *conditions, List *predicate)
{
	List	   *left = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
		if (predicate == NIL ||
			!predicate_implied_by(list_make1(lfirst(lc)), predicate, false))
		left = lappend(left, lfirst(lc));
	return left;
}

/*
 * The share of the rows that meet conditions of a node, as far as they can be put as
 * conditions on the table; "targets" is what an index-only scan reads.  If
 * "predicate" is given, it is the share of those that meet it already.  What is compared
 * with a value that comes from elsewhere, such as the row of an outer table, counts as
 * the planner takes it: as one of the distinct values.
 */
static double
kept_by(const BlockWalk *walk, const Plan *node, const List *conditions,
		const List *targets, List *predicate)
{
	Translation how = {
		.varno = ((const Scan *) node)->scanrelid,
		.targets = targets,
		.params = walk->params,
		.unknown = true
	};
	bool		whole = true;
	List	   *known = not_implied(early_stop_translate(conditions, &how, &whole),
									predicate);

	return share_of_table(rt_fetch(how.varno, walk->plan->stmt->rtable)->relid, known);
}

/*
 * The rows that one run of a scan fetches by its index: those that it returns, and
 * those that its filter throws away, no more than meet the conditions on the index.
 * Some of these may have been derived from the filter, as those on a prefix are.  And
 * where rows are locked or changed, the planner leaves in the filter what the index's
 * predicate says of all of its rows.
 */
static double
fetched_rows(const BlockWalk *walk, const Plan *node, const TableFigures *table,
			 const List *conditions, const List *targets, List *predicate)
{
	double		rows = node->plan_rows * (node->parallel_aware ? walk->workers : 1);
	double		most;

	if (node->qual == NIL)
		return Min(rows, Max(table->rows, 1));
	most = table->rows * share_of_table(table->relid, predicate) *
		kept_by(walk, node, conditions, targets, predicate);
	return Max(Min(rows / kept_by(walk, node, node->qual, targets, predicate), most), 1);
}

/*
 * How far the table is in the order of a key of an index, where those before it are
 * fixed: the square of the correlation.  Of an expression it is known for the first key.
 */
static double
index_order(const WhatIfPlan *plan, const IndexDefinition *def, Oid indexoid,
			Oid relid, int number)
{
	HeapTuple	tuple = NULL;
	AttStatsSlot slot;
	double		correlation = 0;

	if (def == NULL || number >= def->nkeys)
		return 0;
	if (def->keys[number].attno != 0)
		tuple = SearchSysCacheCopy3(STATRELATTINH, ObjectIdGetDatum(relid),
									Int16GetDatum(def->keys[number].attno),
									BoolGetDatum(false));
	else if (number == 0)
		tuple = whatif_plan_index_stats(plan, indexoid);
	if (!HeapTupleIsValid(tuple))
		return 0;
	if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION, InvalidOid,
						 ATTSTATSSLOT_NUMBERS))
	{
		correlation = slot.nnumbers > 0 ? slot.numbers[0] : 0;
		free_attstatsslot(&slot);
	}
	heap_freetuple(tuple);
	if (def->nkeys > number + 1)
		correlation *= LATER_KEYS;
	return correlation * correlation;
}

/*
 * The pages in which rows lie that are spread evenly over some: by the formula of
 * Mackert and Lohman that the planner uses.
 */
static double
pages_of_rows(double pages, double rows)
{
	return Min(ceil(2 * pages * rows / Max(2 * pages + rows, 1)), pages);
}

/* What holds for all rows that an index has, as conditions on its table. */
static List *
index_predicate(const BlockWalk *walk, Oid indexoid)
{
	const IndexDefinition *def = whatif_plan_index(walk->plan, indexoid);

	return def != NULL ? def->predicate : NIL;
}

/* Does the scan of an index read it backward? */
static bool
reads_backward(const Plan *node)
{
	return ScanDirectionIsBackward(IsA(node, IndexOnlyScan) ?
								   ((const IndexOnlyScan *) node)->indexorderdir :
								   ((const IndexScan *) node)->indexorderdir);
}

/*
 * The pages that rows next to each other fill.  Of an index that is read backward, the
 * posting lists come backward, but the rows of each forward: what a list begins and ends
 * in is visited again for the next one, if there are such lists, twice at most.
 */
static double
filled_pages(const BlockWalk *walk, const Plan *node, Oid indexoid,
			 const TableFigures *table, double rows)
{
	double		pages = ceil(rows * table->pages / Max(table->rows, 1));
	double		entries = table->rows *
		share_of_table(table->relid, index_predicate(walk, indexoid)) /
		Max(whatif_plan_index_pages(walk->plan, indexoid), 1);

	if (POSTING_LISTS_ASCEND && entries > PLAIN_ENTRIES && reads_backward(node))
		pages += Min(rows * LISTS_OF_PAGE / entries, 2 * pages);
	return Min(pages, rows);
}

/*
 * The blocks of the table that a scan of an index visits for so many rows, a share of
 * what there is: those that rows next to each other fill, as far as the table is in the
 * order of the index.  Where the first keys are fixed, and the table is in the order of
 * the next, or there is none, so that rows come as they lie, each page with some of the
 * rows once; else one for each row.
 */
static double
visited_pages(const BlockWalk *walk, const Plan *node, Oid indexoid,
			  const TableFigures *table, double rows, double share)
{
	const IndexDefinition *def = whatif_plan_index(walk->plan, indexoid);
	double		first = index_order(walk->plan, def, indexoid, table->relid, 0);
	int			fixed = early_stop_fixed_keys(node, def);
	double		next = fixed == 0 ? 0 : fixed == def->nkeys ? 1 :
		index_order(walk->plan, def, indexoid, table->relid, fixed);
	double		spread = Min(pages_of_rows(ceil(share * table->pages), rows), rows);

	return first * filled_pages(walk, node, indexoid, table, rows) +
		(1 - first) * (next * spread + (1 - next) * rows);
}

/* Note how often an index is scanned. */
static void
note_scans(BlockWalk *walk, Oid indexoid, double scans)
{
	IndexScans *noted;
	ListCell   *lc;

	foreach(lc, walk->scans)
	{
		noted = lfirst(lc);
		if (noted->indexoid == indexoid)
		{
			noted->scans += walk->weight * scans;
			return;
		}
	}
	noted = palloc(sizeof(IndexScans));
	noted->indexoid = indexoid;
	noted->scans = walk->weight * scans;
	walk->scans = lappend(walk->scans, noted);
}

/*
 * The rows of a table that may change before it is vacuumed: as many as autovacuum lets
 * pass, but no more than were seen to.
 */
static double
rows_until_vacuum(const TableFigures *table)
{
	Datum		relid = ObjectIdGetDatum(table->relid);
	double		changed =
		DatumGetInt64(DirectFunctionCall1(pg_stat_get_tuples_updated, relid)) +
		DatumGetInt64(DirectFunctionCall1(pg_stat_get_tuples_deleted, relid));
	Relation	heap = table_open(table->relid, AccessShareLock);
	const AutoVacOpts *options = heap->rd_options != NULL &&
		heap->rd_rel->relkind == RELKIND_RELATION ?
		&((const StdRdOptions *) heap->rd_options)->autovacuum : NULL;
	bool		automatic = AutoVacuumingActive() &&
		(options == NULL || options->enabled);
	double		scale = options != NULL && options->vacuum_scale_factor >= 0 ?
		options->vacuum_scale_factor : autovacuum_vac_scale;
	double		threshold = options != NULL && options->vacuum_threshold >= 0 ?
		options->vacuum_threshold : autovacuum_vac_thresh;

	table_close(heap, NoLock);
	return automatic ? Min(changed, threshold + scale * table->rows) : changed;
}

/*
 * The share of the pages that an index-only scan need not visit now, and has to when so
 * many rows have changed, spread evenly: those with one of them.
 */
static double
share_to_become_hidden(const TableFigures *table)
{
	double		changed = rows_until_vacuum(table) / Max(table->rows, 1);
	double		rows_of_page = Max(table->rows / table->pages, 1);

	return table->visible / table->pages *
		(1 - pow(1 - Min(changed, 1), rows_of_page));
}

/* Blocks of an index in which so many rows of the table are found by one scan. */
static double
index_blocks(const BlockWalk *walk, Oid indexoid, double rows,
			 const TableFigures *table)
{
	double		pages = Max(whatif_plan_index_pages(walk->plan, indexoid), 1);
	double		height = ceil(log(pages) / log(INNER_ENTRIES));
	double		entries = table->rows *
		share_of_table(table->relid, index_predicate(walk, indexoid));

	return height + Max(pages * Min(rows / Max(entries, 1), 1), 1);
}

/* The scan of an index in its order: the share "share" of it is read. */
static void
walk_index_scan(BlockWalk *walk, const Plan *node, double loops, double share)
{
	bool		only = IsA(node, IndexOnlyScan);
	Oid			indexoid = only ? ((const IndexOnlyScan *) node)->indexid :
		((const IndexScan *) node)->indexid;
	TableFigures table = look_up_table(walk, node);
	List	   *predicate = index_predicate(walk, indexoid);
	const NodeReach *reach = find_reach(walk, node);
	double		rows = share * (only ?
								fetched_rows(walk, node, &table, ((const IndexOnlyScan *) node)->indexqual,
											 ((const IndexOnlyScan *) node)->indextlist, predicate) :
								fetched_rows(walk, node, &table,
											 ((const IndexScan *) node)->indexqualorig, NIL, predicate));
	double		entries = rows;
	double		blocks;

	if (reach != NULL && reach->entries > 0)
	{
		rows = reach->fetched * share / reach->share;
		entries = reach->entries * share / reach->share;
	}
	blocks = visited_pages(walk, node, indexoid, &table, rows, share);
	if (node->parallel_aware)
		loops /= walk->workers;
	if (only)
	{
		walk->unvacuumed += loops * blocks * share_to_become_hidden(&table);
		blocks *= 1 - table.visible / table.pages;
	}
	walk->blocks += loops * (blocks + index_blocks(walk, indexoid, entries, &table));
	note_scans(walk, indexoid, loops);
}

/* The scans of indexes that a bitmap is made of. */
static void
walk_bitmap(BlockWalk *walk, const Plan *node, double loops,
			const TableFigures *table)
{
	const List *parts = IsA(node, BitmapAnd) ? ((const BitmapAnd *) node)->bitmapplans :
		IsA(node, BitmapOr) ? ((const BitmapOr *) node)->bitmapplans : NIL;
	ListCell   *lc;

	foreach(lc, parts)
		walk_bitmap(walk, lfirst(lc), loops, table);
	if (!IsA(node, BitmapIndexScan))
		return;
	walk->blocks += loops * index_blocks(walk, ((const BitmapIndexScan *) node)->indexid,
										 node->plan_rows, table);
	note_scans(walk, ((const BitmapIndexScan *) node)->indexid, loops);
}

/*
 * The scan of a table by a bitmap, each block once: as many as rows that are spread
 * evenly lie in.
 */
static void
walk_bitmap_scan(BlockWalk *walk, const Plan *node, double loops, double share)
{
	TableFigures table = look_up_table(walk, node);
	double		rows = fetched_rows(walk, node, &table,
									((const BitmapHeapScan *) node)->bitmapqualorig, NIL, NIL);

	if (node->parallel_aware)
		loops /= walk->workers;
	walk->blocks += loops * share * pages_of_rows(table.pages, rows);
	walk_bitmap(walk, outerPlan(node), loops, &table);
}

/* The scan of a table from end to end. */
static void
walk_table_scan(BlockWalk *walk, const Plan *node, double loops, double share)
{
	if (node->parallel_aware)
		loops /= walk->workers;
	walk->blocks += loops * share * look_up_table(walk, node).pages;
}

/* ------------------------------------------------------------------------
 * Sub-queries
 * ------------------------------------------------------------------------ */

/* expression_tree_walker callback: walks the plans of sub-queries. */
static bool
walk_expression(Node *node, void *context)
{
	BlockWalk  *walk = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubPlan))
	{
		const SubPlan *subplan = (const SubPlan *) node;
		const Plan *plan = list_nth(walk->plan->stmt->subplans, subplan->plan_id - 1);

		walk_plan(walk, plan, subplan->useHashTable ? 1 : walk->calls,
				  plan_subquery_share(subplan, plan));
		return false;
	}
	return expression_tree_walker(node, walk_expression, context);
}

/*
 * The sub-queries of a node that returns that share of its rows: those of what it returns
 * run for each, those of its conditions also for the share that it has to read.
 */
static void
walk_subplans(BlockWalk *walk, const Plan *node, double loops, double share,
			  double reached)
{
	double		calls = walk->calls;
	ListCell   *lc;

	foreach(lc, node->initPlan)
	{
		const SubPlan *subplan = lfirst(lc);
		const Plan *plan = list_nth(walk->plan->stmt->subplans, subplan->plan_id - 1);

		walk_plan(walk, plan, 1, plan_subquery_share(subplan, plan));
	}
	walk->calls = Max(node->plan_rows * share * loops, 1);
	(void) walk_expression((Node *) node->targetlist, walk);
	walk->calls = Max(node->plan_rows * reached * loops, 1);
	(void) walk_expression((Node *) node->qual, walk);
	walk->calls = calls;
}

/* ------------------------------------------------------------------------
 * Joins and other nodes
 * ------------------------------------------------------------------------ */

/* A join: the inner side of a nested loop runs for each row of the outer one. */
static void
walk_join(BlockWalk *walk, const Plan *node, double loops, double share)
{
	const Plan *outer = outerPlan(node);
	const Plan *inner = innerPlan(node);
	JoinType	type = ((const Join *) node)->jointype;
	bool		semi = type == JOIN_SEMI || type == JOIN_ANTI;

	walk_plan(walk, outer, loops, share);
	if (IsA(node, NestLoop))
		walk_plan(walk, inner, loops * Max(outer->plan_rows * share, 1),
				  semi ? Min(2 / (inner->plan_rows + 1), 1) : 1);
	else
		walk_plan(walk, inner, loops, IsA(node, HashJoin) ? 1 : share);
}

/* Several plans, one after the other. */
static void
walk_list(BlockWalk *walk, const List *plans, double loops, double share)
{
	ListCell   *lc;

	foreach(lc, plans)
		walk_plan(walk, lfirst(lc), loops, share);
}

/*
 * What collects the rows of parallel workers.  The plan below it counts rows of one
 * of them, and each runs it.
 */
static void
walk_gather(BlockWalk *walk, const Plan *node, double loops, double share)
{
	double		workers = walk->workers;

	walk->workers = Max(node->plan_rows / Max(outerPlan(node)->plan_rows, 1), 1);
	walk_plan(walk, outerPlan(node), loops * walk->workers, share);
	walk->workers = workers;
}

/*
 * How often what a node keeps, or what lies below a node that keeps it, is made, of so
 * many times that it is asked for.
 */
static double
runs_of_child(const Plan *node, double loops)
{
	if (IsA(node, Memoize))
		return ((const Memoize *) node)->est_entries > 0 ?
			Min(loops, ((const Memoize *) node)->est_entries) : loops;
	return bms_is_empty(node->extParam) ? Min(loops, 1) : loops;
}

/* A node and those below it, sub-queries left out. */
static void
walk_node(BlockWalk *walk, const Plan *node, double loops, double share)
{
	switch (nodeTag(node))
	{
		case T_SeqScan:
		case T_SampleScan:
			walk_table_scan(walk, node, loops, share);
			return;
		case T_IndexScan:
		case T_IndexOnlyScan:
			walk_index_scan(walk, node, loops, share);
			return;
		case T_BitmapHeapScan:
			walk_bitmap_scan(walk, node, loops, share);
			return;
		case T_TidScan:
		case T_TidRangeScan:
			walk->blocks += loops * share * node->plan_rows;
			return;
		case T_NestLoop:
		case T_MergeJoin:
		case T_HashJoin:
			walk_join(walk, node, loops, share);
			return;
		case T_Append:
			walk_list(walk, ((const Append *) node)->appendplans, loops, share);
			return;
		case T_MergeAppend:
			walk_list(walk, ((const MergeAppend *) node)->mergeplans, loops, share);
			return;
		case T_SubqueryScan:
			walk_plan(walk, ((const SubqueryScan *) node)->subplan, loops, share);
			return;
		case T_Gather:
		case T_GatherMerge:
			walk_gather(walk, node, loops, share);
			return;
		case T_Limit:
			share = plan_limit_share(node);
			break;
		case T_Material:
		case T_Sort:
		case T_Hash:
		case T_Memoize:
			loops = runs_of_child(node, loops);
			share = 1;
			break;
		case T_Agg:
			if (((const Agg *) node)->aggstrategy != AGG_SORTED)
				share = 1;
			break;
		case T_ModifyTable:
			walk->blocks += loops * outerPlan(node)->plan_rows;
			break;
		default:
			break;
	}
	if (outerPlan(node) != NULL)
		walk_plan(walk, outerPlan(node), loops, share);
	if (innerPlan(node) != NULL)
		walk_plan(walk, innerPlan(node), loops, share);
}

/*
 * Add what a node, its sub-queries and all that is below it touch, if it is run so
 * often and that share of its rows is asked for each time.
 */
static void
walk_plan(BlockWalk *walk, const Plan *node, double loops, double share)
{
	double		reached = reached_share(walk, node, share);

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	walk_node(walk, node, loops, reached);
	walk_subplans(walk, node, loops, share, reached);
}

/* Blocks of which nothing is known. */
BlockEstimate
plan_blocks_unknown(void)
{
	double		nan = get_float8_nan();

	return (BlockEstimate)
	{
		.now = nan,.most = nan,.latest = nan
	};
}

/*
 * Blocks that one execution of a plan touches, as far as can be told.  "params" are
 * those that it is run with, NULL if they are in it or not known, and "reaches" what
 * early_stop_extra() found for them.  Its scans of indexes, times "weight", are added to
 * *scans, a list of IndexScans.  The caller is in a sandbox, and holds locks on the
 * tables.
 */
BlockEstimate
plan_blocks(const WhatIfPlan *plan, ParamListInfo params, const List *reaches,
			double weight, List **scans)
{
	BlockWalk	walk = {
		.plan = plan,
		.params = params,
		.reaches = reaches,
		.workers = 1,
		.calls = 1,
		.weight = weight,
		.scans = *scans
	};
	BlockWalk	latest = walk;
	bool		open = false;
	ListCell   *lc;

	walk_plan(&walk, plan->stmt->planTree, 1, 1);
	*scans = walk.scans;
	foreach(lc, reaches)
		open |= ((const NodeReach *) lfirst(lc))->latest > ((const NodeReach *) lfirst(lc))->share;
	latest.blocks = walk.blocks;
	if (open)
	{
		latest.blocks = 0;
		latest.latest = true;
		latest.weight = 0;
		walk_plan(&latest, plan->stmt->planTree, 1, 1);
	}
	return (BlockEstimate)
	{
		.now = walk.blocks,.most = walk.blocks + walk.unvacuumed,
			.latest = latest.blocks
	};
}
