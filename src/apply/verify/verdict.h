/*-------------------------------------------------------------------------
 *
 * verdict.h
 *	  The verdict on a job: a state, a sentence and figures.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_VERDICT_H
#define CLIPPERF_VERDICT_H

#include "compat.h"

#include "apply/jobs/jobs.h"
#include "apply/verify/judge.h"

/*
 * Of the time that the statements took which the index is meant for, before,
 * those that could be judged must have had this share: what the larger part did
 * decides.
 */
#define VERDICT_SHARE	0.5

/*
 * A job is watched for so many times clipperf.verify_time, if the statements that
 * its index is meant for hardly run: where that is a day, a week.
 */
#define VERDICT_WINDOWS	7

/*
 * All that is known about a job when it is judged, filled in by verify.c.  Times
 * in microseconds.
 */
typedef struct Trial
{
	Job		   *job;
	int			count;
	MeasureComparison *comparisons; /* of all statements kept before */
	int64		scans;			/* of the index; -1 if there is none to scan */
	double		served_calls;	/* since, of statements to be served */
	double		served_us;		/* before, of these statements */
	double		judged_us;		/* of it, of those that could be judged */
	double		saved_us;
	double		lost_us;
	double		overhead_us;	/* of it, by writes that keep the index */
	int			unclear;		/* statements */
	double		unclear_us;		/* that these may have saved */
	int			failing;		/* statements that the index makes fail */
	bool		over;			/* enough was seen, or its time has passed */
	bool		last;			/* it is not watched for longer */
} Trial;

/* Could the larger part be judged of what the index is meant for? */
extern bool verdict_has_majority(const Trial *trial);

/* The state that the job ends in; JOB_VERIFYING if it is to be watched on. */
extern JobState verdict_state(const Trial *trial);

/* The sentence that gives the reason for that state. */
extern char *verdict_reason(const Trial *trial, JobState state);

/* The figures, as JSON. */
extern char *verdict_figures(const Trial *trial);

#endif							/* CLIPPERF_VERDICT_H */
