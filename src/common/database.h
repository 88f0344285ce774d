/*-------------------------------------------------------------------------
 *
 * database.h
 *	  Which databases a background worker can be connected to, and which it is to
 *	  leave.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_DATABASE_H
#define CLIPPERF_DATABASE_H

#include "compat.h"

#include "access/htup.h"

/* Can the database of this row of pg_database be connected to? */
extern bool database_row_is_open(HeapTuple tuple);

/* Is there such a database, and can it be connected to? */
extern bool database_is_open(Oid dbid);

/* Is a session about to drop, rename, or copy a database? */
extern bool database_is_wanted_alone(Oid dbid);

/* Wait until our workers have left a database that this session has locked. */
extern void database_await_workers(Oid dbid);

#endif							/* CLIPPERF_DATABASE_H */
