/*-------------------------------------------------------------------------
 *
 * evidence.h
 *	  How much lookups speak for a loop over the rows of a result.
 *
 * Wald's sequential probability ratio test (A. Wald, Annals of Mathematical
 * Statistics 16, 1945).  Evidence is a logarithm of a likelihood ratio, in nats.
 * A test that may take chance for a loop with probability a, and a loop for
 * chance with probability b, ends at ln((1 - b) / a) and at ln(b / (1 - a)):
 * about -ln(a) and ln(b), if both are small.  evidence.c has the hypotheses.
 *
 * Arithmetic only: nothing here knows of shared memory, locks or the server.
 * test/unit/evidence.c puts it to the test by simulation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EVIDENCE_H
#define CLIPPERF_EVIDENCE_H

#include "compat.h"

#include "port/pg_bitutils.h"

/* Ranks of a column that are told apart. */
#define EVIDENCE_RANKS	1000
#define EVIDENCE_WORDS	((EVIDENCE_RANKS + 63) / 64)

/* Rows at the beginning of a result whose order of keys is known. */
#define EVIDENCE_SEQUENCE		16
/* .. where the keys are fewer: one has four bits. */
#define EVIDENCE_SEQUENCE_KEYS	15

/* All thresholds; nats unless the comment says otherwise. */
typedef struct EvidenceParameters
{
	/*
	 * Proof by one episode, ln(1,000,000): one false alarm per million
	 * episodes, for each way to be proven.
	 */
	double		strong;

	/*
	 * Weak proof, ln(500), one false alarm per five hundred: stands only if
	 * the history of its pattern is good, and is worth that much to it at
	 * most.
	 */
	double		weak;

	/*
	 * Below it the evidence speaks against a loop, ln(0.05): one loop in
	 * twenty may be missed.  The history of its pattern is charged as much.
	 */
	double		failure;

	/*
	 * An episode below these in all respects is given up: where the order of
	 * rows counts, twice as far down as where it is failing; where it does
	 * not, at two unexplained repeats.
	 */
	double		hopeless_in_order;
	double		hopeless_covering;

	/*
	 * The hypothesis of a loop: how likely each kind of lookup is in one, as
	 * a share of all.
	 */
	double		next;			/* the next value; each further one is half as
								 * likely as the one before */
	double		loose_next;		/* .. where children overtake each other */
	double		stray;			/* it has nothing to do with the order */
	double		repeat;			/* it repeats an earlier one for no reason */
	double		guess;			/* when values were skipped there are two
								 * guesses what comes next */
	double		rise;			/* it is of a later row than all before, where
								 * some rows have no child */
	double		follow;			/* it is of the very next row, where rows
								 * share few keys */
	double		most_repeats;	/* repeats that are believed of a loop that
								 * shares keys without remembering them */

	/* Share of the values that a loop without order must have hit. */
	double		covered;
	/* Share of the rows that must have had a child if all have one key. */
	double		same_covered;
	/* Fewest children of such a loop that look it up again. */
	int			same_fewest;
	/* .. and most statements of the client for each of them. */
	int			same_statements;

	/* Fewest values that can be a loop by themselves; count. */
	int			fewest;
	/* .. and most that, all looked up in no order, are no weak proof. */
	int			short_list;
	/* Unhit ranks a loop on one connection may skip and still be in order. */
	int			near;
	/* A sweep's next value lies within this part of the values (one in ..). */
	int			stride_part;

	/* The worth of a repeat: at most, and of one without a reason. */
	double		repeat_worth;
	double		repeat_cost;
	/* A lookup of the same child elsewhere: about ln(0.05 / 0.95). */
	double		miss_cost;

	/*
	 * Others take part in a loop, ln(10,000): one false alarm per ten
	 * thousand lookups of others at the same keys.
	 */
	double		joined;
} EvidenceParameters;

extern const EvidenceParameters evidence_parameters;

/* One child, as its episode sees it. */
typedef struct Lookup
{
	int			rank;			/* of its value in the column */
	int			distinct;		/* values of the column */
	int			rows;			/* of the result set */
	int			times;			/* rows that hold the value, 7 = 7 or more */
	uint64		sequence;		/* ranks of the first rows, four bits each */
	int			rivals;			/* result sets it could have been attributed
								 * to */
	int			local_rivals;	/* .. of this backend */
	bool		local;			/* it ran where its result set came from, or
								 * in the same request */
	bool		in_request;		/* .. in the request that has read it */
	bool		sweepable;		/* it may be a step of a sweep through the
								 * keys by somebody else .. */
	bool		passes;			/* .. and was not its first */
	bool		sorted;			/* .. as the rows are sorted by them */
	bool		whole;			/* only a loop over all rows tells: such
								 * numbers are counted through for other
								 * reasons as well */
	bool		alike;			/* nothing but a name says that they are keys
								 * of one table */
	bool		only_order;		/* the order of the rows alone tells: there
								 * are few other values that could have been
								 * looked up */
	uint32		step;			/* mean distance of neighbours */
	int64		number;			/* the value itself */
	uint64		statements;		/* of the client since the result was read; 0
								 * = not known */
} Lookup;

/* What the lookups of an episode have come to. */
typedef struct Evidence
{
	bool		local;			/* all of it where the result set came from */
	bool		in_request;		/* .. in the request that has read it */
	bool		guarded;		/* it may be a sweep through the keys: */
	bool		passed;			/* .. that came by, or is elsewhere */
	bool		sorted;			/* .. they are sorted */
	bool		whole;			/* nothing is proven before the last row */
	bool		alike;			/* keys whose names alone are the same */
	bool		in_order;		/* every lookup was of a later row than those
								 * before it */
	uint16		distinct;		/* values of the column, as last seen */
	uint16		rows;			/* that hold them */
	uint16		used;			/* ranks hit */
	uint16		last;			/* rank hit last for the first time */
	uint16		latest;			/* rank looked up last */
	uint16		top;			/* highest rank looked up .. */
	uint16		bottom;			/* .. and lowest, on the connection */
	uint16		frontier;		/* lowest rank not hit */
	uint16		strides;		/* ranks hit whose number was close to the one
								 * before */
	uint16		others;			/* lookups of others that may take part .. */
	uint16		others_last;	/* .. and the rank of the last one */
	uint16		followed;		/* rows whose keys were looked up one by one */
	bool		strayed;		/* .. which ended before the last of them */
	bool		stays;			/* the last lookup was that of the one before */
	uint32		children;		/* lookups */
	uint32		repeats;		/* .. that hit a rank again */
	uint32		again;			/* .. the one that was hit just before */
	uint32		moves;			/* .. all but those, of this connection */
	float		ordered;		/* in row order against at random */
	float		loosely;		/* .. where children overtake each other */
	float		on_connection;	/* in row order, as the parent's backend saw
								 * it */
	float		covering;		/* all rows once in any order against at
								 * random */
	float		rising;			/* each of a later row, on the connection */
	float		falling;		/* each of an earlier one */
	float		spread;			/* for others that take part in a local loop */
	int64		number;			/* looked up last */
	uint64		sequence;		/* ranks of the first rows, as last seen */
	uint64		elsewhere;		/* bit per rank of the first 64: looked up for
								 * another list */
	uint64		hit[EVIDENCE_WORDS];	/* bit per rank */
} Evidence;

typedef enum Verdict
{
	VERDICT_NOTHING,			/* no news */
	VERDICT_FAILING,			/* evidence against it */
	VERDICT_FEW,				/* all rows of a list of few, in order or not */
	VERDICT_COVERED,			/* all rows of a short list of its request,
								 * each once */
	VERDICT_SHORT,				/* all of a loop in a loop, too short to count
								 * by itself */
	VERDICT_WEAK,				/* proven if its pattern's history is good */
	VERDICT_STRONG				/* proven */
} Verdict;

/* Start over. */
extern void evidence_clear(Evidence *evidence);

/* Was this rank hit? */
static inline bool
evidence_is_hit(const Evidence *evidence, int rank)
{
	return (evidence->hit[rank / 64] >> (rank % 64) & 1) != 0;
}

/* Do more rows share a value with an earlier one than values came again? */
static inline bool
evidence_may_repeat(const Evidence *evidence)
{
	return evidence->repeats - evidence->again < evidence->rows - evidence->distinct;
}

/* Ranks that were looked up, for whichever list. */
static inline int
evidence_covered(const Evidence *evidence)
{
	return evidence->used + pg_popcount64(evidence->elsewhere & ~evidence->hit[0]);
}

/* How far rank lies from where the loop is expected, in unhit ranks. */
extern int	evidence_distance(const Evidence *evidence, int rank);

/* Has every row had its child, so that this lookup starts over? */
extern bool evidence_is_complete(const Evidence *evidence,
								 const Lookup *lookup);

/* Does a lookup belong to a loop that is proven already? */
extern bool evidence_belongs(Evidence *evidence, const Lookup *lookup,
							 int backends);

/* Most of the children that a loop over the rows explains. */
extern int	evidence_most_children(const Evidence *evidence);

/* Add a lookup. */
extern void evidence_add(Evidence *evidence, const Lookup *lookup);

/*
 * Add those of these ranks, of the first 64, which were looked up before the first
 * one, as other lists explained them better: the rows have had their children.
 */
extern void evidence_add_before(Evidence *evidence, const Lookup *first, uint64 ranks);

/* Add a lookup of one of the values that others explain better. */
extern void evidence_add_stray(Evidence *evidence, const Lookup *lookup);

/* The parent's backend looked something else up. */
extern void evidence_miss(Evidence *evidence, bool elsewhere);

/* In evidence_verdict.c. */

/* Does it speak against every order of the rows by now? */
extern bool evidence_is_astray(const Evidence *evidence);

/* Will it never be a loop? */
extern bool evidence_is_hopeless(const Evidence *evidence);

/* What the evidence comes to, given how many episodes like it failed. */
extern Verdict evidence_verdict(const Evidence *evidence, uint32 failed,
								int min_children, bool nested);

/* Were nearly all rows looked up, in whatever order, where they were read? */
extern bool evidence_is_covering(const Evidence *evidence);

/* Did all of it happen on the connection that read the result? */
extern bool evidence_is_local(const Evidence *evidence, Verdict verdict);

/* What a success is worth to the history of its pattern, in nats. */
extern float evidence_worth(const Evidence *evidence, Verdict verdict);

#endif							/* CLIPPERF_EVIDENCE_H */
