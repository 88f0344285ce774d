/*-------------------------------------------------------------------------
 *
 * function_time.h
 *	  How long functions may run while statements are planned.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FUNCTION_TIME_H
#define CLIPPERF_FUNCTION_TIME_H

#include "compat.h"

/* Error 53400 if the time of the function, or of its owner, is used up. */
extern void function_time_require(Oid function);

/* A function begins, and the one that began last is over, with an error or not. */
extern void function_time_begin(Oid function);
extern void function_time_end(void);

#endif							/* CLIPPERF_FUNCTION_TIME_H */
