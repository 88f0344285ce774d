/*-------------------------------------------------------------------------
 *
 * comparison.c
 *	  Which columns a statement compares with parameters and literals.
 *
 * A search of its own rather than the server's generic one: it runs for every
 * statement that is parsed, and goes only where a comparison can be.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/comparison.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "profile/statement/key_column.h"
#include "profile/statement/operand.h"
#include "profile/statement/value.h"

/* Arrays that hold all elements of another, that are held, that share some. */
#define ARRAY_CONTAINS	2751
#define ARRAY_CONTAINED	2752
#define ARRAY_OVERLAPS	2750

/* A jsonb document that holds another. */
#define JSONB_CONTAINS	3246

/* Operators that are an equality without asking the catalogs. */
#define INT48_EQUAL		15
#define INT2_EQUAL		94
#define INT8_EQUAL		410
#define OID_EQUAL		607
#define UUID_EQUAL		2972

typedef struct ComparisonSearch
{
	Comparisons *found;
	Query	   *query;			/* the one whose conditions are read */
	int			list;			/* number of the list we are in, 0 = none */
	int			in_list;		/* values of it so far */
	int			list_length;	/* .. and all of them, if it is of IN; else 0 */
} ComparisonSearch;

static void walk_query(Query *query, ComparisonSearch *search);
static void walk_condition(Node *node, ComparisonSearch *search);
static bool walk_sublinks(Node *node, void *search);

/* The table's column behind a Var; InvalidOid if it is none. */
static void
find_compared_column(Query *query, Var *var, Oid *relid, int16 *attno)
{
	RangeTblEntry *entry;

	*relid = InvalidOid;
	*attno = 0;
	if (var->varlevelsup != 0 || var->varattno <= 0)
		return;
	entry = rt_fetch(var->varno, query->rtable);
	if (entry->rtekind == RTE_RELATION)
	{
		*relid = entry->relid;
		*attno = var->varattno;
	}
	else if (entry->rtekind == RTE_SUBQUERY)
	{
		TargetEntry *target = get_tle_by_resno(entry->subquery->targetList,
											   var->varattno);

		if (target != NULL)
		{
			*relid = target->resorigtbl;
			*attno = target->resorigcol;
		}
	}
	else if (entry->rtekind == RTE_JOIN &&
			 var->varattno <= list_length(entry->joinaliasvars))
	{
		Node	   *alias = operand_strip(list_nth(entry->joinaliasvars,
												   var->varattno - 1));

		if (alias != NULL && IsA(alias, Var))
			find_compared_column(query, (Var *) alias, relid, attno);
	}
}

/* What stands in column "number" of VALUES with a single row, or NULL. */
static Node *
single_value(const RangeTblEntry *entry, int number)
{
	List	   *row = linitial(entry->values_lists);

	return list_length(entry->values_lists) == 1 &&
		number <= list_length(row) ? list_nth(row, number - 1) : NULL;
}

/*
 * The parameter or literal that a column of a sub-query, or of VALUES with a
 * single row, stands for; else the expression itself.
 */
static Node *
value_behind(Query *query, Node *expression)
{
	Node	   *node = expression;

	while (node != NULL && IsA(node, Var) &&
		   ((Var *) node)->varlevelsup == 0 && ((Var *) node)->varattno > 0)
	{
		int			number = ((Var *) node)->varattno;
		RangeTblEntry *entry = rt_fetch(((Var *) node)->varno, query->rtable);
		TargetEntry *target = NULL;

		if (entry->rtekind == RTE_VALUES)
			node = operand_strip(single_value(entry, number));
		else
		{
			if (entry->rtekind == RTE_SUBQUERY)
				target = get_tle_by_resno(entry->subquery->targetList, number);
			query = entry->subquery;
			node = target != NULL ? operand_strip((Node *) target->expr) : NULL;
		}
	}
	return node != NULL && (IsA(node, Param) || IsA(node, Const)) ?
		node : expression;
}

/* May a column hold keys of something? */
static bool
may_hold_keys(Oid relid, int16 attno)
{
	KeyColumn	key = key_column_find(relid, attno);

	return key.is_key || key.is_named || get_atttype(relid, attno) == UUIDOID;
}

/*
 * Room for one more comparison with such a column.  When all is taken, a column
 * that may hold keys takes that of one that does not; NULL if there is none.
 */
static Comparison *
find_room(Comparisons *found, Oid relid, int16 attno)
{
	if (likely(found->count < COMPARISONS))
		return &found->items[found->count++];
	if (!may_hold_keys(relid, attno))
		return NULL;
	for (int i = 0; i < COMPARISONS; i++)
	{
		Comparison *item = &found->items[i];

		if (!may_hold_keys(item->relid, item->attno))
			return item;
	}
	return NULL;
}

/* The array and the subscript of "array[subscript]", both of them parameters; else false. */
static bool
is_subscripted(const Node *node, const Param **array, const Param **subscript)
{
	const SubscriptingRef *element = (const SubscriptingRef *) node;

	if (!IsA(node, SubscriptingRef) || element->refassgnexpr != NULL ||
		element->reflowerindexpr != NIL || list_length(element->refupperindexpr) != 1)
		return false;
	*array = (const Param *) element->refexpr;
	*subscript = linitial(element->refupperindexpr);
	return *array != NULL && IsA(*array, Param) && (*array)->paramkind == PARAM_EXTERN &&
		*subscript != NULL && IsA(*subscript, Param) && (*subscript)->paramkind == PARAM_EXTERN;
}

/* Keep a comparison with an element of an array, which is no value of a list. */
static void
add_subscripted(Oid relid, int16 attno, const Param *array, const Param *subscript,
				ComparisonSearch *search)
{
	Comparison *item = find_room(search->found, relid, attno);

	if (item == NULL)
		return;
	*item = (Comparison)
	{
		.relid = relid,.attno = attno,.parameter = array->paramid,.is_array = true,
			.subscript = subscript->paramid,.location = array->location,
			.type = get_element_type(array->paramtype)
	};
}

/*
 * Keep a comparison of a column with a value, if it is one; NULL if it is not
 * kept.
 */
static Comparison *
add_value_comparison(Oid relid, int16 attno, Node *value, ComparisonSearch *search)
{
	Comparisons *found = search->found;
	Comparison *item;

	value = operand_strip(value);
	if (value == NULL)
		return NULL;
	found->has_literals |= IsA(value, Const);
	if (search->list != 0 && search->in_list >= COMPARISONS_IN_LIST)
		return NULL;
	if (IsA(value, Param))
	{
		if (castNode(Param, value)->paramkind != PARAM_EXTERN)
			return NULL;
	}
	else if (!IsA(value, Const))
		return NULL;
	else if (castNode(Const, value)->constisnull)
	{
		found->has_nulls = true;
		return NULL;
	}

	item = find_room(found, relid, attno);
	if (item == NULL)
		return NULL;
	item->relid = relid;
	item->attno = attno;
	item->list = search->list;
	item->list_length = search->list_length;
	item->is_array = false;
	item->subscript = 0;
	if (IsA(value, Param))
	{
		item->parameter = castNode(Param, value)->paramid;
		item->type = castNode(Param, value)->paramtype;
		item->location = castNode(Param, value)->location;
		item->literal = NULL;
	}
	else
	{
		item->parameter = 0;
		item->type = castNode(Const, value)->consttype;
		item->location = castNode(Const, value)->location;
		item->literal = (Const *) value;
	}
	search->in_list++;
	return item;
}

/* Is this operator an equality? */
static bool
is_equality_operator(Oid operator, Node *left)
{
	switch (operator)
	{
		case INT48_EQUAL:
		case INT2_EQUAL:
		case UUID_EQUAL:
		case Int4EqualOperator:
		case INT8_EQUAL:
		case TextEqualOperator:
		case BpcharEqualOperator:
		case OID_EQUAL:
			return true;
		default:
			return op_hashjoinable(operator, exprType(left)) ||
				op_mergejoinable(operator, exprType(left));
	}
}

/* Sub-queries that the operands of a comparison hold. */
static void
walk_operands(OpExpr *expression, ComparisonSearch *search)
{
	if (search->query->hasSubLinks)
		(void) walk_sublinks((Node *) expression->args, search);
}

/* Is it a value that stands in the statement? */
static inline bool
is_value(const Node *node)
{
	return IsA(node, Param) || IsA(node, Const);
}

/* Does an expression read a text or document out of one column, as data->>'id' does? */
static bool
reads_column(const Node *node)
{
	const OpExpr *expression = (const OpExpr *) node;
	Node	   *operand;

	if (!IsA(node, OpExpr) || list_length(expression->args) != 2 ||
		!IsA(lsecond(expression->args), Const) ||
		(expression->opresulttype != TEXTOID && expression->opresulttype != JSONBOID))
		return false;
	operand = operand_strip(linitial(expression->args));
	return operand != NULL && IsA(operand, Var);
}

/* What a function of one text makes another text of, such as lower(); NULL if it is none. */
static Node *
text_changed(Node *node)
{
	FuncExpr   *function = (FuncExpr *) node;
	Oid			type;

	if (!IsA(node, FuncExpr) || list_length(function->args) != 1)
		return NULL;
	type = exprType(linitial(function->args));
	return function->funcresulttype == type &&
		value_kind(type) == VALUE_TEXT ? operand_strip(linitial(function->args)) : NULL;
}

/*
 * "lower(column) = value" or "lower(column) = lower(value)", either way round: a
 * comparison with the column, as long as the values need no change.  False if it is
 * something else.
 */
static bool
walk_changed(const OpExpr *expression, Node *left, Node *right, ComparisonSearch *search)
{
	Node	   *one = text_changed(left);
	Node	   *other = text_changed(right);
	Node	   *column = one != NULL && IsA(one, Var) ? one : other;
	Node	   *value = column == one ? (other != NULL ? other : right) :
		(one != NULL ? one : left);
	Oid			relid;
	int16		attno;

	if (column == NULL || !IsA(column, Var) || !is_value(value) ||
		!is_equality_operator(expression->opno, linitial(expression->args)))
		return false;
	find_compared_column(search->query, (Var *) column, &relid, &attno);
	(void) add_value_comparison(relid, attno, value, search);
	return true;
}

/*
 * "expression = value" either way round, where a text is read out of a column, or
 * changed.  What the values are keys of is not known where it is read out of one.
 */
static void
walk_computed(OpExpr *expression, Node *left, Node *right, ComparisonSearch *search)
{
	Node	   *computed = is_value(left) ? right : left;
	Node	   *value = is_value(left) ? left : right;

	if (walk_changed(expression, left, right, search))
		return;
	if (is_value(value) && reads_column(computed) &&
		is_equality_operator(expression->opno, linitial(expression->args)))
		(void) add_value_comparison(InvalidOid, 0, value, search);
	else
		walk_operands(expression, search);
}

/*
 * "column @> ARRAY[value]", whose column is an array: values are compared with its
 * elements.
 */
static void
walk_elements(OpExpr *expression, Var *column, Node *array, ComparisonSearch *search)
{
	Oid			relid;
	int16		attno;

	if (!IsA(array, ArrayExpr) ||
		list_length(castNode(ArrayExpr, array)->elements) != 1 ||
		(expression->opno != ARRAY_CONTAINS &&
		 expression->opno != ARRAY_CONTAINED && expression->opno != ARRAY_OVERLAPS))
	{
		walk_operands(expression, search);
		return;
	}
	find_compared_column(search->query, column, &relid, &attno);
	(void) add_value_comparison(relid, attno,
								linitial(castNode(ArrayExpr, array)->elements), search);
}

/* "column = value" either way round, "column @> value" of jsonb. */
static void
walk_operator(OpExpr *expression, ComparisonSearch *search)
{
	Node	   *left;
	Node	   *right;
	const Param *array;
	const Param *subscript;
	Oid			relid;
	int16		attno;

	if (list_length(expression->args) != 2)
		return;
	left = operand_strip(linitial(expression->args));
	right = operand_strip(lsecond(expression->args));
	if (left == NULL || right == NULL)
		return;
	if (IsA(left, Var) && IsA(right, Var))
	{
		left = value_behind(search->query, left);
		right = value_behind(search->query, right);
	}
	if (IsA(right, Var))
	{
		Node	   *other = left;

		left = right;
		right = other;
	}
	if (!IsA(left, Var))
		walk_computed(expression, left, right, search);
	else if (is_subscripted(right, &array, &subscript))
	{
		find_compared_column(search->query, (Var *) left, &relid, &attno);
		if (search->list == 0 &&
			is_equality_operator(expression->opno, linitial(expression->args)))
			add_subscripted(relid, attno, array, subscript, search);
	}
	else if (!IsA(right, Const) && !IsA(right, Param))
		walk_elements(expression, (Var *) left, right, search);
	else if (is_equality_operator(expression->opno, linitial(expression->args)) ||
			 expression->opno == JSONB_CONTAINS)
	{
		find_compared_column(search->query, (Var *) left, &relid, &attno);
		(void) add_value_comparison(relid, attno, right, search);
	}
}

/* Enter a list of alternatives; what was before is returned for leave_list. */
static int
enter_list(ComparisonSearch *search)
{
	int			before = search->list;

	if (before == 0)
	{
		search->list = ++search->found->lists;
		search->in_list = 0;
	}
	return before;
}

/* "column = ANY (array)" */
static void
add_array(Oid relid, int16 attno, Node *array, ComparisonSearch *search)
{
	Comparisons *found = search->found;
	Comparison *item = add_value_comparison(relid, attno, array, search);

	if (item == NULL)
		return;
	item->is_array = true;
	item->type = get_element_type(item->type);
	if (!OidIsValid(item->type))
		*item = found->items[--found->count];	/* it becomes an array by a
												 * conversion only */
}

/* "column IN (values)" */
static void
add_list_comparisons(Oid relid, int16 attno, List *values, ComparisonSearch *search)
{
	int			before = enter_list(search);
	ListCell   *cell;

	search->found->has_list = true;
	search->list_length = before == 0 ? Min(list_length(values), PG_UINT16_MAX) : 0;
	foreach(cell, values)
		(void) add_value_comparison(relid, attno, lfirst(cell), search);
	search->list = before;
	search->list_length = 0;
}

/* "column = ANY (..)", which "column IN (..)" is as well. */
static void
walk_in(ScalarArrayOpExpr *expression, ComparisonSearch *search)
{
	Node	   *left = operand_strip(linitial(expression->args));
	Node	   *right = operand_strip(lsecond(expression->args));
	Oid			relid;
	int16		attno;

	if (!expression->useOr || left == NULL || right == NULL ||
		!(IsA(left, Var) || (is_value(left) && IsA(right, Var))) ||
		!is_equality_operator(expression->opno, linitial(expression->args)))
		return;
	if (!IsA(left, Var))
	{
		/* "value = ANY (column)" */
		find_compared_column(search->query, (Var *) right, &relid, &attno);
		(void) add_value_comparison(relid, attno, left, search);
		return;
	}
	find_compared_column(search->query, (Var *) left, &relid, &attno);
	if (IsA(right, ArrayExpr))
		add_list_comparisons(relid, attno, castNode(ArrayExpr, right)->elements, search);
	else
		add_array(relid, attno, right, search);
}

/* Is this operator such a comparison in the order of some type, by its btree strategy? */
static bool
has_strategy(Oid operator, int strategy)
{
	ListCell   *cell;

	foreach(cell, OP_INTERPRETATIONS(operator))
	{
		if (OP_STRATEGY(lfirst(cell)) == strategy)
			return true;
	}
	return false;
}

/*
 * "column BETWEEN value AND value", which is "column >= value AND column <= value": an
 * equality where both values are the same.  Reads the values that stand in the text
 * when the statement is analysed first.
 */
static void
walk_between(OpExpr *lower, OpExpr *upper, ComparisonSearch *search)
{
	Node	   *column;
	Node	   *value;
	Oid			relid;
	int16		attno;

	if (list_length(lower->args) != 2 || list_length(upper->args) != 2)
		return;
	column = operand_strip(linitial(lower->args));
	value = operand_strip(lsecond(lower->args));
	if (column == NULL || value == NULL || !IsA(column, Var) || !is_value(value) ||
		!equal(column, operand_strip(linitial(upper->args))) ||
		!equal(value, operand_strip(lsecond(upper->args))) ||
		!has_strategy(lower->opno, BTGreaterEqualStrategyNumber) ||
		!has_strategy(upper->opno, BTLessEqualStrategyNumber))
		return;
	find_compared_column(search->query, (Var *) column, &relid, &attno);
	(void) add_value_comparison(relid, attno, value, search);
}

/* AND, OR; under NOT there are only sub-queries of interest. */
static void
walk_boolean(BoolExpr *expression, ComparisonSearch *search)
{
	int			before = search->list;
	Node	   *last = NULL;
	ListCell   *cell;

	if (expression->boolop == OR_EXPR)
	{
		search->found->has_list = true;
		before = enter_list(search);
	}
	foreach(cell, expression->args)
	{
		Node	   *argument = lfirst(cell);

		if (expression->boolop == AND_EXPR && last != NULL && IsA(last, OpExpr) &&
			IsA(argument, OpExpr))
			walk_between((OpExpr *) last, (OpExpr *) argument, search);
		last = argument;
		if (expression->boolop != NOT_EXPR || IsA(argument, SubLink))
			walk_condition(argument, search);
		else if (IsA(argument, DistinctExpr))	/* IS NOT DISTINCT FROM */
			walk_operator((OpExpr *) argument, search);
	}
	search->list = before;
}

/* The tables and joins that rows come from, and what they must fulfil. */
static void
walk_from(FromExpr *from, ComparisonSearch *search)
{
	ListCell   *cell;

	foreach(cell, from->fromlist)
	{
		if (!IsA(lfirst(cell), RangeTblRef))
			walk_condition(lfirst(cell), search);
	}
	if (from->quals != NULL)
		walk_condition(from->quals, search);
}

/* A condition made of others. */
static void
walk_compound(Node *node, ComparisonSearch *search)
{
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_List:
			{
				ListCell   *cell;

				foreach(cell, (List *) node)
					walk_condition(lfirst(cell), search);
				break;
			}
		case T_BoolExpr:
			walk_boolean((BoolExpr *) node, search);
			break;
		case T_SubLink:
			walk_query(castNode(Query, ((SubLink *) node)->subselect), search);
			break;
		case T_FromExpr:
			walk_from((FromExpr *) node, search);
			break;
		case T_JoinExpr:
			walk_condition(((JoinExpr *) node)->larg, search);
			walk_condition(((JoinExpr *) node)->rarg, search);
			walk_condition(((JoinExpr *) node)->quals, search);
			break;
		default:
			break;
	}
}

/* A condition that a row must fulfil. */
static void
walk_condition(Node *node, ComparisonSearch *search)
{
	if (node == NULL)
		return;
	if (IsA(node, OpExpr))
		walk_operator((OpExpr *) node, search);
	else if (IsA(node, ScalarArrayOpExpr))
		walk_in((ScalarArrayOpExpr *) node, search);
	else
		walk_compound(node, search);
}

/* Sub-queries in the select list; an expression_tree_walker callback. */
static bool
walk_sublinks(Node *node, void *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
	{
		walk_condition(node, search);
		return false;
	}
	return expression_tree_walker(node, walk_sublinks, search);
}

/* The values a single new row is made of; of many, those that may be keys. */
static void
walk_insert(Query *query, ComparisonSearch *search)
{
	Oid			relid = rt_fetch(query->resultRelation, query->rtable)->relid;
	bool		is_wide = list_length(query->targetList) > COMPARISONS;
	ListCell   *cell;

	foreach(cell, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		Node	   *value = operand_strip((Node *) entry->expr);

		if (value != NULL && IsA(value, Var))
			value = value_behind(query, value);
		search->found->has_literals |= value != NULL && IsA(value, Const);
		if (!is_wide || may_hold_keys(relid, entry->resno))
			(void) add_value_comparison(relid, entry->resno, value, search);
	}
}

/* What a query compares by itself. */
static inline void
walk_level(Query *query, ComparisonSearch *search)
{
	search->query = query;
	if (query->commandType == CMD_INSERT)
		walk_insert(query, search);
	walk_from(query->jointree, search);
	walk_condition(MERGE_CONDITION(query), search);
}

/*
 * Is it a function whose query the planner takes into the statement that calls it, as
 * inline_set_returning_function() does?  It never runs as a statement of its own.
 */
static bool
is_taken_in(Oid function)
{
	HeapTuple	tuple = function < FirstNormalObjectId ? NULL :
		SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		taken_in;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	taken_in = form->prolang == SQLlanguageId && form->proretset &&
		form->provolatile != PROVOLATILE_VOLATILE && !form->proisstrict &&
		!form->prosecdef && heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	ReleaseSysCache(tuple);
	return taken_in;
}

/*
 * Functions that rows are read from: which columns the arguments are compared with in
 * there is not known.
 */
static void
walk_functions(List *functions, ComparisonSearch *search)
{
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, functions)
	{
		FuncExpr   *call = (FuncExpr *) lfirst_node(RangeTblFunction, cell)->funcexpr;

		if (call == NULL || !IsA(call, FuncExpr) || !is_taken_in(call->funcid))
			continue;
		foreach(inner, call->args)
		{
			Node	   *argument = lfirst(inner);

			if (IsA(argument, NamedArgExpr))
				argument = (Node *) castNode(NamedArgExpr, argument)->arg;
			(void) add_value_comparison(InvalidOid, 0, argument, search);
		}
	}
}

/* The queries in a query, and the functions that are taken into it. */
static void
walk_inner_queries(Query *query, ComparisonSearch *search)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind == RTE_SUBQUERY)
			walk_query(entry->subquery, search);
		else if (entry->rtekind == RTE_FUNCTION)
			walk_functions(entry->functions, search);
	}
	foreach(cell, query->cteList)
	{
		Node	   *inner = lfirst_node(CommonTableExpr, cell)->ctequery;

		if (IsA(inner, Query))
			walk_query((Query *) inner, search);
	}
	if (query->hasSubLinks)
		(void) walk_sublinks((Node *) query->targetList, search);
}

/* One query, and those in it. */
static void
walk_query(Query *query, ComparisonSearch *search)
{
	Query	   *outer = search->query;

	check_stack_depth();
	if (query->commandType == CMD_UTILITY)
		return;
	walk_level(query, search);
	walk_inner_queries(query, search);
	search->query = outer;
}

/* Does a query read from nothing but one table? */
static inline bool
is_plain_operand(const Query *query)
{
	return list_length(query->rtable) == 1 && query->cteList == NIL &&
		!query->hasSubLinks &&
		linitial_node(RangeTblEntry, query->rtable)->rtekind == RTE_RELATION;
}

/*
 * Read an analysed query.  Only equality counts, and what must hold for a row
 * to be found; LIMIT and OFFSET are not looked at.
 */
void
comparisons_collect(Query *query, Comparisons *comparisons)
{
	ComparisonSearch search = {.found = comparisons};

	comparisons->count = 0;
	comparisons->lists = 0;
	comparisons->has_list = false;
	comparisons->has_literals = false;
	comparisons->has_nulls = false;
	if (is_plain_operand(query))
		walk_level(query, &search);
	else
		walk_query(query, &search);
}
