/*-------------------------------------------------------------------------
 *
 * trust.c
 *	  Whose code may run when an index is built and kept.
 *
 * The one judge of it: of candidates, index sets, what is about to be built, and
 * what is handed out as a migration.  A function that belongs to someone
 * trusted is not looked into, whatever it calls: its owner vouches for it.
 *
 * Nothing here runs any code of users.  The catalogs are read; no locks are
 * taken.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/trust.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "common/owner.h"

/* A search for the first thing that is not trusted. */
typedef struct TrustSearch
{
	List	   *owners;			/* roles, OIDs */
	List	   *types;			/* that were searched already, OIDs */
	Oid			function;		/* found; InvalidOid if none */
} TrustSearch;

static bool search_type(Oid type, TrustSearch *search);
static bool search_node(Node *node, void *context);

/*
 * The roles with whose rights an index on the table is built: its owner, and
 * those of its partitions.  A list of OIDs.
 */
List *
trust_owners(Oid relid)
{
	List	   *owners = NIL;
	ListCell   *lc;

	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
		owners = list_append_unique_oid(owners,
										owner_of_relation(lfirst_oid(lc)));
	return owners;
}

/* Is the role a superuser, or the only one of these? */
static bool
is_trusted_role(Oid role, List *owners)
{
	return superuser_arg(role) ||
		(list_length(owners) == 1 && linitial_oid(owners) == role);
}

/*
 * Does the function belong to a superuser, or to all of these roles?  So must
 * the function that tells the planner about it.
 */
static bool
trust_function(Oid function, List *owners)
{
	Oid			support;

	if (function < FirstNormalObjectId)
		return true;
	if (!is_trusted_role(owner_of_function(function), owners))
		return false;
	support = get_func_support(function);
	return support < FirstNormalObjectId ||
		is_trusted_role(owner_of_function(support), owners);
}

/* check_function_callback */
static bool
search_function(Oid function, void *context)
{
	TrustSearch *search = context;

	if (trust_function(function, search->owners))
		return false;
	search->function = function;
	return true;
}

/* Search the conditions of a domain, and the type that it is made of. */
static bool
search_domain(Oid domain, TrustSearch *search)
{
	Relation	catalog = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(domain));
	scan = systable_beginscan(catalog, ConstraintTypidIndexId, true, NULL, 1,
							  &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		condition = heap_getattr(tuple, Anum_pg_constraint_conbin,
											 RelationGetDescr(catalog), &isnull);

		found = !isnull &&
			search_node(stringToNode(TextDatumGetCString(condition)), search);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found || search_type(getBaseType(domain), search);
}

/* Search the functions that a range type brings along. */
static bool
search_range(Oid range, TrustSearch *search)
{
	HeapTuple	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(range));
	FormData_pg_range form;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = *(Form_pg_range) GETSTRUCT(tuple);
	ReleaseSysCache(tuple);
	return (OidIsValid(form.rngcanonical) &&
			search_function(form.rngcanonical, search)) ||
		(OidIsValid(form.rngsubdiff) &&
		 search_function(form.rngsubdiff, search)) ||
		search_type(form.rngsubtype, search);
}

/* Search the types of a composite type's columns. */
static bool
search_composite(Oid type, TrustSearch *search)
{
	TupleDesc	desc = lookup_rowtype_tupdesc_copy(type, -1);

	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped &&
			search_type(TupleDescAttr(desc, i)->atttypid, search))
			return true;
	}
	return false;
}

/* Search what values of a type run when they are made, compared or printed. */
static bool
search_type(Oid type, TrustSearch *search)
{
	Oid			element;

	if (type < FirstNormalObjectId || list_member_oid(search->types, type))
		return false;
	check_stack_depth();
	search->types = lappend_oid(search->types, type);
	element = get_element_type(type);
	if (OidIsValid(element))
		return search_type(element, search);
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			return search_domain(type, search);
		case TYPTYPE_RANGE:
			return search_range(type, search);
		case TYPTYPE_MULTIRANGE:
			return search_type(get_multirange_range(type), search);
		case TYPTYPE_COMPOSITE:
			return search_composite(type, search);
		case TYPTYPE_BASE:
			{
				Oid			input;
				Oid			output;
				Oid			ioparam;
				bool		is_varlena;

				getTypeInputInfo(type, &input, &ioparam);
				getTypeOutputInfo(type, &output, &is_varlena);
				return search_function(input, search) ||
					search_function(output, search);
			}
		default:
			return false;
	}
}

/* An expression_tree_walker callback. */
static bool
search_node(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, search_function, context))
		return true;
	switch (nodeTag(node))
	{
		case T_CoerceToDomain:
		case T_CoerceViaIO:
		case T_ArrayCoerceExpr:
		case T_RowExpr:
		case T_FuncExpr:
		case T_OpExpr:
		case T_Var:
		case T_Const:
			if (search_type(exprType(node), context))
				return true;
			break;
		default:
			break;
	}
	return expression_tree_walker(node, search_node, context);
}

/*
 * A function that an expression runs and that is neither a superuser's nor of all
 * these roles; InvalidOid if there is none.
 */
Oid
trust_find_in_expression(Node *expr, List *owners)
{
	TrustSearch search = {.owners = owners};

	(void) search_node(expr, &search);
	return search.function;
}

/* Such a function that values of a type run. */
Oid
trust_find_in_type(Oid type, List *owners)
{
	TrustSearch search = {.owners = owners};

	(void) search_type(type, &search);
	return search.function;
}

/*
 * Such a function in an operator class's family.  Only superusers make operator
 * classes, but of functions of any role, which may have been replaced.
 */
Oid
trust_find_in_opclass(Oid opclass, List *owners)
{
	TrustSearch search = {.owners = owners};
	CatCList   *members;

	if (opclass < FirstNormalObjectId)
		return InvalidOid;
	members = SearchSysCacheList1(AMPROCNUM,
								  ObjectIdGetDatum(get_opclass_family(opclass)));
	for (int i = 0; i < members->n_members; i++)
	{
		Form_pg_amproc form =
			(Form_pg_amproc) GETSTRUCT(&members->members[i]->tuple);

		if (search_function(form->amproc, &search))
			break;
	}
	ReleaseSysCacheList(members);
	return search.function;
}
