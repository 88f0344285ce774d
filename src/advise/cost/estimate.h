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
	double	   *base_by;		/* the same, by variant */
	bool		stops_early;	/* some plan does, or could */
} EstimatedStatement;

typedef struct Estimator
{
	MemoryContext context;		/* of the answers */
	int			nindexes;
	WhatIfIndex **indexes;
	int			nstatements;
	EstimatedStatement *statements;
	int64		questions;		/* asked of the planner */
	TimestampTz deadline;		/* 0 = none */
	bool		late;			/* it has passed */
	TimestampTz told;			/* when people were told how far it is */
} Estimator;

/*
 * The cost of one call of a statement with the indexes "with" built, weighted
 * over its samples:
 */
extern double estimate_cost(Estimator *estimator, int statement,
							const Bitmapset *with, Bitmapset **used);

/* The time that went into a statement, as it would be with those indexes. */
extern double estimate_time_us(Estimator *estimator, int statement,
							   const Bitmapset *with);

/* .. */
extern double estimate_planned_us(Estimator *estimator, int statement,
								  const Bitmapset *with);

/*
 * Indexes that the planner was seen to use for a statement because it hoped to
 * stop earlier than is to be expected.
 */
extern Bitmapset *estimate_underpriced(const Estimator *estimator, int statement);

/* What the answers so far say of that time. */
extern bool estimate_bound_us(Estimator *estimator, int statement,
							  const Bitmapset *with, double *low,
							  double *high);

/* Has the time that was allowed run out? */
extern bool estimate_is_late(Estimator *estimator);

#endif							/* CLIPPERF_ESTIMATE_H */
