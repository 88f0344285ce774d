/*-------------------------------------------------------------------------
 *
 * index_def_trust.c
 *	  Would an index run code that its table's owner has no reason to trust?
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "advise/workload/trust.h"

/*
 * A function that building the index or keeping it up to date would run with the
 * rights of the table's owner, or of a partition's, though it belongs neither
 * to that owner nor to a superuser; InvalidOid if there is none.  The table is locked.
 */
Oid
index_def_stranger(const IndexDefinition *def)
{
	List	   *owners = trust_owners(def->relid);
	Oid			found = trust_find_in_expression((Node *) def->predicate, owners);

	if (!OidIsValid(found))
		found = trust_find_in_expression(def->written_predicate, owners);
	for (int i = 0; i < def->nkeys && !OidIsValid(found); i++)
	{
		const IndexKey *key = &def->keys[i];

		found = trust_find_in_expression(key->expr, owners);
		if (!OidIsValid(found))
			found = trust_find_in_expression(key->written, owners);
		if (!OidIsValid(found))
			found = trust_find_in_type(key->type, owners);
		if (!OidIsValid(found))
			found = trust_find_in_opclass(key->opclass, owners);
	}
	return found;
}
