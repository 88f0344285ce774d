/*-------------------------------------------------------------------------
 *
 * unknown_calls.h
 *	  Calls of functions that are not run to plan a statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_UNKNOWN_CALLS_H
#define CLIPPERF_UNKNOWN_CALLS_H

#include "compat.h"

#include "nodes/pg_list.h"

/* Queries with values that nobody knows in the place of such calls. */
extern List *unknown_calls_put(List *queries);

#endif							/* CLIPPERF_UNKNOWN_CALLS_H */
