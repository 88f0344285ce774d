/*-------------------------------------------------------------------------
 *
 * suggestion.c
 *	  The batched rewrite of an N+1 pattern's child.
 *
 * Three forms.  A plain statement takes "= ANY($n)" in place of "= $n", and a
 * SELECT the key among its columns, to tell which row is for which key.  One
 * whose result depends on all of its rows (LIMIT, aggregates, ...) is run for
 * each key by LATERAL.  An INSERT of one row takes its rows from the array.
 * The text is normalised: it has no literals and no comments.
 *
 *-------------------------------------------------------------------------
 */
#include "report/suggestion.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "lib/stringinfo.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/syscache.h"

#include "common/token.h"

/* What stands for one key of the array. */
#define KEY "k.key"

/*
 * A statement with one of these means something else with many keys: so does
 * one that calls an aggregate.
 */
static const char *const whole_words[] = {
	"limit", "offset", "fetch", "distinct", "group", "having", "union",
	"intersect", "except", "over", "window", "with", "exists", NULL
};

/* Joins that keep rows without a partner. */
static const char *const outer_joins[] = {"left", "right", "full", NULL};

/* Is the word at "at" in the list? */
static bool
in_list(const char *at, const char *end, const char *const *list)
{
	for (; *list != NULL; list++)
		if (token_is(at, end, *list))
			return true;
	return false;
}

/* Is there an aggregate of the name that stands from "at" to "end"? */
static bool
names_aggregate(const char *at, const char *end)
{
	char	   *name = *at == '"' ? pnstrdup(at + 1, Max(end - at - 2, 0)) :
		downcase_identifier(at, end - at, false, false);
	CatCList   *functions = SearchSysCacheList1(PROCNAMEARGSNSP,
												CStringGetDatum(name));
	bool		found = false;

	for (int i = 0; i < functions->n_members && !found; i++)
	{
		HeapTuple	tuple = &functions->members[i]->tuple;

		found = ((Form_pg_proc) GETSTRUCT(tuple))->prokind == PROKIND_AGGREGATE;
	}
	ReleaseSysCacheList(functions);
	pfree(name);
	return found;
}

/* Does the result depend on more than one row at a time? */
static bool
depends_on_all_rows(const char *statement)
{
	for (const char *at = statement; *at != '\0';)
	{
		const char *end = token_end(at);

		if (in_list(at, end, whole_words) ||
			(*token_skip_blanks(end) == '(' &&
			 (token_is_word(*at) || *at == '"') && names_aggregate(at, end)))
			return true;
		at = end;
	}
	return false;
}

/* Is one of the words there, before "end"? */
static bool
has_word_before(const char *statement, const char *end,
				const char *const *words)
{
	for (const char *at = statement; at < end; at = token_end(at))
		if (in_list(at, token_end(at), words))
			return true;
	return false;
}

/* The first $number of the text at or after "from", or NULL. */
static const char *
find_placeholder(const char *from, int number)
{
	char	   *placeholder = psprintf("$%d", number);

	for (const char *at = from; *at != '\0';)
	{
		const char *end = token_end(at);

		if (token_is(at, end, placeholder))
			return at;
		at = end;
	}
	return NULL;
}

/* The end of a placeholder and of a cast behind it, "$1::integer". */
static const char *
skip_placeholder(const char *at)
{
	at = token_end(at);
	while (strncmp(token_skip_blanks(at), "::", 2) == 0)
	{
		at = token_end(token_skip_blanks(token_skip_blanks(at) + 2));
		while (*at == '.' || *at == '[' || *at == ']')
			at = *at == '.' ? token_end(at + 1) : at + 1;
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

/* The "any" of "any (" that ends right before "at", or NULL. */
static const char *
any_before(const char *statement, const char *at)
{
	const size_t length = strlen("any");

	while (at > statement && at[-1] == ' ')
		at--;
	if (at == statement || *--at != '(')
		return NULL;
	while (at > statement && at[-1] == ' ')
		at--;
	if (at - statement <= length || token_is_word(at[-length - 1]) ||
		!token_is(at - length, at, "any"))
		return NULL;
	return at - length;
}

/* The statement with "= $n" in place of "= ANY ($n)". */
static const char *
without_any(const char *statement, int number)
{
	const char *at = find_placeholder(statement, number);
	const char *any = at ? any_before(statement, at) : NULL;
	const char *end = any ? token_skip_blanks(skip_placeholder(at)) : NULL;

	if (end == NULL || *end != ')')
		return statement;
	return psprintf("%.*s$%d%s", (int) (any - statement), statement, number,
					end + 1);
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
	return at - length == statement || !token_is_word(at[-length - 1]);
}

/*
 * The number of the parameter that the normalised statement compares with this
 * column by "=", 0 if there is none.
 */
int
suggestion_find_parameter(const char *statement, const char *column)
{
	for (const char *at = statement; *at != '\0'; at = token_end(at))
	{
		const char *equals;

		if (*at != '$' || !isdigit((unsigned char) at[1]))
			continue;
		equals = any_before(statement, at);
		equals = equals_before(statement, equals ? equals : at);
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
		statement = token_end(at);
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

/* The word "values" of an INSERT, or NULL. */
static const char *
find_values(const char *statement)
{
	for (const char *at = statement; *at != '\0';)
	{
		const char *end = token_end(at);

		if (token_is(at, end, "values"))
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
	const char *open = values ? token_skip_blanks(token_end(values)) : NULL;
	const char *close = open && *open == '(' ? token_closing_bracket(open) : NULL;
	StringInfoData text;

	if (close == NULL || *token_skip_blanks(close + 1) == ',')
		return NULL;
	initStringInfo(&text);
	appendBinaryStringInfo(&text, child, values - child);
	appendStringInfoString(&text, "SELECT ");
	append_replaced(&text, pnstrdup(open + 1, close - open - 1), number, KEY);
	appendStringInfo(&text, " FROM unnest($%d::%s[]) AS k(key)", number, type);
	appendStringInfoString(&text, close + 1);
	return text.data;
}

/* Is the place inside of a sub-query? */
static bool
in_subquery(const char *statement, const char *place)
{
	int			depth = 0;
	int			subquery = 0;	/* depth at which the outermost one begins */

	for (const char *at = statement; at < place; at = token_end(at))
	{
		const char *next = token_skip_blanks(at + 1);

		if (*at == '(' && ++depth > 0 && subquery == 0 &&
			token_is(next, token_end(next), "select"))
			subquery = depth;
		else if (*at == ')' && depth-- == subquery)
			subquery = 0;
	}
	return subquery != 0;
}

/*
 * Does a row that is found depend on the comparison at "place" by itself?  With
 * an alternative, or in the condition of an outer join, it does not; nor in a
 * sub-query that is compared with a single value.
 */
static bool
is_condition_of_all(const char *statement, const char *place)
{
	static const char *const alternative[] = {"or", NULL};
	static const char *const where[] = {"where", NULL};

	if (in_subquery(statement, place) ||
		has_word_before(statement, statement + strlen(statement), alternative))
		return false;
	return has_word_before(statement, place, where) ||
		!has_word_before(statement, place, outer_joins);
}

/* The beginning of the quoted identifier that ends right before "at". */
static const char *
quoted_begin(const char *statement, const char *at)
{
	do
		at--;
	while (at > statement && at[-1] != '"');
	return at > statement ? at - 1 : at;
}

/* The column that is compared by the "=" at "equals", as it is written. */
static char *
column_before(const char *statement, const char *equals)
{
	const char *end = equals;
	const char *from;

	while (end > statement && end[-1] == ' ')
		end--;
	for (from = end; from > statement;)
	{
		if (from[-1] == '"')
			from = quoted_begin(statement, from);
		else if (token_is_word(from[-1]) || from[-1] == '.')
			from--;
		else
			break;
	}
	return pnstrdup(from, end - from);
}

/* Is the item of a SELECT list this column, or all columns of its table? */
static bool
item_has(const char *item, const char *column)
{
	const char *dot = strrchr(column, '.');
	int			length = strlen(column);

	if (strncmp(item, column, length) == 0 &&
		strchr(", ", item[length]) != NULL)
		return true;
	if (dot != NULL && strncmp(item, column, dot + 1 - column) == 0)
		item += dot + 1 - column;
	return *item == '*';
}

/* Does the SELECT list that begins at "list" hold the column? */
static bool
list_has(const char *list, const char *column)
{
	const char *at = token_skip_blanks(list);

	if (item_has(at, column))
		return true;
	while (*at != '\0' && !token_is(at, token_end(at), "from"))
	{
		const char *close = *at == '(' ? token_closing_bracket(at) : NULL;

		if (*at == ',' && item_has(token_skip_blanks(at + 1), column))
			return true;
		at = token_skip_blanks(close ? close + 1 : token_end(at));
	}
	return false;
}

/*
 * "= ANY($n)" in place of "= $n", and the key among the columns of a SELECT;
 * NULL if $n is not compared that way only, or that would find other rows.
 */
static char *
make_any(const char *child, int number, const char *type)
{
	const char *at = find_placeholder(child, number);
	const char *end = skip_placeholder(at);
	const char *equals = equals_before(child, at);
	const char *list = token_end(child);
	StringInfoData text;

	if (equals == NULL || find_placeholder(end, number) != NULL ||
		!is_condition_of_all(child, equals))
		return NULL;
	initStringInfo(&text);
	if (token_is(child, list, "select"))
	{
		char	   *column = column_before(child, equals);

		appendBinaryStringInfo(&text, child, list - child);
		if (*column != '\0' && !list_has(list, column))
			appendStringInfo(&text, " %s,", column);
		child = list;
	}
	appendBinaryStringInfo(&text, child, at - child);
	appendStringInfo(&text, "ANY ($%d::%s[])", number, type);
	appendStringInfoString(&text, end);
	return text.data;
}

/* WITH ... SELECT, that changes nothing and so can be a sub-query? */
static bool
is_with_select(const char *statement)
{
	static const char *const changes[] = {
		"insert", "update", "delete", "merge", NULL
	};

	return token_is(statement, token_end(statement), "with") &&
		!has_word_before(statement, statement + strlen(statement), changes);
}

/*
 * The normalised statement "child" rewritten to take an array of keys of type
 * "type" as parameter $number: palloc'd, or NULL if there is no such parameter
 * in it.
 */
char *
suggestion_make(const char *child, int number, const char *type)
{
	const char *end;
	bool		select;
	char	   *text = NULL;

	child = without_any(child, number);
	end = token_end(child);
	select = token_is(child, end, "select") || is_with_select(child);

	if (find_placeholder(child, number) == NULL)
		return NULL;
	if (token_is(child, end, "insert") && find_values(child) != NULL)
		return make_insert(child, number, type);
	if (!select || !depends_on_all_rows(child))
		text = make_any(child, number, type);

	if (text == NULL && select)
		text = make_lateral(child, number, type);
	return text;
}
