/*-------------------------------------------------------------------------
 *
 * earlier.c
 *	  What statements looked up before a loop was seen to begin.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/earlier.h"

/* Look-ups that are remembered: those of a page between two of one loop. */
#define EARLIER_LOOKUPS		64

typedef struct EarlierLookup
{
	uint64		child;			/* fingerprint of its statement */
	uint64		hash;			/* of the value */
	int64		when_us;
	int			parameter;		/* match_parameter() */
} EarlierLookup;

static EarlierLookup lookups[EARLIER_LOOKUPS];

/* Those noted so far. */
static uint64 noted = 0;

/* A value was looked up by a parameter of a child, and found in some result. */
void
earlier_note(uint64 child, int parameter, uint64 hash, int64 now_us)
{
	lookups[noted++ % EARLIER_LOOKUPS] = (EarlierLookup)
	{
		child, hash, now_us, parameter
	};
}

/* The rank that a value has in the column of a hit, -1 if it has none. */
static int
rank_in_column(uint64 hash, const ResultHit *hit)
{
	ResultHit	hits[RESULTSET_BUCKET];
	int			count = resultset_find(hash, 0, hits);

	for (int i = 0; i < count; i++)
	{
		if (hits[i].slot == hit->slot && hits[i].column == hit->column &&
			hits[i].generation == hit->generation)
			return hits[i].rank;
	}
	return -1;
}

/*
 * Which of the first 64 ranks of a column the child has looked up since then, as a bit
 * each; none if one of them came again, which is no loop over the rows.  "hit" is a
 * value of the column.
 */
uint64
earlier_ranks(uint64 child, int parameter, const ResultHit *hit, int64 since_us)
{
	uint64		ranks = 0;

	for (uint64 i = 1; i <= Min(noted, EARLIER_LOOKUPS); i++)
	{
		const EarlierLookup *lookup = &lookups[(noted - i) % EARLIER_LOOKUPS];
		int			rank;
		uint64		bit;

		if (lookup->when_us < since_us)
			break;
		if (lookup->child != child || lookup->parameter != parameter)
			continue;
		rank = rank_in_column(lookup->hash, hit);
		if (rank < 0 || rank >= 64)
			continue;
		bit = UINT64CONST(1) << rank;
		if ((ranks & bit) != 0 || rank == hit->rank)
			return 0;
		ranks |= bit;
	}
	return ranks;
}
