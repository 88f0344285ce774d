/*-------------------------------------------------------------------------
 *
 * statement_counters.h
 *	  What is known of a statement: its key, its counters, one execution.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATEMENT_COUNTERS_H
#define CLIPPERF_STATEMENT_COUNTERS_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/histogram.h"
#include "store/route.h"
#include "store/sketch.h"

typedef struct StatementKey
{
	uint64		queryid;
	Oid			userid;
	Oid			dbid;
	RouteId		route;
	uint32		toplevel;		/* 1 = sent by a client, 0 = nested */
} StatementKey;

static inline bool
statement_keys_are_equal(const StatementKey *a, const StatementKey *b)
{
	return a->queryid == b->queryid && a->userid == b->userid &&
		a->dbid == b->dbid && a->route == b->route &&
		a->toplevel == b->toplevel;
}

/*
 * Times in microseconds.  What eviction looks at stands together, and the part
 * of the histogram that is in use is known, because where statements come and
 * go fast most of their cost is the memory they touch.
 */
typedef struct StatementCounters
{
	double		total_us;
	TimestampTz last_seen;
	int64		calls;			/* executions that ended without error */
	int64		errors;			/* executions that ended with one */
	int64		refused;		/* of these, for a row that no index could
								 * hold, or another limit of the server */
	int64		interrupted;	/* of these, for reasons beside the statement:
								 * canceled, no lock, no rights, .. */
	int64		rows;
	double		min_us;
	double		max_us;
	double		mean_us;		/* of the calls, for sum_dev2 */
	double		sum_dev2;		/* sum of squared deviations from the mean */
	double		plan_us;
	int64		shared_blks_hit;
	int64		shared_blks_read;
	int64		temp_blks_written;
	int64		wal_bytes;
	TimestampTz first_seen;
	Sketch		params;			/* distinct parameter lists */
	uint16		latency_first;	/* latency is empty before this bucket .. */
	uint16		latency_end;	/* .. and from this one on */
	Histogram	latency;		/* of the calls; must be last */
} StatementCounters;

/* The server's counters of work, or a difference of two readings. */
typedef struct WorkCounters
{
	int64		shared_blks_hit;
	int64		shared_blks_read;
	int64		temp_blks_written;
	int64		wal_bytes;
} WorkCounters;

/* What one execution did, and the time that it took, in microseconds. */
typedef struct StatementWork
{
	int64		elapsed_us;		/* inside the executor */
	int64		plan_us;		/* of the planner, 0 if it was planned before */
	int64		rows;			/* processed */
	WorkCounters counters;		/* inside the executor */
} StatementWork;

/* One execution, as the profiler measured it. */
typedef struct StatementSample
{
	bool		failed;
	bool		refused;		/* it failed at a limit of the server */
	bool		interrupted;	/* it failed for a reason beside it */
	uint32		params_hash;	/* unless it failed */
	TimestampTz when;			/* start of the client's statement */
	const StatementWork *work;	/* all zeros if it failed */
} StatementSample;

/* Makes the normalised text of the statement being counted; palloc'd. */
typedef char *(*StatementTextMaker) (void *arg);

#endif							/* CLIPPERF_STATEMENT_COUNTERS_H */
