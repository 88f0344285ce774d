/*-------------------------------------------------------------------------
 *
 * evidence.c
 *	  How much lookups speak for a loop over the rows of a result.
 *
 * Every lookup adds the logarithm of how much likelier it is if the children
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
 * Rising: a value of a later row than all before, however many rows are left out
 * in between (rows of several kinds, conditional children).  The k-th of lookups
 * at random is that with probability 1/k at most, whatever is popular, as each of
 * them is equally likely the latest row: n such lookups come once in n!.  Only
 * where the result was read: elsewhere jobs go through the keys in their order.
 * Falling: the same, from the last row to the first.
 *
 * Following: where rows share few keys, the keys of the first rows one by one,
 * repeats included.  At random, or by somebody who stays with a key for a while,
 * that is as likely as the best such model of the sequence makes it.
 *
 * A value that is looked up twice in a row tells nothing of the order: retries,
 * and what a page asks for twice for each row, look alike.  Whoever looks up at
 * random moves on to another value then, which makes all others likelier.
 *
 * The caller holds what protects the evidence.
 *
 *-------------------------------------------------------------------------
 */
#include "common/evidence.h"

#include <math.h>

const EvidenceParameters evidence_parameters = {
	.strong = 13.8,
	.weak = 6.2,
	.failure = -3.0,
	.hopeless_in_order = -6.0,
	.hopeless_covering = -2.0,
	.next = 0.8,
	.loose_next = 0.5,
	.stray = 0.05,
	.repeat = 0.02,
	.guess = 0.6,
	.rise = 0.95,
	.follow = 0.95,
	.most_repeats = 0.7,
	.covered = 0.8,
	.same_covered = 0.8,
	.same_fewest = 9,
	.same_statements = 4,
	.fewest = 5,
	.short_list = 8,
	.near = 3,
	.stride_part = 8,
	.repeat_worth = 0.1,
	.repeat_cost = -1.0,
	.miss_cost = -2.9,
	.joined = 9.2
};

static const EvidenceParameters *const parameters = &evidence_parameters;

/* Euler's constant, for harmonic numbers; and the limit of the sum of k^-1.5. */
#define EULER_GAMMA		0.5772
#define ZETA_3_2		2.6124

/* Start over. */
void
evidence_clear(Evidence *evidence)
{
	memset(evidence, 0, sizeof(Evidence));
	evidence->local = true;
	evidence->in_request = true;
	evidence->in_order = true;
}

/* Ranks not hit yet between two ranks [from, to). */
static int
count_unhit(const Evidence *evidence, int from, int to)
{
	int			unhit = 0;

	for (int rank = from; rank < to;)
	{
		int			bits = Min(64 - rank % 64, to - rank);
		uint64		word = ~evidence->hit[rank / 64] >> (rank % 64);

		if (bits < 64)
			word &= (UINT64CONST(1) << bits) - 1;
		unhit += pg_popcount64(word);
		rank += bits;
	}
	return unhit;
}

/* How far rank lies from where the loop is expected, in unhit ranks. */
int
evidence_distance(const Evidence *evidence, int rank)
{
	int			from_last = rank > evidence->last && evidence->children > 0 ?
		count_unhit(evidence, evidence->last + 1, rank) : EVIDENCE_RANKS;
	int			from_frontier = rank >= evidence->frontier ?
		count_unhit(evidence, evidence->frontier, rank) : EVIDENCE_RANKS;

	return Min(from_last, from_frontier);
}

/*
 * How likely a random lookup hits this rank: by Zipf's law with the exponent 1,
 * or 1.5 where few are much more popular than the rest, or all alike.
 */
static double
chance_at_random(int rank, int distinct)
{
	double		uniform = 1.0 / distinct;
	double		harmonic = log(distinct) + EULER_GAMMA + 0.5 / distinct;
	double		popular = 1.0 / ((rank + 1) * harmonic);
	double		steep = 1.0 / ((rank + 1) * sqrt(rank + 1) *
							   (ZETA_3_2 - 2.0 / sqrt(distinct + 0.5)));

	return Max(uniform, Max(popular, steep));
}

/*
 * How likely a loop in order looks up this value, which was not hit before,
 * where the next one comes as often as "next" says.
 */
static double
chance_in_loop(const Evidence *evidence, const Lookup *lookup, double next)
{
	int			distance = evidence_distance(evidence, lookup->rank);
	int			distinct = lookup->distinct;
	int			unhit = Max(1, distinct - evidence->used);
	double		all = 1.0 - (1.0 - next) * pow(0.5, unhit - 1);
	double		share = distance == 0 ? next :
		(1.0 - next) * pow(0.5, Min(distance, 60));
	bool		skipped = evidence->children > 0 &&
		evidence->frontier <= evidence->last;
	double		guess = skipped ? parameters->guess : 1.0;

	return (1.0 - parameters->stray) * guess * share / all +
		parameters->stray / distinct;
}

/* Share of the rows that repeat a value of an earlier row. */
static double
repeating_share(const Lookup *lookup)
{
	return lookup->rows > lookup->distinct ?
		Min(parameters->most_repeats,
			1.0 - (double) lookup->distinct / lookup->rows) : 0.0;
}

/* Note that a rank was hit that was not before. */
static void
mark_hit(Evidence *evidence, int rank)
{
	evidence->hit[rank / 64] |= UINT64CONST(1) << (rank % 64);
	evidence->used++;
	evidence->last = rank;
	while (evidence->frontier < EVIDENCE_RANKS &&
		   evidence_is_hit(evidence, evidence->frontier))
		evidence->frontier++;
}

/* Is a lookup one of the repeats that rows with the same key lead to? */
static inline bool
repeats_shared_key(const Evidence *evidence, const Lookup *lookup)
{
	return lookup->times > 1 &&
		evidence->repeats - evidence->again < lookup->rows - lookup->distinct;
}

/* Was this rank not hit yet? */
static inline bool
is_new(const Evidence *evidence, const Lookup *lookup)
{
	return !evidence_is_hit(evidence, lookup->rank);
}

/*
 * Does a page look up each row twice or more?  Then most values come again at
 * once; where few do, neighbouring rows share a key.
 */
static inline bool
asks_again(const Evidence *evidence)
{
	return 2 * evidence->again >= evidence->used;
}

/*
 * Has every row had its child, so that this lookup begins again?  A value that
 * comes again at once may belong to the last row yet.  Where somebody else's
 * children were taken for some, there are as many as rows all the same.
 */
bool
evidence_is_complete(const Evidence *evidence, const Lookup *lookup)
{
	uint32		of_rows = evidence->children;

	if (lookup->distinct == 1)
		return evidence->children >= 2 * lookup->rows;
	if (asks_again(evidence))
	{
		if (lookup->rank == evidence->latest)
			return false;
		of_rows -= evidence->again;
	}
	return of_rows >= lookup->rows &&
		(evidence->used >= lookup->distinct || !is_new(evidence, lookup));
}

/*
 * Most of the children that a loop over the rows explains: where requests run at a
 * time over the same rows, a value that comes again without a reason is another's.
 */
int
evidence_most_children(const Evidence *evidence)
{
	int			again = evidence->again;
	int			repeats = evidence->repeats - again;
	int			shared = Max(0, evidence->rows - evidence->distinct);

	if (evidence->local)
		return evidence->children;
	return evidence->children - Max(0, repeats - shared) -
		(asks_again(evidence) ? 0 : again - Min(again, Max(0, shared - repeats)));
}

/* Is the number close to the one before, as those of a sweep are? */
static bool
is_stride(const Evidence *evidence, const Lookup *lookup)
{
	uint64		distance = lookup->number > evidence->number ?
		(uint64) lookup->number - (uint64) evidence->number :
		(uint64) evidence->number - (uint64) lookup->number;

	return evidence->used > 0 &&
		distance / lookup->step <=
		Max(2, lookup->distinct / parameters->stride_part);
}

/*
 * Note what may tell a sweep from a loop.  A sweep comes on another connection,
 * or from a key before the rows, or begins somewhere in their middle.
 */
static void
watch_sweep(Evidence *evidence, const Lookup *lookup)
{
	evidence->passed |= !lookup->local || (evidence->children == 0 && lookup->passes);
	evidence->guarded |= evidence->passed ||
		(evidence->children == 0 && lookup->rank > parameters->near &&
		 lookup->rank < lookup->distinct - 1 - parameters->near);
	evidence->sorted = lookup->sorted;
	if (is_new(evidence, lookup))
		evidence->strides += is_stride(evidence, lookup);
	evidence->number = lookup->number;
}

/* How likely somebody looks it up who takes the values at random. */
static double
chance_of_others(const Lookup *lookup)
{
	return Min(1.0, lookup->rivals *
			   chance_at_random(lookup->rank, lookup->distinct));
}

/* The worth of the number-th move, where each is to be of a later, or earlier, row. */
static double
worth_of_move(const Lookup *lookup, int number, bool goes_on)
{
	return goes_on ? log(parameters->rise * number / Max(1, lookup->local_rivals)) :
		log((1.0 - parameters->rise) * number / (number - 1));
}

/* Is it of a later row than all before, or of an earlier one?  A move of this connection. */
static void
add_move(Evidence *evidence, const Lookup *lookup)
{
	int			number = ++evidence->moves;
	bool		rises = number == 1 || lookup->rank > evidence->top;
	bool		falls = number == 1 || lookup->rank < evidence->bottom;

	evidence->rising += worth_of_move(lookup, number, rises);
	evidence->falling += worth_of_move(lookup, number, falls);
	evidence->in_order &= rises;
	evidence->top = Max(evidence->top, lookup->rank);
	evidence->bottom = number == 1 ? lookup->rank : Min(evidence->bottom, lookup->rank);
}

/* Are the keys of the rows looked up one by one, whatever keys they share? */
static void
follow_row(Evidence *evidence, const Lookup *lookup)
{
	int			row = evidence->followed;

	if (evidence->strayed || row >= Min(EVIDENCE_SEQUENCE, lookup->rows))
		return;
	if ((lookup->sequence >> (4 * row) & 15) == lookup->rank)
		evidence->followed++;
	else
		evidence->strayed = true;
}

/* A value that was not hit before comes where each row has its turn, in whatever order. */
static void
cover(Evidence *evidence, const Lookup *lookup, double share)
{
	int			unhit = Max(1, lookup->distinct - evidence_covered(evidence));
	double		unused = (double) lookup->rivals * unhit / lookup->distinct;

	if (lookup->rank < 64 && (evidence->elsewhere >> lookup->rank & 1) != 0)
		return;
	evidence->covering += log(share * (1.0 - parameters->repeat) / Min(1.0, unused));
}

/* A value that was not hit before. */
static void
add_new(Evidence *evidence, const Lookup *lookup)
{
	double		share = evidence->repeats > evidence->again ?
		1.0 - repeating_share(lookup) : 1.0;
	double		ordered = share * chance_in_loop(evidence, lookup, parameters->next);
	double		loosely = share * chance_in_loop(evidence, lookup,
												 parameters->loose_next);
	double		chance = chance_of_others(lookup);
	double		local = (double) lookup->local_rivals / lookup->distinct;

	evidence->ordered += log(ordered / chance);
	evidence->loosely += log(loosely / chance);
	evidence->on_connection += log(ordered / Min(1.0, local));
	cover(evidence, lookup, share);
	mark_hit(evidence, lookup->rank);
}

/* A value that was hit before, but not just before. */
static void
add_repeat(Evidence *evidence, const Lookup *lookup)
{
	double		expected = repeating_share(lookup);
	bool		shared_key = repeats_shared_key(evidence, lookup);
	double		share = shared_key ? expected : parameters->repeat;
	double		worth = log(share * lookup->distinct / Max(1, evidence->used));

	if (shared_key)
		worth = Max(parameters->repeat_cost, Min(parameters->repeat_worth, worth));
	else
		worth = Min(parameters->repeat_cost, worth);
	evidence->ordered += worth;
	evidence->loosely += worth;
	evidence->on_connection += worth;
	evidence->covering += Min(worth, 0.0);
	evidence->repeats++;
}

/*
 * The value that was looked up just before.  The first time, what comes next is
 * known to be another one, if somebody looks up at random.
 */
static void
add_again(Evidence *evidence, const Lookup *lookup, bool first)
{
	if (first && lookup->distinct > 1)
	{
		double		others = log(1.0 - Min(0.9, chance_of_others(lookup)));

		evidence->ordered += others;
		evidence->loosely += others;
		evidence->covering += others;
		evidence->rising += others;
		evidence->falling += others;
		evidence->on_connection += log(1.0 - 1.0 / lookup->distinct);
	}
	evidence->repeats++;
	evidence->again++;
}

/* How likely others who take part in a loop look this value up. */
static double
chance_in_others(const Evidence *evidence, const Lookup *lookup)
{
	int			distance = evidence_distance(evidence, lookup->rank);
	int			before = Min(lookup->rank, evidence->others_last);
	int			behind = Max(lookup->rank, evidence->others_last);

	if (evidence->others > 0)
		distance = Min(distance, count_unhit(evidence, before + 1, behind));
	return (1.0 - parameters->stray) * pow(0.5, Min(distance, 60) + 1) +
		parameters->stray / lookup->distinct;
}

/*
 * Do others take part in a loop that has been on one connection so far?  That
 * of a pool may have been the only one to come to run.  Page's test (E. S.
 * Page, Biometrika 41, 1954): the evidence for it is never less than none.
 */
static bool
is_spreading(Evidence *evidence, const Lookup *lookup)
{
	double		worth = !is_new(evidence, lookup) ? parameters->repeat_cost :
		log(chance_in_others(evidence, lookup) / chance_of_others(lookup));

	evidence->spread = Max(0.0, evidence->spread + worth);
	evidence->others = evidence->spread > 0.0 ? evidence->others + 1 : 0;
	evidence->others_last = lookup->rank;
	if (evidence->spread < parameters->joined)
		return false;
	evidence->children += evidence->others - 1;
	evidence->others = 0;
	return true;
}

/*
 * Does a lookup belong to a loop that is proven already?  Others look up the
 * same keys meanwhile.  What runs where the result set came from belongs to it,
 * and nothing else if all has run there so far, unless others take part.  Elsewhere,
 * children of a loop follow the order, apart from those that other connections,
 * "backends" in all, have overtaken, unless the loop was proven without it.
 */
bool
evidence_belongs(Evidence *evidence, const Lookup *lookup, int backends)
{
	if (lookup->local)
		return true;
	if (evidence->local)
		return is_spreading(evidence, lookup);
	if (!is_new(evidence, lookup))
		return repeats_shared_key(evidence, lookup);
	return Max(evidence->ordered, evidence->loosely) < parameters->weak ||
		evidence_distance(evidence, lookup->rank) <= parameters->near + backends;
}

/* Add a lookup. */
void
evidence_add(Evidence *evidence, const Lookup *lookup)
{
	bool		again = evidence->children > 0 && lookup->rank == evidence->latest;

	evidence->distinct = lookup->distinct;
	evidence->rows = lookup->rows;
	evidence->local &= lookup->local;
	evidence->in_request &= lookup->in_request;
	evidence->sequence = lookup->sequence;
	evidence->whole = lookup->whole;
	evidence->alike = lookup->alike;
	if (lookup->sweepable)
		watch_sweep(evidence, lookup);
	if (lookup->distinct == 1)
		evidence->strayed |= lookup->statements >
			(uint64) parameters->same_statements * (evidence->children + 2);
	else if (lookup->local && lookup->rows > lookup->distinct &&
			 lookup->distinct <= EVIDENCE_SEQUENCE_KEYS)
		follow_row(evidence, lookup);
	if (lookup->local && !again)
		add_move(evidence, lookup);
	if (is_new(evidence, lookup))
		add_new(evidence, lookup);
	else if (again)
		add_again(evidence, lookup, !evidence->stays);
	else
		add_repeat(evidence, lookup);
	if (lookup->only_order)
		evidence->covering = Min(evidence->covering, 0.0);
	evidence->stays = again;
	evidence->latest = lookup->rank;
	evidence->children++;
}

/* Before the first lookup, these ranks were looked up once each: see evidence.h. */
void
evidence_add_before(Evidence *evidence, const Lookup *first, uint64 ranks)
{
	Lookup		lookup = *first;

	for (lookup.rank = 0; lookup.rank < 64; lookup.rank++)
	{
		if ((ranks >> lookup.rank & 1) == 0)
			continue;
		cover(evidence, &lookup, 1.0);
		evidence->elsewhere |= UINT64CONST(1) << lookup.rank;
	}
}

/*
 * A lookup of one of the values that others explain better: it counts against the
 * order of the rows as it would in a loop over them, and the row has had its child.
 */
void
evidence_add_stray(Evidence *evidence, const Lookup *lookup)
{
	Evidence	with = *evidence;

	evidence_add(&with, lookup);
	evidence->ordered = Min(evidence->ordered, with.ordered);
	evidence->loosely = Min(evidence->loosely, with.loosely);
	evidence->on_connection = Min(evidence->on_connection, with.on_connection);
	evidence->rising = Min(evidence->rising, with.rising);
	evidence->falling = Min(evidence->falling, with.falling);
	if (is_new(evidence, lookup) && lookup->rank < 64)
		cover(evidence, lookup, 1.0);
	else
		evidence->covering = Min(evidence->covering, with.covering);
	if (lookup->rank < 64)
		evidence->elsewhere |= UINT64CONST(1) << lookup->rank;
}

/*
 * The parent's backend looked something else up, "elsewhere" if it fitted
 * another result set.
 */
void
evidence_miss(Evidence *evidence, bool elsewhere)
{
	evidence->on_connection += parameters->miss_cost;
	if (elsewhere)
		return;
	evidence->ordered += parameters->miss_cost;
	evidence->loosely += parameters->miss_cost;
	evidence->covering += parameters->miss_cost;
	evidence->rising += parameters->miss_cost;
	evidence->falling += parameters->miss_cost;
}
