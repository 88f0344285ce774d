/*-------------------------------------------------------------------------
 *
 * recommend_late.c
 *	  Why an index that seems to help is not recommended.
 *
 * An index in the order of a result looks good to the planner wherever few rows
 * are wanted.  Where they come late in that order it is not proposed, or not
 * alone; a row tells so, or people would build it by themselves.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "advise/recommend/reason.h"
#include "advise/recommend/recommend_rows.h"
#include "common/slower.h"

/*
 * An index that the planner takes for cheaper than it is, since it hopes to
 * stop early, and that harms a statement thereby.
 */
typedef struct UnderpricedIndex
{
	int			number;
	int			statement;		/* that is harmed most */
	double		harm_us;
} UnderpricedIndex;

/* Microseconds that an index alone would save if the planner were right. */
static double
promised_us(Advisor *advisor, int number)
{
	Bitmapset  *alone = bms_make_singleton(number);
	double		us = -advisor->write_us[number];
	int			i = -1;

	while ((i = bms_next_member(advisor->selection.affected[number], i)) >= 0)
		us += estimate_planned_us(&advisor->estimator, i, NULL) -
			estimate_planned_us(&advisor->estimator, i, alone);
	return us;
}

/* The indexes chosen, with this one in the place of those like it. */
static Bitmapset *
replace_alike(const Advisor *advisor, int number)
{
	WhatIfIndex *const *indexes = advisor->estimator.indexes;
	Bitmapset  *set = bms_make_singleton(number);
	int			other = -1;

	while ((other = bms_next_member(advisor->chosen, other)) >= 0)
		if (!candidates_are_alike(indexes[other]->def, indexes[number]->def))
			set = bms_add_member(set, other);
	return set;
}

/*
 * Microseconds that a statement takes longer with the index; 0 unless it is
 * clearly slower (CLEARLY_SLOWER).
 */
static double
find_harm_us(Advisor *advisor, int statement, int number)
{
	double		before = estimate_time_us(&advisor->estimator, statement,
										  advisor->chosen);
	double		after = estimate_time_us(&advisor->estimator, statement,
										 replace_alike(advisor, number));

	return after > CLEARLY_SLOWER * before ? after - before : 0;
}

/*
 * Note an index that harms a statement: each index once, with the worst harm.
 */
static List *
note_underpriced(List *found, int number, int statement, double harm_us)
{
	UnderpricedIndex *item;
	ListCell   *lc;

	foreach(lc, found)
	{
		item = lfirst(lc);
		if (item->number != number)
			continue;
		if (harm_us > item->harm_us)
		{
			item->statement = statement;
			item->harm_us = harm_us;
		}
		return found;
	}
	item = palloc(sizeof(UnderpricedIndex));
	item->number = number;
	item->statement = statement;
	item->harm_us = harm_us;
	return lappend(found, item);
}

/* How many columns an index has, a predicate counted as one. */
static int
count_parts(const Advisor *advisor, int number)
{
	const IndexDefinition *def = advisor->estimator.indexes[number]->def;

	return def->nkeys + def->nincluded + (def->predicate != NIL ? 1 : 0);
}

/* Is one of the chosen indexes the same, with other columns included? */
static bool
is_chosen_with_more(const Advisor *advisor, int number)
{
	const IndexDefinition *def = advisor->estimator.indexes[number]->def;
	int			other = -1;

	while ((other = bms_next_member(advisor->chosen, other)) >= 0)
	{
		const IndexDefinition *chosen = advisor->estimator.indexes[other]->def;

		if (chosen->nkeys == def->nkeys && index_def_covers(chosen, def))
			return true;
	}
	return false;
}

/*
 * The plainest index that seems to help a statement and in truth harms it; -1
 * if there is none.  *harm_us is how much longer the statement takes then.
 */
static int
find_underpriced(Advisor *advisor, int statement, double *harm_us)
{
	Bitmapset  *underpriced = bms_difference(estimate_underpriced(&advisor->estimator,
																  statement),
											 advisor->chosen);
	double		least = advisor->options.limits.least_share * advisor->total_us;
	int			found = -1;
	int			number = -1;

	while ((number = bms_next_member(underpriced, number)) >= 0)
	{
		double		harm;

		if ((found >= 0 &&
			 count_parts(advisor, number) >= count_parts(advisor, found)) ||
			is_chosen_with_more(advisor, number))
			continue;
		harm = find_harm_us(advisor, statement, number);
		if (harm <= 0 || harm < least || promised_us(advisor, number) < least)
			continue;
		found = number;
		*harm_us = harm;
	}
	return found;
}

/* The advice against one such index. */
static Advice *
make_late_row(Advisor *advisor, const UnderpricedIndex *item)
{
	const IndexDefinition *def = advisor->estimator.indexes[item->number]->def;
	const WorkloadStatement *statement = list_nth(advisor->statements,
												  item->statement);
	Advice	   *advice = advice_make("skip", def->relid, "workload");

	advice->reason = reason_late(advisor, item->number, item->statement,
								 replace_alike(advisor, item->number));
	advice->queryids = recommend_queryid(statement);
	return advice;
}

/* Advice against indexes in whose order the rows wanted come late. */
List *
recommend_late(Advisor *advisor)
{
	List	   *found = NIL;
	List	   *rows = NIL;
	ListCell   *lc;

	for (int i = 0; i < advisor->estimator.nstatements; i++)
	{
		double		harm_us;
		int			number;

		if (!advisor->estimator.statements[i].stops_early ||
			estimate_is_late(&advisor->estimator))
			continue;
		number = find_underpriced(advisor, i, &harm_us);
		if (number >= 0)
			found = note_underpriced(found, number, i, harm_us);
	}
	foreach(lc, found)
		rows = lappend(rows, make_late_row(advisor, lfirst(lc)));
	return rows;
}
