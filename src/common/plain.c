/*-------------------------------------------------------------------------
 *
 * plain.c
 *	  Names and texts of users in what is shown, so that they forge nothing.
 *
 * A table may be called anything, with line breaks and terminal sequences in it.
 * In a report for people it must not begin a line that reads as one of ours, nor
 * in a comment end that, nor in a file look like the mark where tools cut it.  So
 * prose and comments pass through plain_line(), and SQL that is handed out through
 * plain_sql(), which writes such characters as escapes.
 *
 *-------------------------------------------------------------------------
 */
#include "common/plain.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "common/control_character.h"
#include "common/token.h"

PGDLLEXPORT Datum clipperf_plain(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_plain_sql(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_plain);
PG_FUNCTION_INFO_V1(clipperf_plain_sql);

/* Bytes of the control character at "at", 0 if it is another one; only those of ASCII where the encoding is not UTF-8. */
static int
control_length(const char *at, int encoding)
{
	int			length = control_character_length(at);

	return length > 1 && encoding != PG_UTF8 ? 0 : length;
}

/*
 * Replace each control character in place, by one byte: the text may become shorter.
 */
void
plain_replace(char *text, char with, int encoding)
{
	char	   *to = text;

	for (const char *at = text; *at != '\0';)
	{
		int			length = control_length(at, encoding);

		*to++ = length > 0 ? with : *at;
		at += Max(length, 1);
	}
	*to = '\0';
}

/* A text of this database on one line, palloc'd: blanks for control characters. */
char *
plain_line(const char *text)
{
	char	   *line = pstrdup(text);

	plain_replace(line, ' ', GetDatabaseEncoding());
	return line;
}

/* The end of the identifier or string that begins at "at" with a quote. */
static const char *
quoted_end(const char *at, bool escapes)
{
	char		quote = *at++;

	for (; *at != '\0'; at++)
	{
		if (escapes && *at == '\\' && at[1] != '\0')
			at++;
		else if (*at == quote)
		{
			if (at[1] != quote)
				return at + 1;
			at++;
		}
	}
	return at;
}

/* Is there a control character between these? */
static bool
has_control(const char *at, const char *end)
{
	for (; at < end; at++)
		if (control_length(at, GetDatabaseEncoding()) > 0)
			return true;
	return false;
}

/*
 * Append an identifier as U&"..", or a string as E'..', with escapes for control
 * characters.  "escapes": backslashes are escapes already, and the prefix is there.
 */
static void
append_escaped(StringInfo sql, const char *at, const char *end, bool escapes)
{
	bool		identifier = *at == '"';

	if (!escapes)
	{
		/* what stood before must not become a part of the prefix */
		if (sql->len > 0 && token_is_word(sql->data[sql->len - 1]))
			appendStringInfoChar(sql, ' ');
		appendStringInfoString(sql, identifier ? "U&" : "E");
	}
	while (at < end)
	{
		int			length = control_length(at, GetDatabaseEncoding());

		if (length > 0)
			appendStringInfo(sql, identifier ? "\\%04X" : "\\u%04X",
							 length == 1 ? (unsigned int) (unsigned char) *at :
							 (unsigned int) utf8_to_unicode((const unsigned char *) at));
		else if (*at == '\\' && !escapes)
			appendStringInfoString(sql, "\\\\");
		else
			appendStringInfoChar(sql, *at);
		at += Max(length, 1);
	}
}

/*
 * SQL whose identifiers and strings keep to their line, palloc'd: where they hold
 * control characters these are escapes.  Line breaks between them stay.  Comments are
 * left as they are, since a line break ends them: who writes one calls plain_line().
 */
char *
plain_sql(const char *sql)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *at = sql, *end; *at != '\0'; at = end)
	{
		char		before = at > sql ? at[-1] : ' ';
		bool		escapes;

		if (at[0] == '-' && at[1] == '-')
			end = at + strcspn(at, "\n");
		else if (*at != '"' && *at != '\'')
			end = at + 1;
		else
		{
			escapes = *at == '"' ? before == '&' : before == 'E' || before == 'e';
			end = quoted_end(at, escapes && *at == '\'');
			if (has_control(at, end))
			{
				append_escaped(&text, at, end, escapes);
				continue;
			}
		}
		appendBinaryStringInfo(&text, at, end - at);
	}
	return text.data;
}

/* clipperf_plain(text): see plain_line() */
Datum
clipperf_plain(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(plain_line(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}

/* clipperf_plain_sql(sql): see plain_sql() */
Datum
clipperf_plain_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(plain_sql(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}
