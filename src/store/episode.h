/*-------------------------------------------------------------------------
 *
 * episode.h
 *	  Statements that seem to follow the rows of one result set.
 *
 * An episode gathers the evidence of one child statement against one column
 * of one result set.  Episodes live in a fixed table and are replaced when
 * they are the oldest of their bucket.
 *
 * The history of a pattern outlives the episodes: what the earlier ones of the
 * same parent, column and child came to.
 *
 * Contract: an Episode and a PatternHistory are written under the LOCKS_EPISODE
 * stripe of their key, by episode_lock() and pattern_history_add().
 * episode_peek() reads without a lock: its answer is a hint.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EPISODE_H
#define CLIPPERF_EPISODE_H

#include "common/evidence.h"
#include "store/resultset.h"

typedef enum EpisodeState
{
	EPISODE_OPEN,
	EPISODE_FAILED,				/* the evidence spoke against it */
	EPISODE_PROVEN
} EpisodeState;

typedef struct Episode
{
	uint64		key;			/* 0 = free */
	Evidence	evidence;
	uint8		state;			/* an EpisodeState */
	bool		counted_failed; /* its history has had its failure */
	bool		strong;			/* proven by itself */
	bool		counted;		/* its children are in the table of patterns */
	uint32		pipelined;		/* children that another statement waited for */
	uint32		requests;		/* .. that began another request */
	float		counted_nats;	/* what its history has had for its success */
	int32		pattern;		/* its entry in the table of patterns, or -1 */
	Oid			dbid;			/* of the child */
	uint64		pattern_key;	/* .. as pattern_history_key() */

	uint64		first_number;	/* of the first child among the lookups of its
								 * statement in its backend */

	/* Children that another episode is credited with, see attribution.c. */
	uint64		holder;			/* its key; 0 = none */
	uint32		lent;
	int64		lent_child_us;
	int64		lent_gap_us;
	bool		is_tied;		/* its pattern knows that another list fits as
								 * well */

	int64		first_us;		/* when the first child started */
	int64		last_us;		/* when the last child ended */
	int64		child_us;		/* time inside children */
	int64		gap_us;			/* round trips that they cost */
	uint64		backends;		/* bit per backend, modulo 64 */
} Episode;

/* What is seen of an episode without a lock. */
typedef struct EpisodePeek
{
	bool		found;
	EpisodeState state;
	bool		used;			/* this rank was hit before */
	bool		exhausted;		/* all ranks were */
	bool		may_repeat;		/* more rows share values than came again */
	bool		counted;		/* its children are in the table of patterns */
	uint32		children;
	int			distance;		/* unhit ranks skipped to reach this one */
	int64		last_us;
	uint64		next_number;	/* the lookup of its statement, in the backend
								 * of its first child, that is to be its next
								 * child if all so far were */
} EpisodePeek;

/* The standing of a parent, column and child over many episodes. */
typedef struct PatternHistory
{
	float		balance;		/* nats: weak successes less failures */
	uint32		failed;			/* episodes that failed */
	uint32		children;		/* of short loops inside of other loops */
} PatternHistory;

/*
 * Balance at which what was weakly proven stands, in nats: ln(500), one false
 * alarm per five hundred.
 */
#define PATTERN_HISTORY_GOOD		6.2f

/* Most episodes that wait for their pattern to be proven. */
#define PATTERN_HISTORY_WAITING	8

/* What is to be added to a history. */
typedef struct PatternHistoryChange
{
	float		nats;			/* for the balance */
	uint32		failed;
	uint32		children;
	uint64		waiting;		/* key of an episode that waits, 0 = none */
} PatternHistoryChange;

/* Are all of its children others', that of this rank among them? */
static inline bool
episode_was_lent(const Episode *episode, int rank)
{
	return episode->lent > 0 && episode->lent == episode->evidence.children &&
		evidence_is_hit(&episode->evidence, rank);
}

/* The key of the episode of a child statement at one column of a result. */
extern uint64 episode_key(const ResultHit *hit, uint64 child, int parameter);

/* What is seen of an episode without its lock: a hint. */
extern void episode_peek(uint64 key, int rank, EpisodePeek *peek);

/* The episode of this key, made if there is none, locked. */
extern Episode *episode_lock(uint64 key, int64 now_us);

/* The episode of this key, locked; NULL, and no lock, if there is none. */
extern Episode *episode_lock_existing(uint64 key);

/* Release what the two before have locked. */
extern void episode_unlock(uint64 key);

/* Start an episode over; under its lock. */
extern void episode_clear(Episode *episode);

/* Add to a history and return what it is then. */
extern PatternHistory pattern_history_add(uint64 key, const PatternHistoryChange *news);

/* The history of a key; all zero if there is none. */
extern PatternHistory pattern_history_read(uint64 key);

/* Put back what was saved of the history of a pattern of that database. */
extern void pattern_history_restore(uint64 key, Oid dbid,
									const PatternHistory *history);

/* Hand out the keys of the episodes that wait, latest last, and forget them. */
extern int	pattern_history_release(uint64 key, uint64 *waiting);

extern const StoreModule episode_module;

#endif							/* CLIPPERF_EPISODE_H */
