/*-------------------------------------------------------------------------
 *
 * statement.h
 *	  Counters per statement.
 *
 * A shared table of entries, and for each backend a few slots of pending
 * counters that only this backend writes.  See statement.c for the contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATEMENT_H
#define CLIPPERF_STATEMENT_H

#include "compat.h"

#include "store/statement_counters.h"
#include "store/store.h"

/* Count one execution. */
extern int64 statement_count(const StatementKey *key,
							 const StatementSample *sample,
							 StatementTextMaker maker, void *maker_arg);

/* Flush this backend's pending counters and free its slots (backend exit). */
extern void statement_flush(void);

/*
 * All statements with their counters, pending ones included, one at a time.
 * "counters" is valid until the next call.
 */
typedef void (*StatementVisitor) (const StatementKey *key,
								  const StatementCounters *counters,
								  void *arg);
extern void statement_visit(StatementVisitor visitor, void *arg);

/* Statements held, and the bytes that each takes in the table. */
extern void statement_usage(int64 *held, Size *entry_bytes);

extern const StoreModule statement_module;

#endif							/* CLIPPERF_STATEMENT_H */
