/*-------------------------------------------------------------------------
 *
 * numbers.h
 *	  Could somebody count through the numbers of a column by himself?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_NUMBERS_H
#define CLIPPERF_NUMBERS_H

#include "c.h"

/* So few numbers are sorted or without gaps by chance too often. */
#define NUMBERS_FEWEST	5

/* Distinct numbers of a column, in the order of its rows. */
typedef struct Numbers
{
	int64		last;
	int64		least;
	int64		greatest;
	bool		ascending;		/* all so far */
	bool		descending;
} Numbers;

/* Add a number that is new to the column; "before" tells how many there were. */
static inline void
numbers_add(Numbers *numbers, int before, int64 number)
{
	if (before == 0)
		*numbers = (Numbers)
	{
		number, number, number, true, true
	};
	numbers->ascending &= before == 0 || number > numbers->last;
	numbers->descending &= before == 0 || number < numbers->last;
	numbers->least = Min(numbers->least, number);
	numbers->greatest = Max(numbers->greatest, number);
	numbers->last = number;
}

/* Are they sorted, one way or the other? */
static inline bool
numbers_are_sorted(const Numbers *numbers)
{
	return numbers->ascending || numbers->descending;
}

/*
 * The mean distance of neighbours if somebody who knows nothing of the column
 * might visit its numbers, all of them or in their order: they are sorted, or
 * leave few gaps.  Else 0.
 */
static inline uint32
numbers_step(const Numbers *numbers, int count)
{
	uint64		span;

	if (count < NUMBERS_FEWEST)
		return 0;
	span = (uint64) numbers->greatest - (uint64) numbers->least;
	if (!numbers_are_sorted(numbers) && span >= 2 * count)
		return 0;
	return (uint32) Min(span / (count - 1), PG_UINT32_MAX);
}

#endif							/* CLIPPERF_NUMBERS_H */
