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
 * Nearly all of the time goes into calls of the planner.  So a move is first
 * judged by the bounds that earlier answers give of what it saves.  Only while
 * these bounds are too far apart for the move that looks best, the planner is
 * asked, about the statement whose bounds are furthest apart.  It is then given
 * all candidates of the table at once that might still save something there:
 * those that its plan does not use are known to save no more than those it uses.
 *
 * Of equal moves the one with the lowest candidate's number is made, so that the
 * answer is always the same.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/bufpage.h"

#include "common/slower.h"

/*
 * So often the indexes that a statement's plan uses are set aside, to see
 * which ones it would use without them.
 */
#define PRUNE_ROUNDS	2
/*
 * With a budget, so often besides, with only those indexes left that have half
 * the size of the largest one used before.
 */
#define SMALL_ROUNDS	4

/*
 * Of the same index of many tables each must save this part of what an even share
 * of theirs would be: some tenants are busier than others.
 */
#define UNEVEN_PART		0.1

/*
 * The bounds of a gain are close enough together when they differ by less than
 * this share of all time and this share of an average statement's time, or by
 * less than this share of the gain.
 */
#define ALL_TOLERANCE	0.001
#define ONE_TOLERANCE	0.02
#define GAIN_TOLERANCE	0.1

/*
 * While only bounds of what a move saves are known, it is taken to save the
 * lower one and this share of the distance to the upper one.
 */
#define UNKNOWN_GAIN_SHARE	0.5

/* Indexes that are added together. */
typedef struct Move
{
	Bitmapset  *indexes;
	Bitmapset  *extended;		/* which those make useless */
	Bitmapset  *statements;		/* whose cost it can change */
	bool		known;			/* the following are up to date */
	bool		settled;		/* the bounds are close enough together */
	double		gain;			/* microseconds saved; if not settled, a guess
								 * between the bounds */
	double		value;			/* by which moves are compared; 0 = not worth
								 * making */
	GainBounds	bounds;			/* without upkeep */
} Move;

/* A search for the best moves. */
typedef struct MoveSearch
{
	const Selection *selection;
	List	   *moves;			/* of Move */
	Bitmapset  *chosen;
	double		exponent;		/* of the bytes that a gain is divided by */
} MoveSearch;

/* Bytes of a candidate. */
int64
selection_bytes(const Selection *selection, int number)
{
	return (int64) selection->estimator->indexes[number]->pages * BLCKSZ;
}

/* Bytes of a set of candidates together. */
int64
selection_bytes_of(const Selection *selection, const Bitmapset *indexes)
{
	int64		bytes = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		bytes += selection_bytes(selection, number);
	return bytes;
}

/* Are the indexes together within the budget, and not too many? */
bool
selection_fits(const Selection *selection, const Bitmapset *indexes)
{
	const SelectionLimits *limits = &selection->limits;

	return (limits->indexes < 0 ||
			bms_num_members(indexes) <= limits->indexes) &&
		(limits->bytes < 0 ||
		 selection_bytes_of(selection, indexes) <= limits->bytes);
}

/*
 * What these indexes must save together, in microseconds: each its share.  The
 * same index of several tables has one share in all, which who chooses has to look
 * at; each of them must save UNEVEN_PART of an even part of it.
 */
double
selection_least_us(const Selection *selection, const Bitmapset *indexes)
{
	double		shares = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		shares += selection->alike[number] > 1 ?
			UNEVEN_PART / selection->alike[number] : 1;
	return shares * selection->limits.least_share * selection->total_us;
}

/* Upkeep of a set of indexes over the time observed, in microseconds. */
double
selection_upkeep_us(const Selection *selection, const Bitmapset *indexes)
{
	double		us = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		us += selection->write_us[number];
	return us;
}

/* The candidates of whose work one does all, so that it makes them useless. */
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

/*
 * Add the candidates that one of these could stand in for: they are smaller.
 */
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

/*
 * The time of all statements with these indexes, their upkeep included, in
 * microseconds.  Asks the planner.
 */
double
selection_time_us(const Selection *selection, const Bitmapset *chosen)
{
	double		us = selection_upkeep_us(selection, chosen);

	for (int i = 0; i < selection->estimator->nstatements; i++)
		us += estimate_time_us(selection->estimator, i, chosen);
	return us;
}

/*
 * What is lost by leaving one of these indexes out, its upkeep subtracted, in
 * microseconds.  Asks the planner.
 */
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
 * The statements that stop early and are clearly slower (CLEARLY_SLOWER) with
 * the indexes "to" than with "from", and than they are now: a list of numbers.
 * Only statements to which the index "number" could matter are asked about.
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
		if (us > CLEARLY_SLOWER * estimate_time_us(estimator, i, NULL) &&
			us > CLEARLY_SLOWER * estimate_time_us(estimator, i, from))
			slowed = lappend_int(slowed, i);
	}
	return slowed;
}

/*
 * Make a statement the one to ask the planner about, if the bounds of its time
 * are further apart than those of the others so far.  Statements without an
 * upper bound come first.
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
 * Bounds of the time of those statements with the indexes "from" less that
 * with "to", in microseconds.  The planner is not asked, upkeep is left out.
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

/*
 * Are the bounds of a gain close enough together, as far as the planner's word
 * goes?  When the time limit has passed they are taken to be.
 */
bool
selection_is_planned(const Selection *selection, const GainBounds *gain)
{
	double		share = Min(ALL_TOLERANCE,
							ONE_TOLERANCE / selection->estimator->nstatements);

	return gain->high - gain->low <= Max(share * selection->total_us,
										 GAIN_TOLERANCE * gain->high) ||
		estimate_is_late(selection->estimator);
}

/*
 * Are the bounds of a gain close enough together, and not undone by plans that
 * stop late?  When the time limit has passed they are taken to be.
 */
bool
selection_is_settled(const Selection *selection, const GainBounds *gain)
{
	return selection_is_planned(selection, gain) &&
		((gain->low_holds && gain->high_holds) ||
		 estimate_is_late(selection->estimator));
}

/*
 * What changing the set "from" for the set "to" saves, upkeep included, in
 * microseconds.  The planner is asked until that is known, or known to be
 * below "least" or above "most".
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

/*
 * A move that adds these indexes and takes out those that they make useless.
 */
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

/* All moves: every index alone, and what each statement's best plan uses. */
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

/*
 * The indexes chosen after a move: those that an added one makes useless go.
 */
static Bitmapset *
after_move(const MoveSearch *search, const Move *move)
{
	Bitmapset  *with = bms_difference(search->chosen, move->extended);

	return bms_add_members(with, move->indexes);
}

/*
 * What a move saves, divided by the number of indexes that it adds, or by the
 * bytes that it takes to the power of the search's exponent.
 */
static double
move_value(const MoveSearch *search, const Move *move, const Bitmapset *added,
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
 * Bring what is known of a move up to date, without asking the planner.  Its
 * value is 0 if it does not fit or does not pay.
 */
static void
evaluate_move(const MoveSearch *search, Move *move)
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
			move->gain += UNKNOWN_GAIN_SHARE *
				(move->bounds.high - move->bounds.low);
		if (move->gain > 0 && move->gain >=
			selection_least_us(selection, added))
			move->value = move_value(search, move, added, with);
	}
	bms_free(added);
	bms_free(with);
}

/* The move that looks best, or NULL if none pays. */
static Move *
find_best_move(const MoveSearch *search)
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

/*
 * Take what is known of moves that concern these statements for out of date.
 */
static void
forget_moves(const MoveSearch *search, const Bitmapset *statements)
{
	ListCell   *lc;

	foreach(lc, search->moves)
	{
		Move	   *move = lfirst(lc);

		if (bms_overlap(move->statements, statements))
			move->known = false;
	}
}

/*
 * Make a move.  With limits it may leave no room for others: judge all again.
 */
static void
make_choice(MoveSearch *search, const Move *move)
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
 * The indexes chosen, those of the move, and those on the same tables that
 * might save something in the statement by the bounds known so far.
 */
static Bitmapset *
find_undecided_group(const MoveSearch *search, const Move *move, int statement)
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

/*
 * Ask the planner about the statement whose bounds are furthest apart among
 * those of the move, with all indexes that might still save something there;
 * if that was known already, with the indexes of the move alone.
 */
static void
ask_planner_about_move(const MoveSearch *search, const Move *move)
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
		find_undecided_group(search, move, statement);
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
	MoveSearch	search = {
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
