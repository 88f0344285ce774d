/*-------------------------------------------------------------------------
 *
 * candidate_filler.c
 *	  The key of an index that is made for its predicate.
 *
 * Of the few rows that are not null in a column, a partial index has the addresses,
 * whatever its key is.  The column itself is no good key where its type does not bound
 * its values: the index would refuse the long ones.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/candidate_filler.h"

#include "access/table.h"
#include "catalog/pg_am.h"
#include "commands/defrem.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "advise/indexes/index_def_width.h"

/* Can the column be a key that a B-tree never refuses? */
static bool
is_filler(Oid relid, AttrNumber attno)
{
	Oid			type = attno > 0 ? get_atttype(relid, attno) : InvalidOid;
	IndexDefinition *def;
	bool		safe;

	if (!OidIsValid(type) || !OidIsValid(GetDefaultOpClass(type, BTREE_AM_OID)))
		return false;
	def = index_def_make(relid, BTREE_AM_OID);
	index_def_add_column(def, attno, false, false);
	safe = index_def_never_refuses(def);
	pfree(def);
	return safe;
}

/*
 * A column that is as good a key as any, of a table with these indexes (a list of
 * IndexDefinition): the first one of the primary key, which changes least, or the first
 * that can be one; 0 if there is none.  The caller has locked the table.
 */
AttrNumber
candidate_filler(Oid relid, const List *existing)
{
	Relation	table;
	int			natts;
	ListCell   *lc;

	foreach(lc, existing)
	{
		const IndexDefinition *def = lfirst(lc);

		if (def->primary && is_filler(relid, def->keys[0].attno))
			return def->keys[0].attno;
	}
	table = table_open(relid, NoLock);
	natts = RelationGetNumberOfAttributes(table);
	table_close(table, NoLock);
	for (AttrNumber attno = 1; attno <= natts; attno++)
		if (is_filler(relid, attno))
			return attno;
	return 0;
}
