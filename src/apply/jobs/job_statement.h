/*-------------------------------------------------------------------------
 *
 * job_statement.h
 *	  The statement that a job runs, for people.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JOB_STATEMENT_H
#define CLIPPERF_JOB_STATEMENT_H

#include "compat.h"

/* The statement that creates, or drops, the index of a job. */
extern char *job_statement(bool drop, const char *ddl, Oid relid,
						   const char *index_name, bool transactional);

#endif							/* CLIPPERF_JOB_STATEMENT_H */
