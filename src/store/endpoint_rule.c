/*-------------------------------------------------------------------------
 *
 * endpoint_rule.c
 *	  Which requests belong to an endpoint.
 *
 * LIKE by our own hand: the server's may raise errors and allocates, which
 * must not happen where requests are counted.  Plain memory: whoever owns a rule
 * guards it.
 *
 *-------------------------------------------------------------------------
 */
#include "store/endpoint_rule.h"

#include "mb/pg_wchar.h"

/* Bytes of all patterns. */
int
endpoint_rule_patterns_length(const EndpointRule *rule)
{
	int			patterns = rule->route_patterns + rule->statement_patterns;
	int			length = 0;

	for (int i = 0; i < patterns; i++)
		length += strlen(rule->patterns + length) + 1;
	return length;
}

/*
 * Add a pattern, which the caller counts; false if there is no room for it, or
 * none in it.
 */
bool
endpoint_rule_add_pattern(EndpointRule *rule, const char *pattern)
{
	int			length = endpoint_rule_patterns_length(rule);

	if (length + strlen(pattern) + 1 > ENDPOINT_PATTERN_BYTES)
		return false;
	strcpy(rule->patterns + length, pattern);
	return true;
}

/* The byte after the character that begins here. */
static inline const char *
next_character(const char *at, bool is_utf8)
{
	at++;
	while (is_utf8 && ((unsigned char) *at & 0xC0) == 0x80)
		at++;
	return at;
}

/* Are these the same, or the same letter of ASCII in another case? */
static inline bool
same_byte(char a, char b, bool fold)
{
	return a == b ||
		(fold && pg_ascii_tolower((unsigned char) a) == pg_ascii_tolower((unsigned char) b));
}

/*
 * Is a text LIKE a pattern?  With "fold", letters of ASCII fit in either case.
 * After a "%" the first place at which the rest fits is as good as any later one,
 * so that only the last "%" that was met is ever returned to.
 */
static bool
fits_pattern(const char *text, const char *pattern, bool is_utf8, bool fold)
{
	const char *after_any = NULL;	/* the pattern after the last "%" */
	const char *tried = NULL;	/* where the text was to go on from there */

	for (;;)
	{
		const char *literal = *pattern == '\\' ? pattern + 1 : pattern;

		if (*pattern == '%')
		{
			after_any = ++pattern;
			tried = text;
		}
		else if (*pattern == '_' && *text !='\0')
		{
			pattern++;
			text = next_character(text, is_utf8);
		}
		else if (*text !='\0' && same_byte(*text, *literal, fold) &&
				 *pattern != '_')
		{
			pattern = literal + 1;
			text	  ++;
		}
		else if (*text == '\0' && *pattern == '\0')
			return true;
		else if (after_any == NULL || *tried == '\0')
			return false;
		else
		{
			tried = next_character(tried, is_utf8);
			text = tried;

			pattern = after_any;
		}
	}
}

/* Is a text like one of "count" patterns that begin here? */
static bool
fits_any_pattern(const char *text, const char *patterns, int count, bool is_utf8,
				 bool fold)
{
	for (int i = 0; i < count; i++)
	{
		if (fits_pattern(text, patterns, is_utf8, fold))
			return true;
		patterns += strlen(patterns) + 1;
	}
	return false;
}

/* Does a route of this name belong to the endpoint?  "" is that of none. */
bool
endpoint_rule_has_route(const EndpointRule *rule, const char *name)
{
	return fits_any_pattern(name, rule->patterns, rule->route_patterns,
							rule->is_utf8, false);
}

/* Does a request that runs a statement of this normalised text? */
bool
endpoint_rule_has_statement(const EndpointRule *rule, const char *text)
{
	const char *patterns = rule->patterns;

	for (int i = 0; i < rule->route_patterns; i++)
		patterns += strlen(patterns) + 1;
	return fits_any_pattern(text, patterns, rule->statement_patterns, rule->is_utf8,
							true);
}

/* Do so many zero-terminated patterns stand in their place, each with something? */
static bool
patterns_are_sound(const EndpointRule *rule)
{
	int			left = rule->route_patterns + rule->statement_patterns;
	int			start = 0;

	for (int i = 0; i < ENDPOINT_PATTERN_BYTES && left > 0; i++)
	{
		if (rule->patterns[i] != '\0')
			continue;
		if (i == start)
			return false;
		start = i + 1;
		left--;
	}
	return left == 0 && start > 0;
}

/*
 * Could this rule have been made here?  A pattern never ends with a backslash that
 * quotes nothing: fits_pattern() would read on behind it.
 */
bool
endpoint_rule_is_sound(const EndpointRule *rule)
{
	const char *pattern = rule->patterns;

	if (!OidIsValid(rule->dbid) || rule->name[0] == '\0' ||
		memchr(rule->name, '\0', NAMEDATALEN) == NULL ||
		rule->target_us < -1 || rule->most_statements < 0 ||
		rule->time > ENDPOINT_DATABASE || !patterns_are_sound(rule))
		return false;
	for (int i = 0; i < rule->route_patterns + rule->statement_patterns; i++)
	{
		while (*pattern != '\0')
		{
			if (*pattern++ == '\\' && *pattern++ == '\0')
				return false;
		}
		pattern++;
	}
	return true;
}
