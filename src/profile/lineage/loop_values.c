/*-------------------------------------------------------------------------
 *
 * loop_values.c
 *	  Which parameters of a loop's child vary from row to row.
 *
 * A statement that takes the place of a loop takes an array for each parameter
 * that varied, and one value for each that did not.  So each child of a
 * proven loop is compared with the one before it that this session ran: all of
 * its parameters, or all literals of its text, not only those that are compared
 * with keys.
 *
 * The text of the first child is taken apart by the server's scanner.  Those
 * that follow differ from it in their literals only, so what stands between
 * these is compared byte by byte, and only the literals are read.  Where comments
 * differ as well, the scanner takes them apart, too.  What cannot be compared
 * counts as varying: that is never wrong, only longer.
 *
 * Belongs to one backend: no locks.  Raises nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/loop_values.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "nodes/params.h"

#include "profile/statement/value.h"
#include "profile/statement/value_layout.h"
#include "profile/text/comment.h"
#include "profile/text/named_statement.h"
#include "profile/text/normalize.h"

/*
 * Loops of one backend that are compared at a time, in sets: a page may run a
 * dozen statements for each row of a list, each a loop of its own.
 */
#define LOOP_SETS 8
#define LOOP_WAYS 8

/* Bytes of a child's text that are kept; the literals of longer ones vary. */
#define LOOP_TEXT 1024

/* Bytes of a parameter's value that are compared; longer ones vary. */
#define COMPARED_BYTES 256

/* Texts of statements with parameters whose literals have been hashed. */
#define HASHED_TEXTS 64

/* The hash of a value that cannot be compared. */
#define INCOMPARABLE 0

/* What a loop is known by, apart from it: few bytes for a set. */
typedef struct LoopKey
{
	uint64		queryid;		/* of the child; 0 = free */
	uint64		loop;
	uint64		used;			/* count of uses when it was used last */
} LoopKey;

typedef struct Loop
{
	PatternParameters known;
	uint32		hashes[PATTERN_PARAMETERS]; /* of the values of the last child */

	/* The text of the first child, if its values are literals. */
	int			length;			/* 0 = it is not kept */
	int			nplaces;
	LiteralPlace places[PATTERN_PARAMETERS];
	uint64		around;			/* hash of what is no literal and no comment */
	char text[	LOOP_TEXT];
} Loop;

/* A text that has parameters, and what its literals are. */
typedef struct HashedText
{
	uint64 text;				/* hash of it */
	int			length;			/* 0 = free */
	uint32		literals;		/* normalize_hash_literals() .. */
	int			count;			/* .. of so many */
	Oid			types[PATTERN_PARAMETERS];	/* of each by itself */
} HashedText;

static HashedText hashed_texts[HASHED_TEXTS];

/* What the last loop of a child in this session began with. */
typedef struct LoopBeginning
{
	uint64		queryid;		/* of the child; 0 = free */
	int			count;
	uint32		hashes[PATTERN_PARAMETERS];
} LoopBeginning;

static LoopBeginning beginnings[LOOP_SETS * LOOP_WAYS];
static LoopKey loop_keys[LOOP_SETS][LOOP_WAYS];
static Loop loops[LOOP_SETS][LOOP_WAYS];

/* The hash of some bytes; not INCOMPARABLE. */
static inline uint32
hash_compared(const void *bytes, Size length, uint32 type)
{
	uint32		hash;

	if (length > COMPARED_BYTES)
		return INCOMPARABLE;
	hash = hash_combine(hash_bytes(bytes, length), type);
	return hash != INCOMPARABLE ? hash : 1;
}

/* The hash of a parameter's value.  Nothing is detoasted. */
static uint32
hash_compared_value(const ParamExternData *param)
{
	Datum		value = param->value;
	int16		length;
	bool		byval;

	if (!OidIsValid(param->ptype))
		return INCOMPARABLE;
	if (param->isnull)
		return 1;
	if (!value_layout(param->ptype, &length, &byval))
		return INCOMPARABLE;
	if (byval)
		return hash_compared(&value, sizeof(value), param->ptype);
	if (length == -2)
		return hash_compared(DatumGetCString(value),
							 strnlen(DatumGetCString(value), COMPARED_BYTES + 1),
							 param->ptype);
	if (length >= 0)
		return hash_compared(DatumGetPointer(value), length, param->ptype);
	if (VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		return INCOMPARABLE;
	return hash_compared(VARDATA_ANY(DatumGetPointer(value)),
						 VARSIZE_ANY_EXHDR(DatumGetPointer(value)),
						 param->ptype);
}

/*
 * Hash the parameters in the order of the child's normalised text; returns how
 * many, 0 if there are too many.
 */
static int
hash_parameters(ParamListInfo params, uint64 queryid, uint32 *hashes,
				Oid *types)
{
	const NamedStatement *named = params->paramFetch != NULL ?
		named_statement_find(queryid) : NULL;
	int			count = named != NULL ? named->count : params->numParams;

	if ((params->paramFetch != NULL && named == NULL) ||
		count > PATTERN_PARAMETERS)
		return 0;
	for (int i = 0; i < count; i++)
	{
		int			number = named != NULL ? named->numbers[i] : i + 1;
		ParamExternData workspace;
		const ParamExternData *param;

		if (number > params->numParams)
			return 0;
		param = params->paramFetch == NULL ? &params->params[number - 1] :
			params->paramFetch(params, number, true, &workspace);
		hashes[i] = hash_compared_value(param);
		types[i] = param->ptype;
	}
	return count;
}

/* Can this be part of a number, or of a word? */
static inline bool
is_literal_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

/*
 * The end of the literal at "at"; NULL if it is of a kind that is not read
 * here: with a backslash, quoted by dollars, with a Unicode escape.
 */
static const char *
literal_end(const char *at, const char *end)
{
	const char *first;

	if (at < end && *at == '-')
	{
		do
			at++;
		while (at < end && *at == ' ');
	}
	first = at;
	while (at < end && is_literal_char(*at))
	{
		/* the sign of an exponent */
		if ((*at == 'e' || *at == 'E') && *first >= '0' && *first <= '9' &&
			at + 1 < end && (at[1] == '-' || at[1] == '+'))
			at++;
		at++;
	}
	if (at == end || *at != '\'')
		return at > first ? at : NULL;
	for (at++; at < end; at++)
	{
		if (*at == '\\')
			return NULL;
		if (*at != '\'')
			continue;
		if (at + 1 == end || at[1] != '\'')
			return at + 1;
		at++;
	}
	return NULL;
}

/*
 * The type of a literal by itself, as the parser has it: a number's, boolean,
 * UNKNOWNOID for what stands in quotes, InvalidOid for NULL.
 */
static Oid
literal_type(const char *literal, const char *end)
{
	int			length;

	while (literal < end && (*literal == '-' || *literal == ' '))
		literal++;
	length = end - literal;
	for (const char *at = literal; at < end; at++)
	{
		if (*at >= '0' && *at <= '9')
			continue;
		if (at > literal || *at == '.')
			return end[-1] == '\'' ? UNKNOWNOID : NUMERICOID;
		if (length == 4 && pg_strncasecmp(literal, "null", 4) == 0)
			return InvalidOid;
		return (length == 4 && pg_strncasecmp(literal, "true", 4) == 0) ||
			(length == 5 && pg_strncasecmp(literal, "false", 5) == 0) ?
			BOOLOID : UNKNOWNOID;
	}
	/* nine digits are always an int4, eighteen an int8 */
	return length <= 9 ? INT4OID : length <= 18 ? INT8OID : NUMERICOID;
}

/* Keep the text of a loop's first child, taken apart. */
static void
keep_child_text(Loop *loop, const char *text, int length)
{
	loop->length = 0;
	if (length > LOOP_TEXT)
		return;
	loop->nplaces = normalize_places(text, length, loop->places,
									 PATTERN_PARAMETERS, &loop->around);
	if (loop->nplaces <= 0)
		return;
	memcpy(loop->text, text, length);
	loop->length = length;
}

/* The hash of one literal of a child's text; its type is set, too. */
static uint32
hash_literal(const char *literal, const char *end, Oid *type)
{
	*type = literal_type(literal, end);
	return end - literal > COMPARED_BYTES ? INCOMPARABLE :
		normalize_hash_literal(literal, end - literal);
}

/*
 * Hash the literals of a text that has other comments in it than the kept one, such as
 * one that names the row; returns how many, 0 if it is another text.
 */
static int
hash_scanned_literals(const Loop *loop, const char *text, int length,
					  uint32 *hashes, Oid *types)
{
	LiteralPlace places[PATTERN_PARAMETERS];
	uint64		around;

	if (normalize_places(text, length, places, PATTERN_PARAMETERS,
						 &around) != loop->nplaces || around != loop->around)
		return 0;
	for (int i = 0; i < loop->nplaces; i++)
	{
		const char *literal = text +places[i].start;

		hashes[i] = hash_literal(literal, literal + places[i].length, &types[i]);
	}
	return loop->nplaces;
}

/*
 * Hash the literals of a text that is the kept one but for these; returns how
 * many, 0 if it is another text.
 */
static int
hash_literals(const Loop *loop, const char *text, int length, uint32 *hashes,
			  Oid *types)
{
	const char *at = text;
	const char *end = text +length;
	int			kept = 0;		/* offset in the kept text */

	if (loop->length == 0)
		return 0;
	for (int i = 0; i <= loop->nplaces; i++)
	{
		int			next = i < loop->nplaces ? loop->places[i].start :
			loop->length;
		const char *literal;

		if (end - at < next - kept ||
			memcmp(at, loop->text +kept, next - kept) != 0)
			return hash_scanned_literals(loop, text, length, hashes, types);
		at += next - kept;
		if (i == loop->nplaces)
			break;
		literal = at;
		at = literal_end(literal, end);
		if (at == NULL)
		{
			/* where it ends is not known, nor what the others are */
			for (int j = 0; j < loop->nplaces; j++)
				hashes[j] = INCOMPARABLE;
			return loop->nplaces;
		}
		hashes[i] = hash_literal(literal, at, &types[i]);
		kept = next + loop->places[i].length;
	}
	return at == end ? loop->nplaces :
		hash_scanned_literals(loop, text, length, hashes, types);
}

/* Note the types that the literals of a text have by themselves. */
static void
type_constants(HashedText *known, const char *text, int length)
{
	LiteralPlace places[PATTERN_PARAMETERS];
	int			count = normalize_places(text, length, places, PATTERN_PARAMETERS, NULL);

	memset(known->types, 0, sizeof(known->types));
	for (int i = 0; i < count; i++)
		known->types[i] = literal_type(text +places[i].start,
									   text +places[i].start + places[i].length);
}

/*
 * What the literals are of a text that has parameters besides.  All runs of a
 * statement share a queryid, whatever their literals are.  Texts are told apart by
 * their lengths and hashes of 64 bits, as there are few of them, and most are run often:
 * with a hash of 32 bits an application would soon have two that are taken for one.
 */
static const HashedText *
hash_constants(const char *text, int length)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) text, length, 0);
	HashedText *known = &hashed_texts[hash % HASHED_TEXTS];

	if (known->length != length || known->text !=hash)
	{
		known->text = hash;
		known->length = length;
		known->literals = normalize_hash_literals(text, length, &known->count);
		known->count = Max(known->count, 0);
		type_constants(known, text, length);
	}
	return known;
}

/*
 * Hash the values of a child; returns how many, 0 if they are not known.
 * "literals" tells what else stands in its text: see PatternParameters.
 */
static int
hash_child(Loop *loop, bool first, const Execution *execution, uint32 *hashes,
		   Oid *types, HashedText *literals)
{
	ParamListInfo params = execution->query->params;
	bool		has_parameters = params != NULL && params->numParams > 0;
	const char *text;
	int			length;

	memset(literals, 0, sizeof(*literals));
	literals->literals = INCOMPARABLE;
	literals->count = has_parameters ? 0 : -1;
	if (execution->source.exact)
	{
		text = source_body(&execution->source, &length);

		/* a comment may tell of the request, and so differ from call to call */
		comment_trim(&text, &length);
		if (has_parameters)
			*literals = *hash_constants(text, length);
		else
		{
			if (first)
				keep_child_text(loop, text, length);
			return hash_literals(loop, text, length, hashes, types);
		}
	}
	return has_parameters ?
		hash_parameters(params, execution->queryid, hashes, types) : 0;
}

/*
 * The parameters, by bits, with which the last loop of a child began with other
 * values than this one, which is remembered.
 */
static uint32
compare_beginnings(uint64 queryid, const uint32 *hashes, int count)
{
	LoopBeginning *last = &beginnings[value_mix(queryid) % lengthof(beginnings)];
	uint32		differ = 0;

	if (last->queryid == queryid && last->count == count)
	{
		for (int i = 0; i < count; i++)
			if (hashes[i] != last->hashes[i] || hashes[i] == INCOMPARABLE)
				differ |= UINT32_C(1) << i;
	}
	last->queryid = queryid;
	last->count = count;
	memcpy(last->hashes, hashes, count * sizeof(uint32));
	return differ;
}

/* The first child of a loop: which of its values are the same? */
static void
begin_loop(Loop *loop, uint64 queryid, const uint32 *hashes, int count,
		   const HashedText *literals)
{
	memset(&loop->known, 0, sizeof(loop->known));
	loop->known.count = count;
	loop->known.literals = literals->literals;
	loop->known.nliterals = literals->count;
	for (int i = 0; i < literals->count && count + i < PATTERN_PARAMETERS; i++)
		loop->known.types[count + i] = literals->types[i];
	memcpy(loop->known.hashes, hashes, count * sizeof(uint32));
	loop->known.differ = compare_beginnings(queryid, hashes, count);
	for (int i = 0; i < count; i++)
	{
		int			same = 0;

		while (hashes[same] != hashes[i])
			same++;
		loop->known.same_as[i] = hashes[i] == INCOMPARABLE ? i + 1 : same + 1;
	}
}

/* Another child of it: which have changed, which are still the same? */
static void
compare_child(Loop *loop, const uint32 *hashes, int count, const HashedText *literals)
{
	PatternParameters *known = &loop->known;
	uint8		before[PATTERN_PARAMETERS];

	known->compared++;
	if (count != known->count)
		known->count = 0;
	if (literals->literals != known->literals)
		known->literals = INCOMPARABLE;
	memcpy(before, known->same_as, sizeof(before));
	for (int i = 0; i < known->count; i++)
	{
		int			same = 0;

		if (hashes[i] != loop->hashes[i] || hashes[i] == INCOMPARABLE)
			known->changes[i]++;
		while (same < i && (before[same] != before[i] ||
							hashes[same] != hashes[i]))
			same++;
		known->same_as[i] = hashes[i] == INCOMPARABLE ? i + 1 : same + 1;
	}
}

/* The place of a loop: "first" tells that it has just been given to it. */
static Loop *
find_loop(uint64 queryid, uint64 loop_id, bool *first)
{
	static uint64 uses = 0;
	int			set = value_mix(queryid ^ loop_id) % LOOP_SETS;
	LoopKey    *keys = loop_keys[set];
	int			way = 0;

	*first = false;
	for (int i = 0; i < LOOP_WAYS; i++)
	{
		if (keys[i].queryid == queryid && keys[i].loop == loop_id)
		{
			keys[i].used = ++uses;
			return &loops[set][i];
		}
		if (keys[i].used < keys[way].used)
			way = i;
	}
	*first = true;
	keys[way] = (LoopKey)
	{
		queryid, loop_id, ++uses
	};
	return &loops[set][way];
}

/*
 * A child of a loop has run: compare its values with those of the child before
 * it.  "loop_id" is what the loop is known by, such as its episode.  Returns what
 * was seen of this loop since it was counted last (loop_values_counted()); nothing
 * is known while count is 0.
 */
PatternParameters *
loop_values_note(const Execution *execution, uint64 loop_id)
{
	bool		first;
	Loop	   *loop = find_loop(execution->queryid, loop_id, &first);
	uint32		hashes[PATTERN_PARAMETERS];
	Oid			types[PATTERN_PARAMETERS] = {0};
	HashedText	literals;
	int			count = hash_child(loop, first, execution, hashes, types, &literals);

	if (first)
		begin_loop(loop, execution->queryid, hashes, count, &literals);
	else
		compare_child(loop, hashes, count, &literals);
	for (int i = 0; i < count; i++)
		loop->known.types[i] = pattern_literal_type(loop->known.types[i], types[i]);
	memcpy(loop->hashes, hashes, count * sizeof(uint32));
	return &loop->known;
}

/* What was returned has been counted in the loop's pattern: begin again. */
void
loop_values_counted(PatternParameters *known)
{
	known->compared = 0;
	memset(known->changes, 0, sizeof(known->changes));
}
