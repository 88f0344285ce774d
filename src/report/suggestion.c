/*-------------------------------------------------------------------------
 *
 * suggestion.c
 *	  The batched rewrite of an N+1 pattern's child.
 *
 * Three forms.  A plain statement takes "= ANY($n)" in place of "= $n".  One
 * whose result depends on all of its rows (LIMIT, aggregates, ...) is run for
 * each key by LATERAL.  An INSERT of one row takes its rows from the array.
 * The text is normalised: it has no literals and no comments.
 *
 *-------------------------------------------------------------------------
 */
#include "report/suggestion.h"

#include <ctype.h>

#include "lib/stringinfo.h"

/* What stands for one key of the array. */
#define KEY "k.key"

/* A statement with one of these means something else with many keys. */
static const char *const whole_words[] = {
	"limit", "offset", "fetch", "distinct", "group", "having", "union",
	"intersect", "except", "over", "window", "with", NULL
};

/* So does one that calls an aggregate. */
static const char *const aggregates[] = {
	"count", "sum", "avg", "min", "max", "array_agg", "string_agg", "json_agg",
	"jsonb_agg", "json_object_agg", "jsonb_object_agg", "bool_and", "bool_or",
	"every", "exists", NULL
};

static inline bool
is_word(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' ||
		IS_HIGHBIT_SET(c);
}

static const char *
skip_blanks(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* Does the word of "length" bytes at "at" equal "word", whatever its case? */
static bool
word_is(const char *at, int length, const char *word)
{
	return strlen(word) == length && pg_strncasecmp(at, word, length) == 0;
}

/* The end of the word, quoted identifier or other character at "at". */
static const char *
skip_token(const char *at)
{
	if (*at == '"')
	{
		do
			at++;
		while (*at != '\0' && *at != '"');
		return *at == '\0' ? at : at + 1;
	}
	if (!is_word(*at))
		return at + 1;
	while (is_word(*at))
		at++;
	return at;
}

/* Is the word at "at" in the list? */
static bool
in_list(const char *at, int length, const char *const *list)
{
	for (; *list != NULL; list++)
		if (word_is(at, length, *list))
			return true;
	return false;
}

/* Does the result depend on more than one row at a time? */
static bool
depends_on_all_rows(const char *statement)
{
	for (const char *at = statement; *at != '\0';)
	{
		const char *end = skip_token(at);

		if (in_list(at, end - at, whole_words) ||
			(*skip_blanks(end) == '(' && in_list(at, end - at, aggregates)))
			return true;
		at = end;
	}
	return false;
}

/* The first $number of the text at or after "from", or NULL. */
static const char *
find_placeholder(const char *from, int number)
{
	char	   *placeholder = psprintf("$%d", number);

	for (const char *at = from; *at != '\0';)
	{
		const char *end = skip_token(at);

		if (word_is(at, end - at, placeholder))
			return at;
		at = end;
	}
	return NULL;
}

/* The end of a placeholder and of a cast behind it, "$1::integer". */
static const char *
skip_placeholder(const char *at)
{
	at = skip_token(at);
	while (strncmp(skip_blanks(at), "::", 2) == 0)
	{
		at = skip_token(skip_blanks(skip_blanks(at) + 2));
		while (*at == '.' || *at == '[' || *at == ']')
			at = *at == '.' ? skip_token(at + 1) : at + 1;
	}
	return at;
}

/* The "=" that ends right before "at", or NULL. */
static const char *
equals_before(const char *statement, const char *at)
{
	while (at > statement && at[-1] == ' ')
		at--;
	if (at - statement < 2 || at[-1] != '=' ||
		strchr("<>!=~@#&|+-*/%^?:", at[-2]) != NULL)
		return NULL;
	return at - 1;
}

/* Does the identifier that ends right before "at" name the column? */
static bool
names_column(const char *statement, const char *at, const char *column)
{
	int			length = strlen(column);

	while (at > statement && at[-1] == ' ')
		at--;
	if (at > statement && at[-1] == '"')
		at--;
	if (at - statement < length ||
		pg_strncasecmp(at - length, column, length) != 0)
		return false;
	return at - length == statement || !is_word(at[-length - 1]);
}

/* See suggestion.h. */
int
suggestion_find_parameter(const char *statement, const char *column)
{
	for (const char *at = statement; *at != '\0'; at = skip_token(at))
	{
		const char *equals;

		if (*at != '$' || !isdigit((unsigned char) at[1]))
			continue;
		equals = equals_before(statement, at);
		if (equals != NULL && names_column(statement, equals, column))
			return atoi(at + 1);
	}
	return 0;
}

/* Append the statement with each $number replaced by "replacement". */
static void
append_replaced(StringInfo into, const char *statement, int number,
				const char *replacement)
{
	const char *at;

	while ((at = find_placeholder(statement, number)) != NULL)
	{
		appendBinaryStringInfo(into, statement, at - statement);
		appendStringInfoString(into, replacement);
		statement = skip_token(at);
	}
	appendStringInfoString(into, statement);
}

/* SELECT ... FROM the keys, LATERAL the child. */
static char *
make_lateral(const char *child, int number, const char *type)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text,
					 "SELECT " KEY ", c.* FROM unnest($%d::%s[]) AS k(key) CROSS JOIN LATERAL (",
					 number, type);
	append_replaced(&text, child, number, KEY);
	appendStringInfoString(&text, ") AS c");
	return text.data;
}

/* The bracket that closes the one at "at", or NULL. */
static const char *
closing_bracket(const char *at)
{
	int			depth = 0;

	for (; *at != '\0'; at = skip_token(at))
	{
		if (*at == '(')
			depth++;
		else if (*at == ')' && --depth == 0)
			return at;
	}
	return NULL;
}

/* The word "values" of an INSERT, or NULL. */
static const char *
find_values(const char *statement)
{
	for (const char *at = statement; *at != '\0';)
	{
		const char *end = skip_token(at);

		if (word_is(at, end - at, "values"))
			return at;
		at = end;
	}
	return NULL;
}

/* INSERT ... SELECT from the keys; NULL unless it inserts one row of values. */
static char *
make_insert(const char *child, int number, const char *type)
{
	const char *values = find_values(child);
	const char *open = values ? skip_blanks(skip_token(values)) : NULL;
	const char *close = open && *open == '(' ? closing_bracket(open) : NULL;
	StringInfoData text;

	if (close == NULL || *skip_blanks(close + 1) == ',')
		return NULL;
	initStringInfo(&text);
	appendBinaryStringInfo(&text, child, values - child);
	appendStringInfoString(&text, "SELECT ");
	append_replaced(&text, pnstrdup(open + 1, close - open - 1), number, KEY);
	appendStringInfo(&text, " FROM unnest($%d::%s[]) AS k(key)", number, type);
	appendStringInfoString(&text, close + 1);
	return text.data;
}

/* "= ANY($n)" in place of "= $n"; NULL if $n is not compared that way only. */
static char *
make_any(const char *child, int number, const char *type)
{
	const char *at = find_placeholder(child, number);
	const char *end = skip_placeholder(at);
	StringInfoData text;

	if (equals_before(child, at) == NULL ||
		find_placeholder(end, number) != NULL)
		return NULL;
	initStringInfo(&text);
	appendBinaryStringInfo(&text, child, at - child);
	appendStringInfo(&text, "ANY ($%d::%s[])", number, type);
	appendStringInfoString(&text, end);
	return text.data;
}

/* See suggestion.h. */
char *
suggestion_make(const char *child, int number, const char *type)
{
	const char *end = skip_token(child);
	bool		select = word_is(child, end - child, "select");
	char	   *text = NULL;

	if (find_placeholder(child, number) == NULL)
		return NULL;
	if (word_is(child, end - child, "insert"))
		return make_insert(child, number, type);
	if (!select || !depends_on_all_rows(child))
		text = make_any(child, number, type);
	if (text == NULL && select)
		text = make_lateral(child, number, type);
	return text;
}
