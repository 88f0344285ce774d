/*-------------------------------------------------------------------------
 *
 * sweep.h
 *	  Does somebody sweep through the keys by himself?
 *
 * What a statement looked up last is the LastLookup of its StatementInfo.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SWEEP_H
#define CLIPPERF_SWEEP_H

#include "profile/lineage/match.h"
#include "profile/statement/statement_info.h"

/* Did the statement come to this value from a neighbour of it? */
extern bool sweep_came_by(const Execution *execution, const Probe *probe,
						  const Match *match);

/* Note that the value has been attributed to an episode. */
extern void sweep_note(Execution *execution, const Probe *probe,
					   const Match *match, uint64 history);

/* Has the statement gone on, past the result it was attributed to? */
extern bool sweep_left_behind(const Execution *execution, int number,
							  const ResultHit *hits, int count);

/* An execution is over: it becomes the last lookup of its statement. */
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
