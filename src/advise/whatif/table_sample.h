/*-------------------------------------------------------------------------
 *
 * table_sample.h
 *	  Rows of a table taken at random, to learn what statistics do not tell.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_TABLE_SAMPLE_H
#define CLIPPERF_TABLE_SAMPLE_H

#include "compat.h"

#include "access/htup.h"
#include "storage/block.h"
#include "utils/rel.h"

typedef struct TableSample
{
	Oid			relid;
	BlockNumber blocks;			/* of the table, when it was read */
	int			nrows;
	HeapTuple  *rows;			/* in physical order */
	Size		bytes;			/* memory of the rows */
	bool		complete;		/* every row is there */
	bool		external;		/* a row has a value out of line */
	double		tuples;			/* of the table, by what was seen */
} TableSample;

/*
 * A sample of a table that the caller has open; kept until the client's
 * statement or the transaction ends, so use it at once.
 */
extern const TableSample *table_sample(Relation heap, Oid named);

#endif							/* CLIPPERF_TABLE_SAMPLE_H */
