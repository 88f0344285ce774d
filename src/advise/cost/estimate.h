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

#include "advise/cost/known_plans.h"
#include "advise/cost/plan_blocks.h"
#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"
#include "nodes/bitmapset.h"

/*
 * Share of what a statement took without the indexes that were recommended and built:
 * saving less is not worth another index.
 */
#define HARDLY_BETTER	0.05

typedef struct EstimatedStatement
{
	WorkloadStatement *workload;
	Bitmapset  *relevant;		/* indexes that could matter to it */
	List	   *answers;		/* of the planner, so far */
	List	   *touched;		/* of TouchedBlocks: what is known of them */
	KnownPlans	known;			/* that these tell of */
	double		base_cost;		/* without any of them */
	double	   *base_by;		/* that cost by variant */
	double		least_saved;	/* share of it: what saves less counts as
								 * nothing */
	bool		stops_early;	/* some plan does, or could */
	bool		shortened;		/* planning it with many indexes is too much:
								 * some were left out */
} EstimatedStatement;

typedef struct Estimator
{
	MemoryContext context;		/* of the answers */
	int			nindexes;
	WhatIfIndex **indexes;
	bool		carry_safely;	/* see WhatIfConfig */
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

/* The blocks that a call touches with them, by its plans. */
extern BlockEstimate estimate_blocks(Estimator *estimator, int statement,
									 const Bitmapset *with);

/* That time by the cheapest plan known. */
extern double estimate_least_us(const Estimator *estimator, int statement);

/* That time if the planner were right about plans that stop early. */
extern double estimate_planned_us(Estimator *estimator, int statement,
								  const Bitmapset *with);

/*
 * Indexes by which the planner hoped to stop earlier than is to be expected.
 */
extern Bitmapset *estimate_underpriced(const Estimator *estimator, int statement);

/* Indexes by which it was seen to become clearly slower than it is now. */
extern Bitmapset *estimate_harmful(const Estimator *estimator, int statement);

/* Guess that in its plan "new" can be put in the place of "old". */
extern void estimate_guess(Estimator *estimator, int statement,
						   const Bitmapset *with, int old, int new);

/* Has the time that was allowed run out? */
extern bool estimate_is_late(Estimator *estimator);

#endif							/* CLIPPERF_ESTIMATE_H */
