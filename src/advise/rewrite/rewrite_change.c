/*-------------------------------------------------------------------------
 *
 * rewrite_change.c
 *	  Writes the change of many rows that takes the place of a loop of changes.
 *
 * Each change of a loop sees what those before it have done; one statement
 * sees nothing of itself.  So a child that reads what it changes, or changes
 * a row again where its key comes again, is not rewritten, and the reason is
 * said.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/rewrite/rewrite_parts.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* Said where a second change of a row would be lost. */
static const char changes_again[] =
"it changes a row again where a key comes again, which one statement does not";

/* How many times the walked query reads a table. */
typedef struct ReadContext
{
	Oid			relid;
	int			times;
} ReadContext;

static bool
read_walker(Node *node, void *arg)
{
	ReadContext *context = arg;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, read_walker, arg);
	foreach(lc, ((Query *) node)->rtable)
	{
		if (((RangeTblEntry *) lfirst(lc))->relid == context->relid)
			context->times++;
	}
	return query_tree_walker((Query *) node, read_walker, arg, 0);
}

/* Does the child read the table that it writes, beside the rows it changes? */
static bool
reads_its_table(const Rewrite *rewrite)
{
	Query	   *query = rewrite->query;
	ReadContext context = {
		.relid = rt_fetch(query->resultRelation, query->rtable)->relid
	};
	int			own = query->onConflict != NULL &&
		query->onConflict->exclRelIndex > 0 ? 2 : 1;

	(void) read_walker((Node *) query, &context);
	return context.times > own;
}

/* Do the new values of an UPDATE depend on the old ones? */
static bool
reads_old_values(const Query *query)
{
	List	   *read = pull_vars_of_level((Node *) query->jointree, 0);
	ListCell   *lc;
	ListCell   *target;

	if (bms_is_member(query->resultRelation,
					  pull_varnos(NULL, (Node *) query->targetList)))
		return true;
	foreach(lc, read)
	{
		const Var  *var = lfirst(lc);

		foreach(target, query->targetList)
		{
			if (var->varno == query->resultRelation &&
				var->varattno == ((TargetEntry *) lfirst(target))->resno)
				return true;
		}
	}
	return false;
}

/* Why the rows of a table cannot be changed all at once, or NULL. */
const char *
rewrite_change_problem(const Rewrite *rewrite)
{
	const Query *query = rewrite->query;

	if (reads_its_table(rewrite))
		return "it reads the table that it changes, so that one change is seen by the next";
	if (query->commandType == CMD_UPDATE && rewrite->child->repeats &&
		reads_old_values(query))
		return changes_again;
	return NULL;
}

/*
 * Append the arrays as rows, the last one only of those whose keys are alike: of
 * several changes that a loop makes to a row, the last one stands.
 */
static void
append_last_of_each(StringInfo sql, const Rewrite *rewrite)
{
	const char *inner = psprintf("%s_all", rewrite->alias);
	StringInfoData keys;

	initStringInfo(&keys);
	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (param->used && param->varies && param->same_as == i + 1 &&
			param->in_equality)
			appendStringInfo(&keys, "%s%s.%s", keys.len > 0 ? ", " : "", inner,
							 quote_identifier(param->name));
	}
	appendStringInfo(sql, "(SELECT DISTINCT ON (%s) %s.* FROM ", keys.data, inner);
	rewrite_append_arrays(sql, rewrite, inner, true);
	appendStringInfo(sql, " ORDER BY %s, %s.n DESC) AS %s", keys.data, inner,
					 rewrite->alias);
}

/* What can be said against a join with the arrays, or NULL. */
static const char *
join_problem(const Rewrite *rewrite, bool *last_only)
{
	bool		found = false;
	bool		elsewhere = false;

	for (int i = 0; i < rewrite->nparams; i++)
	{
		const RewriteParameter *param = &rewrite->params[i];

		if (!param->used || !param->varies)
			continue;
		found |= param->in_equality;
		elsewhere |= param->elsewhere;
	}
	*last_only = rewrite->child->repeats &&
		rewrite->query->commandType == CMD_UPDATE;
	if (!found)
		return "none of the values that vary is compared with a column of its table";
	if (rewrite->child->repeats && rewrite->query->returningList != NIL)
		return "a key comes again, and it cannot be told which of its runs returns a row";
	return *last_only && elsewhere ? changes_again : NULL;
}

/*
 * UPDATE ... FROM and DELETE ... USING the arrays, which stand last, so that the
 * numbers of the child's own tables stay.
 */
void
rewrite_write_join(Rewrite *rewrite)
{
	bool		update = rewrite->query->commandType == CMD_UPDATE;
	int			from = rewrite_find_word(rewrite, 0, update ? "from" : "using");
	int			where = rewrite_find_word(rewrite, 0, "where");
	int			returning = rewrite_find_word(rewrite, 0, "returning");
	bool		last_only;
	StringInfoData sql;

	rewrite->problem = rewrite_change_problem(rewrite);
	if (rewrite->problem == NULL)
		rewrite->problem = join_problem(rewrite, &last_only);
	if (rewrite->problem != NULL)
		return;
	initStringInfo(&sql);
	rewrite_append(&sql, rewrite, 0, where);
	appendStringInfoString(&sql, from < where ? ", " :
						   update ? " FROM " : " USING ");
	if (last_only)
		append_last_of_each(&sql, rewrite);
	else
		rewrite_append_arrays(&sql, rewrite, rewrite->alias, false);
	appendStringInfoChar(&sql, ' ');
	rewrite_append(&sql, rewrite, where, returning);
	if (returning < rewrite->ntokens)
	{
		appendStringInfoString(&sql, " RETURNING ");
		rewrite_append_keys(&sql, rewrite);
		rewrite_append(&sql, rewrite, returning + 1, rewrite->ntokens);
		rewrite->adds_keys = true;
	}
	rewrite->sql = sql.data;
}

/* ------------------------------------------------------------------------
 * INSERT
 * ------------------------------------------------------------------------ */

/* The places of an INSERT's clauses, as token numbers; ntokens = there is none. */
typedef struct InsertClauses
{
	int			columns;		/* the bracket before the list of columns */
	int			rows;			/* VALUES, or the query */
	int			conflict;		/* ON CONFLICT */
	int			returning;
	int			end;			/* of the rows */
} InsertClauses;

/* Find the clauses; false if they are not where they are expected. */
static bool
find_insert_clauses(const Rewrite *rewrite, InsertClauses *clauses)
{
	int			into = rewrite_find_word(rewrite, 0, "into");
	int			select = rewrite_find_word(rewrite, into, "select");
	int			values = rewrite_find_word(rewrite, into, "values");

	clauses->columns = clauses->conflict = rewrite->ntokens;
	clauses->rows = Min(select, values);
	clauses->returning = rewrite_find_word(rewrite, into, "returning");
	for (int i = into; i < clauses->rows; i++)
	{
		if (rewrite_is_symbol(rewrite, i, '(') && rewrite->tokens[i].depth == 0)
		{
			clauses->columns = i;
			break;
		}
	}
	for (int i = clauses->rows; i + 1 < rewrite->ntokens; i++)
	{
		if (rewrite->tokens[i].depth == 0 && rewrite_is_word(rewrite, i, "on") &&
			rewrite_is_word(rewrite, i + 1, "conflict"))
			clauses->conflict = i;
	}
	clauses->end = Min(clauses->conflict, clauses->returning);
	return clauses->rows < rewrite->ntokens;
}

/* The end of the list's element that begins at "from", inside of brackets. */
static int
element_end(const Rewrite *rewrite, int from)
{
	int			depth = rewrite->tokens[from].depth;
	int			end = from;

	while (end < rewrite->ntokens && rewrite->tokens[end].depth >= depth &&
		   !(rewrite->tokens[end].depth == depth &&
			 rewrite_is_symbol(rewrite, end, ',')))
		end++;
	return end;
}

/* The column that an INSERT's nth value is for, as it is to be written. */
static const char *
insert_column(const Rewrite *rewrite, const InsertClauses *clauses, int n)
{
	const Query *query = rewrite->query;
	const RangeTblEntry *table = rt_fetch(query->resultRelation, query->rtable);
	int			at = clauses->columns + 1;

	if (clauses->columns == rewrite->ntokens)
	{
		ListCell   *lc;

		/*
		 * the columns that there are, in their order; dropped ones have no
		 * name
		 */
		foreach(lc, table->eref->colnames)
		{
			if (*strVal(lfirst(lc)) != '\0' && n-- == 0)
				return quote_identifier(strVal(lfirst(lc)));
		}
		return "";
	}
	while (n-- > 0)
		at = element_end(rewrite, at) + 1;
	return pnstrdup(rewrite->tokens[at].token.source,
					rewrite->tokens[element_end(rewrite, at) - 1].token.source +
					rewrite->tokens[element_end(rewrite, at) - 1].token.length -
					rewrite->tokens[at].token.source);
}

/*
 * In ON CONFLICT DO UPDATE the arrays are out of sight; a value that is inserted
 * as it is can be had as that of the row that was not inserted.  Returns the
 * column that it is inserted into, or NULL.
 */
static const char *
excluded_column(const Rewrite *rewrite, const InsertClauses *clauses,
				int number)
{
	int			at = clauses->rows + 2;
	int			wanted = rewrite->params[number - 1].same_as;

	for (int n = 0; at < clauses->end; n++)
	{
		int			end = element_end(rewrite, at);
		const Token *token = &rewrite->tokens[at].token;

		if (end == at + 1 && token->kind == KIND_PARAMETER &&
			rewrite->params[token->parameter - 1].same_as == wanted)
			return insert_column(rewrite, clauses, n);
		if (!rewrite_is_symbol(rewrite, end, ','))
			break;
		at = end + 1;
	}
	return NULL;
}

/* Append ON CONFLICT and RETURNING; false if values vary there that are out of sight. */
static bool
append_behind_rows(StringInfo sql, const Rewrite *rewrite,
				   const InsertClauses *clauses)
{
	for (int i = clauses->end; i < rewrite->ntokens; i++)
	{
		const Token *token = &rewrite->tokens[i].token;
		const char *column;

		if (token->kind != KIND_PARAMETER ||
			!rewrite->params[token->parameter - 1].varies)
		{
			appendStringInfoString(sql, token->spaced ? " " : "");
			rewrite_append(sql, rewrite, i, i + 1);
			continue;
		}
		column = i < clauses->returning ?
			excluded_column(rewrite, clauses, token->parameter) : NULL;
		if (column == NULL)
			return false;
		appendStringInfo(sql, "%sexcluded.%s", token->spaced ? " " : "", column);
	}
	return true;
}

/*
 * Append the head of the INSERT and one row's values as a SELECT list.  A value
 * of DEFAULT goes, and its column with it.
 */
static void
append_values(StringInfo sql, const Rewrite *rewrite,
			  const InsertClauses *clauses)
{
	int			at = clauses->rows + 2;
	int			head = Min(clauses->columns, clauses->rows);
	int			behind = clauses->columns < rewrite->ntokens ?
		rewrite_closing(rewrite, clauses->columns) + 1 : clauses->rows;
	StringInfoData columns;
	StringInfoData values;

	initStringInfo(&columns);
	initStringInfo(&values);
	for (int n = 0; at < clauses->end; n++)
	{
		int			end = element_end(rewrite, at);

		if (end != at + 1 || !rewrite_is_word(rewrite, at, "default"))
		{
			const char *separator = columns.len > 0 ? ", " : "";

			appendStringInfo(&columns, "%s%s", separator,
							 insert_column(rewrite, clauses, n));
			appendStringInfoString(&values, separator);
			rewrite_append(&values, rewrite, at, end);
		}
		if (!rewrite_is_symbol(rewrite, end, ','))
			break;
		at = end + 1;
	}
	rewrite_append(sql, rewrite, 0, head);
	appendStringInfo(sql, " (%s) ", columns.data);
	rewrite_append(sql, rewrite, behind, clauses->rows);
	appendStringInfo(sql, "%sSELECT %s FROM ",
					 behind < clauses->rows ? " " : "", values.data);
	rewrite_append_arrays(sql, rewrite, rewrite->alias, true);
}

/* Is it one row of values? */
static bool
inserts_one_row(const Rewrite *rewrite, const InsertClauses *clauses)
{
	return rewrite_is_word(rewrite, clauses->rows, "values") &&
		rewrite_closing(rewrite, clauses->rows + 1) + 1 == clauses->end;
}

/* INSERT ... SELECT from the arrays, in their order. */
void
rewrite_write_insert(Rewrite *rewrite)
{
	const OnConflictExpr *conflict = rewrite->query->onConflict;
	InsertClauses clauses;
	StringInfoData sql;

	rewrite->problem = rewrite_change_problem(rewrite);
	if (rewrite->child->repeats && conflict != NULL &&
		conflict->action == ONCONFLICT_UPDATE)
		rewrite->problem = changes_again;
	if (rewrite->problem != NULL || !find_insert_clauses(rewrite, &clauses))
		return;
	initStringInfo(&sql);
	if (inserts_one_row(rewrite, &clauses))
		append_values(&sql, rewrite, &clauses);
	else
	{
		rewrite_append(&sql, rewrite, 0, clauses.rows);
		appendStringInfoString(&sql, " SELECT c.* FROM ");
		rewrite_append_arrays(&sql, rewrite, rewrite->alias, true);
		appendStringInfoString(&sql, " CROSS JOIN LATERAL (");
		rewrite_append(&sql, rewrite, clauses.rows, clauses.end);
		appendStringInfoString(&sql, ") AS c");
	}
	appendStringInfo(&sql, " ORDER BY %s.n", rewrite->alias);
	if (append_behind_rows(&sql, rewrite, &clauses))
		rewrite->sql = sql.data;
	else
		rewrite->problem = "a value that varies stands in ON CONFLICT or RETURNING";
}

/*
 * MERGE with a source that holds the arrays' rows.  All that varies must stand in
 * the brackets of the source.
 */
void
rewrite_write_merge(Rewrite *rewrite)
{
	int			using = rewrite_find_word(rewrite, 0, "using");
	int			open = using + 1;
	int			close;
	StringInfoData sql;

	rewrite->problem = rewrite_change_problem(rewrite);
	if (rewrite->child->repeats)
		rewrite->problem = changes_again;
	if (rewrite->problem != NULL || !rewrite_is_symbol(rewrite, open, '('))
		return;
	close = rewrite_closing(rewrite, open);
	initStringInfo(&sql);
	rewrite_append(&sql, rewrite, 0, open);
	appendStringInfoString(&sql, " (SELECT c.* FROM ");
	rewrite_append_arrays(&sql, rewrite, rewrite->alias, true);
	appendStringInfoString(&sql, " CROSS JOIN LATERAL (");
	rewrite_append(&sql, rewrite, open + 1, close);
	appendStringInfo(&sql, ") AS c ORDER BY %s.n", rewrite->alias);
	rewrite_append(&sql, rewrite, close, rewrite->ntokens);
	rewrite->sql = sql.data;
}
