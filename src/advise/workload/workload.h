/*-------------------------------------------------------------------------
 *
 * workload.h
 *	  The statements of this database, ready to be planned again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKLOAD_H
#define CLIPPERF_WORKLOAD_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "nodes/params.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

#include "advise/workload/sandbox.h"

/*
 * One way to plan a statement: with the parameters of one execution, perhaps
 * but for one value, or with none.
 */
typedef struct WorkloadVariant
{
	const char *text;			/* what queries were made of */
	List	   *queries;		/* rewritten; copyObject() before planning */
	ParamListInfo params;		/* NULL = generic */
	double		weight;			/* share of the statement's time; sum 1 */
	double		cost;			/* of its plan as things are, planner's unit */
	bool		drawn;			/* with a value from statistics */
} WorkloadVariant;

/* A statement as one user runs it, over all routes.  Times in microseconds. */
typedef struct WorkloadStatement
{
	uint64		queryid;
	Oid			userid;
	const char *search_path;	/* of its latest sample, or one that finds its
								 * tables; NULL = the session's */
	SandboxSettings settings;	/* that its latest sample read */
	const char *text;			/* normalised; NULL = not kept */
	const char *route;			/* that takes most of its time; NULL = none */
	CmdType		command;
	double		calls;
	double		total_us;
	double		rows;
	double		blocks;			/* shared blocks hit and read */
	double		distinct;		/* lists of parameters and literals; estimate */
	TimestampTz first_seen;
	TimestampTz last_seen;
	List	   *variants;		/* NIL if there is a problem */
	bool		handed_in;		/* by the caller, instead of observed */
	bool		parameterized;	/* it is handed the values that vary */
	List	   *relids;			/* OIDs of tables, see workload_load() */
	List	   *filled;			/* OIDs of those that were only inserted into
								 * when it ran; not locked */
	char	   *problem;		/* why it cannot be planned; NULL = it can */

	/* Learnt by statement_cost.c. */
	List	   *scans;			/* where matches are in their order */
	bool		never_generic;	/* it is not prepared by name */
} WorkloadStatement;

/* Which statements are wanted; all zero = all of them. */
typedef struct WorkloadFilter
{
	int64		min_calls;
	TimestampTz since;			/* seen since then; 0 = any time */
	List	   *queryids;		/* of uint64 *; NIL = all */
	int64		deadline_us;	/* try no more statements then; 0 = none */
	int			max_statements; /* those that take most time; 0 = all */
} WorkloadFilter;

/* An array of bigint as a list for the filter. */
extern List *workload_queryids(ArrayType *array);

/* The argument min_calls, if it makes sense. */
extern int64 workload_min_calls(int64 min_calls);

/*
 * Statements of this database that the caller may read, those first that take
 * most time, in the current memory context.
 */
extern List *workload_load(const WorkloadFilter *filter);

/* The statements without those that filled tables before anything read them. */
extern List *workload_without_loads(List *statements);

/* Statements handed in, as the caller would run them, so often each; equal ones are one. */
extern List *workload_from_texts(ArrayType *texts, ArrayType *weights);

/* Where a statement is to be planned. */
extern Sandbox workload_sandbox(const WorkloadStatement *statement);

#endif							/* CLIPPERF_WORKLOAD_H */
