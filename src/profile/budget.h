/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  What recording the results of statements without children may cost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BUDGET_H
#define CLIPPERF_BUDGET_H

#include "c.h"

/*
 * May another result of this statement be recorded now, clock_us()?  Those of
 * statements that had children lately always may.
 */
extern bool budget_allows(uint64 queryid, int64 now_us);

/* So many values of such a result were recorded. */
extern void budget_spend(uint64 queryid, int64 now_us, int values);

#endif							/* CLIPPERF_BUDGET_H */
