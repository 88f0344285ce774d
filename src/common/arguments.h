/*-------------------------------------------------------------------------
 *
 * arguments.h
 *	  Arguments of our SQL functions that must not be null, or must be within a range.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ARGUMENTS_H
#define CLIPPERF_ARGUMENTS_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

/* Error 22004 if an argument is null. */
extern void argument_require(FunctionCallInfo fcinfo, int number,
							 const char *name);

/* Error 22023 unless what an argument must satisfy is true. */
extern void argument_require_range(bool condition, const char *name,
								   const char *hint);

/* The time that an argument says; error 22023 if it is in the future. */
extern TimestampTz argument_past(TimestampTz time, const char *name);

#endif							/* CLIPPERF_ARGUMENTS_H */
