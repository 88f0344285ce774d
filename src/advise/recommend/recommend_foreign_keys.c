/*-------------------------------------------------------------------------
 *
 * recommend_foreign_keys.c
 *	  Indexes for foreign keys whose referenced rows get deleted.
 *
 * What reads the referencing table then is no statement of the workload but
 * the server itself.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include <math.h>

#include "catalog/pg_authid.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "advise/indexes/foreign_key.h"
#include "advise/recommend/reason.h"
#include "advise/recommend/recommend_rows.h"
#include "advise/whatif/hypothetical.h"
#include "common/table_lock.h"
#include "settings.h"
#include "store/seqscan.h"

/* Does an index to be built do all that this one would? */
static bool
has_advice_covering(const List *rows, const IndexDefinition *def)
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

/*
 * Deletions of rows of a table and its partitions since the server's
 * statistics began.
 */
static int64
count_deleted(Oid relid)
{
	int64		count = 0;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		count += DatumGetInt64(DirectFunctionCall1(pg_stat_get_tuples_deleted,
												   ObjectIdGetDatum(lfirst_oid(lc))));
	return count;
}

/* The searches of a table that an index would save. */
typedef struct KeySearches
{
	const IndexDefinition *def;
	bool		all_users;		/* may the caller read everybody's? */
	double		us;				/* that they took */
	List	   *queryids;		/* of uint64 *: the statements that searched */
} KeySearches;

/* Did the scan compare the column with a value? */
static bool
is_compared(const SeqScanColumns *columns, AttrNumber attno)
{
	for (int i = 0; i < columns->filters; i++)
		if (columns->filter[i].attnum == attno &&
			columns->filter[i].use == USE_EQUAL)
			return true;
	return false;
}

/* Note a statement that searched, once. */
static void
add_searching_statement(KeySearches *searches, uint64 queryid)
{
	uint64	   *kept;
	ListCell   *lc;

	foreach(lc, searches->queryids)
		if (*(uint64 *) lfirst(lc) == queryid)
		return;
	kept = palloc(sizeof(uint64));
	*kept = queryid;
	searches->queryids = lappend(searches->queryids, kept);
}

/* SeqScanVisitor: adds a scan that looked for the index's keys. */
static void
add_search(const SeqScanKey *key, const SeqScanColumns *columns,
		   const SeqScanCounters *counters, void *arg)
{
	KeySearches *searches = arg;

	if (key->dbid != MyDatabaseId || key->relid != searches->def->relid ||
		(!searches->all_users && key->userid != GetUserId()))
		return;
	for (int i = 0; i < searches->def->nkeys; i++)
		if (!is_compared(columns, searches->def->keys[i].attno))
			return;
	searches->us += counters->total_us;
	add_searching_statement(searches, key->queryid);
}

/*
 * Add to the advice what was seen of the searches that the index would save:
 * the share of the time of all statements that they took, and who searched, so
 * that the scan and its index are one finding.
 */
static void
add_searches(const Advisor *advisor, Advice *advice)
{
	KeySearches searches = {
		.def = advice->def,
		.all_users = has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS)
	};

	seqscan_visit(add_search, &searches);
	advice->queryids = searches.queryids;
	if (searches.us <= 0 || advisor->total_us <= 0)
		return;
	advice->benefit_share = Min(1, searches.us / advisor->total_us);
	advice->reason = psprintf("%s, which takes %.1f%% of the time",
							  advice->reason, 100 * advice->benefit_share);
}

/*
 * Advice to build an index for a foreign key; NULL if its table has fewer rows
 * than clipperf.seqscan_min_rows.
 */
static Advice *
advise_foreign_key(const Advisor *advisor, const UnservedKey *key,
				   int64 deleted, const List *rows)
{
	Advice	   *advice;
	char	   *problem;
	IndexDefinition *def = index_def_as_written(key->def, &problem);
	const WhatIfIndex *index = def == NULL ? NULL :
		hypothetical_index(def, NULL, &problem);

	if (def == NULL ||
		(index != NULL && index->tuples < setting_seqscan_min_rows))
		return NULL;
	if (index != NULL && whatif_refusal(index) != NULL)
	{
		advice = advice_make("skip", def->relid, "catalog");
		advice->reason = reason_refusal(index);
		return advice;
	}
	advice = advice_make("create", def->relid, "catalog");
	recommend_take_definition(advice, def, rows);
	if (index != NULL)
		advice->size_bytes = (int64) index->pages * BLCKSZ;
	advice->reason = psprintf("deleting a row of %s (%lld deleted so far) searches all%s rows of %s for references to it",
							  get_rel_name(key->referenced), (long long) deleted,
							  index == NULL ? "" : psprintf(" %.0f", index->tuples),
							  get_rel_name(key->def->relid));
	add_searches(advisor, advice);
	return advice;
}

/* Append advice on the foreign keys of a locked table to the rows. */
static List *
add_foreign_keys_of(const Advisor *advisor, Oid relid, List *rows)
{
	ListCell   *lc;

	foreach(lc, foreign_keys_unserved(relid))
	{
		const UnservedKey *key = lfirst(lc);
		int64		deleted = count_deleted(key->referenced);
		Advice	   *advice;

		if (deleted > 0 && !has_advice_covering(rows, key->def) &&
			(advice = advise_foreign_key(advisor, key, deleted, rows)) != NULL)
			rows = lappend(rows, advice);
	}
	return rows;
}

/*
 * The tables whose rows are deleted by statements on these tables, directly or by
 * cascades at any depth: these tables themselves first.  Those reached are locked
 * (AccessShareLock) to the end of the transaction; one that is locked by someone
 * else is left out, with what lies behind it.
 */
static List *
follow_cascades(const List *tables)
{
	List	   *reached = list_copy(tables);

	for (int i = 0; i < list_length(reached); i++)
	{
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		foreach(lc, foreign_keys_referencing(list_nth_oid(reached, i), true))
			if (!list_member_oid(reached, lfirst_oid(lc)) &&
				list_length(reached) < table_locks_most() &&
				table_lock_at_once(lfirst_oid(lc)))
			reached = lappend_oid(reached, lfirst_oid(lc));
	}
	return reached;
}

/* list_sort comparator: what takes most time first, then what is not known. */
static int
compare_searches(const ListCell *a, const ListCell *b)
{
	double		one = ((const Advice *) lfirst(a))->benefit_share;
	double		other = ((const Advice *) lfirst(b))->benefit_share;

	if (isnan(one) || isnan(other))
		return isnan(one) - isnan(other);
	return one > other ? -1 : one < other;
}

/*
 * Append advice to serve foreign keys whose referenced rows get deleted,
 * unless what is advised already ("rows") does.  Those of and to the
 * statements' tables are looked at, and those to tables whose rows go with
 * theirs; tables that only refer to these are locked (AccessShareLock) to the
 * end of the transaction, and left out if that would have to wait, or would be
 * too many together with these.
 */
List *
recommend_foreign_keys(const Advisor *advisor, List *rows)
{
	List	   *known = follow_cascades(recommend_tables(advisor));
	int			chosen = list_length(rows);
	List	   *others = NIL;
	int			locked = list_length(known);
	List	   *added;
	ListCell   *lc;

	foreach(lc, known)
		others = list_concat_unique_oid(others,
										foreign_keys_referencing(lfirst_oid(lc),
																 false));
	foreach(lc, known)
		rows = add_foreign_keys_of(advisor, lfirst_oid(lc), rows);
	foreach(lc, list_difference_oid(others, known))
	{
		if (locked >= table_locks_most())
			break;
		if (!table_lock_at_once(lfirst_oid(lc)))
			continue;
		locked++;
		rows = add_foreign_keys_of(advisor, lfirst_oid(lc), rows);
	}
	added = list_copy_tail(rows, chosen);
	list_sort(added, compare_searches);
	return list_concat(list_truncate(rows, chosen), added);
}
