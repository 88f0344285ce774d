/*-------------------------------------------------------------------------
 *
 * jobs.h
 *	  Jobs: what is to be done to one index, and how far it has come.
 *
 * A job is a row of clipperf_job.  Every change of its state is kept in
 * clipperf_job_changes, by a trigger.  All functions need a transaction, a
 * snapshot and a connection of SPI, see job_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JOBS_H
#define CLIPPERF_JOBS_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

/* States, in the order in which job_state_names[] in jobs.c names them. */
typedef enum JobState
{
	JOB_QUEUED,					/* nobody has looked at it yet */
	JOB_WAITING,				/* for something that its reason names */
	JOB_BUILDING,				/* a worker builds or drops */
	JOB_VERIFYING,				/* built; does it pay? */
	JOB_KEPT,
	JOB_USELESS,
	JOB_REGRESSED,
	JOB_REVERTED,
	JOB_FAILED,
	JOB_CANCELLED
} JobState;

/* A job that was broken off so often is given up. */
#define JOB_MOST_ATTEMPTS	10

typedef struct Job
{
	int64		id;				/* 0: not stored */
	Oid			table;			/* clipperf_job, as it was found in */
	bool		drop;			/* else create */
	bool		revert;			/* take back what it did */
	char	   *cancel;			/* why it is to end, once what is left of it
								 * is removed; NULL if it is not */
	JobState	state;
	char	   *reason;			/* NULL if none */
	int64		recommendation; /* 0 if none */
	Oid			relid;
	char	   *relation_name;
	char	   *index_name;
	char	   *ddl;			/* CREATE INDEX, not CONCURRENTLY */
	Oid			index_oid;		/* InvalidOid: none known */
	bool		undo;			/* the index it drops was valid */
	Oid			part_relid;		/* partition whose index it builds, or 0 */
	char	   *part_name;		/* name of that index */
	double		part_from;		/* share of the table that is before it, */
	double		part_share;		/* and that it is, by size */
	List	   *parts;			/* OIDs: indexes of partitions it has built */
	List	   *taken_in;		/* OIDs: partitions that had the index before */
	List	   *restore;		/* char *: name of the index it dropped, and
								 * statements that follow CREATE INDEX */
	bool		transactional;
	ArrayType  *queryids;		/* int8; NULL if none */
	int64		size_bytes;		/* estimated; -1 if unknown */
	Oid			role;
	ArrayType  *settings;		/* text: "name=value"; NULL if none */
	int			attempts;		/* builds that were broken off */
	TimestampTz changed_at;		/* when its state changed last */
	TimestampTz verify_since;	/* 0 if not */
} Job;

/* Does it make an index (or else drop one)? */
#define JOB_CREATES(job) ((job)->drop == (job)->revert)

/* Open and close: */
extern void job_begin(void);
extern void job_end(void);

/* Run a step of a worker between job_begin() and job_end(). */
extern ErrorData *job_step(void (*step) (void *arg), void *arg,
						   MemoryContext context);

/* Wait for locks for a moment only, to the end of the transaction. */
extern void job_limit_lock_waits(void);

extern const char *job_state_name(JobState state);
extern bool job_state_is_open(JobState state);	/* a worker has to do with it */

/* The job, palloc'd in "context"; NULL if there is none of this number. */
extern Job *job_load(int64 id, MemoryContext context);

/* Store a new job and set its id. */
extern void job_insert(Job *job);

/* An open job for the same index of the same table, 0 if there is none. */
extern int64 job_find_open(const Job *job);

/* Change the state; nothing happens if the job is gone. */
extern void job_change(Job *job, JobState state, const char *reason);

/* Let a job wait that long, for a reason that is shown. */
extern void job_wait(Job *job, int64 delay_ms, const char *reason);

/* Queue a job to be taken back, as that role. */
extern void job_set_goal_revert(Job *job, Oid role, const char *reason);

/* Let a worker end it as cancelled, once what is left of it is removed. */
extern void job_set_cancel(Job *job, const char *reason);

/* Count an attempt that was broken off. */
extern void job_count_attempt(Job *job);

/* Remember the index that it has built. */
extern void job_set_index(Job *job, Oid index_oid, const char *index_name);

/* Remember that the index it is about to drop is a valid one. */
extern void job_set_undo(Job *job);

/* The index of a partition is built from now; it is built. */
extern void job_begin_part(Job *job, Oid relid, const char *index_name,
						   double from, double share);
extern void job_add_part(Job *job, Oid index_oid);
extern void job_keep_part(Job *job, Oid index_oid);

/* Store job->parts and job->taken_in. */
extern void job_store_parts(const Job *job);

/* What makes the index that it drops what it was, see index_settings.h. */
extern void job_set_restore(Job *job, List *restore);

/*
 * Store a new job that makes an index again, when "first" has ended as reverted;
 * it is cancelled if that ends otherwise.
 */
extern void job_insert_follower(Job *job, const Job *first);
extern bool job_has_followers(const Job *job);

/* Take the job for this process, or leave it. */
extern void job_set_worker(Job *job, int pid);

/* Sleep; ends by an error, or with the process, if it is told to end. */
extern void job_sleep(long ms);

#endif							/* CLIPPERF_JOBS_H */
