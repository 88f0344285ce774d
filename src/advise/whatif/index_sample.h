/*-------------------------------------------------------------------------
 *
 * index_sample.h
 *	  What an index would hold for the rows of a table's sample.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_SAMPLE_H
#define CLIPPERF_INDEX_SAMPLE_H

#include "compat.h"

#include "access/tupdesc.h"

#include "advise/indexes/index_def.h"
#include "advise/whatif/table_sample.h"

typedef struct IndexSample
{
	TupleDesc	desc;			/* of the index's columns, types of the values */
	int			examined;		/* rows of the table */
	int			nrows;			/* of these, rows that the predicate lets in */
	bool		complete;		/* all rows of the table were examined */
	Datum	   *values;			/* nrows times desc->natts */
	bool	   *nulls;
} IndexSample;

/*
 * Evaluate an index's columns and predicate over a sample of "heap", as the
 * current user, in the current memory context.
 */
extern IndexSample *index_sample(const IndexDefinition *def, Relation heap,
								 const TableSample *rows);

/*
 * The type in which an index stores a key; that of the elements for operator
 * classes of arrays.
 */
extern Oid	index_stored_type(const IndexKey *key);

#endif							/* CLIPPERF_INDEX_SAMPLE_H */
