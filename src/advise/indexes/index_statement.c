/*-------------------------------------------------------------------------
 *
 * index_statement.c
 *	  The text of a CREATE INDEX statement, without looking at the database.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_statement.h"

#include <ctype.h>

#include "common/keywords.h"
#include "lib/stringinfo.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

/* ------------------------------------------------------------------------
 * Parsing
 * ------------------------------------------------------------------------ */

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

/*
 * From now on errors whose position is one in "text" show that text instead of
 * the client's statement.  To be ended unless an error was raised.
 */
void
index_statement_guard(IndexStatementGuard *guard, const char *text)
{
	guard->text = text;

	guard->callback.callback = move_position;
	guard->callback.arg = guard;
	guard->callback.previous = error_context_stack;
	error_context_stack = &guard->callback;
}

/* Errors show the client's statement again. */
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
				 errmsg("text must contain exactly one CREATE INDEX statement"),
				 errdetail_plural("The text contains %d statement.",
								  "The text contains %d statements.",
								  list_length(statements),
								  list_length(statements))));
	return linitial_node(RawStmt, statements)->stmt;
}

/*
 * The one CREATE INDEX statement that the text is.  Errors: 42601 for what is
 * no SQL, for more or less than one statement and for ON ONLY, 22023 for other
 * commands.
 */
IndexStmt *
index_statement_parse(const char *text)
{
	Node	   *statement = only_statement(text);
	IndexStmt  *index = (IndexStmt *) statement;

	if (!IsA(statement, IndexStmt))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("statement must be CREATE INDEX"),
				 errdetail("The statement is %s.",
						   GetCommandTagName(CreateCommandTag(statement)))));
	if (!index->relation->inh)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("CREATE INDEX ON ONLY is not supported"),
				 errhint("Leave ONLY out: an index of a partitioned table covers its partitions.")));
	return index;
}

/* ------------------------------------------------------------------------
 * One form for all
 * ------------------------------------------------------------------------ */

typedef struct Writer
{
	StringInfoData text;
	bool		drop_concurrently;	/* still to come */
	bool		drop_exists;	/* IF NOT EXISTS, too */
	int			depth;			/* of brackets */
	char		last;			/* first character of the token before */
	int			last_start;		/* where that stands in text */
} Writer;

/* Is the token one of these key words? */
static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (pg_strcasecmp(word, *words) == 0)
			return true;
	return false;
}

/* Is the token a word, neither quoted nor part of a literal? */
static bool
is_plain_word(const char *token)
{
	return (isalpha((unsigned char) *token) || *token == '_' ||
			IS_HIGHBIT_SET(*token)) &&
		strpbrk(token, "'\"") == NULL;
}

/* Is it a word that belongs to the statement and can be no column? */
static bool
is_key_word(const Writer *w, const char *word)
{
	static const char *const outer[] = {"index", "include", "nulls", "tablespace", NULL};
	static const char *const order[] = {"first", "last", NULL};
	static const char *const values[] = {"true", "false", NULL};
	int			number = ScanKeywordLookup(word, &ScanKeywords);

	if (number < 0 || is_one_of(word, values))
		return false;
	return ScanKeywordCategories[number] == RESERVED_KEYWORD ||
		ScanKeywordCategories[number] == TYPE_FUNC_NAME_KEYWORD ||
		(w->depth == 0 && is_one_of(word, outer)) ||
		(is_one_of(word, order) &&
		 pg_strcasecmp(w->text.data + w->last_start, "nulls") == 0);
}

/* Is the word one of those that are left out? */
static bool
is_left_out(Writer *w, const char *word)
{
	static const char *const exists[] = {"if", "not", "exists", NULL};

	if (w->drop_concurrently && pg_strcasecmp(word, "concurrently") == 0)
	{
		w->drop_concurrently = false;
		return true;
	}
	if (!w->drop_exists || !is_one_of(word, exists))
		return false;
	w->drop_exists = pg_strcasecmp(word, "exists") != 0;
	return true;
}

/* The letters from "start" on become capitals. */
static void
capitalize(Writer *w, int start)
{
	for (char *c = w->text.data + start; *c != '\0'; c++)
		*c = pg_ascii_toupper((unsigned char) *c);
}

/* Begin a token that was or was not set off from the one before. */
static void
begin_token(Writer *w, char first, bool spaced)
{
	bool		closes = first == ')' || first == ',';

	if (w->last == ',' || (first == '(' && w->depth == 0))
		spaced = true;
	if (w->text.len > 0 && spaced && !closes && w->last != '(')
		appendStringInfoChar(&w->text, ' ');
	w->last = first;
	w->last_start = w->text.len;
	if (first == '(')
		w->depth++;
	else if (first == ')')
		w->depth--;
}

/*
 * Write a token, which the scanner understood as "value".  A string keeps its
 * value for those who read the text with other settings.
 */
static void
write_token(Writer *w, const char *token, const core_YYSTYPE *value, bool spaced)
{
	bool		is_word = is_plain_word(token);
	bool		is_key = is_word && is_key_word(w, token);

	if (*token == ';' || (is_word && is_left_out(w, token)))
		return;
	if (is_key && pg_strcasecmp(w->text.data + w->last_start, "nulls") == 0)
		capitalize(w, w->last_start);
	begin_token(w, *token, spaced);
	if (is_key)
	{
		appendStringInfoString(&w->text, token);
		capitalize(w, w->last_start);
	}
	else if (is_word && ScanKeywordLookup(token, &ScanKeywords) >= 0)
		appendStringInfoString(&w->text, value->keyword);
	else if (is_word || *token == '"')
		appendStringInfoString(&w->text, quote_identifier(value->str));
	else if (*token == '\'' && (!STANDARD_STRINGS || strchr(value->str, '\\') != NULL))
		appendStringInfoString(&w->text, quote_literal_cstr(value->str));
	else
		appendStringInfoString(&w->text, token);
}

/*
 * A CREATE INDEX statement in one form: comments, the semicolon, CONCURRENTLY and IF
 * NOT EXISTS left out, white space made even, key words in capitals,
 * identifiers quoted only where needed.
 */
char *
index_statement_normalize(const char *text, const IndexStmt *stmt)
{
	Writer		w = {.drop_concurrently = stmt->concurrent,
	.drop_exists = stmt->if_not_exists};
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		start;
	int			end = 0;
	core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords,
										 ScanKeywordTokens);

	SILENCE_SCANNER(extra);
	initStringInfo(&w.text);
	while (core_yylex(&value, &start, scanner) != 0)
	{
		/* the scanner ends the token with a null byte, for now */
		const char *token = extra.scanbuf + start;

		write_token(&w, token, &value, start > end);
		end = start + strlen(token);
	}
	scanner_finish(scanner);
	return w.text.data;
}

/* ------------------------------------------------------------------------
 * Its parts
 * ------------------------------------------------------------------------ */

/*
 * Parts of a CREATE INDEX statement as it is written: from its name on, and from
 * its keys on, or from USING before them; without the semicolon.  An index that
 * has no name has ON in its place.  Errors as index_statement_parse().
 */
IndexStatementParts
index_statement_parts(const char *text)
{
	const IndexStmt *stmt = index_statement_parse(text);
	IndexStatementParts parts = {0};
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		start;
	int			skip = -1;		/* words before the name; -1: INDEX to come */
	int			end = strlen(text);
	int			name = 0;
	int			keys = 0;
	core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords,
										 ScanKeywordTokens);

	SILENCE_SCANNER(extra);
	while (core_yylex(&value, &start, scanner) != 0)
	{
		const char *token = extra.scanbuf + start;

		if (*token == ';')
			end = start;
		else if (skip < 0)
		{
			if (pg_strcasecmp(token, "index") == 0)
				skip = (stmt->concurrent ? 1 : 0) + (stmt->if_not_exists ? 3 : 0);
		}
		else if (skip > 0)
			skip--;
		else if (name == 0)
			name = start;
		else if (keys == 0 && (*token == '(' || pg_strcasecmp(token, "using") == 0))
			keys = start;
	}
	scanner_finish(scanner);
	parts.from_name = pnstrdup(text +name, end - name);
	parts.from_keys = pnstrdup(text +keys, end - keys);
	return parts;
}
