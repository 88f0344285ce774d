/*-------------------------------------------------------------------------
 *
 * child_parameter.c
 *	  The number of the parameter that a loop's child compares with a column.
 *
 * Names the parameter for those who read of the loop; nothing depends on it.
 * The text is normalised: it has no literals and no comments.
 *
 *-------------------------------------------------------------------------
 */
#include "report/child_parameter.h"

#include <ctype.h>

#include "common/token.h"

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
child_parameter_find(const char *statement, const char *column)
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
