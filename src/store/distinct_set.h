/*-------------------------------------------------------------------------
 *
 * distinct_set.h
 *	  How many distinct hashes: exactly while they are few, then about.
 *
 * The first hashes are kept as they are; where there are more, the same memory
 * becomes the registers of a HyperLogLog (2^12: a standard error of 1.6 %), as
 * the server's code has them.  Plain memory: whoever owns a set guards it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DISTINCT_SET_H
#define CLIPPERF_DISTINCT_SET_H

#include "compat.h"

#include "port/pg_bitutils.h"

#define DISTINCT_WIDTH		12
#define DISTINCT_REGISTERS	(1 << DISTINCT_WIDTH)

/* Places for hashes in the same memory, and how many of them are filled. */
#define DISTINCT_PLACES		(DISTINCT_REGISTERS / (int) sizeof(uint32))
#define DISTINCT_EXACT		(DISTINCT_PLACES * 3 / 4)

typedef struct DistinctSet
{
	int32		count;			/* hashes kept; -1 = there are registers */
	union
	{
		uint32		hashes[DISTINCT_PLACES];	/* each from the place that
												 * its first bits tell on; 0 =
												 * free */
		uint8		registers[DISTINCT_REGISTERS];
	}			u;
} DistinctSet;

/* Add a hash while they are kept as they are. */
extern void distinct_keep(DistinctSet *set, uint32 hash);

/* Add a hash to the registers: what the server's addHyperLogLog() does. */
static inline void
distinct_register(DistinctSet *set, uint32 hash)
{
	uint8	   *place = &set->u.registers[hash >> (32 - DISTINCT_WIDTH)];
	uint32		others = hash << DISTINCT_WIDTH;
	uint8		first = others == 0 ? 32 - DISTINCT_WIDTH + 1 :
		32 - pg_leftmost_one_pos32(others);

	if (unlikely(first > *place))
		*place = first;
}

/* Add a hash, whose bits must be evenly spread. */
static inline void
distinct_add(DistinctSet *set, uint32 hash)
{
	if (set->count < 0)
		distinct_register(set, hash);
	else
		distinct_keep(set, hash);
}

/* Make "into" the set of the hashes of both. */
extern void distinct_merge(DistinctSet *into, const DistinctSet *from);

/* How many there are, and the standard error of that: 0 = it is exact. */
extern double distinct_count(const DistinctSet *set, double *standard_error);

/* Empty it. */
static inline void
distinct_clear(DistinctSet *set)
{
	memset(set, 0, sizeof(DistinctSet));
}

#endif							/* CLIPPERF_DISTINCT_SET_H */
