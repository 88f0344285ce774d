/*-------------------------------------------------------------------------
 *
 * comparison.c
 *	  Which columns a statement compares with parameters and literals.
 *
 * A walk of its own rather than the server's generic one: it runs for every
 * statement that is parsed, and goes only where a comparison can be.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/comparison.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

#include "profile/lineage/key_column.h"

/* Operators that are an equality without asking the catalogs. */
#define INT48_EQUAL		15
#define INT2_EQUAL		94
#define INT8_EQUAL		410
#define OID_EQUAL		607
#define UUID_EQUAL		2972

typedef struct Walk
{
	Comparisons *found;
	Query	   *query;			/* the one whose conditions are read */
	int			list;			/* number of the list we are in, 0 = none */
	int			in_list;		/* values of it so far */
} Walk;

static void walk_query(Query *query, Walk *walk);
static void walk_condition(Node *node, Walk *walk);
static bool walk_sublinks(Node *node, void *walk);

/* Take conversions off an expression that is one. */
static Node *
strip_conversions(Node *node)
{
	for (;;)
	{
		if (node == NULL)
			return NULL;
		if (IsA(node, RelabelType))
			node = (Node *) castNode(RelabelType, node)->arg;
		else if (IsA(node, CoerceViaIO))
			node = (Node *) castNode(CoerceViaIO, node)->arg;
		else if (IsA(node, CoerceToDomain))
			node = (Node *) castNode(CoerceToDomain, node)->arg;
		else if (IsA(node, FuncExpr) &&
				 castNode(FuncExpr, node)->funcformat != COERCE_EXPLICIT_CALL &&
				 castNode(FuncExpr, node)->args != NIL)
			node = linitial(castNode(FuncExpr, node)->args);
		else
			return node;
	}
}

/* Take conversions off an expression. */
static inline Node *
strip(Node *node)
{
	if (node == NULL || IsA(node, Var) || IsA(node, Const) || IsA(node, Param))
		return node;
	return strip_conversions(node);
}

/* The table's column behind a Var; InvalidOid if it is none. */
static void
find_column(Query *query, Var *var, Oid *relid, int16 *attno)
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
		Node	   *alias = strip(list_nth(entry->joinaliasvars,
										   var->varattno - 1));

		if (alias != NULL && IsA(alias, Var))
			find_column(query, (Var *) alias, relid, attno);
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
			node = strip(single_value(entry, number));
		else
		{
			if (entry->rtekind == RTE_SUBQUERY)
				target = get_tle_by_resno(entry->subquery->targetList, number);
			query = entry->subquery;
			node = target != NULL ? strip((Node *) target->expr) : NULL;
		}
	}
	return node != NULL && (IsA(node, Param) || IsA(node, Const)) ?
		node : expression;
}

/* Keep a comparison of a column with a value, if it is one. */
static void
add_value(Oid relid, int16 attno, Node *value, Walk *walk)
{
	Comparisons *found = walk->found;
	Comparison *item;

	value = strip(value);
	if (value == NULL)
		return;
	found->has_literals |= IsA(value, Const);
	if (found->count >= COMPARISONS)
		return;
	if (walk->list != 0 && walk->in_list >= COMPARISONS_IN_LIST)
		return;
	if (IsA(value, Param))
	{
		if (castNode(Param, value)->paramkind != PARAM_EXTERN)
			return;
	}
	else if (!IsA(value, Const))
		return;
	else if (castNode(Const, value)->constisnull)
	{
		found->has_nulls = true;
		return;
	}

	item = &found->items[found->count++];
	item->relid = relid;
	item->attno = attno;
	item->list = walk->list;
	item->is_array = false;
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
	walk->in_list++;
}

/* Is this operator an equality? */
static bool
is_equality(Oid operator, Node *left)
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
walk_operands(OpExpr *expression, Walk *walk)
{
	if (walk->query->hasSubLinks)
		(void) walk_sublinks((Node *) expression->args, walk);
}

/* "column = value" either way round. */
static void
walk_operator(OpExpr *expression, Walk *walk)
{
	Node	   *left;
	Node	   *right;
	Oid			relid;
	int16		attno;

	if (list_length(expression->args) != 2)
		return;
	left = strip(linitial(expression->args));
	right = strip(lsecond(expression->args));
	if (left == NULL || right == NULL)
		return;
	if (IsA(left, Var) && IsA(right, Var))
	{
		left = value_behind(walk->query, left);
		right = value_behind(walk->query, right);
	}
	if (IsA(right, Var))
	{
		Node	   *other = left;

		left = right;
		right = other;
	}
	if (!IsA(left, Var) || !(IsA(right, Const) || IsA(right, Param)))
		walk_operands(expression, walk);
	else if (is_equality(expression->opno, linitial(expression->args)))
	{
		find_column(walk->query, (Var *) left, &relid, &attno);
		add_value(relid, attno, right, walk);
	}
}

/* Enter a list of alternatives; what was before is returned for leave_list. */
static int
enter_list(Walk *walk)
{
	int			before = walk->list;

	if (before == 0)
	{
		walk->list = ++walk->found->lists;
		walk->in_list = 0;
	}
	return before;
}

/* "column = ANY (array)" */
static void
add_array(Oid relid, int16 attno, Node *array, Walk *walk)
{
	Comparisons *found = walk->found;
	int			before = found->count;

	add_value(relid, attno, array, walk);
	if (found->count == before)
		return;
	found->items[before].is_array = true;
	found->items[before].type = get_element_type(found->items[before].type);
}

/* "column IN (values)" */
static void
add_list(Oid relid, int16 attno, List *values, Walk *walk)
{
	int			before = enter_list(walk);
	ListCell   *cell;

	walk->found->has_list = true;
	foreach(cell, values)
		add_value(relid, attno, lfirst(cell), walk);
	walk->list = before;
}

/* "column = ANY (..)", which "column IN (..)" is as well. */
static void
walk_in(ScalarArrayOpExpr *expression, Walk *walk)
{
	Node	   *left = strip(linitial(expression->args));
	Node	   *right = strip(lsecond(expression->args));
	Oid			relid;
	int16		attno;

	if (!expression->useOr || left == NULL || right == NULL ||
		!IsA(left, Var) ||
		!is_equality(expression->opno, linitial(expression->args)))
		return;
	find_column(walk->query, (Var *) left, &relid, &attno);
	if (IsA(right, ArrayExpr))
		add_list(relid, attno, castNode(ArrayExpr, right)->elements, walk);
	else
		add_array(relid, attno, right, walk);
}

/* AND, OR; under NOT there are only sub-queries of interest. */
static void
walk_boolean(BoolExpr *expression, Walk *walk)
{
	int			before = walk->list;
	ListCell   *cell;

	if (expression->boolop == OR_EXPR)
	{
		walk->found->has_list = true;
		before = enter_list(walk);
	}
	foreach(cell, expression->args)
	{
		Node	   *argument = lfirst(cell);

		if (expression->boolop != NOT_EXPR || IsA(argument, SubLink))
			walk_condition(argument, walk);
	}
	walk->list = before;
}

/* The tables and joins that rows come from, and what they must fulfil. */
static void
walk_from(FromExpr *from, Walk *walk)
{
	ListCell   *cell;

	foreach(cell, from->fromlist)
	{
		if (!IsA(lfirst(cell), RangeTblRef))
			walk_condition(lfirst(cell), walk);
	}
	if (from->quals != NULL)
		walk_condition(from->quals, walk);
}

/* A condition made of others. */
static void
walk_compound(Node *node, Walk *walk)
{
	check_stack_depth();
	switch (nodeTag(node))
	{
		case T_List:
			{
				ListCell   *cell;

				foreach(cell, (List *) node)
					walk_condition(lfirst(cell), walk);
				break;
			}
		case T_BoolExpr:
			walk_boolean((BoolExpr *) node, walk);
			break;
		case T_SubLink:
			walk_query(castNode(Query, ((SubLink *) node)->subselect), walk);
			break;
		case T_FromExpr:
			walk_from((FromExpr *) node, walk);
			break;
		case T_JoinExpr:
			walk_condition(((JoinExpr *) node)->larg, walk);
			walk_condition(((JoinExpr *) node)->rarg, walk);
			walk_condition(((JoinExpr *) node)->quals, walk);
			break;
		default:
			break;
	}
}

/* A condition that a row must fulfil. */
static void
walk_condition(Node *node, Walk *walk)
{
	if (node == NULL)
		return;
	if (IsA(node, OpExpr))
		walk_operator((OpExpr *) node, walk);
	else if (IsA(node, ScalarArrayOpExpr))
		walk_in((ScalarArrayOpExpr *) node, walk);
	else
		walk_compound(node, walk);
}

/* Sub-queries in the select list; an expression_tree_walker callback. */
static bool
walk_sublinks(Node *node, void *walk)
{
	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
	{
		walk_condition(node, walk);
		return false;
	}
	return expression_tree_walker(node, walk_sublinks, walk);
}

/* May a column hold keys of something? */
static bool
may_hold_keys(Oid relid, int16 attno)
{
	KeyColumn	key = key_column_find(relid, attno);

	return key.is_key || key.is_named || get_atttype(relid, attno) == UUIDOID;
}

/* The values a single new row is made of; of many, those that may be keys. */
static void
walk_insert(Query *query, Walk *walk)
{
	Oid			relid = rt_fetch(query->resultRelation, query->rtable)->relid;
	bool		is_wide = list_length(query->targetList) > COMPARISONS;
	ListCell   *cell;

	foreach(cell, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		Node	   *value = strip((Node *) entry->expr);

		walk->found->has_literals |= value != NULL && IsA(value, Const);
		if (!is_wide || may_hold_keys(relid, entry->resno))
			add_value(relid, entry->resno, value, walk);
	}
}

/* What a query compares by itself. */
static inline void
walk_level(Query *query, Walk *walk)
{
	walk->query = query;
	if (query->commandType == CMD_INSERT)
		walk_insert(query, walk);
	walk_from(query->jointree, walk);
	walk_condition(MERGE_CONDITION(query), walk);
}

/* The queries in a query. */
static void
walk_inner_queries(Query *query, Walk *walk)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind == RTE_SUBQUERY)
			walk_query(entry->subquery, walk);
	}
	foreach(cell, query->cteList)
	{
		Node	   *inner = lfirst_node(CommonTableExpr, cell)->ctequery;

		if (IsA(inner, Query))
			walk_query((Query *) inner, walk);
	}
	if (query->hasSubLinks)
		(void) walk_sublinks((Node *) query->targetList, walk);
}

/* One query, and those in it. */
static void
walk_query(Query *query, Walk *walk)
{
	Query	   *outer = walk->query;

	check_stack_depth();
	if (query->commandType == CMD_UTILITY)
		return;
	walk_level(query, walk);
	walk_inner_queries(query, walk);
	walk->query = outer;
}

/* Does a query read from nothing but one table? */
static inline bool
is_plain(const Query *query)
{
	return list_length(query->rtable) == 1 && query->cteList == NIL &&
		!query->hasSubLinks &&
		linitial_node(RangeTblEntry, query->rtable)->rtekind == RTE_RELATION;
}

/* See comparison.h. */
void
comparisons_collect(Query *query, Comparisons *comparisons)
{
	Walk		walk = {.found = comparisons};

	comparisons->count = 0;
	comparisons->lists = 0;
	comparisons->has_list = false;
	comparisons->has_literals = false;
	comparisons->has_nulls = false;
	if (is_plain(query))
		walk_level(query, &walk);
	else
		walk_query(query, &walk);
}
