/*-------------------------------------------------------------------------
 *
 * random.c
 *	  Deterministic random numbers, uniform and skewed.
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "clipload.h"

/*
 * The next 64 bits (splitmix64).
 */
uint64_t
random_next(Random *random)
{
	uint64_t	z = (random->state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/*
 * Start a generator; equal seeds give equal sequences, neighbouring ones
 * sequences that have nothing in common.
 */
void
random_seed(Random *random, uint64_t seed)
{
	random->state = seed;
	random->state = random_next(random);
}

/*
 * A number in [0, 1).
 */
double
random_unit(Random *random)
{
	return (random_next(random) >> 11) * (1.0 / 9007199254740992.0);
}

/*
 * An integer in [0, limit).
 */
int
random_below(Random *random, int limit)
{
	return (int) (random_unit(random) * limit);
}

/*
 * A rank in [0, limit), rank r with a share of about 1 / (r + 1): the
 * continuous form of Zipf's law with exponent one.
 */
int
random_zipf(Random *random, int limit)
{
	int			rank = (int) exp(random_unit(random) * log(limit + 1.0)) - 1;

	return rank < limit ? rank : limit - 1;
}

/*
 * Put items into random order (Fisher and Yates).
 */
void
random_shuffle(Random *random, int *items, int count)
{
	for (int i = count - 1; i > 0; i--)
	{
		int			j = random_below(random, i + 1);
		int			item = items[i];

		items[i] = items[j];
		items[j] = item;
	}
}
