/*-------------------------------------------------------------------------
 *
 * candidate_merge.c
 *	  Indexes that do the work of two candidates.
 *
 * Two indexes that begin alike become one: the keys of the longer, then those
 * that only the shorter has, then what either includes.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/candidate.h"

#include "catalog/pg_am.h"
#include "miscadmin.h"

#include "advise/indexes/index_def_width.h"

/* Merged candidates at most: their number grows with the square. */
#define MOST_MERGED 500

/* Is the column or expression a key, in whatever direction? */
static bool
has_index_key(const IndexDefinition *def, const IndexKey *key)
{
	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno == key->attno &&
			equal(def->keys[i].expr, key->expr))
			return true;
	return false;
}

/*
 * Could one index do the work of both?  It could if both are B-trees on the
 * same table that begin with the same key and have the same predicate.
 */
bool
candidates_are_alike(const IndexDefinition *a, const IndexDefinition *b)
{
	return a->relid == b->relid && a->am == BTREE_AM_OID &&
		b->am == BTREE_AM_OID && equal(a->predicate, b->predicate) &&
		index_def_same_key(&a->keys[0], &b->keys[0]);
}

/* Let an index include a column, unless it is a key. */
static void
include_column(IndexDefinition *def, AttrNumber attno)
{
	IndexKey	key = {.attno = attno};

	if (!has_index_key(def, &key) && def->nkeys + def->nincluded < INDEX_DEF_KEYS)
		index_def_include(def, attno);
}

/*
 * One index for two; NULL if it would have too many keys, or might refuse a row
 * for what it includes.  Behind keys that its statement does not compare an
 * expression finds no rows: what an index of its own does, this one would not.
 */
static IndexDefinition *
merge_definitions(const IndexDefinition *a, const IndexDefinition *b)
{
	const IndexDefinition *longer = a->nkeys >= b->nkeys ? a : b;
	const IndexDefinition *shorter = longer == a ? b : a;
	IndexDefinition *merged = palloc(sizeof(IndexDefinition));

	*merged = *longer;
	merged->nincluded = 0;
	for (int i = 0; i < shorter->nkeys; i++)
	{
		if (has_index_key(merged, &shorter->keys[i]))
			continue;
		if (merged->nkeys == CANDIDATE_KEYS || shorter->keys[i].expr != NULL)
			return NULL;
		merged->keys[merged->nkeys++] = shorter->keys[i];
	}
	for (int i = 0; i < longer->nincluded; i++)
		include_column(merged, longer->included[i]);
	for (int i = 0; i < shorter->nincluded; i++)
		include_column(merged, shorter->included[i]);
	return index_def_includes_safely(merged) ? merged : NULL;
}

/*
 * Indexes that do the work of two of the candidates whose numbers are in
 * "kept", as a list of Candidate: none that is a candidate already or cannot be
 * written, MOST_MERGED at most.
 */
List *
candidates_merge(List *candidates, const Bitmapset *kept)
{
	List	   *merged = NIL;
	int			i = -1;

	while ((i = bms_next_member(kept, i)) >= 0)
	{
		const Candidate *one = list_nth(candidates, i);
		int			j = i;

		CHECK_FOR_INTERRUPTS();
		while ((j = bms_next_member(kept, j)) >= 0 &&
			   list_length(merged) < MOST_MERGED)
		{
			const Candidate *other = list_nth(candidates, j);
			IndexDefinition *def;
			Candidate  *candidate;

			if (!candidates_are_alike(one->def, other->def) ||
				(def = merge_definitions(one->def, other->def)) == NULL)
				continue;
			candidate = palloc0(sizeof(Candidate));
			candidate->hash = index_def_hash(def);
			if (candidate_find(candidates, def, candidate->hash) != NULL ||
				candidate_find(merged, def, candidate->hash) != NULL)
				continue;
			candidate->def = index_def_as_written(def, &candidate->problem);
			if (candidate->def == NULL)
				continue;
			candidate->statements = bms_union(one->statements,
											  other->statements);
			merged = lappend(merged, candidate);
		}
	}
	return merged;
}
