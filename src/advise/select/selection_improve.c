/*-------------------------------------------------------------------------
 *
 * selection_improve.c
 *	  Chooses indexes, and makes what was chosen better.
 *
 * Under a budget several searches, by what moves save and by what they save per
 * byte; the best outcome is taken.  Then indexes that the others have made
 * useless go, each is exchanged for another where that saves more, or frees
 * bytes that are worth more, and for a smaller or plainer one where that saves
 * nearly as much.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include "utils/float.h"

#include "advise/candidates/candidate.h"

/*
 * Gains are divided by bytes to the power of these, for one search each, where
 * bytes are limited.
 */
static const double exponents[] = {0, 0.5, 1};

/*
 * A choice is scored by the share of all time that it saves, plus this much of
 * the share of its own cost that a statement saves on the average.  So a
 * choice that is better for most statements may save a little less time.
 */
#define MEAN_WEIGHT		0.25

/* Rounds of exchanging indexes, each of which makes the choice better. */
#define EXCHANGE_ROUNDS 8

/* Share of what an index saves that may be given up for a simpler one. */
#define SIMPLER_LOSS	0.05

/*
 * What a call may lose besides, in the planner's unit: it cannot tell less than
 * a page that is read.
 */
#define LEAST_LOSS		1.0
/*
 * How complex an index is: its size, and this share of it for each included
 * column, a predicate, and a key that the predicate fixes.
 */
#define EXTRA_WEIGHT	0.1

/* Proposals that the planner is asked about at most, in each round. */
#define MOST_PROPOSALS	20

/* A set of indexes in the place of those chosen. */
typedef struct Proposal
{
	Bitmapset  *indexes;
	double		freed;			/* what the bytes that it frees are worth,
								 * microseconds */
	double		gain;			/* microseconds saved at most, "freed"
								 * included */
} Proposal;

/* The search for the best exchange of indexes. */
typedef struct Exchange
{
	const Selection *selection;
	const Bitmapset *chosen;
	double	   *densities;		/* microseconds that each of them saves per
								 * byte, midway between the bounds, by
								 * candidate */
	double		price;			/* microseconds that a byte is worth */
	List	   *proposals;		/* of Proposal */
} Exchange;

/* The index that saves least of those that save too little; -1 = none. */
static int
find_useless(const Selection *selection, const Bitmapset *chosen)
{
	double		worst_worth = 0;
	int			worst = -1;
	int			number = -1;

	while ((number = bms_next_member(chosen, number)) >= 0)
	{
		Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
		Bitmapset  *alone = bms_make_singleton(number);
		double		least = selection_least_us(selection, alone);
		double		worth = selection_gain_us(selection, without, chosen,
											  -get_float8_infinity(), least);

		bms_free(alone);
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

/* Do these indexes, each of which saves enough, save too little together? */
static bool
is_weak_group(const Selection *selection, const Bitmapset *chosen,
			  const Bitmapset *group)
{
	double		least = selection_least_us(selection, group);
	Bitmapset  *without = bms_difference(chosen, group);
	bool		weak = least > 0 &&
		selection_gain_us(selection, without, chosen,
						  -get_float8_infinity(), least) < least;

	bms_free(without);
	return weak;
}

/*
 * Indexes that a statement's plan uses together and that save too little for
 * their number: what one of them loses, the others lose too.  NULL = none.
 */
static Bitmapset *
find_weak_group(const Selection *selection, const Bitmapset *chosen)
{
	for (int i = 0; i < selection->estimator->nstatements; i++)
	{
		Bitmapset  *used;

		if (estimate_is_late(selection->estimator))
			break;
		(void) estimate_cost(selection->estimator, i, chosen, &used);
		if (bms_membership(used) == BMS_MULTIPLE &&
			is_weak_group(selection, chosen, used))
			return used;
	}
	return NULL;
}

/* Take out the least useful indexes until each saves enough. */
static Bitmapset *
drop_useless(const Selection *selection, Bitmapset *chosen)
{
	for (;;)
	{
		int			number = find_useless(selection, chosen);
		Bitmapset  *group;

		if (number >= 0)
			chosen = bms_del_member(chosen, number);
		else if ((group = find_weak_group(selection, chosen)) != NULL)
			chosen = bms_difference(chosen, group);
		else
			return chosen;
	}
}

/*
 * Propose to have the index "in", and not those "out", if that fits and may
 * pay.
 */
static void
propose_exchange(Exchange *exchange, const Bitmapset *out, int in)
{
	const Selection *selection = exchange->selection;
	const Bitmapset *chosen = exchange->chosen;
	Bitmapset  *changed = bms_add_member(bms_copy(out), in);
	Bitmapset  *indexes = bms_add_member(bms_difference(chosen, out), in);
	GainBounds	bounds;
	Proposal   *proposal;

	if (!selection_fits(selection, indexes))
		return;
	bounds = selection_bound_gain(selection,
								  selection_statements(selection, changed),
								  chosen, indexes);
	proposal = palloc(sizeof(Proposal));
	proposal->indexes = indexes;
	proposal->freed = exchange->price *
		(selection_bytes_of(selection, out) - selection_bytes(selection, in));
	proposal->freed = Max(proposal->freed, 0);
	proposal->gain = bounds.high + selection_upkeep_us(selection, chosen) -
		selection_upkeep_us(selection, indexes) + proposal->freed;
	if (proposal->gain > 0)
		exchange->proposals = lappend(exchange->proposals, proposal);
}

/*
 * Find out what each of the indexes chosen saves per byte, by the bounds
 * known: the planner is not asked.
 */
static void
find_densities(Exchange *exchange)
{
	const Selection *selection = exchange->selection;
	int			number = -1;

	exchange->densities =
		palloc0(sizeof(double) * selection->estimator->nindexes);
	while ((number = bms_next_member(exchange->chosen, number)) >= 0)
	{
		Bitmapset  *without = bms_del_member(bms_copy(exchange->chosen),
											 number);
		GainBounds	worth;

		worth = selection_bound_gain(selection, selection->affected[number],
									 without, exchange->chosen);
		exchange->densities[number] = (worth.low + worth.high) / 2 /
			selection_bytes(selection, number);
		bms_free(without);
	}
}

/*
 * The index that saves least for its bytes, of a set but for one; -1 = none.
 */
static int
find_sparsest(const Exchange *exchange, const Bitmapset *indexes, int but)
{
	int			worst = -1;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		if (number != but &&
			(worst < 0 ||
			 exchange->densities[number] < exchange->densities[worst]))
			worst = number;
	return worst;
}

/*
 * Indexes chosen that are to go, so that another one fits: those that it makes
 * useless, then those that save least for their bytes.
 */
static Bitmapset *
find_displaced(const Exchange *exchange, int in)
{
	const Selection *selection = exchange->selection;
	Bitmapset  *out = bms_intersect(selection->extended[in], exchange->chosen);
	Bitmapset  *with = bms_add_member(bms_difference(exchange->chosen, out),
									  in);
	int			worst;

	while (!selection_fits(selection, with) &&
		   (worst = find_sparsest(exchange, with, in)) >= 0)
	{
		out = bms_add_member(out, worst);
		with = bms_del_member(with, worst);
	}
	bms_free(with);
	return out;
}

/*
 * Propose exchanges in favour of the index "in": for one of those chosen, for
 * all that begin with the same key, and for what must go so that it fits.
 */
static void
propose_exchanges_for(Exchange *exchange, int in)
{
	const Selection *selection = exchange->selection;
	WhatIfIndex *const *indexes = selection->estimator->indexes;
	bool		limited = selection->limits.bytes >= 0 ||
		selection->limits.indexes >= 0;
	Bitmapset  *alike = NULL;
	Bitmapset  *room = find_displaced(exchange, in);
	int			out = -1;

	while ((out = bms_next_member(exchange->chosen, out)) >= 0)
	{
		const IndexDefinition *def = indexes[out]->def;

		if (candidates_are_alike(def, indexes[in]->def))
			alike = bms_add_member(alike, out);
		if (limited || def->relid == indexes[in]->def->relid)
			propose_exchange(exchange, bms_make_singleton(out), in);
	}
	if (bms_membership(alike) == BMS_MULTIPLE)
		propose_exchange(exchange, alike, in);
	if (bms_membership(room) == BMS_MULTIPLE && !bms_equal(room, alike))
		propose_exchange(exchange, room, in);
}

/*
 * Most promising first; list_sort() keeps no order, so the set decides ties.
 */
static int
compare_proposals(const ListCell *a, const ListCell *b)
{
	const Proposal *one = lfirst(a);
	const Proposal *other = lfirst(b);

	if (one->gain != other->gain)
		return one->gain > other->gain ? -1 : 1;
	return bms_compare(one->indexes, other->indexes);
}

/* The best of the most promising proposals; NULL if none saves anything. */
static Bitmapset *
find_best_proposal(const Exchange *exchange)
{
	double		best_gain = 0;
	Bitmapset  *best = NULL;
	ListCell   *lc;

	foreach(lc, exchange->proposals)
	{
		const Proposal *proposal = lfirst(lc);
		double		least = best_gain - proposal->freed;
		double		gain;

		if (foreach_current_index(lc) >= MOST_PROPOSALS ||
			proposal->gain <= best_gain ||
			estimate_is_late(exchange->selection->estimator))
			break;
		gain = selection_gain_us(exchange->selection, exchange->chosen,
								 proposal->indexes, least,
								 get_float8_infinity());
		if (gain <= least)
			continue;
		best = proposal->indexes;
		best_gain = gain + proposal->freed;
	}
	return best;
}

/*
 * The best exchange of indexes; NULL if none saves anything.  If "priced",
 * bytes that it frees count as well, with what the least useful index saves
 * per byte.
 */
static Bitmapset *
find_best_exchange(const Selection *selection, const Bitmapset *chosen,
				   bool priced)
{
	Exchange	exchange = {.selection = selection,.chosen = chosen};
	int			in = -1;
	int			sparsest;

	find_densities(&exchange);
	sparsest = find_sparsest(&exchange, chosen, -1);
	if (priced && sparsest >= 0)
		exchange.price = exchange.densities[sparsest];
	while ((in = bms_next_member(selection->allowed, in)) >= 0)
		if (!bms_is_member(in, chosen))
			propose_exchanges_for(&exchange, in);
	list_sort(exchange.proposals, compare_proposals);
	return find_best_proposal(&exchange);
}

/* How good a choice is (see MEAN_WEIGHT).  Asks the planner. */
static double
choice_score(const Selection *selection, const Bitmapset *chosen)
{
	Estimator  *estimator = selection->estimator;
	double		saved = selection->total_us -
		selection_time_us(selection, chosen);
	double		shares = 0;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		double		base = estimator->statements[i].base_cost;

		if (base > 0)
			shares += 1 - estimate_cost(estimator, i, chosen, NULL) / base;
	}
	return saved / Max(selection->total_us, 1) +
		MEAN_WEIGHT * shares / estimator->nstatements;
}

/*
 * Exchange one index and fill up what is free then; NULL if that is no better.
 */
static Bitmapset *
exchange_and_fill(const Selection *selection, const Bitmapset *chosen,
				  bool priced)
{
	Bitmapset  *changed = find_best_exchange(selection, chosen, priced);

	if (changed == NULL)
		return NULL;
	changed = drop_useless(selection, selection_fill(selection, changed, 1));
	return choice_score(selection, changed) > choice_score(selection, chosen) ?
		changed : NULL;
}

/*
 * How big and how special an index is, in bytes (see EXTRA_WEIGHT); of equals
 * that with fewer keys is simpler.
 */
static double
index_complexity(const Selection *selection, int number)
{
	const IndexDefinition *def = selection->estimator->indexes[number]->def;
	int			extras = def->nincluded + (def->predicate != NIL ? 1 : 0) +
		(index_def_fixed_key(def, 0) >= 0 ? 1 : 0);

	return selection_bytes(selection, number) * (1.0 + EXTRA_WEIGHT * extras) +
		def->nkeys;
}

/*
 * May one index do much of the other's work?  It may if it has the same
 * columns, some of them, or more.
 */
static bool
has_similar_columns(const Selection *selection, int number, int other)
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
 * Would the next run, with the one set built, ask for the other in its place?
 * What is measured by then may be less than now, so that a loss which is small
 * beside what both save may be large beside what is left: each statement's loss
 * counts as a share of what it costs with the set that was built, unless it is
 * less than LEAST_LOSS.  To ask again it must also be "share" of the time of the
 * statements that lose.
 */
static bool
would_be_replaced(const Selection *selection, const Bitmapset *built,
				  const Bitmapset *better, double share)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *statements =
		selection_statements(selection, bms_union(built, better));
	double		gain = 0;
	double		time = 0;
	int			i = -1;

	while ((i = bms_next_member(statements, i)) >= 0)
	{
		double		cost = estimate_cost(estimator, i, built, NULL);
		double		lower = estimate_cost(estimator, i, better, NULL);

		if (cost - lower < LEAST_LOSS)
			continue;
		time += estimator->statements[i].workload->total_us;
		gain += estimator->statements[i].workload->total_us *
			(1 - lower / cost);
	}
	return gain >= Max(selection_least_us(selection,
										  bms_difference(better, built)), 1) &&
		gain >= share * time;
}

/*
 * The least complex index that does nearly what this one does, in its place,
 * slows no statement down and would not give way to it in the next run; the
 * number itself if there is none.
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
			!has_similar_columns(selection, number, other) ||
			index_complexity(selection, other) >=
			index_complexity(selection, best) ||
			estimate_is_late(selection->estimator))
			continue;
		if (loss < 0)
			loss = SIMPLER_LOSS * selection_gain_us(selection, without, chosen,
													0, get_float8_infinity());
		with = bms_add_member(bms_copy(without), other);
		if (selection_fits(selection, with) &&
			selection_gain_us(selection, chosen, with, -loss, -loss) >= -loss &&
			selection_slowed(selection, chosen, with, number) == NIL &&
			selection_slowed(selection, chosen, with, other) == NIL &&
			!would_be_replaced(selection, with, chosen, SIMPLER_LOSS))
			best = other;
		bms_free(with);
	}
	bms_free(without);
	return best;
}

/* Prefer small and plain indexes where they do nearly as well. */
static Bitmapset *
prefer_simpler(const Selection *selection, Bitmapset *chosen)
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

/* Has the table an index already that begins with the same key? */
static bool
has_kin(const IndexDefinition *def)
{
	ListCell   *lc;

	foreach(lc, index_def_existing(def->relid))
	{
		const IndexDefinition *existing = lfirst(lc);

		if (existing->valid && existing->am == def->am && existing->nkeys > 0 &&
			existing->keys[0].attno == def->keys[0].attno &&
			equal(existing->keys[0].expr, def->keys[0].expr))
			return true;
	}
	return false;
}

/*
 * Drop the indexes that the next run would not ask for: what find_simpler()
 * would have chosen in the place of one, had it not been built, is not built
 * anew.
 */
static Bitmapset *
drop_marginal(const Selection *selection, Bitmapset *chosen)
{
	int			number = -1;

	while ((number = bms_next_member(chosen, number)) >= 0)
	{
		Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
		bool		kin = has_kin(selection->estimator->indexes[number]->def);

		if (!would_be_replaced(selection, without, chosen,
							   kin ? SIMPLER_LOSS : 0))
			chosen = without;
	}
	return chosen;
}

/* Of these indexes, those that the plans with all of them use. */
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

/*
 * Improve what was chosen: exchange indexes while that pays, then prefer
 * simpler ones, and drop what is of little use.  Candidates may have been
 * added since.
 */
Bitmapset *
selection_improve(const Selection *selection, const Bitmapset *before)
{
	Bitmapset  *chosen = bms_copy(before);

	for (int round = 0; round < EXCHANGE_ROUNDS; round++)
	{
		Bitmapset  *changed = NULL;

		if (selection->limits.bytes >= 0)
			changed = exchange_and_fill(selection, chosen, true);
		if (changed == NULL)
			changed = exchange_and_fill(selection, chosen, false);
		if (changed == NULL)
			break;
		chosen = changed;
	}
	chosen = drop_useless(selection, prefer_simpler(selection, chosen));
	if (selection->limits.bytes >= 0)
		chosen = drop_useless(selection, selection_fill(selection, chosen, 1));
	return keep_used(selection, drop_marginal(selection, chosen));
}

/* A choice by what moves save per byte to the power of "exponent". */
static Bitmapset *
search_by_exponent(const Selection *selection, double exponent)
{
	return drop_useless(selection, selection_fill(selection, NULL, exponent));
}

/*
 * What several searches choose, and what would be used if all were built:
 * nothing else is worth merging.
 */
Bitmapset *
selection_outcomes(const Selection *selection)
{
	Bitmapset  *all = keep_used(selection, selection->allowed);

	for (int i = 0; i < lengthof(exponents); i++)
		all = bms_join(all, search_by_exponent(selection, exponents[i]));
	return all;
}

/* Choose.  The same input gives the same answer. */
Bitmapset *
selection_choose(const Selection *selection)
{
	Bitmapset  *best = NULL;
	double		best_score = 0;

	if (selection->limits.bytes < 0)
		return selection_improve(selection, search_by_exponent(selection, 0));
	for (int i = 0; i < lengthof(exponents); i++)
	{
		Bitmapset  *chosen = search_by_exponent(selection, exponents[i]);
		double		its_score;

		if (best != NULL && estimate_is_late(selection->estimator))
			break;
		its_score = choice_score(selection, chosen);
		if (its_score > best_score)
		{
			best = chosen;
			best_score = its_score;
		}
	}
	return selection_improve(selection, best);
}
