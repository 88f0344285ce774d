/*-------------------------------------------------------------------------
 *
 * scan_columns.c
 *	  The columns that the filter of a scan asks for, and how.
 *
 * Works on the conditions of an executable plan, where the scan's own columns
 * are Vars of its range table index.  How an operator compares is told by its
 * selectivity estimator: one catalog lookup, and right for types of
 * extensions too.  Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/scan_columns.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* How the table or sub-query at a range table index was expanded, or NULL. */
static AppendRelInfo *
expansion_of(const PlannedStmt *plan, Index child)
{
	ListCell   *lc;

	foreach(lc, plan->appendRelations)
	{
		AppendRelInfo *info = lfirst_node(AppendRelInfo, lc);

		/* the arms of a UNION ALL have no parent table */
		if (info->child_relid == child && OidIsValid(info->parent_reloid))
			return info;
	}
	return NULL;
}

/* The topmost table that a scanned one was reached through, by index. */
Index
scan_columns_named(const PlannedStmt *plan, Index scanned)
{
	AppendRelInfo *info;

	while ((info = expansion_of(plan, scanned)) != NULL)
		scanned = info->parent_relid;
	return scanned;
}

/* The number of a scanned table's column in the named table; 0 = none. */
static AttrNumber
named_column(const ScanColumns *columns, AttrNumber attnum)
{
	Index		relation = columns->scanned;
	AppendRelInfo *info;

	while (attnum > 0 &&
		   (info = expansion_of(columns->plan, relation)) != NULL)
	{
		attnum = attnum <= info->num_child_cols ?
			info->parent_colnos[attnum - 1] : 0;
		relation = info->parent_relid;
	}
	return Max(attnum, 0);
}

/* Begin to collect the columns of a scanned table (a range table index). */
void
scan_columns_begin(ScanColumns *columns, const PlannedStmt *plan,
				   Index scanned)
{
	memset(columns, 0, sizeof(*columns));
	columns->plan = plan;
	columns->scanned = scanned;
	columns->named = scan_columns_named(plan, scanned);
}

/* Note one use of a column of the named table, once; 0 is no column. */
static void
note_named_column(ScanColumns *columns, AttrNumber attnum, ColumnUse use, Oid operator)
{
	FilterColumn added = {
		.attnum = attnum,
		.use = use,
		.operator = use == USE_OPERATOR ? operator : InvalidOid
	};

	if (attnum == 0 || columns->filters == MOST_FILTERS)
		return;
	for (int i = 0; i < columns->filters; i++)
		if (memcmp(&columns->filter[i], &added, sizeof(added)) == 0)
			return;
	columns->filter[columns->filters++] = added;
}

/* Note the use of a column of the scanned table; system columns are left out. */
static void
add_column_filter(ScanColumns *columns, AttrNumber attnum, ColumnUse use, Oid operator)
{
	note_named_column(columns, named_column(columns, attnum), use, operator);
}

/* The plain column below casts that change nothing, or NULL. */
Var *
plain_column(Node *expression)
{
	while (expression != NULL && IsA(expression, RelabelType))
		expression = (Node *) ((RelabelType *) expression)->arg;
	return expression != NULL && IsA(expression, Var) ? (Var *) expression : NULL;
}

/* The column number of a plain column of the scanned table, or 0. */
static AttrNumber
scanned_column(const ScanColumns *columns, Node *expression)
{
	Var		   *var = plain_column(expression);

	return var != NULL && var->varno == columns->scanned ?
		Max(var->varattno, 0) : 0;
}

/* expression_tree_walker callback: finds any Var of the scanned table. */
static bool
mentions_table(Node *node, void *arg)
{
	const ScanColumns *columns = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varno == columns->scanned)
		return true;
	return expression_tree_walker(node, mentions_table, arg);
}

/* May a function give another value each time?  One that is gone may. */
static bool
is_volatile(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		is_volatile;

	if (!HeapTupleIsValid(tuple))
		return true;
	is_volatile = ((Form_pg_proc) GETSTRUCT(tuple))->provolatile ==
		PROVOLATILE_VOLATILE;
	ReleaseSysCache(tuple);
	return is_volatile;
}

/* The same of the function that reads, or else writes, values of a type. */
static bool
has_volatile_io(Oid type, bool input)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	Oid			function;

	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_type) GETSTRUCT(tuple);
	function = input ? form->typinput : form->typoutput;
	ReleaseSysCache(tuple);
	return is_volatile(function);
}

/*
 * Does an expression of a plan call what may be volatile?  An
 * expression_tree_walker callback.  contain_volatile_functions() would raise an
 * error where a type or function has been dropped since the plan was made, which
 * can be when its execution ends.
 */
static bool
calls_volatile(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			if (is_volatile(((FuncExpr *) node)->funcid))
				return true;
			break;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			if (is_volatile(((OpExpr *) node)->opfuncid))
				return true;
			break;
		case T_ScalarArrayOpExpr:
			if (is_volatile(((ScalarArrayOpExpr *) node)->opfuncid))
				return true;
			break;
		case T_CoerceViaIO:
			if (has_volatile_io(exprType((Node *) ((CoerceViaIO *) node)->arg), false) ||
				has_volatile_io(((CoerceViaIO *) node)->resulttype, true))
				return true;
			break;
		case T_RowCompareExpr:
		case T_NextValueExpr:
			return true;
		default:
			break;
	}
	return expression_tree_walker(node, calls_volatile, context);
}

/* Can an index look for the value of this expression? */
static bool
is_comparable(ScanColumns *columns, Node *expression)
{
	return !mentions_table(expression, columns) &&
		!calls_volatile(expression, NULL);
}

/* expression_tree_walker callback: notes every column as part of something. */
static bool
add_mentioned(Node *node, void *arg)
{
	ScanColumns *columns = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varno == columns->scanned)
		add_column_filter(columns, ((Var *) node)->varattno, USE_EXPRESSION, InvalidOid);
	return expression_tree_walker(node, add_mentioned, arg);
}

/* Does this operator estimate its selectivity as equality does? */
bool
operator_is_equality(Oid operator)
{
	return get_oprrest(operator) == F_EQSEL;
}

/* What "column operator value" asks of the column. */
static ColumnUse
use_of_operator(Oid operator)
{
	switch (get_oprrest(operator))
	{
		case F_EQSEL:
			return USE_EQUAL;
		case F_SCALARLTSEL:
			return USE_LESS;
		case F_SCALARLESEL:
			return USE_LESS_EQUAL;
		case F_SCALARGESEL:
			return USE_GREATER_EQUAL;
		case F_SCALARGTSEL:
			return USE_GREATER;
		default:
			return USE_OPERATOR;
	}
}

/* "column operator value", or the other way round. */
static void
add_operator_filter(ScanColumns *columns, OpExpr *comparison)
{
	Node	   *left = get_leftop(comparison);
	Node	   *right = get_rightop(comparison);
	Oid			operator = comparison->opno;
	AttrNumber	attnum = scanned_column(columns, left);

	if (attnum == 0 && right != NULL)
	{
		Node	   *swap = left;

		left = right;
		right = swap;
		attnum = scanned_column(columns, left);
		operator = get_commutator(operator);
	}
	if (attnum != 0 && OidIsValid(operator) && is_comparable(columns, right))
		add_column_filter(columns, attnum, use_of_operator(operator), operator);
	else
		add_mentioned((Node *) comparison, columns);
}

/* "column operator ANY (array)", as IN becomes, or ALL. */
static void
add_array_comparison(ScanColumns *columns, ScalarArrayOpExpr *comparison)
{
	AttrNumber	attnum = scanned_column(columns, linitial(comparison->args));

	if (attnum == 0 || !is_comparable(columns, lsecond(comparison->args)))
		add_mentioned((Node *) comparison, columns);
	else if (comparison->useOr && operator_is_equality(comparison->opno))
		add_column_filter(columns, attnum, USE_EQUAL, InvalidOid);
	else
		add_column_filter(columns, attnum, USE_OPERATOR, comparison->opno);
}

/* "(column, ...) < (value, ...)": an index serves the first column. */
static void
add_row_filter(ScanColumns *columns, RowCompareExpr *comparison)
{
	AttrNumber	attnum = scanned_column(columns, linitial(comparison->largs));

	if (attnum != 0 && is_comparable(columns, linitial(comparison->rargs)))
		add_column_filter(columns, attnum,
						  use_of_operator(linitial_oid(comparison->opnos)), InvalidOid);
	else
		add_mentioned((Node *) comparison, columns);
}

/* What the planner makes of a boolean column compared with a constant. */
static void
add_boolean_filter(ScanColumns *columns, Node *column, ColumnUse use, Node *condition)
{
	AttrNumber	attnum = scanned_column(columns, column);

	if (attnum != 0)
		add_column_filter(columns, attnum, use, InvalidOid);
	else
		add_mentioned(condition, columns);
}

/* "column IS [NOT] NULL". */
static void
add_null_test(ScanColumns *columns, NullTest *test)
{
	add_boolean_filter(columns, (Node *) test->arg,
					   test->nulltesttype == IS_NULL ? USE_NULL : USE_NOT_NULL,
					   (Node *) test);
}

/* "column IS [NOT] TRUE" and the like; an index on the column serves two. */
static void
add_boolean_test(ScanColumns *columns, BooleanTest *test)
{
	if (test->booltesttype == IS_TRUE || test->booltesttype == IS_FALSE)
		add_boolean_filter(columns, (Node *) test->arg, USE_EQUAL, (Node *) test);
	else
		add_mentioned((Node *) test, columns);
}

static void
add_filter_clause(ScanColumns *columns, Node *condition)
{
	switch (nodeTag(condition))
	{
		case T_OpExpr:
			add_operator_filter(columns, (OpExpr *) condition);
			break;
		case T_ScalarArrayOpExpr:
			add_array_comparison(columns, (ScalarArrayOpExpr *) condition);
			break;
		case T_RowCompareExpr:
			add_row_filter(columns, (RowCompareExpr *) condition);
			break;
		case T_Var:
			add_boolean_filter(columns, condition, USE_TRUE, condition);
			break;
		case T_NullTest:
			add_null_test(columns, (NullTest *) condition);
			break;
		case T_BooleanTest:
			add_boolean_test(columns, (BooleanTest *) condition);
			break;
		default:
			if (is_notclause(condition))
				add_boolean_filter(columns, (Node *) get_notclausearg(condition),
								   USE_FALSE, condition);
			else
				add_mentioned(condition, columns);
			break;
	}
}

/* What an implicitly ANDed list of conditions asks. */
void
scan_columns_filter(ScanColumns *columns, List *conditions)
{
	ListCell   *lc;

	foreach(lc, conditions)
		add_filter_clause(columns, (Node *) lfirst(lc));
}

/* Column "attnum" of the scanned table is compared with a join partner's. */
void
scan_columns_join(ScanColumns *columns, AttrNumber attnum)
{
	AttrNumber	named = named_column(columns, attnum);

	if (named != 0 && columns->joins < MOST_JOINS)
		columns->join[columns->joins++] = named;
}

/* Rows are wanted in this order; false when no more columns are kept. */
bool
scan_columns_sort(ScanColumns *columns, AttrNumber attnum, Oid sort_operator,
				  bool nulls_first)
{
	AttrNumber	named = named_column(columns, attnum);

	if (named == 0 || columns->sorts == SEQSCAN_SORT_COLUMNS)
		return false;
	columns->sort[columns->sorts++] = (SortColumn)
	{
		.attnum = named,
			.descending = get_oprrest(sort_operator) == F_SCALARGTSEL,
			.nulls_first = nulls_first
	};
	return true;
}

/* qsort callback: what an index likes best comes first. */
static int
compare_filters(const void *a, const void *b)
{
	const FilterColumn *left = a;
	const FilterColumn *right = b;

	if (left->use != right->use)
		return left->use < right->use ? -1 : 1;
	if (left->attnum != right->attnum)
		return left->attnum < right->attnum ? -1 : 1;
	if (left->operator != right->operator)
		return left->operator < right->operator ? -1 : 1;
	return 0;
}

/*
 * In the order of SeqScanColumns: the same set gives the same bytes.  The
 * columns compared with a join partner's count as filter columns if "joins".
 */
SeqScanColumns
scan_columns_result(const ScanColumns *columns, bool joins)
{
	SeqScanColumns result;
	ScanColumns sorted = *columns;

	for (int i = 0; joins && i < columns->joins; i++)
		note_named_column(&sorted, columns->join[i], USE_EQUAL, InvalidOid);
	qsort(sorted.filter, sorted.filters, sizeof(FilterColumn), compare_filters);

	memset(&result, 0, sizeof(result));
	result.filters = Min(sorted.filters, SEQSCAN_FILTER_COLUMNS);
	result.sorts = sorted.sorts;
	result.index = sorted.index;
	memcpy(result.filter, sorted.filter, result.filters * sizeof(FilterColumn));
	memcpy(result.sort, sorted.sort, result.sorts * sizeof(SortColumn));
	return result;
}
