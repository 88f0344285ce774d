/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  What each statement would cost with some of the candidates built.
 *
 * The planner is asked once for each statement and set of indexes that could
 * matter to it.  One answer settles many questions: if with the set T the
 * plans use only U, then any set between U and T costs the same (S. Agrawal,
 * S. Chaudhuri, V. Narasayya, VLDB 2000, call this an atomic configuration).
 * Any set that has all of U costs no more, which known_plans.c makes use of.
 *
 * The latter holds for the planner's cost.  What is to be expected of a plan
 * that stops early may be more (early_stop.c): the planner does not know, takes
 * it, and makes the statement dearer by an index that it need not have.
 *
 * Each variant stands for a share of the time measured, which changes as the
 * cost of its plan does.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/estimate.h"

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "advise/cost/statement_cost.h"
#include "advise/workload/workload_problem.h"
#include "common/clock.h"
#include "common/slower.h"

/* What the planner said of one statement with the indexes "with" built. */
typedef struct PlannerAnswer
{
	Bitmapset  *with;
	Bitmapset  *used;			/* of these, by the plans */
	Bitmapset  *decisive;		/* without these, the answer would be another */
	double		cost;			/* of a call, as it is to be expected */
	double		time;			/* 1 = what the statement takes now */
	double		planned;		/* that time if the planner were right about
								 * plans that stop early */
	double		rank;			/* what its plan is compared by, see
								 * known_plans_rank() */
} PlannerAnswer;

/* The blocks that a call touches, by the plans made with the indexes "with" built. */
typedef struct TouchedBlocks
{
	Bitmapset  *with;
	BlockEstimate blocks;
} TouchedBlocks;

/* Of a statement that there was no time to ask about. */
static const PlannerAnswer nothing_known = {0};

/*
 * A plan is taken to cost this much at least, in the planner's unit, which is
 * what the smallest plan costs ("SELECT 1"): costs are divided by each other.
 */
#define LEAST_COST 0.01

/*
 * Joins of paths that planning a statement with hypothetical indexes may
 * consider, so that it ends, and in the same way on any machine: as many take
 * the planner a few seconds.
 */
#define MOST_WORK	3000000
/*
 * What ends planning all the same, in milliseconds: the functions that it calls
 * may take any time.
 */
#define MOST_MS		30000
/* How late the answer may be that is waited for when the time limit passes. */
#define LATE_MS		300

/* How often those who wait are told how far it is. */
#define PROGRESS_INTERVAL_MS 5000

/* Tell people who wait that something goes on. */
static void
tell_progress(Estimator *estimator)
{
	TimestampTz now = GetCurrentTimestamp();

	if (estimator->told == 0)
		estimator->told = now;
	if (!TimestampDifferenceExceeds(estimator->told, now, PROGRESS_INTERVAL_MS))
		return;
	estimator->told = now;
	ereport(NOTICE,
			(errmsg("advising: %lld plans of %d statements made with up to %d indexes, still searching",
					(long long) estimator->questions, estimator->nstatements,
					estimator->nindexes)));
}

/*
 * An earlier answer that settles the question, or NULL.  One that was found is
 * put first, since the same is asked again and again.
 */
static const PlannerAnswer *
find_answer(const EstimatedStatement *statement, const Bitmapset *with)
{
	ListCell   *lc;

	foreach(lc, statement->answers)
	{
		PlannerAnswer *answer = lfirst(lc);

		if (bms_is_subset(answer->decisive, with) &&
			bms_is_subset(with, answer->with))
		{
			lfirst(lc) = linitial(statement->answers);
			linitial(statement->answers) = answer;
			return answer;
		}
	}
	return NULL;
}

/*
 * A set of indexes as a what-if config, and their numbers by position in it.
 */
static WhatIfConfig
config_of_set(const Estimator *estimator, const Bitmapset *with, int **numbers)
{
	int			count = bms_num_members(with);
	WhatIfConfig config = {.carry_safely = estimator->carry_safely};
	int			number = -1;

	config.indexes = palloc(sizeof(WhatIfIndex *) * Max(count, 1));
	*numbers = palloc(sizeof(int) * Max(count, 1));
	while ((number = bms_next_member(with, number)) >= 0)
	{
		(*numbers)[config.nindexes] = number;
		config.indexes[config.nindexes++] = estimator->indexes[number];
	}
	return config;
}

/* The numbers of the indexes at these positions of a config. */
static Bitmapset *
translate_positions(const Bitmapset *positions, const int *numbers)
{
	Bitmapset  *set = NULL;
	int			position = -1;

	while ((position = bms_next_member(positions, position)) >= 0)
		set = bms_add_member(set, numbers[position]);
	return set;
}

/*
 * The time of a statement whose variants cost that much, as a multiple of what
 * it takes now: each variant stands for its weight of the time.
 */
static double
weigh_time(const EstimatedStatement *statement, const double *costs)
{
	double		time = 0;
	ListCell   *lc;

	foreach(lc, statement->workload->variants)
	{
		int			i = foreach_current_index(lc);

		time += ((WorkloadVariant *) lfirst(lc))->weight *
			Max(costs[i], LEAST_COST) / Max(statement->base_by[i], LEAST_COST);
	}
	return time;
}

/*
 * Remember an answer, in the estimator's memory.  The first one, which is
 * asked of no index, is what later costs are compared with.
 */
static PlannerAnswer *
keep_answer(Estimator *estimator, EstimatedStatement *statement,
			const Bitmapset *with, const StatementCost *cost,
			const int *numbers)
{
	MemoryContext old = MemoryContextSwitchTo(estimator->context);
	PlannerAnswer *answer = palloc0(sizeof(PlannerAnswer));
	int			count = list_length(statement->workload->variants);

	answer->with = bms_copy(with);
	answer->used = translate_positions(cost->used, numbers);
	answer->decisive = translate_positions(cost->decisive, numbers);
	if (statement->base_by == NULL)
	{
		statement->base_cost = cost->likely;
		statement->base_by = palloc(sizeof(double) * Max(count, 1));
		memcpy(statement->base_by, cost->likely_by, sizeof(double) * count);
	}
	answer->cost = cost->likely;
	answer->time = weigh_time(statement, cost->likely_by);
	if (answer->time < 1 && 1 - answer->time < statement->least_saved)
		answer->time = 1;
	answer->planned = weigh_time(statement, cost->planned_by);
	statement->answers = lappend(statement->answers, answer);
	known_plans_refute(&statement->known, with, answer->planned);
	answer->rank = known_plans_rank(&statement->known, with, answer->planned);
	known_plans_add(&statement->known, estimator->context, answer->decisive,
					answer->rank, answer->time, false);
	statement->stops_early |= cost->stops_early;
	MemoryContextSwitchTo(old);
	return answer;
}

/*
 * The cheapest plans known that need none but these indexes: the statement
 * costs no more than that.  NULL if nothing was asked about it.
 */
static const PlannerAnswer *
find_upper_bound(const EstimatedStatement *statement, const Bitmapset *with)
{
	const PlannerAnswer *best = NULL;
	ListCell   *lc;

	foreach(lc, statement->answers)
	{
		const PlannerAnswer *answer = lfirst(lc);

		if (bms_is_subset(answer->decisive, with) &&
			(best == NULL || answer->rank < best->rank))
			best = answer;
	}
	return best;
}

/* How long planning may take from now on, in milliseconds. */
static int
most_planning_ms(const Estimator *estimator)
{
	int64		now = clock_us();

	if (estimator->deadline_us == 0)
		return MOST_MS;
	if (now >= estimator->deadline_us)
		return LATE_MS;
	return Min(MOST_MS, LATE_MS + (estimator->deadline_us - now) / 1000);
}

/*
 * Price a statement with the indexes "with" built, in the current memory context and in
 * the time that is left: the planner does no more than "most_work" (0 = as much as it
 * takes).  *numbers is set as by config_of_set().  Returns NULL, or the error that ended it.
 */
static ErrorData *
price_with(Estimator *estimator, const EstimatedStatement *statement,
		   const Bitmapset *with, int64 most_work, bool count_blocks,
		   StatementCost *cost, int **numbers)
{
	WhatIfConfig config = config_of_set(estimator, with, numbers);
	ErrorData  *error;

	config.most_ms = most_planning_ms(estimator);
	config.most_work = most_work;
	config.count_blocks = count_blocks;
	error = statement_cost(statement->workload, &config, cost);
	estimator->questions += cost->plans;
	return error;
}

/*
 * Ask the planner what the statement costs with these indexes, and remember
 * the answer.  NULL if there is none in the time that is left, or if planning
 * with so many is too much.  If the statement fails otherwise it is given a
 * problem, and costs nothing.
 */
static const PlannerAnswer *
ask_planner(Estimator *estimator, EstimatedStatement *statement,
			const Bitmapset *with)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "clipperf what-if",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	int64		most_work = bms_is_empty(with) ? 0 : MOST_WORK;
	StatementCost cost;
	int		   *numbers;
	ErrorData  *error;
	const PlannerAnswer *answer = NULL;
	bool		shorten;

	tell_progress(estimator);
	error = price_with(estimator, statement, with, most_work, false, &cost, &numbers);
	MemoryContextSwitchTo(estimator->context);
	shorten = error != NULL && most_work > 0 &&
		error->sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
	statement->shortened |= shorten;
	if (error != NULL && !shorten &&
		!(error->sqlerrcode == ERRCODE_QUERY_CANCELED &&
		  estimate_is_late(estimator)))
		statement->workload->problem = workload_problem(error);
	if (error == NULL || statement->workload->problem != NULL)
		answer = keep_answer(estimator, statement, with, &cost, numbers);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
	return answer;
}

static const PlannerAnswer *find_or_ask_planner(Estimator *estimator,
												EstimatedStatement *statement,
												const Bitmapset *with);

/*
 * Remember the cheapest plans known for the answer to a question that is not
 * asked.
 */
static const PlannerAnswer *
keep_upper_bound(Estimator *estimator, EstimatedStatement *statement,
				 const Bitmapset *with)
{
	const PlannerAnswer *known = find_upper_bound(statement, with);
	MemoryContext old = MemoryContextSwitchTo(estimator->context);
	PlannerAnswer *answer = palloc(sizeof(PlannerAnswer));

	*answer = *known;
	answer->with = bms_copy(with);
	statement->answers = lappend(statement->answers, answer);
	MemoryContextSwitchTo(old);
	return answer;
}

/*
 * What the statement costs with so many indexes that planning with all of them
 * is too much: with those that it uses of one half, and of the other half.
 */
static const PlannerAnswer *
ask_by_halves(Estimator *estimator, EstimatedStatement *statement,
			  const Bitmapset *with)
{
	int			count = bms_num_members(with);
	Bitmapset  *halves[2] = {NULL, NULL};
	Bitmapset  *used = NULL;
	int			number = -1;
	int			seen = 0;

	check_stack_depth();
	while ((number = bms_next_member(with, number)) >= 0)
	{
		Bitmapset **half = &halves[seen++ >= count / 2];

		*half = bms_add_member(*half, number);
	}
	for (int i = 0; i < 2 && count > 1; i++)
		used = bms_add_members(used, find_or_ask_planner(estimator, statement,
														 halves[i])->used);
	if (bms_num_members(used) < count)
		(void) find_or_ask_planner(estimator, statement, used);
	return keep_upper_bound(estimator, statement, with);
}

/*
 * What the statement costs with these indexes: by an earlier answer, else by
 * asking the planner.  When the time limit has passed the planner is not asked
 * any more, and what is certain to be saved is all that is told.
 */
static const PlannerAnswer *
find_or_ask_planner(Estimator *estimator, EstimatedStatement *statement,
					const Bitmapset *with)
{
	Bitmapset  *relevant = bms_intersect(with, statement->relevant);
	const PlannerAnswer *answer = find_answer(statement, relevant);

	CHECK_FOR_INTERRUPTS();
	if (answer == NULL && !estimate_is_late(estimator))
	{
		answer = ask_planner(estimator, statement, relevant);
		if (answer == NULL && !estimate_is_late(estimator))
			answer = ask_by_halves(estimator, statement, relevant);
	}
	if (answer == NULL)
		answer = find_upper_bound(statement, relevant);
	if (answer == NULL)
	{
		/* not even asked as things are */
		statement->workload->problem =
			MemoryContextStrdup(estimator->context,
								"the time limit ended before it was looked at");
		answer = &nothing_known;
	}
	bms_free(relevant);
	return answer;
}

/*
 * The cost of one call of a statement with the indexes "with" built, weighted
 * over its samples: the planner's, and more where a plan stops early, but
 * perhaps later than the planner thinks.  *used (may be NULL) is set to those
 * that its plans use.  A statement that fails is given a problem and costs
 * nothing.
 */
double
estimate_cost(Estimator *estimator, int number, const Bitmapset *with,
			  Bitmapset **used)
{
	EstimatedStatement *statement = &estimator->statements[number];
	const PlannerAnswer *answer;

	if (used != NULL)
		*used = NULL;
	if (statement->workload->problem != NULL)
		return 0;
	answer = find_or_ask_planner(estimator, statement, with);
	if (used != NULL)
		*used = answer->used;
	return answer->cost;
}

/* A share of the time that a statement takes, in microseconds. */
static double
share_to_us(const EstimatedStatement *statement, double share)
{
	if (statement->base_cost <= 0 || statement->workload->problem != NULL)
		return 0;
	return statement->workload->total_us * share;
}

/*
 * The time that went into a statement, in microseconds, as it would be with
 * the indexes "with" built.  0 if the statement cannot be planned.
 */
double
estimate_time_us(Estimator *estimator, int number, const Bitmapset *with)
{
	EstimatedStatement *statement = &estimator->statements[number];

	if (statement->workload->problem != NULL)
		return 0;
	return share_to_us(statement,
					   find_or_ask_planner(estimator, statement, with)->time);
}

/* Ask the planner for a statement's plans with these indexes, and count the blocks. */
static BlockEstimate
count_touched(Estimator *estimator, EstimatedStatement *statement,
			  const Bitmapset *with)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "clipperf blocks",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	StatementCost cost;
	int		   *numbers;
	bool		known =
		price_with(estimator, statement, with, 0, true, &cost, &numbers) == NULL;

	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
	return known ? cost.blocks : plan_blocks_unknown();
}

/*
 * The blocks that a call of a statement touches with the indexes "with" built, by
 * its plans and weighted over its samples.  NAN if that is not known, as of a
 * statement that cannot be planned, or when the time limit has passed.
 */
BlockEstimate
estimate_blocks(Estimator *estimator, int number, const Bitmapset *with)
{
	EstimatedStatement *statement = &estimator->statements[number];
	MemoryContext old;
	TouchedBlocks *touched;
	Bitmapset  *relevant;
	ListCell   *lc;

	if (statement->workload->problem != NULL)
		return plan_blocks_unknown();
	relevant = bms_intersect(with, statement->relevant);
	foreach(lc, statement->touched)
	{
		touched = lfirst(lc);
		if (bms_equal(touched->with, relevant))
			return touched->blocks;
	}
	if (estimate_is_late(estimator))
		return plan_blocks_unknown();
	old = MemoryContextSwitchTo(estimator->context);
	touched = palloc(sizeof(TouchedBlocks));
	touched->with = bms_copy(relevant);
	touched->blocks = count_touched(estimator, statement, relevant);
	statement->touched = lappend(statement->touched, touched);
	MemoryContextSwitchTo(old);
	return touched->blocks;
}

/*
 * The time of a statement by the cheapest plan known, whatever it needs, in
 * microseconds.
 */
double
estimate_least_us(const Estimator *estimator, int number)
{
	const EstimatedStatement *statement = &estimator->statements[number];

	return statement->known.count == 0 ? 0 :
		share_to_us(statement, statement->known.plans[0].time);
}

/*
 * What estimate_time_us() would be if the planner were right about plans that
 * stop early, in microseconds.
 */
double
estimate_planned_us(Estimator *estimator, int number, const Bitmapset *with)
{
	EstimatedStatement *statement = &estimator->statements[number];

	if (statement->workload->problem != NULL)
		return 0;
	return share_to_us(statement,
					   find_or_ask_planner(estimator, statement, with)->planned);
}

/*
 * Indexes that the planner was seen to use for a statement because it hoped to
 * stop earlier than is to be expected.
 */
Bitmapset *
estimate_underpriced(const Estimator *estimator, int number)
{
	Bitmapset  *underpriced = NULL;
	ListCell   *lc;

	foreach(lc, estimator->statements[number].answers)
	{
		const PlannerAnswer *answer = lfirst(lc);

		if (answer->time > CLEARLY_SLOWER * answer->planned)
			underpriced = bms_add_members(underpriced, answer->used);
	}
	return underpriced;
}

/*
 * Indexes with which a statement was seen to be clearly slower
 * (CLEARLY_SLOWER) than it is now, since its plan uses them and stops late.
 */
Bitmapset *
estimate_harmful(const Estimator *estimator, int number)
{
	const EstimatedStatement *statement = &estimator->statements[number];
	Bitmapset  *harmful = NULL;
	ListCell   *lc;

	if (statement->workload->problem != NULL)
		return NULL;
	foreach(lc, statement->answers)
	{
		const PlannerAnswer *answer = lfirst(lc);

		if (answer->time > CLEARLY_SLOWER)
			harmful = bms_add_members(harmful, answer->used);
	}
	return harmful;
}

/*
 * Guess that the statement's plan with the indexes "with", which was asked for
 * before, could be made with "new" in the place of "old", at the same cost: to
 * be called where that index does all that the other does.
 */
void
estimate_guess(Estimator *estimator, int number, const Bitmapset *with,
			   int old, int new)
{
	EstimatedStatement *statement = &estimator->statements[number];
	Bitmapset  *relevant = bms_intersect(with, statement->relevant);
	const PlannerAnswer *answer = find_answer(statement, relevant);

	if (answer != NULL && bms_is_member(old, answer->decisive))
	{
		Bitmapset  *needed = bms_del_member(bms_copy(answer->decisive), old);

		needed = bms_add_member(needed, new);
		known_plans_add(&statement->known, estimator->context, needed,
						answer->rank, answer->time, true);
		bms_free(needed);
	}
	bms_free(relevant);
}

/* Has the time that was allowed run out?  Once it has, this stays so. */
bool
estimate_is_late(Estimator *estimator)
{
	if (!estimator->late && estimator->deadline_us != 0)
		estimator->late = clock_us() >= estimator->deadline_us;
	return estimator->late;
}
