/*-------------------------------------------------------------------------
 *
 * private_columns.h
 *	  Columns whose values are never kept, and the plans that use them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PRIVATE_COLUMNS_H
#define CLIPPERF_PRIVATE_COLUMNS_H

#include "compat.h"

#include "nodes/plannodes.h"

#include "hotpath.h"
#include "settings.h"

/* Has a table with private columns been met by this backend? */
HOTPATH_EXTERN bool private_columns_exist;

/* Accept security labels; from _PG_init. */
extern void private_columns_init(void);

/* The tables met last, each in the place that follows from its OID. */
#define PRIVATE_LAST_TABLES 16
HOTPATH_EXTERN Oid private_last_tables[PRIVATE_LAST_TABLES];
HOTPATH_EXTERN uint32 private_columns_settings; /* setting_private_columns_version
												 * that they are of */

/* Learn of a plan's tables which columns are private. */
extern void private_columns_learn_all(const PlannedStmt *plan);

/* A plan was made: learn that, unless its only table was met lately. */
static inline void
private_columns_learn(const PlannedStmt *plan)
{
	const List *rights = PLAN_COLUMN_RIGHTS(plan);

	if (likely(rights != NIL && rights->length == 1))
	{
		Oid			relid = ((const ColumnRights *) rights->elements[0].ptr_value)->relid;

		if (likely(private_last_tables[relid % PRIVATE_LAST_TABLES] == relid &&
				   private_columns_settings == setting_private_columns_version))
			return;
	}
	private_columns_learn_all(plan);
}

/* May an execution of this plan have values of private columns? */
extern bool private_columns_are_used(const PlannedStmt *plan);

struct Execution;

/* An execution that runs inside of others has ended: they may have them, too. */
extern void private_columns_hand_up(const struct Execution *execution);

#endif							/* CLIPPERF_PRIVATE_COLUMNS_H */
