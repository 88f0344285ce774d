/*-------------------------------------------------------------------------
 *
 * jobs.h
 *	  What may happen to a job: to be changed, put off, canceled, reverted.
 *
 * A job is a row of _clipperf_job.  Every change of its state is kept in
 * clipperf_job_changes, by a trigger.  All functions need a transaction, a
 * snapshot and a connection of SPI, see job_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JOBS_H
#define CLIPPERF_JOBS_H

#include "compat.h"

#include "apply/jobs/job_row.h"

/* A job that was interrupted so often is given up. */
#define JOB_MOST_ATTEMPTS	10

/* Open a transaction if there is none, a snapshot and SPI; and commit. */
extern void job_begin(void);
extern void job_end(void);

/* Run a step of a worker between job_begin() and job_end(). */
extern ErrorData *job_step(void (*step) (void *arg), void *arg,
						   MemoryContext context);

/* Wait for locks for a moment only, to the end of the transaction. */
extern void job_limit_lock_waits(void);

/* Has a worker to do with a job in this state? */
extern bool job_state_is_open(JobState state);

/* An open job for the same index of the same table, 0 if there is none. */
extern int64 job_find_open(const Job *job);

/* Change the state; nothing happens if the job is gone. */
extern void job_change(Job *job, JobState state, const char *reason);

/* Let a job wait that long, for a reason that is shown. */
extern void job_wait(Job *job, int64 delay_ms, const char *reason);

/* Queue a job to be reverted, as that role. */
extern void job_set_goal_revert(Job *job, Oid role, const char *reason);

/* Let a worker end it as canceled, once what is left of it is removed. */
extern void job_set_cancel(Job *job, const char *reason);

/* Count an attempt that was interrupted. */
extern void job_count_attempt(Job *job);

/* Remember the index that it is about to build, or has built, and its DDL. */
extern void job_set_index(Job *job, Oid index_oid, const char *index_name);

/* Remember that the index it is about to drop is a valid one. */
extern void job_set_undo(Job *job);

/* The index of a partition is built from now. */
extern void job_begin_part(Job *job, Oid relid, const char *index_name,
						   double from, double share);

/* The index of a partition is built: store it; or leave that for later. */
extern void job_add_part(Job *job, Oid index_oid);
extern void job_keep_part(Job *job, Oid index_oid);

/* Store which partitions' indexes it has built, and is building. */
extern void job_store_parts(const Job *job);

/* Remember what makes an index what it was, see index_settings_restore(). */
extern void job_set_restore(Job *job, List *restore);

/* Store a new job that makes an index again, when "first" has ended. */
extern void job_insert_follower(Job *job, const Job *first);

/* Does another job wait for the end of this one? */
/* End the jobs that came here with a copy of their database. */
extern void job_cancel_copied(void);

extern bool job_has_followers(const Job *job);

/* Take the job for this process, or leave it. */
extern void job_set_worker(Job *job, int pid);

/* Sleep; ends by an error, or with the process, if it is told to end. */
extern void job_sleep(long ms);

#endif							/* CLIPPERF_JOBS_H */
