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

/* The scan that a node makes, with the conditions that a sample can test. */
extern OrderedScan *early_stop_scan(const WhatIfPlan *plan, const Plan *node,
									ParamListInfo params, bool *whole);

/* How many of the first keys of an index does its scan fix to values? */
extern int	early_stop_fixed_keys(const Plan *node, const IndexDefinition *index);

/* What a join tests of the rows of the scan its outer side begins with. */
extern JoinTest *early_stop_join(const WhatIfPlan *plan, const Plan *join,
								 ParamListInfo params);

#endif							/* CLIPPERF_EARLY_STOP_SCAN_H */
