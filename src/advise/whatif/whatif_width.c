/*-------------------------------------------------------------------------
 *
 * whatif_width.c
 *	  Rows that an index would refuse.
 *
 * An access method takes rows up to some size.  If the table holds a larger one
 * the index cannot be built; if one comes later, the statement fails that writes
 * it.  What the widths of the table's sample say of it is put into words here.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/whatif/whatif.h"

#include "catalog/pg_am.h"
#include "commands/defrem.h"
#include "utils/lsyscache.h"

#include "advise/indexes/index_def_width.h"

/* The column that makes its widest row so wide; 0 = an expression. */
AttrNumber
whatif_widest_attno(const WhatIfIndex *index)
{
	const IndexDefinition *def = index->def;
	int			column = index->width.column;

	return column < def->nkeys ? def->keys[column].attno :
		def->included[column - def->nkeys];
}

/* The same for people. */
static char *
widest_name(const WhatIfIndex *index)
{
	AttrNumber	attno = whatif_widest_attno(index);

	return attno == 0 ? pstrdup("an expression") :
		psprintf("column %s", get_attname(index->def->relid, attno, false));
}

/*
 * Why the index would refuse rows that its table holds, as a clause for people;
 * NULL if no row of the sample tells so.
 */
char *
whatif_refusal(const WhatIfIndex *index)
{
	const IndexWidth *width = &index->width;

	if (width->most == 0 || width->widest <= width->most)
		return NULL;
	return psprintf("with values that %s holds now it would have rows of %d bytes, and a %s index takes %d",
					widest_name(index), width->widest,
					get_am_name(index->def->am), width->most);
}

/*
 * Do the types promise that no row is too large?  Of GIN's keys only elements of arrays
 * may be: what it takes out of other types is bounded.
 */
static bool
never_refuses(const WhatIfIndex *index)
{
	const IndexDefinition *def = index->def;

	if (def->am == BTREE_AM_OID)
		return index_def_never_refuses(def);
	return def->am != GIN_AM_OID || index->width.column >= def->nkeys ||
		!OidIsValid(get_base_element_type(def->keys[index->width.column].type));
}

/*
 * Why the index may refuse rows to come, or cannot be built, as a clause for
 * people; NULL if its types rule that out or what is seen is far from it.
 */
char *
whatif_risk(const WhatIfIndex *index)
{
	const IndexWidth *width = &index->width;

	if (never_refuses(index))
		return NULL;
	if (width->widest > BTREE_RISKY_BYTES)
		return psprintf("writes of longer values would fail: with values that %s holds now its rows are of up to %d bytes, and a %s index takes %d",
						widest_name(index), width->widest,
						get_am_name(index->def->am), width->most);
	if (width->unseen)
		return psprintf("if one of its columns has the long values that the table keeps out of line, it cannot be built: a %s index takes rows of %d bytes",
						get_am_name(index->def->am), width->most);
	return NULL;
}
