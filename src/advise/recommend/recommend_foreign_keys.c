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

#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/indexes/foreign_key.h"
#include "advise/recommend/recommend_rows.h"
#include "advise/whatif/hypothetical.h"
#include "settings.h"

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

/* The names of the indexes advised. */
static List *
advised_names(const List *rows)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, rows)
	{
		const Advice *advice = lfirst(lc);

		if (advice->index_name != NULL)
			names = lappend(names, advice->index_name);
	}
	return names;
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

/*
 * Advice to build an index for a foreign key; NULL if its table has fewer rows
 * than clipperf.seqscan_min_rows.
 */
static Advice *
advise_foreign_key(const UnservedKey *key, int64 deleted, const List *rows)
{
	Advice	   *advice;
	char	   *problem;
	IndexDefinition *def = index_def_as_written(key->def, &problem);
	const WhatIfIndex *index = def == NULL ? NULL :
		hypothetical_index(def, NULL, &problem);

	if (def == NULL ||
		(index != NULL && index->tuples < setting_seqscan_min_rows))
		return NULL;
	advice = advice_make("create", def->relid, "hygiene");
	recommend_take_definition(advice, def, advised_names(rows));
	if (index != NULL)
		advice->size_bytes = (int64) index->pages * BLCKSZ;
	advice->reason = psprintf("each row deleted from %s (%lld so far) has all%s rows of %s searched for those that refer to it",
							  get_rel_name(key->referenced), (long long) deleted,
							  index == NULL ? "" : psprintf(" %.0f", index->tuples),
							  get_rel_name(key->def->relid));
	return advice;
}

/* Append advice on the foreign keys of a locked table to the rows. */
static List *
add_foreign_keys_of(Oid relid, List *rows)
{
	ListCell   *lc;

	foreach(lc, foreign_keys_unserved(relid))
	{
		const UnservedKey *key = lfirst(lc);
		int64		deleted = count_deleted(key->referenced);
		Advice	   *advice;

		if (deleted > 0 && !has_advice_covering(rows, key->def) &&
			(advice = advise_foreign_key(key, deleted, rows)) != NULL)
			rows = lappend(rows, advice);
	}
	return rows;
}

/* Lock a table to the end of the transaction, unless somebody else has it. */
static bool
lock_table(Oid relid)
{
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return false;
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return true;
	UnlockRelationOid(relid, AccessShareLock);
	return false;
}

/*
 * Append advice to serve foreign keys whose referenced rows get deleted,
 * unless what is advised already ("rows") does.  Those of and to the
 * statements' tables are looked at; tables that only refer to these are locked
 * (AccessShareLock) to the end of the transaction, and left out if that would
 * have to wait.
 */
List *
recommend_foreign_keys(const Advisor *advisor, List *rows)
{
	List	   *known = recommend_tables(advisor);
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, known)
		others = list_concat_unique_oid(others,
										foreign_keys_referencing(lfirst_oid(lc)));
	foreach(lc, known)
		rows = add_foreign_keys_of(lfirst_oid(lc), rows);
	foreach(lc, list_difference_oid(others, known))
		if (lock_table(lfirst_oid(lc)))
		rows = add_foreign_keys_of(lfirst_oid(lc), rows);
	return rows;
}
