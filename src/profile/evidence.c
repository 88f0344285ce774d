/*-------------------------------------------------------------------------
 *
 * evidence.c
 *	  How much a look-up speaks for a loop over the rows of a result.
 *
 * Every look adds the logarithm of how much likelier it is if the children
 * follow the rows than if somebody looks up, at random, one of the D values
 * that the column holds.
 *
 * At random: each value with 1/D, or more if it stands at the top, since the
 * popular often do; times the number of result sets the look could have been
 * credited to, because the best one was chosen.
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
#include "profile/evidence.h"

#include <math.h>

#include "port/pg_bitutils.h"

/* The next value; each further one is half as likely as the one before. */
#define NEXT_SHARE		0.8
#define LOOSE_NEXT_SHARE 0.5
/* Looks of a loop that have nothing to do with the order. */
#define STRAY_SHARE		0.05
/* Looks of a loop that repeat an earlier one for no reason. */
#define REPEAT_SHARE	0.02
/* When values were skipped there are two guesses what comes next. */
#define GUESS_SHARE		0.6
/* Share of the values a covering loop must have hit. */
#define COVERED_SHARE	0.8
/* A loop that shares keys without remembering them: most repeats believed. */
#define MOST_REPEATS	0.7
/* A repeat is never worth more, in nats. */
#define REPEAT_WORTH	0.1
#define REPEAT_COST		(-1.0)
/* A look of the same child elsewhere. */
#define MISS_COST		(-2.9)
/* One false alarm per million episodes, for each way to be proven. */
#define PROOF			13.8
/* Below this the evidence speaks against the loop. */
#define FAILING			(-3.0)

/* How likely a random look hits this rank. */
static double
chance_at_random(int rank, int distinct)
{
	double		uniform = 1.0 / distinct;
	double		harmonic = log(distinct) + 0.5772 + 0.5 / distinct;
	double		popular = 1.0 / ((rank + 1) * harmonic);

	return Max(uniform, popular);
}

/*
 * How likely a loop that skips "distance" of "unhit" values is, where the next
 * one comes as often as "next" says.
 */
static double
chance_in_order(const Episode *episode, double next, int distance, int unhit,
				int distinct)
{
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
repeating_share(const Look *look)
{
	return look->rows > look->distinct ?
		Min(MOST_REPEATS, 1.0 - (double) look->distinct / look->rows) : 0.0;
}

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

/* Is a look one of the repeats that rows with the same key lead to? */
static inline bool
repeats_shared_key(const Episode *episode, const Look *look)
{
	return look->times > 1 && episode->repeats < look->rows - look->distinct;
}

/* Was this rank not hit yet? */
static inline bool
is_new(const Episode *episode, const Look *look)
{
	return episode_unhit(episode, look->rank, look->rank + 1) > 0;
}

/* A value that was not hit before. */
static void
add_new(Episode *episode, const Look *look)
{
	int			unhit = Max(1, look->distinct - episode->used);
	int			distance = episode_distance(episode, look->rank);
	double		share = episode->repeats > 0 ? 1.0 - repeating_share(look) : 1.0;
	double		ordered = share *
		chance_in_order(episode, NEXT_SHARE, distance, unhit, look->distinct);
	double		loosely = share *
		chance_in_order(episode, LOOSE_NEXT_SHARE, distance, unhit,
						look->distinct);
	double		chance = look->rivals * chance_at_random(look->rank,
														 look->distinct);
	double		local = (double) look->local_rivals / look->distinct;
	double		unused = (double) look->rivals * unhit / look->distinct;

	episode->ordered += log(ordered / Min(1.0, chance));
	episode->loosely += log(loosely / Min(1.0, chance));
	episode->custody += log(ordered / Min(1.0, local));
	episode->covering += log(share * (1.0 - REPEAT_SHARE) / Min(1.0, unused));
	mark_hit(episode, look->rank);
}

/* A value that was hit before. */
static void
add_repeat(Episode *episode, const Look *look)
{
	double		expected = repeating_share(look);
	bool		shared_key = repeats_shared_key(episode, look);
	double		share = shared_key ? expected : REPEAT_SHARE;
	double		worth = log(share * look->distinct / Max(1, episode->used));

	if (shared_key)
		worth = Max(REPEAT_COST, Min(REPEAT_WORTH, worth));
	else
		worth = Min(REPEAT_COST, worth);
	episode->ordered += worth;
	episode->loosely += worth;
	episode->custody += worth;
	episode->covering += Min(worth, 0.0);
	episode->repeats++;
}

/*
 * See evidence.h.  What runs where the result set came from belongs to it, and
 * nothing else if all has run there so far.  Elsewhere, children of a loop
 * follow the order, apart from those that other connections have overtaken,
 * unless the loop was proven without it.
 */
bool
evidence_belongs(const Episode *episode, const Look *look)
{
	if (look->local)
		return true;
	if (episode->local)
		return false;
	if (!is_new(episode, look))
		return repeats_shared_key(episode, look);
	return Max(episode->ordered, episode->loosely) < EVIDENCE_WEAK ||
		episode_distance(episode, look->rank) <=
		EVIDENCE_NEAR + pg_popcount64(episode->backends);
}

/*
 * Is that how somebody comes along who walks through the keys?  On another
 * connection, or from a key before the rows, or somewhere in their middle.
 */
static bool
is_like_walk(const Episode *episode, const Look *look)
{
	return look->walkable &&
		(!look->local ||
		 (episode->children == 0 &&
		  (look->passes || look->rank > EVIDENCE_NEAR)));
}

/* See evidence.h. */
void
evidence_add(Episode *episode, const Look *look)
{
	episode->distinct = look->distinct;
	episode->local &= look->local;
	episode->guarded |= is_like_walk(episode, look);
	if (is_new(episode, look))
		add_new(episode, look);
	else
		add_repeat(episode, look);
	episode->children++;
}

/* See evidence.h. */
void
evidence_miss(Episode *episode, bool elsewhere)
{
	episode->custody += MISS_COST;
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
	double		needed = PROOF + 2.0 * log(1.0 + failed);

	if (episode->ordered >= needed || episode->loosely >= needed)
		return true;
	return episode->covering >= needed &&
		episode->used >= COVERED_SHARE * episode->distinct;
}

/* Is the evidence good, if no other speaks against it? */
static bool
is_weak_proof(const Episode *episode)
{
	return episode->ordered >= EVIDENCE_WEAK ||
		(episode->local && episode->custody >= EVIDENCE_WEAK);
}

/*
 * What a verdict is worth if a walk looks the same: never more than a weak
 * success, and on other connections nothing before the end has been reached.
 */
static Verdict
guarded_verdict(const Episode *episode, Verdict verdict)
{
	if (verdict == VERDICT_NOTHING ||
		(!episode->local &&
		 episode->used < COVERED_SHARE * episode->distinct))
		return VERDICT_NOTHING;
	return VERDICT_WEAK;
}

/* See evidence.h. */
bool
evidence_is_local(const Episode *episode, Verdict verdict)
{
	return episode->local && !episode->guarded &&
		(verdict == VERDICT_SHORT || episode->custody >= EVIDENCE_WEAK);
}

/* See evidence.h. */
float
evidence_worth(const Episode *episode, Verdict verdict)
{
	if (verdict != VERDICT_SHORT)
		return EVIDENCE_WEAK;
	return Min(EVIDENCE_WEAK,
			   episode->local ? episode->custody : episode->ordered);
}

/* See evidence.h. */
Verdict
evidence_verdict(const Episode *episode, uint32 failed, int min_children,
				 bool nested)
{
	if (episode->used >= min_children)
	{
		Verdict		verdict = is_proof(episode, failed) ? VERDICT_STRONG :
			is_weak_proof(episode) ? VERDICT_WEAK : VERDICT_NOTHING;

		if (episode->guarded)
			verdict = guarded_verdict(episode, verdict);
		if (verdict != VERDICT_NOTHING)
			return verdict;
	}
	else if (nested && episode->used == episode->distinct &&
			 evidence_worth(episode, VERDICT_SHORT) > 0)
		return VERDICT_SHORT;
	if (!episode->counted_failed && episode->ordered < FAILING)
		return VERDICT_FAILING;
	return VERDICT_NOTHING;
}
