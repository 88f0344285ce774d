/*-------------------------------------------------------------------------
 *
 * attribution.h
 *	  Credits look-ups to result sets, and proves patterns by them.
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

/* Add a look-up to the episode it was matched with. */
extern Attribution attribution_add(Execution *execution, const Probe *probe,
								   uint64 child, const Match *match, bool counts);

/*
 * Those who were taken for children of an episode have walked on where its
 * result set ends:
 */
extern void attribution_retract(uint64 episode, uint64 history);

/*
 * A look-up of the same statement on the connection of an episode was not of
 * its result set:
 */
extern void attribution_miss(uint64 episode, bool elsewhere);

#endif							/* CLIPPERF_ATTRIBUTION_H */
