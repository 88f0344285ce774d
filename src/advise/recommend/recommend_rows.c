/*-------------------------------------------------------------------------
 *
 * recommend_rows.c
 *	  What an advisor's run comes to, as rows.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend.h"

#include <math.h>

#include "catalog/pg_class.h"
#include "nodes/value.h"
#include "utils/lsyscache.h"

#include "advise/recommend/reason.h"

/* Fill in the figures of a candidate and the statements it serves. */
void
recommend_add_figures(Advisor *advisor, int number, const List *served, Advice *advice)
{
	ListCell   *lc;

	advice->benefit_share = advisor_benefit_share(advisor, number);
	advice->write_cost_share = advisor_write_share(advisor, number);
	advice->size_bytes = selection_bytes(&advisor->selection, number);
	advisor_costs(advisor, number, &advice->cost_before, &advice->cost_after);
	foreach(lc, served)
	{
		const WorkloadStatement *statement =
			list_nth(advisor->statements, lfirst_int(lc));

		advice->queryids = list_concat(advice->queryids,
									   recommend_queryid(statement));
	}
}

/* The number of a statement, as a list for an Advice. */
List *
recommend_queryid(const WorkloadStatement *statement)
{
	uint64	   *queryid = palloc(sizeof(uint64));

	*queryid = statement->queryid;
	return list_make1(queryid);
}

/* Most useful first, then by definition. */
static int
compare_benefit(const ListCell *a, const ListCell *b)
{
	const Advice *one = lfirst(a);
	const Advice *other = lfirst(b);

	if (one->benefit_share != other->benefit_share)
		return one->benefit_share > other->benefit_share ? -1 : 1;
	return strcmp(one->ddl, other->ddl);
}

/* A partitioned table cannot have an index built concurrently. */
static bool
can_build_concurrently(const IndexDefinition *def)
{
	return get_rel_relkind(def->relid) != RELKIND_PARTITIONED_TABLE;
}

/* Advise on this index, under a name that is free and not in "taken". */
void
recommend_take_definition(Advice *advice, IndexDefinition *def, List *taken)
{
	def->name = index_def_free_name(def, taken);
	advice->def = def;
	advice->index_name = def->name;
	advice->ddl = index_def_ddl(def, can_build_concurrently(def), false);
}

/* Advice to build what the advisor chose, most useful first. */
List *
recommend_chosen(Advisor *advisor)
{
	List	   *rows = NIL;
	List	   *taken = NIL;
	int			number = -1;

	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
	{
		IndexDefinition *def =
			((Candidate *) list_nth(advisor->candidates, number))->def;
		List	   *served = advisor_served(advisor, number);
		Advice	   *advice = advice_make("create", def->relid, "workload");

		recommend_take_definition(advice, def, taken);
		taken = lappend(taken, def->name);
		recommend_add_figures(advisor, number, served, advice);
		advice->reason = reason_create(advisor, number, served);
		rows = lappend(rows, advice);
	}
	list_sort(rows, compare_benefit);
	return rows;
}

/* Tell of each index to be built whose statement blocks those who write. */
void
recommend_tell_locks(const List *rows)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		Advice	   *advice = lfirst(lc);

		if (strcmp(advice->action, "create") == 0 &&
			!can_build_concurrently(advice->def))
			advice->reason = psprintf("%s; to build it blocks writes to the partitioned table %s, unless clipperf_apply() does it",
									  advice->reason,
									  get_rel_name(advice->relid));
	}
}

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

/* Append advice against functions used on a table, each once. */
static List *
add_refused(List *rows, Oid relid, const List *functions, List **named,
			const char *why)
{
	ListCell   *lc;

	foreach(lc, functions)
	{
		Advice	   *advice;

		if (list_member(*named, lfirst(lc)))
			continue;
		*named = lappend(*named, lfirst(lc));
		advice = advice_make("skip", relid, "workload");
		advice->reason = psprintf("statements filter or sort by %s(), %s",
								  strVal(lfirst(lc)), why);
		rows = lappend(rows, advice);
	}
	return rows;
}

/* Advice against expressions that no index should be made of. */
List *
recommend_refused(const Advisor *advisor)
{
	List	   *rows = NIL;
	List	   *named = NIL;
	ListCell   *lc;

	foreach(lc, advisor->demands)
	{
		const Demand *demand = ((const CandidateDemand *) lfirst(lc))->demand;

		rows = add_refused(rows, demand->relid, demand->refused, &named,
						   "a function of this database: an index on it goes stale if what it returns ever changes, so none is proposed unless allow_functions is set");
		rows = add_refused(rows, demand->relid, demand->mutable, &named,
						   "which is not IMMUTABLE: PostgreSQL makes no index of it");
	}
	return rows;
}

/* Does a statement take enough time to be told of? */
static bool
matters(const Advisor *advisor, const WorkloadStatement *statement)
{
	return statement->total_us >=
		advisor->options.limits.least_share * advisor->total_us;
}

/* Statements that nothing could be advised for, if they matter. */
List *
recommend_unplanned(const Advisor *advisor)
{
	List	   *rows = NIL;
	ListCell   *lc;

	foreach(lc, advisor->statements)
	{
		const WorkloadStatement *statement = lfirst(lc);
		Advice	   *advice;

		if (statement->problem == NULL ||
			!(statement->handed_in || matters(advisor, statement)))
			continue;
		advice = advice_make("skip", InvalidOid, "workload");
		advice->reason = reason_unplanned(advisor, statement);
		if (statement->queryid != 0)
			advice->queryids = recommend_queryid(statement);
		rows = lappend(rows, advice);
	}
	return rows;
}
