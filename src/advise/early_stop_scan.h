/*-------------------------------------------------------------------------
 *
 * early_stop_scan.h
 *	  The scan that a node of a plan makes; for early_stop.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EARLY_STOP_SCAN_H
#define CLIPPERF_EARLY_STOP_SCAN_H

#include "advise/match_order.h"
#include "advise/whatif.h"

/*
 * The scan that a node makes, with its conditions as far as they can be tested
 * on a sample: palloc'd.  *whole is cleared if some of the filter cannot.  NULL
 * if none of it can, or not what the index tests.
 */
extern OrderedScan *early_stop_scan(const WhatIfPlan *plan, const Plan *node,
									ParamListInfo params, bool *whole);

#endif							/* CLIPPERF_EARLY_STOP_SCAN_H */
