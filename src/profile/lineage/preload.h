/*-------------------------------------------------------------------------
 *
 * preload.h
 *	  Batches that a loop runs for each of its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PRELOAD_H
#define CLIPPERF_PRELOAD_H

#include "profile/lineage/hits.h"
#include "profile/lineage/match.h"

/* Note a statement with a list; true if that is all of one result's values. */
extern bool preload_note(const Scene *scene, Execution *execution, uint64 fingerprint,
						 const ProbeHits *found);

#endif							/* CLIPPERF_PRELOAD_H */
