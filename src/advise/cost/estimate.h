/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  What each statement would cost with some of the candidates built.
 *
 * Indexes are named by their number; sets of them are Bitmapsets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ESTIMATE_H
#define CLIPPERF_ESTIMATE_H

#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"
#include "nodes/bitmapset.h"

typedef struct EstimatedStatement
{
	WorkloadStatement *workload;
	Bitmapset  *relevant;		/* indexes that could matter to it */
	List	   *answers;		/* of the planner, so far */
	double		base_cost;		/* without any of them */
	double	   *base_by;		/* that cost by variant */
	bool		stops_early;	/* some plan does, or could */
	bool		shortened;		/* planning it with many indexes is too much:
								 * some were left out */
} EstimatedStatement;

typedef struct Estimator
{
	MemoryContext context;		/* of the answers */
	int			nindexes;
	WhatIfIndex **indexes;
	int			nstatements;
	EstimatedStatement *statements;
	int64		questions;		/* asked of the planner */
	int64		deadline_us;	/* clock_us(); 0 = none */
	bool		late;			/* the deadline has passed */
	TimestampTz told;			/* when progress was told last */
} Estimator;

/* The cost of one call of a statement with the indexes "with" built. */
extern double estimate_cost(Estimator *estimator, int statement,
							const Bitmapset *with, Bitmapset **used);

/* The time of a statement with the indexes "with" built. */
extern double estimate_time_us(Estimator *estimator, int statement,
							   const Bitmapset *with);

/* That time if the planner were right about plans that stop early. */
extern double estimate_planned_us(Estimator *estimator, int statement,
								  const Bitmapset *with);

/*
 * Indexes by which the planner hoped to stop earlier than is to be expected.
 */
extern Bitmapset *estimate_underpriced(const Estimator *estimator, int statement);

/* The bounds of that time by what the planner said so far. */
extern bool estimate_bound_us(Estimator *estimator, int statement,
							  const Bitmapset *with, double *low,
							  double *high);

/* Has the time that was allowed run out? */
extern bool estimate_is_late(Estimator *estimator);

#endif							/* CLIPPERF_ESTIMATE_H */
