/*-------------------------------------------------------------------------
 *
 * rewrite_form.c
 *	  Writes the statement that takes a loop's place.
 *
 * A query whose rows are found one by one by one key takes "= ANY" in place of
 * "=", and its key among its columns, to tell which row is for which key.  Any
 * other is run for each row of the arrays by LATERAL: that is what a loop is,
 * without its round trips, and the planner turns it into a join where it can.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_parts.h"

#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"

/* The first token behind the cast of the parameter at "number", if it has one. */
static int
skip_cast(const Rewrite *rewrite, int number)
{
	int			at = number + 1;

	while (at + 1 < rewrite->ntokens && rewrite->tokens[at].token.length == 2 &&
		   strncmp(rewrite->tokens[at].token.source, "::", 2) == 0)
	{
		at += 2;
		while (rewrite_is_symbol(rewrite, at, '.'))
			at += 2;
		if (rewrite_is_symbol(rewrite, at, '('))
			at = rewrite_closing(rewrite, at) + 1;
	}
	return at;
}

/* The end of the column's name that begins at "from": words with dots between. */
static int
name_end(const Rewrite *rewrite, int from)
{
	int			end = from + 1;

	while (rewrite_is_symbol(rewrite, end, '.'))
		end += 2;
	return end;
}

/* The token that stands at this place of the text, or -1. */
static int
token_at(const Rewrite *rewrite, int location)
{
	for (int i = 0; i < rewrite->ntokens; i++)
		if (rewrite->tokens[i].token.source == rewrite->text +location)
			return i;
	return -1;
}

/* Does the statement return the column that it finds its rows by? */
static bool
returns_key(const Rewrite *rewrite, const Var *column)
{
	List	   *targets = rewrite->query->commandType == CMD_SELECT ?
		rewrite->query->targetList : rewrite->query->returningList;
	ListCell   *lc;

	foreach(lc, targets)
	{
		TargetEntry *target = lfirst(lc);
		Var		   *var = (Var *) target->expr;

		if (!target->resjunk && IsA(var, Var) && var->varlevelsup == 0 &&
			var->varno == column->varno && var->varattno == column->varattno)
			return true;
	}
	return false;
}

/*
 * Append the tokens from "from" to before "to" without a LIMIT outside of
 * brackets, if there is one that a key makes needless.
 */
static void
append_unlimited(StringInfo sql, const Rewrite *rewrite, int from, int to)
{
	int			limit = rewrite_find_word(rewrite, from, "limit");

	if (!rewrite->drops_limit || limit >= to)
	{
		rewrite_append(sql, rewrite, from, to);
		return;
	}
	rewrite_append(sql, rewrite, from, limit);
	if (limit + 2 < to)
		appendStringInfoChar(sql, ' ');
	rewrite_append(sql, rewrite, limit + 2, to);
}

/*
 * "= ANY ($n)" in place of "= $n" or IN ($n), and the column among the result's.
 * Nothing is written if they are not written like that.
 */
static void
write_any(Rewrite *rewrite)
{
	const Var  *column = linitial(rewrite->comparison->args);
	int			at = rewrite->comparison_token;
	int			end = skip_cast(rewrite, at);
	int			equals = at - 1;
	int			name = token_at(rewrite, column->location);
	int			list;
	const RewriteParameter *param =
		&rewrite->params[rewrite->tokens[at].token.parameter - 1];
	StringInfoData sql;

	if (rewrite_is_symbol(rewrite, at - 1, '(') &&
		rewrite_is_word(rewrite, at - 2, "in") &&
		rewrite_is_symbol(rewrite, end, ')'))
	{
		equals = at - 2;
		end++;
	}
	else if (!rewrite_is_symbol(rewrite, equals, '='))
		return;
	if (name < 0)
		return;
	initStringInfo(&sql);
	list = rewrite_find_word(rewrite, 0, rewrite->query->commandType == CMD_SELECT ?
							 "select" : "returning") + 1;
	if (list <= rewrite->ntokens && !returns_key(rewrite, column))
	{
		if (rewrite_is_word(rewrite, list, "all"))
			list++;
		if (list > equals)
			return;				/* another place than is thought of here */
		rewrite_append(&sql, rewrite, 0, list);
		appendStringInfoChar(&sql, ' ');
		rewrite_append(&sql, rewrite, name, name_end(rewrite, name));
		appendStringInfoString(&sql, ", ");
		rewrite->adds_keys = true;
	}
	else
		list = 0;
	rewrite_append(&sql, rewrite, list, equals);
	appendStringInfo(&sql, " = ANY ($%d::%s[])", param->number,
					 rewrite_type_name(exprType(lsecond(rewrite->comparison->args))));
	if (end < rewrite->ntokens && rewrite->tokens[end].token.spaced)
		appendStringInfoChar(&sql, ' ');
	append_unlimited(&sql, rewrite, end, rewrite->ntokens);
	if (sql.data[sql.len - 1] == ' ')
		sql.data[--sql.len] = '\0';
	rewrite->sql = sql.data;
}

/* The child for each row of the arrays, in their order. */
static void
write_lateral(Rewrite *rewrite)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	rewrite_append_keys(&sql, rewrite);
	appendStringInfoString(&sql, "c.* FROM ");
	rewrite_append_arrays(&sql, rewrite, rewrite->alias, true);
	appendStringInfoString(&sql, " CROSS JOIN LATERAL (");
	rewrite_append(&sql, rewrite, 0, rewrite->ntokens);
	appendStringInfo(&sql, ") AS c ORDER BY %s.n", rewrite->alias);
	rewrite->sql = sql.data;
	rewrite->adds_keys = true;
}

/*
 * Write the statement in its form.  Leaves "sql" NULL if the child is not
 * written in a way that the form can take, and says in "problem" why if that is
 * for good.
 */
void
rewrite_write(Rewrite *rewrite)
{
	switch (rewrite->form)
	{
		case FORM_ANY:
			if (rewrite->query->commandType != CMD_SELECT)
				rewrite->problem = rewrite_change_problem(rewrite);
			if (rewrite->problem == NULL && rewrite_finds_comparison(rewrite))
				write_any(rewrite);
			break;
		case FORM_LATERAL:
			write_lateral(rewrite);
			break;
		case FORM_JOIN:
			rewrite_write_join(rewrite);
			break;
		case FORM_INSERT:
			rewrite_write_insert(rewrite);
			break;
		case FORM_MERGE:
			rewrite_write_merge(rewrite);
			break;
	}
}
