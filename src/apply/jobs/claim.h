/*-------------------------------------------------------------------------
 *
 * claim.h
 *	  Which process works on a job.
 *
 * Whoever works on a job holds two session locks: on the job, and on its
 * table, so that clipperf does one thing to a table at a time.  They end with
 * the process; a job in state building that is not locked was left by one that
 * died.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CLAIM_H
#define CLIPPERF_CLAIM_H

#include "compat.h"

#include "storage/lockdefs.h"

#include "apply/jobs/jobs.h"

/*
 * Take the first job that is due and that nobody works on; NULL if there is
 * none.  *more tells whether another one is due.  Opens transactions itself.
 */
extern Job *claim_next(MemoryContext context, bool *more);

/*
 * Was this worker told to cancel the job?  Then job->cancel says so from now
 * on, and the worker can be told again.
 */
extern void claim_heed_cancel(Job *job);

/*
 * The work on the job is done, and nobody can interrupt it any more.  The same
 * as claim_heed_cancel() for what came last.
 */
extern void claim_end_work(Job *job);

/* Give the locks of a job back. */
extern void claim_release(const Job *job);

/*
 * Keep workers away from a job to the end of the transaction; false if one has
 * it.
 */
extern bool claim_exclude(int64 job);

/* The same for a session; claim_release_job() ends it. */
extern bool claim_job(int64 job);
extern void claim_release_job(int64 job);

/*
 * Get a lock on a relation for the session, which has it already or gets it at
 * once; false if not.  And end it, unless an aborted transaction has done so.
 */
extern bool claim_relation(Oid relid, LOCKMODE mode);
extern void claim_release_relation(Oid relid, LOCKMODE mode);

/* When the next job is due; DT_NOEND if there is none. */
extern TimestampTz claim_next_due(void);

#endif							/* CLIPPERF_CLAIM_H */
