/*-------------------------------------------------------------------------
 *
 * job_lock.h
 *	  Which process works on a job.
 *
 * Whoever works on a job holds two session locks: on the job, and on its
 * table, so that clipperf does one thing to a table at a time.  They end with
 * the process; a job in state building that is not locked was left by one that
 * died.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JOB_LOCK_H
#define CLIPPERF_JOB_LOCK_H

#include "compat.h"

#include "storage/lockdefs.h"

#include "apply/jobs/jobs.h"

/*
 * Take the first job that is due and that nobody works on; NULL if there is
 * none.
 */
extern Job *job_lock_next(MemoryContext context, bool *more);

/* Was this worker told to cancel the job? */
extern void job_lock_check_cancel(Job *job);

/* The work on the job is done, and nobody can interrupt it any more. */
extern void job_lock_end_work(Job *job);

/* Give the locks of a job back. */
extern void job_lock_release(const Job *job);

/*
 * Keep workers away from a job to the end of the transaction; false if one has
 * it.
 */
extern bool job_lock_exclude(int64 job);

/* The same for a session; job_lock_release_id() ends it. */
extern bool job_lock_acquire(int64 job);
extern void job_lock_release_id(int64 job);

/*
 * Get a lock on a relation for the session, which has it already or gets it at
 * once; false if not.
 */
extern bool job_lock_relation(Oid relid, LOCKMODE mode);
extern void job_lock_release_relation(Oid relid, LOCKMODE mode);

/* When the next job is due; DT_NOEND if there is none. */
extern TimestampTz job_next_due(void);

#endif							/* CLIPPERF_JOB_LOCK_H */
