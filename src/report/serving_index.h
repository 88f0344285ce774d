/*-------------------------------------------------------------------------
 *
 * serving_index.h
 *	  Is there an index that finds the rows that a scan looks for?
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SERVING_INDEX_H
#define CLIPPERF_SERVING_INDEX_H

#include "compat.h"

#include "store/seqscan.h"

/* The index that the planner left aside for a scan; InvalidOid if it had none. */
extern Oid	serving_index(Oid relid, const SeqScanColumns *columns);

/* Does a valid index begin with one of these columns, which a 0 ends? */
extern bool serving_index_begins(Oid relid, const AttrNumber *columns);

#endif							/* CLIPPERF_SERVING_INDEX_H */
