/*-------------------------------------------------------------------------
 *
 * arguments.h
 *	  Arguments of our SQL functions that must not be null.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ARGUMENTS_H
#define CLIPPERF_ARGUMENTS_H

#include "compat.h"

#include "fmgr.h"

/* Error 22004 if an argument is null. */
extern void argument_require(FunctionCallInfo fcinfo, int number,
							 const char *name);

#endif							/* CLIPPERF_ARGUMENTS_H */
