/*-------------------------------------------------------------------------
 *
 * source.c
 *	  Which part of a source text is the statement that runs.
 *
 * The server tells where a statement stands that a client sent.  It does not
 * for one inside a utility statement, such as EXPLAIN or DECLARE, nor for the
 * action of a rule: those seem to be the whole source, with all statements
 * that were sent along.  The utility statement's own place is used for the
 * former; the latter stay inexact.
 *
 * Belongs to one backend.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/source.h"

#include "parser/scansup.h"

#include "hotpath.h"

StatementSource source_utility HOTPATH_DATA = {0};

/* A piece of text, [at, end). */
typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

/* A word, a quoted string or identifier, or any other character. */
typedef struct Lexeme
{
	const char *at;
	int			length;			/* 0 at the end of what can be read */
} Lexeme;

/*
 * A utility statement begins, which may run others.  Returns what
 * source_leave() must be given when it ends, on error too.
 */
pg_attribute_hot StatementSource
source_enter(const char *text, int location, int length)
{
	StatementSource before = source_utility;

	source_utility = source_of(text, location, length);
	return before;
}

/* A utility statement is over: go back to what source_enter() returned. */
pg_attribute_hot void
source_leave(StatementSource before)
{
	source_utility = before;
}

/* Its place, if it is the one with this text. */
StatementSource
source_within_utility(StatementSource source)
{
	if (strcmp(source_utility.text, source.text) == 0)
	{
		source.location = source_utility.location;
		source.length = source_utility.length;
		source.exact = source_utility.exact;
	}
	return source;
}

/* ------------------------------------------------------------------------
 * The part that can be planned
 * ------------------------------------------------------------------------ */

/* Does the text go on with these two characters? */
static bool
looking_at(const Reader *reader, const char *two)
{
	return reader->end - reader->at >= 2 && reader->at[0] == two[0] &&
		reader->at[1] == two[1];
}

/* Step over a comment of the nesting kind. */
static void
skip_comment(Reader *reader)
{
	int			depth = 0;

	do
	{
		int			step = 1;

		if (looking_at(reader, "/*"))
		{
			depth++;
			step = 2;
		}
		else if (looking_at(reader, "*/"))
		{
			depth--;
			step = 2;
		}
		reader->at += step;
	} while (depth > 0 && reader->at < reader->end);
}

/* Step over white space and comments to the end of a line. */
static void
skip_blanks_to_comment(Reader *reader)
{
	while (reader->at < reader->end)
	{
		if (scanner_isspace(*reader->at))
			reader->at++;
		else if (looking_at(reader, "--"))
			while (reader->at < reader->end && *reader->at != '\n')
				reader->at++;
		else
			break;
	}
}

/* Step over white space and comments. */
static void
skip_blanks(Reader *reader)
{
	for (;;)
	{
		skip_blanks_to_comment(reader);
		if (!looking_at(reader, "/*"))
			break;
		skip_comment(reader);
	}
}

static bool
is_word_part(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '$' || IS_HIGHBIT_SET(c);
}

/*
 * Step over a string or an identifier in quotes; false if its end depends on
 * what backslashes mean.
 */
static bool
skip_quotes(Reader *reader)
{
	char		quote = *reader->at++;

	for (; reader->at < reader->end && *reader->at != quote; reader->at++)
		if (*reader->at == '\\' && quote == '\'')
			return false;
	reader->at = Min(reader->at + 1, reader->end);
	return true;
}

/* Step over a string in dollar quotes; false if it is none, or has no end. */
static bool
skip_dollar_quotes(Reader *reader)
{
	const char *tag = reader->at;
	const char *at = tag + 1;
	int			length;

	while (at < reader->end && is_word_part(*at) && *at != '$')
		at++;
	if (at == reader->end || *at != '$' || (tag[1] >= '0' && tag[1] <= '9'))
		return false;
	length = at + 1 - tag;
	for (at++; reader->end - at >= length; at++)
	{
		if (memcmp(at, tag, length) == 0)
		{
			reader->at = at + length;
			return true;
		}
	}
	return false;
}

/* Step over one lexeme; false if its end cannot be told. */
static bool
skip_lexeme(Reader *reader)
{
	char		first = *reader->at;

	if (first == '\'' || first == '"')
		return skip_quotes(reader);
	if (first == '$' && skip_dollar_quotes(reader))
		return true;
	if (!is_word_part(first))
		reader->at++;
	else
		while (reader->at < reader->end && is_word_part(*reader->at))
			reader->at++;
	return true;
}

/*
 * The inside of the next comment between *at, where a token may begin, and the end; *at
 * goes on behind it.  False if there is none, or that cannot be told behind a string
 * with backslashes.
 */
bool
source_next_comment(const char **at, const char *end, const char **inside, int *length)
{
	Reader		reader = {*at, end};

	while (reader.at < reader.end)
	{
		const char *open = reader.at;

		if (looking_at(&reader, "/*"))
		{
			skip_comment(&reader);
			*at = Min(reader.at, end);
			*inside = open + 2;
			*length = *at - 2 - *inside;
			return *length >= 0;
		}
		skip_blanks_to_comment(&reader);
		if (reader.at == open && !skip_lexeme(&reader))
			return false;
	}
	return false;
}

/*
 * Read one lexeme, blanks before it left out.  Nothing can be read behind one
 * whose end cannot be told.
 */
static Lexeme
read_lexeme(Reader *reader)
{
	Lexeme		lexeme;

	skip_blanks(reader);
	lexeme.at = reader->at;
	if (reader->at < reader->end && !skip_lexeme(reader))
		lexeme.at = reader->at = reader->end;
	lexeme.length = reader->at - lexeme.at;
	return lexeme;
}

static bool
is_lexeme(Lexeme lexeme, const char *word)
{
	return lexeme.length == strlen(word) &&
		pg_strncasecmp(lexeme.at, word, lexeme.length) == 0;
}

/* Step over what is up to this word outside of brackets; false without it. */
static bool
skip_to_word(Reader *reader, const char *word)
{
	int			depth = 0;

	for (;;)
	{
		Lexeme		lexeme = read_lexeme(reader);

		if (lexeme.length == 0)
			return false;
		if (is_lexeme(lexeme, "("))
			depth++;
		else if (is_lexeme(lexeme, ")"))
			depth--;
		else if (depth == 0 && is_lexeme(lexeme, word))
			return true;
	}
}

/* Step over what the text goes on with in brackets; *inside is set to it. */
static bool
skip_brackets(Reader *reader, Reader *inside)
{
	int			depth = 1;

	if (!is_lexeme(read_lexeme(reader), "("))
		return false;
	*inside = *reader;
	while (depth > 0)
	{
		Lexeme		lexeme = read_lexeme(reader);

		if (lexeme.length == 0)
			return false;
		inside->end = lexeme.at;
		if (is_lexeme(lexeme, "("))
			depth++;
		else if (is_lexeme(lexeme, ")"))
			depth--;
	}
	return true;
}

/* Is this the first word of a query, or a bracket before one? */
static bool
begins_query(Lexeme lexeme)
{
	return is_lexeme(lexeme, "select") || is_lexeme(lexeme, "with") ||
		is_lexeme(lexeme, "values") || is_lexeme(lexeme, "table") ||
		is_lexeme(lexeme, "(");
}

/* Step over the options of EXPLAIN; a query may be in brackets as well. */
static bool
skip_options(Reader *reader)
{
	Reader		ahead = *reader;
	Reader		inside;

	if (skip_brackets(&ahead, &inside))
	{
		if (!begins_query(read_lexeme(&inside)))
			*reader = ahead;
		return true;
	}
	for (;;)
	{
		Lexeme		lexeme;

		ahead = *reader;
		lexeme = read_lexeme(&ahead);
		if (!is_lexeme(lexeme, "analyze") && !is_lexeme(lexeme, "analyse") &&
			!is_lexeme(lexeme, "verbose"))
			return true;
		*reader = ahead;
	}
}

/* Step into what COPY has in brackets. */
static bool
enter_brackets(Reader *reader)
{
	Reader		inside;

	if (!skip_brackets(reader, &inside))
		return false;
	*reader = inside;
	return true;
}

/*
 * Step into a statement that contains another one.  False if it is none, or
 * not as we know it.
 */
static bool
step_inside(Reader *reader)
{
	Lexeme		first = read_lexeme(reader);

	if (is_lexeme(first, "prepare") || is_lexeme(first, "create"))
		return skip_to_word(reader, "as");
	if (is_lexeme(first, "declare"))
		return skip_to_word(reader, "for");
	if (is_lexeme(first, "explain"))
		return skip_options(reader);
	if (is_lexeme(first, "copy"))
		return enter_brackets(reader);
	return false;
}

/*
 * The part of it that can be planned: without PREPARE ... AS, DECLARE ... FOR
 * and the like.  Not zero-terminated.
 */
const char *
source_body(const StatementSource *source, int *length)
{
	Reader		reader;
	Reader		inside;

	reader.at = source->text +source->location;
	reader.end = reader.at +
		(source->length > 0 ? source->length : strlen(reader.at));
	for (inside = reader; source_may_contain(*reader.at) && step_inside(&inside);)
	{
		skip_blanks(&inside);
		reader = inside;
	}
	*length = reader.end - reader.at;
	return reader.at;
}
