/*-------------------------------------------------------------------------
 *
 * jobs.h
 *	  Jobs of clipperf_apply(), as the server tells of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_JOBS_H
#define CLIENT_JOBS_H

#include <stdbool.h>
#include <stdio.h>

#include "connection.h"

/* How far a job is to come before nobody waits for it any longer. */
typedef enum JobGoal
{
	GOAL_BUILT,					/* its index is there, or will never be */
	GOAL_VERIFIED				/* it is known what that brings, too */
} JobGoal;

/* A row of clipperf_jobs. */
typedef struct Job
{
	char	   *job;
	char	   *action;
	char	   *relation;		/* with its schema; NULL = it is gone */
	char	   *index_name;
	char	   *state;
	char	   *reason;			/* NULL = none, or not for this role */
	char	   *phase;			/* NULL = it is not being built */
	char	   *done_share;
	char	   *remaining_ms;
	char	   *waits_for;
	char	   *ddl;
	char	   *made_at;
	char	   *changed_at;
} Job;

/* Some jobs, in the order of their numbers: what docs/jobs.schema.json describes. */
typedef struct Jobs
{
	const Session *session;
	Job		   *rows;
	int			count;
} Jobs;

/* The jobs of these numbers; all where there are none. */
extern Jobs *ask_for_jobs(Session *session, const StringList *numbers);

/* Gives the memory back. */
extern void free_jobs(Jobs *jobs);

/* Has a job come so far? */
extern bool job_is_done(const Job *job, JobGoal goal);

/* Did a job end other than was wished for? */
extern bool job_went_wrong(const Job *job);

/* The formats; "result" is a Jobs. */
extern void put_jobs_text(FILE *out, const void *result);
extern void put_jobs_json(FILE *out, const void *result);

/* Shows the progress of jobs until all are done; returns them. */
extern Jobs *watch_jobs(Session *session, const StringList *numbers, JobGoal goal);

#endif							/* CLIENT_JOBS_H */
