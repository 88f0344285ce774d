/*-------------------------------------------------------------------------
 *
 * plans.h
 *	  The plans that the caller may see.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLANS_H
#define CLIPPERF_PLANS_H

#include "compat.h"

#include "nodes/pg_list.h"
#include "store/plan.h"

/* Copies of the plans of this database that the caller may see, of StatementPlan. */
extern List *plans_of_caller(void);

#endif							/* CLIPPERF_PLANS_H */
