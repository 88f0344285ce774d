/*-------------------------------------------------------------------------
 *
 * rewrite_facts.c
 *	  What a child's parameters are to it, read off its analysed query.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_parts.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "common/table_lock.h"

/* Where in a query the walker is. */
typedef struct LearnContext
{
	Rewrite    *rewrite;
	Query	   *query;			/* the innermost */
} LearnContext;

/* An expression without a cast of an integer to a wider type: it loses nothing. */
static Node *
strip_widening(Node *expr)
{
	FuncExpr   *cast = (FuncExpr *) expr;
	Oid			from;

	if (!IsA(expr, FuncExpr) || cast->funcformat != COERCE_EXPLICIT_CAST ||
		(cast->funcresulttype != INT8OID && cast->funcresulttype != NUMERICOID))
		return expr;
	from = exprType(linitial(cast->args));
	return from == INT2OID || from == INT4OID || from == INT8OID ?
		linitial(cast->args) : expr;
}

/* The parameter that an expression is, but for such casts; NULL if it is none. */
static RewriteParameter *
as_parameter(Rewrite *rewrite, Node *expr)
{
	Param	   *param = (Param *) strip_widening(strip_implicit_coercions(expr));

	if (param == NULL || !IsA(param, Param) ||
		param->paramkind != PARAM_EXTERN || param->paramid > PATTERN_PARAMETERS)
		return NULL;
	return &rewrite->params[param->paramid - 1];
}

/* A parameter that a column of the query's own tables is compared with. */
static void
learn_comparison(const LearnContext *context, Node *column, Node *value)
{
	RewriteParameter *param = as_parameter(context->rewrite, value);
	Var		   *var = (Var *) strip_implicit_coercions(column);

	if (param == NULL || !IsA(var, Var) || var->varlevelsup > 0 ||
		var->varattno <= 0 || param->name != NULL)
		return;
	param->column_type = var->vartype;
	param->name = get_rte_attribute_name(rt_fetch(var->varno,
												  context->query->rtable),
										 var->varattno);
}

/* Name the parameters that become columns of a table. */
static void
name_by_assignment(const LearnContext *context)
{
	ListCell   *lc;

	if (context->query->commandType != CMD_INSERT &&
		context->query->commandType != CMD_UPDATE)
		return;
	foreach(lc, context->query->targetList)
	{
		TargetEntry *target = lfirst(lc);
		RewriteParameter *param = as_parameter(context->rewrite,
											   (Node *) target->expr);

		if (param == NULL || param->name != NULL)
			continue;
		param->name = target->resname;
		param->column_type = exprType((Node *) target->expr);
	}
}

/* Walk the query: which parameters are there, and what may they be called? */
static bool
learn_walker(Node *node, void *arg)
{
	LearnContext *context = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		LearnContext inner = {context->rewrite, (Query *) node};

		name_by_assignment(&inner);
		return query_tree_walker(inner.query, learn_walker, &inner, 0);
	}
	if (IsA(node, Param))
	{
		Param	   *param = (Param *) node;

		if (param->paramkind == PARAM_EXTERN &&
			param->paramid <= PATTERN_PARAMETERS)
		{
			context->rewrite->params[param->paramid - 1].used = true;
			context->rewrite->params[param->paramid - 1].type = param->paramtype;
		}
	}
	if ((IsA(node, OpExpr) || IsA(node, DistinctExpr)) &&
		list_length(((OpExpr *) node)->args) == 2)
	{
		Node	   *left = linitial(((OpExpr *) node)->args);
		Node	   *right = lsecond(((OpExpr *) node)->args);

		learn_comparison(context, left, right);
		learn_comparison(context, right, left);
	}
	return expression_tree_walker(node, learn_walker, arg);
}

/* Is an operator one that tells whether its sides are equal? */
static bool
compares_equal(const OpExpr *op)
{
	Oid			type = exprType(linitial(op->args));

	return list_length(op->args) == 2 &&
		(op_mergejoinable(op->opno, type) || op_hashjoinable(op->opno, type));
}

/* How many times the walked tree names each parameter. */
static bool
count_walker(Node *node, void *arg)
{
	int		   *times = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, count_walker, arg, 0);
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN &&
		((Param *) node)->paramid <= PATTERN_PARAMETERS)
		times[((Param *) node)->paramid - 1]++;
	return expression_tree_walker(node, count_walker, arg);
}

/*
 * Which parameters does a change of rows compare with columns of its table, so
 * that a row is found by one key only?
 */
static void
learn_equalities(Rewrite *rewrite)
{
	Query	   *query = rewrite->query;
	int			times[PATTERN_PARAMETERS] = {0};
	List	   *conditions = make_ands_implicit((Expr *) query->jointree->quals);
	ListCell   *lc;

	(void) count_walker((Node *) query->jointree, times);
	foreach(lc, conditions)
	{
		OpExpr	   *op = lfirst(lc);

		if (!IsA(op, OpExpr) || !compares_equal(op))
			continue;
		for (int side = 0; side < 2; side++)
		{
			Var		   *var = list_nth(op->args, side);
			RewriteParameter *param = as_parameter(rewrite,
												   list_nth(op->args, 1 - side));

			if (param == NULL || !IsA(var, Var) || var->varlevelsup > 0 ||
				var->varno != query->resultRelation)
				continue;
			param->in_equality = true;
			times[param - rewrite->params]--;
		}
	}
	for (int i = 0; i < PATTERN_PARAMETERS; i++)
		rewrite->params[i].elsewhere = times[i] > 0;
}

/* Is this name taken by another parameter's column, or by what it may hide? */
static bool
is_column_name_taken(const Rewrite *rewrite, int number, const char *name)
{
	for (int i = 0; i < number; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (param->used && param->varies && strcmp(param->name, name) == 0)
			return true;
	}
	for (int i = 0; i < rewrite->ntokens && rewrite->form == FORM_JOIN; i++)
	{
		const char *word = rewrite->tokens[i].token.word;

		if (word != NULL && strcmp(word, name) == 0)
			return true;
	}
	return strcmp(name, "n") == 0;
}

/*
 * Give each column of the arrays a name of its own: that of the column that the
 * values are compared with, or become.  Where they are joined with a table, its
 * columns may be called so as well.
 */
static void
name_columns(Rewrite *rewrite)
{
	for (int i = 0; i < rewrite->nparams; i++)
	{
		RewriteParameter *param = &rewrite->params[i];
		const char *name = param->name != NULL ? param->name : "key";
		int			attempt = 1;

		if (rewrite->form == FORM_JOIN)
			name = psprintf("%s_%s", param->in_equality ? "key" : "new", name);
		param->name = name;
		while (is_column_name_taken(rewrite, i, param->name))
			param->name = psprintf("%s_%d", name, ++attempt);
	}
}

/* An alias for the rows of the arrays that the child's text does not hold. */
static const char *
choose_alias(const Rewrite *rewrite)
{
	const char *alias = "k";

	for (int attempt = 1; attempt > 0; attempt++)
	{
		bool		found = false;

		for (int i = 0; i < rewrite->ntokens && !found; i++)
		{
			const char *word = rewrite->tokens[i].token.word;

			found = word != NULL && strcmp(word, alias) == 0;
		}
		if (!found)
			break;
		alias = psprintf("k%d", attempt);
	}
	return alias;
}

/*
 * Find out what the parameters of the analysed child are, and what they become:
 * columns of arrays, or parameters, numbered again without gaps.
 */
void
rewrite_learn(Rewrite *rewrite)
{
	const RewriteValues *seen = &rewrite->child->values;
	LearnContext context = {rewrite, rewrite->query};
	int			number = 0;

	(void) learn_walker((Node *) rewrite->query, &context);
	learn_equalities(rewrite);
	for (int i = 0; i < PATTERN_PARAMETERS; i++)
	{
		RewriteParameter *param = &rewrite->params[i];
		int			same = seen->count > i ? seen->same_as[i] : i + 1;

		if (!param->used)
			continue;
		rewrite->nparams = i + 1;
		param->varies = (seen->varied & (UINT32_C(1) << i)) != 0;
		param->same_as = i + 1;
		if (param->varies && rewrite->params[same - 1].used &&
			rewrite->params[same - 1].type == param->type)
			param->same_as = same;
		param->number = param->same_as == i + 1 ? ++number : 0;
		rewrite->params[param->same_as - 1].in_equality |= param->in_equality;
		rewrite->params[param->same_as - 1].elsewhere |= param->elsewhere;
	}
	rewrite->alias = choose_alias(rewrite);
	name_columns(rewrite);
}

/* Is one of these what a parameter alone sorts or groups by? */
static bool
has_parameter_clause(List *clauses, List *targets)
{
	ListCell   *lc;

	foreach(lc, clauses)
	{
		TargetEntry *target = get_sortgroupclause_tle(lfirst(lc), targets);
		Param	   *param = (Param *) strip_implicit_coercions((Node *) target->expr);

		/* "SELECT $1 AS one ... ORDER BY one" has a column of that name */
		if (target->resjunk && IsA(param, Param) &&
			param->paramkind == PARAM_EXTERN)
			return true;
	}
	return false;
}

/* Walk the query and those within it for such clauses. */
static bool
place_walker(Node *node, void *arg)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		return has_parameter_clause(query->sortClause, query->targetList) ||
			has_parameter_clause(query->groupClause, query->targetList) ||
			(query->hasDistinctOn &&
			 has_parameter_clause(query->distinctClause, query->targetList)) ||
			query_tree_walker(query, place_walker, arg, 0);
	}
	return expression_tree_walker(node, place_walker, arg);
}

/*
 * Does a parameter stand where a number means a column by its place, as in
 * ORDER BY 1?  If that was a literal, the query means something else without it.
 */
bool
rewrite_has_place(const Query *query)
{
	return place_walker((Node *) query, NULL);
}

/* ------------------------------------------------------------------------
 * "= ANY"
 * ------------------------------------------------------------------------ */

/*
 * Does at most one row of the table have this value in this column, by this
 * operator or, if that is not valid, by the one of the unique index?  Caller has
 * locked the table.
 */
static bool
is_unique_column(Oid relid, AttrNumber attno, Oid equality)
{
	Relation	table = table_open(relid, NoLock);
	List	   *indexes = RelationGetIndexList(table);
	bool		unique = false;
	ListCell   *lc;

	/* from the cache: an index that is being rebuilt cannot be locked at once */
	foreach(lc, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_index index;
		oidvector  *classes;
		bool		isnull;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		classes = (oidvector *) DatumGetPointer(SysCacheGetAttr(INDEXRELID, tuple,
																Anum_pg_index_indclass,
																&isnull));
		unique |= index->indisunique && index->indimmediate && index->indisvalid &&
			index->indnkeyatts == 1 && index->indkey.values[0] == attno &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
			(!OidIsValid(equality) ||
			 op_in_opfamily(equality, get_opclass_family(classes->values[0])));
		ReleaseSysCache(tuple);
	}
	table_close(table, NoLock);
	return unique;
}

/*
 * Can a value come in several rows of this column of a table, as far as its
 * constraints tell?  What cannot be looked at without waiting is taken to.
 */
bool
rewrite_may_repeat(Oid relid, AttrNumber attno)
{
	char		kind;
	bool		unique;

	if (!OidIsValid(relid) || attno <= 0 || !table_lock_at_once(relid))
		return true;
	kind = get_rel_relkind(relid);
	unique = (kind == RELKIND_PARTITIONED_TABLE ||
			  (kind == RELKIND_RELATION && !has_subclass(relid))) &&
		is_unique_column(relid, attno, InvalidOid);
	table_unlock(relid);
	return !unique;
}

/* A LIMIT of one row or more of a query that finds one row at most. */
static bool
has_needless_limit(const Query *query, const OpExpr *comparison)
{
	const Const *limit = (const Const *) strip_implicit_coercions(query->limitCount);
	const Var  *var = linitial(comparison->args);
	const RangeTblEntry *table = rt_fetch(var->varno, query->rtable);

	/* a number without quotes is an int4, which is coerced */
	if (limit == NULL || !IsA(limit, Const) || limit->constisnull)
		return false;
	return ((limit->consttype == INT4OID && DatumGetInt32(limit->constvalue) > 0) ||
			(limit->consttype == INT8OID && DatumGetInt64(limit->constvalue) > 0)) &&
		query->limitOffset == NULL && list_length(query->rtable) == 1 &&
		table->rtekind == RTE_RELATION && table->relkind == RELKIND_RELATION &&
		!has_subclass(table->relid) &&
		is_unique_column(table->relid, var->varattno, comparison->opno);
}

/* Does each row of the result come from one row that was found by itself? */
static bool
is_row_by_row(const Query *query)
{
	return !query->hasAggs && !query->hasWindowFuncs && !query->hasTargetSRFs &&
		query->distinctClause == NIL && query->groupClause == NIL &&
		query->groupingSets == NIL && query->havingQual == NULL &&
		query->setOperations == NULL && query->cteList == NIL &&
		query->limitOffset == NULL;
}

/* The place of the only token for the only parameter that varies, or -1. */
static int
find_only_token(const Rewrite *rewrite)
{
	int			found = -1;

	for (int i = 0; i < rewrite->ntokens; i++)
	{
		const Token *token = &rewrite->tokens[i].token;

		if (token->kind != KIND_PARAMETER ||
			!rewrite->params[token->parameter - 1].varies)
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

/*
 * Can "= $n" become "= ANY ($n)"?  Only one value may vary, and be compared with
 * a column once, in a condition that each row of the result fulfils.  Sets the
 * comparison and its token if so.
 */
bool
rewrite_finds_comparison(Rewrite *rewrite)
{
	Query	   *query = rewrite->query;
	int			token = find_only_token(rewrite);
	const RewriteParameter *wanted;
	ListCell   *lc;

	if (token < 0 || !is_row_by_row(query))
		return false;
	wanted = &rewrite->params[rewrite->tokens[token].token.parameter - 1];
	rewrite->comparison = NULL;
	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		OpExpr	   *op = lfirst(lc);

		if (IsA(op, OpExpr) && compares_equal(op) && IsA(linitial(op->args), Var) &&
			((Var *) linitial(op->args))->varlevelsup == 0 &&
			as_parameter(rewrite, lsecond(op->args)) == wanted)
			rewrite->comparison = op;
	}
	if (rewrite->comparison == NULL)
		return false;
	rewrite->drops_limit = query->limitCount != NULL;
	if (rewrite->drops_limit &&
		!has_needless_limit(query, rewrite->comparison))
		return false;
	rewrite->comparison_token = token;
	return true;
}
