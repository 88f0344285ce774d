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

/* Has a table with private columns been met by this backend? */
extern bool private_columns_exist;

/* Accept security labels; from _PG_init. */
extern void private_columns_init(void);

/* A plan was made: learn of its tables which columns are private. */
extern void private_columns_learn(const PlannedStmt *plan);

/* May an execution of this plan have values of private columns? */
extern bool private_columns_are_used(const PlannedStmt *plan);

#endif							/* CLIPPERF_PRIVATE_COLUMNS_H */
