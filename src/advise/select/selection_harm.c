/*-------------------------------------------------------------------------
 *
 * selection_harm.c
 *	  No index that slows a statement down where another one does not.
 *
 * What an index in the order of a result saves may be more than what it costs
 * the statements whose rows come late in that order.  But who runs these sees only
 * that; and what they lose rests on few values that were sampled.  So an index that
 * slows none down, or hardly any, is preferred, even if it saves less, and where
 * there is none the saving has to be clearly more than the loss.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include "nodes/nodes.h"

/*
 * Another index takes the place of one that slows statements down if these lose
 * this share at most of what they would lose, and it saves that share at least.
 */
#define LEAST_SPARED	0.5

/* What an index must save at least, as a multiple of what others lose by it. */
#define LEAST_FOR_LOSS	2.0

/* An index with others, and what it saves and costs, in microseconds. */
typedef struct HarmTrial
{
	Bitmapset  *with;			/* it and the others */
	double		worth;			/* saved, less what is lost */
	double		loss;			/* of the statements that it slows down */
} HarmTrial;

/* What these statements lose with a set of indexes, in microseconds. */
static double
loss_us(const Selection *selection, const List *slowed, const Bitmapset *with)
{
	double		loss = 0;
	ListCell   *lc;

	foreach(lc, slowed)
		loss += estimate_time_us(selection->estimator, lfirst_int(lc), with) -
		estimate_time_us(selection->estimator, lfirst_int(lc), NULL);
	return loss;
}

/* What an index saves and costs beside these others.  Asks the planner. */
static HarmTrial
try_index(const Selection *selection, const Bitmapset *without, int number)
{
	HarmTrial	trial = {.with = bms_add_member(bms_copy(without), number)};

	trial.worth = selection_worth_us(selection, trial.with, number);
	trial.loss = loss_us(selection, selection_slowed(selection, without, trial.with,
													 number), trial.with);
	return trial;
}

/*
 * The index that begins like another by which statements lose least, in its place
 * beside these others, or that trial itself if none is much better.
 */
static HarmTrial
find_less_harmful(const Selection *selection, const Bitmapset *without, int number,
				  HarmTrial harmful)
{
	HarmTrial	best = harmful;

	for (int other = 0; other < selection->estimator->nindexes; other++)
	{
		HarmTrial	trial;

		if (other == number || bms_is_member(other, without) ||
			!bms_is_member(other, selection->allowed) ||
			!selection_begin_alike(selection, number, other) ||
			estimate_is_late(selection->estimator))
			continue;
		trial = try_index(selection, without, other);
		if (selection_fits(selection, trial.with) &&
			trial.worth >= LEAST_SPARED * harmful.worth &&
			trial.loss <= LEAST_SPARED * harmful.loss &&
			(trial.loss < best.loss ||
			 (trial.loss == best.loss && trial.worth > best.worth)))
			best = trial;
	}
	return best;
}

/*
 * Exchange the indexes that slow statements down for such as do not, or by which
 * they lose much less, and leave out those that do not save clearly more than is
 * lost.  Asks the planner.
 */
Bitmapset *
selection_avoid_harm(const Selection *selection, Bitmapset *chosen)
{
	Bitmapset  *suspects = bms_copy(chosen);
	int			number = -1;

	while ((number = bms_next_member(suspects, number)) >= 0)
	{
		Bitmapset  *without = bms_del_member(bms_copy(chosen), number);
		HarmTrial	trial = try_index(selection, without, number);

		if (trial.loss > 0)
			trial = find_less_harmful(selection, without, number, trial);
		chosen = trial.worth < (LEAST_FOR_LOSS - 1) * trial.loss ?
			without : trial.with;
	}
	return chosen;
}
