/*-------------------------------------------------------------------------
 *
 * candidate_include.h
 *	  Columns that an index has only to be read there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CANDIDATE_INCLUDE_H
#define CLIPPERF_CANDIDATE_INCLUDE_H

#include "advise/candidates/demand.h"
#include "advise/indexes/index_def.h"

#include "access/htup_details.h"

/* The statistics of a column; NULL if there are none. */
extern HeapTuple candidate_column_statistics(Oid relid, AttrNumber attno);

/* Let an index include the other columns that are read, if that may pay. */
extern bool candidate_include_needed(const Demand *demand,
									 IndexDefinition *def);

#endif							/* CLIPPERF_CANDIDATE_INCLUDE_H */
