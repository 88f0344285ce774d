/*-------------------------------------------------------------------------
 *
 * reason_application.c
 *	  What the application could do so that a plain index serves it.
 *
 * A column that a statement changes before it compares it needs an index of its
 * own, or can have none.  Where the statement could as well compare the column,
 * that is said, with the index that then serves.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/reason_application.h"

#include "catalog/pg_am.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

/* An expression of the table as people read it. */
static char *
expression_text_of(Oid relid, Node *expr)
{
	List	   *context = deparse_context_for(get_rel_name(relid), relid);

	return deparse_expression(expr, context, false, true);
}

/* The value that a change of type is made of; NULL if it is none. */
static Node *
cast_value(Node *expr)
{
	switch (nodeTag(expr))
	{
		case T_RelabelType:
			return (Node *) ((RelabelType *) expr)->arg;
		case T_CoerceViaIO:
			return (Node *) ((CoerceViaIO *) expr)->arg;
		case T_FuncExpr:
			if (((FuncExpr *) expr)->funcformat == COERCE_EXPLICIT_CAST ||
				((FuncExpr *) expr)->funcformat == COERCE_IMPLICIT_CAST)
				return linitial(((FuncExpr *) expr)->args);
			return NULL;
		default:
			return NULL;
	}
}

/* The only column in an expression; NULL if there are several or none. */
static const Var *
only_column(Node *expr)
{
	List	   *vars = pull_var_clause(expr, 0);
	const Var  *first = vars == NIL ? NULL : linitial(vars);
	ListCell   *lc;

	foreach(lc, vars)
		if (((Var *) lfirst(lc))->varattno != first->varattno)
		return NULL;
	return first != NULL && first->varattno > 0 ? first : NULL;
}

/* Does an index of this kind serve comparisons with the expression, in all rows? */
static bool
serves_comparison(const IndexDefinition *def, Oid am, const Node *expr)
{
	AttrNumber	attno = IsA(expr, Var) ? ((const Var *) expr)->varattno : 0;

	return def->nkeys > 0 && def->predicate == NIL && def->am == am &&
		(attno != 0 ? def->keys[0].attno == attno : equal(def->keys[0].expr, expr));
}

/*
 * What serves a comparison with the expression, by an index of this kind: an index
 * there is, one that is recommended, or a new one.
 */
static char *
name_serving_index(const Advisor *advisor, Oid relid, Oid am, Node *expr)
{
	const char *table = quote_identifier(get_rel_name(relid));
	int			number = -1;
	const char *keys;
	ListCell   *lc;

	foreach(lc, index_def_existing(relid))
	{
		const IndexDefinition *def = lfirst(lc);

		if (def->valid && serves_comparison(def, am, expr))
			return psprintf("index \"%s\"", def->name);
	}
	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
	{
		const IndexDefinition *def = ((Candidate *) list_nth(advisor->candidates, number))->def;

		if (def->relid == relid && serves_comparison(def, am, expr))
			return psprintf("the index on %s %s that is recommended here", table,
							index_def_keys_text(def));
	}
	keys = IsA(expr, Var) ? expression_text_of(relid, expr) :
		psprintf("(%s)", expression_text_of(relid, expr));
	return am == BTREE_AM_OID ?
		psprintf("an index on %s (%s)", table, keys) :
		psprintf("an index on %s USING gin (%s)", table, keys);
}

/* Is it a day of a time that is not the same day everywhere or all day? */
static bool
is_day_of_time(Oid from, Oid to)
{
	return to == DATEOID && (from == TIMESTAMPTZOID || from == TIMESTAMPOID);
}

/* The unit that date_trunc() cuts a time to; NULL if the expression is none. */
static const char *
truncated_unit(Node *expr)
{
	const FuncExpr *call = (const FuncExpr *) expr;
	const Const *unit;

	if (!IsA(expr, FuncExpr) || list_length(call->args) < 2 ||
		get_func_namespace(call->funcid) != PG_CATALOG_NAMESPACE ||
		strcmp(get_func_name(call->funcid), "date_trunc") != 0)
		return NULL;
	unit = linitial(call->args);
	return IsA(unit, Const) && !unit->constisnull && unit->consttype == TEXTOID ?
		TextDatumGetCString(unit->constvalue) : NULL;
}

/* What to compare the column with, rather than to change its type. */
static char *
comparison_text(Oid relid, const Var *column, Oid to)
{
	const char *name = quote_identifier(get_attname(relid, column->varattno,
													false));

	if (is_day_of_time(column->vartype, to))
		return psprintf("compares %s with a range (%s >= day AND %s < day + 1)",
						name, name, name);
	if (TypeCategory(column->vartype) == TYPCATEGORY_NUMERIC &&
		TypeCategory(to) == TYPCATEGORY_NUMERIC)
		return psprintf("sends %s as %s, not as %s", name,
						format_type_be(column->vartype), format_type_be(to));
	return psprintf("compares %s itself with a value of type %s", name,
					format_type_be(column->vartype));
}

/*
 * What the application could compare in the place of an expression, so that an index
 * on a column serves, and *column; NULL if nothing is known.
 */
static char *
plain_comparison(Oid relid, Node *expr, const Var **column)
{
	Node	   *value = cast_value(expr);
	const char *unit = truncated_unit(expr);
	const char *name;

	*column = only_column(expr);
	if (*column == NULL)
		return NULL;
	if (value != NULL && IsA(value, Var))
		return comparison_text(relid, *column, exprType(expr));
	if (unit == NULL)
		return NULL;
	name = quote_identifier(get_attname(relid, (*column)->varattno, false));
	return psprintf("compares %s with a range (%s >= the start of the %s AND %s < that of the next)",
					name, name, unit, name);
}

/*
 * What the application could do so that a plain index serves in the place of
 * one that holds a column changed, for the end of a sentence; NULL if no key is
 * that.  The table is locked.
 */
char *
reason_plain_column(const Advisor *advisor, const IndexDefinition *def)
{
	for (int i = 0; i < def->nkeys; i++)
	{
		const Var  *column;
		char	   *instead = def->keys[i].expr == NULL ? NULL :
			plain_comparison(def->relid, def->keys[i].expr, &column);

		if (instead != NULL)
			return psprintf("better: if the application %s, %s suffices", instead,
							name_serving_index(advisor, def->relid, BTREE_AM_OID,
											   (Node *) column));
	}
	return NULL;
}

/*
 * Why no index is made of an expression that is not immutable, and what serves
 * in its place.  The table is locked.
 */
char *
reason_unstable(const Advisor *advisor, Oid relid, Node *expr)
{
	const Var  *column;
	char	   *instead = plain_comparison(relid, expr, &column);
	char	   *why = psprintf("statements compare or sort by %s, whose result depends on the session or the time (it is not IMMUTABLE): PostgreSQL cannot index it",
							   expression_text_of(relid, expr));

	if (exprType(expr) == TSVECTOROID)
		return psprintf("%s; if the application names the configuration, as in to_tsvector('english', ...), an index on %s USING gin of that expression serves",
						why, quote_identifier(get_rel_name(relid)));
	if (column == NULL)
		return why;
	if (instead == NULL)
		instead = psprintf("leaves %s alone on one side of the comparison",
						   quote_identifier(get_attname(relid, column->varattno, false)));
	return psprintf("%s; if the application %s, %s suffices", why, instead,
					name_serving_index(advisor, relid, BTREE_AM_OID, (Node *) column));
}

/*
 * Why no index serves a test whether a value is an element of an array, and what
 * serves in its place.  The table is locked.
 */
char *
reason_elements(const Advisor *advisor, Oid relid, Node *array)
{
	const char *name = expression_text_of(relid, array);

	return psprintf("statements ask whether a value is an element of %s: PostgreSQL uses no index for value = ANY (%s); if the application asks for %s @> ARRAY[value], which is true of the same rows, %s serves",
					name, name, name, name_serving_index(advisor, relid, GIN_AM_OID, array));
}

/* Why no index is made of an expression with a constant of one call. */
char *
reason_varying(const Advisor *advisor, Oid relid, Node *expr)
{
	return psprintf("statements compare or sort by %s, whose constant may differ in the next call: no index on it is proposed",
					expression_text_of(relid, expr));
}
