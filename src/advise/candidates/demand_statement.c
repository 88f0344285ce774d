/*-------------------------------------------------------------------------
 *
 * demand_statement.c
 *	  What a statement asks of its tables in all its calls.
 *
 * A statement was seen in a few executions.  What it says in each of them need
 * not be what it says in the next one: a constant in its text may be part of the
 * application's code, or a value of that one call.  An index is made of what
 * lasts only.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/demand_statement.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "advise/candidates/demand_collect.h"

/*
 * So many calls, all with the same text, show that its constants are part of
 * the code: a choice.  A value that half of the calls have would be seen alone
 * in so many once in a million times.
 */
#define CONSTANT_CALLS 20

/* The estimate of the number of different texts below which it is one. */
#define ONE_TEXT 1.5

/* How sure it is that the constants in a text are those of all calls. */
typedef enum ConstantProof
{
	CONSTANTS_SEEN_ONCE,		/* one text is known */
	CONSTANTS_AGREE,			/* of several, these agree */
	CONSTANTS_OF_CODE			/* what varies is handed over as parameters,
								 * or nothing varies in many calls */
} ConstantProof;

/* What is known of the constants in a statement's text. */
static ConstantProof
find_constant_proof(const WorkloadStatement *statement)
{
	if (statement->parameterized ||
		(statement->calls >= CONSTANT_CALLS && statement->distinct < ONE_TEXT))
		return CONSTANTS_OF_CODE;
	return list_length(statement->variants) > 1 ? CONSTANTS_AGREE :
		CONSTANTS_SEEN_ONCE;
}

/* ------------------------------------------------------------------------
 * Keys with constants
 * ------------------------------------------------------------------------ */

/* Is the expression a value made of parts that can be asked for? */
static bool
is_container(Node *expr)
{
	Oid			type = getBaseType(exprType(expr));

	return type == JSONOID || type == JSONBOID || type == XMLOID ||
		OidIsValid(get_element_type(type));
}

/*
 * Do the constants among the arguments name a part of the value, as a field of
 * JSON or of a time, rather than being compared with it?
 */
static bool
names_part(Oid function, List *args)
{
	ListCell   *lc;

	switch (function)
	{
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_INTERVAL:
		case F_DATE_PART_TEXT_TIMESTAMP:
		case F_DATE_PART_TEXT_DATE:
		case F_DATE_PART_TEXT_TIME:
		case F_EXTRACT_TEXT_TIMESTAMP:
		case F_EXTRACT_TEXT_DATE:
		case F_EXTRACT_TEXT_TIME:
		case F_TIMEZONE_TEXT_TIMESTAMPTZ:
		case F_TIMEZONE_TEXT_TIMESTAMP:
			return true;
		default:
			break;
	}
	foreach(lc, args)
		if (!IsA(lfirst(lc), Const) && is_container(lfirst(lc)))
		return true;
	return false;
}

/*
 * expression_tree_walker callback: finds a constant; of those that name a part
 * of a value only if the context says so.
 */
static bool
contains_constant(Node *node, void *context)
{
	const bool *all = context;
	List	   *args = NIL;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, Const))
		return true;
	if (IsA(node, FuncExpr) &&
		names_part(((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args))
		args = ((FuncExpr *) node)->args;
	else if (IsA(node, OpExpr) &&
			 names_part(get_opcode(((OpExpr *) node)->opno),
						((OpExpr *) node)->args))
		args = ((OpExpr *) node)->args;
	if (args == NIL || *all)
		return expression_tree_walker(node, contains_constant, context);
	foreach(lc, args)
		if (!IsA(lfirst(lc), Const) && contains_constant(lfirst(lc), context))
		return true;
	return false;
}

/* Are both the same column or expression? */
static bool
is_same_key(const DemandKey *a, const DemandKey *b)
{
	return a->attno == b->attno && equal(a->expr, b->expr);
}

/*
 * May the next call have another constant in the key?  Where one text is known,
 * an equality tells that the constant says what is compared; what is compared
 * otherwise may as well be a distance from the constant.
 */
static bool
may_vary(const DemandKey *key, bool equality, ConstantProof proof)
{
	bool		all = false;

	return proof == CONSTANTS_SEEN_ONCE && !equality &&
		contains_constant(key->expr, &all);
}

/* Does another demand on the table have a filter by the same key? */
static bool
has_filter_key(const Demand *demand, const DemandKey *key)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
		if (is_same_key(&((DemandFilter *) lfirst(lc))->key, key))
		return true;
	return false;
}

/* Does another demand on the table sort by the same key? */
static bool
has_sort_key(const Demand *demand, const DemandKey *key)
{
	ListCell   *lc;

	foreach(lc, demand->sorts)
		if (is_same_key(&((DemandSort *) lfirst(lc))->key, key))
		return true;
	return false;
}

/* Note a key that is given up for its constant. */
static void
note_varying(Demand *demand, const DemandKey *key)
{
	demand->varying = list_append_unique(demand->varying, key->expr);
}

/*
 * Give up the filters and the order whose keys hold a constant that another
 * call may not have: another sample ("other", unless NULL) does not, or too
 * little is known.
 */
static void
drop_varying_keys(Demand *demand, const Demand *other, ConstantProof proof)
{
	bool		all = true;
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		bool		equality = filter->use <= DEMAND_JOIN ||
			filter->use == DEMAND_OPERATOR || filter->use == DEMAND_PREFIX;

		if (may_vary(&filter->key, equality, proof) ||
			(other != NULL && contains_constant(filter->key.expr, &all) &&
			 !has_filter_key(other, &filter->key)))
		{
			note_varying(demand, &filter->key);
			demand->filters = foreach_delete_current(demand->filters, lc);
		}
	}
	foreach(lc, demand->sorts)
	{
		const DemandSort *sort = lfirst(lc);

		if (may_vary(&sort->key, false, proof) ||
			(other != NULL && contains_constant(sort->key.expr, &all) &&
			 !has_sort_key(other, &sort->key)))
		{
			note_varying(demand, &sort->key);
			demand->sorts = list_truncate(demand->sorts,
										  foreach_current_index(lc));
			break;
		}
	}
}

/* ------------------------------------------------------------------------
 * Conditions as predicates
 * ------------------------------------------------------------------------ */

/*
 * Give up the conditions that another sample does not have with the same value:
 * they can be no predicates.
 */
static void
drop_other_literals(Demand *demand, const Demand *other)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		DemandFilter *filter = lfirst(lc);
		bool		shared = false;
		ListCell   *theirs;

		foreach(theirs, other->filters)
			shared |= equal(filter->clause,
							((DemandFilter *) lfirst(theirs))->clause);
		if (!shared)
			filter->clause = NULL;
	}
}

/* Give up all conditions with a value: the next call may have another one. */
static void
drop_value_predicates(Demand *demand)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		DemandFilter *filter = lfirst(lc);

		if (OidIsValid(filter->operator))
			filter->clause = NULL;
	}
}

/*
 * Take over the conditions on the beginning of a string, which is known only
 * with the values at hand.
 */
static void
add_prefix_filters(Demand *demand, const Demand *with_values)
{
	ListCell   *lc;

	foreach(lc, with_values->filters)
	{
		DemandFilter *filter = lfirst(lc);

		if (filter->use != DEMAND_PREFIX)
			continue;
		filter->clause = NULL;
		demand->filters = lappend(demand->filters, filter);
	}
}

/* ------------------------------------------------------------------------
 * All samples together
 * ------------------------------------------------------------------------ */

/*
 * The demand on the same table in another plan of the statement: the nth, where
 * the nth of "demands" is meant.  NULL if there is none.
 */
static Demand *
find_counterpart(const List *demands, const Demand *demand, const List *others)
{
	int			before = 0;
	ListCell   *lc;

	foreach(lc, demands)
	{
		if (lfirst(lc) == demand)
			break;
		if (((Demand *) lfirst(lc))->relid == demand->relid)
			before++;
	}
	foreach(lc, others)
		if (((Demand *) lfirst(lc))->relid == demand->relid && before-- == 0)
		return lfirst(lc);
	return NULL;
}

/* What one sample tells of what is asked in others. */
static void
compare_sample(List *demands, const List *others, ConstantProof proof)
{
	ListCell   *lc;

	foreach(lc, demands)
	{
		Demand	   *demand = lfirst(lc);
		const Demand *other = find_counterpart(demands, demand, others);

		if (other == NULL)
			continue;
		drop_other_literals(demand, other);
		drop_varying_keys(demand, other, proof);
	}
}

/* What the values of a sample tell. */
static void
add_values(List *demands, const List *with_values)
{
	ListCell   *lc;

	foreach(lc, demands)
	{
		const Demand *other = find_counterpart(demands, lfirst(lc), with_values);

		if (other != NULL)
			add_prefix_filters(lfirst(lc), other);
	}
}

/*
 * What a statement asks of its tables in all its calls, as a list of Demand in
 * the current memory context; to be called in its sandbox.  Each variant is
 * planned without values, so that literals can be told from parameters, and with
 * them.  Errors are the planner's.
 */
List *
demand_of_statement(const WorkloadStatement *statement, bool allow_functions)
{
	ConstantProof proof = find_constant_proof(statement);
	List	   *demands = NIL;
	ListCell   *lc;

	foreach(lc, statement->variants)
	{
		const WorkloadVariant *variant = lfirst(lc);
		List	   *generic = demand_collect(variant->queries, variant->text,
											 NULL, allow_functions);

		if (demands == NIL)
			demands = generic;
		else
			compare_sample(demands, generic, proof);
		if (variant->params != NULL)
			add_values(demands, demand_collect(variant->queries, variant->text,
											   variant->params,
											   allow_functions));
	}
	foreach(lc, demands)
	{
		drop_varying_keys(lfirst(lc), NULL, proof);
		if (proof != CONSTANTS_OF_CODE)
			drop_value_predicates(lfirst(lc));
	}
	return demands;
}
