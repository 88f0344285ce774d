/*-------------------------------------------------------------------------
 *
 * demand_collect.c
 *	  Collects from the planner what a statement asks of the tables it reads.
 *
 * The planner itself is asked, while it plans: it has expanded views, pulled
 * up sub-queries, inlined CTEs and functions, and knows which columns are
 * equal.
 *
 * While a collection is in force in this backend, the hook that the planner
 * calls for each table notes what is asked of it.  The collection is a static
 * pointer, restored whatever happens.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/demand_collect.h"

#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "utils/memutils.h"

#include "advise/candidates/demand_clause.h"
#include "advise/whatif/whatif.h"

/* What is collected while a statement is planned. */
typedef struct DemandCollection
{
	MemoryContext context;
	List	   *demands;
	const List *allowed_functions;
} DemandCollection;

static set_rel_pathlist_hook_type prev_pathlist = NULL;
static DemandCollection *collection = NULL;

/* Add conditions on the table alone, and those that join it to others. */
static void
collect_clauses(DemandScope *scope)
{
	ListCell   *lc;

	foreach(lc, scope->rel->baserestrictinfo)
	{
		RestrictInfo *info = lfirst(lc);

		if (!info->pseudoconstant)
			demand_add_clause(scope, (Node *) info->clause);
	}
	foreach(lc, scope->rel->joininfo)
	{
		RestrictInfo *info = lfirst(lc);

		demand_add_clause(scope, (Node *) info->clause);
	}
}

/* Add columns that the planner knows to be equal to those of other tables. */
static void
collect_joins(DemandScope *scope)
{
	ListCell   *lc;

	foreach(lc, scope->root->eq_classes)
	{
		EquivalenceClass *class = lfirst(lc);
		ListCell   *member;

		if (class->ec_has_const || class->ec_has_volatile ||
			class->ec_merged != NULL ||
			!bms_is_member(scope->rel->relid, class->ec_relids) ||
			bms_membership(class->ec_relids) != BMS_MULTIPLE)
			continue;
		foreach(member, class->ec_members)
		{
			EquivalenceMember *em = lfirst(member);

			if (bms_equal(em->em_relids, scope->rel->relids))
				demand_add_join(scope, (Node *) em->em_expr,
								class->ec_collation);
		}
	}
}

/* The member of an equivalence class that the table can compute alone. */
static Node *
find_own_member(const DemandScope *scope, const EquivalenceClass *class)
{
	ListCell   *lc;

	foreach(lc, class->ec_members)
	{
		EquivalenceMember *em = lfirst(lc);

		if (bms_equal(em->em_relids, scope->rel->relids))
			return (Node *) em->em_expr;
	}
	return NULL;
}

/* The keys of the order that the rows are wanted in, if this table alone decides it. */
static List *
collect_sort_keys(DemandScope *scope)
{
	List	   *sorts = NIL;
	ListCell   *lc;

	foreach(lc, scope->root->query_pathkeys)
	{
		PathKey    *pathkey = lfirst(lc);
		Node	   *expr = find_own_member(scope, pathkey->pk_eclass);
		DemandSort *sort = palloc(sizeof(DemandSort));

		if (expr == NULL || demand_add_distance(scope, expr) ||
			!demand_key(scope, expr, pathkey->pk_eclass->ec_collation,
						&sort->key))
			return NIL;
		sort->descending = PATHKEY_IS_DESCENDING(pathkey);
		sort->nulls_first = pathkey->pk_nulls_first;
		sorts = lappend(sorts, sort);
	}
	return sorts;
}

/*
 * Add the order that the rows are wanted in.  What it would need of an index that
 * cannot be had is worth telling where only the first rows are wanted: to sort all of
 * them an index saves little.
 */
static void
collect_sorts(DemandScope *scope)
{
	bool		limited = scope->root->limit_tuples > 0 ||
		scope->root->tuple_fraction > 0;
	List	   *compared = list_copy(scope->demand->unstable);

	scope->demand->sorts = collect_sort_keys(scope);
	scope->demand->limited = limited && scope->demand->sorts != NIL;
	if (!limited)
		scope->demand->unstable = compared;
}

/* Is the table written or locked by the statement? */
static bool
is_target(const DemandScope *scope)
{
	ListCell   *lc;

	if (scope->root->parse->resultRelation == scope->rel->relid)
		return true;
	foreach(lc, scope->root->rowMarks)
		if (((PlanRowMark *) lfirst(lc))->rti == scope->rel->relid)
		return true;
	return false;
}

/*
 * What pull_varattnos() collects as a list of attribute numbers.  A whole-row
 * or system column means that the table must be visited.
 */
static List *
list_demanded_columns(Demand *demand, const Bitmapset *columns)
{
	List	   *list = NIL;
	int			column = -1;

	while ((column = bms_next_member(columns, column)) >= 0)
	{
		int			attno = column + FirstLowInvalidHeapAttributeNumber;

		if (attno > 0)
			list = lappend_int(list, attno);
		else
			demand->can_skip_table = false;
	}
	return list;
}

/*
 * Add which columns are read, and whether an index-only scan could be enough.
 */
static void
collect_columns(DemandScope *scope)
{
	RelOptInfo *rel = scope->rel;
	Bitmapset  *needed = NULL;
	Bitmapset  *tested = NULL;
	ListCell   *lc;

	for (int attno = rel->min_attr; attno <= rel->max_attr; attno++)
		if (!bms_is_empty(rel->attr_needed[attno - rel->min_attr]))
			needed = bms_add_member(needed,
									attno - FirstLowInvalidHeapAttributeNumber);
	foreach(lc, rel->baserestrictinfo)
		pull_varattnos((Node *) ((RestrictInfo *) lfirst(lc))->clause,
					   rel->relid, &tested);
	scope->demand->can_skip_table = !is_target(scope);
	scope->demand->needed = list_demanded_columns(scope->demand, needed);
	scope->demand->tested = list_demanded_columns(scope->demand, tested);
}

/* Is it a partition, at any depth, of the table numbered "parent"? */
static bool
is_partition_of(const PlannerInfo *root, Index child, Index parent)
{
	while (child != parent)
	{
		const AppendRelInfo *append = root->append_rel_array[child];

		if (append == NULL)
			return false;
		child = append->parent_relid;
	}
	return true;
}

/* Add up the sizes of the partitions that are read, which have RelOptInfos. */
static void
collect_partitions(DemandScope *scope)
{
	const PlannerInfo *root = scope->root;
	Demand	   *demand = scope->demand;
	double		visible = 0;
	double		most = -1;

	demand->tuples = 0;
	demand->pages = 0;
	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		const RelOptInfo *part = root->simple_rel_array[i];

		if (part == NULL ||
			root->simple_rte_array[i]->relkind != RELKIND_RELATION ||
			!is_partition_of(root, i, scope->rel->relid))
			continue;
		demand->tuples += part->tuples;
		demand->pages += part->pages;
		visible += part->pages * part->allvisfrac;
		if (part->pages <= most)
			continue;
		most = part->pages;
		demand->largest = root->simple_rte_array[i]->relid;
	}
	demand->visible_share = demand->pages > 0 ? visible / demand->pages : 0;
}

/* Add how large the table is, or its partitions that are read together. */
static void
collect_size(DemandScope *scope, const RangeTblEntry *rte)
{
	Demand	   *demand = scope->demand;

	demand->largest = rte->relid;
	demand->rows = scope->rel->rows;
	demand->tuples = scope->rel->tuples;
	demand->pages = scope->rel->pages;
	demand->visible_share = scope->rel->allvisfrac;
	if (rte->relkind == RELKIND_PARTITIONED_TABLE &&
		scope->root->append_rel_array != NULL)
		collect_partitions(scope);
}

/* Is it a partition?  An index on its parent serves it. */
static bool
is_partition(const PlannerInfo *root, const RelOptInfo *rel)
{
	AppendRelInfo *append;

	if (rel->reloptkind != RELOPT_OTHER_MEMBER_REL ||
		root->append_rel_array == NULL)
		return false;
	append = root->append_rel_array[rel->relid];
	return append != NULL &&
		root->simple_rte_array[append->parent_relid]->relkind ==
		RELKIND_PARTITIONED_TABLE;
}

/* Is it a table of the users' that indexes can be made on? */
static bool
is_indexable_table(const RangeTblEntry *rte)
{
	return rte->rtekind == RTE_RELATION &&
		rte->relid >= FirstNormalObjectId &&
		(rte->relkind == RELKIND_RELATION || rte->relkind == RELKIND_MATVIEW ||
		 rte->relkind == RELKIND_PARTITIONED_TABLE);
}

/* Note what is asked of one table. */
static void
collect_demand(PlannerInfo *root, RelOptInfo *rel, const RangeTblEntry *rte)
{
	MemoryContext old = MemoryContextSwitchTo(collection->context);
	Demand	   *demand = palloc0(sizeof(Demand));
	DemandScope scope = {root, rel, demand, collection->allowed_functions};

	demand->relid = rte->relid;
	collect_size(&scope, rte);
	collect_clauses(&scope);
	collect_joins(&scope);
	collect_sorts(&scope);
	collect_columns(&scope);
	collection->demands = lappend(collection->demands, demand);
	MemoryContextSwitchTo(old);
}

/*
 * set_rel_pathlist_hook: collects what is asked of each table, if that is
 * wanted.
 */
static void
demand_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
					RangeTblEntry *rte)
{
	if (prev_pathlist)
		prev_pathlist(root, rel, rti, rte);
	if (collection != NULL && is_indexable_table(rte) &&
		!is_partition(root, rel))
		collect_demand(root, rel, rte);
}

/*
 * Plan the rewritten queries and return what they ask of each table: a list of
 * Demand in the caller's memory context.  Errors are the planner's.  The first
 * call in a backend installs the hook.
 * allowed_functions (OIDs): immutable ones of the users' own that may be in keys.
 */
List *
demand_collect(List *queries, const char *text, ParamListInfo params,
			   const List *allowed_functions)
{
	static bool installed = false;
	DemandCollection own = {
		.context = CurrentMemoryContext,
		.allowed_functions = allowed_functions
	};
	WhatIfConfig nothing = {0};
	WhatIfResult result;
	DemandCollection *outer = collection;

	if (!installed)
	{
		prev_pathlist = set_rel_pathlist_hook;
		set_rel_pathlist_hook = demand_rel_pathlist;
		installed = true;
	}
	collection = &own;
	PG_TRY();
	{
		whatif_plan(queries, text, params, &nothing, &result);
	}
	PG_FINALLY();
	{
		collection = outer;
	}
	PG_END_TRY();
	return own.demands;
}
