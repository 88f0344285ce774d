/*-------------------------------------------------------------------------
 *
 * whatif_carry.h
 *	  Columns that a plan reads from an index, and needs it for nothing else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WHATIF_CARRY_H
#define CLIPPERF_WHATIF_CARRY_H

#include "compat.h"

#include "nodes/bitmapset.h"
#include "nodes/plannodes.h"

/* What a scan of an index reads there only because it is there. */
typedef struct CarriedColumns
{
	Oid			indexoid;
	Bitmapset  *columns;		/* numbers of the index's columns, from 0 */
} CarriedColumns;

/* What the scans of a query's plan read so: a list of CarriedColumns. */
extern List *whatif_carried(Query *query, const PlannedStmt *stmt);

#endif							/* CLIPPERF_WHATIF_CARRY_H */
