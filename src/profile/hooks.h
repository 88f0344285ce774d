/*-------------------------------------------------------------------------
 *
 * hooks.h
 *	  The hooks into the planner and the executor.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HOOKS_H
#define CLIPPERF_HOOKS_H

#include "compat.h"

extern void hooks_install(void);	/* from _PG_init */

#endif							/* CLIPPERF_HOOKS_H */
