/*-------------------------------------------------------------------------
 *
 * evidence.c
 *	  How much a look-up speaks for a loop over the rows of a result.
 *
 * Every look-up adds the logarithm of how much likelier it is if the children
 * follow the rows than if somebody looks up, at random, one of the D values
 * that the column holds.
 *
 * At random: each value with 1/D, or more if it stands at the top, since the
 * popular often do; times the number of result sets it could have been
 * attributed to, because the best one was chosen.
 *
 * In order: the next unhit value most of the time, seldom a few further
 * (children that overtake each other, rows that need no child).  Loosely in
 * order: more often so, as on a pool that is given many children at once.
 *
 * Covering: any value that was not hit yet, none twice (children that run
 * concurrently).  That proves something only when most have been hit.
 *
 * The caller holds the lock of the episode.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/evidence.h"

#include <math.h>

#include "port/pg_bitutils.h"

/*
 * The hypothesis of a loop: how likely each kind of look-up is in one, as a share
 * of all.
 */

/* The next value; each further one is half as likely as the one before. */
#define NEXT_SHARE		0.8
#define LOOSE_NEXT_SHARE 0.5
/* Look-ups of a loop that have nothing to do with the order. */
#define STRAY_SHARE		0.05
/* Look-ups of a loop that repeat an earlier one for no reason. */
#define REPEAT_SHARE	0.02
/* When values were skipped there are two guesses what comes next. */
#define GUESS_SHARE		0.6
/* Share of the values a covering loop must have hit. */
#define COVERED_SHARE	0.8
/* A loop that shares keys without remembering them: most repeats believed. */
#define MOST_REPEATS	0.7
/* A sweep's next value lies within this part of the values (one in ..). */
#define STRIDE_PART		8
/* The worth of a repeat, in nats: at most, and of one without a reason. */
#define REPEAT_WORTH	0.1
#define REPEAT_COST		(-1.0)
/*
 * A look-up of the same child elsewhere, in nats: about ln(0.05 / 0.95), where
 * 0.05 is STRAY_SHARE.
 */
#define MISS_COST		(-2.9)
/*
 * Others take part in a loop, in nats: ln(10,000), one false alarm per ten
 * thousand look-ups of others at the same keys.
 */
#define JOINED			9.2

/* Euler's constant, for harmonic numbers. */
#define EULER_GAMMA		0.5772

/* How likely a random look-up hits this rank. */
static double
chance_at_random(int rank, int distinct)
{
	double		uniform = 1.0 / distinct;
	double		harmonic = log(distinct) + EULER_GAMMA + 0.5 / distinct;
	double		popular = 1.0 / ((rank + 1) * harmonic);

	return Max(uniform, popular);
}

/*
 * How likely a loop in order looks up this value, which was not hit before,
 * where the next one comes as often as "next" says.
 */
static double
chance_in_loop(const Episode *episode, const Lookup *lookup, double next)
{
	int			distance = episode_distance(episode, lookup->rank);
	int			distinct = lookup->distinct;
	int			unhit = Max(1, distinct - episode->used);
	double		all = 1.0 - (1.0 - next) * pow(0.5, unhit - 1);
	double		share = distance == 0 ? next :
		(1.0 - next) * pow(0.5, Min(distance, 60));
	bool		skipped = episode->children > 0 &&
		episode->frontier <= episode->last;
	double		guess = skipped ? GUESS_SHARE : 1.0;

	return (1.0 - STRAY_SHARE) * guess * share / all + STRAY_SHARE / distinct;
}

/* Share of the rows that repeat a value of an earlier row. */
static double
repeating_share(const Lookup *lookup)
{
	return lookup->rows > lookup->distinct ?
		Min(MOST_REPEATS, 1.0 - (double) lookup->distinct / lookup->rows) : 0.0;
}

/* Note that a rank was hit that was not before; under the episode's lock. */
static void
mark_hit(Episode *episode, int rank)
{
	episode->hit[rank / 64] |= UINT64CONST(1) << (rank % 64);
	episode->used++;
	episode->last = rank;
	while (episode->frontier < RESULTSET_ROWS &&
		   episode_unhit(episode, episode->frontier, episode->frontier + 1) == 0)
		episode->frontier++;
}

/* Is a look-up one of the repeats that rows with the same key lead to? */
static inline bool
repeats_shared_key(const Episode *episode, const Lookup *lookup)
{
	return lookup->times > 1 && episode->repeats < lookup->rows - lookup->distinct;
}

/* Was this rank not hit yet? */
static inline bool
is_new(const Episode *episode, const Lookup *lookup)
{
	return episode_unhit(episode, lookup->rank, lookup->rank + 1) > 0;
}

/* Is the number close to the one before, as those of a sweep are? */
static bool
is_stride(const Episode *episode, const Lookup *lookup)
{
	uint64		distance = lookup->number > episode->number ?
		(uint64) lookup->number - (uint64) episode->number :
		(uint64) episode->number - (uint64) lookup->number;

	return episode->used > 0 &&
		distance / lookup->step <= Max(2, lookup->distinct / STRIDE_PART);
}

/*
 * Note what may tell a sweep from a loop.  A sweep comes on another connection,
 * or from a key before the rows, or begins somewhere in their middle.
 */
static void
watch_sweep(Episode *episode, const Lookup *lookup)
{
	episode->guarded |= !lookup->local ||
		(episode->children == 0 &&
		 (lookup->passes || lookup->rank > EVIDENCE_NEAR));
	episode->sorted = lookup->sorted;
	if (is_new(episode, lookup))
		episode->strides += is_stride(episode, lookup);
	episode->number = lookup->number;
}

/* How likely somebody looks it up who takes the values at random. */
static double
chance_of_others(const Lookup *lookup)
{
	return Min(1.0, lookup->rivals *
			   chance_at_random(lookup->rank, lookup->distinct));
}

/* A value that was not hit before. */
static void
add_new(Episode *episode, const Lookup *lookup)
{
	int			unhit = Max(1, lookup->distinct - episode->used);
	double		share = episode->repeats > 0 ? 1.0 - repeating_share(lookup) : 1.0;
	double		ordered = share * chance_in_loop(episode, lookup, NEXT_SHARE);
	double		loosely = share * chance_in_loop(episode, lookup,
												 LOOSE_NEXT_SHARE);
	double		chance = chance_of_others(lookup);
	double		local = (double) lookup->local_rivals / lookup->distinct;
	double		unused = (double) lookup->rivals * unhit / lookup->distinct;

	episode->ordered += log(ordered / chance);
	episode->loosely += log(loosely / chance);
	episode->on_connection += log(ordered / Min(1.0, local));
	episode->covering += log(share * (1.0 - REPEAT_SHARE) / Min(1.0, unused));
	mark_hit(episode, lookup->rank);
}

/* A value that was hit before. */
static void
add_repeat(Episode *episode, const Lookup *lookup)
{
	double		expected = repeating_share(lookup);
	bool		shared_key = repeats_shared_key(episode, lookup);
	double		share = shared_key ? expected : REPEAT_SHARE;
	double		worth = log(share * lookup->distinct / Max(1, episode->used));

	if (shared_key)
		worth = Max(REPEAT_COST, Min(REPEAT_WORTH, worth));
	else
		worth = Min(REPEAT_COST, worth);
	episode->ordered += worth;
	episode->loosely += worth;
	episode->on_connection += worth;
	episode->covering += Min(worth, 0.0);
	episode->repeats++;
}

/* How likely others who take part in a loop look this value up. */
static double
chance_in_others(const Episode *episode, const Lookup *lookup)
{
	int			distance = episode_distance(episode, lookup->rank);
	int			before = Min(lookup->rank, episode->others_last);
	int			behind = Max(lookup->rank, episode->others_last);

	if (episode->others > 0)
		distance = Min(distance, episode_unhit(episode, before + 1, behind));
	return (1.0 - STRAY_SHARE) * pow(0.5, Min(distance, 60) + 1) +
		STRAY_SHARE / lookup->distinct;
}

/*
 * Do others take part in a loop that has been on one connection so far?  That
 * of a pool may have been the only one to come to run.  Page's test (E. S.
 * Page, Biometrika 41, 1954): the evidence for it is never less than none.
 */
static bool
is_spreading(Episode *episode, const Lookup *lookup)
{
	double		worth = !is_new(episode, lookup) ? REPEAT_COST :
		log(chance_in_others(episode, lookup) / chance_of_others(lookup));

	episode->spread = Max(0.0, episode->spread + worth);
	episode->others = episode->spread > 0.0 ? episode->others + 1 : 0;
	episode->others_last = lookup->rank;
	if (episode->spread < JOINED)
		return false;
	episode->children += episode->others - 1;
	episode->others = 0;
	return true;
}

/*
 * Does a look-up belong to a loop that is proven already?  Others look up the
 * same keys meanwhile.  What runs where the result set came from belongs to it,
 * and nothing else if all has run there so far, unless others take part.  Elsewhere,
 * children of a loop follow the order, apart from those that other connections
 * have overtaken, unless the loop was proven without it.  The caller holds the
 * episode's lock.
 */
bool
evidence_belongs(Episode *episode, const Lookup *lookup)
{
	if (lookup->local)
		return true;
	if (episode->local)
		return is_spreading(episode, lookup);
	if (!is_new(episode, lookup))
		return repeats_shared_key(episode, lookup);
	return Max(episode->ordered, episode->loosely) < EVIDENCE_WEAK ||
		episode_distance(episode, lookup->rank) <=
		EVIDENCE_NEAR + pg_popcount64(episode->backends);
}

/* Add a look-up to an episode.  The caller holds the episode's lock. */
void
evidence_add(Episode *episode, const Lookup *lookup)
{
	episode->distinct = lookup->distinct;
	episode->local &= lookup->local;
	if (lookup->sweepable)
		watch_sweep(episode, lookup);
	if (is_new(episode, lookup))
		add_new(episode, lookup);
	else
		add_repeat(episode, lookup);
	episode->children++;
}

/*
 * The parent's backend looked something else up, "elsewhere" if it fitted
 * another result set.  The caller holds the episode's lock.
 */
void
evidence_miss(Episode *episode, bool elsewhere)
{
	episode->on_connection += MISS_COST;
	if (elsewhere)
		return;
	episode->ordered += MISS_COST;
	episode->loosely += MISS_COST;
	episode->covering += MISS_COST;
}

/* Is the evidence beyond doubt, given that so many like it failed? */
static bool
is_proof(const Episode *episode, uint32 failed)
{
	double		needed = EVIDENCE_STRONG + 2.0 * log(1.0 + failed);

	if (episode->ordered >= needed || episode->loosely >= needed)
		return true;
	return episode->covering >= needed &&
		episode->used >= COVERED_SHARE * episode->distinct;
}

/*
 * Might it be a sweep?  One that goes through the keys up or down has little to
 * do with the order of rows that are not sorted.
 */
static bool
may_be_sweep(const Episode *episode)
{
	return episode->guarded &&
		(episode->sorted || episode->strides * 2 >= episode->used);
}

/* Did all of it happen on the connection that read the result? */
bool
evidence_is_local(const Episode *episode, Verdict verdict)
{
	return episode->local && !may_be_sweep(episode) &&
		(verdict == VERDICT_SHORT || episode->on_connection >= EVIDENCE_WEAK);
}

/* What a success is worth to the history of its pattern, in nats. */
float
evidence_worth(const Episode *episode, Verdict verdict)
{
	if (verdict != VERDICT_SHORT)
		return EVIDENCE_WEAK;
	return Min(EVIDENCE_WEAK,
			   episode->local ? episode->on_connection : episode->ordered);
}

/*
 * What the evidence comes to, given how many episodes like it failed.
 * "nested" if the result set is one of many that a loop has fetched: loops
 * over their rows count together.
 */
Verdict
evidence_verdict(const Episode *episode, uint32 failed, int min_children,
				 bool nested)
{
	if (episode->used >= min_children)
	{
		Verdict		verdict = VERDICT_NOTHING;

		if (is_proof(episode, failed))
			verdict = VERDICT_STRONG;
		else if (episode->ordered >= EVIDENCE_WEAK ||
				 (episode->local && episode->on_connection >= EVIDENCE_WEAK))
			verdict = VERDICT_WEAK;

		/*
		 * If a sweep looks the same, it is never more than a weak proof, and
		 * on other connections none before the end has been reached.
		 */
		if (verdict != VERDICT_NOTHING && may_be_sweep(episode))
			verdict = !episode->local &&
				episode->used < COVERED_SHARE * episode->distinct ?
				VERDICT_NOTHING : VERDICT_WEAK;
		if (verdict != VERDICT_NOTHING)
			return verdict;
	}
	else if (nested && episode->used == episode->distinct &&
			 evidence_worth(episode, VERDICT_SHORT) > 0)
		return VERDICT_SHORT;
	if (!episode->counted_failed && episode->ordered < EVIDENCE_FAILURE)
		return VERDICT_FAILING;
	return VERDICT_NOTHING;
}
