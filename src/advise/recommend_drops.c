/*-------------------------------------------------------------------------
 *
 * recommend_drops.c
 *	  Existing indexes that nothing would miss.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend.h"

#include "advise/hygiene.h"

/* The chosen index that serves all that an existing one does, or NULL. */
static const IndexDefinition *
find_replacement(const Advisor *advisor, const IndexDefinition *existing)
{
	int			number = -1;

	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
	{
		const IndexDefinition *def = advisor->estimator.indexes[number]->def;

		if (def->relid == existing->relid && index_def_covers(def, existing))
			return def;
	}
	return NULL;
}

static bool
is_dropped_already(const List *rows, const IndexDefinition *existing)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		const Advice *advice = lfirst(lc);

		if (advice->relid == existing->relid &&
			strcmp(advice->index_name, existing->name) == 0)
			return true;
	}
	return false;
}

/* Add the indexes of a table that chosen ones make superfluous. */
static List *
add_replaced(const Advisor *advisor, Oid relid, List *rows)
{
	ListCell   *lc;

	foreach(lc, index_def_existing(relid))
	{
		IndexDefinition *existing = lfirst(lc);
		const IndexDefinition *replacement = find_replacement(advisor, existing);
		Advice	   *advice;

		if (replacement == NULL || existing->partitioned ||
			OidIsValid(existing->parent) ||
			index_def_backs(existing) != NIL ||
			is_dropped_already(rows, existing))
			continue;
		advice = advice_make("drop", relid, "workload");
		advice->def = existing;
		advice->index_name = existing->name;
		advice->ddl = index_def_drop_ddl(existing);
		advice->reason = psprintf("%s, recommended here, serves all that it serves; drop it once that is built",
								  replacement->name);
		rows = lappend(rows, advice);
	}
	return rows;
}

/* See recommend.h. */
List *
recommend_drops(Advisor *advisor, TimestampTz unused_since)
{
	List	   *relids = recommend_tables(advisor);
	List	   *rows = hygiene_check(relids, unused_since);
	ListCell   *lc;

	foreach(lc, relids)
		rows = add_replaced(advisor, lfirst_oid(lc), rows);
	return rows;
}
