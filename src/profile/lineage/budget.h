/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  What recording the results of statements without children may cost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BUDGET_H
#define CLIPPERF_BUDGET_H

#include "profile/statement/statement_info.h"

/* Is another result of this statement to be recorded now, clock_us()? */
extern bool budget_admits(StatementInfo *info, int64 now_us);

/* The executor has worked so long for a result, recorded or not. */
extern void budget_earn(int64 us);

/* So many values of such a result were recorded. */
extern void budget_spend(uint64 queryid, int64 now_us, int values);

#endif							/* CLIPPERF_BUDGET_H */
