/*-------------------------------------------------------------------------
 *
 * scan_columns.h
 *	  The columns that the filter of a scan asks for, and how.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SCAN_COLUMNS_H
#define CLIPPERF_SCAN_COLUMNS_H

#include "compat.h"

#include "nodes/plannodes.h"
#include "store/seqscan.h"

#define MOST_FILTERS 32
#define MOST_JOINS 4

/* The relation of a scan and what is asked of it, in the parent's columns. */
typedef struct ScanColumns
{
	const PlannedStmt *plan;
	Index		scanned;		/* range table index of what is scanned */
	Index		named;			/* and of its topmost parent, or the same */
	Oid			index;			/* that is walked, as SeqScanColumns has it */
	int			filters;
	FilterColumn filter[MOST_FILTERS];
	int			joins;
	AttrNumber	join[MOST_JOINS];
	int			sorts;
	SortColumn	sort[SEQSCAN_SORT_COLUMNS];
} ScanColumns;

/* The topmost table that a scanned one was reached through, by index. */
extern Index scan_columns_named(const PlannedStmt *plan, Index scanned);

extern void scan_columns_begin(ScanColumns *columns, const PlannedStmt *plan,
							   Index scanned);

/* What an implicitly ANDed list of conditions asks. */
extern void scan_columns_filter(ScanColumns *columns, List *conditions);

/* Column "attnum" of the scanned table is compared with a join partner's. */
extern void scan_columns_join(ScanColumns *columns, AttrNumber attnum);

/* Rows are wanted in this order; false when no more columns are kept. */
extern bool scan_columns_sort(ScanColumns *columns, AttrNumber attnum,
							  Oid sort_operator, bool nulls_first);

/* What was asked, in the order of SeqScanColumns. */
extern SeqScanColumns scan_columns_result(const ScanColumns *columns, bool joins);

/* Does this operator estimate its selectivity as equality does? */
extern bool operator_is_equality(Oid operator);

/* The plain column below casts that change nothing, or NULL. */
extern Var *plain_column(Node *expression);

#endif							/* CLIPPERF_SCAN_COLUMNS_H */
