/*-------------------------------------------------------------------------
 *
 * failure.h
 *	  Statements that an error has ended.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FAILURE_H
#define CLIPPERF_FAILURE_H

#include "compat.h"

#include "profile/text/source.h"
#include "store/statement_counters.h"

/* Count a statement that an error has just ended, and raise that again. */
extern void failure_count(StatementKey key, StatementSource *source,
						  MemoryContext context);

#endif							/* CLIPPERF_FAILURE_H */
