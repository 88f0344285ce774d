/*-------------------------------------------------------------------------
 *
 * selection_choose.c
 *	  Which of the candidates to build, for all statements at once.
 *
 * The best set by the plans known is found, the planner is asked about it, and
 * what it says may make another set better: that is repeated until the set stays
 * the same.  Several searches do so, which begin with nothing or with all that
 * some plan would use, and divide gains by bytes or not; the best outcome is
 * taken.
 *
 * When the time limit passes the planner is not asked any more, and the best set
 * by the plans known until then is the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include "utils/float.h"

/* So often a set is sought by what the planner said of the last one. */
#define SEARCH_ROUNDS	6

/*
 * Under a budget, gains are divided by bytes to the power of these, for one
 * search each.  The first one is best more often than not, so it comes first:
 * the time limit may end them.
 */
static const double exponents[] = {1, 0.5, 0};

/* Is there a budget, or a limit of their number? */
bool
selection_is_limited(const Selection *selection)
{
	return selection->limits.bytes >= 0 || selection->limits.indexes >= 0;
}

/* What the plans use if all candidates are there. */
static Bitmapset *
find_all_used(const Selection *selection)
{
	Estimator  *estimator = selection->estimator;
	Bitmapset  *all = NULL;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		Bitmapset  *used;

		(void) estimate_cost(estimator, i, selection->allowed, &used);
		all = bms_add_members(all, bms_intersect(used, selection->allowed));
	}
	return all;
}

/*
 * The best set by the plans known, of several searches.  One begins with these
 * indexes, others with nothing and with all that some plan would use.
 */
static Bitmapset *
search_known_plans(const Selection *selection, const Bitmapset *start)
{
	bool		limited = selection_is_limited(selection);
	Bitmapset  *all = find_all_used(selection);
	const Bitmapset *starts[] = {start, NULL, all};
	Bitmapset  *best = NULL;
	double		best_score = -get_float8_infinity();

	for (int i = 0; i < lengthof(starts); i++)
		for (int j = limited ? 0 : lengthof(exponents) - 1; j < lengthof(exponents); j++)
		{
			double		score;
			Bitmapset  *chosen = selection_climb(selection, starts[i],
												 exponents[j], false, &score);

			if (score <= best_score)
				continue;
			best = chosen;
			best_score = score;
		}
	return best;
}

/*
 * The best set that is found until the planner confirms what it saves; the
 * search begins with "start", among others.  The same input gives the same
 * answer.
 */
Bitmapset *
selection_search(const Selection *selection, const Bitmapset *start)
{
	Bitmapset  *chosen = search_known_plans(selection, start);
	Bitmapset  *before = bms_copy(start);

	for (int round = 0; round < SEARCH_ROUNDS; round++)
	{
		Bitmapset  *better;

		if (estimate_is_late(selection->estimator))
			break;
		selection_learn_choice(selection, chosen, before);
		selection_learn_beside(selection, chosen);
		better = search_known_plans(selection, chosen);
		if (bms_equal(better, chosen))
			break;
		before = chosen;
		chosen = better;
	}
	return chosen;
}
