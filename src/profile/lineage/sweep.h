/*-------------------------------------------------------------------------
 *
 * sweep.h
 *	  Does somebody walk through the keys by himself?
 *
 * What a statement looked up last is its footprint, in its StatementInfo.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SWEEP_H
#define CLIPPERF_SWEEP_H

#include "profile/lineage/match.h"
#include "profile/statement/statement_info.h"

/*
 * A value will be credited to a result set of this connection, whose keys can
 * be walked through.
 */
extern bool sweep_came_by(const Execution *execution, const Probe *probe,
						  const Match *match);

/* The value has been credited to an episode: */
extern void sweep_note(Execution *execution, const Probe *probe,
					   const Match *match, uint64 history);

/*
 * The statement's next execution, and where its value number "number" was
 * found:
 */
extern bool sweep_left_behind(const Execution *execution, int number,
							  const ResultHit *hits, int count);

/* An execution is over: it leaves its footprint. */
static inline void
sweep_end(Execution *execution)
{
	LastLookup *last_lookup = &execution->info->last_lookup;
	const ProbeList *list = &execution->probes;

	last_lookup->last_us = execution->last_us;
	last_lookup->count = Min(list->count, LAST_LOOKUP_VALUES);
	for (int i = 0; i < last_lookup->count; i++)
		last_lookup->hashes[i] = list->probes[i].hash;
}

#endif							/* CLIPPERF_SWEEP_H */
