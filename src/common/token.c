/*-------------------------------------------------------------------------
 *
 * token.c
 *	  Walking through the tokens of a normalised statement.
 *
 *-------------------------------------------------------------------------
 */
#include "common/token.h"

#include <ctype.h>

/* May the character be part of an unquoted word? */
bool
token_is_word(char c)
{
	return isalnum((unsigned char) c) || c == '_' || c == '$' ||
		IS_HIGHBIT_SET(c);
}

/* The first character from "at" on that is not blank. */
const char *
token_skip_blanks(const char *at)
{
	while (*at == ' ')
		at++;
	return at;
}

/* The end of the word, quoted identifier or other character at "at". */
const char *
token_end(const char *at)
{
	if (*at == '"')
	{
		do
			at++;
		while (*at != '\0' && *at != '"');
		return *at == '\0' ? at : at + 1;
	}
	if (!token_is_word(*at))
		return at + 1;
	while (token_is_word(*at))
		at++;
	return at;
}

/* Is the token from "at" to "end" this word, whatever its case? */
bool
token_is(const char *at, const char *end, const char *word)
{
	size_t		length = end - at;

	return strlen(word) == length && pg_strncasecmp(at, word, length) == 0;
}

/* The bracket that closes the one at "at", or NULL. */
const char *
token_closing_bracket(const char *at)
{
	int			depth = 0;

	for (; *at != '\0'; at = token_end(at))
	{
		if (*at == '(')
			depth++;
		else if (*at == ')' && --depth == 0)
			return at;
	}
	return NULL;
}
