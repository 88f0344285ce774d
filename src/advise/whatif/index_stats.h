/*-------------------------------------------------------------------------
 *
 * index_stats.h
 *	  What ANALYZE would learn of an index's expressions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_STATS_H
#define CLIPPERF_INDEX_STATS_H

#include "compat.h"

#include "access/htup.h"

#include "advise/whatif/index_sample.h"

/*
 * A row of pg_statistic for each column of the index that is an expression,
 * NULL for the others and where nothing can be said; as many as the index has
 * columns, in the current memory context.  "tuples" is the number of rows in
 * the index.
 */
extern HeapTuple *index_stats(const IndexDefinition *def,
							  const IndexSample *sample, double tuples);

#endif							/* CLIPPERF_INDEX_STATS_H */
