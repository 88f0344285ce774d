/*-------------------------------------------------------------------------
 *
 * distinct_set.c
 *	  How many distinct hashes: exactly while they are few, then about.
 *
 * A HyperLogLog of a few values is either exact or, if two of them share a
 * register, off by a large share: where the same values come in each window of
 * time it is off in all of them.  So a few values are counted exactly.
 *
 *-------------------------------------------------------------------------
 */
#include "store/distinct_set.h"

#include <math.h>

/*
 * Root mean square errors of an estimate, as shares of it: 1.04 /
 * sqrt(DISTINCT_REGISTERS), and where the server changes from one estimator to
 * the other, at 2.5 values to a register, which are biased there (measured by
 * test/unit/cache_replay.c).
 */
#define USUAL_ERROR		0.0165
#define CHANGE_ERROR	0.030
#define CHANGE_FROM		(2.1 * DISTINCT_REGISTERS)
#define CHANGE_TO		(3.2 * DISTINCT_REGISTERS)

/* What initHyperLogLog() computes for DISTINCT_WIDTH. */
#define DISTINCT_ALPHA	(0.7213 / (1.0 + 1.079 / DISTINCT_REGISTERS))

/* How many hashes there are: where many are used, some values share one. */
#define HASHES			4294967296.0

/* What a register holds at most: the place of the first 1 among the other bits. */
#define DISTINCT_MOST	(32 - DISTINCT_WIDTH + 1)

/* Turn the hashes that are kept into registers. */
static pg_noinline void
make_registers(DistinctSet *set)
{
	uint32		hashes[DISTINCT_PLACES];

	memcpy(hashes, set->u.hashes, sizeof(hashes));
	memset(set->u.registers, 0, sizeof(set->u.registers));
	set->count = -1;
	for (int i = 0; i < DISTINCT_PLACES; i++)
	{
		if (hashes[i] != 0)
			distinct_register(set, hashes[i]);
	}
}

/* Add a hash that is not there, and for which there is no room: no more are kept. */
static pg_noinline void
keep_no_more(DistinctSet *set, uint32 hash)
{
	make_registers(set);
	distinct_register(set, hash);
}

/* Add a hash while they are kept as they are. */
void
distinct_keep(DistinctSet *set, uint32 hash)
{
	uint32		place;
	uint32		kept;

	if (unlikely(hash == 0))
		hash = 1;				/* 0 is a free place */
	place = hash / (PG_UINT32_MAX / DISTINCT_PLACES + 1);
	while ((kept = set->u.hashes[place]) != 0)
	{
		if (kept == hash)
			return;
		place = (place + 1) % DISTINCT_PLACES;
	}
	if (unlikely(set->count == DISTINCT_EXACT))
	{
		keep_no_more(set, hash);
		return;
	}
	set->u.hashes[place] = hash;
	set->count++;
}

/* Make "into" the set of the hashes of both. */
void
distinct_merge(DistinctSet *into, const DistinctSet *from)
{
	if (from->count >= 0)
	{
		for (int i = 0; i < DISTINCT_PLACES; i++)
		{
			if (from->u.hashes[i] != 0)
				distinct_add(into, from->u.hashes[i]);
		}
		return;
	}
	if (into->count >= 0)
		make_registers(into);
	for (int i = 0; i < DISTINCT_REGISTERS; i++)
		into->u.registers[i] = Max(into->u.registers[i], from->u.registers[i]);
}

/*
 * What the server's estimateHyperLogLog() makes of the registers, up to rounding.
 * It raises 2 to the power of each register, which takes 80 times as long; here they
 * are counted by what they hold first.
 */
static double
estimate(const uint8 *registers)
{
	int			holding[DISTINCT_MOST + 1] = {0};
	double		sum = 0;
	double		count;

	for (int i = 0; i < DISTINCT_REGISTERS; i++)
		holding[registers[i]]++;
	for (int i = 0; i <= DISTINCT_MOST; i++)
		sum += ldexp(holding[i], -i);
	count = DISTINCT_ALPHA * DISTINCT_REGISTERS * DISTINCT_REGISTERS / sum;
	if (count <= 2.5 * DISTINCT_REGISTERS && holding[0] > 0)
		return DISTINCT_REGISTERS * log((double) DISTINCT_REGISTERS / holding[0]);
	if (count > HASHES / 30)
		return -HASHES * log(1.0 - count / HASHES);
	return count;
}

/* How many there are, and the standard error of that: 0 = it is exact. */
double
distinct_count(const DistinctSet *set, double *standard_error)
{
	double		count;

	*standard_error = 0;
	if (set->count >= 0)
		return set->count;
	count = estimate(set->u.registers);
	*standard_error = count * (count > CHANGE_FROM && count < CHANGE_TO ?
							   CHANGE_ERROR : USUAL_ERROR);
	return count;
}
