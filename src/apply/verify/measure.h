/*-------------------------------------------------------------------------
 *
 * measure.h
 *	  Counters of the statements that an index affects, kept and subtracted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MEASURE_H
#define CLIPPERF_MEASURE_H

#include "compat.h"

#include "apply/jobs/jobs.h"
#include "datatype/timestamp.h"
#include "store/histogram.h"

/* Counters of one statement: of all users and routes, up to some moment. */
typedef struct Measure
{
	uint64		queryid;
	bool		read;			/* reads the table, to change it or not */
	bool		write;			/* changes the table */
	bool		served;			/* the index is meant for it */
	bool		foreseen;		/* it was to become slower, as the
								 * recommendation said */
	TimestampTz first_seen;		/* its counters began, at the latest */
	double		calls;
	double		errors;			/* executions that failed, beside the calls,
								 * but for interruptions and lack of rights */
	double		refused;		/* of these, at a limit of the server */
	double		total_us;
	double		rows;			/* returned or changed */
	double		blocks;			/* shared, hit or read */
	double		blocks_read;	/* of these, not found in the cache */
	double		wal;			/* bytes */
	Histogram	latency;
} Measure;

/*
 * Calls.  More on one side make no comparison surer, as calls that follow each
 * other are not independent; the counters before a build reach back until there
 * are that many.
 */
#define MEASURE_SAMPLE	400

/* When counters are kept in the job. */
#define MEASURE_BEFORE	"before"	/* the build began */
#define MEASURE_BUILT	"built" /* it was done */

/* The statements that use the job's table, as counted until now. */
extern int	measure_affected(const Job *job, Measure **measures);

/* Keep measures in the job; those kept at that stage are replaced. */
extern void measure_keep(const Job *job, const char *stage,
						 const Measure *measures, int count);

/* Read what was kept in the job at a stage; returns how many there are. */
extern int	measure_kept(const Job *job, const char *stage, Measure **measures);

/* Mark those that the job's recommendation said would be slower. */
extern void measure_mark_foreseen(const Job *job, Measure *measures, int count);

/* Count the statements of "measures" again, up to now. */
extern Measure *measure_again(const Measure *measures, int count);

/* The measure of a statement, or NULL. */
extern const Measure *measure_find(const Measure *measures, int count,
								   uint64 queryid);

/* What happened between two measures of one statement. */
extern void measure_subtract(const Measure *later, const Measure *earlier,
							 TimestampTz at, Measure *difference);

#endif							/* CLIPPERF_MEASURE_H */
