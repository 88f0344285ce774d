/*-------------------------------------------------------------------------
 *
 * rewrite_check.c
 *	  Is the statement that was written the child, for each row of the arrays?
 *
 * The query that the written text was analysed as is undone, step by step,
 * to what the child must be: the rows of the arrays go, their columns become
 * parameters again.  Only if what is left is the child's own query, node by
 * node, was nothing else changed on the way through the text.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_parts.h"

#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"

/* While columns of the arrays become parameters. */
typedef struct UndoContext
{
	const Rewrite *rewrite;
	int			arrays;			/* number of the arrays in their query */
	int			levels;			/* of queries below that one */
} UndoContext;

/* The parameter that the nth column of the arrays stands for, or NULL. */
static const RewriteParameter *
column_parameter(const Rewrite *rewrite, int column)
{
	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (param->used && param->varies && param->same_as == i + 1 &&
			--column == 0)
			return param;
	}
	return NULL;
}

/* A parameter as it stands in the new statement. */
static Param *
make_param(const RewriteParameter *param, Oid collation)
{
	Param	   *node = makeNode(Param);

	node->paramkind = PARAM_EXTERN;
	node->paramid = param->number;
	node->paramtype = param->type;
	node->paramtypmod = -1;
	node->paramcollid = collation;
	node->location = -1;
	return node;
}

/* Replace the columns of the arrays by parameters. */
static Node *
undo_mutator(Node *node, void *arg)
{
	UndoContext *context = arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
	{
		Query	   *result;

		context->levels++;
		result = query_tree_mutator((Query *) node, undo_mutator, arg, 0);
		context->levels--;
		return (Node *) result;
	}
	if (IsA(node, Var) && ((Var *) node)->varno == context->arrays &&
		((Var *) node)->varlevelsup == context->levels)
	{
		const RewriteParameter *param =
			column_parameter(context->rewrite, ((Var *) node)->varattno);

		if (param != NULL)
			return (Node *) make_param(param, ((Var *) node)->varcollid);
	}
	return expression_tree_mutator(node, undo_mutator, arg);
}

/* Number the child's parameters as the new statement does. */
static Node *
number_mutator(Node *node, void *arg)
{
	const Rewrite *rewrite = arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, number_mutator, arg,
										   0);
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN)
	{
		const RewriteParameter *param =
			&rewrite->params[((Param *) node)->paramid - 1];

		return (Node *) make_param(&rewrite->params[param->same_as - 1],
								   ((Param *) node)->paramcollid);
	}
	return expression_tree_mutator(node, number_mutator, arg);
}

/* Take the first columns off a result. */
static List *
without_first(List *targets, int count)
{
	ListCell   *lc;

	targets = list_copy_tail(targets, count);
	foreach(lc, targets)
		((TargetEntry *) lfirst(lc))->resno -= count;
	return targets;
}

/* How many columns the arrays have. */
static int
count_columns(const Rewrite *rewrite)
{
	int			count = 0;

	while (column_parameter(rewrite, count + 1) != NULL)
		count++;
	return count;
}

/* "= ANY" with the arrays' only column back to "=". */
static Query *
undo_any(const Rewrite *rewrite, Query *written)
{
	OpExpr	   *comparison = rewrite->comparison;
	List	   *conditions = make_ands_implicit((Expr *) written->jointree->quals);
	ListCell   *lc;

	foreach(lc, conditions)
	{
		ScalarArrayOpExpr *any = lfirst(lc);

		if (IsA(any, ScalarArrayOpExpr) && any->useOr &&
			any->opno == comparison->opno &&
			equal(linitial(any->args), linitial(comparison->args)))
			lfirst(lc) = number_mutator((Node *) comparison,
										(void *) rewrite);
	}
	/* as the parser makes them: a list, but for one */
	written->jointree->quals = list_length(conditions) == 1 ?
		linitial(conditions) : (Node *) makeBoolExpr(AND_EXPR, conditions, -1);
	if (rewrite->adds_keys && written->commandType == CMD_SELECT)
		written->targetList = without_first(written->targetList, 1);
	else if (rewrite->adds_keys)
		written->returningList = without_first(written->returningList, 1);
	if (rewrite->drops_limit)
	{
		written->limitCount = copyObject(rewrite->query->limitCount);
		written->limitOption = rewrite->query->limitOption;
	}
	return written;
}

/* The query within LATERAL, with parameters for the columns of the arrays. */
static Query *
undo_lateral(const Rewrite *rewrite, Query *written)
{
	UndoContext context = {rewrite, 1, 0};
	RangeTblEntry *entry;

	if (list_length(written->rtable) < 2)
		return NULL;
	entry = rt_fetch(2, written->rtable);
	if (entry->rtekind != RTE_SUBQUERY)
		return NULL;
	return castNode(Query, undo_mutator((Node *) entry->subquery, &context));
}

/* The change without the arrays, which stand last among its tables. */
static Query *
undo_join(const Rewrite *rewrite, Query *written)
{
	int			arrays = list_length(rewrite->query->rtable) + 1;
	UndoContext context = {rewrite, arrays, -1};
	Query	   *query;

	if (list_length(written->rtable) != arrays)
		return NULL;
	if (rewrite->adds_keys)
		written->returningList = without_first(written->returningList,
											   count_columns(rewrite));
	query = castNode(Query, undo_mutator((Node *) written, &context));
	query->rtable = list_truncate(query->rtable, arrays - 1);
	query->jointree->fromlist =
		list_truncate(query->jointree->fromlist,
					  list_length(query->jointree->fromlist) - 1);
	return query;
}

/* Do two lists of columns have the same names and types? */
static bool
are_same_columns(List *one, List *other)
{
	ListCell   *a;
	ListCell   *b;

	if (list_length(one) != list_length(other))
		return false;
	forboth(a, one, b, other)
	{
		const TargetEntry *left = lfirst(a);
		const TargetEntry *right = lfirst(b);

		if (exprType((Node *) left->expr) != exprType((Node *) right->expr) ||
			strcmp(left->resname ? left->resname : "",
				   right->resname ? right->resname : "") != 0)
			return false;
	}
	return true;
}

/*
 * Is the written statement, analysed, the child for each row of the arrays?  An
 * INSERT and a MERGE are rebuilt, so that there only the table and what is
 * returned can be compared.  Changes "written".
 */
bool
rewrite_is_same(const Rewrite *rewrite, Query *written)
{
	Query	   *child = rewrite->query;
	Query	   *undone = NULL;

	if (written->commandType != child->commandType)
		return false;
	switch (rewrite->form)
	{
		case FORM_ANY:
			undone = undo_any(rewrite, written);
			break;
		case FORM_LATERAL:
			undone = undo_lateral(rewrite, written);
			break;
		case FORM_JOIN:
			undone = undo_join(rewrite, written);
			break;
		case FORM_INSERT:
		case FORM_MERGE:
			return rt_fetch(written->resultRelation, written->rtable)->relid ==
				rt_fetch(child->resultRelation, child->rtable)->relid &&
				are_same_columns(written->returningList, child->returningList);
	}
	if (undone == NULL)
		return false;
	child = castNode(Query, number_mutator((Node *) child, (void *) rewrite));
	return equal(undone, child);
}
