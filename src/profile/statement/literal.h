/*-------------------------------------------------------------------------
 *
 * literal.h
 *	  Literals of a statement that was analysed before, read from its text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LITERAL_H
#define CLIPPERF_LITERAL_H

#include "profile/statement/comparison.h"
#include "profile/statement/value.h"

/* Statements with more constants than this are looked at in full. */
#define LITERAL_CONSTANTS	8

/*
 * Where the literals of a statement stand among the constants of its text.
 * Statements with the same queryid have the same constants in the same order.
 */
typedef struct LiteralPlaces
{
	int			count;			/* 0 = they cannot be read */
	int			constants;		/* of the whole text */
	uint8		ranks[COMPARISONS];
	Comparison	comparisons[COMPARISONS];	/* without literals */
} LiteralPlaces;

/* Learn where the literals of these comparisons stand. */
extern void literal_learn(LiteralPlaces *places,
						  const Comparisons *comparisons,
						  const JumbleState *jumble, const char *source);

/* Places of the constants in a text, in the order of the text. */
typedef struct LiteralConstants
{
	int			count;
	int			places[LITERAL_CONSTANTS];
} LiteralConstants;

/*
 * Put the places of all constants in order, whatever order others that look at
 * them have left; false if there are too many, or lists among them.
 */
static inline bool
literal_sort(LiteralConstants *constants, const JumbleState *jumble)
{
	constants->count = jumble->clocations_count;
	if (constants->count > LITERAL_CONSTANTS)
		return false;
	for (int i = 0; i < constants->count; i++)
	{
		int			place = jumble->clocations[i].location;
		int			at = i;

		if (CONSTANT_IS_LIST(&jumble->clocations[i]))
			return false;
		for (; at > 0 && constants->places[at - 1] > place; at--)
			constants->places[at] = constants->places[at - 1];
		constants->places[at] = place;
	}
	return true;
}

/* May this character follow the digits of an integer without being part of it? */
static inline bool
literal_may_end(char c)
{
	return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			 (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '.' ||
			 IS_HIGHBIT_SET(c));
}

/* Read the integer that is written there; false if it is anything else. */
static inline bool
literal_integer(const char *start, int64 *value)
{
	const char *first = start + (*start == '-');
	const char *digit = first;
	int64		sum = 0;

	for (; *digit >= '0' && *digit <= '9'; digit++)
		sum = (int64) ((uint64) sum * 10 + (*digit - '0'));
	*value = *start == '-' ? -sum : sum;
	return digit > first && digit - first <= VALUE_MAX_DIGITS &&
		literal_may_end(*digit);
}

/*
 * Read them from the source of another statement with the same queryid, into
 * values[COMPARISONS] in the order of the comparisons.  False if they are written
 * otherwise there.
 */
pg_attribute_hot static inline bool
literal_read(const LiteralPlaces *places, const JumbleState *jumble,
			 const char *source, int64 *values)
{
	LiteralConstants constants;

	if (jumble == NULL || source == NULL ||
		jumble->clocations_count != places->constants ||
		!literal_sort(&constants, jumble))
		return false;
	for (int i = 0; i < places->count; i++)
	{
		if (!literal_integer(source + constants.places[places->ranks[i]],
							 &values[i]))
			return false;
	}
	return true;
}

#endif							/* CLIPPERF_LITERAL_H */
