/*-------------------------------------------------------------------------
 *
 * evidence.h
 *	  How much a look-up speaks for a loop over the rows of a result.
 *
 * Wald's sequential probability ratio test (A. Wald, Annals of Mathematical
 * Statistics 16, 1945).  Evidence is a logarithm of a likelihood ratio, in nats.
 * A test that may take chance for a loop with probability a, and a loop for
 * chance with probability b, ends at ln((1 - b) / a) and at ln(b / (1 - a)):
 * about -ln(a) and ln(b), if both are small.  evidence.c has the hypotheses.
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
	int			rivals;			/* result sets it could have been attributed
								 * to */
	int			local_rivals;	/* .. of this backend */
	bool		local;			/* it ran where its result set came from */
	bool		sweepable;		/* it may be a step of a sweep through the
								 * keys by somebody else .. */
	bool		passes;			/* .. and was not its first */
	bool		sorted;			/* .. as the rows are sorted by them */
	uint32		step;			/* mean distance of neighbours */
	int64		number;			/* the value itself */
} Lookup;

typedef enum Verdict
{
	VERDICT_NOTHING,			/* no news */
	VERDICT_FAILING,			/* for the first time, evidence against it */
	VERDICT_SHORT,				/* all of a loop too short to count by itself */
	VERDICT_WEAK,				/* proven if its pattern's history is good */
	VERDICT_STRONG				/* proven */
} Verdict;

/*
 * Nats at which an episode is a strong proof, ln(1,000,000): one false alarm
 * per million episodes, for each way to be proven.  A history in which weak
 * successes on many connections add up to as much proves its pattern, too.
 */
#define EVIDENCE_STRONG		13.8

/*
 * Nats at which an episode is a weak proof, which stands only if the history of
 * its pattern is good, and that it is worth to that history at most.
 */
#define EVIDENCE_WEAK		PATTERN_HISTORY_GOOD

/*
 * Nats below which the evidence speaks against a loop, ln(0.05): one loop in
 * twenty may be missed.  The history of its pattern is charged as much.
 */
#define EVIDENCE_FAILURE	(-3.0f)

/* Does a look-up belong to a loop that is proven already? */
extern bool evidence_belongs(Episode *episode, const Lookup *lookup);

/* Add a look-up to an episode. */
extern void evidence_add(Episode *episode, const Lookup *lookup);

/* The parent's backend looked something else up. */
extern void evidence_miss(Episode *episode, bool elsewhere);

/* What the evidence comes to, given how many episodes like it failed. */
extern Verdict evidence_verdict(const Episode *episode, uint32 failed,
								int min_children, bool nested);

/* Did all of it happen on the connection that read the result? */
extern bool evidence_is_local(const Episode *episode, Verdict verdict);

/* What a success is worth to the history of its pattern, in nats. */
extern float evidence_worth(const Episode *episode, Verdict verdict);

#endif							/* CLIPPERF_EVIDENCE_H */
