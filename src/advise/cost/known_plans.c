/*-------------------------------------------------------------------------
 *
 * known_plans.c
 *	  The plans of a statement that the planner was seen to make.
 *
 * With any set of indexes the planner takes the cheapest plan that needs no
 * others.  Of the plans known by now the cheapest one is an upper bound, and
 * the answer itself if the planner was asked about this set or a larger one.
 * So a search need not ask: it compares sets by the plans known, and asks about
 * the one that it finds.
 *
 * A plan may also be guessed: an index that does all the work of another one
 * can be put in its place.  What the planner says is better than a guess.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/known_plans.h"

#include "utils/memutils.h"

/* Costs are equal if they differ by less than this share, as the planner has it. */
#define FUZZ 1.01

/* A cost that comes before another one, and means the same. */
#define RIGHT_BEFORE (1 - 1e-9)

/* Does a plan need only indexes of this set? */
static bool
is_possible(const KnownPlan *plan, const Bitmapset *indexes)
{
	for (int i = 0; i < plan->nneeded; i++)
		if (!bms_is_member(plan->needed[i], indexes))
			return false;
	return true;
}

/* Does a plan need all indexes of this set? */
static bool
needs_all(const KnownPlan *plan, const Bitmapset *indexes)
{
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
	{
		bool		found = false;

		for (int i = 0; i < plan->nneeded && !found; i++)
			found = plan->needed[i] == number;
		if (!found)
			return false;
	}
	return true;
}

/* Remove the plan at this place. */
static void
remove_plan(KnownPlans *known, int place)
{
	known->count--;
	memmove(&known->plans[place], &known->plans[place + 1],
			sizeof(KnownPlan) * (known->count - place));
}

/*
 * What the planner's plan with the indexes "with" is compared by: its cost, unless
 * a plan is known that seems cheaper and that it could have made.  Then the
 * indexes have changed what it expects, as statistics of an expression do, and it
 * would make this plan wherever they are there: it comes right before the other.
 */
double
known_plans_rank(const KnownPlans *known, const Bitmapset *with, double planned)
{
	for (int i = 0; i < known->count && known->plans[i].planned < planned; i++)
		if (!known->plans[i].guessed && is_possible(&known->plans[i], with))
			return known->plans[i].planned * RIGHT_BEFORE;
	return planned;
}

/*
 * Add a plan that needs these indexes, unless one is known that needs no others
 * and costs no more; a guess yields to one that costs about the same.  The list
 * is kept in "context", the cheapest plan first, and of equals the one that takes
 * longest: an index may make a statement take a generic plan that stops late,
 * though the planner expects the same as before.
 */
void
known_plans_add(KnownPlans *known, MemoryContext context,
				const Bitmapset *needed, double planned, double time,
				bool guessed)
{
	KnownPlan  *plan;
	int			place = 0;
	int			count = bms_num_members(needed);
	int			number = -1;

	for (; place < known->count; place++)
	{
		plan = &known->plans[place];
		if (plan->planned > planned * (guessed ? FUZZ : 1))
			break;
		if ((guessed || (!plan->guessed && plan->time >= time)) &&
			is_possible(plan, needed))
			return;
	}
	while (place > 0 && (known->plans[place - 1].planned > planned ||
						 (known->plans[place - 1].planned == planned &&
						  known->plans[place - 1].time < time)))
		place--;
	if (!guessed)
		for (int i = known->count - 1; i >= place; i--)
			if (needs_all(&known->plans[i], needed))
				remove_plan(known, i);
	if (known->count == known->room)
	{
		known->room = Max(2 * known->room, 8);
		known->plans = known->plans == NULL ?
			MemoryContextAlloc(context, sizeof(KnownPlan) * known->room) :
			repalloc(known->plans, sizeof(KnownPlan) * known->room);
	}
	plan = &known->plans[place];
	memmove(plan + 1, plan, sizeof(KnownPlan) * (known->count - place));
	known->count++;
	plan->planned = planned;
	plan->time = time;
	plan->guessed = guessed;
	plan->nneeded = 0;
	plan->needed = MemoryContextAlloc(context, sizeof(int) * Max(count, 1));
	while ((number = bms_next_member(needed, number)) >= 0)
		plan->needed[plan->nneeded++] = number;
}

/* Does some plan known need an index? */
bool
known_plans_need(const KnownPlans *known, int index)
{
	for (int i = 0; i < known->count; i++)
		for (int j = 0; j < known->plans[i].nneeded; j++)
			if (known->plans[i].needed[j] == index)
				return true;
	return false;
}

/*
 * Remove the guesses at a cheaper plan with these indexes than the planner
 * found.
 */
void
known_plans_refute(KnownPlans *known, const Bitmapset *with, double planned)
{
	for (int i = known->count - 1; i >= 0; i--)
		if (known->plans[i].guessed && known->plans[i].planned <= planned &&
			is_possible(&known->plans[i], with))
			remove_plan(known, i);
}
