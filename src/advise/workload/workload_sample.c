/*-------------------------------------------------------------------------
 *
 * workload_sample.c
 *	  The executions that stand for a statement, and how much each weighs.
 *
 * Each sample stands for the calls whose latency was nearest to its own, and
 * weighs what these took together.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload_sample.h"

/* Samples that stand for less of the time are left out. */
#define LEAST_WEIGHT 0.01

/*
 * The most that the generic plan weighs: it stands for no values, while those
 * of the samples tell what an index would find.
 */
#define MOST_GENERIC 0.5

/* A copy of a sample in the current memory context. */
SampleDraft *
workload_sample_copy(const SampleDraft *draft)
{
	SampleDraft *copy = palloc(sizeof(SampleDraft));

	*copy = *draft;
	if (draft->statement != NULL)
		copy->statement = pstrdup(draft->statement);
	if (draft->search_path != NULL)
		copy->search_path = pstrdup(draft->search_path);
	copy->types = palloc(sizeof(Oid) * Max(draft->nparams, 1));
	copy->values = palloc(sizeof(char *) * Max(draft->nparams, 1));
	for (int i = 0; i < draft->nparams; i++)
	{
		copy->types[i] = draft->types[i];
		copy->values[i] = draft->values[i] == NULL ? NULL :
			pstrdup(draft->values[i]);
	}
	return copy;
}

/* The latest sample, or NULL. */
static const SampleDraft *
latest(List *samples)
{
	const SampleDraft *found = NULL;
	ListCell   *lc;

	foreach(lc, samples)
	{
		const SampleDraft *draft = lfirst(lc);

		if (found == NULL || draft->captured_at > found->captured_at)
			found = draft;
	}
	return found;
}

/* The search_path of the latest sample; NULL if there is none. */
const char *
workload_sample_path(List *samples)
{
	const SampleDraft *draft = latest(samples);

	return draft == NULL ? NULL : draft->search_path;
}

/* Are two strings the same, or both NULL? */
static bool
same_string(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Would two trials be planned alike? */
static bool
same_trial(const PlanTrial *a, const PlanTrial *b)
{
	if (strcmp(a->text, b->text) != 0 || a->nparams != b->nparams)
		return false;
	for (int i = 0; i < a->nparams; i++)
		if (a->types[i] != b->types[i] ||
			!same_string(a->values[i], b->values[i]))
			return false;
	return true;
}

/* What a sample gives to try; NULL if that is nothing. */
static WeighedTrial *
make_trial(const SampleDraft *draft, const char *text)
{
	WeighedTrial *weighed;

	if (draft->statement == NULL && text == NULL)
		return NULL;
	weighed = palloc0(sizeof(WeighedTrial));
	weighed->trial.text = draft->statement ? draft->statement : text;

	weighed->trial.guess_types = draft->statement == NULL;
	weighed->trial.nparams = draft->nparams;
	weighed->trial.types = draft->types;
	weighed->trial.values = draft->values;
	return weighed;
}

/*
 * Add the time of the calls of one latency to the samples nearest to it.
 * Latencies are compared by their buckets, that is, by their logarithms.
 */
static void
share_bucket(List *samples, double *weights, int bucket, double time)
{
	int			nearest = HISTOGRAM_BUCKETS;
	int			ties = 0;
	ListCell   *lc;

	for (int pass = 0; pass < 2; pass++)
	{
		foreach(lc, samples)
		{
			const SampleDraft *draft = lfirst(lc);
			int			distance = abs(histogram_bucket(draft->elapsed_us) -
									   bucket);

			if (pass == 0 && distance < nearest)
			{
				nearest = distance;
				ties = 0;
			}
			if (distance != nearest)
				continue;
			if (pass == 0)
				ties++;
			else
				weights[foreach_current_index(lc)] += time / ties;
		}
	}
}

/* The time that each sample stands for. */
static double *
weigh(List *samples, const Histogram *latency)
{
	double	   *weights = palloc0(sizeof(double) * list_length(samples));

	for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
		if (latency->count[bucket] > 0)
			share_bucket(samples, weights, bucket,
						 latency->count[bucket] * histogram_value(bucket));
	if (histogram_total(latency) == 0)
		for (int i = 0; i < list_length(samples); i++)
			weights[i] = 1;
	return weights;
}

/* Add a trial to the list; one that is there already weighs more. */
static List *
add_trial(List *trials, WeighedTrial *weighed)
{
	ListCell   *lc;

	foreach(lc, trials)
	{
		WeighedTrial *other = lfirst(lc);

		if (same_trial(&other->trial, &weighed->trial))
		{
			other->weight += weighed->weight;
			return trials;
		}
	}
	return lappend(trials, weighed);
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

/* Leave out what weighs next to nothing. */
static List *
drop_light(List *trials)
{
	ListCell   *lc;

	normalize_weights(trials, 1);
	foreach(lc, trials)
		if (((WeighedTrial *) lfirst(lc))->weight < LEAST_WEIGHT)
		trials = foreach_delete_current(trials, lc);
	return trials;
}

/* Add the generic plan of statements that run it. */
static List *
add_generic(List *trials, double cached)
{
	const WeighedTrial *first = linitial(trials);
	double		weight = Min(cached, MOST_GENERIC);
	WeighedTrial *generic;

	if (weight < LEAST_WEIGHT || first->trial.nparams == 0)
		return trials;
	normalize_weights(trials, 1 - weight);
	generic = palloc0(sizeof(WeighedTrial));
	generic->trial = first->trial;
	generic->trial.values = NULL;
	generic->weight = weight;
	return lappend(trials, generic);
}

/* The normalised text alone: all its parameters are unknown. */
static List *
text_trial(const char *text)
{
	WeighedTrial *weighed;

	if (text == NULL)
		return NIL;
	weighed = palloc0(sizeof(WeighedTrial));
	weighed->trial.text = text;

	weighed->trial.guess_types = true;
	weighed->weight = 1;
	return list_make1(weighed);
}

/*
 * What the samples (a list of SampleDraft) and the normalised text, which may
 * be NULL, give to try: a list of WeighedTrial whose weights sum up to 1.
 * "latency" tells how the calls were spread; "cached" is the share of the
 * calls that ran a plan made before, which is a generic one if there are
 * parameters.  Empty if there is nothing to plan.
 */
List *
workload_sample_trials(List *samples, const char *text,
					   const Histogram *latency, double cached)
{
	const char *path = workload_sample_path(samples);
	double	   *weights = weigh(samples, latency);
	List	   *trials = NIL;
	ListCell   *lc;

	foreach(lc, samples)
	{
		const SampleDraft *draft = lfirst(lc);
		WeighedTrial *weighed = make_trial(draft, text);

		if (weighed == NULL || !same_string(draft->search_path, path))
			continue;
		weighed->weight = weights[foreach_current_index(lc)];
		trials = add_trial(trials, weighed);
	}
	if (trials == NIL)
		return text_trial(text);
	trials = add_generic(drop_light(trials), cached);
	normalize_weights(trials, 1);
	return trials;
}
