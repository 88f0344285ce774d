/*-------------------------------------------------------------------------
 *
 * recommend_set.c
 *	  What the statements say of the members of an index set.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "utils/lsyscache.h"

#include "advise/indexes/index_set.h"
#include "advise/recommend/reason.h"
#include "advise/recommend/recommend_rows.h"

/* A smaller share of all time would be shown as 0.00 %. */
#define LEAST_SHOWN_SHARE 0.00005

/*
 * Why a member that was not chosen, or that no statement's plan uses, is not
 * built.
 */
static char *
member_objection(Advisor *advisor, int number, const List *served,
				 double benefit_share)
{
	List	   *slowed = advisor_slowed(advisor, number);

	if (slowed != NIL)
		return reason_late(advisor, number, linitial_int(slowed),
						   bms_add_member(bms_copy(advisor->chosen), number));
	if (served == NIL)
	{
		char	   *others = reason_superseded(advisor, number);

		return others == NULL ? reason_unused(advisor, number) :
			psprintf("%s of this set serves the same statements better",
					 others);
	}
	if (benefit_share > 0 && benefit_share < LEAST_SHOWN_SHARE)
		return "saves next to nothing";
	if (benefit_share > 0)
		return psprintf("saves only %.2f%% of the time", 100 * benefit_share);
	return "its write overhead exceeds what it saves";
}

/* A reason, and after it what there is to remark of the definition. */
static char *
with_remarks(char *reason, const char *remarks)
{
	return remarks == NULL ? reason : psprintf("%s; %s", reason, remarks);
}

/*
 * Fill in what the statements say of a member that could be built: a member
 * that they would not use, or that does not pay, is skipped.  If none of them
 * reads its table the statement that builds it is still shown, for those who
 * know better.
 */
static void
fill_member_advice(Advisor *advisor, int number, Advice *advice)
{
	List	   *served = advisor_served(advisor, number);

	recommend_add_figures(advisor, number, served, advice);
	if (bms_is_member(number, advisor->chosen) && served != NIL)
	{
		advice->reason = with_remarks(reason_create(advisor, number, served),
									  advice->reason);
		return;
	}
	advice->action = "skip";
	if (!reason_is_read(advisor, advice->relid))
	{
		advice->reason = with_remarks(psprintf("no statement on %s was observed yet",
											   get_rel_name(advice->relid)),
									  advice->reason);
		return;
	}
	advice->index_name = advice->member_name;
	advice->ddl = NULL;
	advice->reason = member_objection(advisor, number, served,
									  advice->benefit_share);
}

/*
 * Advice on each member of an index set, as index_set_judge() has it, and for
 * those to be built as the statements have it.
 */
List *
recommend_set(Advisor *advisor, const char *index_set)
{
	List	   *rows = index_set_judge(index_set,
									   advisor->options.allowed_functions);
	List	   *definitions = NIL;
	List	   *judged = NIL;
	ListCell   *lc;

	foreach(lc, rows)
	{
		Advice	   *advice = lfirst(lc);

		if (strcmp(advice->action, "create") != 0)
			continue;
		definitions = lappend(definitions, advice->def);
		judged = lappend(judged, advice);
	}
	advisor_judge(advisor, definitions);
	foreach(lc, judged)
	{
		int			number = foreach_current_index(lc);
		Advice	   *advice = lfirst(lc);
		const Candidate *candidate = list_nth(advisor->candidates, number);

		if (advisor->estimator.indexes[number] != NULL)
			fill_member_advice(advisor, number, advice);
		else if (candidate->refusing != NULL)
		{
			advice->action = "skip";
			advice->index_name = advice->member_name;
			advice->ddl = NULL;
			advice->reason = reason_refusal(candidate->refusing);
		}
		else
			advice->reason = with_remarks(psprintf("could not be judged by the workload: %s",
												   candidate->problem),
										  advice->reason);
	}
	index_set_skip_repeated(rows);
	return rows;
}
