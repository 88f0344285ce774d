/*-------------------------------------------------------------------------
 *
 * recommend_alike.c
 *	  The same index of many tables, as one row.
 *
 * Where each tenant has a schema of its own, an index that is missing is missing
 * in all of them.  Such rows become one, which stands for the others: it has the
 * figures of all, and clipperf_apply() carries them out together.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include <math.h>

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"

#include "advise/indexes/advice.h"

/* So many rows for tables of one name can be read one by one; more are one. */
#define MOST_APART 3

/* Tables of which a row says the names. */
#define TABLES_NAMED 3

/* Advice of one shape. */
typedef struct AdviceShape
{
	uint64		hash;			/* hash key: first */
	List	   *rows;			/* of Advice */
} AdviceShape;

/* The hash of what is to be done, but for the schema; 0 = of no shape. */
static uint64
advice_shape(const Advice *advice)
{
	bool		create = strcmp(advice->action, "create") == 0;
	char	   *shape;

	if (!OidIsValid(advice->relid) || (create && advice->def == NULL) ||
		(!create && strcmp(advice->action, "drop") != 0))
		return 0;
	shape = create ? index_def_shape(advice->def) :
		psprintf("drop %s %s", get_rel_name(advice->relid), advice->index_name);
	return hash_bytes_extended((const unsigned char *) shape, strlen(shape), 0);
}

/* Add a figure of another row to that of the first; NAN is unknown. */
static void
add_figure(double *sum, double figure)
{
	if (!isnan(figure))
		*sum = isnan(*sum) ? figure : *sum + figure;
}

/* The names of the first few of these tables. */
static char *
name_tables(const List *rows)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, rows)
	{
		Oid			relid = ((const Advice *) lfirst(lc))->relid;

		if (foreach_current_index(lc) == TABLES_NAMED)
		{
			appendStringInfoString(&text, ", ...");
			break;
		}
		appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
													get_rel_name(relid)));
	}
	return text.data;
}

/* Let the first of these rows stand for all. */
static void
fold_rows(List *rows)
{
	Advice	   *first = linitial(rows);
	ListCell   *lc;

	for_each_from(lc, rows, 1)
	{
		Advice	   *other = lfirst(lc);

		first->alike = lappend(first->alike, other);
		add_figure(&first->benefit_share, other->benefit_share);
		add_figure(&first->write_cost_share, other->write_cost_share);
		if (first->size_bytes >= 0 && other->size_bytes >= 0)
			first->size_bytes += other->size_bytes;
	}
	first->reason = psprintf("the same in %d tables (%s), all of which clipperf_apply() handles by the id of this row; in the first: %s",
							 list_length(rows), name_tables(rows), first->reason);
}

/*
 * Fold what is the same for more than MOST_APART tables of one name: the first row
 * keeps its place, the others are in its "alike".
 */
List *
recommend_fold_alike(List *rows)
{
	HASHCTL		control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(AdviceShape),
		.hcxt = CurrentMemoryContext
	};
	HTAB	   *shapes = hash_create("clipperf shapes of advice", list_length(rows) + 1,
									 &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, rows)
	{
		uint64		hash = advice_shape(lfirst(lc));
		bool		found;
		AdviceShape *shape = hash_search(shapes, &hash, HASH_ENTER, &found);

		shape->rows = found ? lappend(shape->rows, lfirst(lc)) :
			list_make1(lfirst(lc));
	}
	foreach(lc, rows)
	{
		uint64		hash = advice_shape(lfirst(lc));
		const AdviceShape *shape = hash_search(shapes, &hash, HASH_FIND, NULL);
		bool		folded = hash != 0 && list_length(shape->rows) > MOST_APART;

		if (folded && linitial(shape->rows) != lfirst(lc))
			continue;
		if (folded)
			fold_rows(shape->rows);
		kept = lappend(kept, lfirst(lc));
	}
	hash_destroy(shapes);
	return kept;
}
