/*-------------------------------------------------------------------------
 *
 * workload_values.h
 *	  Values that a statement may have had, but that no sample of it has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WORKLOAD_VALUES_H
#define CLIPPERF_WORKLOAD_VALUES_H

#include "advise/workload/sandbox.h"
#include "advise/workload/workload_sample.h"

/* Trials with values drawn from statistics in the place of a sample's. */
extern List *workload_draw_values(const List *trials, const Sandbox *sandbox);

#endif							/* CLIPPERF_WORKLOAD_VALUES_H */
