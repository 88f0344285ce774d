/*-------------------------------------------------------------------------
 *
 * normalize.c
 *	  The text of a statement without comments and literals, and its shape.
 *
 * One pass of the server's own scanner over the text.  The tokens go two
 * ways: to a buffer that becomes the text, where places of literals are only
 * marked until the highest parameter number is known, and into a running hash
 * that becomes the shape.
 *
 * Lists: an element of an IN list, an ARRAY[] or a VALUES list is hashed by
 * itself, and added to the hash of what is around it unless the element
 * before it had the same hash.  So `IN (1, 2, 3)` has the shape of `IN (1)`.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/text/normalize.h"

#include "common/hashfn.h"
#include "common/keywords.h"
#include "lib/stringinfo.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "hotpath.h"
#include "profile/text/scan.h"
#include "store/encoding.h"
#include "store/text.h"

/* Bytes of a statement that are looked at. */
#define MAX_SOURCE (64 * 1024)

/* Lists inside each other whose length is ignored; deeper ones count. */
#define MAX_LISTS 16

/* Where we are in the name of a type that follows "::" or AS. */
typedef enum TypeState
{
	TYPE_NONE,
	TYPE_BEGINS,				/* a part of its name is to come */
	TYPE_NAMED,
	TYPE_MODIFIED				/* in the brackets behind it */
} TypeState;

/* A list whose length does not count. */
typedef struct OpenList
{
	int			depth;			/* of brackets, inside the list */
	bool		of_rows;		/* VALUES: elements are in brackets, the list
								 * is not */
	uint64		outside;		/* hash of what is before the list's element */
	uint64		previous;		/* hash of the element before, 0 = none */
} OpenList;

typedef struct Normalizer
{
	StringInfoData text;		/* with room for the whole statement */
	int		   *literals;		/* offsets in text where a literal stood */
	const char *source;			/* what is scanned */
	LiteralPlace *places;		/* where they stand there, if that is wanted */
	int			max_places;
	int			nliterals;
	int			max_literals;
	int			highest;		/* parameter number */
	Token		last;			/* the token put out last */
	Token		before;			/* the one before it */
	Token		held;			/* a minus sign or the N of N'..' that may
								 * belong to a literal, or a semicolon that
								 * may be the end; else of KIND_NONE */
	TypeState	type;
	int			depth;			/* of round and square brackets */
	bool		shaping;		/* the shape is wanted, not the text */
	const TableAlias *aliases;	/* .. in which these names stand for others */
	int			naliases;
	uint64		fingerprint;
	OpenList	lists[MAX_LISTS];
	int			nlists;
	bool		cut;			/* the text ends before the statement does */
} Normalizer;

bool		normalize_seen_standard HOTPATH_DATA = false;
bool		normalize_seen_escaped HOTPATH_DATA = false;

static bool
is_word(const Token *token, const char *word)
{
	return token->kind == KIND_KEYWORD && strcmp(token->word, word) == 0;
}

/* ------------------------------------------------------------------------
 * The shape
 * ------------------------------------------------------------------------ */

static void
hash_bytes_into(Normalizer *n, const char *bytes, int length)
{
	n->fingerprint = hash_bytes_extended((const unsigned char *) bytes, length,
										 n->fingerprint);
}

static void
open_list(Normalizer *n, int depth, bool of_rows)
{
	OpenList   *list;

	if (n->nlists == MAX_LISTS)
		return;
	list = &n->lists[n->nlists++];
	list->depth = depth;
	list->of_rows = of_rows;
	list->outside = n->fingerprint;
	list->previous = 0;
	n->fingerprint = 0;
}

/* An element of the innermost list ends. */
static void
end_element(Normalizer *n)
{
	OpenList   *list = &n->lists[n->nlists - 1];

	if (n->fingerprint != list->previous)
	{
		list->previous = n->fingerprint;
		list->outside = hash_combine64(list->outside, n->fingerprint);
	}
	n->fingerprint = 0;
}

static void
close_list(Normalizer *n)
{
	end_element(n);
	n->fingerprint = n->lists[--n->nlists].outside;
}

/* Does a list end before this token? */
static bool
list_ends(const Normalizer *n, const Token *token)
{
	const OpenList *list = &n->lists[n->nlists - 1];

	if (n->depth != list->depth)
		return false;
	if (list->of_rows)
		return n->last.symbol == ')' && token->symbol !=',';
	return token->symbol == ')' || token->symbol == ']';
}

/* Does the bracket that came last open a list that begins with this token? */
static bool
list_begins(const Normalizer *n, const Token *token)
{
	if (n->last.symbol == '[')
		return is_word(&n->before, "array");
	return n->last.symbol == '(' && is_word(&n->before, "in") &&
		!is_word(token, "select") && !is_word(token, "with") &&
		!is_word(token, "values") && !is_word(token, "table");
}

/* The name that an identifier stands for in the shape: its own, as a rule. */
static const char *
shape_name(const Normalizer *n, const char *name)
{
	for (int i = 0; i < n->naliases; i++)
	{
		if (strcmp(n->aliases[i].name, name) == 0)
			return n->aliases[i].family;
	}
	return name;
}

/* Hash a token that begins, ends or separates nothing. */
static void
hash_token(Normalizer *n, const Token *token)
{
	switch (token->kind)
	{
		case KIND_LITERAL:
		case KIND_PARAMETER:
			hash_bytes_into(n, "$", 1);
			break;
		case KIND_IDENTIFIER:
			{
				const char *name = shape_name(n, token->word);

				hash_bytes_into(n, name, strlen(name));
				break;
			}
		case KIND_KEYWORD:
			hash_bytes_into(n, token->word, strlen(token->word));
			break;
		default:
			hash_bytes_into(n, token->source, token->length);
			break;
	}
}

/* Add a token to the shape. */
static void
fingerprint_token(Normalizer *n, const Token *token)
{
	if (list_begins(n, token))
		open_list(n, n->depth, false);
	else if (is_word(&n->last, "values") && token->symbol == '(')
		open_list(n, n->depth, true);
	while (n->nlists > 0 && list_ends(n, token))
		close_list(n);

	if (token->symbol == ',' && n->nlists > 0 &&
		n->depth == n->lists[n->nlists - 1].depth)
		end_element(n);
	else
		hash_token(n, token);
}

/* ------------------------------------------------------------------------
 * The text
 * ------------------------------------------------------------------------ */

/* Remember that this literal stands at the end of the text so far. */
static void
mark_literal(Normalizer *n, const Token *token)
{
	if (n->nliterals == n->max_literals)
	{
		n->max_literals = Max(2 * n->max_literals, 16);
		n->literals = n->literals == NULL ?
			palloc(n->max_literals * sizeof(int)) :
			repalloc(n->literals, n->max_literals * sizeof(int));
	}
	if (n->nliterals < n->max_places)
		n->places[n->nliterals] = (LiteralPlace)
	{
		.start = token->source - n->source,
			.length = token->length
	};
	n->literals[n->nliterals++] = n->text.len;
}

static void
copy_token(Normalizer *n, const Token *token)
{
	char	   *end;

	if (token->spaced && n->last.kind != KIND_NONE)
		n->text.data[n->text.len++] = ' ';
	end = n->text.data + n->text.len;
	if (token->kind == KIND_LITERAL)
		mark_literal(n, token);
	else
	{
		memcpy(end, token->source, token->length);
		n->text.len += token->length;
	}
}

/* The text with its literals numbered, and marked if it was cut. */
static char *
number_literals(const Normalizer *n)
{
	StringInfoData numbered;
	int			from = 0;

	initStringInfo(&numbered);
	for (int i = 0; i < n->nliterals; i++)
	{
		char		parameter[1 + sizeof("-2147483648")] = "$";
		int			length = 1 + pg_ltoa(n->highest + i + 1, parameter + 1);

		appendBinaryStringInfo(&numbered, n->text.data + from,
							   n->literals[i] - from);
		appendBinaryStringInfo(&numbered, parameter, length);
		from = n->literals[i];
	}
	appendBinaryStringInfo(&numbered, n->text.data + from, n->text.len - from);
	if (n->cut)
		appendStringInfoString(&numbered, TEXT_CUT_MARK);
	return numbered.data;
}

/* ------------------------------------------------------------------------
 * The tokens
 * ------------------------------------------------------------------------ */

/*
 * Can an expression end with this token?  A minus sign after it subtracts,
 * after another it belongs to what follows.
 */
static bool
ends_expression(const Token *token)
{
	static const char *const words[] = {
		"current_catalog", "current_date", "current_role", "current_time",
		"current_timestamp", "current_user", "end", "localtime",
		"localtimestamp", "session_user", "system_user", "user"
	};
	int			number;

	if (token->kind == KIND_SYMBOL)
		return token->symbol == ')' || token->symbol == ']';
	if (token->kind != KIND_KEYWORD)
		return token->kind != KIND_NONE;

	for (int i = 0; i < lengthof(words); i++)
		if (strcmp(token->word, words[i]) == 0)
			return true;
	if (strcmp(token->word, "between") == 0)
		return false;
	number = ScanKeywordLookup(token->word, &ScanKeywords);
	return number < 0 || ScanKeywordCategories[number] == UNRESERVED_KEYWORD ||
		ScanKeywordCategories[number] == COL_NAME_KEYWORD;
}

/*
 * Is a keyword a constant of its own?  Not in IS [NOT] NULL, nor in NOT NULL
 * of a column definition.
 */
static bool
is_constant_word(const Token *token, const Token *before)
{
	return (is_word(token, "null") || is_word(token, "true") ||
			is_word(token, "false")) &&
		!is_word(before, "is") && !is_word(before, "not");
}

/* N'...' is scanned as the keyword NCHAR, of one letter, and a string. */
static bool
is_national_prefix(const Token *token)
{
	return token->length == 1 && is_word(token, "nchar");
}

/* Put one token out. */
static void
put_token(Normalizer *n, const Token *token)
{
	if (n->shaping)
		fingerprint_token(n, token);
	else
		copy_token(n, token);
	if (token->symbol == '(' || token->symbol == '[')
		n->depth++;
	else if (token->symbol == ')' || token->symbol == ']')
		n->depth--;
	n->before = n->last;
	n->last = *token;
}

/* Put the held token out, if there is one. */
static void
put_held(Normalizer *n)
{
	Token		held = n->held;

	n->held = (Token)
	{
		0
	};
	if (held.kind != KIND_NONE)
		put_token(n, &held);
}

/* Is this a further word of a type's name, as in "character varying"? */
static bool
continues_type(const Token *token)
{
	return is_word(token, "varying") || is_word(token, "character") ||
		is_word(token, "char");
}

/* Can this stand in the brackets behind a type's name? */
static bool
is_type_modifier(const Token *token)
{
	return token->kind == KIND_IDENTIFIER || token->symbol == ',' ||
		(token->kind == KIND_LITERAL &&
		 *token->source >= '0' && *token->source <= '9');
}

/* Follow the name of a type over one more token. */
static TypeState
follow_type(TypeState state, const Token *token)
{
	bool		word = token->kind == KIND_KEYWORD ||
		token->kind == KIND_IDENTIFIER;

	if (is_word(token, "as") ||
		(token->length == 2 && strncmp(token->source, "::", 2) == 0))
		return TYPE_BEGINS;
	if (state == TYPE_BEGINS && word)
		return TYPE_NAMED;
	if (state == TYPE_NAMED && token->symbol == '.')
		return TYPE_BEGINS;
	if (state == TYPE_NAMED && continues_type(token))
		return TYPE_NAMED;
	if ((state == TYPE_NAMED && token->symbol == '(') ||
		(state == TYPE_MODIFIED && is_type_modifier(token)))
		return TYPE_MODIFIED;
	return TYPE_NONE;
}

/*
 * Take one token of the statement.  The numbers of a type such as numeric(9,2)
 * are no literals: no parameter can stand for them.
 */
static void
take_token(Normalizer *n, Token *token)
{
	n->type = follow_type(n->type, token);
	if (is_constant_word(token, &n->last))
		token->kind = KIND_LITERAL;
	if (n->type == TYPE_MODIFIED && token->kind == KIND_LITERAL)
		token->kind = KIND_SYMBOL;
	if (token->kind == KIND_LITERAL &&
		(n->held.symbol == '-' || is_national_prefix(&n->held)))
	{
		/* the sign, or the prefix, is part of it */
		token->spaced = n->held.spaced;
		token->length += token->source - n->held.source;
		token->source = n->held.source;
		n->held = (Token)
		{
			0
		};
	}
	put_held(n);
	if ((token->symbol == '-' && !ends_expression(&n->last)) ||
		token->symbol == ';' || is_national_prefix(token))
		n->held = *token;
	else
		put_token(n, token);
}

/*
 * May the parser have seen another end of this literal than the scanner does
 * now?  A quote behind a backslash ends a plain literal or not, depending on a
 * setting that may have changed since.
 */
static bool
is_uncertain(const Token *token)
{
	bool		escaped = false;

	normalize_watch_settings();
	if (token->kind != KIND_LITERAL || *token->source != '\'' ||
		!(normalize_seen_standard && normalize_seen_escaped))
		return false;
	for (int i = 1; i < token->length; i++)
	{
		if (token->source[i] == '\'' && escaped)
			return true;
		escaped = token->source[i] == '\\' && !escaped;
	}
	return false;
}

/*
 * ScanVisitor: take a token of the normaliser's source, whose end is no token's
 * end if it was cut.
 */
static bool
normalize_token(Token *token, void *arg)
{
	Normalizer *n = arg;

	if (n->cut && token->source[token->length] == '\0')
		return false;
	if (token->kind == KIND_PARAMETER)
		n->highest = Max(n->highest, token->parameter);
	if (is_uncertain(token))
	{
		take_token(n, token);
		n->cut = true;
		return false;
	}
	take_token(n, token);
	return true;
}

/* Is this an error of the text, not of the server? */
static bool
is_text_error(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION):
		case ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES):
		case ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR):
		case ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR):
			return false;
		default:
			return true;
	}
}

/*
 * Scan the text without raising its errors and without the scanner's notices,
 * which the client has been sent already.
 */
static void
scan_quietly(Normalizer *n)
{
	MemoryContext context = CurrentMemoryContext;
	int			saved_level = client_min_messages;

	PG_TRY();
	{
		client_min_messages = ERROR;
		scan_tokens(n->source, normalize_token, n);
		client_min_messages = saved_level;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		client_min_messages = saved_level;
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!is_text_error(error))
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
}

/* What is left when the last token was taken. */
static void
finish_normalizing(Normalizer *n)
{
	if (n->held.symbol !=';')
		put_held(n);
	while (n->nlists > 0)
		close_list(n);
}

/* Take the statement apart, in the current memory context. */
static void
normalize_source(Normalizer *n, const char *source, int location, int length)
{
	source += Max(location, 0);
	if (length <= 0)
		length = strlen(source);
	n->cut = length > MAX_SOURCE;
	if (n->cut)
		length = encoding_clip(source, length, MAX_SOURCE);

	initStringInfo(&n->text);
	enlargeStringInfo(&n->text, length);
	n->source = pnstrdup(source, length);
	scan_quietly(n);
	finish_normalizing(n);
}

/* A memory context for the time of normalising, made the current one. */
static MemoryContext
enter_scratch(void)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "clipperf normalize",
												  ALLOCSET_DEFAULT_SIZES);

	MemoryContextSwitchTo(scratch);
	return scratch;
}

/*
 * Normalise the statement at "location" (bytes, -1 = 0) of "length" bytes (0 =
 * to the end) of "source".  Literals become $n, numbered after the highest
 * parameter of the text; comments go; runs of white space become one blank.
 * Never raises an error on text that the server's scanner refuses: what
 * follows the bad place is left out.  A text is cut, and marked as such, after
 * 64 kB and after a literal whose end is not certain.  palloc'd.
 */
char *
normalize_text(const char *source, int location, int length)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = enter_scratch();
	Normalizer	n = {0};
	char	   *numbered;

	normalize_source(&n, source, location, length);
	MemoryContextSwitchTo(caller);
	numbered = number_literals(&n);
	MemoryContextDelete(scratch);
	return numbered;
}

/*
 * A hash that is the same for statements whose texts differ only in literals,
 * parameter numbers, white space, case of keywords and the length of IN lists,
 * ARRAY[] and VALUES lists; and the names of tables that are parts of one.
 */
uint64
normalize_fingerprint(const char *source, int location, int length,
					  const TableAlias *aliases, int naliases)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = enter_scratch();
	Normalizer	n = {.shaping = true,.aliases = aliases,.naliases = naliases};

	normalize_source(&n, source, location, length);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return n.fingerprint;
}

/* The hash of a text without its literals, and of where in it these stood. */
static uint64
hash_around_literals(const Normalizer *n)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) n->text.data,
										   n->text.len, n->nliterals);

	return n->nliterals == 0 ? hash :
		hash_bytes_extended((const unsigned char *) n->literals,
							n->nliterals * sizeof(n->literals[0]), hash);
}

/*
 * Where the literals of a statement stand, as normalize_text() numbers them:
 * at most "max".  Returns how many there are; -1 if there are more, the statement
 * is too long, or cannot be taken apart to its end.  *around, unless NULL, becomes a
 * hash of all else but comments and white space.
 */
int
normalize_places(const char *source, int length, LiteralPlace *places, int max,
				 uint64 *around)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext scratch = enter_scratch();
	Normalizer	n = {.places = places,.max_places = max};

	normalize_source(&n, source, 0, length);
	if (around != NULL)
		*around = hash_around_literals(&n);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return n.cut || n.nliterals > max ? -1 : n.nliterals;
}

/* The hash of a literal as it is written, with its quotes; never 0. */
uint32
normalize_hash_literal(const char *literal, int length)
{
	uint32		hash = hash_bytes((const unsigned char *) literal, length);

	return hash != 0 ? hash : 1;
}

/* Literals of a statement that are hashed together. */
#define HASHED_LITERALS 64

/*
 * The hash of all literals of a statement, in their order: equal for texts whose
 * literals are.  Not 0, also where there are none; 0 if there are too many, or the
 * statement cannot be taken apart to its end.  *count tells how many there are.
 */
uint32
normalize_hash_literals(const char *source, int length, int *count)
{
	LiteralPlace places[HASHED_LITERALS];
	uint32		hash = 1;

	*count = normalize_places(source, length, places, HASHED_LITERALS, NULL);
	if (*count < 0)
		return 0;
	for (int i = 0; i < *count; i++)
	{
		hash = hash_combine(hash, normalize_hash_literal(source + places[i].start,
														 places[i].length));
		hash = hash != 0 ? hash : 1;
	}
	return hash;
}
