/*-------------------------------------------------------------------------
 *
 * scan_index.h
 *	  The index that would have saved a sequential scan.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SCAN_INDEX_H
#define CLIPPERF_SCAN_INDEX_H

#include "compat.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "store/seqscan.h"

#define SCAN_INDEX_KEYS (SEQSCAN_FILTER_COLUMNS + SEQSCAN_SORT_COLUMNS)

typedef struct ScanIndexKey
{
	AttrNumber	attnum;
	bool		descending;
	bool		nulls_first;
	const char *opclass;		/* NULL = the default one */
	Oid			operator;		/* that it serves, of other methods than
								 * B-tree */
} ScanIndexKey;

typedef struct ScanIndex
{
	const char *method;			/* NULL if no index would help */
	int			equals;			/* keys compared for equality, they come first */
	int			ordered;		/* keys whose order matters, they come last */
	int			keys;
	ScanIndexKey key[SCAN_INDEX_KEYS];
	int			conditions;		/* of a partial index, ANDed */
	FilterColumn condition[SEQSCAN_FILTER_COLUMNS];
} ScanIndex;

/* An index's predicate as the planner has it, implicitly ANDed. */
typedef List *(*SimplifyPredicate) (Node *condition, Oid relid);

/* From _PG_init: the rooms above know how to simplify without harm. */
extern void scan_index_init(SimplifyPredicate simplify);

/* Design it from what the scans asked for and what became of their rows. */
extern ScanIndex scan_index_design(Oid relid, const SeqScanColumns *columns,
								   const SeqScanCounters *counters);

/* An index of the table that serves the same purpose, or InvalidOid. */
extern Oid	scan_index_existing(Relation table, const ScanIndex *index);

#endif							/* CLIPPERF_SCAN_INDEX_H */
