/*-------------------------------------------------------------------------
 *
 * early_stop.h
 *	  What a plan costs more if the first rows it wants come late.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EARLY_STOP_H
#define CLIPPERF_EARLY_STOP_H

#include "advise/cost/match_order.h"
#include "advise/whatif/whatif.h"

/* What is known of a scan; NULL if nothing is. */
typedef const MatchOrder *(*MatchOrderFinder) (const OrderedScan *scan,
											   void *arg);

/*
 * What the plan is to cost more, in the planner's unit; 0 if it never stops
 * early.  Adds to *reaches, a list of NodeReach.
 */
extern double early_stop_extra(const WhatIfPlan *plan, ParamListInfo params,
							   MatchOrderFinder find, void *arg, bool *stops,
							   List **reaches);

#endif							/* CLIPPERF_EARLY_STOP_H */
