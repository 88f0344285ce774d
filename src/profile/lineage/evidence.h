/*-------------------------------------------------------------------------
 *
 * evidence.h
 *	  How much a look-up speaks for a loop over the rows of a result.
 *
 * Wald's sequential probability ratio test (A. Wald, Annals of Mathematical
 * Statistics 16, 1945).  See evidence.c for the two hypotheses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EVIDENCE_H
#define CLIPPERF_EVIDENCE_H

#include "store/episode.h"

/* Unhit ranks a loop on one connection may skip and still be in order. */
#define EVIDENCE_NEAR	3

/* One child, as its episode sees it. */
typedef struct Lookup
{
	int			rank;			/* of its value in the column */
	int			distinct;		/* values of the column */
	int			rows;			/* of the result set */
	int			times;			/* rows that hold the value, 7 = 7 or more */
	int			rivals;			/* result sets it could have been credited to */
	int			local_rivals;	/* .. in the custody of this backend */
	bool		local;			/* it ran where its result set came from */
	bool		sweepable;		/* it may be a step of somebody who walks
								 * through the keys by himself .. */
	bool		passes;			/* .. and was not his first */
	bool		sorted;			/* .. as the rows are sorted by them */
	uint32		step;			/* mean distance of neighbours */
	int64		number;			/* the value itself */
} Lookup;

typedef enum Verdict
{
	VERDICT_NOTHING,			/* no news */
	VERDICT_FAILING,			/* for the first time, evidence against it */
	VERDICT_SHORT,				/* all of a loop too short to count by itself */
	VERDICT_WEAK,				/* proven if its reputation is good */
	VERDICT_STRONG				/* proven */
} Verdict;

/* Nats that a weak success is worth, at most, and a failure costs. */
#define EVIDENCE_WEAK		PATTERN_HISTORY_GOOD
#define EVIDENCE_FAILURE	(-3.0f)
/* Balance at which weak successes on many connections prove a pattern. */
#define EVIDENCE_STRONG		13.8f

/*
 * Does a look belong to a loop that is proven already?  Others look up the same
 * keys meanwhile.  The caller holds the episode's lock.
 */
extern bool evidence_belongs(Episode *episode, const Lookup *lookup);

/* Add a look to an episode. */
extern void evidence_add(Episode *episode, const Lookup *lookup);

/*
 * The parent's backend looked something else up, "elsewhere" if it fitted
 * another result set.
 */
extern void evidence_miss(Episode *episode, bool elsewhere);

/* What the evidence comes to, given how many episodes like it failed. */
extern Verdict evidence_verdict(const Episode *episode, uint32 failed,
								int min_children, bool nested);

/* Did all of it happen in the custody of the parent's backend? */
extern bool evidence_is_local(const Episode *episode, Verdict verdict);

/* What a success is worth to the reputation, in nats. */
extern float evidence_worth(const Episode *episode, Verdict verdict);

#endif							/* CLIPPERF_EVIDENCE_H */
