/*-------------------------------------------------------------------------
 *
 * recommend_chosen.c
 *	  Advice to build the indexes that the advisor chose.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "utils/lsyscache.h"

#include "advise/recommend/reason.h"
#include "advise/recommend/recommend_rows.h"
#include "common/slower.h"

/* list_sort comparator: most useful first, then by definition. */
static int
compare_advice_benefit(const ListCell *a, const ListCell *b)
{
	const Advice *one = lfirst(a);
	const Advice *other = lfirst(b);

	if (one->benefit_share != other->benefit_share)
		return one->benefit_share > other->benefit_share ? -1 : 1;
	return strcmp(one->ddl, other->ddl);
}

/*
 * The share of all time by which an index slows statements down: those that read
 * by a worse plan, and those that write and have to keep it up to date.
 */
static double
harm_share(Advisor *advisor, int number)
{
	Bitmapset  *without = bms_del_member(bms_copy(advisor->chosen), number);
	double		us = 0;
	ListCell   *lc;

	foreach(lc, advisor_slowed(advisor, number))
		us += estimate_time_us(&advisor->estimator, lfirst_int(lc),
							   advisor->chosen) -
		estimate_time_us(&advisor->estimator, lfirst_int(lc), without);
	return (advisor->total_us > 0 ? us / advisor->total_us : 0) +
		advisor_write_share(advisor, number);
}

/*
 * Does an index save clearly (CLEARLY_SLOWER) more than it makes other
 * statements lose?
 */
static bool
is_clearly_better(Advisor *advisor, int number)
{
	double		harm = harm_share(advisor, number);

	return harm <= 0 || advisor_benefit_share(advisor, number) + harm >=
		CLEARLY_SLOWER * harm;
}

/*
 * Give up chosen indexes that save too little even with those of the same shape, of
 * what would be left without these: each was chosen for its part of what all candidates
 * of that shape must save.
 */
static void
give_up_light(Advisor *advisor)
{
	double	   *saved = palloc0(sizeof(double) * Max(advisor->estimator.nindexes, 1));
	Bitmapset  *light = NULL;
	int			number = -1;

	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
		if (advisor->alike[number] > 1)
			saved[number] = advisor_benefit_share(advisor, number);
	number = -1;
	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
	{
		double		together = 0;
		int			other = -1;

		if (advisor->alike[number] <= 1)
			continue;
		while ((other = bms_next_member(advisor->chosen, other)) >= 0)
			if (advisor->shapes[other] == advisor->shapes[number])
				together += saved[other];
		together *= advisor->total_us;
		if (together < advisor->options.limits.least_share *
			Min(advisor->selection.left_us + together, advisor->total_us))
			light = bms_add_member(light, number);
	}
	advisor->chosen = bms_del_members(advisor->chosen, light);
}

/*
 * Give up chosen indexes that are not clearly better than none, since some
 * statements lose by them what others save.
 */
static void
give_up_doubtful(Advisor *advisor)
{
	int			number = -1;

	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
		if (!is_clearly_better(advisor, number))
		{
			advisor->chosen = bms_del_member(advisor->chosen, number);
			number = -1;
		}
}

/*
 * The statements that the index serves, as advisor_served() returns them.  One
 * that is slower than now all the same is served only if there is no other: the
 * index then lessens what others do to it.
 */
static List *
served_statements(Advisor *advisor, int number)
{
	List	   *served = advisor_served(advisor, number);
	List	   *faster = list_difference_int(served,
											 reason_slowed(advisor, number));

	return faster != NIL ? faster : served;
}

/*
 * Advice to build what the advisor chose, most useful first.  Indexes that are
 * not clearly better than none are taken out of what is chosen.
 */
List *
recommend_chosen(Advisor *advisor)
{
	List	   *rows = NIL;
	int			number = -1;

	give_up_doubtful(advisor);
	give_up_light(advisor);
	while ((number = bms_next_member(advisor->chosen, number)) >= 0)
	{
		IndexDefinition *def =
			((Candidate *) list_nth(advisor->candidates, number))->def;
		List	   *served = served_statements(advisor, number);
		Advice	   *advice = advice_make("create", def->relid, "workload");

		recommend_take_definition(advice, def, rows);
		recommend_add_figures(advisor, number, served, advice);
		advice->reason = reason_create(advisor, number, served);
		rows = lappend(rows, advice);
	}
	list_sort(rows, compare_advice_benefit);
	return rows;
}

/*
 * Say in the reason of each index to be built that its statement blocks those
 * who write, if it does.
 */
void
recommend_tell_locks(const List *rows)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		Advice	   *advice = lfirst(lc);

		if (strcmp(advice->action, "create") == 0 &&
			!recommend_is_concurrent(advice->def))
			advice->reason = psprintf("%s; building it blocks writes to the partitioned table %s, unless clipperf_apply() builds it",
									  advice->reason,
									  get_rel_name(advice->relid));
	}
}
