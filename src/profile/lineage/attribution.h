/*-------------------------------------------------------------------------
 *
 * attribution.h
 *	  Attributes lookups to result sets, and proves patterns by them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ATTRIBUTION_H
#define CLIPPERF_ATTRIBUTION_H

#include "profile/lineage/match.h"

typedef enum Attribution
{
	ATTRIBUTION_REFUSED,		/* not of this loop, or it was given up */
	ATTRIBUTION_OPEN,			/* remains to be seen */
	ATTRIBUTION_PROVEN			/* part of a proven loop */
} Attribution;

/* Add a lookup to the episode it was matched with. */
extern Attribution attribution_add(Execution *execution, const Probe *probe,
								   uint64 fingerprint, const MatchList *matches,
								   bool counts);

/* What seemed to be an episode was a sweep: take back what it was worth. */
extern void attribution_retract(uint64 key, uint64 history);

/* A lookup on the connection of an episode was not of its result set. */
extern void attribution_miss(uint64 key, bool elsewhere);

#endif							/* CLIPPERF_ATTRIBUTION_H */
