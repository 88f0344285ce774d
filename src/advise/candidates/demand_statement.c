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

/*
 * So many, likewise, for a constant within a key, where the next one is likelier
 * to be the same: it rather says what is compared than with what.
 */
#define KEY_CONSTANT_CALLS 4

/* The estimate of the number of different texts below which it is one. */
#define ONE_TEXT 1.5

/* How sure it is that the constants in a text are those of all calls. */
typedef enum ConstantProof
{
	CONSTANTS_SEEN_ONCE,		/* one text is known, of one call or few */
	CONSTANTS_AGREE,			/* of several texts, or some calls of one,
								 * these agree */
	CONSTANTS_OF_CODE			/* what varies is handed over as parameters,
								 * or nothing varies in many calls */
} ConstantProof;

/* What is known of the constants in a statement's text. */
static ConstantProof
find_constant_proof(const WorkloadStatement *statement)
{
	bool		one_text = statement->distinct < ONE_TEXT;

	if (statement->parameterized ||
		(one_text && statement->calls >= CONSTANT_CALLS))
		return CONSTANTS_OF_CODE;
	return list_length(statement->variants) > 1 ||
		(one_text && statement->calls >= KEY_CONSTANT_CALLS) ?
		CONSTANTS_AGREE : CONSTANTS_SEEN_ONCE;
}

/*
 * expression_tree_walker callback: collects the constants that the parser did
 * not find in the text, but in the definition of a view or function.
 */
static bool
collect_stored_constants(Node *node, void *context)
{
	List	  **constants = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_stored_constants,
								 context, 0);
	if (IsA(node, Const) && ((Const *) node)->location < 0)
		*constants = lappend(*constants, node);
	return expression_tree_walker(node, collect_stored_constants, context);
}

/* What decides about the constants of one statement. */
typedef struct ConstantRules
{
	ConstantProof proof;
	List	   *stored;			/* of Const: those of views */
} ConstantRules;

/* Is the constant one of a view's definition? */
static bool
is_stored_constant(const Const *constant, const ConstantRules *rules)
{
	return constant->location < 0 &&
		list_member(rules->stored, constant);
}

/* The search of an expression for constants that the text of a call says. */
typedef struct ConstantSearch
{
	const ConstantRules *rules;
	bool		parts;			/* count those that name a part of a value */
} ConstantSearch;

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
 * expression_tree_walker callback: finds a constant that the text of a call
 * says; of those that name a part of a value only if they count.
 */
static bool
find_said_constant(Node *node, void *context)
{
	const ConstantSearch *search = context;
	List	   *args = NIL;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (IsA(node, Const))
		return !is_stored_constant((Const *) node, search->rules);
	if (IsA(node, FuncExpr) &&
		names_part(((FuncExpr *) node)->funcid, ((FuncExpr *) node)->args))
		args = ((FuncExpr *) node)->args;
	else if (IsA(node, OpExpr) &&
			 names_part(get_opcode(((OpExpr *) node)->opno),
						((OpExpr *) node)->args))
		args = ((OpExpr *) node)->args;
	if (args == NIL || search->parts)
		return expression_tree_walker(node, find_said_constant, context);
	foreach(lc, args)
		if (!IsA(lfirst(lc), Const) && find_said_constant(lfirst(lc), context))
		return true;
	return false;
}

/* Does the expression hold a constant that the text of a call says? */
static bool
says_constant(Node *expr, const ConstantRules *rules, bool parts)
{
	ConstantSearch search = {.rules = rules,.parts = parts};

	return find_said_constant(expr, &search);
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
may_vary(const DemandKey *key, bool equality, const ConstantRules *rules)
{
	return rules->proof == CONSTANTS_SEEN_ONCE && !equality &&
		says_constant(key->expr, rules, false);
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
drop_varying_keys(Demand *demand, const Demand *other,
				  const ConstantRules *rules)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);
		bool		equality = filter->use <= DEMAND_JOIN ||
			(filter->use >= DEMAND_PREFIX && filter->use <= DEMAND_SUPPORTED);

		if (may_vary(&filter->key, equality, rules) ||
			(other != NULL && says_constant(filter->key.expr, rules, true) &&
			 !has_filter_key(other, &filter->key)))
		{
			note_varying(demand, &filter->key);
			demand->filters = foreach_delete_current(demand->filters, lc);
		}
	}
	foreach(lc, demand->sorts)
	{
		const DemandSort *sort = lfirst(lc);

		if (may_vary(&sort->key, false, rules) ||
			(other != NULL && says_constant(sort->key.expr, rules, true) &&
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

/*
 * Give up all conditions with a value that the text says, unless such values
 * last: the next call may have another one.
 */
static void
drop_value_predicates(Demand *demand, const ConstantRules *rules)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		DemandFilter *filter = lfirst(lc);

		filter->of_view = filter->clause != NULL &&
			!says_constant(filter->clause, rules, true);
		if (OidIsValid(filter->operator) && !filter->of_view &&
			rules->proof != CONSTANTS_OF_CODE)
			filter->clause = NULL;
	}
}

/* Is there such a filter already, that a support function asks for? */
static bool
has_supported(const Demand *demand, const DemandFilter *filter)
{
	ListCell   *lc;

	foreach(lc, demand->filters)
	{
		const DemandFilter *other = lfirst(lc);

		if (other->use == DEMAND_SUPPORTED && other->opclass == filter->opclass &&
			is_same_key(&other->key, &filter->key))
			return true;
	}
	return false;
}

/*
 * Take over the conditions on the beginning of a string, and others that a
 * support function understands, which are known only with the values at hand.
 */
static void
add_value_filters(Demand *demand, const Demand *with_values)
{
	ListCell   *lc;

	foreach(lc, with_values->filters)
	{
		DemandFilter *filter = lfirst(lc);

		if (filter->use != DEMAND_PREFIX &&
			(filter->use != DEMAND_SUPPORTED || has_supported(demand, filter)))
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
compare_sample(List *demands, const List *others, const ConstantRules *rules)
{
	ListCell   *lc;

	foreach(lc, demands)
	{
		Demand	   *demand = lfirst(lc);
		const Demand *other = find_counterpart(demands, demand, others);

		if (other == NULL)
			continue;
		drop_other_literals(demand, other);
		drop_varying_keys(demand, other, rules);
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
			add_value_filters(lfirst(lc), other);
	}
}

/*
 * What a statement asks of its tables in all its calls, as a list of Demand in
 * the current memory context; to be called in its sandbox.  Each variant is
 * planned without values, so that literals can be told from parameters, and with
 * them.  Errors are the planner's.
 */
List *
demand_of_statement(const WorkloadStatement *statement, const List *allowed_functions)
{
	ConstantRules rules = {.proof = find_constant_proof(statement)};
	List	   *demands = NIL;
	ListCell   *lc;

	foreach(lc, statement->variants)
	{
		const WorkloadVariant *variant = lfirst(lc);
		List	   *generic = demand_collect(variant->queries, variant->text,
											 NULL, allowed_functions);

		(void) collect_stored_constants((Node *) variant->queries,
										&rules.stored);
		if (demands == NIL)
			demands = generic;
		else
			compare_sample(demands, generic, &rules);
		if (variant->params != NULL)
			add_values(demands, demand_collect(variant->queries, variant->text,
											   variant->params,
											   allowed_functions));
	}
	foreach(lc, demands)
	{
		drop_varying_keys(lfirst(lc), NULL, &rules);
		drop_value_predicates(lfirst(lc), &rules);
	}
	return demands;
}
