/*-------------------------------------------------------------------------
 *
 * demand_support.c
 *	  Which operator classes a function's planner support can use.
 *
 * A function, or the one behind an operator, may have a support function that
 * turns a condition into one that an index serves: starts_with(a, 'x') into a
 * range of a, ST_DWithin(a, b, 5) into an overlap of boxes.  It is asked here as
 * the planner asks it of an index that is there.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/demand_support.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_opclass.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "parser/parse_coerce.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The function that a condition calls; InvalidOid if it calls none. */
static Oid
called_function(const Node *clause)
{
	if (IsA(clause, FuncExpr))
		return ((const FuncExpr *) clause)->funcid;
	if (IsA(clause, OpExpr))
		return get_opcode(((const OpExpr *) clause)->opno);
	return InvalidOid;
}

/*
 * Does the support function know how to use an index of this family on the
 * argument?  It gets an index with nothing but its table, which is what support
 * functions ask for.
 */
static bool
can_use(Oid support, PlannerInfo *root, RelOptInfo *rel, Node *clause,
		int argument, const DemandKey *key, Oid opfamily)
{
	IndexOptInfo *index = makeNode(IndexOptInfo);
	SupportRequestIndexCondition request = {
		.type = T_SupportRequestIndexCondition,
		.root = root,
		.funcid = called_function(clause),
		.node = clause,
		.indexarg = argument,
		.index = index,
		.indexcol = 0,
		.opfamily = opfamily,
		.indexcollation = key->collation,
		.lossy = true
	};

	index->rel = rel;
	return DatumGetPointer(OidFunctionCall1(support,
											PointerGetDatum(&request))) != NULL;
}

/*
 * An operator class of the access method with which an index on that argument
 * of the function that the condition calls, counted from 0, serves it: the
 * default one, else that with the lowest OID; InvalidOid if there is none.
 */
Oid
demand_support_opclass(PlannerInfo *root, RelOptInfo *rel, Node *clause,
					   int argument, const DemandKey *key, Oid am)
{
	Oid			function = called_function(clause);
	Oid			support = OidIsValid(function) ? get_func_support(function) :
		InvalidOid;
	CatCList   *list;
	Oid			best = InvalidOid;
	bool		best_is_default = false;

	if (!OidIsValid(support))
		return InvalidOid;
	list = SearchSysCacheList1(CLAAMNAMENSP, ObjectIdGetDatum(am));
	for (int i = 0; i < list->n_members && !best_is_default; i++)
	{
		const FormData_pg_opclass *opclass =
			(Form_pg_opclass) GETSTRUCT(&list->members[i]->tuple);

		if (!IsBinaryCoercible(key->type, opclass->opcintype) ||
			(OidIsValid(best) && !opclass->opcdefault && opclass->oid > best) ||
			!can_use(support, root, rel, clause, argument, key,
					 opclass->opcfamily))
			continue;
		best = opclass->oid;
		best_is_default = opclass->opcdefault;
	}
	ReleaseSysCacheList(list);
	return best;
}
