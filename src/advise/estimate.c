/*-------------------------------------------------------------------------
 *
 * estimate.c
 *	  What each statement would cost with some of the candidates built.
 *
 * The planner is asked once for each statement and set of indexes that could
 * matter to it.  One answer settles many questions: if with the set T the
 * plans use only U, then any set between U and T costs the same (S. Agrawal,
 * S. Chaudhuri, V. Narasayya, VLDB 2000, call this an atomic configuration).
 * Any set that has all of U costs no more, and any set within T no less: so
 * much is known of sets that nobody asked about.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/estimate.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* With "with" built, the plans use "used" and cost that much. */
typedef struct Answer
{
	Bitmapset  *with;
	Bitmapset  *used;
	double		cost;
} Answer;

/* A question on its way through the sandbox. */
typedef struct Question
{
	const WorkloadStatement *workload;
	WhatIfConfig config;
	int		   *numbers;		/* of the indexes in config */
	Answer	   *answer;
} Question;

/* How often people are told how far it is. */
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
static const Answer *
find_answer(const EstimatedStatement *statement, const Bitmapset *with)
{
	ListCell   *lc;

	foreach(lc, statement->answers)
	{
		Answer	   *answer = lfirst(lc);

		if (bms_is_subset(answer->used, with) &&
			bms_is_subset(with, answer->with))
		{
			lfirst(lc) = linitial(statement->answers);
			linitial(statement->answers) = answer;
			return answer;
		}
	}
	return NULL;
}

/* Plan one sample of the statement and add its share to the answer. */
static void
plan_variant(Question *question, const WorkloadVariant *variant)
{
	WhatIfResult result;
	int			position = -1;

	whatif_plan(variant->queries, variant->text, variant->params,
				&question->config, &result);
	question->answer->cost += variant->weight * result.total_cost;
	while ((position = bms_next_member(result.used, position)) >= 0)
		question->answer->used = bms_add_member(question->answer->used,
												question->numbers[position]);
}

/* SandboxWork: plan all samples of the statement. */
static void
plan_variants(void *arg)
{
	Question   *question = arg;
	ListCell   *lc;

	foreach(lc, question->workload->variants)
		plan_variant(question, lfirst(lc));
}

/* Put the indexes of a set into the configuration of a question. */
static void
configure(const Estimator *estimator, Question *question,
		  const Bitmapset *with)
{
	int			count = bms_num_members(with);
	int			number = -1;

	question->config.indexes = palloc(sizeof(WhatIfIndex *) * Max(count, 1));
	question->numbers = palloc(sizeof(int) * Max(count, 1));
	while ((number = bms_next_member(with, number)) >= 0)
	{
		question->numbers[question->config.nindexes] = number;
		question->config.indexes[question->config.nindexes++] =
			estimator->indexes[number];
	}
}

/* Ask the planner. */
static const Answer *
ask(Estimator *estimator, EstimatedStatement *statement,
	const Bitmapset *with)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext,
											   "clipperf what-if",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	Answer		made = {0};
	Question	question = {.workload = statement->workload,.answer = &made};
	Sandbox		sandbox = workload_sandbox(statement->workload);
	Answer	   *answer;
	ErrorData  *error;

	tell_progress(estimator);
	configure(estimator, &question, with);
	error = sandbox_run(&sandbox, plan_variants, &question);
	estimator->questions += list_length(statement->workload->variants);

	MemoryContextSwitchTo(estimator->context);
	answer = palloc0(sizeof(Answer));
	answer->with = bms_copy(with);
	if (error == NULL)
	{
		answer->used = bms_copy(made.used);
		answer->cost = made.cost;
	}
	else
		statement->workload->problem = workload_problem(error);
	statement->answers = lappend(statement->answers, answer);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
	return answer;
}

/* See estimate.h. */
double
estimate_cost(Estimator *estimator, int number, const Bitmapset *with,
			  Bitmapset **used)
{
	EstimatedStatement *statement = &estimator->statements[number];
	Bitmapset  *relevant = bms_intersect(with, statement->relevant);
	const Answer *answer;

	CHECK_FOR_INTERRUPTS();
	if (used != NULL)
		*used = NULL;
	if (statement->workload->problem != NULL)
		return 0;
	answer = find_answer(statement, relevant);
	if (answer == NULL)
		answer = ask(estimator, statement, relevant);
	bms_free(relevant);
	if (used != NULL)
		*used = answer->used;
	return answer->cost;
}

/* See estimate.h. */
double
estimate_time_us(Estimator *estimator, int number, const Bitmapset *with)
{
	EstimatedStatement *statement = &estimator->statements[number];
	double		cost = estimate_cost(estimator, number, with, NULL);

	if (statement->base_cost <= 0 || statement->workload->problem != NULL)
		return 0;
	return statement->workload->total_us * cost / statement->base_cost;
}

/* The same for what a call costs, of a set of relevant indexes. */
static void
bound_cost(const EstimatedStatement *statement, const Bitmapset *with,
		   double *low, double *high)
{
	ListCell   *lc;

	*low = 0;
	*high = statement->base_cost;
	foreach(lc, statement->answers)
	{
		const Answer *answer = lfirst(lc);
		bool		usable = bms_is_subset(answer->used, with);
		bool		within = bms_is_subset(with, answer->with);

		if (usable && within)
		{
			*low = *high = answer->cost;
			return;
		}
		if (usable)
			*high = Min(*high, answer->cost);
		else if (within)
			*low = Max(*low, answer->cost);
	}
	*low = Min(*low, *high);
}

/* See estimate.h. */
void
estimate_bound_us(Estimator *estimator, int number, const Bitmapset *with,
				  double *low, double *high)
{
	EstimatedStatement *statement = &estimator->statements[number];
	Bitmapset  *relevant;
	double		scale;

	*low = 0;
	*high = 0;
	if (statement->base_cost <= 0 || statement->workload->problem != NULL)
		return;
	relevant = bms_intersect(with, statement->relevant);
	bound_cost(statement, relevant, low, high);
	bms_free(relevant);
	scale = statement->workload->total_us / statement->base_cost;
	*low *= scale;
	*high *= scale;
}

/* See estimate.h. */
bool
estimate_is_late(Estimator *estimator)
{
	if (!estimator->late && estimator->deadline != 0)
		estimator->late = GetCurrentTimestamp() >= estimator->deadline;
	return estimator->late;
}
