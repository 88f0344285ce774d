/*-------------------------------------------------------------------------
 *
 * selection.c
 *	  Which of the candidates to build, for all statements at once.
 *
 * Moves are single indexes and the sets that one statement's plan uses
 * together, since two that help only both would never be found one by one.
 * The best move is made until none pays; what is best may be what saves most,
 * or most per byte, and selection_improve.c takes the better outcome.
 *
 * Calls of the planner are what all of this costs.  So a move is first judged
 * by what it could save, given the answers so far; only while the move that
 * looks best is not known well enough, the planner is asked, and about the
 * statement that is least certain.  It is first shown at once all candidates of
 * the table of which more could be hoped: what it leaves aside is known not to
 * save more than what it takes.
 *
 * Ties are settled by the number of the candidate, so that the answer is
 * always the same.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/bufpage.h"

/* How often the indexes used by a statement are set aside to see the next. */
#define PRUNE_ROUNDS	2
/* How often, with a budget, only indexes of half the size are left then. */
#define SMALL_ROUNDS	4

/*
 * What does not matter: a difference of this share of all time, or of this
 * share of an average statement's time, or of this share of the gain.
 */
#define ALL_TOLERANCE	0.001
#define ONE_TOLERANCE	0.02
#define GAIN_TOLERANCE	0.1

/* How much of what a move might save, for all that is known, is believed. */
#define UNKNOWN_GAIN_SHARE			0.5

/* Indexes that are added together. */
typedef struct Move
{
	Bitmapset  *indexes;
	Bitmapset  *extended;		/* which those make useless */
	Bitmapset  *statements;		/* whose cost it can change */
	bool		known;			/* the following are up to date */
	bool		settled;		/* gain is what it is */
	double		gain;			/* microseconds saved, or hoped for */
	double		value;			/* by which moves are compared */
	GainBounds	bounds;			/* without upkeep */
} Move;

/* A search for the best moves. */
typedef struct Search
{
	const Selection *selection;
	List	   *moves;			/* of Move */
	Bitmapset  *chosen;
	double		exponent;		/* of the bytes that a gain is divided by */
} Search;

/* Bytes of a candidate, and of several. */
int64
selection_bytes(const Selection *selection, int number)
{
	return (int64) selection->estimator->indexes[number]->pages * BLCKSZ;
}

/* See selection.h. */
int64
selection_bytes_of(const Selection *selection, const Bitmapset *indexes)
{
	int64		bytes = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		bytes += selection_bytes(selection, number);
	return bytes;
}

/* Within the budget, and not too many? */
bool
selection_fits(const Selection *selection, const Bitmapset *indexes)
{
	const SelectionLimits *limits = &selection->limits;

	return (limits->indexes < 0 ||
			bms_num_members(indexes) <= limits->indexes) &&
		(limits->bytes < 0 ||
		 selection_bytes_of(selection, indexes) <= limits->bytes);
}

/* What so many indexes must save together, in microseconds. */
double
selection_least_us(const Selection *selection, int count)
{
	return count * selection->limits.least_share * selection->total_us;
}

/* Upkeep of a set of indexes. */
double
selection_upkeep_us(const Selection *selection, const Bitmapset *indexes)
{
	double		us = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		us += selection->write_us[number];
	return us;
}

/* The candidates that one makes useless. */
static Bitmapset *
find_extended(const Selection *selection, int number)
{
	WhatIfIndex *const *indexes = selection->estimator->indexes;
	Bitmapset  *extended = NULL;
	int			other = -1;

	CHECK_FOR_INTERRUPTS();
	while ((other = bms_next_member(selection->allowed, other)) >= 0)
		if (other != number &&
			indexes[other]->def->relid == indexes[number]->def->relid &&
			index_def_covers(indexes[number]->def, indexes[other]->def))
			extended = bms_add_member(extended, other);
	return extended;
}

/*
 * Find out anew which statements each candidate concerns, and which others it
 * makes useless: to be called when there are more candidates.
 */
void
selection_find_affected(Selection *selection)
{
	const Estimator *estimator = selection->estimator;
	int			index = -1;

	selection->extended = palloc0(sizeof(Bitmapset *) *
								  Max(estimator->nindexes, 1));
	while ((index = bms_next_member(selection->allowed, index)) >= 0)
		selection->extended[index] = find_extended(selection, index);

	selection->affected = palloc0(sizeof(Bitmapset *) *
								  Max(estimator->nindexes, 1));
	for (int i = 0; i < estimator->nstatements; i++)
	{
		int			number = -1;

		while ((number = bms_next_member(estimator->statements[i].relevant,
										 number)) >= 0)
			selection->affected[number] =
				bms_add_member(selection->affected[number], i);
	}
}

/* Statements to which one of these indexes could matter. */
Bitmapset *
selection_statements(const Selection *selection, const Bitmapset *indexes)
{
	Bitmapset  *found = NULL;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		found = bms_add_members(found, selection->affected[number]);
	return found;
}

/* Add the candidates that one of these could stand in for: they are smaller. */
static Bitmapset *
add_covered_candidates(const Selection *selection, const Bitmapset *kept)
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

/* Those of the indexes that are of this size at most. */
static Bitmapset *
keep_small(const Selection *selection, const Bitmapset *indexes, int64 bytes)
{
	Bitmapset  *small = NULL;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		if (selection_bytes(selection, number) <= bytes)
			small = bms_add_member(small, number);
	return small;
}

/* The size of the largest index. */
static int64
largest_bytes(const Selection *selection, const Bitmapset *indexes)
{
	int64		bytes = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		bytes = Max(bytes, selection_bytes(selection, number));
	return bytes;
}

/*
 * What one statement's plans use, and what they use without that; with a
 * budget, also what they use when there is only what is smaller and smaller.
 */
static Bitmapset *
find_used(const Selection *selection, int statement)
{
	Estimator  *estimator = selection->estimator;
	int			rounds = PRUNE_ROUNDS +
		(selection->limits.bytes >= 0 ? SMALL_ROUNDS : 0);
	Bitmapset  *rest =
		bms_intersect(estimator->statements[statement].relevant,
					  selection->allowed);
	Bitmapset  *kept = NULL;

	for (int round = 1; round <= rounds; round++)
	{
		Bitmapset  *used;

		(void) estimate_cost(estimator, statement, rest, &used);
		if (bms_is_empty(used))
			break;
		kept = bms_add_members(kept, used);
		rest = bms_del_members(rest, used);
		if (round >= PRUNE_ROUNDS)
			rest = keep_small(selection, rest,
							  largest_bytes(selection, used) / 2);
	}
	bms_free(rest);
	return kept;
}

/* Search none that is too large by itself. */
static void
leave_out_large(Selection *selection)
{
	Bitmapset  *all = bms_copy(selection->allowed);
	int			number = -1;

	while ((number = bms_next_member(all, number)) >= 0)
	{
		Bitmapset  *alone = bms_make_singleton(number);

		if (!selection_fits(selection, alone))
			selection->allowed = bms_del_member(selection->allowed, number);
		bms_free(alone);
	}
	bms_free(all);
}

/*
 * Search only the candidates that some statement's plan would use, their
 * runners-up, and what these could stand in for.
 */
void
selection_prune(Selection *selection)
{
	Bitmapset  *kept = NULL;

	leave_out_large(selection);
	for (int i = 0; i < selection->estimator->nstatements; i++)
		kept = bms_join(kept, find_used(selection, i));
	kept = add_covered_candidates(selection, kept);
	selection->allowed = bms_int_members(selection->allowed, kept);
}

/* The time of all statements with these indexes, their upkeep included. */
double
selection_time_us(const Selection *selection, const Bitmapset *chosen)
{
	double		us = selection_upkeep_us(selection, chosen);

	for (int i = 0; i < selection->estimator->nstatements; i++)
		us += estimate_time_us(selection->estimator, i, chosen);
	return us;
}

/* What is lost by leaving one of these indexes out, its upkeep subtracted. */
double
selection_worth_us(const Selection *selection, const Bitmapset *chosen,
				   int number)
{
	Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
	double		worth = -selection->write_us[number];
	int			i = -1;

	while ((i = bms_next_member(selection->affected[number], i)) >= 0)
		worth += estimate_time_us(selection->estimator, i, without) -
			estimate_time_us(selection->estimator, i, chosen);
	bms_free(without);
	return worth;
}

/*
 * The statements that stop early and take much longer with the indexes "to"
 * than with "from", and than they do now, as far as "number" concerns them: a
 * list of numbers.
 */
List *
selection_slowed(const Selection *selection, const Bitmapset *from,
				 const Bitmapset *to, int number)
{
	Estimator  *estimator = selection->estimator;
	List	   *slowed = NIL;
	int			i = -1;

	while ((i = bms_next_member(selection->affected[number], i)) >= 0)
	{
		double		us;

		if (!estimator->statements[i].stops_early)
			continue;
		us = estimate_time_us(estimator, i, to);
		if (us > SELECTION_MOST_SLOWER * estimate_time_us(estimator, i, NULL) &&
			us > SELECTION_MOST_SLOWER * estimate_time_us(estimator, i, from))
			slowed = lappend_int(slowed, i);
	}
	return slowed;
}

/*
 * Make a statement the one to ask about, if it is less certain than others.
 * Where not even bounds are known, that comes first.
 */
static void
note_width(const Selection *selection, GainBounds *gain, int statement,
		   double from_width, double to_width, bool from_holds, bool to_holds)
{
	double		width = from_width + to_width;

	if (!from_holds || !to_holds)
		width += Max(selection->total_us, 1);
	if (width <= gain->widest)
		return;
	gain->widest = width;
	gain->statement = statement;
	gain->of_from = from_holds == to_holds ? from_width > to_width :
		!from_holds;
}

/*
 * The time of those statements with "from" less that with "to".  The planner
 * is not asked, upkeep is left out.
 */
GainBounds
selection_bound_gain(const Selection *selection, const Bitmapset *statements,
					 const Bitmapset *from, const Bitmapset *to)
{
	GainBounds	gain = {.statement = -1,.low_holds = true,.high_holds = true};
	int			i = -1;

	while ((i = bms_next_member(statements, i)) >= 0)
	{
		double		from_low;
		double		from_high;
		double		to_low;
		double		to_high;
		bool		from_holds = estimate_bound_us(selection->estimator, i, from,
												   &from_low, &from_high);
		bool		to_holds = estimate_bound_us(selection->estimator, i, to,
												 &to_low, &to_high);

		gain.low += from_low - to_high;
		gain.high += from_high - to_low;
		gain.low_holds &= to_holds;
		gain.high_holds &= from_holds;
		note_width(selection, &gain, i, from_high - from_low,
				   to_high - to_low, from_holds, to_holds);
	}
	return gain;
}

/* Is more known than matters, of what the planner says? */
bool
selection_is_planned(const Selection *selection, const GainBounds *gain)
{
	double		share = Min(ALL_TOLERANCE,
							ONE_TOLERANCE / selection->estimator->nstatements);

	return gain->high - gain->low <= Max(share * selection->total_us,
										 GAIN_TOLERANCE * gain->high) ||
		estimate_is_late(selection->estimator);
}

/* Is more known than matters? */
bool
selection_is_settled(const Selection *selection, const GainBounds *gain)
{
	return selection_is_planned(selection, gain) &&
		((gain->low_holds && gain->high_holds) ||
		 estimate_is_late(selection->estimator));
}

/*
 * What changing one set for another saves, upkeep included.  The planner is
 * asked until that is known, or known to be below "least" or above "most".
 */
double
selection_gain_us(const Selection *selection, const Bitmapset *from,
				  const Bitmapset *to, double least, double most)
{
	Bitmapset  *statements =
		selection_statements(selection, bms_union(bms_difference(from, to),
												  bms_difference(to, from)));
	double		upkeep = selection_upkeep_us(selection, to) -
		selection_upkeep_us(selection, from);
	GainBounds	gain;

	for (;;)
	{
		gain = selection_bound_gain(selection, statements, from, to);
		if (gain.high_holds && gain.high - upkeep < least)
			return gain.high - upkeep;
		if ((gain.low_holds && gain.low - upkeep > most) ||
			selection_is_settled(selection, &gain))
			return gain.low - upkeep;
		(void) estimate_cost(selection->estimator, gain.statement,
							 gain.of_from ? from : to, NULL);
	}
}

static Move *
make_move(const Selection *selection, Bitmapset *indexes)
{
	Move	   *move = palloc0(sizeof(Move));
	int			number = -1;

	move->indexes = indexes;
	while ((number = bms_next_member(indexes, number)) >= 0)
		move->extended = bms_add_members(move->extended,
										 selection->extended[number]);
	move->extended = bms_del_members(move->extended, indexes);
	move->statements =
		selection_statements(selection, bms_union(indexes, move->extended));
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

/* The indexes chosen after a move: those that an added one extends go. */
static Bitmapset *
after_move(const Search *search, const Move *move)
{
	Bitmapset  *with = bms_difference(search->chosen, move->extended);

	return bms_add_members(with, move->indexes);
}

/* How good a move is: what it saves, divided by what it takes. */
static double
move_value(const Search *search, const Move *move, const Bitmapset *added,
		   const Bitmapset *with)
{
	const Selection *selection = search->selection;
	int64		bytes;

	if (search->exponent == 0)
		return move->gain / bms_num_members(added);
	bytes = selection_bytes_of(selection, with) -
		selection_bytes_of(selection, search->chosen);
	return move->gain / pow(Max(bytes, BLCKSZ), search->exponent);
}

/*
 * Judge a move by what is known.  It is worth nothing if it does not fit or
 * does not pay.
 */
static void
evaluate_move(const Search *search, Move *move)
{
	const Selection *selection = search->selection;
	Bitmapset  *added = bms_difference(move->indexes, search->chosen);
	Bitmapset  *with = after_move(search, move);

	move->known = true;
	move->value = 0;
	if (!bms_is_empty(added) && selection_fits(selection, with))
	{
		move->bounds = selection_bound_gain(selection, move->statements,
											search->chosen, with);
		move->settled = selection_is_settled(selection, &move->bounds);
		move->gain = move->bounds.low +
			selection_upkeep_us(selection, search->chosen) -
			selection_upkeep_us(selection, with);
		if (!move->settled)
			move->gain += UNKNOWN_GAIN_SHARE * (move->bounds.high - move->bounds.low);
		if (move->gain > 0 && move->gain >=
			selection_least_us(selection, bms_num_members(added)))
			move->value = move_value(search, move, added, with);
	}
	bms_free(added);
	bms_free(with);
}

/* The move that looks best, or NULL if none pays. */
static Move *
find_best_move(const Search *search)
{
	Move	   *best = NULL;
	ListCell   *lc;

	foreach(lc, search->moves)
	{
		Move	   *move = lfirst(lc);

		if (!move->known)
			evaluate_move(search, move);
		if (move->value > (best ? best->value : 0))
			best = move;
	}
	return best;
}

/* What is known of moves that concern these statements is out of date. */
static void
forget_moves(const Search *search, const Bitmapset *statements)
{
	ListCell   *lc;

	foreach(lc, search->moves)
	{
		Move	   *move = lfirst(lc);

		if (bms_overlap(move->statements, statements))
			move->known = false;
	}
}

/* Make a move; with limits, it may leave no room for others. */
static void
make_choice(Search *search, const Move *move)
{
	const SelectionLimits *limits = &search->selection->limits;
	ListCell   *lc;

	search->chosen = after_move(search, move);
	forget_moves(search, move->statements);
	if (limits->bytes < 0 && limits->indexes < 0)
		return;
	foreach(lc, search->moves)
		((Move *) lfirst(lc))->known = false;
}

/* Is a candidate on one of the tables that a move's indexes are on? */
static bool
shares_table(const Selection *selection, const Move *move, int number)
{
	WhatIfIndex *const *indexes = selection->estimator->indexes;
	int			other = -1;

	while ((other = bms_next_member(move->indexes, other)) >= 0)
		if (indexes[other]->def->relid == indexes[number]->def->relid)
			return true;
	return false;
}

/*
 * The indexes chosen, the move's, and those of the same tables of which nothing
 * is known that keeps one from hoping that they save something in the statement.
 */
static Bitmapset *
find_hopeful_group(const Search *search, const Move *move, int statement)
{
	const Selection *selection = search->selection;
	Bitmapset  *group = bms_union(search->chosen, move->indexes);
	Bitmapset  *relevant =
		selection->estimator->statements[statement].relevant;
	int			number = -1;

	while ((number = bms_next_member(relevant, number)) >= 0)
	{
		Bitmapset  *only = bms_make_singleton(number);
		Bitmapset  *with = bms_union(search->chosen, only);
		GainBounds	gain;

		gain = selection_bound_gain(selection, bms_make_singleton(statement),
									search->chosen, with);
		if (bms_is_member(number, selection->allowed) &&
			shares_table(selection, move, number) &&
			!selection_is_planned(selection, &gain))
			group = bms_add_member(group, number);
	}
	return group;
}

/* Ask the planner about the statement that makes a move least certain. */
static void
ask_planner_about_move(const Search *search, const Move *move)
{
	Estimator  *estimator = search->selection->estimator;
	int			statement = move->bounds.statement;
	Bitmapset  *with = after_move(search, move);
	Bitmapset  *group;
	int64		questions;

	if (move->bounds.of_from)
	{
		(void) estimate_cost(estimator, statement, search->chosen, NULL);
		return;
	}
	group = selection_is_planned(search->selection, &move->bounds) ? with :
		find_hopeful_group(search, move, statement);
	questions = estimator->questions;
	(void) estimate_cost(estimator, statement, group, NULL);
	if (estimator->questions == questions)
		(void) estimate_cost(estimator, statement, with, NULL);
}

/*
 * Add to the indexes chosen what else pays, that which saves most per byte to
 * the power of "exponent" first.
 */
Bitmapset *
selection_fill(const Selection *selection, const Bitmapset *chosen,
			   double exponent)
{
	Search		search = {
		.selection = selection,
		.moves = make_moves(selection),
		.chosen = bms_copy(chosen),
		.exponent = exponent
	};
	Move	   *best;

	while ((best = find_best_move(&search)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (best->settled)
			make_choice(&search, best);
		else
		{
			ask_planner_about_move(&search, best);
			forget_moves(&search, bms_make_singleton(best->bounds.statement));
		}
	}
	return search.chosen;
}
