/*-------------------------------------------------------------------------
 *
 * plan_settings.h
 *	  The settings that an executed plan reads by current_setting().
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PLAN_SETTINGS_H
#define CLIPPERF_PLAN_SETTINGS_H

#include "compat.h"

#include "nodes/execnodes.h"

#include "store/sample.h"

/* Put the settings that a plan reads, and their values, into a draft. */
extern void plan_settings(PlanState *planstate, SampleDraft *draft);

#endif							/* CLIPPERF_PLAN_SETTINGS_H */
