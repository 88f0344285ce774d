/*-------------------------------------------------------------------------
 *
 * setting_params.h
 *	  Settings that a statement reads, as parameters of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SETTING_PARAMS_H
#define CLIPPERF_SETTING_PARAMS_H

#include "compat.h"

#include "nodes/pg_list.h"

#include "advise/workload/sandbox.h"

/* Put parameters in the place of current_setting() for these settings. */
extern List *setting_params_put(List *queries, const SandboxSettings *settings,
								int *first);

/* Put parameters where a setting is read that nobody here has heard of. */
extern List *setting_params_put_unknown(List *queries);

#endif							/* CLIPPERF_SETTING_PARAMS_H */
