/*-------------------------------------------------------------------------
 *
 * literal.c
 *	  Literals of a statement that was analysed before, read from its text.
 *
 * An application that writes its values into the text sends a text of its own
 * for each, and all have one queryid.  To search each analysed query for
 * the values would be the most expensive thing we do; the server has noted
 * where in the text its constants stand, and those that are compared with keys
 * are integers as a rule.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/literal.h"

#include "catalog/pg_type.h"

/* The number of a literal that is an integer; false if it is none. */
static bool
literal_number(const Const *literal, int64 *number)
{
	switch (literal->consttype)
	{
		case INT4OID:
			*number = DatumGetInt32(literal->constvalue);
			return true;
		case INT8OID:
			*number = DatumGetInt64(literal->constvalue);
			return true;
		default:
			return false;
	}
}

/*
 * Which of the constants is the literal of this comparison?  -1 if it is not
 * written as the integer it is.
 */
static int
find_rank(const Comparison *item, const LiteralConstants *constants,
		  const char *source)
{
	int64		number;
	int64		written;

	if (!literal_number(item->literal, &number))
		return -1;
	for (int i = 0; i < constants->count; i++)
	{
		if (constants->places[i] == item->location)
			return literal_integer(source + item->location, &written) &&
				written == number ? i : -1;
	}
	return -1;
}

/*
 * Learn where the literals of these comparisons stand.  They can be read if
 * all of them are integers, written in digits.  A null tells nothing of the
 * literals that stand in its place next time.
 */
void
literal_learn(LiteralPlaces *places, const Comparisons *comparisons,
			  const JumbleState *jumble, const char *source)
{
	LiteralConstants constants;
	int			count = 0;

	places->count = 0;
	if (jumble == NULL || source == NULL || comparisons->has_list ||
		comparisons->has_nulls || !literal_sort(&constants, jumble))
		return;
	for (int i = 0; i < comparisons->count; i++)
	{
		const Comparison *item = &comparisons->items[i];
		int			rank;

		if (item->literal == NULL)
			continue;
		rank = find_rank(item, &constants, source);
		if (rank < 0)
			return;
		places->comparisons[count] = *item;
		places->comparisons[count].literal = NULL;
		places->ranks[count++] = rank;
	}
	places->constants = constants.count;
	places->count = count;
}
