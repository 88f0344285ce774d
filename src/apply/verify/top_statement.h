/*-------------------------------------------------------------------------
 *
 * top_statement.h
 *	  Runs a statement as if a client had sent it, in transactions of its own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TOP_STATEMENT_H
#define CLIPPERF_TOP_STATEMENT_H

#include "compat.h"

#include "utils/array.h"

/* Run a CREATE INDEX or DROP INDEX as a role; NULL, or the error. */
extern ErrorData *top_statement_run(const char *sql, Oid role,
									ArrayType *settings, int lock_timeout_ms);

/*
 * The index that the last statement made, by whatever name it goes now, whether
 * it has succeeded or not; InvalidOid if none.
 */
extern Oid	top_statement_made(void);

/* Signal handler of SIGINT for the processes that call it. */
extern void top_statement_cancel(SIGNAL_ARGS);

#endif							/* CLIPPERF_TOP_STATEMENT_H */
