/*-------------------------------------------------------------------------
 *
 * plan_tables.c
 *	  Which tables does an executed plan use, and how?
 *
 * Read off the PlannedStmt alone: nothing is looked up in the catalogs, where
 * a table may be gone by now.  Partitions and inheritance children count as the
 * table that the statement names, since the plan says whose they are; a
 * partition that the statement names itself stays what it is, and is put down
 * to its parent by those who read.  Views are no tables: what they select from
 * stands in the plan.
 *
 * The statements of functions and triggers that do not count by themselves are
 * a part of the one that counts, and so are their tables.
 *
 * This is done for plans whose tables are not known yet; plan_tables_hash() is
 * all that a usual execution takes.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_tables.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "parser/parsetree.h"

#include "store/statement.h"

/* What is learnt from one plan. */
typedef struct PlanUses
{
	const PlannedStmt *plan;
	Index	   *parents;		/* of the range table's entries, 0 = none */
	TableUses  *tables;
	List	   *dropped;		/* OIDs of tables that do not fit */
} PlanUses;

/*
 * The parents of the range table's entries that are partitions or inheritance
 * children, by their number; 0 for others.  The branches of a UNION ALL have one,
 * too, which is no table.  Allocates in the current memory context.
 */
Index *
plan_tables_parents(const PlannedStmt *plan)
{
	int			length = list_length(plan->rtable) + 1;
	Index	   *parents = palloc0(sizeof(Index) * length);
	ListCell   *lc;

	foreach(lc, plan->appendRelations)
	{
		const AppendRelInfo *child = lfirst_node(AppendRelInfo, lc);

		if (OidIsValid(child->parent_reloid) && child->child_relid < length)
			parents[child->child_relid] = child->parent_relid;
	}
	return parents;
}

/* Is it a table of users, or what is used like one? */
static bool
is_users_table(const RangeTblEntry *entry)
{
	return entry->rtekind == RTE_RELATION &&
		entry->relid >= FirstNormalObjectId &&
		(entry->relkind == RELKIND_RELATION ||
		 entry->relkind == RELKIND_PARTITIONED_TABLE ||
		 entry->relkind == RELKIND_MATVIEW ||
		 entry->relkind == RELKIND_FOREIGN_TABLE);
}

/* The table of that number is used so. */
static void
add_plan_use(PlanUses *uses, Index number, uint32 how)
{
	const RangeTblEntry *entry;

	while (uses->parents[number] != 0)
		number = uses->parents[number];
	entry = rt_fetch(number, uses->plan->rtable);
	if (is_users_table(entry) && !table_uses_add(uses->tables, entry->relid, how))
		uses->dropped = list_append_unique_oid(uses->dropped, entry->relid);
}

/*
 * The tables that the top node of a plan, or of a WITH query, changes.  Those
 * that it inserts into are not read thereby: *inserted gets their numbers.
 */
static void
add_changes(PlanUses *uses, const Plan *top, Bitmapset **inserted)
{
	const ModifyTable *change = (const ModifyTable *) top;
	bool		inserts;
	ListCell   *lc;

	if (top == NULL || !IsA(top, ModifyTable))
		return;
	inserts = change->operation == CMD_INSERT;
	if (change->rootRelation > 0)
		add_plan_use(uses, change->rootRelation, TABLE_WRITTEN);
	foreach(lc, change->resultRelations)
	{
		add_plan_use(uses, lfirst_int(lc), TABLE_WRITTEN);
		if (inserts)
			*inserted = bms_add_member(*inserted, lfirst_int(lc));
	}
}

/* Everything that a plan uses.  Allocates in the current memory context. */
static void
collect_uses(const PlannedStmt *plan, TableUses *tables)
{
	PlanUses	uses = {
		.plan = plan,
		.parents = plan_tables_parents(plan),
		.tables = tables
	};
	Bitmapset  *inserted = NULL;
	ListCell   *lc;

	add_changes(&uses, plan->planTree, &inserted);
	foreach(lc, plan->subplans)
		add_changes(&uses, lfirst(lc), &inserted);
	for (int i = 1; i <= list_length(plan->rtable); i++)
	{
		if (!bms_is_member(i, inserted))
			add_plan_use(&uses, i, TABLE_READ);
	}
	foreach(lc, plan->rowMarks)
	{
		const PlanRowMark *mark = lfirst_node(PlanRowMark, lc);

		if (mark->markType <= ROW_MARK_KEYSHARE)
			add_plan_use(&uses, mark->rti, TABLE_LOCKED);
	}
	tables->dropped = Max(tables->dropped, list_length(uses.dropped));
}

/*
 * Keep the tables of the execution that was counted last and that has this
 * plan_tables_of(), unless this backend did so before.
 */
pg_attribute_cold void
plan_tables_keep(const Execution *execution, uint32 hash)
{
	MemoryContext old;
	TableUses	tables;

	if (statement_tables_recall(hash))
		return;
	tables.count = 0;
	tables.dropped = 0;
	old = MemoryContextSwitchTo(execution->query->estate->es_query_cxt);
	collect_uses(execution->query->plannedstmt, &tables);
	MemoryContextSwitchTo(old);
	if (execution->inner != NULL)
		table_uses_merge(&tables, &execution->inner->tables);
	statement_tables_keep(hash, &tables);
}

/*
 * The counted execution that this one runs inside of, or NULL: of those that
 * are open the latest that runs, rather than a cursor that is idle.
 */
static Execution *
counted_around(const Execution *execution)
{
	dlist_iter	iter;

	dlist_foreach(iter, &executions)
	{
		Execution  *outer = dlist_container(Execution, node, iter.cur);

		if (outer->tracked && outer->level < execution->level &&
			outer->stretch_us >= outer->last_us)
			return outer;
	}
	return NULL;
}

/*
 * An execution that is not counted has ended: its tables are used by the one
 * that it runs inside of.  That one remembers which plans it has heard of.
 */
void
plan_tables_hand_up(const Execution *execution)
{
	const PlannedStmt *plan = execution->query->plannedstmt;
	uint32		hash = plan_tables_hash(plan);
	Execution  *outer;
	InnerTables *inner;
	MemoryContext old;

	if (plan->relationOids == NIL)
		return;
	outer = counted_around(execution);
	if (outer == NULL)
		return;
	inner = outer->inner;
	if (inner == NULL)
	{
		inner = MemoryContextAllocZero(outer->query->estate->es_query_cxt,
									   sizeof(InnerTables));
		outer->inner = inner;
	}
	if (inner->plans[(hash >> 1) % INNER_PLANS] == hash)
		return;
	inner->plans[(hash >> 1) % INNER_PLANS] = hash;
	old = MemoryContextSwitchTo(execution->query->estate->es_query_cxt);
	collect_uses(plan, &inner->tables);
	MemoryContextSwitchTo(old);
}
