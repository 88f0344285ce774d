/*-------------------------------------------------------------------------
 *
 * excerpt.c
 *	  A statement on one line, and what tells it apart; clipperf_excerpt().
 *
 * Statements of one application read alike for their first hundred characters:
 * the same columns of the same tables.  They differ in what they ask for.  So
 * in a long statement the lists of columns are left out, not the end.
 *
 *-------------------------------------------------------------------------
 */
#include "common/excerpt.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

#include "common/plain.h"
#include "common/token.h"

PGDLLEXPORT Datum clipperf_excerpt(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_shorten(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_excerpt);
PG_FUNCTION_INFO_V1(clipperf_shorten);

/* Lists up to this many bytes are shown as they are. */
#define SHORT_LIST 24

/*
 * One blank for each run of white space, and of what would not stay on the line; no
 * semicolon at the end.
 */
static void
make_line(char *text)
{
	char	   *to = text;

	plain_replace(text, ' ', GetDatabaseEncoding());
	for (const char *from = text; *from != '\0'; from++)
	{
		if (!scanner_isspace(*from))
			*to++ = *from;
		else if (to > text &&to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text &&(to[-1] == ' ' || to[-1] == ';'))
		to--;
	*to = '\0';
}

/* The end of the token at "at", of all of a bracket if one opens there. */
static const char *
skip_group(const char *at)
{
	const char *close = *at == '(' ? token_closing_bracket(at) : token_end(at) - 1;

	return close == NULL ? at + strlen(at) : close + 1;
}

/* The line with "..." for the lists of SELECT and SET outside of brackets. */
static char *
elide_lists(const char *line)
{
	const char *shown = line;	/* all before is in "text" */
	const char *list = NULL;	/* where a list begins */
	bool		distinct = false;
	StringInfoData text;

	initStringInfo(&text);
	for (const char *at = line, *end; *at != '\0'; at = token_skip_blanks(end))
	{
		end = skip_group(at);
		if (token_is(at, end, "select") || token_is(at, end, "set"))
			list = end;
		else if (list != NULL && (token_is(at, end, "where") ||
								  (token_is(at, end, "from") && !distinct)))
		{
			if (at - list > SHORT_LIST)
			{
				appendBinaryStringInfo(&text, shown, list - shown);
				appendStringInfoString(&text, " ... ");
				shown = at;
			}
			list = NULL;
		}
		distinct = token_is(at, end, "distinct");
	}
	appendStringInfoString(&text, shown);
	return text.data;
}

/* May a table stand here no more, as joins or the rest of the query follow? */
static bool
ends_first_table(const char *at, const char *end)
{
	static const char *const words[] = {
		"join", "inner", "left", "right", "full", "cross", "natural", "where",
		"group", "order", "having", "limit", "union", "for", "returning"
	};

	for (int i = 0; i < lengthof(words); i++)
		if (token_is(at, end, words[i]))
			return true;
	return *at == ',' || *at == ';';
}

/*
 * The line with "..." for all tables but the first one outside of brackets, and
 * for the inside of that one, as its WHERE tells more; as it is if it has none.
 */
static char *
elide_joins(const char *line)
{
	const char *table = NULL;	/* the first one */
	const char *rest = NULL;	/* behind it */
	const char *where = NULL;
	StringInfoData text;

	for (const char *at = line, *end; *at != '\0'; at = token_skip_blanks(end))
	{
		end = skip_group(at);
		if (table == NULL && token_is(at, end, "from"))
			table = token_skip_blanks(end);
		else if (table != NULL && rest == NULL && ends_first_table(at, end))
			rest = at;
		if (rest != NULL && where == NULL && token_is(at, end, "where"))
			where = at;
	}
	if (where == NULL)
		return pstrdup(line);

	initStringInfo(&text);
	appendBinaryStringInfo(&text, line, table - line);
	if (*table == '(')
	{
		appendStringInfoString(&text, "(...)");
		table = skip_group(table);
	}
	appendBinaryStringInfo(&text, table, rest - table);
	if (rest < where)
		appendStringInfo(&text, "%s... ", rest[-1] == ' ' ? "" : " ");
	appendStringInfoString(&text, where);
	return text.data;
}

/* The line with "(SELECT ...)" for each query in brackets. */
static char *
elide_subqueries(const char *line)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *at = line, *end; *at != '\0'; at = end)
	{
		const char *inside = token_skip_blanks(at + 1);

		end = token_end(at);
		if (*at == '(' && token_is(inside, token_end(inside), "select"))
		{
			end = skip_group(at);
			appendStringInfoString(&text, "(SELECT ...)");
		}
		else
			appendBinaryStringInfo(&text, at, end - at);
	}
	return text.data;
}

/*
 * The statement on one line, palloc'd; if that is longer than "width"
 * characters, without the lists of its columns.
 */
char *
excerpt_of(const char *statement, int width)
{
	char	   *line = pstrdup(statement);

	make_line(line);
	return pg_mbstrlen(line) > width ? elide_lists(line) : line;
}

/*
 * The statement on one line of at most "width" characters, palloc'd.  What tells
 * it apart least goes first: the lists of its columns, joined tables, queries
 * within it, then its end.
 */
char *
excerpt_line(const char *statement, int width)
{
	char	   *line = excerpt_of(statement, width);

	if (pg_mbstrlen(line) > width)
		line = elide_joins(line);
	if (pg_mbstrlen(line) > width)
		line = elide_subqueries(line);
	if (pg_mbstrlen(line) <= width)
		return line;
	return psprintf("%.*s...", pg_mbcharcliplen(line, strlen(line), Max(width - 3, 0)),
					line);
}

/*
 * Bytes of the longest beginning of a text that is not longer than "limit" bytes
 * and ends with a character.  SQL_ASCII knows no characters: what it holds is taken
 * for UTF-8.
 */
int
excerpt_clip(const char *text, int limit)
{
	int			length = strlen(text);
	int			clipped;

	if (length <= limit)
		return length;
	clipped = pg_mbcliplen(text, length, limit);
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		while (clipped > 0 && ((unsigned char) text[clipped] & 0xC0) == 0x80)
			clipped--;
	return clipped;
}

/* clipperf_excerpt(statement text, width integer): see excerpt_of(). */
Datum
clipperf_excerpt(PG_FUNCTION_ARGS)
{
	char	   *statement = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(excerpt_of(statement, PG_GETARG_INT32(1))));
}

/* clipperf_shorten(statement text, width integer): see excerpt_line(). */
Datum
clipperf_shorten(PG_FUNCTION_ARGS)
{
	char	   *statement = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(excerpt_line(statement, PG_GETARG_INT32(1))));
}
