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
 * All that is known about a job when it is judged, filled in by verify.c.  Times
 * in microseconds.
 */
typedef struct Trial
{
	Job		   *job;
	int			count;
	MeasureComparison *comparisons; /* of all statements kept before */
	int64		scans;			/* of the index; -1 if there is none to scan */
	bool		others_changed; /* other indexes of the table came or went */
	double		served_calls;	/* since, of statements to be served */
	double		served_us;		/* before, of these statements */
	double		judged_us;		/* of it, of those that could be judged */
	double		saved_us;
	double		lost_us;
	int			unclear;		/* statements */
} Trial;

/* The state that the job ends in. */
extern JobState verdict_state(const Trial *trial);

/* The sentence that gives the reason for that state. */
extern char *verdict_reason(const Trial *trial, JobState state);

/* The figures, as JSON. */
extern char *verdict_figures(const Trial *trial);

#endif							/* CLIPPERF_VERDICT_H */
