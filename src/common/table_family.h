/*-------------------------------------------------------------------------
 *
 * table_family.h
 *	  Tables that are parts of each other, and whether an OID still means one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TABLE_FAMILY_H
#define CLIPPERF_TABLE_FAMILY_H

#include "compat.h"

#include "nodes/pg_list.h"

/* The table that this one is a partition or child of at last, or itself. */
extern Oid	table_root(Oid relid);

/* The table, all that it is a part of, and all that are parts of it. */
extern List *table_relatives(Oid relid);

/* Is the table of that OID the one that was there at that time? */
extern bool table_was_there(Oid relid, uint64 next_xid);

#endif							/* CLIPPERF_TABLE_FAMILY_H */
