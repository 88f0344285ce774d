/*-------------------------------------------------------------------------
 *
 * plan_facts.h
 *	  What the executed plan tells about sequential scans.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_FACTS_H
#define CLIPPERF_PLAN_FACTS_H

#include "profile/execution.h"

/*
 * Before ExecutorStart: the instrument options (INSTRUMENT_ROWS or 0) this
 * plan's scans need.  A few instructions for a plan too cheap to scan
 * clipperf.seqscan_min_rows rows.
 */
extern int	plan_facts_options(const QueryDesc *query);

/*
 * Before ExecutorEnd of an execution that did not fail: counts its sequential
 * scans in the store.
 */
extern void plan_facts_collect(const Execution *execution);

#endif							/* CLIPPERF_PLAN_FACTS_H */
