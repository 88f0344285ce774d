/*-------------------------------------------------------------------------
 *
 * redundancy.c
 *	  Indexes that another index makes redundant.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/redundancy.h"

#include "catalog/pg_am.h"

#include "common/relation_size.h"

/* May the index be dropped without harm to anything but plans? */
bool
redundancy_droppable(const IndexDefinition *def)
{
	return !def->constraint && !def->primary && !def->exclusion &&
		!def->referenced && !def->replident && !def->clustered &&
		!OidIsValid(def->parent);
}

/* Does "a" come before "b" in the list? */
static bool
precedes(List *all, const IndexDefinition *a, const IndexDefinition *b)
{
	ListCell   *lc;

	foreach(lc, all)
	{
		if (lfirst(lc) == a)
			return true;
		if (lfirst(lc) == b)
			return false;
	}
	return false;
}

/* Of two definitions that do the same, does "a" stay? */
static bool
stays(List *all, const IndexDefinition *a, const IndexDefinition *b)
{
	int64		a_bytes;
	int64		b_bytes;

	if (redundancy_droppable(a) != redundancy_droppable(b))
		return !redundancy_droppable(a);
	if (!OidIsValid(a->indexoid) || !OidIsValid(b->indexoid))
		return precedes(all, a, b);
	a_bytes = relation_family_bytes(a->indexoid);
	b_bytes = relation_family_bytes(b->indexoid);
	if (a_bytes != b_bytes && a_bytes >= 0 && b_bytes >= 0)
		return a_bytes < b_bytes;
	return precedes(all, a, b);
}

/* Does "other" make "def" redundant? */
static bool
replaces(List *all, const IndexDefinition *other, const IndexDefinition *def)
{
	return other != def &&
		index_def_covers(other, def) &&
		(!index_def_covers(def, other) || stays(all, other, def));
}

/*
 * The definition of "all" that does what "def", one of them, does; NULL if
 * there is none or "def" must stay.  Of definitions that do the same, all but
 * one have such a keeper: what must stay, then the smallest, then the first is
 * kept.
 */
const IndexDefinition *
redundancy_keeper(const IndexDefinition *def, List *all)
{
	const IndexDefinition *keeper = NULL;
	ListCell   *lc;

	if (!redundancy_droppable(def))
		return NULL;

	/* one that is replaced itself gives way to what replaces it */
	foreach(lc, all)
	{
		const IndexDefinition *other = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (replaces(all, other, def) &&
			(keeper == NULL || replaces(all, other, keeper)))
			keeper = other;
	}
	return keeper;
}

/* How people call an index: 'unique constraint "x" (a, b)', 'index "y" (a)'. */
char *
redundancy_describe(const IndexDefinition *def)
{
	const char *kind = "index";

	if (def->primary)
		kind = "primary key";
	else if (def->exclusion)
		kind = "exclusion constraint";
	else if (def->constraint)
		kind = "unique constraint";
	else if (def->unique)
		kind = "unique index";
	return psprintf("%s \"%s\" %s", kind, def->name, index_def_keys_text(def));
}

/* Why "def" is not needed beside "keeper", as a sentence without a period. */
char *
redundancy_reason(const IndexDefinition *def, const IndexDefinition *keeper)
{
	if (def->nkeys == keeper->nkeys && index_def_covers(def, keeper))
		return psprintf("it does the same as %s", redundancy_describe(keeper));
	if (def->nkeys == keeper->nkeys)
		return psprintf("%s does everything it does, and more",
						redundancy_describe(keeper));
	return psprintf(def->am == BTREE_AM_OID ? "its keys are the first keys of %s" :
					"its keys are among those of %s",
					redundancy_describe(keeper));
}
