/*-------------------------------------------------------------------------
 *
 * statement_cost.h
 *	  What a statement costs under a config, over all its variants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATEMENT_COST_H
#define CLIPPERF_STATEMENT_COST_H

#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"

/* Costs are of one call, in the planner's unit. */
typedef struct StatementCost
{
	double		planned;		/* the planner's, weighed over the variants */
	double		likely;			/* the same, if the plans that stop early do
								 * so as late as they may: never less */
	double	   *planned_by;		/* by variant */
	double	   *likely_by;
	Bitmapset  *used;			/* positions in the config, of indexes that
								 * these plans use */
	Bitmapset  *decisive;		/* these, and those of a plan that was looked
								 * at besides */
	List	   *used_real;		/* OIDs */
	bool		stops_early;	/* some plan hopes to stop early, or could
								 * with other indexes */
	int			plans;			/* made by the planner */
} StatementCost;

/*
 * Plan a statement in its sandbox, and remember with it what samples of its
 * tables tell.
 */
extern ErrorData *statement_cost(WorkloadStatement *statement,
								 const WhatIfConfig *config,
								 StatementCost *cost);

/* The same by the planner's word alone: */
extern ErrorData *statement_planned_cost(WorkloadStatement *statement,
										 const WhatIfConfig *config,
										 StatementCost *cost);

#endif							/* CLIPPERF_STATEMENT_COST_H */
