/*-------------------------------------------------------------------------
 *
 * credit.h
 *	  Credits look-ups to result sets, and proves patterns by them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CREDIT_H
#define CLIPPERF_CREDIT_H

#include "profile/lineage/match.h"

typedef enum Credit
{
	CREDIT_REFUSED,				/* not of this loop, or it was given up */
	CREDIT_OPEN,				/* remains to be seen */
	CREDIT_PROVEN				/* part of a proven loop */
} Credit;

/*
 * Add a look-up to the episode it was matched with.  The first one that is
 * proven counts in the table of patterns if "counts" is set.
 */
extern Credit credit_add(Execution *execution, const Probe *probe,
						 uint64 child, const Match *match, bool counts);

/*
 * Those who were taken for children of an episode have walked on where its
 * result set ends: take back what it was worth to its reputation.
 */
extern void credit_retract(uint64 episode, uint64 reputation);

/*
 * A look-up of the same statement on the connection of an episode was not of
 * its result set: "elsewhere" if it fitted another one.
 */
extern void credit_miss(uint64 episode, bool elsewhere);

#endif							/* CLIPPERF_CREDIT_H */
