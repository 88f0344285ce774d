/*-------------------------------------------------------------------------
 *
 * seqscan.h
 *	  Counters per wasteful scan: who reads which table for which columns.
 *
 * Sequential scans, and scans of an index that throw most of their rows away.
 *
 * See seqscan.c for the locks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SEQSCAN_H
#define CLIPPERF_SEQSCAN_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/statement.h"
#include "store/store.h"

/* What a condition asks of a column, in the order an index likes them. */
typedef enum ColumnUse
{
	USE_EQUAL,					/* =, IN, = ANY, also as a join key */
	USE_TRUE,					/* a boolean column that must be true */
	USE_FALSE,
	USE_NULL,					/* IS NULL */
	USE_NOT_NULL,
	USE_LESS,					/* < */
	USE_LESS_EQUAL,
	USE_GREATER_EQUAL,
	USE_GREATER,
	USE_OPERATOR,				/* any other operator, named by "operator" */
	USE_EXPRESSION				/* inside an expression */
} ColumnUse;

typedef struct FilterColumn
{
	Oid			operator;		/* of USE_OPERATOR, else InvalidOid */
	int16		attnum;
	uint16		use;			/* ColumnUse */
} FilterColumn;

typedef struct SortColumn
{
	int16		attnum;
	bool		descending;
	bool		nulls_first;
} SortColumn;

#define SEQSCAN_FILTER_COLUMNS	8
#define SEQSCAN_SORT_COLUMNS	4

/*
 * How a scan read, and what for.  Columns are the parent's, for partitions.  No
 * padding.
 */
typedef struct SeqScanColumns
{
	uint16		filters;		/* how many of filter[] are used */
	uint16		sorts;
	Oid			index;			/* that was walked, or the table for those of
								 * its partitions; InvalidOid = none */
	FilterColumn filter[SEQSCAN_FILTER_COLUMNS];
	SortColumn	sort[SEQSCAN_SORT_COLUMNS];
} SeqScanColumns;

typedef struct SeqScanKey
{
	uint64		queryid;
	Oid			dbid;
	Oid			userid;
	Oid			relid;			/* the parent's, for partitions */
	uint32		columns;		/* hash of SeqScanColumns */
} SeqScanKey;

/* Times in microseconds. */
typedef struct SeqScanCounters
{
	int64		executions;		/* of the statement */
	int64		estimated;		/* of these, known by counting some of them */
	int64		scans;			/* times the table was scanned */
	int64		rows_read;
	int64		rows_kept;		/* passed the scan's own filter */
	int64		rows_needed;	/* of these, what joins and limits had use for */
	double		total_us;		/* executor time put down to the scan */
	TimestampTz first_seen;
	TimestampTz last_seen;
} SeqScanCounters;

extern uint32 seqscan_columns_hash(const SeqScanColumns *columns);

/* Add "counters" (first_seen is ignored). */
extern void seqscan_record(const SeqScanKey *key,
						   const SeqScanColumns *columns,
						   const SeqScanCounters *counters,
						   StatementTextMaker maker, void *maker_arg);

/* All scans, one at a time; the caller's pointers are valid during the call. */
typedef void (*SeqScanVisitor) (const SeqScanKey *key,
								const SeqScanColumns *columns,
								const SeqScanCounters *counters,
								void *arg);
extern void seqscan_visit(SeqScanVisitor visitor, void *arg);

/* Scans held now, and forgotten to make room since start or reset. */
extern int64 seqscan_count(void);
extern int64 seqscan_evicted(void);

extern const StoreModule seqscan_module;

#endif							/* CLIPPERF_SEQSCAN_H */
