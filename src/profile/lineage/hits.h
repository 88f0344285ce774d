/*-------------------------------------------------------------------------
 *
 * hits.h
 *	  Where the values that an execution looked up were seen.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HITS_H
#define CLIPPERF_HITS_H

#include "profile/statement/execution.h"
#include "store/resultset.h"

/* Hits of one probe. */
typedef struct ProbeHits
{
	int			count;
	ResultHit	hits[RESULTSET_BUCKET];
} ProbeHits;

/* Search for the values of an execution; false if none was seen anywhere. */
extern bool hits_find(const Execution *execution, const ProbeList *list,
					  ProbeHits *found, bool *lists);

/* Empty the hits of lists that fetch several rows' children at once. */
extern void hits_drop_batches(const ProbeList *list, ProbeHits *found);

#endif							/* CLIPPERF_HITS_H */
