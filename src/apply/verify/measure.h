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

#include "apply/jobs/jobs.h"
#include "datatype/timestamp.h"
#include "store/histogram.h"

/* Counters of one statement: of all users and routes, up to some moment. */
typedef struct Measure
{
	uint64		queryid;
	bool		write;			/* changes the table */
	bool		served;			/* the index is meant for it */
	TimestampTz first_seen;		/* its counters began, at the latest */
	double		calls;
	double		total_us;
	double		rows;			/* returned or changed */
	double		blocks;			/* shared, hit or read */
	double		blocks_read;	/* of these, not found in the cache */
	Histogram	latency;
} Measure;

/* When counters are kept in the job. */
#define MEASURE_BEFORE	"before"	/* the build began */
#define MEASURE_BUILT	"built" /* it was done */

/*
 * The statements that the job's index is meant for, and those that write to
 * its table, as counted since another job last changed the table's indexes, or
 * for as long as is known if that was not long enough ago.  Returns how many
 * there are; *measures is palloc'd.  Within job_begin() and job_end(), as the
 * next two.
 */
extern int	measure_affected(const Job *job, Measure **measures);

/* Keep measures in the job, or read what was kept; keeping forgets what was. */
extern void measure_keep(const Job *job, const char *stage,
						 const Measure *measures, int count);
extern int	measure_kept(const Job *job, const char *stage, Measure **measures);

/* The same statements as counted up to now, palloc'd. */
extern Measure *measure_again(const Measure *measures, int count);

/* The one of that statement, or NULL. */
extern const Measure *measure_find(const Measure *measures, int count,
								   uint64 queryid);

/*
 * What happened since "at", when the counters were "earlier" (NULL = there were
 * none); all of "later" if they were begun anew since then.
 */
extern void measure_subtract(const Measure *later, const Measure *earlier,
							 TimestampTz at, Measure *difference);

#endif							/* CLIPPERF_MEASURE_H */
