/*-------------------------------------------------------------------------
 *
 * whatif.c
 *	  What would the planner do if these indexes existed, and those did not?
 *
 * While whatif_plan() runs, a static pointer tells the planner's hook which
 * indexes to add to a table and which to take away.  PG_FINALLY puts it back,
 * so that an error, a cancel or a subtransaction's end leaves nothing behind.
 *
 * The planner runs functions, to fold constants and to estimate, and these may
 * plan statements of their own, whose plans are kept and executed.  They must
 * not see an index that is not there.  Our own planning is told apart by the
 * parameter list that it was given: every planner that we call gets the list
 * that "planning" points to, and no other planner has it.  For the same reason
 * standard_planner() is called and not the hooks of other modules.
 *
 * The OIDs of hypothetical indexes are taken from the upper end of the range,
 * leaving out what pg_class knows; they are good for one planning.  Nothing in
 * the planner opens an index that is marked hypothetical.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/whatif.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "portability/instr_time.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "advise/indexes/index_def_width.h"
#include "advise/whatif/whatif_carry.h"
#include "common/clock.h"

/*
 * So often a statement is planned to find out what it reads from indexes that need not
 * be there, before the indexes may be read for nothing of that kind: a choice.
 */
#define MOST_CARRIED_PLANS	3

/* A hypothetical index that the planner of the moment was shown. */
typedef struct ShownIndex
{
	Oid			shown_oid;
	int			position;		/* in config->indexes */
	const WhatIfPart *part;
} ShownIndex;

/* One run of the planner. */
typedef struct Planning
{
	const WhatIfConfig *config;
	ParamListInfo params;		/* tells our planning from others inside it */
	Oid			next_hypothetical;
	List	   *shown;			/* of ShownIndex */
	List	   *asked;			/* of AskedStats */
	int64		work;			/* joins of paths considered */
	Bitmapset **unread;			/* columns that no index-only scan may read,
								 * by position; NULL = it may read all */
} Planning;

/* Statistics of an expression that the planner took from a hypothetical index. */
typedef struct AskedStats
{
	const ShownIndex *shown;
	const Node *expr;			/* of the table's columns */
} AskedStats;

static relation_info_hook_type prev_relation_info = NULL;
static get_index_stats_hook_type prev_index_stats = NULL;
static set_join_pathlist_hook_type prev_join_pathlist = NULL;

/* The run of the planner in progress, NULL = no what-if question is asked. */
static Planning *planning = NULL;

static int64 planner_calls = 0;

/* Take the hidden indexes away from a table. */
static void
hide_indexes(RelOptInfo *rel, const List *hidden)
{
	ListCell   *cell;

	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *info = lfirst_node(IndexOptInfo, cell);

		if (list_member_oid(hidden, info->indexoid))
			rel->indexlist = foreach_delete_current(rel->indexlist, cell);
	}
}

/* An OID that no relation has, nor any other index of this planning. */
static Oid
next_hypothetical_oid(void)
{
	while (SearchSysCacheExists1(RELOID,
								 ObjectIdGetDatum(planning->next_hypothetical)))
		planning->next_hypothetical--;
	return planning->next_hypothetical--;
}

/* The part of a hypothetical index that lies on this table, or NULL. */
static const WhatIfPart *
find_part(const WhatIfIndex *index, Oid relid)
{
	int			low = 0;
	int			high = index->nparts;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (index->parts[middle].relid < relid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->nparts && index->parts[low].relid == relid ?
		&index->parts[low] : NULL;
}

/* A copy of an expression list made for varno 1. */
static List *
for_varno(List *list, Index varno)
{
	List	   *copy = copyObject(list);

	if (varno != 1)
		ChangeVarNodes((Node *) copy, 1, varno, 0);
	return copy;
}

/* Which columns of an index an index-only scan may read: all but "unread" of these. */
static bool *
readable_columns(const IndexOptInfo *info, const Bitmapset *unread)
{
	bool	   *readable = palloc(info->ncolumns * sizeof(bool));

	for (int i = 0; i < info->ncolumns; i++)
		readable[i] = info->canreturn[i] && !bms_is_member(i, unread);
	return readable;
}

/* A hypothetical index for the planner, of this table. */
static IndexOptInfo *
show_index(PlannerInfo *root, const WhatIfPart *part, int position,
		   RelOptInfo *rel)
{
	IndexOptInfo *info = makeNode(IndexOptInfo);
	ShownIndex *shown = palloc(sizeof(ShownIndex));

	*info = *part->info;
	info->indexoid = next_hypothetical_oid();
	info->rel = rel;
	info->pages = part->size.pages;
	info->tuples = part->info->indpred == NIL ? rel->tuples :
		Min(part->size.tuples, rel->tuples);
	info->tree_height = part->size.tree_height;
	if (planning->unread != NULL)
		info->canreturn = readable_columns(part->info, planning->unread[position]);
	info->indexprs = for_varno(part->info->indexprs, rel->relid);
	info->indpred = for_varno(part->info->indpred, rel->relid);
	info->indextlist = for_varno(part->targets, rel->relid);
	if (info->indexprs != NIL)
	{
		info->indexprs = SIMPLIFY_INDEX_EXPRESSIONS(root, info->indexprs);
		info->indextlist = SIMPLIFY_INDEX_EXPRESSIONS(root, info->indextlist);
	}
	if (info->indpred != NIL)
		info->indpred = SIMPLIFY_INDEX_PREDICATE(root, info->indpred);

	shown->shown_oid = info->indexoid;
	shown->position = position;
	shown->part = part;
	planning->shown = lappend(planning->shown, shown);
	return info;
}

/*
 * Hide and show indexes of a table as the config says.  The hypothetical ones come
 * first, the last one before all others, as real ones would that were created in
 * this order.
 */
static void
pretend(PlannerInfo *root, RelOptInfo *rel)
{
	const RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	const WhatIfConfig *config = planning->config;
	List	   *added = NIL;

	if (config->hidden != NIL)
		hide_indexes(rel, config->hidden);

	/* Of a parent's indexes the planner wants to know the unique ones only. */
	for (int i = config->nindexes - 1; i >= 0 && !rte->inh; i--)
	{
		const WhatIfPart *part = find_part(config->indexes[i], rte->relid);

		CHECK_FOR_INTERRUPTS();
		if (part != NULL)
			added = lappend(added, show_index(root, part, i, rel));
	}
	rel->indexlist = list_concat(added, rel->indexlist);
}

/*
 * The planner's hook: runs for every table of every statement planned in this
 * backend.
 */
static void
edit_relation_info(RELATION_INFO_ARGS)
{
	if (prev_relation_info)
		prev_relation_info(RELATION_INFO_PASS);
	if (planning != NULL && root->glob->boundParams == planning->params &&
		rel->rtekind == RTE_RELATION)
		pretend(root, rel);
}

/*
 * The hypothetical index of that OID in the planning of the moment, or NULL.  They
 * were shown with ever lower OIDs.
 */
static const ShownIndex *
find_shown(const List *shown_indexes, Oid indexoid)
{
	int			low = 0;
	int			high = list_length(shown_indexes);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const ShownIndex *shown = list_nth(shown_indexes, middle);

		if (shown->shown_oid == indexoid)
			return shown;
		if (shown->shown_oid > indexoid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/*
 * May the current user see statistics of all rows of the table that an index
 * was defined on?  Partitions go by their parent's rights.
 */
static bool
may_see_stats(PlannerInfo *root, const ShownIndex *shown)
{
	Oid			relid = planning->config->indexes[shown->position]->def->relid;
	ListCell   *cell;

	foreach(cell, root->parse->rtable)
	{
		const RangeTblEntry *rte = lfirst_node(RangeTblEntry, cell);

		if (rte->relid == relid && rte->securityQuals != NIL)
			return false;
	}
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* The freefunc of statistics that live as long as their index. */
static void
keep_stats(HeapTuple stats)
{
}

/* Note that the planner has learnt of an expression by an index. */
static void
note_asked(const ShownIndex *shown, AttrNumber column)
{
	const Node *expr = shown->part->def->keys[column - 1].expr;
	AskedStats *asked;
	ListCell   *cell;

	foreach(cell, planning->asked)
	{
		asked = lfirst(cell);
		if (asked->shown == shown && asked->expr == expr)
			return;
	}
	asked = palloc(sizeof(AskedStats));
	asked->shown = shown;
	asked->expr = expr;
	planning->asked = lappend(planning->asked, asked);
}

/*
 * get_index_stats_hook: what ANALYZE would have learnt of the expressions of a
 * hypothetical index.  As for real ones, a partial index tells how its own rows
 * are ordered, where "var" is not set, but nothing of the table's rows.
 */
static bool
supply_index_stats(PlannerInfo *root, Oid indexoid, AttrNumber column,
				   VariableStatData *vardata)
{
	const ShownIndex *shown = NULL;

	if (planning != NULL && root->glob->boundParams == planning->params)
		shown = find_shown(planning->shown, indexoid);
	if (shown == NULL)
		return prev_index_stats != NULL &&
			prev_index_stats(root, indexoid, column, vardata);
	if (shown->part->size.stats == NULL ||
		(vardata->var != NULL && shown->part->info->indpred != NIL))
		return false;
	vardata->statsTuple = shown->part->size.stats[column - 1];
	vardata->freefunc = keep_stats;
	vardata->acl_ok = may_see_stats(root, shown);
	if (vardata->var != NULL)
		note_asked(shown, column);
	return true;
}

/*
 * set_join_pathlist_hook: count what the planner does, since its time depends on
 * what else the machine has to do.  Raises 54000 if that is too much.
 */
static void
count_work(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
		   RelOptInfo *innerrel, JoinType jointype, JoinPathExtraData *extra)
{
	if (prev_join_pathlist)
		prev_join_pathlist(root, joinrel, outerrel, innerrel, jointype, extra);
	if (planning == NULL || root->glob->boundParams != planning->params)
		return;
	planning->work += (int64) list_length(outerrel->pathlist) *
		list_length(innerrel->pathlist);
	if (planning->config->most_work > 0 &&
		planning->work > planning->config->most_work)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("planning considers more than %lld joins of paths",
						(long long) planning->config->most_work)));
}

/* Note that a plan uses an index, hypothetical or real. */
static void
note_used(Oid indexoid, const List *shown_indexes, WhatIfResult *result)
{
	const ShownIndex *shown = find_shown(shown_indexes, indexoid);

	if (shown != NULL)
		result->used = bms_add_member(result->used, shown->position);
	else
		result->used_real = list_append_unique_oid(result->used_real,
												   indexoid);
}

/* Does a plan use an index that tells the same of the expression? */
static bool
is_told_by_used(const AskedStats *asked, const List *shown_indexes,
				const Bitmapset *used)
{
	ListCell   *cell;

	foreach(cell, shown_indexes)
	{
		const ShownIndex *shown = lfirst(cell);
		const IndexDefinition *def = shown->part->def;

		if (!bms_is_member(shown->position, used) || def->predicate != NIL ||
			shown->part->relid != asked->shown->part->relid)
			continue;
		for (int i = 0; i < def->nkeys; i++)
			if (def->keys[i].attno == 0 && equal(def->keys[i].expr, asked->expr))
				return true;
	}
	return false;
}

/*
 * Note the indexes by which the planner knew how many rows meet a condition on an
 * expression, unless one that it uses tells the same: without them the plan may be
 * another.
 */
static void
note_telling(const Planning *mine, WhatIfResult *result)
{
	ListCell   *cell;

	foreach(cell, mine->asked)
	{
		const AskedStats *asked = lfirst(cell);

		if (!is_told_by_used(asked, mine->shown, result->used))
			result->telling = bms_add_member(result->telling,
											 asked->shown->position);
	}
}

/* Note that a plan reads a table from end to end. */
static void
note_scanned(const Scan *scan, const WhatIfPlan *whole, WhatIfResult *result)
{
	Oid			relid = rt_fetch(scan->scanrelid, whole->stmt->rtable)->relid;

	result->scanned = list_append_unique_oid(result->scanned, relid);
}

static void note_plan(const Plan *plan, const WhatIfPlan *whole,
					  WhatIfResult *result);

/* note_plan() for a list of plans. */
static void
note_plans(const List *plans, const WhatIfPlan *whole, WhatIfResult *result)
{
	ListCell   *cell;

	foreach(cell, plans)
		note_plan(lfirst(cell), whole, result);
}

/*
 * Note what a plan, which is a part of "whole", and the plans below it use: the
 * indexes, and the tables read without one.
 */
static void
note_plan(const Plan *plan, const WhatIfPlan *whole, WhatIfResult *result)
{
	if (plan == NULL)
		return;
	check_stack_depth();
	switch (nodeTag(plan))
	{
		case T_SeqScan:
			note_scanned((const Scan *) plan, whole, result);
			break;
		case T_IndexScan:
			note_used(((const IndexScan *) plan)->indexid, whole->shown, result);
			break;
		case T_IndexOnlyScan:
			note_used(((const IndexOnlyScan *) plan)->indexid, whole->shown, result);
			break;
		case T_BitmapIndexScan:
			note_used(((const BitmapIndexScan *) plan)->indexid, whole->shown, result);
			break;
		case T_Append:
			note_plans(((const Append *) plan)->appendplans, whole, result);
			break;
		case T_MergeAppend:
			note_plans(((const MergeAppend *) plan)->mergeplans, whole, result);
			break;
		case T_BitmapAnd:
			note_plans(((const BitmapAnd *) plan)->bitmapplans, whole, result);
			break;
		case T_BitmapOr:
			note_plans(((const BitmapOr *) plan)->bitmapplans, whole, result);
			break;
		case T_SubqueryScan:
			note_plan(((const SubqueryScan *) plan)->subplan, whole, result);
			break;
		case T_CustomScan:
			note_plans(((const CustomScan *) plan)->custom_plans, whole, result);
			break;
		default:
			break;
	}
	note_plan(plan->lefttree, whole, result);
	note_plan(plan->righttree, whole, result);
}

/*
 * Run the planner under a config, with nothing pretended if that is empty.  A
 * question asked while another one is answered, by a function that the planner
 * runs, stands for itself.
 */
static PlannedStmt *
run_planner(Query *query, const char *text, Planning *mine)
{
	Planning   *outer = planning;
	PlannedStmt *stmt;

	planner_calls++;
	planning = mine;
	PG_TRY();
	{
		stmt = STANDARD_PLANNER(query, text, CURSOR_OPT_PARALLEL_OK,
								mine->params);
	}
	PG_FINALLY();
	{
		planning = outer;
	}
	PG_END_TRY();
	return stmt;
}

/* The keys of an index that it cannot have without a risk, unless they are needed. */
static Bitmapset *
risky_keys(const IndexDefinition *def)
{
	Bitmapset  *keys = NULL;

	for (int i = 0; i < def->nkeys; i++)
	{
		Bitmapset  *key = bms_make_singleton(i);

		if (!index_def_carries_safely(def, key))
			keys = bms_add_members(keys, key);
	}
	return keys;
}

/*
 * Let the plan read no more from an index what it carries along at a risk; false if
 * there is nothing of that kind, so that the plan stands.
 */
static bool
forbid_carried(Planning *mine, Query *query, const PlannedStmt *stmt)
{
	bool		any = false;
	ListCell   *cell;

	foreach(cell, whatif_carried(query, stmt))
	{
		const CarriedColumns *carried = lfirst(cell);
		const ShownIndex *shown = find_shown(mine->shown, carried->indexoid);
		Bitmapset  *keys;
		Bitmapset **unread;

		if (shown == NULL)
			continue;
		keys = bms_add_range(NULL, 0, shown->part->def->nkeys - 1);
		keys = bms_int_members(keys, carried->columns);
		unread = &mine->unread[shown->position];
		if (bms_is_subset(keys, *unread) ||
			index_def_carries_safely(shown->part->def, keys))
			continue;
		*unread = bms_add_members(*unread, keys);
		any = true;
	}
	return any;
}

/*
 * Plan a query, as often as it takes until the plan reads nothing from a hypothetical
 * index that would be carried along at a risk, if the config wants that.
 */
static PlannedStmt *
plan_safely(Query *query, const char *text, Planning *mine)
{
	const WhatIfConfig *config = mine->config;

	if (config->carry_safely)
		mine->unread = palloc0(sizeof(Bitmapset *) * Max(config->nindexes, 1));
	for (int plans = 1;; plans++)
	{
		PlannedStmt *stmt;

		mine->next_hypothetical = OID_MAX;
		mine->shown = NIL;
		mine->asked = NIL;
		mine->work = 0;
		stmt = run_planner(copyObject(query), text, mine);
		if (!config->carry_safely || !forbid_carried(mine, query, stmt))
			return stmt;
		for (int i = 0; plans == MOST_CARRIED_PLANS && i < config->nindexes; i++)
			mine->unread[i] = bms_add_members(mine->unread[i],
											  risky_keys(config->indexes[i]->def));
	}
}

/* What there is to say of a plan later on; its memory is not copied. */
static WhatIfPlan *
keep_plan(PlannedStmt *stmt, List *shown)
{
	WhatIfPlan *plan = palloc(sizeof(WhatIfPlan));

	plan->stmt = stmt;
	plan->shown = shown;
	return plan;
}

/* Plan one query and add what came out; scratch memory is the caller's. */
static void
plan_query(Query *query, const char *text, Planning *mine,
		   MemoryContext result_context, WhatIfResult *result)
{
	MemoryContext scratch;
	PlannedStmt *stmt;
	WhatIfPlan *whole;
	int64		begin = clock_ns();

	stmt = plan_safely(query, text, mine);
	result->planning_us += (clock_ns() - begin) / 1000.0;

	CHECK_PLAN_RIGHTS(stmt);
	result->total_cost += stmt->planTree->total_cost;
	result->startup_cost += stmt->planTree->startup_cost;
	result->rows += stmt->planTree->plan_rows;

	scratch = MemoryContextSwitchTo(result_context);
	whole = keep_plan(stmt, mine->shown);
	note_plan(stmt->planTree, whole, result);
	note_plans(stmt->subplans, whole, result);
	note_telling(mine, result);
	if (mine->config->keep_plans)
		result->plans = lappend(result->plans, whole);
	MemoryContextSwitchTo(scratch);
}

/*
 * Install the hooks before the first question of this backend: those who ask
 * none pay nothing.
 */
static void
install_hooks(void)
{
	static bool installed = false;

	if (installed)
		return;
	prev_relation_info = RELATION_INFO_HOOK;
	RELATION_INFO_HOOK = edit_relation_info;
	prev_index_stats = get_index_stats_hook;
	get_index_stats_hook = supply_index_stats;
	prev_join_pathlist = set_join_pathlist_hook;
	set_join_pathlist_hook = count_work;
	installed = true;
}

/*
 * Plan rewritten queries under a config, NULL for things as they are, and add
 * up what the plans cost.  "params" may be NULL: generic plans.  The current
 * user needs the rights to run them.  Whatever the planner raises is passed on
 * and leaves nothing behind.  The queries are not changed.
 */
void
whatif_plan(List *queries, const char *text, ParamListInfo params,
			const WhatIfConfig *config, WhatIfResult *result)
{
	static const WhatIfConfig nothing = {0};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(caller, "clipperf what-if",
												  ALLOCSET_DEFAULT_SIZES);
	ListCell   *cell;

	install_hooks();
	memset(result, 0, sizeof(*result));
	MemoryContextSwitchTo(scratch);
	foreach(cell, queries)
	{
		Query	   *query = lfirst_node(Query, cell);
		Planning	mine = {0};

		if (query->commandType == CMD_UTILITY)
			continue;
		mine.config = config != NULL ? config : &nothing;
		mine.params = params != NULL ? params : makeParamList(0);
		plan_query(query, text, &mine, caller, result);
	}
	MemoryContextSwitchTo(caller);
	if (result->plans == NIL)
		MemoryContextDelete(scratch);
}

/*
 * The definition of an index that a plan uses, hypothetical or real; NULL if
 * it is gone.
 */
const IndexDefinition *
whatif_plan_index(const WhatIfPlan *plan, Oid indexoid)
{
	const ShownIndex *shown = find_shown(plan->shown, indexoid);

	return shown != NULL ? shown->part->def : index_def_of_index(indexoid);
}

/*
 * What ANALYZE knows, or would know, of the first key of such an index, which is an
 * expression: a copy of a row of pg_statistic, or NULL.
 */
HeapTuple
whatif_plan_index_stats(const WhatIfPlan *plan, Oid indexoid)
{
	const ShownIndex *shown = find_shown(plan->shown, indexoid);

	if (shown == NULL)
		return SearchSysCacheCopy3(STATRELATTINH, ObjectIdGetDatum(indexoid),
								   Int16GetDatum(1), BoolGetDatum(false));
	return shown->part->size.stats == NULL || shown->part->size.stats[0] == NULL ?
		NULL : heap_copytuple(shown->part->size.stats[0]);
}

/* Pages of such an index. */
double
whatif_plan_index_pages(const WhatIfPlan *plan, Oid indexoid)
{
	const ShownIndex *shown = find_shown(plan->shown, indexoid);
	HeapTuple	tuple;
	double		pages;

	if (shown != NULL)
		return shown->part->size.pages;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(indexoid));
	if (!HeapTupleIsValid(tuple))
		return 0;
	pages = ((Form_pg_class) GETSTRUCT(tuple))->relpages;
	ReleaseSysCache(tuple);
	return pages;
}

/*
 * Add a real index to a list of hidden ones, with its partitions if it is a
 * partitioned index.
 */
List *
whatif_hide(List *hidden, Oid indexoid)
{
	return list_concat_unique_oid(hidden,
								  find_all_inheritors(indexoid, NoLock, NULL));
}

/* How often whatif_plan() has called the planner in this backend. */
int64
whatif_planner_calls(void)
{
	return planner_calls;
}
