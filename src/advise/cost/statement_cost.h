/*-------------------------------------------------------------------------
 *
 * statement_cost.h
 *	  What a statement costs under a config, over all its variants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATEMENT_COST_H
#define CLIPPERF_STATEMENT_COST_H

#include "advise/cost/plan_blocks.h"
#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"

/* Costs are of one call, in the planner's unit. */
typedef struct StatementCost
{
	double		planned;		/* the planner's, weighted over the variants */
	double		likely;			/* what is to be expected, since plans that
								 * stop early may do so late: never less */
	double	   *planned_by;		/* by variant */
	double	   *likely_by;
	Bitmapset  *used;			/* positions in the config, of indexes that
								 * these plans use */
	Bitmapset  *decisive;		/* these, those that a generic plan would use,
								 * and those whose statistics count */
	List	   *used_real;		/* OIDs */
	bool		stops_early;	/* some plan hopes to stop early, or could
								 * with other indexes */
	int			plans;			/* made by the planner */
	BlockEstimate blocks;		/* touched by a call, and .. */
	List	   *scans;			/* of IndexScans, both only if the config asks
								 * for them; NIL = unknown */
} StatementCost;

/* What a statement costs, with what late stops add; NULL or an error. */
extern ErrorData *statement_cost(WorkloadStatement *statement,
								 const WhatIfConfig *config,
								 StatementCost *cost);

/* What a statement costs by the planner alone; NULL or an error. */
extern ErrorData *statement_planned_cost(WorkloadStatement *statement,
										 const WhatIfConfig *config,
										 StatementCost *cost);

#endif							/* CLIPPERF_STATEMENT_COST_H */
