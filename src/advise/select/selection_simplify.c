/*-------------------------------------------------------------------------
 *
 * selection_simplify.c
 *	  Small and plain indexes where they do nearly as well.
 *
 * What is built should not be what the next run would replace: each index is
 * judged by the costs with all others built.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include "optimizer/optimizer.h"
#include "utils/float.h"

#include "advise/candidates/candidate.h"

/* Share of what an index saves that may be given up for a simpler one. */
#define SIMPLER_LOSS	0.05

/*
 * What a call may lose besides, in the planner's unit: its estimates cannot tell
 * less than a page that is fetched from anywhere.  For a value that no row has, it
 * rounds down to no page where the rows are in the order of the index, and up to one
 * where they are not.
 */
#define LEAST_LOSS		random_page_cost

/*
 * How complex an index is: its size, and this share of it for each included
 * column, a predicate, and a key that the predicate fixes.
 */
#define EXTRA_WEIGHT	0.1

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

/* Do two candidates have the same keys for the same rows, whatever they include? */
static bool
has_same_keys(const Selection *selection, int number, int other)
{
	const IndexDefinition *a = selection->estimator->indexes[number]->def;
	const IndexDefinition *b = selection->estimator->indexes[other]->def;

	if (a->relid != b->relid || a->am != b->am || a->nkeys != b->nkeys ||
		!equal(a->predicate, b->predicate))
		return false;
	for (int i = 0; i < a->nkeys; i++)
		if (!index_def_same_key(&a->keys[i], &b->keys[i]))
			return false;
	return true;
}

/*
 * What a call of a statement must save by columns that an index includes besides for the
 * next run to ask for them, in the planner's unit.  Where that is built, and serves the
 * statement, it is HARDLY_BETTER of what it takes now, as measured_time.c has it.
 */
static double
least_by_columns(const Estimator *estimator, int number)
{
	const EstimatedStatement *statement = &estimator->statements[number];

	return statement->workload->handed_in ? LEAST_LOSS :
		Max(LEAST_LOSS, Max(statement->least_saved, HARDLY_BETTER) * statement->base_cost);
}

/*
 * Would the next run, with the one set built, ask for what the other has besides?
 * What is measured by then may be less than now, so that a loss which is small
 * beside what both save may be large beside what is left: each statement's loss
 * counts as a share of what it costs with the set that was built, unless it is
 * less than LEAST_LOSS; or, if index "number" of the set built lacks only columns
 * that were included, than least_by_columns().  To ask again it must also be "share"
 * of the time of the statements that lose.
 */
static bool
would_be_replaced(const Selection *selection, const Bitmapset *built,
				  const Bitmapset *better, int number, double share)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *missing = bms_difference(better, built);
	Bitmapset  *both = bms_union(built, better);
	Bitmapset  *statements = selection_users(selection, both, missing);
	bool		columns = number >= 0 &&
		has_same_keys(selection, number, bms_next_member(missing, -1));
	double		gain = 0;
	double		time = 0;
	int			i = -1;

	while ((i = bms_next_member(statements, i)) >= 0)
	{
		Bitmapset  *used;
		double		cost = estimate_cost(estimator, i, built, &used);
		double		least = columns && bms_is_member(number, used) ?
			least_by_columns(estimator, i) : LEAST_LOSS;
		double		lower = estimate_cost(estimator, i, both, NULL);

		if (cost - lower < least)
			continue;
		time += estimator->statements[i].workload->total_us;
		gain += estimator->statements[i].workload->total_us *
			(1 - lower / cost);
	}
	return gain >= Max(selection_least_us(selection, bms_next_member(missing, -1)), 1) &&
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
			loss = -SIMPLER_LOSS * selection_gain_us(selection, chosen, without,
													 -get_float8_infinity());
		with = bms_add_member(bms_copy(without), other);
		if (selection_fits(selection, with) &&
			selection_gain_us(selection, chosen, with, -loss) >= -loss &&
			selection_slowed(selection, chosen, with, number) == NIL &&
			selection_slowed(selection, chosen, with, other) == NIL &&
			!would_be_replaced(selection, with, chosen, other, SIMPLER_LOSS))
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
 * again.
 */
static Bitmapset *
drop_marginal(const Selection *selection, Bitmapset *chosen)
{
	int			number = -1;

	while ((number = bms_next_member(chosen, number)) >= 0)
	{
		Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
		bool		kin = has_kin(selection->estimator->indexes[number]->def);

		if (!would_be_replaced(selection, without, chosen, -1,
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

/* Take out, by what is known, what is not worth its cost. */
static Bitmapset *
drop_useless(const Selection *selection, const Bitmapset *chosen)
{
	Selection	rest = *selection;

	rest.allowed = NULL;		/* nothing is to be added */
	return selection_climb(&rest, chosen, 0, false, NULL);
}

/* Drop the indexes all of whose work another one of the set does. */
static Bitmapset *
drop_repeating(const Selection *selection, Bitmapset *chosen)
{
	int			number = -1;

	while ((number = bms_next_member(chosen, number)) >= 0)
		if (bms_overlap(selection->covering[number], chosen))
			chosen = bms_del_member(chosen, number);
	return chosen;
}

/* Fill up what is left of a budget, with none that repeats what is chosen. */
static Bitmapset *
fill_up(const Selection *selection, const Bitmapset *chosen)
{
	Selection	rest = *selection;
	int			number = -1;

	rest.allowed = bms_copy(selection->allowed);
	while ((number = bms_next_member(chosen, number)) >= 0)
	{
		rest.allowed = bms_del_members(rest.allowed, selection->extended[number]);
		rest.allowed = bms_del_members(rest.allowed, selection->covering[number]);
	}
	return drop_repeating(selection, selection_climb(&rest, chosen, 1, true, NULL));
}

/*
 * Put simpler indexes in the place of those chosen, drop what is of little use,
 * and fill up what that frees of a budget.  When the time limit has passed, what is
 * there is returned.
 */
Bitmapset *
selection_simplify(const Selection *selection, const Bitmapset *chosen)
{
	Bitmapset  *simpler = prefer_simpler(selection, bms_copy(chosen));

	simpler = drop_repeating(selection, simpler);
	selection_learn_choice(selection, simpler, chosen);
	simpler = drop_useless(selection, simpler);
	if (selection_is_limited(selection))
		simpler = drop_useless(selection, fill_up(selection, simpler));
	return keep_used(selection, drop_marginal(selection, simpler));
}
