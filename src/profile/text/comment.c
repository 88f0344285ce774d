/*-------------------------------------------------------------------------
 *
 * comment.c
 *	  What an sqlcommenter comment says of the statement's request.
 *
 * A comment that is not of the format, such as a planner hint, is ignored.
 * Plain functions over the text: no state.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/comment.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"

#include "store/encoding.h"

/* Bytes of a key or a decoded value that are looked at; the rest is cut. */
#define MAX_VALUE 256

/* A traceparent: version, trace id, parent id and flags, in hex digits. */
#define TRACE_ID_DIGITS 32

/* A piece of the statement's text, [at, end). */
typedef struct Cursor
{
	const char *at;
	const char *end;
} Cursor;

/* The values of one comment that we want; "" = not given. */
typedef struct CommentValues
{
	char		route[MAX_VALUE];
	char		controller[MAX_VALUE];
	char		action[MAX_VALUE];
	char		traceparent[MAX_VALUE];
} CommentValues;

/* White space of SQL.  Looked for in every statement, so it is not a call. */
static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline void
skip_comment_space(Cursor *c)
{
	while (c->at < c->end && is_space(*c->at))
		c->at++;
}

/* Step over a character if it is the next one. */
static bool
accept(Cursor *c, char expected)
{
	if (c->at >= c->end || *c->at != expected)
		return false;
	c->at++;
	return true;
}

/* The value of a hexadecimal digit, or -1. */
static int
url_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The next byte, percent-decoded and unescaped; -1 if it is malformed. */
static int
decode_byte(Cursor *c)
{
	int			high;
	int			low;

	if (*c->at == '\\' && c->end - c->at >= 2)
		c->at++;
	else if (*c->at == '%')
	{
		if (c->end - c->at < 3)
			return -1;
		high = url_digit(c->at[1]);
		low = url_digit(c->at[2]);
		c->at += 3;
		return high < 0 || low < 0 ? -1 : high * 16 + low;
	}
	return (unsigned char) *c->at++;
}

/*
 * Make a decoded value of "length" bytes a string of the database encoding.
 * False if it is none, or holds control characters.
 */
static bool
finish_value(char *value, int length, bool cut)
{
	if (cut)
		length = encoding_clip(value, length, length);
	value[length] = '\0';
	for (int i = 0; i < length; i++)
		if ((unsigned char) value[i] < ' ' || value[i] == 0x7F)
			return false;
	return pg_verifymbstr(value, length, true);
}

/* Read up to the "stop" character, which is stepped over. */
static bool
read_until(Cursor *c, char stop, char *value)
{
	int			length = 0;
	bool		cut = false;

	while (c->at < c->end && *c->at != stop)
	{
		int			byte = decode_byte(c);

		if (byte < 0)
			return false;
		if (length < MAX_VALUE - 1)
			value[length++] = byte;
		else
			cut = true;
	}
	return accept(c, stop) && finish_value(value, length, cut);
}

/* Where the value of a key goes, NULL if nobody wants it. */
static char *
place_for(CommentValues *values, const char *key)
{
	if (strcmp(key, "route") == 0)
		return values->route;
	if (strcmp(key, "controller") == 0)
		return values->controller;
	if (strcmp(key, "action") == 0)
		return values->action;
	if (strcmp(key, "traceparent") == 0)
		return values->traceparent;
	return NULL;
}

/* Read one key='value' pair. */
static bool
read_pair(Cursor *c, CommentValues *values)
{
	char		key[MAX_VALUE];
	char		value[MAX_VALUE];
	char	   *place;

	skip_comment_space(c);
	if (!read_until(c, '=', key))
		return false;
	key[strcspn(key, " \t\r\n")] = '\0';
	skip_comment_space(c);
	if (!accept(c, '\'') || !read_until(c, '\'', value))
		return false;
	place = place_for(values, key);
	if (place != NULL)
		strcpy(place, value);
	skip_comment_space(c);
	return true;
}

/* Read all pairs of a comment's inside; false if anything is malformed. */
static bool
read_pairs(Cursor c, CommentValues *values)
{
	memset(values, 0, sizeof(CommentValues));
	do
	{
		if (!read_pair(&c, values))
			return false;
	} while (accept(&c, ','));
	return c.at == c.end;
}

/* Are the next "digits" characters hexadecimal? */
static bool
accept_hex(Cursor *c, int digits)
{
	for (int i = 0; i < digits; i++, c->at++)
		if (c->at >= c->end || url_digit(*c->at) < 0)
			return false;
	return true;
}

/*
 * Hash of the trace id of a traceparent, as the W3C's Trace Context recommendation
 * spells it; 0 if it is none.
 */
uint64
comment_trace(const char *traceparent)
{
	Cursor		c = {traceparent, traceparent + strlen(traceparent)};
	unsigned char id[TRACE_ID_DIGITS];
	bool		zero = true;

	if (!accept_hex(&c, 2) || !accept(&c, '-') ||
		!accept_hex(&c, TRACE_ID_DIGITS) || !accept(&c, '-') ||
		!accept_hex(&c, 16) || !accept(&c, '-') || !accept_hex(&c, 2) ||
		c.at != c.end)
		return 0;
	for (int i = 0; i < TRACE_ID_DIGITS; i++)
	{
		id[i] = url_digit(traceparent[3 + i]);
		zero = zero && id[i] == 0;
	}
	return zero ? 0 : Max(hash_bytes_extended(id, sizeof(id), 0), 1);
}

/* Copy a route name, cut at a character boundary. */
static void
set_route(CommentFacts *facts, const char *name)
{
	int			length = encoding_clip(name, strlen(name), ROUTE_MAX_GIVEN - 1);

	memcpy(facts->route, name, length);
	facts->route[length] = '\0';
}

/* The facts in a comment's inside; false if there are none. */
static bool
read_facts(Cursor inside, CommentFacts *facts)
{
	CommentValues values;
	char		joined[2 * MAX_VALUE];

	if (!read_pairs(inside, &values))
		return false;
	facts->trace = comment_trace(values.traceparent);
	if (values.route[0] != '\0')
		set_route(facts, values.route);
	else
	{
		snprintf(joined, sizeof(joined), "%s%s%s", values.controller,
				 values.controller[0] && values.action[0] ? "/" : "",
				 values.action);
		set_route(facts, joined);
	}
	return facts->trace != 0 || facts->route[0] != '\0';
}

/* The inside of the comment that a piece of text ends with. */
static bool
find_last_comment(Cursor text, Cursor *inside)
{
	while (text.end > text.at &&
		   (is_space(text.end[-1]) || text.end[-1] == ';'))
		text.		end--;

	if (text.end - text.at < 4 || text.end[-1] != '/' || text.end[-2] != '*')
		return false;

	inside->end = text.end - 2;

	for (const char *p = inside->end - 2; p >= text.at; p--)
	{
		if (p[0] == '/' && p[1] == '*')
		{
			inside->at = p + 2;
			return true;
		}
	}
	return false;
}

/* The inside of the comment that a piece of text begins with. */
static bool
find_first_comment(Cursor text, Cursor *inside)
{
	skip_comment_space(&text);
	if (!accept(&text, '/') || !accept(&text, '*'))
		return false;
	inside->at = text.at;

	for (const char *p = text.at; p + 1 < text.end; p++)
	{
		if (p[0] == '*' && p[1] == '/')
		{
			inside->end = p;
			return true;
		}
	}
	return false;
}

/*
 * The statement's text with the rest of the source, if that is nothing but a
 * comment behind a semicolon.
 */
static pg_noinline Cursor
add_rest(Cursor whole)
{
	const char *rest = whole.end;
	const char *close;

	while (*rest == ';' || is_space(*rest))
		rest++;
	if (rest > whole.end && rest[0] == '/' && rest[1] == '*')
	{
		close = strstr(rest, "*/");
		if (close != NULL && close[2 + strspn(close + 2, "; \t\r\n")] == '\0')
			whole.end = close + 2;
	}
	return whole;
}

/* Is there no more than a semicolon and a newline? */
static inline bool
ends_source(const char *rest)
{
	if (*rest == ';')
		rest++;
	if (*rest == '\n')
		rest++;
	return *rest == '\0';
}

/*
 * The statement's text, with the rest of the source if that holds no further
 * statement: a comment may follow the semicolon.
 */
static inline Cursor
text_with_comment(const char *source, int location, int length)
{
	Cursor		whole;

	whole.at = source + Max(location, 0);
	whole.end = whole.at + (length > 0 ? length : strlen(whole.at));

	return likely(ends_source(whole.end)) ? whole : add_rest(whole);
}

/* The text without white space and semicolons at its ends. */
static inline Cursor
strip(Cursor whole)
{
	skip_comment_space(&whole);
	while (whole.end > whole.at && (is_space(whole.end[-1]) || whole.end[-1] == ';'))
		whole.end--;
	return whole;
}

/*
 * Does a stripped text begin or end with something like a comment?  Most do
 * not, and it is asked for each statement.
 */
static inline bool
may_have_comment(Cursor bare)
{
	return bare.end > bare.at && (*bare.at == '/' || bare.end[-1] == '/');
}

/*
 * Does the statement begin or end with something like a comment?  Most do not,
 * and it is asked for each.  "length" in bytes, 0 = up to the terminating
 * zero. Tells also where the statement stands without white space and
 * semicolons at its ends.
 */
pg_attribute_hot bool
comment_is_likely(const char *source, int location, int length,
				  BareText *bare)
{
	Cursor		stripped = strip(text_with_comment(source, location, length));

	bare->at = stripped.at;
	bare->length = stripped.end - stripped.at;
	return may_have_comment(stripped);
}

/* Read what the comment at either end says; false if there is none. */
bool
comment_read(const char *source, int location, int length,
			 CommentFacts *facts)
{
	Cursor text = text_with_comment(source, location, length);
	Cursor		inside;

	if (find_last_comment(text, &inside) && read_facts(inside, facts))
		return true;
	return find_first_comment(text, &inside) && read_facts(inside, facts);
}

/*
 * Leave the comments at both ends out of a statement's text: they name the
 * request, so they differ from call to call.
 */
void
comment_trim(const char **text, int *length)
{
	Cursor		whole = {*text, *text +*length};
	Cursor		inside;

	if (may_have_comment(strip(whole)))
	{
		if (find_last_comment(whole, &inside))
			whole.end = inside.at - 2;
		if (find_first_comment(whole, &inside))
			whole.at = inside.end + 2;
	}
	skip_comment_space(&whole);
	while (whole.end > whole.at && is_space(whole.end[-1]))
		whole.end--;
	*text = whole.at;
	*length = whole.end - whole.at;
}
