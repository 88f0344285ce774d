/*-------------------------------------------------------------------------
 *
 * cache_capture.h
 *	  Which executions could a cache of results have spared?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CACHE_CAPTURE_H
#define CLIPPERF_CACHE_CAPTURE_H

#include "profile/statement/execution.h"
#include "store/statement.h"

/* The slot of the statement counted last is that of another one, or has other tables. */
extern void cache_capture_forget(void);

/*
 * A statement of the client has ended well, and has been counted.  "tables" is its
 * plan_tables_of(), "params_hash" what parameters_hash() has just made of it.
 */
extern void cache_capture(const Execution *execution, const StatementKey *key,
						  uint32 tables, uint32 params_hash);

#endif							/* CLIPPERF_CACHE_CAPTURE_H */
