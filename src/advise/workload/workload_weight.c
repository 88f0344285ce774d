/*-------------------------------------------------------------------------
 *
 * workload_weight.c
 *	  How much each way to plan a statement weighs.
 *
 * A trial weighs what the calls that it stands for took together.  An index
 * multiplies that by the cost of the plan with the index over the cost as
 * things are.  Hence two corrections:
 *
 * - Where next to nothing is done, the time of a call is that of starting and
 *   ending it, and no multiple of the cost.  So a call counts with no more than
 *   FIXED_TIME times what the statement's other calls take for that cost.
 *
 * - Values drawn from statistics stand for calls that nobody has seen.  As many
 *   as there may be (see unseen_share()), but no more than calls that took
 *   about as long as their plan lets expect: the latencies of all calls are
 *   known.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload_weight.h"

#include "nodes/nodeFuncs.h"

#include "common/slower.h"

/* A call takes at most so many times what its plan's cost lets expect. */
#define FIXED_TIME 10.0

/* No plan is taken to cost less, in the planner's unit: "SELECT 1" does. */
#define LEAST_PLAN_COST 0.01

/* Trials that the planner treats alike are planned so often at most. */
#define MOST_LIKE 3

/* The planner is right about a plan's time within this factor, if it is. */
#define ABOUT 3.0

/*
 * The most that the generic plan weighs: it stands for no values, while those
 * of the samples tell what an index would find.
 */
#define MOST_GENERIC 0.5

/* What a trial's plan costs, for ratios. */
static inline double
plan_cost_of(const WeighedTrial *weighed)
{
	return Max(weighed->trial.cost, LEAST_PLAN_COST);
}

/* Is neither number clearly greater (CLEARLY_SLOWER)? */
static inline bool
about_equal(double a, double b)
{
	return a <= CLEARLY_SLOWER * b && b <= CLEARLY_SLOWER * a;
}

/*
 * Does the planner expect both trials to cost the same, and as many rows of
 * each scan?  Whatever it knows of the values is in these numbers.
 */
bool
workload_alike(const PlanTrial *a, const PlanTrial *b)
{
	ListCell   *one;
	ListCell   *other;

	if (list_length(a->rows) != list_length(b->rows) ||
		!about_equal(Max(a->cost, LEAST_PLAN_COST), Max(b->cost, LEAST_PLAN_COST)))
		return false;
	forboth(one, a->rows, other, b->rows)
		if (!about_equal(*(double *) lfirst(one), *(double *) lfirst(other)))
		return false;
	return true;
}

/* Could a query end before it has read all rows that its conditions keep? */
static bool
stops_walker(Node *node, void *context)
{
	const Query *query = (const Query *) node;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, stops_walker, context);
	if (query->limitCount != NULL || query->hasSubLinks || query->hasAggs)
		return true;
	return query_tree_walker((Query *) query, stops_walker, context, 0);
}

/*
 * Could one of these queries end before it has read all rows that its conditions
 * keep, with some plan for some values?
 */
bool
workload_may_stop(const List *queries)
{
	return stops_walker((Node *) queries, NULL);
}

/* Does the planner expect no more than one row of each scan? */
static bool
reads_single_rows(const PlanTrial *trial)
{
	ListCell   *lc;

	foreach(lc, trial->rows)
		if (*(double *) lfirst(lc) > 1)
		return false;
	return true;
}

/*
 * Are both of the same text and with values of parameters, and does the
 * planner treat them alike?  Constants are compared elsewhere, to tell which
 * ones vary.
 */
static bool
is_like(const WeighedTrial *weighed, const WeighedTrial *other)
{
	return strcmp(weighed->trial.text, other->trial.text) == 0 &&
		weighed->generic == other->generic &&
		weighed->trial.constant_at == 0 && other->trial.constant_at == 0 &&
		workload_alike(&weighed->trial, &other->trial);
}

/*
 * One of the trials kept that can stand for another as well; NULL if there is
 * none.  Where all rows are read that the planner counts, or there is only one,
 * one that is like it can.  Else it matters where these rows lie, too: then
 * MOST_LIKE are enough, if one of them takes as long.
 */
static WeighedTrial *
find_like(const List *kept, const WeighedTrial *weighed)
{
	bool		stops = !reads_single_rows(&weighed->trial) &&
		workload_may_stop(weighed->trial.queries);
	WeighedTrial *found = NULL;
	int			like = 0;
	ListCell   *lc;

	foreach(lc, kept)
	{
		WeighedTrial *other = lfirst(lc);

		if (!is_like(other, weighed))
			continue;
		like++;
		if (!stops || about_equal(other->call_us, weighed->call_us))
			found = other;
	}
	return stops && like < MOST_LIKE ? NULL : found;
}

/* Have one trial stand for all that are like it. */
static List *
merge_alike(List *trials)
{
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, trials)
	{
		WeighedTrial *weighed = lfirst(lc);
		WeighedTrial *like = find_like(kept, weighed);

		if (like == NULL)
			kept = lappend(kept, weighed);
		else
		{
			like->calls += weighed->calls;
			like->weight += weighed->weight;
		}
	}
	return kept;
}

/* Microseconds that the samples take for a unit of the planner's cost. */
static double
unit_us(const List *trials)
{
	double		us = 0;
	double		cost = 0;
	ListCell   *lc;

	foreach(lc, trials)
	{
		const WeighedTrial *weighed = lfirst(lc);

		if (weighed->drawn || weighed->generic)
			continue;
		us += weighed->weight;
		cost += weighed->calls * plan_cost_of(weighed);
	}
	return cost > 0 ? us / cost : 0;
}

/* The calls that took about as long as that. */
static double
calls_like(const Histogram *latency, double call_us)
{
	int			first = histogram_bucket(call_us / ABOUT);
	int			last = histogram_bucket(call_us * ABOUT);
	double		calls = 0;

	for (int bucket = first; bucket <= last; bucket++)
		calls += latency->count[bucket];
	return calls;
}

/* Weigh a trial of a drawn value, of which there may be so many calls. */
static void
weigh_drawn(WeighedTrial *weighed, const Histogram *latency, double unit,
			double calls)
{
	double		fastest = histogram_quantile(latency, 0);

	weighed->call_us = Max(unit * plan_cost_of(weighed), fastest);
	weighed->calls = Min(calls, calls_like(latency, weighed->call_us));
	weighed->weight = weighed->calls * weighed->call_us;
}

/* Have the weights sum up to "sum". */
static void
normalize_weights(List *trials, double sum)
{
	double		total = 0;
	ListCell   *lc;

	foreach(lc, trials)
		total += ((WeighedTrial *) lfirst(lc))->weight;
	foreach(lc, trials)
		((WeighedTrial *) lfirst(lc))->weight *= sum / total;
}

/* Have the generic plan weigh its share, and the others the rest. */
static void
weigh_generic(List *trials, double cached)
{
	WeighedTrial *last = llast(trials);
	double		weight = Min(cached, MOST_GENERIC);

	if (!last->generic || list_length(trials) == 1)
		return;
	last->weight = 0;
	normalize_weights(trials, 1 - weight);
	last->weight = weight;
}

/* How many trials are of drawn values. */
static int
count_drawn(const List *trials)
{
	int			count = 0;
	ListCell   *lc;

	foreach(lc, trials)
		count += ((const WeighedTrial *) lfirst(lc))->drawn;
	return count;
}

/*
 * The trials that count, of those (WeighedTrial) that were planned, with
 * weights that sum up to 1; the list is not empty, and a generic plan is its
 * last.  "latency" tells how long
 * the calls took, "unseen" which share of them may have had values that no
 * sample has, and "cached" which share ran a plan made before: a generic one if
 * there are parameters.
 */
List *
workload_weigh(List *trials, const Histogram *latency, double unseen,
			   double cached)
{
	double		calls = histogram_total(latency);
	double		unit = unit_us(trials);
	int			drawn = count_drawn(trials);
	List	   *kept = NIL;
	ListCell   *lc;

	foreach(lc, trials)
	{
		WeighedTrial *weighed = lfirst(lc);
		double		most = FIXED_TIME * unit * plan_cost_of(weighed);

		if (weighed->drawn)
			weigh_drawn(weighed, latency, unit, calls * unseen / drawn);
		else if (!weighed->generic && weighed->call_us > most)
			weighed->weight = weighed->calls * most;
		if (weighed->weight > 0)
			kept = lappend(kept, weighed);
	}
	kept = merge_alike(kept);
	weigh_generic(kept, cached);
	normalize_weights(kept, 1);
	return kept;
}
