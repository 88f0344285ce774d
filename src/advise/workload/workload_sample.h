/*-------------------------------------------------------------------------
 *
 * workload_sample.h
 *	  The executions that stand for a statement, and how many calls each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKLOAD_SAMPLE_H
#define CLIPPERF_WORKLOAD_SAMPLE_H

#include "compat.h"

#include "nodes/pg_list.h"

#include "advise/workload/plan_trial.h"
#include "store/histogram.h"
#include "store/sample.h"

/* A trial and the calls that it stands for. */
typedef struct WeighedTrial
{
	PlanTrial	trial;
	bool		drawn;			/* with a value from statistics */
	bool		generic;		/* without values: there is only one */
	double		calls;			/* number of calls */
	double		call_us;		/* what one takes, microseconds */
	double		weight;			/* share of the statement's time */
} WeighedTrial;

/* A copy of a sample in the current memory context. */
extern SampleDraft *workload_sample_copy(const SampleDraft *draft);

/*
 * What the samples (a list of SampleDraft) and the normalised text, which may
 * be NULL, give to try: a list of WeighedTrial.
 */
extern List *workload_sample_trials(List *samples, const char *text,
									const Histogram *latency, double cached);

/* The search_path of the latest sample; NULL if there is none. */
extern const char *workload_sample_path(List *samples);

/* The settings that the latest sample's execution read, copied. */
extern SandboxSettings workload_sample_settings(List *samples);

#endif							/* CLIPPERF_WORKLOAD_SAMPLE_H */
