/*-------------------------------------------------------------------------
 *
 * leftovers.h
 *	  What a job that was interrupted has left, and how it is taken away.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LEFTOVERS_H
#define CLIPPERF_LEFTOVERS_H

#include "compat.h"

#include "apply/jobs/jobs.h"

typedef enum LeftoversOutcome
{
	LEFTOVERS_NONE,				/* nothing is left */
	LEFTOVERS_DONE,				/* nothing, for the job's work is done */
	LEFTOVERS_LEFT				/* something could not be removed */
} LeftoversOutcome;

/* Has the job left something that only a worker can take away? */
extern bool leftovers_exist(Job *job);

/* Take away what the job has left; no transaction is open. */
extern LeftoversOutcome leftovers_remove(Job *job, bool ends, const char *reason);

/* Drop an INVALID index that a build has left; false if it cannot be done. */
extern bool leftovers_drop(Job *job, Oid relid, const char *index_name);

/* The index that the job builds or has built, if it is there. */
extern Oid	leftovers_index(const Job *job);

/* Is it an INVALID index of the table, as a build leaves it? */
extern bool leftovers_is_one(Oid index_oid, Oid relid);

#endif							/* CLIPPERF_LEFTOVERS_H */
