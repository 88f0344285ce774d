/*-------------------------------------------------------------------------
 *
 * candidate_opclass.c
 *	  Operator classes other than the default one of a B-tree.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/candidate_opclass.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* Can an index of the family search by the operator, or order by it? */
static bool
family_knows(Oid family, Oid operator)
{
	return op_in_opfamily(operator, family) ||
		SearchSysCacheExists3(AMOPOPID, ObjectIdGetDatum(operator),
							  CharGetDatum(AMOP_ORDER),
							  ObjectIdGetDatum(family));
}

/*
 * The best operator class of an access method that takes the type and knows the
 * operator: the default one, else that with the lowest OID.  InvalidOid if there
 * is none.
 */
static Oid
find_opclass(Oid am, Oid type, Oid operator)
{
	CatCList   *list = SearchSysCacheList1(CLAAMNAMENSP, ObjectIdGetDatum(am));
	Oid			best = InvalidOid;
	bool		best_is_default = false;

	for (int i = 0; i < list->n_members; i++)
	{
		const FormData_pg_opclass *opclass =
			(Form_pg_opclass) GETSTRUCT(&list->members[i]->tuple);

		if (best_is_default ||
			(opclass->opcintype != type &&
			 !IsBinaryCoercible(type, opclass->opcintype)) ||
			!family_knows(opclass->opcfamily, operator))
			continue;
		if (opclass->opcdefault || !OidIsValid(best) || opclass->oid < best)
			best = opclass->oid;
		best_is_default = opclass->opcdefault;
	}
	ReleaseSysCacheList(list);
	return best;
}

/* An index of one key with this operator class. */
IndexDefinition *
candidate_of_opclass(Oid relid, const DemandKey *key, Oid am, Oid opclass)
{
	IndexDefinition *def = index_def_make(relid, am);

	def->keys[def->nkeys++] = (IndexKey)
	{
		.attno = key->attno,
			.expr = key->expr,
			.type = key->type,
			.collation = key->collation,
			.opclass = opclass,
			.opfamily = get_opclass_family(opclass)
	};
	return def;
}

/* Give a key another operator class. */
void
candidate_use_opclass(IndexKey *key, Oid opclass)
{
	key->opclass = opclass;
	key->opfamily = get_opclass_family(opclass);
}

/*
 * An index of another access method than B-tree that serves the operator, or
 * NULL: GIN before GiST, the default operator class before others.
 */
IndexDefinition *
candidate_for_operator(Oid relid, const DemandKey *key, Oid operator)
{
	static const Oid methods[] = {GIN_AM_OID, GIST_AM_OID};

	for (int i = 0; i < lengthof(methods); i++)
	{
		Oid			opclass = find_opclass(methods[i], key->type, operator);

		if (OidIsValid(opclass))
			return candidate_of_opclass(relid, key, methods[i], opclass);
	}
	return NULL;
}

/*
 * Let a B-tree key of a string type serve LIKE 'x%', unless its collation does
 * so by itself.
 */
void
candidate_use_pattern_opclass(IndexKey *key)
{
	Oid			opclass;

	if (COLLATION_IS_C(key->collation))
		return;
	switch (getBaseType(key->type))
	{
		case TEXTOID:
			opclass = TEXT_BTREE_PATTERN_OPS_OID;
			break;
		case VARCHAROID:
			opclass = VARCHAR_BTREE_PATTERN_OPS_OID;
			break;
		case BPCHAROID:
			opclass = BPCHAR_BTREE_PATTERN_OPS_OID;
			break;
		default:
			return;
	}
	candidate_use_opclass(key, opclass);
}
