/*-------------------------------------------------------------------------
 *
 * comment.c
 *	  What an application's comment says of a statement.
 *
 * A comment that is not of the format, such as a planner hint, is ignored.
 * Plain functions over the text.  The only state, of this backend, is whether its
 * application writes comments into the middle of statements, as ActiveRecord's
 * annotate() does where more follows: others need not look for them there.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/comment.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"

#include "store/encoding.h"

/* A traceparent: version, trace id, parent id and flags, in hex digits. */
#define TRACE_ID_DIGITS 32

bool		comment_is_inside HOTPATH_DATA = false;

/* A piece of the statement's text, [at, end). */
typedef struct Cursor
{
	const char *at;
	const char *end;
} Cursor;

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
		if (length < COMMENT_VALUE_SIZE - 1)
			value[length++] = byte;
		else
			cut = true;
	}
	return accept(c, stop) && finish_value(value, length, cut);
}

/* Where the value of a key goes, NULL if nobody wants it. */
static char *
place_for(const CommentValue *wanted, int count, const char *key)
{
	for (int i = 0; i < count; i++)
		if (strcmp(key, wanted[i].key) == 0)
			return wanted[i].value;
	return NULL;
}

/* Read one key='value' pair. */
static bool
read_pair(Cursor *c, const CommentValue *wanted, int count)
{
	char		key[COMMENT_VALUE_SIZE];
	char		value[COMMENT_VALUE_SIZE];
	char	   *place;

	skip_comment_space(c);
	if (!read_until(c, '=', key))
		return false;
	key[strcspn(key, " \t\r\n")] = '\0';
	skip_comment_space(c);
	if (!accept(c, '\'') || !read_until(c, '\'', value))
		return false;
	place = place_for(wanted, count, key);
	if (place != NULL)
		strcpy(place, value);
	skip_comment_space(c);
	return true;
}

/*
 * Read one key:value pair up to the next comma, as Marginalia and Rails' Query
 * Logs write them unless they are told otherwise: nothing is encoded.
 */
static bool
read_plain_pair(Cursor *c, const CommentValue *wanted, int count)
{
	const char *key = c->at;
	char		name[COMMENT_VALUE_SIZE];
	char	   *place;
	int			length = 0;
	const char *value;

	while (c->at < c->end && ((*c->at >= 'a' && *c->at <= 'z') || *c->at == '_'))
		c->at++;
	length = Min(c->at - key, COMMENT_VALUE_SIZE - 1);
	memcpy(name, key, length);
	name[length] = '\0';
	if (length == 0 || !accept(c, ':'))
		return false;
	value = c->at;
	while (c->at < c->end && *c->at != ',')
		c->at++;
	place = place_for(wanted, count, name);
	if (place == NULL)
		return true;
	length = Min(c->at - value, COMMENT_VALUE_SIZE - 1);
	memcpy(place, value, length);
	if (finish_value(place, length, length < c->at - value))
		return true;
	place[0] = '\0';
	return false;
}

/* Read all pairs of a comment's inside; false if anything is malformed. */
static bool
read_pairs(Cursor c, const CommentValue *wanted, int count)
{
	const Cursor whole = c;
	bool		read;

	for (int i = 0; i < count; i++)
		wanted[i].value[0] = '\0';
	do
		read = read_pair(&c, wanted, count);
	while (read && accept(&c, ','));
	if (read && c.at == c.end)
		return true;

	for (int i = 0; i < count; i++)
		wanted[i].value[0] = '\0';
	c = whole;
	do
		read = read_plain_pair(&c, wanted, count);
	while (read && accept(&c, ','));
	return read && c.at == c.end;
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

/* Hash of a trace id of hexadecimal digits in either case; 0 of zeros. */
static uint64
trace_of_digits(const char *digits)
{
	unsigned char id[TRACE_ID_DIGITS];
	bool		zero = true;

	for (int i = 0; i < TRACE_ID_DIGITS; i++)
	{
		id[i] = url_digit(digits[i]);
		zero = zero && id[i] == 0;
	}
	return zero ? 0 : Max(hash_bytes_extended(id, sizeof(id), 0), 1);
}

/*
 * Hash of the trace id of a traceparent, as the W3C's Trace Context recommendation
 * spells it; 0 if it is none.
 */
uint64
comment_trace(const char *traceparent)
{
	Cursor		c = {traceparent, traceparent + strlen(traceparent)};

	if (!accept_hex(&c, 2) || !accept(&c, '-') ||
		!accept_hex(&c, TRACE_ID_DIGITS) || !accept(&c, '-') ||
		!accept_hex(&c, 16) || !accept(&c, '-') || !accept_hex(&c, 2) ||
		c.at != c.end)
		return 0;
	return trace_of_digits(traceparent + 3);
}

/*
 * Hash of what a client calls its trace: a traceparent or the trace id in it, which
 * are the same, or any text.  0 of "", and of a trace id of zeros.
 */
uint64
comment_trace_called(const char *name)
{
	Cursor		c = {name, name + strlen(name)};
	uint64		trace = comment_trace(name);

	if (trace != 0 || *name == '\0')
		return trace;
	if (accept_hex(&c, TRACE_ID_DIGITS) && c.at == c.end)
		return trace_of_digits(name);
	return Max(hash_bytes_extended((const unsigned char *) name, strlen(name), 0), 1);
}

/* Copy a route name, cut at a character boundary. */
static void
set_route(CommentFacts *facts, const char *name)
{
	int			length = encoding_clip(name, strlen(name), ROUTE_MAX_GIVEN - 1);

	memcpy(facts->route, name, length);
	facts->route[length] = '\0';
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
 * Where the comment before a statement begins, "at" if there is none: from
 * PostgreSQL 18 on the server tells where the first word of a statement stands,
 * before that where the text behind the last semicolon does.
 */
static pg_noinline const char *
comment_before(const char *source, const char *at)
{
	const char *close = at;
	const char *open;
	const char *before;

	while (close > source && is_space(close[-1]))
		close--;
	if (close - source < 4 || close[-1] != '/' || close[-2] != '*')
		return at;
	open = close - 4;
	while (open > source && (open[0] != '/' || open[1] != '*'))
		open--;
	before = open;
	while (before > source && is_space(before[-1]))
		before--;
	return open[0] == '/' && open[1] == '*' &&
		(before == source || before[-1] == ';') ? open : at;
}

/*
 * The statement's text, with the comment before it, and with the rest of the
 * source if that holds no further statement: a comment may follow the semicolon.
 */
static inline Cursor
text_with_comment(const char *source, int location, int length)
{
	Cursor		whole;

	whole.at = source + Max(location, 0);
	whole.end = whole.at + (length > 0 ? length : strlen(whole.at));
	if (unlikely(location > 0))
		whole.at = comment_before(source, whole.at);

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

/* Is there something like the beginning of a comment anywhere? */
static pg_noinline bool
may_have_comment_inside(Cursor text)
{
	while (text.at + 1 < text.end &&
		   (text.at = memchr(text.at, '/', text.end - text.at - 1)) !=NULL)
	{
		if (text.at[1] == '*')
			return true;
		text.		at++;
	}
	return false;
}

/*
 * The statement without white space and semicolons at its ends; { NULL, 0 } if it may
 * have a comment: begins or ends with something like one, or holds one where the
 * application writes them there.  Most do not, and it is asked for each.  "length" in
 * bytes, 0 = up to the terminating zero.
 */
pg_attribute_hot BareText
comment_free_text(const char *source, int location, int length)
{
	Cursor		stripped = strip(text_with_comment(source, location, length));

	if (unlikely(may_have_comment(stripped)) ||
		(unlikely(comment_is_inside) && may_have_comment_inside(stripped)))
		return (BareText)
	{
		NULL, 0
	};
	return (BareText)
	{
		stripped.at, stripped.end - stripped.at
	};
}

/*
 * The inside of the next comment that stands between two tokens of a statement;
 * rest->at goes on behind it.
 */
static bool
find_next_comment(Cursor *rest, Cursor *inside)
{
	int			length;

	if (!source_next_comment(&rest->at, rest->end, &inside->at, &length))
		return false;
	inside->end = inside->at + length;
	return true;
}

/*
 * A statement was parsed that is new to this backend: does the application write
 * comments of the format into the middle of statements?
 */
void
comment_learn(const char *source, int location, int length)
{
	Cursor text;
	Cursor		rest;
	Cursor		inside;

	if (comment_is_inside || source == NULL)
		return;
	text = strip(text_with_comment(source, Max(location, 0), Max(length, 0)));

	if (!may_have_comment_inside(text))
		return;
	rest = text;

	while (!comment_is_inside && find_next_comment(&rest, &inside))
		comment_is_inside = inside.at - 2 > text.at && rest.at < text.end &&
					read_pairs(inside, NULL, 0);
}

/* Does a comment have one of the wanted keys? */
static bool
tells_any(Cursor inside, const CommentValue *wanted, int count)
{
	if (!read_pairs(inside, wanted, count))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (wanted[i].value[0] != '\0')
			return true;
	}
	return false;
}

/*
 * Read the values of the keys that are wanted from the comment at the end, or
 * else that at the beginning, or else the first one in between, that is of the format
 * and has one of them.  False if there is none; the values are empty then.
 */
bool
comment_values(const char *source, int location, int length,
			   const CommentValue *wanted, int count)
{
	Cursor text = text_with_comment(source, location, length);
	Cursor		inside;

	if (find_last_comment(text, &inside) && tells_any(inside, wanted, count))
		return true;
	if (find_first_comment(text, &inside) && tells_any(inside, wanted, count))
		return true;
	if (may_have_comment_inside(text))
	{
		while (find_next_comment(&text, &inside))
		{
			if (tells_any(inside, wanted, count))
				return true;
		}
	}
	for (int i = 0; i < count; i++)
		wanted[i].value[0] = '\0';
	return false;
}

/* Read what the statement's comment says; false if there is none. */
bool
comment_read(const char *source, int location, int length,
			 CommentFacts *facts)
{
	char		route[COMMENT_VALUE_SIZE];
	char		controller[COMMENT_VALUE_SIZE];
	char		action[COMMENT_VALUE_SIZE];
	char		traceparent[COMMENT_VALUE_SIZE];
	char		joined[2 * COMMENT_VALUE_SIZE];
	const CommentValue wanted[] = {
		{"route", route},
		{"controller", controller},
		{"action", action},
		{"traceparent", traceparent}
	};

	if (!comment_values(source, location, length, wanted, lengthof(wanted)))
		return false;
	facts->trace = comment_trace(traceparent);
	if (route[0] != '\0')
		set_route(facts, route);
	else
	{
		snprintf(joined, sizeof(joined), "%s%s%s", controller,
				 controller[0] && action[0] ? "/" : "", action);
		set_route(facts, joined);
	}
	return facts->trace != 0 || facts->route[0] != '\0';
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
