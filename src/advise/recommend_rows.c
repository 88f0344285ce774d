/*-------------------------------------------------------------------------
 *
 * recommend_rows.c
 *	  What an advisor's run comes to, as rows.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend.h"

#include <math.h>

#include "catalog/pg_class.h"
#include "nodes/value.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "advise/reason.h"

/* See recommend.h. */
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
		uint64	   *queryid = palloc(sizeof(uint64));

		*queryid = statement->queryid;
		advice->queryids = lappend(advice->queryids, queryid);
	}
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

/* See recommend.h. */
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

		def->name = index_def_free_name(def, taken);
		taken = lappend(taken, def->name);
		advice->def = def;
		advice->index_name = def->name;
		advice->ddl = index_def_ddl(def, can_build_concurrently(def), false);
		recommend_add_figures(advisor, number, served, advice);
		advice->reason = reason_create(advisor, number, served);
		rows = lappend(rows, advice);
	}
	list_sort(rows, compare_benefit);
	return rows;
}

/* See recommend.h. */
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

/* Is one of the indexes advised as good as this one? */
static bool
is_advised(const List *rows, const IndexDefinition *def)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		const Advice *advice = lfirst(lc);

		if (strcmp(advice->action, "create") == 0 &&
			advice->relid == def->relid && advice->def != NULL &&
			index_def_covers(advice->def, def))
			return true;
	}
	return false;
}

/* Deletions of referenced rows since the server's statistics began. */
static int64
count_deleted(Oid relid)
{
	return DatumGetInt64(DirectFunctionCall1(pg_stat_get_tuples_deleted,
											 ObjectIdGetDatum(relid)));
}

static Advice *
advise_foreign_key(const UnservedKey *key, int64 deleted)
{
	Advice	   *advice = advice_make("create", key->def->relid, "hygiene");
	const WhatIfIndex *index = whatif_index(key->def);

	key->def->name = index_def_free_name(key->def, NIL);
	advice->def = key->def;
	advice->index_name = key->def->name;
	advice->ddl = index_def_ddl(key->def, can_build_concurrently(key->def), false);
	advice->size_bytes = (int64) index->pages * BLCKSZ;
	advice->reason = psprintf("each row deleted from %s (%lld so far) has all of %s searched for rows that refer to it",
							  get_rel_name(key->referenced),
							  (long long) deleted,
							  get_rel_name(key->def->relid));
	return advice;
}

/* See recommend.h. */
List *
recommend_foreign_keys(const Advisor *advisor, List *rows)
{
	List	   *advised = NIL;
	ListCell   *lc;

	foreach(lc, recommend_tables(advisor))
	{
		ListCell   *item;

		foreach(item, candidates_foreign_keys(lfirst_oid(lc)))
		{
			const UnservedKey *key = lfirst(item);
			int64		deleted = count_deleted(key->referenced);

			if (deleted > 0 && !is_advised(rows, key->def))
				advised = lappend(advised, advise_foreign_key(key, deleted));
		}
	}
	return advised;
}

/* See recommend.h. */
List *
recommend_refused(const Advisor *advisor)
{
	List	   *rows = NIL;
	List	   *named = NIL;
	ListCell   *lc;

	foreach(lc, advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);
		ListCell   *function;

		foreach(function, item->demand->refused)
		{
			Advice	   *advice;

			if (list_member(named, lfirst(function)))
				continue;
			named = lappend(named, lfirst(function));
			advice = advice_make("skip", item->demand->relid, "workload");
			advice->reason = psprintf("statements filter or sort by %s(), a function of this database: an index on it goes stale if what it returns ever changes, so none is proposed",
									  strVal(lfirst(function)));
			rows = lappend(rows, advice);
		}
	}
	return rows;
}
