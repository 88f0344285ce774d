/*-------------------------------------------------------------------------
 *
 * index_statement.c
 *	  The text of a CREATE INDEX statement, without looking at the database.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/index_statement.h"

#include "parser/parser.h"
#include "tcop/utility.h"

/* Error context callback: the position belongs to the guarded text. */
static void
move_position(void *arg)
{
	IndexStatementGuard *guard = arg;
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(guard->text);
	}
}

/* See index_statement.h. */
void
index_statement_guard(IndexStatementGuard *guard, const char *text)
{
	guard->text = text;
	guard->callback.callback = move_position;
	guard->callback.arg = guard;
	guard->callback.previous = error_context_stack;
	error_context_stack = &guard->callback;
}

/* See index_statement.h. */
void
index_statement_unguard(IndexStatementGuard *guard)
{
	error_context_stack = guard->callback.previous;
}

/* The only statement of the text, whatever it is. */
static Node *
only_statement(const char *text)
{
	IndexStatementGuard guard;
	List	   *statements;

	index_statement_guard(&guard, text);
	statements = raw_parser(text, RAW_PARSE_DEFAULT);
	index_statement_unguard(&guard);
	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("exactly one CREATE INDEX statement is expected"),
				 errdetail_plural("The text holds %d statement.",
								  "The text holds %d statements.",
								  list_length(statements),
								  list_length(statements))));
	return linitial_node(RawStmt, statements)->stmt;
}

/* See index_statement.h. */
IndexStmt *
index_statement_parse(const char *text)
{
	Node	   *statement = only_statement(text);
	IndexStmt  *index = (IndexStmt *) statement;

	if (!IsA(statement, IndexStmt))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a CREATE INDEX statement is expected"),
				 errdetail("The statement is %s.",
						   GetCommandTagName(CreateCommandTag(statement)))));
	if (!index->relation->inh)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("ON ONLY is not supported here"),
				 errhint("Leave ONLY out: an index of a partitioned table covers its partitions.")));
	return index;
}
