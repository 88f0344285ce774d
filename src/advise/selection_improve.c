/*-------------------------------------------------------------------------
 *
 * selection_improve.c
 *	  Chooses indexes, and makes what was chosen better.
 *
 * Under a budget a search by what moves save per byte, and one that also counts
 * what they save; the better outcome is taken.  Then indexes that the others have made useless go, each is
 * exchanged for another of its table where that saves more, and for a smaller
 * or plainer one where that saves nearly as much.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/selection.h"

#include "utils/float.h"

#include "advise/candidate.h"

/*
 * Gains are divided by bytes to the power of these, for one search each, where
 * bytes are limited.
 */
static const double exponents[] = {0.5, 1};

/* Rounds of exchanging indexes. */
#define EXCHANGE_ROUNDS 3

/* Share of what an index saves that may be given up for a simpler one. */
#define SIMPLER_LOSS	0.05
/*
 * An included column, a predicate, or a key that the predicate fixes, counts as
 * this share of an index's size.
 */
#define EXTRA_WEIGHT	0.1

/* Proposals that the planner is asked about, in each round. */
#define MOST_PROPOSALS	20

/* A set of indexes in the place of those chosen. */
typedef struct Proposal
{
	Bitmapset  *indexes;
	double		gain;			/* microseconds saved at most */
} Proposal;

static inline double
least_worth(const Selection *selection)
{
	return selection->limits.least_share * selection->total_us;
}

/* The index that saves least of those that save too little; -1 = none. */
static int
find_useless(const Selection *selection, const Bitmapset *chosen)
{
	double		least = least_worth(selection);
	double		worst_worth = 0;
	int			worst = -1;
	int			number = -1;

	while ((number = bms_next_member(chosen, number)) >= 0)
	{
		Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
		double		worth = selection_gain_us(selection, without, chosen,
											  -get_float8_infinity(), least);

		bms_free(without);
		if ((worth < least || worth <= 0) &&
			(worst < 0 || worth < worst_worth))
		{
			worst = number;
			worst_worth = worth;
		}
	}
	return worst;
}

/* Take out the least useful index until each saves enough. */
static Bitmapset *
drop_useless(const Selection *selection, Bitmapset *chosen)
{
	int			number;

	while ((number = find_useless(selection, chosen)) >= 0)
		chosen = bms_del_member(chosen, number);
	return chosen;
}

/* Propose to have one more index, and not those "out". */
static List *
propose(const Selection *selection, List *proposals, const Bitmapset *chosen,
		const Bitmapset *out, int in)
{
	Bitmapset  *changed = bms_add_member(bms_copy(out), in);
	Bitmapset  *indexes = bms_add_member(bms_difference(chosen, out), in);
	GainBounds	bounds;
	Proposal   *proposal;

	if (!selection_fits(selection, indexes))
		return proposals;
	bounds = selection_bound_gain(selection,
								  selection_statements(selection, changed),
								  chosen, indexes);
	proposal = palloc(sizeof(Proposal));
	proposal->indexes = indexes;
	proposal->gain = bounds.high + selection_upkeep_us(selection, chosen) -
		selection_upkeep_us(selection, indexes);
	if (proposal->gain <= 0)
		return proposals;
	return lappend(proposals, proposal);
}

/* Propose exchanges in favour of one index. */
static List *
propose_index(const Selection *selection, List *proposals,
			  const Bitmapset *chosen, int in)
{
	WhatIfIndex *const *indexes = selection->estimator->indexes;
	bool		limited = selection->limits.bytes >= 0 ||
		selection->limits.indexes >= 0;
	Bitmapset  *alike = NULL;
	int			out = -1;

	while ((out = bms_next_member(chosen, out)) >= 0)
	{
		const IndexDefinition *def = indexes[out]->def;

		if (candidates_are_alike(def, indexes[in]->def))
			alike = bms_add_member(alike, out);
		if (limited || def->relid == indexes[in]->def->relid)
			proposals = propose(selection, proposals, chosen,
								bms_make_singleton(out), in);
	}
	if (bms_membership(alike) == BMS_MULTIPLE)
		proposals = propose(selection, proposals, chosen, alike, in);
	return proposals;
}

/* Most promising first; list_sort() keeps no order, so the set decides ties. */
static int
compare_proposals(const ListCell *a, const ListCell *b)
{
	const Proposal *one = lfirst(a);
	const Proposal *other = lfirst(b);

	if (one->gain != other->gain)
		return one->gain > other->gain ? -1 : 1;
	return bms_compare(one->indexes, other->indexes);
}

/* The best exchange of indexes; true if one was made. */
static bool
exchange(const Selection *selection, Bitmapset **chosen)
{
	List	   *proposals = NIL;
	double		best_gain = 0;
	Bitmapset  *best = NULL;
	int			in = -1;
	ListCell   *lc;

	while ((in = bms_next_member(selection->allowed, in)) >= 0)
		if (!bms_is_member(in, *chosen))
			proposals = propose_index(selection, proposals, *chosen, in);
	list_sort(proposals, compare_proposals);
	foreach(lc, proposals)
	{
		const Proposal *proposal = lfirst(lc);
		double		gain;

		if (foreach_current_index(lc) >= MOST_PROPOSALS ||
			proposal->gain <= best_gain ||
			estimate_is_late(selection->estimator))
			break;
		gain = selection_gain_us(selection, *chosen, proposal->indexes,
								 best_gain, get_float8_infinity());
		if (gain <= best_gain)
			continue;
		best = proposal->indexes;
		best_gain = gain;
	}
	if (best != NULL)
		*chosen = best;
	return best != NULL;
}

/* How big and how special an index is. */
static double
weight_of(const Selection *selection, int number)
{
	const IndexDefinition *def = selection->estimator->indexes[number]->def;
	int			extras = def->nincluded + (def->predicate != NIL ? 1 : 0) +
		(index_def_fixed_key(def, 0) >= 0 ? 1 : 0);

	return selection_bytes(selection, number) * (1.0 + EXTRA_WEIGHT * extras);
}

/*
 * May one index do the work of the other, more or less?  If it is of the same
 * columns, or of fewer or more.
 */
static bool
is_variant(const Selection *selection, int number, int other)
{
	const IndexDefinition *a = selection->estimator->indexes[number]->def;
	const IndexDefinition *b = selection->estimator->indexes[other]->def;
	BMS_Comparison compared;

	if (a->relid != b->relid || a->am != b->am)
		return false;
	compared = bms_subset_compare(index_def_columns(a), index_def_columns(b));
	return compared != BMS_DIFFERENT;
}

/*
 * The lightest index that does nearly what this one does, in its place, and
 * slows no statement down; the number itself if there is none.
 */
static int
find_simpler(const Selection *selection, const Bitmapset *chosen, int number)
{
	Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
	double		loss = -1;
	int			best = number;

	for (int other = 0; other < selection->estimator->nindexes; other++)
	{
		Bitmapset  *with;

		if (selection->estimator->indexes[other] == NULL ||
			bms_is_member(other, chosen) ||
			!is_variant(selection, number, other) ||
			weight_of(selection, other) >= weight_of(selection, best) ||
			estimate_is_late(selection->estimator))
			continue;
		if (loss < 0)
			loss = SIMPLER_LOSS * selection_gain_us(selection, without, chosen,
													0, get_float8_infinity());
		with = bms_add_member(bms_copy(without), other);
		if (selection_fits(selection, with) &&
			selection_gain_us(selection, chosen, with, -loss, -loss) >= -loss &&
			selection_slowed(selection, chosen, with, number) == NIL &&
			selection_slowed(selection, chosen, with, other) == NIL)
			best = other;
		bms_free(with);
	}
	bms_free(without);
	return best;
}

/* Prefer small and plain indexes where they do nearly as well. */
static Bitmapset *
simplify(const Selection *selection, Bitmapset *chosen)
{
	Bitmapset  *simpler = bms_copy(chosen);
	int			number = -1;

	while ((number = bms_next_member(chosen, number)) >= 0)
	{
		int			other = find_simpler(selection, simpler, number);

		simpler = bms_del_member(simpler, number);
		simpler = bms_add_member(simpler, other);
	}
	return simpler;
}

/* Of these indexes, those that the plans with them use: not all was asked. */
static Bitmapset *
keep_used(const Selection *selection, const Bitmapset *chosen)
{
	Bitmapset  *kept = NULL;

	for (int i = 0; i < selection->estimator->nstatements; i++)
	{
		Bitmapset  *used;

		(void) estimate_cost(selection->estimator, i, chosen, &used);
		kept = bms_add_members(kept, used);
	}
	return kept;
}

/* See selection.h. */
Bitmapset *
selection_improve(const Selection *selection, const Bitmapset *before)
{
	Bitmapset  *chosen = bms_copy(before);

	for (int round = 0; round < EXCHANGE_ROUNDS; round++)
	{
		if (!exchange(selection, &chosen))
			break;
		chosen = drop_useless(selection,
							  selection_fill(selection, chosen, 1));
	}
	chosen = drop_useless(selection, simplify(selection, chosen));
	if (selection->limits.bytes >= 0)
		chosen = drop_useless(selection, selection_fill(selection, chosen, 1));
	return keep_used(selection, chosen);
}

/* Search by what moves save per byte to the power of "exponent". */
static Bitmapset *
search(const Selection *selection, double exponent)
{
	return drop_useless(selection, selection_fill(selection, NULL, exponent));
}

/* See selection.h. */
Bitmapset *
selection_choose(const Selection *selection)
{
	Bitmapset  *best = NULL;

	if (selection->limits.bytes < 0)
		return selection_improve(selection, search(selection, 0));
	for (int i = 0; i < lengthof(exponents); i++)
	{
		Bitmapset  *chosen = search(selection, exponents[i]);

		if (selection_gain_us(selection, best, chosen, 0, 0) > 0)
			best = chosen;
	}
	return selection_improve(selection, best);
}
