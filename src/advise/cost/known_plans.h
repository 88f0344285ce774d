/*-------------------------------------------------------------------------
 *
 * known_plans.h
 *	  The plans of a statement that the planner was seen to make.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_KNOWN_PLANS_H
#define CLIPPERF_KNOWN_PLANS_H

#include "compat.h"

#include "nodes/bitmapset.h"

/* Costs are multiples of what the statement costs now. */
typedef struct KnownPlan
{
	double		planned;		/* by the planner, which takes the cheapest;
								 * see known_plans_rank() */
	double		time;			/* as it is to be expected */
	bool		guessed;		/* the planner was not asked */
	int			nneeded;
	int		   *needed;			/* indexes without which there is no such plan */
} KnownPlan;

typedef struct KnownPlans
{
	int			count;
	int			room;
	KnownPlan  *plans;			/* cheapest first */
} KnownPlans;

/* What the plan with the indexes "with" is compared by. */
extern double known_plans_rank(const KnownPlans *known, const Bitmapset *with,
							   double planned);

/* Add a plan, unless another one needs no more and costs no more. */
extern void known_plans_add(KnownPlans *known, MemoryContext context,
							const Bitmapset *needed, double planned,
							double time, bool guessed);

/* Does some plan need an index? */
extern bool known_plans_need(const KnownPlans *known, int index);

/* Remove guesses that the planner's cost with the indexes "with" refutes. */
extern void known_plans_refute(KnownPlans *known, const Bitmapset *with,
							   double planned);

#endif							/* CLIPPERF_KNOWN_PLANS_H */
