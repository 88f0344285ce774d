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

/* No job is put off for longer, in seconds. */
#define JOB_MOST_DELAY_S 60

/*
 * SQL: has the time come at which a job is to be looked at again?  One that is
 * further off than any delay is from before the server's clock was set back,
 * and so is that of a queued job which was changed at a time to come.
 */
#define JOB_TIME_HAS_COME \
	"(retry_at <= clock_timestamp() OR CASE state" \
	" WHEN 'queued' THEN changed_at > clock_timestamp()" \
	" ELSE retry_at > clock_timestamp()" \
	" + interval '" CppAsString2(JOB_MOST_DELAY_S) " s' END)"

/* Take the first job that is due and that nobody works on; NULL if none is. */
extern Job *job_lock_next(MemoryContext context, bool *more);

/* Note in the job if this worker was told to cancel it. */
extern void job_lock_check_cancel(Job *job);

/* The work on the job is done, and nobody can interrupt it any more. */
extern void job_lock_end_work(Job *job);

/* Give the locks of a job back. */
extern void job_lock_release(const Job *job);

/* Let others make jobs for the table only when this transaction has ended. */
extern void job_lock_making(Oid relid);

/* Keep workers away from a job in this transaction; false if one has it. */
extern bool job_lock_exclude(int64 job);

/* Keep workers away from a job until job_lock_release_id(). */
extern bool job_lock_acquire(int64 job);
extern void job_lock_release_id(int64 job);

/* Has the session a lock on a relation? */
extern bool job_lock_is_held(Oid relid, LOCKMODE mode);

/* Get a lock on a relation for the session at once; false if that fails. */
extern bool job_lock_relation(Oid relid, LOCKMODE mode);
extern void job_lock_release_relation(Oid relid, LOCKMODE mode);

/* The same, AccessShareLock on the extension. */
extern bool job_lock_extension(Oid extension);
extern void job_lock_release_extension(Oid extension);

/* Milliseconds until the next job is due; -1 if there is none. */
extern int64 job_next_due(void);

#endif							/* CLIPPERF_JOB_LOCK_H */
