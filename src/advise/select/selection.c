/*-------------------------------------------------------------------------
 *
 * selection.c
 *	  What sets of candidates cost and save.
 *
 * What is told here is the planner's word: it is asked where it was not asked
 * before.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include "miscadmin.h"
#include "storage/bufpage.h"
#include "utils/lsyscache.h"

#include "common/slower.h"

/*
 * Of the same index of many tables each must save this part of what an even share
 * of theirs would be: some tenants are busier than others.
 */
#define UNEVEN_PART		0.1

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
 * What bytes of included columns are worth where no budget says so: if they take as many
 * as all tables that the statements use, they must save this share of the time, and fewer
 * as much less.  They repeat the table, and have to be kept in memory, vacuumed and
 * backed up once more; rows are found by the keys alone.  The figure is a choice: small
 * enough for a few narrow columns of one table of many to pay next to nothing.
 */
#define BYTES_SHARE		0.25

/* Bytes of a row of an index besides its columns: its header and its pointer. */
#define ROW_OVERHEAD	12

/* Average bytes of a column that is a key or included. */
static double
stored_width(Oid relid, AttrNumber attno)
{
	int			width = get_attavgwidth(relid, attno);

	return width > 0 ? width : get_typavgwidth(get_atttype(relid, attno), -1);
}

/* The share of an index's bytes that the columns take which it only includes. */
static double
included_share(const IndexDefinition *def)
{
	double		included = 0;
	double		width = ROW_OVERHEAD;

	for (int i = 0; i < def->nkeys; i++)
		width += def->keys[i].attno == 0 ? get_typavgwidth(def->keys[i].type, -1) :
			stored_width(def->relid, def->keys[i].attno);
	for (int i = 0; i < def->nincluded; i++)
		included += stored_width(def->relid, def->included[i]);
	return included / (width + included);
}

/* What the bytes of included columns must save, in microseconds. */
static double
price_of_bytes_us(const Selection *selection, int number)
{
	const IndexDefinition *def = selection->estimator->indexes[number]->def;

	if (def->nincluded == 0 || selection->limits.bytes >= 0 ||
		selection->table_bytes <= 0)
		return 0;
	return BYTES_SHARE * selection->total_us * included_share(def) *
		selection_bytes(selection, number) / selection->table_bytes;
}

/*
 * What an index must save, in microseconds, for itself and for what it includes: a
 * share of what is left with what was chosen last.  By the time that all take now,
 * the next run, when that is built, would ask for more.  The same index of several tables has one share in all, which who chooses has to look at;
 * each of them must save UNEVEN_PART of an even part of it.
 */
double
selection_least_us(const Selection *selection, int number)
{
	double		share = selection->alike[number] > 1 ?
		UNEVEN_PART / selection->alike[number] : 1;

	return share * selection->limits.least_share * selection->left_us +
		price_of_bytes_us(selection, number);
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
 * Find out again which statements each candidate concerns, and which others it
 * makes useless: to be called when there are more candidates.
 */
void
selection_find_affected(Selection *selection)
{
	const Estimator *estimator = selection->estimator;
	int			index = -1;

	selection->extended = palloc0(sizeof(Bitmapset *) *
								  Max(estimator->nindexes, 1));
	selection->covering = palloc0(sizeof(Bitmapset *) *
								  Max(estimator->nindexes, 1));
	while ((index = bms_next_member(selection->allowed, index)) >= 0)
	{
		int			other = -1;

		selection->extended[index] = find_extended(selection, index);
		while ((other = bms_next_member(selection->extended[index], other)) >= 0)
			selection->covering[other] =
				bms_add_member(selection->covering[other], index);
	}

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

/* Are both of the same table and kind, and begin with the same key? */
bool
selection_begin_alike(const Selection *selection, int number, int other)
{
	const IndexDefinition *a = selection->estimator->indexes[number]->def;
	const IndexDefinition *b = selection->estimator->indexes[other]->def;

	return a->relid == b->relid && a->am == b->am &&
		a->keys[0].attno == b->keys[0].attno &&
		equal(a->keys[0].expr, b->keys[0].expr);
}

/* Statements whose plans with a set of indexes use some of these. */
Bitmapset *
selection_users(const Selection *selection, const Bitmapset *with,
				const Bitmapset *indexes)
{
	Bitmapset  *users = selection_statements(selection, indexes);
	int			i = -1;

	while ((i = bms_next_member(users, i)) >= 0)
	{
		Bitmapset  *used;

		(void) estimate_cost(selection->estimator, i, with, &used);
		if (!bms_overlap(used, indexes))
			users = bms_del_member(users, i);
	}
	return users;
}

/*
 * What changing the set "from" for the set "to" saves at least, upkeep
 * included, in microseconds: by the statements that use what is taken out, and
 * those that may stop late by what is put in.  Asks the planner, until that is
 * known to be less than "least": then the sum so far is told.
 */
double
selection_gain_us(const Selection *selection, const Bitmapset *from,
				  const Bitmapset *to, double least)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *out = bms_difference(from, to);
	Bitmapset  *in = bms_difference(to, from);
	Bitmapset  *statements = selection_users(selection, from, out);
	Bitmapset  *others = selection_statements(selection, in);
	double		gain = selection_upkeep_us(selection, out) -
		selection_upkeep_us(selection, in);
	double		hoped = 0;
	int			i = -1;

	while ((i = bms_next_member(others, i)) >= 0)
		if (estimator->statements[i].stops_early)
			statements = bms_add_member(statements, i);
	i = -1;
	while ((i = bms_next_member(statements, i)) >= 0)
		hoped += estimate_time_us(estimator, i, from) -
			estimate_least_us(estimator, i);
	i = -1;
	while ((i = bms_next_member(statements, i)) >= 0 && gain + hoped >= least)
	{
		double		us = estimate_time_us(estimator, i, from);

		hoped -= us - estimate_least_us(estimator, i);
		gain += us - estimate_time_us(estimator, i, to);
	}
	bms_free(out);
	bms_free(in);
	bms_free(statements);
	bms_free(others);
	return gain;
}
