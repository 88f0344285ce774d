/*-------------------------------------------------------------------------
 *
 * foreign_key.c
 *	  Foreign keys and the indexes that serve them on the referencing side.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/foreign_key.h"

#include "access/table.h"
#include "catalog/pg_am.h"
#include "commands/trigger.h"
#include "nodes/primnodes.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* Is it a column of the foreign key? */
static bool
is_key_column(const ForeignKeyCacheInfo *key, AttrNumber attno)
{
	for (int i = 0; i < key->nkeys; i++)
		if (key->conkey[i] == attno)
			return true;
	return false;
}

/*
 * Does the predicate leave out no more than rows that refer to nothing, as
 * their columns are null?
 */
static bool
has_referring_rows(const IndexDefinition *def, const ForeignKeyCacheInfo *key)
{
	ListCell   *lc;

	foreach(lc, def->predicate)
	{
		const NullTest *test = lfirst(lc);

		if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL ||
			!IsA(test->arg, Var) ||
			!is_key_column(key, ((const Var *) test->arg)->varattno))
			return false;
	}
	return true;
}

/* Are its columns the first keys of the index, in any order? */
static bool
serves(const IndexDefinition *def, const ForeignKeyCacheInfo *key)
{
	if (!def->valid || def->nkeys < key->nkeys || !has_referring_rows(def, key) ||
		!(def->am == BTREE_AM_OID || (def->am == HASH_AM_OID && key->nkeys == 1)))
		return false;
	for (int i = 0; i < key->nkeys; i++)
		if (!is_key_column(key, def->keys[i].attno))
			return false;
	return true;
}

/* Does one of these indexes serve the foreign key? */
static bool
is_served(const ForeignKeyCacheInfo *key, const List *existing)
{
	ListCell   *lc;

	foreach(lc, existing)
		if (serves(lfirst(lc), key))
		return true;
	return false;
}

/* Those of a table, as a list of UnservedKey.  The caller has it locked. */
List *
foreign_keys_unserved(Oid relid)
{
	Relation	table = table_open(relid, NoLock);
	List	   *existing = index_def_existing(relid);
	List	   *unserved = NIL;
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(table))
	{
		const ForeignKeyCacheInfo *key = lfirst(lc);
		UnservedKey *item;

		if (is_served(key, existing))
			continue;
		item = palloc(sizeof(UnservedKey));
		item->referenced = key->confrelid;
		item->def = index_def_make(relid, BTREE_AM_OID);
		for (int i = 0; i < key->nkeys; i++)
			index_def_add_column(item->def, key->conkey[i], false, false);
		unserved = lappend(unserved, item);
	}
	table_close(table, NoLock);
	return unserved;
}

/*
 * The tables that refer to one, as a list of OIDs; of partitioned ones the
 * parent.  If "cascading", those whose rows are deleted with the row that they
 * refer to.  The caller has the one locked, and nothing is locked here.
 */
List *
foreign_keys_referencing(Oid relid, bool cascading)
{
	Relation	table = table_open(relid, NoLock);
	const TriggerDesc *triggers = table->trigdesc;
	List	   *relids = NIL;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK &&
			(!cascading || trigger->tgfoid == F_RI_FKEY_CASCADE_DEL) &&
			!get_rel_relispartition(trigger->tgconstrrelid))
			relids = list_append_unique_oid(relids, trigger->tgconstrrelid);
	}
	table_close(table, NoLock);
	return relids;
}

/* Does the index serve a foreign key of its table, which is locked? */
bool
foreign_key_uses(const IndexDefinition *def)
{
	Relation	table = table_open(def->relid, NoLock);
	bool		found = false;
	ListCell   *lc;

	foreach(lc, RelationGetFKeyList(table))
		found = found || serves(def, lfirst(lc));
	table_close(table, NoLock);
	return found;
}
