/*-------------------------------------------------------------------------
 *
 * selection_learn.c
 *	  What the planner is asked, so that good plans are known.
 *
 * Nearly all of the time goes into calls of the planner.  A few for each
 * statement, with many candidates at once, tell which of them it would use, and
 * which ones without these.  More are asked about a set that was found: with all
 * of it, and without each index that is used.  The number of calls grows with
 * the statements, not with the candidates.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "advise/candidates/candidate.h"
#include "common/slower.h"

/*
 * Under a budget, so often a statement is planned with only those indexes left
 * that have half the size of the largest one used before.
 */
#define SMALL_ROUNDS	4

/* What a statement could save yet is much if it is this share of all time. */
#define MUCH_LEFT		0.01

/* An index is small if it takes this part of the budget at most (one in ..). */
#define SMALL_PART		2

/* The candidates searched that could matter to a statement. */
static Bitmapset *
searched_for(const Selection *selection, int statement)
{
	return bms_intersect(selection->estimator->statements[statement].relevant,
						 selection->allowed);
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
 * Put each index that does all the work of another one in its place, in the
 * plan of a statement with these indexes: the planner is asked once it matters.
 */
static void
guess_plans(const Selection *selection, int statement, const Bitmapset *with)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *used;
	int			old = -1;

	(void) estimate_cost(estimator, statement, with, &used);
	while ((old = bms_next_member(used, old)) >= 0)
	{
		int			new = -1;

		while ((new = bms_next_member(selection->covering[old], new)) >= 0)
			if (bms_is_member(statement, selection->affected[new]) &&
				!bms_is_member(new, with))
				estimate_guess(estimator, statement, with, old, new);
	}
}

/*
 * Where a statement would be slower with these indexes than the planner thinks, as
 * its plan stops late, ask what it costs without each one that the plan uses, and
 * without those that begin alike: an index that serves it well may stand behind one
 * that does not.
 */
static void
learn_behind_harm(const Selection *selection, int statement, const Bitmapset *with)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *used;
	int			number = -1;

	(void) estimate_cost(estimator, statement, with, &used);
	if (estimate_time_us(estimator, statement, with) <=
		CLEARLY_SLOWER * estimate_planned_us(estimator, statement, with))
		return;
	while ((number = bms_next_member(used, number)) >= 0 &&
		   !estimate_is_late(estimator))
	{
		Bitmapset  *rest = bms_copy(with);
		int			other = -1;

		while ((other = bms_next_member(with, other)) >= 0)
			if (selection_begin_alike(selection, number, other))
				rest = bms_del_member(rest, other);
		(void) estimate_cost(estimator, statement, rest, NULL);
		bms_free(rest);
	}
}

/*
 * Ask what each statement's plan uses of all candidates, first, and then what it
 * uses without that: a good answer is known after two plans of each.
 */
void
selection_learn(const Selection *selection)
{
	Estimator  *estimator = selection->estimator;

	for (int round = 1; round <= 2; round++)
		for (int i = 0; i < estimator->nstatements; i++)
		{
			Bitmapset  *rest = searched_for(selection, i);
			Bitmapset  *used;

			if (!estimate_is_late(estimator))
				(void) estimate_cost(estimator, i, rest, &used);
			if (round > 1 && !estimate_is_late(estimator))
			{
				learn_behind_harm(selection, i, rest);
				rest = bms_del_members(rest, used);
				(void) estimate_cost(estimator, i, rest, NULL);
			}
			bms_free(rest);
		}
}

/* Ask what each statement's plan uses of smaller and smaller candidates. */
void
selection_learn_small(const Selection *selection)
{
	Estimator  *estimator = selection->estimator;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		Bitmapset  *rest = searched_for(selection, i);

		for (int round = 0; round < SMALL_ROUNDS; round++)
		{
			Bitmapset  *used;
			Bitmapset  *small;

			if (estimate_is_late(estimator))
				break;
			(void) estimate_cost(estimator, i, rest, &used);
			if (bms_is_empty(used))
				break;
			small = keep_small(selection, rest,
							   largest_bytes(selection, used) / 2);
			bms_free(rest);
			rest = small;
		}
		bms_free(rest);
	}
}

/*
 * Ask what the statements cost with a set of indexes, and without each of those
 * that they use of it and that are not in the set "before", about which this was
 * asked last; if that is NULL, also with what else they might use instead.
 */
void
selection_learn_choice(const Selection *selection, const Bitmapset *chosen,
					   const Bitmapset *before)
{
	Estimator  *estimator = selection->estimator;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		Bitmapset  *used;
		Bitmapset  *best;
		Bitmapset  *rest;
		int			number = -1;

		if (estimate_is_late(estimator))
			break;
		(void) estimate_cost(estimator, i, chosen, &used);
		while ((number = bms_next_member(used, number)) >= 0)
		{
			Bitmapset  *without;

			if (bms_is_member(number, before))
				continue;
			without = bms_del_member(bms_copy(chosen), number);
			(void) estimate_cost(estimator, i, without, NULL);
			bms_free(without);
		}
		if (before == NULL)
		{
			rest = searched_for(selection, i);
			(void) estimate_cost(estimator, i, rest, &best);
			rest = bms_add_members(bms_del_members(rest, best), chosen);
			(void) estimate_cost(estimator, i, rest, NULL);
			bms_free(rest);
		}
		guess_plans(selection, i, chosen);
	}
}

/*
 * Ask what the statements that use chosen indexes which begin as this one does cost with
 * it in their place: it may serve them as well, and another statement besides.
 */
static void
learn_in_place(const Selection *selection, const Bitmapset *chosen, int number)
{
	Bitmapset  *alike = NULL;
	Bitmapset  *with;
	Bitmapset  *users;
	int			other = -1;
	int			i = -1;

	while ((other = bms_next_member(chosen, other)) >= 0)
		if (selection_begin_alike(selection, number, other))
			alike = bms_add_member(alike, other);
	with = bms_add_member(bms_difference(chosen, alike), number);
	users = selection_users(selection, chosen, alike);
	while ((i = bms_next_member(users, i)) >= 0)
		if (!estimate_is_late(selection->estimator))
			(void) estimate_cost(selection->estimator, i, with, NULL);
	bms_free(alike);
	bms_free(with);
	bms_free(users);
}

/*
 * Ask what a statement would use beside the chosen indexes: of what takes a small part
 * of the budget, and then of smaller and smaller candidates.
 */
static void
learn_small_beside(const Selection *selection, int statement, const Bitmapset *chosen)
{
	Bitmapset  *all = searched_for(selection, statement);
	int64		most = selection->limits.bytes / SMALL_PART;

	for (int round = 0; round < SMALL_ROUNDS && !estimate_is_late(selection->estimator); round++)
	{
		Bitmapset  *beside = bms_add_members(keep_small(selection, all, most), chosen);
		Bitmapset  *used;
		Bitmapset  *more;
		int			number = -1;

		(void) estimate_cost(selection->estimator, statement, beside, &used);
		bms_free(beside);
		more = bms_difference(used, chosen);
		if (bms_is_empty(more))
			break;
		while ((number = bms_next_member(more, number)) >= 0)
			learn_in_place(selection, chosen, number);
		most = largest_bytes(selection, more) - 1;
		bms_free(more);
	}
	bms_free(all);
}

/*
 * Under a budget, ask what the statements that could save much yet would use beside the
 * chosen indexes: the plans known may need what has no room.
 */
void
selection_learn_beside(const Selection *selection, const Bitmapset *chosen)
{
	Estimator  *estimator = selection->estimator;

	for (int i = 0; i < estimator->nstatements && selection->limits.bytes >= 0; i++)
	{
		double		left = estimate_time_us(estimator, i, chosen) -
			estimate_least_us(estimator, i);

		if (left >= MUCH_LEFT * selection->total_us)
			learn_small_beside(selection, i, chosen);
	}
}

/* Those of the indexes that begin as this one does. */
static Bitmapset *
find_alike(const Selection *selection, const Bitmapset *indexes, int number)
{
	WhatIfIndex *const *all = selection->estimator->indexes;
	Bitmapset  *alike = NULL;
	int			other = -1;

	while ((other = bms_next_member(indexes, other)) >= 0)
		if (candidates_are_alike(all[other]->def, all[number]->def))
			alike = bms_add_member(alike, other);
	return alike;
}

/*
 * Would it free bytes, or be worth anything, to have one index in the place of
 * several that it could do the work of?
 */
static bool
is_worth_merging(const Selection *selection, const Bitmapset *several, int one)
{
	double		us = -selection->write_us[one] -
		selection_least_us(selection, one);
	int			number = -1;

	if (selection_is_limited(selection))
		return selection_bytes(selection, one) <
			selection_bytes_of(selection, several);
	while ((number = bms_next_member(several, number)) >= 0)
		us += selection->write_us[number] +
			selection_least_us(selection, number);
	return us > 0;
}

/*
 * Ask what the statements that use chosen indexes cost with a candidate, from
 * "first" to before "end", in the place of those that begin alike.  Candidates
 * that are not worth that are not searched; false if there are no others.
 */
bool
selection_learn_merged(Selection *selection, const Bitmapset *chosen, int first,
					   int end)
{
	Estimator  *estimator = selection->estimator;
	bool		any = false;

	for (int number = first; number < end; number++)
	{
		Bitmapset  *alike;
		Bitmapset  *with;
		int			i = -1;

		if (estimate_is_late(estimator))
			break;
		if (!bms_is_member(number, selection->allowed))
			continue;
		alike = find_alike(selection, chosen, number);
		if (!is_worth_merging(selection, alike, number))
		{
			selection->allowed = bms_del_member(selection->allowed, number);
			continue;
		}
		any = true;
		with = bms_add_member(bms_difference(chosen, alike), number);
		while ((i = bms_next_member(selection->affected[number], i)) >= 0)
		{
			Bitmapset  *used;

			(void) estimate_cost(estimator, i, chosen, &used);
			if (bms_overlap(used, alike))
				(void) estimate_cost(estimator, i, with, NULL);
		}
		bms_free(with);
		bms_free(alike);
	}
	return any;
}

/*
 * Ask what the statements that the candidates from "first" to before "end" are
 * made for cost with one of them, and with the chosen indexes but those that slow
 * some statement down.
 */
void
selection_learn_confined(const Selection *selection, const Bitmapset *chosen,
						 List *candidates, int first, int end)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *harmless = bms_copy(chosen);

	for (int i = 0; i < estimator->nstatements; i++)
		harmless = bms_del_members(harmless, estimate_harmful(estimator, i));
	for (int number = first; number < end; number++)
	{
		const Candidate *candidate = list_nth(candidates, number);
		Bitmapset  *with = bms_add_member(bms_copy(harmless), number);
		int			i = -1;

		while ((i = bms_next_member(candidate->statements, i)) >= 0)
			if (bms_is_member(number, selection->allowed) &&
				!estimate_is_late(estimator))
				(void) estimate_cost(estimator, i, with, NULL);
		bms_free(with);
	}
	bms_free(harmless);
}
