/*-------------------------------------------------------------------------
 *
 * workload_sample.c
 *	  The executions that stand for a statement, and how many calls each.
 *
 * Each sample stands for the calls whose latency was nearest to its own.  None
 * is left out because its calls are quick: with an index that suits the others
 * they may take long.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload_sample.h"

/* A share of calls with a plan made before that is worth planning for. */
#define LEAST_GENERIC 0.01

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
	for (int i = 0; i < draft->nsettings; i++)
	{
		copy->setting_names[i] = pstrdup(draft->setting_names[i]);
		copy->setting_values[i] = pstrdup(draft->setting_values[i]);
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

/* The settings that a sample's execution read. */
static SandboxSettings
settings_of(const SampleDraft *draft)
{
	return (SandboxSettings)
	{
		.count = draft->nsettings,
			.names = draft->setting_names,
			.values = draft->setting_values
	};
}

/* The settings that the latest sample's execution read, copied. */
SandboxSettings
workload_sample_settings(List *samples)
{
	const SampleDraft *draft = latest(samples);

	return draft == NULL ? (SandboxSettings)
	{
		0
	} :
		settings_of(workload_sample_copy(draft));
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
	if (strcmp(a->text, b->text) != 0 || a->nparams != b->nparams ||
		(a->values == NULL) != (b->values == NULL))
		return false;
	for (int i = 0; i < a->nparams; i++)
		if (a->types[i] != b->types[i] ||
			(a->values != NULL && !same_string(a->values[i], b->values[i])))
			return false;
	if (a->settings.count != b->settings.count)
		return false;
	for (int i = 0; i < a->settings.count; i++)
		if (strcmp(a->settings.names[i], b->settings.names[i]) != 0 ||
			strcmp(a->settings.values[i], b->settings.values[i]) != 0)
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
	weighed->trial.values = draft->values_hidden ? NULL : draft->values;
	weighed->trial.settings = settings_of(draft);
	weighed->trial.settings_missing = draft->settings_missing;
	return weighed;
}

/*
 * Give calls of one latency to the samples nearest to it.  Latencies are
 * compared by their buckets, that is, by their logarithms.
 */
static void
share_bucket(List *samples, double *calls, double *times, int bucket,
			 double count)
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
			int			i = foreach_current_index(lc);

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
			{
				calls[i] += count / ties;
				times[i] += count / ties * histogram_value(bucket);
			}
		}
	}
}

/* The calls that each sample stands for, and their time. */
static void
weigh(List *samples, const Histogram *latency, double *calls, double *times)
{
	for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
		if (latency->count[bucket] > 0)
			share_bucket(samples, calls, times, bucket,
						 latency->count[bucket]);
	if (histogram_total(latency) > 0)
		return;
	for (int i = 0; i < list_length(samples); i++)
		calls[i] = times[i] = 1;
}

/* Add a trial to the list; one that is there already stands for more calls. */
static List *
add_trial(List *trials, WeighedTrial *weighed)
{
	ListCell   *lc;

	foreach(lc, trials)
	{
		WeighedTrial *other = lfirst(lc);

		if (same_trial(&other->trial, &weighed->trial))
		{
			other->calls += weighed->calls;
			other->weight += weighed->weight;
			return trials;
		}
	}
	return lappend(trials, weighed);
}

/* The generic plan of a statement that runs one in this share of its calls. */
static List *
add_generic(List *trials, double cached)
{
	const WeighedTrial *first = linitial(trials);
	WeighedTrial *generic;

	if (cached < LEAST_GENERIC || first->trial.nparams == 0 ||
		first->trial.values == NULL)
		return trials;
	generic = palloc0(sizeof(WeighedTrial));
	generic->trial = first->trial;
	generic->trial.values = NULL;
	generic->generic = true;
	generic->calls = generic->call_us = generic->weight = 1;
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
	weighed->calls = weighed->weight = weighed->call_us = 1;
	return list_make1(weighed);
}

/*
 * What the samples (a list of SampleDraft) and the normalised text, which may
 * be NULL, give to try: a list of WeighedTrial, each with the calls that it
 * stands for, and with their time, in microseconds, as its weight.  "latency"
 * tells how the calls were spread.  The last is the generic plan if the share
 * "cached" of the calls ran one.  Empty if there is nothing to plan.
 */
List *
workload_sample_trials(List *samples, const char *text,
					   const Histogram *latency, double cached)
{
	const char *path = workload_sample_path(samples);
	double	   *calls = palloc0(sizeof(double) * list_length(samples));
	double	   *times = palloc0(sizeof(double) * list_length(samples));
	List	   *trials = NIL;
	ListCell   *lc;

	weigh(samples, latency, calls, times);
	foreach(lc, samples)
	{
		const SampleDraft *draft = lfirst(lc);
		WeighedTrial *weighed = make_trial(draft, text);

		if (weighed == NULL || !same_string(draft->search_path, path))
			continue;
		if (calls[foreach_current_index(lc)] > 0)
		{
			weighed->calls = calls[foreach_current_index(lc)];
			weighed->weight = times[foreach_current_index(lc)];
		}
		else
		{
			weighed->calls = 1;
			weighed->weight = Max(draft->elapsed_us, 1);
		}
		trials = add_trial(trials, weighed);
	}
	if (trials == NIL)
		return text_trial(text);
	foreach(lc, trials)
	{
		WeighedTrial *weighed = lfirst(lc);

		weighed->call_us = weighed->weight / weighed->calls;
	}
	return add_generic(trials, cached);
}
