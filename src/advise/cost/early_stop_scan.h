/*-------------------------------------------------------------------------
 *
 * early_stop_scan.h
 *	  What the scans and joins of a plan test; for early_stop.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EARLY_STOP_SCAN_H
#define CLIPPERF_EARLY_STOP_SCAN_H

#include "advise/cost/match_order.h"
#include "advise/whatif/whatif.h"

/*
 * The scan that a node makes, with its conditions as far as they can be tested
 * on a sample: palloc'd.  *whole is cleared if some of the filter cannot.  NULL
 * if none of it can, or not what the index tests.
 */
extern OrderedScan *early_stop_scan(const WhatIfPlan *plan, const Plan *node,
									ParamListInfo params, bool *whole);

/*
 * What a join tests of the rows of the scan that its outer side begins with:
 * palloc'd.  NULL unless it is an inner join or a semi-join to the scan of one
 * other table by one equality, and all conditions there can be tested.
 */
extern JoinTest *early_stop_join(const WhatIfPlan *plan, const Plan *join,
								 ParamListInfo params);

#endif							/* CLIPPERF_EARLY_STOP_SCAN_H */
