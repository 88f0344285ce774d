/*-------------------------------------------------------------------------
 *
 * recommend_drops.c
 *	  Existing indexes that nothing would miss.
 *
 * What definitions and counters say of an index is put to the planner: one
 * that the statements observed would miss stays, and that is told.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "catalog/pg_am.h"

#include "advise/indexes/foreign_key.h"
#include "advise/indexes/unneeded.h"
#include "advise/indexes/redundancy.h"
#include "advise/recommend/recommend_rows.h"
#include "advise/select/drop_check.h"
#include "common/relation_size.h"

/*
 * An index is dropped because PostgreSQL can skip over the first key of
 * another one only if no statement costs more than so many times as much.  It
 * is a stricter limit than for other drops, since how well skipping works
 * depends on how many values the first key has, which may grow.
 */
#define MOST_SLOWER_SKIPPING 1.1

/* Advice to drop indexes, in the making. */
typedef struct DropAdvice
{
	Advisor    *advisor;
	List	   *rows;			/* of Advice */
	List	   *hidden;			/* OIDs of the indexes to be dropped so far */
} DropAdvice;

/* Add advice to drop an index, which is taken to be gone from then on. */
static void
add_drop(DropAdvice *drops, Advice *advice)
{
	drops->rows = lappend(drops->rows, advice);
	drops->hidden = whatif_hide(drops->hidden, advice->def->indexoid);
}

/*
 * Add advice to drop an index, as the reason and "when" tell; if the statements
 * would lose by that, advice to keep it.  An invalid index serves nothing, so
 * nothing is asked about it.
 */
static void
add_checked_drop(DropAdvice *drops, Advice *advice, const char *when)
{
	DropCheck	check;

	if (!advice->def->valid)
	{
		advice->reason = psprintf("%s%s", advice->reason, when);
		add_drop(drops, advice);
		return;
	}
	check = drop_check(drops->advisor, advice->def, drops->hidden);
	if (!drop_check_forbids(&check))
	{
		advice->reason = psprintf("%s%s%s", advice->reason, when,
								  drop_check_text(&check));
		add_drop(drops, advice);
		return;
	}
	advice->action = "keep";
	advice->ddl = NULL;
	advice->reason = psprintf("%s, but it should stay%s", advice->reason,
							  drop_check_text(&check));
	drops->rows = lappend(drops->rows, advice);
}

/* Is there advice on this existing index already? */
static bool
has_advice_on(const List *rows, const IndexDefinition *existing)
{
	ListCell   *lc;

	foreach(lc, rows)
		if (((const Advice *) lfirst(lc))->def->indexoid == existing->indexoid)
		return true;
	return false;
}

/* May the index be dropped, as far as its definition tells? */
static bool
may_be_dropped(const DropAdvice *drops, const IndexDefinition *existing)
{
	return redundancy_droppable(existing) && !existing->partitioned &&
		!has_advice_on(drops->rows, existing);
}

/* Advice to drop an existing index. */
static Advice *
make_drop(IndexDefinition *existing, char *reason)
{
	Advice	   *advice = advice_make("drop", existing->relid, "workload");

	advice->def = existing;
	advice->index_name = existing->name;
	advice->ddl = advice_statement(index_def_drop_ddl(existing));
	advice->size_bytes = relation_family_bytes(existing->indexoid);
	advice->reason = reason;
	return advice;
}

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

/* Add the indexes of a table that chosen ones make redundant. */
static void
add_replaced_drops(DropAdvice *drops, List *existing)
{
	ListCell   *lc;

	foreach(lc, existing)
	{
		IndexDefinition *def = lfirst(lc);
		const IndexDefinition *replacement = find_replacement(drops->advisor, def);

		if (replacement != NULL && may_be_dropped(drops, def))
			add_checked_drop(drops, make_drop(def,
											  psprintf("%s, recommended here, serves everything that it serves",
													   replacement->name)),
							 "; drop it once that one is built");
	}
}

/*
 * An index that does all that "def" does if its first key is skipped, or NULL.
 */
static const IndexDefinition *
find_skipping(const DropAdvice *drops, const IndexDefinition *def, List *existing)
{
	ListCell   *lc;

	foreach(lc, existing)
	{
		const IndexDefinition *other = lfirst(lc);
		IndexDefinition *rest;

		if (other == def || other->am != BTREE_AM_OID || other->nkeys < 2 ||
			list_member_oid(drops->hidden, other->indexoid))
			continue;
		rest = index_def_without_key(other, 0);
		rest->unique = false;
		if (index_def_covers(rest, def))
			return other;
	}
	return NULL;
}

/*
 * Add the indexes of a table that another one serves, now that PostgreSQL
 * skips over its first key, if the statements that use them say so.
 */
static void
add_skipped_drops(DropAdvice *drops, List *existing)
{
	ListCell   *lc;

	foreach(lc, existing)
	{
		IndexDefinition *def = lfirst(lc);
		const IndexDefinition *other;
		DropCheck	check;

		if (!may_be_dropped(drops, def) || foreign_key_uses(def) ||
			(other = find_skipping(drops, def, existing)) == NULL)
			continue;
		check = drop_check(drops->advisor, def, drops->hidden);
		if (check.users > 0 && !drop_check_forbids(&check) &&
			check.slower <= MOST_SLOWER_SKIPPING)
			add_drop(drops, make_drop(def,
									  psprintf("PostgreSQL can skip the first key of %s%s",
											   redundancy_describe(other),
											   drop_check_text(&check))));
	}
}

/*
 * Advice to drop existing indexes: those that unneeded_indexes() finds, those
 * that chosen ones replace, and those that others do the work of by skipping a
 * key. The tables of the statements are locked.
 */
List *
recommend_drops(Advisor *advisor, TimestampTz unused_since)
{
	List	   *relids = recommend_tables(advisor);
	DropAdvice	drops = {.advisor = advisor};
	ListCell   *lc;

	foreach(lc, unneeded_indexes(relids, unused_since))
		add_checked_drop(&drops, lfirst(lc), "");
	foreach(lc, relids)
	{
		List	   *existing = index_def_existing(lfirst_oid(lc));

		add_replaced_drops(&drops, existing);
		if (PLANNER_SKIPS_KEYS)
			add_skipped_drops(&drops, existing);
	}
	return drops.rows;
}
