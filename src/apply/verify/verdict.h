/*-------------------------------------------------------------------------
 *
 * verdict.h
 *	  What all comparisons come to, in a word, a sentence and in figures.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_VERDICT_H
#define CLIPPERF_VERDICT_H

#include "compat.h"

#include "apply/jobs/jobs.h"
#include "apply/verify/judge.h"

/* Statements that took this share of the time must have been judged. */
#define VERDICT_SHARE	0.5

/* All that is known about a job when it is judged.  Times in microseconds. */
typedef struct Trial
{
	Job		   *job;
	int			count;
	MeasureComparison *comparisons; /* of the statements seen on both sides */
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

/* The sentence, and the figures as JSON. */
extern char *verdict_reason(const Trial *trial, JobState state);
extern char *verdict_figures(const Trial *trial);

#endif							/* CLIPPERF_VERDICT_H */
