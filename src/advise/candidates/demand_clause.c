/*-------------------------------------------------------------------------
 *
 * demand_clause.c
 *	  What the conditions of a statement ask of one table.
 *
 * A condition has a key, which belongs to the table, and something that it is
 * compared with, which does not.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/demand_clause.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/candidates/demand_support.h"
#include "advise/workload/function_trust.h"
#include "advise/workload/trust.h"

/*
 * Values of a list that may stand in the predicate of an index, at most: a
 * choice.
 */
#define MOST_LISTED	8

/* A copy of an expression of the table as an index on it would hold it. */
Node *
demand_copy(const DemandScope *scope, Node *expr)
{
	Node	   *copy = WITHOUT_NULLING_RELS(copyObject(expr), scope->root);

	ChangeVarNodes(copy, scope->rel->relid, 1, 0);
	return copy;
}

/* The search of an expression for a function that no index may be made of. */
typedef struct RefusalSearch
{
	const List *allowed;		/* OIDs: the users' own that may be in one */
	Oid			found;
} RefusalSearch;

/*
 * check_function_callback: finds a function that is not immutable, or that a
 * user made, whose results may change after all, unless it is allowed by name.
 */
static bool
is_refused_function(Oid function, void *context)
{
	RefusalSearch *search = context;

	if (func_volatile(function) == PROVOLATILE_IMMUTABLE &&
		(function_is_trusted(function) ||
		 list_member_oid(search->allowed, function)))
		return false;
	search->found = function;
	return true;
}

/* expression_tree_walker callback: finds such a function. */
static bool
find_refused_function(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_refused_function, context))
		return true;
	return expression_tree_walker(node, find_refused_function, context);
}

/*
 * Note with the demand the name of a function of the users' of which no index
 * is made, and why; false if it is not one of theirs.
 */
static bool
note_refused_function(Demand *demand, Oid function)
{
	char	   *name = function_full_name(function);
	List	  **names = func_volatile(function) == PROVOLATILE_IMMUTABLE ?
		&demand->refused : &demand->mutable;

	if (function_is_trusted(function))
		return false;
	if (name != NULL)
		*names = list_append_unique(*names, makeString(name));
	return true;
}

/* Note an expression that would be a key if it were immutable. */
static void
note_unstable(DemandScope *scope, Node *expr)
{
	scope->demand->unstable = list_append_unique(scope->demand->unstable,
												 demand_copy(scope, expr));
}

/*
 * May an index hold this expression?  It may use no system column, and only
 * functions as is_refused_function() allows, that are trusted besides.  What stands against it is noted in the demand: a function of
 * the users', or, if it were to be a key, that the expression is not immutable.
 */
static bool
is_indexable_expr(DemandScope *scope, Node *expr, bool key)
{
	RefusalSearch search = {scope->allowed_functions, InvalidOid};
	Bitmapset  *columns = NULL;

	if (contain_subplans(expr) || contain_agg_clause(expr) ||
		contain_window_function(expr) || expression_returns_set(expr))
		return false;
	pull_varattnos(expr, scope->rel->relid, &columns);
	if (bms_next_member(columns, -1) + FirstLowInvalidHeapAttributeNumber <= 0)
		return false;
	if (!find_refused_function(expr, &search))
	{
		search.found = trust_find_in_expression(expr,
												trust_owners(scope->demand->relid));
		if (!OidIsValid(search.found) && !contain_mutable_functions(expr))
			return true;
	}
	if ((!OidIsValid(search.found) ||
		 !note_refused_function(scope->demand, search.found)) && key &&
		contain_mutable_functions(expr))
		note_unstable(scope, expr);
	return false;
}

/* Does the expression use this table, and no other? */
static bool
is_of_table(const DemandScope *scope, Node *expr)
{
	int			relid;

	return bms_get_singleton_member(pull_varnos(scope->root, expr), &relid) &&
		relid == scope->rel->relid;
}

/* The expression below changes of type that change no value. */
static Node *
strip_relabel(Node *expr)
{
	while (expr != NULL && IsA(expr, RelabelType))
		expr = (Node *) ((RelabelType *) expr)->arg;
	return expr;
}

/* The operator family of B-trees on a type, InvalidOid if there is none. */
static Oid
btree_family(Oid type)
{
	Oid			opclass = GetDefaultOpClass(type, BTREE_AM_OID);

	return OidIsValid(opclass) ? get_opclass_family(opclass) : InvalidOid;
}

/*
 * What an index on this expression would hold: what is below changes of type,
 * unless values of that type are compared in another way, as citext is.
 */
static Node *
key_value(Node *expr)
{
	Node	   *value = strip_relabel(expr);

	if (value == expr ||
		btree_family(exprType(value)) == btree_family(exprType(expr)))
		return value;
	return expr;
}

/*
 * Does the expression hold a parameter?  An expression_tree_walker callback.
 */
static bool
contains_param(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, Param) ||
		expression_tree_walker(node, contains_param, context);
}

/*
 * Can this expression be the key of an index on the table?  If so, *key is
 * filled in.  A function that stands against it is named in the demand.
 */
bool
demand_key(DemandScope *scope, Node *expr, Oid collation, DemandKey *key)
{
	if (expr == NULL || !is_of_table(scope, expr))
		return false;
	expr = key_value(expr);
	memset(key, 0, sizeof(DemandKey));
	key->type = exprType(expr);
	key->collation = OidIsValid(collation) ? collation : exprCollation(expr);
	if (!type_is_collatable(key->type))
		key->collation = InvalidOid;
	if (IsA(expr, Var))
	{
		key->attno = ((Var *) expr)->varattno;
		return key->attno > 0 && ((Var *) expr)->varlevelsup == 0;
	}
	if (contains_param(expr, NULL) || !is_indexable_expr(scope, expr, true) ||
		get_typtype(key->type) == TYPTYPE_PSEUDO)
		return false;
	key->expr = demand_copy(scope, expr);
	return true;
}

/* Add a condition on a key to the demand; "arm" if it is one side of an OR. */
static DemandFilter *
add_demand_filter(DemandScope *scope, DemandUse use, const DemandKey *key,
				  Oid operator, bool arm)
{
	DemandFilter *filter = palloc0(sizeof(DemandFilter));

	filter->use = use;
	filter->key = *key;
	filter->operator = operator;
	filter->arm = arm;
	scope->demand->filters = lappend(scope->demand->filters, filter);
	return filter;
}

/* Let the condition be the predicate of an index, if it can. */
static void
offer_as_predicate(DemandScope *scope, DemandFilter *filter, Node *clause)
{
	if (filter->arm || !is_of_table(scope, clause) ||
		contains_param(clause, NULL) ||
		!is_indexable_expr(scope, clause, false))
		return;
	filter->clause = demand_copy(scope, clause);
}

/*
 * Does a LIKE, regular expression or starts-with pattern begin with fixed
 * text?
 */
static bool
has_fixed_prefix(Oid operator, Node *pattern)
{
	Const	   *value = (Const *) strip_relabel(pattern);
	const char *beginning;

	if (value == NULL || !IsA(value, Const) || value->constisnull ||
		(value->consttype != TEXTOID && value->consttype != BPCHAROID &&
		 value->consttype != VARCHAROID))
		return false;
	beginning = TextDatumGetCString(value->constvalue);
	switch (get_oprrest(operator))
	{
		case F_LIKESEL:
			return beginning[0] != '\0' && strchr("%_\\", beginning[0]) == NULL;
		case F_REGEXEQSEL:
			return beginning[0] == '^' && isalnum((unsigned char) beginning[1]);
		case F_PREFIXSEL:
			return beginning[0] != '\0';
		default:
			return false;
	}
}

/* The strategy of an operator in a B-tree on the key, or 0. */
static int
btree_strategy(const DemandKey *key, Oid operator)
{
	Oid			family = btree_family(key->type);

	return OidIsValid(operator) && OidIsValid(family) ?
		get_op_opfamily_strategy(operator, family) : 0;
}

/*
 * What a comparison of the key with "other" asks of a B-tree, or of an index
 * of another kind; "joins" if the other side belongs to another table.
 */
static DemandUse
comparison_use(const DemandKey *key, Oid operator, Node *other, bool joins)
{
	int			strategy = btree_strategy(key, operator);

	if (strategy == BTEqualStrategyNumber)
		return joins ? DEMAND_JOIN : DEMAND_EQUAL;
	if (strategy != 0)
		return DEMAND_RANGE;
	if (btree_strategy(key, get_negator(operator)) == BTEqualStrategyNumber)
		return DEMAND_CONDITION;
	return has_fixed_prefix(operator, other) ? DEMAND_PREFIX : DEMAND_OPERATOR;
}

/*
 * Add the indexes on an argument that the support function of the condition's
 * function can use.
 */
static void
add_supported(DemandScope *scope, Node *clause, int argument,
			  const DemandKey *key, bool arm)
{
	static const Oid methods[] = {BTREE_AM_OID, GIN_AM_OID, GIST_AM_OID};

	for (int i = 0; i < lengthof(methods); i++)
	{
		Oid			opclass = demand_support_opclass(scope->root, scope->rel,
													 clause, argument, key,
													 methods[i]);
		DemandFilter *filter;

		if (!OidIsValid(opclass))
			continue;
		filter = add_demand_filter(scope, DEMAND_SUPPORTED, key, InvalidOid,
								   arm);
		filter->am = methods[i];
		filter->opclass = opclass;
	}
}

/* Add "function(.., key, ..)", if the function has planner support. */
static void
collect_function(DemandScope *scope, FuncExpr *clause, bool arm)
{
	ListCell   *lc;

	if (!OidIsValid(get_func_support(clause->funcid)))
		return;
	foreach(lc, clause->args)
	{
		DemandKey	key;

		if (demand_key(scope, lfirst(lc), clause->inputcollid, &key))
			add_supported(scope, (Node *) clause, foreach_current_index(lc),
						  &key, arm);
	}
}

/* Add "key operator other". */
static void
collect_comparison(DemandScope *scope, OpExpr *clause, bool arm)
{
	Node	   *left = linitial(clause->args);
	Node	   *right = lsecond(clause->args);
	Oid			operator = clause->opno;
	DemandKey	key;
	DemandFilter *filter;
	bool		joins;

	if (!demand_key(scope, left, clause->inputcollid, &key))
	{
		Node	   *swap = left;

		left = right;
		right = swap;
		operator = get_commutator(operator);
		if (!OidIsValid(operator) ||
			!demand_key(scope, left, clause->inputcollid, &key))
			return;
	}
	if (bms_is_member(scope->rel->relid, pull_varnos(scope->root, right)) ||
		contain_volatile_functions(right))
		return;
	joins = !bms_is_empty(pull_varnos(scope->root, right));
	filter = add_demand_filter(scope,
							   comparison_use(&key, operator, right, joins),
							   &key, operator, arm);
	if (filter->use == DEMAND_EQUAL || filter->use == DEMAND_CONDITION)
		offer_as_predicate(scope, filter, (Node *) clause);
	else if (filter->use == DEMAND_OPERATOR)
		add_supported(scope, (Node *) clause,
					  left == linitial(clause->args) ? 0 : 1, &key, arm);
}

/* Is it an array of no more values than a predicate should list? */
static bool
is_short_list(Node *array)
{
	const Const *value = (const Const *) array;
	const ArrayType *list;

	if (!IsA(array, Const) || value->constisnull)
		return false;
	list = DatumGetArrayTypeP(value->constvalue);
	return ArrayGetNItems(ARR_NDIM(list), ARR_DIMS(list)) <= MOST_LISTED;
}

/*
 * Note an array of the table in "value = ANY (array)", if a GIN index on it would
 * serve "array @> ARRAY[value]", which is true of the same rows.
 */
static void
note_elements(DemandScope *scope, ScalarArrayOpExpr *clause)
{
	Node	   *value = linitial(clause->args);
	Oid			family = btree_family(exprType(value));
	DemandKey	key;

	if (!clause->useOr || !OidIsValid(family) ||
		get_op_opfamily_strategy(clause->opno, family) != BTEqualStrategyNumber ||
		bms_is_member(scope->rel->relid, pull_varnos(scope->root, value)) ||
		contain_volatile_functions(value) ||
		!demand_key(scope, lsecond(clause->args), clause->inputcollid, &key) ||
		!OidIsValid(GetDefaultOpClass(key.type, GIN_AM_OID)))
		return;
	scope->demand->elements = list_append_unique(scope->demand->elements,
												 demand_copy(scope, lsecond(clause->args)));
}

/* Add "key = ANY (array)" or "key <> ALL (array)". */
static void
collect_list(DemandScope *scope, ScalarArrayOpExpr *clause, bool arm)
{
	Node	   *array = lsecond(clause->args);
	DemandUse	wanted = clause->useOr ? DEMAND_EQUAL : DEMAND_CONDITION;
	DemandKey	key;
	DemandFilter *filter;

	note_elements(scope, clause);
	if (!demand_key(scope, linitial(clause->args), clause->inputcollid, &key) ||
		!bms_is_empty(pull_varnos(scope->root, array)) ||
		comparison_use(&key, clause->opno, NULL, false) != wanted)
		return;
	filter = add_demand_filter(scope,
							   clause->useOr ? DEMAND_LIST : DEMAND_CONDITION,
							   &key, clause->opno, arm);
	if (is_short_list(array))
		offer_as_predicate(scope, filter, (Node *) clause);
}

/* Add "(a, b) < (x, y)": the first column tells where to begin. */
static void
collect_row_comparison(DemandScope *scope, RowCompareExpr *clause, bool arm)
{
	DemandKey	key;
	List	   *sides[] = {clause->largs, clause->rargs};

	for (int i = 0; i < lengthof(sides); i++)
	{
		if (demand_key(scope, linitial(sides[i]),
					   linitial_oid(clause->inputcollids), &key))
			(void) add_demand_filter(scope, DEMAND_RANGE, &key, InvalidOid, arm);
	}
}

/* Can the column be null at all? */
bool
demand_is_nullable(Oid relid, AttrNumber attno)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
										Int16GetDatum(attno));
	bool		nullable = true;

	if (HeapTupleIsValid(tuple))
	{
		nullable = !((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
		ReleaseSysCache(tuple);
	}
	return nullable;
}

/* Add a test of a boolean column or for null. */
static void
collect_test(DemandScope *scope, Node *arg, Node *clause, bool equal, bool arm)
{
	DemandKey	key;

	if (!demand_key(scope, arg, InvalidOid, &key))
		return;
	if (equal || demand_is_nullable(scope->demand->relid, key.attno))
		offer_as_predicate(scope,
						   add_demand_filter(scope, equal ? DEMAND_EQUAL : DEMAND_CONDITION,
											 &key, InvalidOid, arm),
						   clause);
}

static void collect_condition(DemandScope *scope, Node *clause, bool arm);

/* Each side of an OR can use an index of its own. */
static void
collect_arms(DemandScope *scope, BoolExpr *clause)
{
	ListCell   *lc;

	foreach(lc, clause->args)
	{
		Node	   *arm = lfirst(lc);

		if (is_andclause(arm))
		{
			ListCell   *part;

			foreach(part, ((BoolExpr *) arm)->args)
				collect_condition(scope, lfirst(part), true);
		}
		else
			collect_condition(scope, arm, true);
	}
}

/*
 * Add any condition that concerns the table; "arm" if it is one side of an OR.
 */
static void
collect_condition(DemandScope *scope, Node *clause, bool arm)
{
	check_stack_depth();
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			if (list_length(((OpExpr *) clause)->args) == 2)
				collect_comparison(scope, (OpExpr *) clause, arm);
			break;
		case T_FuncExpr:
			collect_function(scope, (FuncExpr *) clause, arm);
			break;
		case T_ScalarArrayOpExpr:
			collect_list(scope, (ScalarArrayOpExpr *) clause, arm);
			break;
		case T_RowCompareExpr:
			collect_row_comparison(scope, (RowCompareExpr *) clause, arm);
			break;
		case T_NullTest:
			collect_test(scope, (Node *) ((NullTest *) clause)->arg, clause,
						 ((NullTest *) clause)->nulltesttype == IS_NULL, arm);
			break;
		case T_BooleanTest:
			collect_test(scope, (Node *) ((BooleanTest *) clause)->arg, clause,
						 true, arm);
			break;
		case T_Var:
			collect_test(scope, clause, clause, true, arm);
			break;
		case T_BoolExpr:
			/* NOT column, or OR; an AND was split by the planner */
			if (((BoolExpr *) clause)->boolop == NOT_EXPR)
				collect_test(scope, linitial(((BoolExpr *) clause)->args),
							 clause, true, arm);
			else if (((BoolExpr *) clause)->boolop == OR_EXPR && !arm)
				collect_arms(scope, (BoolExpr *) clause);
			break;
		default:
			break;
	}
}

/* Add to the demand what a condition asks for, if it concerns the table. */
void
demand_add_clause(DemandScope *scope, Node *clause)
{
	collect_condition(scope, clause, false);
}

/* Add a column that is compared with one of another table. */
void
demand_add_join(DemandScope *scope, Node *expr, Oid collation)
{
	DemandKey	key;

	if (demand_key(scope, expr, collation, &key))
		(void) add_demand_filter(scope, DEMAND_JOIN, &key, InvalidOid, false);
}

/* Is there an access method that can order by this operator? */
static bool
is_ordering_operator(Oid operator)
{
	CatCList   *list = SearchSysCacheList1(AMOPOPID,
										   ObjectIdGetDatum(operator));
	bool		found = false;

	for (int i = 0; i < list->n_members; i++)
	{
		const FormData_pg_amop *entry =
			(Form_pg_amop) GETSTRUCT(&list->members[i]->tuple);

		found |= entry->amoppurpose == AMOP_ORDER;
	}
	ReleaseSysCacheList(list);
	return found;
}

/*
 * Is the expression the distance of a column from a value, as GiST can order
 * by?  Then add that.
 */
bool
demand_add_distance(DemandScope *scope, Node *expr)
{
	OpExpr	   *distance = (OpExpr *) expr;
	DemandKey	key;

	if (!IsA(expr, OpExpr) || list_length(distance->args) != 2 ||
		!is_ordering_operator(distance->opno))
		return false;
	if (demand_key(scope, linitial(distance->args), distance->inputcollid,
				   &key))
		(void) add_demand_filter(scope, DEMAND_OPERATOR, &key, distance->opno,
								 false);
	return true;
}
