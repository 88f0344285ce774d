/*-------------------------------------------------------------------------
 *
 * recommend_rows.c
 *	  What several kinds of advice put into their rows.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_rows.h"

#include "catalog/pg_class.h"
#include "utils/lsyscache.h"

#include "advise/recommend/reason.h"

/* The tables that the statements use, none twice: a list of OIDs. */
List *
recommend_tables(const Advisor *advisor)
{
	List	   *relids = NIL;
	ListCell   *lc;

	foreach(lc, advisor->statements)
		relids = list_concat_unique_oid(relids,
										((WorkloadStatement *) lfirst(lc))->relids);
	return relids;
}

/* The queryid of a statement, as a list for an Advice. */
List *
recommend_queryid(const WorkloadStatement *statement)
{
	uint64	   *queryid = palloc(sizeof(uint64));

	*queryid = statement->queryid;
	return list_make1(queryid);
}

/* Append the queryids of these statements, given as numbers. */
static List *
append_queryids(List *queryids, const Advisor *advisor, const List *numbers)
{
	ListCell   *lc;

	foreach(lc, numbers)
	{
		const WorkloadStatement *statement =
			list_nth(advisor->statements, lfirst_int(lc));

		queryids = list_concat(queryids, recommend_queryid(statement));
	}
	return queryids;
}

/*
 * Fill in the figures of a candidate, the statements it serves, as
 * advisor_served() returns them, and those it makes slower.
 */
void
recommend_add_figures(Advisor *advisor, int number, const List *served,
					  Advice *advice)
{
	AdvisorCall before;
	AdvisorCall after;

	advice->benefit_share = advisor_benefit_share(advisor, number);
	advice->write_cost_share = advisor_write_share(advisor, number);
	advice->size_bytes = selection_bytes(&advisor->selection, number);
	advisor_calls(advisor, number, &before, &after);
	advice->cost_before = before.cost;
	advice->cost_after = after.cost;
	advice->mean_before_ms = before.ms;
	advice->mean_after_ms = after.ms;
	advice->blocks_before = before.blocks;
	advice->blocks_after = after.blocks;
	advice->queryids = append_queryids(advice->queryids, advisor, served);
	advice->slowed = append_queryids(NIL, advisor,
									 list_concat(list_copy(reason_slowed(advisor, number)),
												 reason_burdened(advisor, number)));
}

/*
 * Can PostgreSQL build the index without blocking those who write to the
 * table? On a partitioned one it cannot.
 */
bool
recommend_is_concurrent(const IndexDefinition *def)
{
	return get_rel_relkind(def->relid) != RELKIND_PARTITIONED_TABLE;
}

/* The names of the indexes that are advised for tables of a schema. */
static List *
names_in_schema(const List *rows, Oid schema)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, rows)
	{
		const Advice *advice = lfirst(lc);

		if (advice->index_name != NULL &&
			get_rel_namespace(advice->relid) == schema)
			names = lappend(names, advice->index_name);
	}
	return names;
}

/*
 * Advise on this index, under a name that is free in the table's schema and that
 * none of these rows (of Advice) has there.
 */
void
recommend_take_definition(Advice *advice, IndexDefinition *def, const List *rows)
{
	def->name = index_def_free_name(def,
									names_in_schema(rows,
													get_rel_namespace(def->relid)));
	advice->def = def;
	advice->index_name = def->name;
	advice->ddl = advice_statement(index_def_ddl(def, recommend_is_concurrent(def),
												 false));
}
