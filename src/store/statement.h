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

#include "hotpath.h"
#include "store/statement_counters.h"
#include "store/store.h"
#include "store/table_use.h"

/* Count one execution. */
extern int64 statement_count(const StatementKey *key,
							 const StatementSample *sample,
							 StatementTextMaker maker, void *maker_arg);

/* Statements whose counters a backend has at hand, each in a slot. */
#define STATEMENT_SLOTS 24

/*
 * What statement_tables_keep() was told last of the statement in each of this
 * backend's slots, 0 = nothing; and the slot counted last.
 */
HOTPATH_EXTERN uint32 statement_own_tables[STATEMENT_SLOTS];
HOTPATH_EXTERN int statement_own_last;

/*
 * After statement_count() has counted an execution: are the tables known that
 * its plan uses, by this hash?  A hash of 0 never is.
 */
static inline bool
statement_tables_are_known(uint32 hash)
{
	return statement_own_tables[statement_own_last] == hash;
}

/* Then, if they are not: did this backend keep them a while ago? */
extern bool statement_tables_recall(uint32 hash);

/* If not: keep them. */
extern void statement_tables_keep(uint32 hash, TableUses *tables);

/* Flush this backend's pending counters and free its slots (backend exit). */
extern void statement_flush(void);

/*
 * All statements with their counters, pending ones included, and their tables,
 * one at a time.  What is passed is valid until the next call.
 */
typedef void (*StatementVisitor) (const StatementKey *key,
								  const StatementCounters *counters,
								  const TableUses *tables, void *arg);
extern void statement_visit(StatementVisitor visitor, void *arg);

/* Statements held, and the bytes that each takes in the table. */
extern void statement_usage(int64 *held, Size *entry_bytes);

extern const StoreModule statement_module;

#endif							/* CLIPPERF_STATEMENT_H */
