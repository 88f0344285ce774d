/*-------------------------------------------------------------------------
 *
 * claim.h
 *	  A lookup as a child of one list, and what it proves of that list.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CLAIM_H
#define CLIPPERF_CLAIM_H

#include "profile/lineage/match.h"
#include "store/pattern.h"

/* One lookup, and the result set it is attributed to. */
typedef struct Child
{
	Execution  *execution;
	const Probe *probe;
	uint64		fingerprint;
	const Match *match;
	PatternParameters *parameters;	/* of its loop; NULL = not known */
} Child;

/* What a lookup has changed about its episode. */
typedef struct EpisodeChange
{
	Episode		before;
	Episode		after;			/* but for what the verdict has changed */
	Verdict		verdict;
	bool		is_news;		/* the history is to be told of the verdict */
} EpisodeChange;

/* A lookup as a child of one of the lists it may belong to. */
typedef struct Claim
{
	Child		child;
	Lookup		lookup;
	EpisodeChange change;
	bool		accepted;		/* by its episode */
	bool		proven;
	bool		strong;			/* .. by this episode alone */
} Claim;

/* The pattern that a child belongs to. */
extern PatternKey child_pattern_key(const Child *child);

/* The history that its episodes have. */
extern uint64 child_history_key(const Child *child);

/* What else there is to tell of that pattern. */
extern PatternFacts child_pattern_facts(const Child *child);

/* What an episode counts for. */
extern PatternCounters episode_counters(const Episode *episode);

/* Weigh a lookup as a child of one list. */
extern void claim_weigh(Claim *claim, bool is_best);

/* Mark the episode as proven, and count it unless that was done. */
extern void claim_mark_proven(const Child *child, uint64 episode_key, bool counts,
							  bool strong);

/* Count the lookup in a proven loop, and what was not counted before. */
extern void claim_count(const Claim *claim, bool counts);

#endif							/* CLIPPERF_CLAIM_H */
