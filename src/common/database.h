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
#include "storage/lock.h"

/* Can the database of this row of pg_database be connected to? */
extern bool database_row_is_open(HeapTuple tuple);

/* Is there such a database, and can it be connected to? */
extern bool database_is_open(Oid dbid);

/* Does a session need a database alone, or is it about to find that it may not? */
extern bool database_is_wanted_alone(Oid dbid);

/* Who has locked a database at a look. */
typedef struct DatabaseClaim
{
	Oid			dbid;			/* InvalidOid: nobody had */
	VirtualTransactionId by;
} DatabaseClaim;

/* Does a session need a database alone, and did already at the last look? */
extern bool database_claim_lasts(Oid dbid, DatabaseClaim *last);

/* Wait until our workers have left a database that this session has locked. */
extern void database_await_workers(Oid dbid);

#endif							/* CLIPPERF_DATABASE_H */
