/*-------------------------------------------------------------------------
 *
 * measure.h
 *	  What the statements that an index concerns did, and what changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MEASURE_H
#define CLIPPERF_MEASURE_H

#include "compat.h"

#include "apply/jobs.h"
#include "store/histogram.h"

/* Counters of one statement: of all users and routes, up to some moment. */
typedef struct Measure
{
	uint64		queryid;
	bool		write;			/* changes the table, else meant to be served */
	double		calls;
	double		total_us;
	double		blocks;			/* shared, hit or read */
	Histogram	latency;
} Measure;

/* When counters are kept in the job. */
#define MEASURE_BEFORE	"before"	/* the build began */
#define MEASURE_BUILT	"built" /* it was done */

/*
 * The statements that the job's index is meant for, and those that write to
 * its table, as counted up to now.  Returns how many there are; *measures is
 * palloc'd.  Within job_begin() and job_end(), as the next two.
 */
extern int	measure_now(const Job *job, Measure **measures);

/* Keep them in the job, or read what was kept; keeping forgets what was. */
extern void measure_keep(const Job *job, const char *stage,
						 const Measure *measures, int count);
extern int	measure_kept(const Job *job, const char *stage, Measure **measures);

/* The one of that statement, or NULL. */
extern const Measure *measure_find(const Measure *measures, int count,
								   uint64 queryid);

/*
 * What happened between two moments; all of "later" if the counters were begun
 * anew meanwhile.
 */
extern void measure_subtract(const Measure *later, const Measure *earlier,
							 Measure *difference);

#endif							/* CLIPPERF_MEASURE_H */
