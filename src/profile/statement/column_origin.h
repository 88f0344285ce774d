/*-------------------------------------------------------------------------
 *
 * column_origin.h
 *	  Which table's column the values of a computed column come from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_COLUMN_ORIGIN_H
#define CLIPPERF_COLUMN_ORIGIN_H

#include "compat.h"

#include "nodes/plannodes.h"

typedef struct ColumnOrigin
{
	Oid			relid;			/* InvalidOid = no column of a table is known */
	int16		attno;
	bool		is_grouped;		/* rows were grouped by it, or made distinct */
	bool		is_handed;		/* a function returned it, from wherever */
	bool		is_element;		/* the column holds arrays or documents that
								 * it was taken out of */
} ColumnOrigin;

/* Follow a column of the plan's result down to a table. */
extern ColumnOrigin column_origin_find(const PlannedStmt *statement,
									   const TargetEntry *entry);

#endif							/* CLIPPERF_COLUMN_ORIGIN_H */
