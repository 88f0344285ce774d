/*-------------------------------------------------------------------------
 *
 * selection.c
 *	  Which of the candidates to build, for all statements at once.
 *
 * Moves are single indexes and the sets that one statement's plan uses
 * together, since two that help only both would never be found one by one.
 * The best move is made until none pays: once by what it saves, once by what
 * it saves per byte, and the better outcome is taken.  Then indexes that the
 * others have made useless go, each is exchanged for another of its table
 * where that saves more, and for a smaller or plainer one where that saves
 * nearly as much.
 *
 * Ties are settled by the number of the candidate, so that the answer is
 * always the same.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/selection.h"

#include "miscadmin.h"
#include "storage/bufpage.h"

/* How often the indexes used by a statement are set aside to see the next. */
#define PRUNE_ROUNDS	3
/* Rounds of exchanging one index for another. */
#define EXCHANGE_ROUNDS 3

/* Share of what an index saves that may be given up for a simpler one. */
#define SIMPLER_LOSS	0.05
/*
 * An included column, a predicate, or a key that the predicate fixes, counts as
 * this share of an index's size.
 */
#define EXTRA_WEIGHT	0.1

/* Indexes that are added together. */
typedef struct Move
{
	Bitmapset  *indexes;
	Bitmapset  *statements;		/* whose cost it can change */
	double		gain;			/* microseconds saved; valid if known */
	bool		known;
} Move;

/* See selection.h. */
int64
selection_bytes(const Selection *selection, int number)
{
	return (int64) selection->estimator->indexes[number]->pages * BLCKSZ;
}

static int64
bytes_of(const Selection *selection, const Bitmapset *indexes)
{
	int64		bytes = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		bytes += selection_bytes(selection, number);
	return bytes;
}

/* Within the budget, and not too many? */
static bool
fits(const Selection *selection, const Bitmapset *indexes)
{
	const SelectionLimits *limits = &selection->limits;

	return (limits->indexes < 0 ||
			bms_num_members(indexes) <= limits->indexes) &&
		(limits->bytes < 0 ||
		 bytes_of(selection, indexes) <= limits->bytes);
}

/* Find out to which statements each index could matter. */
static void
find_concerns(Selection *selection)
{
	const Estimator *estimator = selection->estimator;

	selection->concerns = palloc0(sizeof(Bitmapset *) *
								  Max(estimator->nindexes, 1));
	for (int i = 0; i < estimator->nstatements; i++)
	{
		int			number = -1;

		while ((number = bms_next_member(estimator->statements[i].relevant,
										 number)) >= 0)
			selection->concerns[number] =
				bms_add_member(selection->concerns[number], i);
	}
}

/* Statements to which one of these indexes could matter. */
static Bitmapset *
find_statements(const Selection *selection, const Bitmapset *indexes)
{
	Bitmapset  *found = NULL;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		found = bms_add_members(found, selection->concerns[number]);
	return found;
}

/* Add the candidates that one of these could stand in for: they are smaller. */
static Bitmapset *
add_simpler(const Selection *selection, const Bitmapset *kept)
{
	Bitmapset  *all = bms_copy(kept);
	int			number = -1;

	while ((number = bms_next_member(selection->allowed, number)) >= 0)
	{
		const IndexDefinition *def = selection->estimator->indexes[number]->def;
		int			other = -1;

		CHECK_FOR_INTERRUPTS();
		while ((other = bms_next_member(kept, other)) >= 0)
			if (selection->estimator->indexes[other]->def->relid == def->relid &&
				index_def_covers(selection->estimator->indexes[other]->def, def))
			{
				all = bms_add_member(all, number);
				break;
			}
	}
	return all;
}

/* See selection.h. */
void
selection_prune(Selection *selection)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *kept = NULL;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		Bitmapset  *rest = bms_copy(estimator->statements[i].relevant);

		for (int round = 0; round < PRUNE_ROUNDS; round++)
		{
			Bitmapset  *used;

			(void) estimate_cost(estimator, i, rest, &used);
			if (bms_is_empty(used))
				break;
			kept = bms_add_members(kept, used);
			rest = bms_del_members(rest, used);
		}
		bms_free(rest);
	}
	kept = add_simpler(selection, kept);
	for (int i = 0; i < estimator->nstatements; i++)
		estimator->statements[i].relevant =
			bms_int_members(estimator->statements[i].relevant, kept);
	selection->allowed = bms_int_members(selection->allowed, kept);
}

/* Upkeep of a set of indexes. */
static double
upkeep_us(const Selection *selection, const Bitmapset *indexes)
{
	double		us = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		us += selection->write_us[number];
	return us;
}

/* See selection.h. */
double
selection_time_us(const Selection *selection, const Bitmapset *chosen)
{
	double		us = upkeep_us(selection, chosen);

	for (int i = 0; i < selection->estimator->nstatements; i++)
		us += estimate_time_us(selection->estimator, i, chosen);
	return us;
}

/* The time of some statements with a set of indexes. */
static double
time_of(const Selection *selection, const Bitmapset *statements,
		const Bitmapset *indexes)
{
	double		us = 0;
	int			number = -1;

	while ((number = bms_next_member(statements, number)) >= 0)
		us += estimate_time_us(selection->estimator, number, indexes);
	return us;
}

static Move *
make_move(const Selection *selection, Bitmapset *indexes)
{
	Move	   *move = palloc0(sizeof(Move));

	move->indexes = indexes;
	move->statements = find_statements(selection, indexes);
	return move;
}

/* Every index alone, and what each statement's best plan uses together. */
static List *
make_moves(const Selection *selection)
{
	Estimator  *estimator = selection->estimator;
	List	   *moves = NIL;
	int			number = -1;

	while ((number = bms_next_member(selection->allowed, number)) >= 0)
		moves = lappend(moves,
						make_move(selection, bms_make_singleton(number)));
	for (int i = 0; i < estimator->nstatements; i++)
	{
		Bitmapset  *used;

		(void) estimate_cost(estimator, i, selection->allowed, &used);
		if (bms_membership(used) == BMS_MULTIPLE)
			moves = lappend(moves, make_move(selection, bms_copy(used)));
	}
	return moves;
}

/* What a move saves, given what was chosen before. */
static double
gain_of(const Selection *selection, Move *move, const Bitmapset *chosen)
{
	Bitmapset  *with;
	Bitmapset  *added;

	if (move->known)
		return move->gain;
	with = bms_union(chosen, move->indexes);
	added = bms_difference(move->indexes, chosen);
	move->gain = time_of(selection, move->statements, chosen) -
		time_of(selection, move->statements, with) -
		upkeep_us(selection, added);
	move->known = true;
	bms_free(with);
	bms_free(added);
	return move->gain;
}

/* The best move from here, or NULL if none pays or fits. */
static Move *
find_best(const Selection *selection, const List *moves,
		  const Bitmapset *chosen, bool per_byte)
{
	Move	   *best = NULL;
	double		best_value = 0;
	ListCell   *lc;

	foreach(lc, moves)
	{
		Move	   *move = lfirst(lc);
		Bitmapset  *added = bms_difference(move->indexes, chosen);
		Bitmapset  *with = bms_union(chosen, added);
		int			count = bms_num_members(added);
		double		least = selection->limits.least_share *
			selection->total_us;

		if (count > 0 && fits(selection, with) &&
			!estimate_is_late(selection->estimator) &&
			gain_of(selection, move, chosen) >= least && move->gain > 0)
		{
			double		value = per_byte ?
				move->gain / Max(bytes_of(selection, added), BLCKSZ) :
				move->gain / count;

			if (best == NULL || value > best_value)
			{
				best = move;
				best_value = value;
			}
		}
		bms_free(added);
		bms_free(with);
	}
	return best;
}

/* What is known of moves that concern the same statements is out of date. */
static void
forget_gains(List *moves, const Move *made)
{
	ListCell   *lc;

	foreach(lc, moves)
	{
		Move	   *move = lfirst(lc);

		if (bms_overlap(move->statements, made->statements))
			move->known = false;
	}
}

/* Make the best move until none pays. */
static Bitmapset *
choose_greedily(const Selection *selection, List *moves, bool per_byte)
{
	Bitmapset  *chosen = NULL;
	Move	   *best;
	ListCell   *lc;

	foreach(lc, moves)
		((Move *) lfirst(lc))->known = false;
	while ((best = find_best(selection, moves, chosen, per_byte)) != NULL)
	{
		chosen = bms_add_members(chosen, best->indexes);
		forget_gains(moves, best);
	}
	return chosen;
}

/* See selection.h. */
double
selection_worth_us(const Selection *selection, const Bitmapset *chosen,
				   int number)
{
	Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
	const Bitmapset *statements = selection->concerns[number];
	double		worth = time_of(selection, statements, without) -
		time_of(selection, statements, chosen) -
		selection->write_us[number];

	bms_free(without);
	return worth;
}

/*
 * What is saved by having one index in the place of another.  Only statements
 * that one of the two concerns are asked: the others cost what they did.
 */
static double
gain_of_exchange(const Selection *selection, const Bitmapset *chosen,
				 const Bitmapset *other, int out, int in)
{
	Bitmapset  *statements = bms_union(selection->concerns[out],
									   selection->concerns[in]);
	double		gain = time_of(selection, statements, chosen) -
		time_of(selection, statements, other) +
		selection->write_us[out] - selection->write_us[in];

	bms_free(statements);
	return gain;
}

/* The set with one index in the place of another. */
static Bitmapset *
replace_member(const Bitmapset *set, int out, int in)
{
	return bms_add_member(bms_del_member(bms_copy(set), out), in);
}

/* Take out the least useful index until each saves enough. */
static Bitmapset *
drop_useless(const Selection *selection, Bitmapset *chosen)
{
	double		least = selection->limits.least_share * selection->total_us;

	for (;;)
	{
		int			worst = -1;
		double		worst_worth = 0;
		int			number = -1;

		while ((number = bms_next_member(chosen, number)) >= 0)
		{
			double		worth = selection_worth_us(selection, chosen, number);

			if ((worth < least || worth <= 0) &&
				(worst < 0 || worth < worst_worth))
			{
				worst = number;
				worst_worth = worth;
			}
		}
		if (worst < 0)
			return chosen;
		chosen = bms_del_member(chosen, worst);
	}
}

/* May this index stand in the place of that one? */
static bool
is_exchangeable(const Selection *selection, const Bitmapset *chosen, int out,
				int in)
{
	WhatIfIndex *const *indexes = selection->estimator->indexes;

	return !bms_is_member(in, chosen) &&
		indexes[in]->def->relid == indexes[out]->def->relid &&
		!estimate_is_late(selection->estimator);
}

/* The best exchange of one index for another of its table; true if made. */
static bool
exchange(const Selection *selection, Bitmapset **chosen)
{
	double		best_gain = 0;
	Bitmapset  *best = NULL;
	int			out = -1;

	while ((out = bms_next_member(*chosen, out)) >= 0)
	{
		int			in = -1;

		while ((in = bms_next_member(selection->allowed, in)) >= 0)
		{
			Bitmapset  *other;
			double		gain;

			if (!is_exchangeable(selection, *chosen, out, in))
				continue;
			other = replace_member(*chosen, out, in);
			if (fits(selection, other) &&
				(gain = gain_of_exchange(selection, *chosen, other, out,
										 in)) > best_gain)
			{
				bms_free(best);
				best = other;
				best_gain = gain;
			}
			else
				bms_free(other);
		}
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
 * The lightest index that does nearly what this one does, in its place; the
 * number itself if there is none.
 */
static int
find_simpler(const Selection *selection, const Bitmapset *chosen, int number)
{
	double		loss = SIMPLER_LOSS * selection_worth_us(selection, chosen, number);
	int			best = number;
	int			other = -1;

	while ((other = bms_next_member(selection->allowed, other)) >= 0)
	{
		Bitmapset  *with;

		if (!is_exchangeable(selection, chosen, number, other) ||
			weight_of(selection, other) >= weight_of(selection, best))
			continue;
		with = replace_member(chosen, number, other);
		if (fits(selection, with) &&
			gain_of_exchange(selection, chosen, with, number, other) >= -loss)
			best = other;
		bms_free(with);
	}
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

/* See selection.h. */
Bitmapset *
selection_choose(Selection *selection)
{
	List	   *moves;
	Bitmapset  *by_gain;
	Bitmapset  *by_size;
	Bitmapset  *chosen;

	find_concerns(selection);
	moves = make_moves(selection);
	by_gain = drop_useless(selection, choose_greedily(selection, moves, false));
	by_size = drop_useless(selection, choose_greedily(selection, moves, true));
	chosen = selection_time_us(selection, by_size) <
		selection_time_us(selection, by_gain) ? by_size : by_gain;
	for (int round = 0; round < EXCHANGE_ROUNDS; round++)
		if (!exchange(selection, &chosen))
			break;
	return drop_useless(selection, simplify(selection, chosen));
}
