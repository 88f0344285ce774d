/*-------------------------------------------------------------------------
 *
 * table_use.h
 *	  The tables that a statement uses, and how.
 *
 * They are a part of the statement's entry (statement_table.h): they are read
 * and written under its lock, and go and are saved with it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TABLE_USE_H
#define CLIPPERF_TABLE_USE_H

#include "compat.h"

/*
 * Tables remembered of one statement; of all, as many times
 * clipperf.max_statements.  The statements of TPC-DS use 12 at most.
 */
#define TABLE_USES		16

/* How a statement uses a table: bits. */
typedef enum TableUseHow
{
	TABLE_READ = 1 << 0,
	TABLE_WRITTEN = 1 << 1,
	TABLE_LOCKED = 1 << 2,		/* its rows, by FOR UPDATE and the like */
	TABLE_ALL_USES = (1 << 3) - 1
} TableUseHow;

/*
 * A table, by its OID.  That may be given to another table once this one is
 * dropped: a table that is younger than "seen" is not the one.
 */
typedef struct TableUse
{
	Oid			relid;
	uint32		how;			/* of TableUseHow */
	uint64		seen;			/* the transaction that was to come next when
								 * it was seen last, with its epoch */
} TableUse;

/* No padding: it is saved as it is. */
typedef struct TableUses
{
	uint32		count;
	uint32		dropped;		/* further tables that one plan used */
	TableUse	use[TABLE_USES];
} TableUses;

/* Add a use of a table; false if there is no room, and it is dropped. */
extern bool table_uses_add(TableUses *uses, Oid relid, uint32 how);

/* Add all of "from", as seen now. */
extern void table_uses_merge(TableUses *into, const TableUses *from);

/* All of them were seen now. */
extern void table_uses_stamp(TableUses *uses);

/* Equal for the same tables in the same order, used alike. */
extern uint32 table_uses_hash(const TableUses *uses);

/* Can these have been saved by us? */
extern bool table_uses_are_sound(const TableUses *uses);

#endif							/* CLIPPERF_TABLE_USE_H */
