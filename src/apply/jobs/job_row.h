/*-------------------------------------------------------------------------
 *
 * job_row.h
 *	  A job as it is in memory, and its row of _clipperf_job.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_JOB_ROW_H
#define CLIPPERF_JOB_ROW_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

#include "common/own_sql.h"

/* States, in the order in which job_state_names[] in job_row.c names them. */
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
	JOB_CANCELED				/* the last one */
} JobState;

#define JOB_STATES (JOB_CANCELED + 1)

typedef struct Job
{
	int64		id;				/* 0: not stored */
	Oid			table;			/* clipperf_job, as it was found in */
	bool		drop;			/* else create */
	bool		revert;			/* revert what it did */
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
	Oid			database;		/* in which it was made */
	ArrayType  *settings;		/* text: "name=value"; NULL if none */
	int			attempts;		/* builds that were interrupted */
	TimestampTz changed_at;		/* when its state changed last */
	TimestampTz verify_since;	/* 0 if not */
} Job;

/* Does it make an index (or else drop one)? */
#define JOB_CREATES(job) ((job)->drop == (job)->revert)

/*
 * Columns of _clipperf_job that a Job holds, in the order of job_columns[] in
 * job_row.c.
 */
typedef enum JobColumnNumber
{
	JOB_COLUMN_JOB,
	JOB_COLUMN_ACTION,
	JOB_COLUMN_GOAL,
	JOB_COLUMN_CANCEL,
	JOB_COLUMN_STATE,
	JOB_COLUMN_REASON,
	JOB_COLUMN_RECOMMENDATION,
	JOB_COLUMN_RELID,
	JOB_COLUMN_RELATION_NAME,
	JOB_COLUMN_INDEX_NAME,
	JOB_COLUMN_DDL,
	JOB_COLUMN_INDEX_OID,
	JOB_COLUMN_UNDO,
	JOB_COLUMN_PART_RELID,
	JOB_COLUMN_PART_NAME,
	JOB_COLUMN_PART_FROM,
	JOB_COLUMN_PART_SHARE,
	JOB_COLUMN_PARTS,
	JOB_COLUMN_TAKEN_IN,
	JOB_COLUMN_RESTORE,
	JOB_COLUMN_TRANSACTIONAL,
	JOB_COLUMN_QUERYIDS,
	JOB_COLUMN_SIZE_BYTES,
	JOB_COLUMN_ROLE,
	JOB_COLUMN_SETTINGS,
	JOB_COLUMN_ATTEMPTS,
	JOB_COLUMN_CHANGED_AT,
	JOB_COLUMN_VERIFY_SINCE,
	JOB_COLUMN_DATABASE			/* the last one */
} JobColumnNumber;

#define JOB_COLUMNS (JOB_COLUMN_DATABASE + 1)

/* A column in a set of columns: JOB_BIT(STATE) | JOB_BIT(REASON) */
#define JOB_BIT(name) ((uint32) 1 << JOB_COLUMN_##name)

/* The name of a state, as users see it. */
extern const char *job_state_name(JobState state);

/* The job, palloc'd in "context"; NULL if there is none of this number. */
extern Job *job_load(int64 id, MemoryContext context);

/* Store a new job and set its id. */
extern void job_insert(Job *job);

/* Errors if the job's table is another one by now. */
extern void job_row_require_table(const Job *job);

/* Store these columns as they are in the job, and set others by SQL. */
extern void job_row_update(const Job *job, uint32 columns, const char *sets,
						   int nargs, const SqlArg *args);

#endif							/* CLIPPERF_JOB_ROW_H */
