/*-------------------------------------------------------------------------
 *
 * match.h
 *	  Which result set a lookup is attributed to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MATCH_H
#define CLIPPERF_MATCH_H

#include "profile/statement/probe.h"
#include "profile/statement/statement_info.h"
#include "store/episode.h"

/* Where a lookup happens. */
typedef struct Scene
{
	const Execution *execution;
	uint64		transaction;	/* of this backend, 0 = none */
	uint64		statement;		/* count of client statements */
} Scene;

/* How close a result set is to a lookup. */
typedef enum Proximity
{
	PROXIMITY_NONE,				/* another connection */
	PROXIMITY_BACKEND,			/* the same connection */
	PROXIMITY_TRANSACTION,		/* .. and the same transaction */
	PROXIMITY_TRACE				/* the same request, as the client said */
} Proximity;

/* The result set chosen for a lookup. */
typedef struct Match
{
	bool		found;
	ResultHit	hit;
	ResultSet	set;
	ResultColumn column;		/* that the value was found in */
	Proximity	proximity;
	bool		same_request;	/* no pause ends what it began */
	uint64		episode;		/* key */
	bool		counted;		/* that has been counted, as far as is seen */
	bool		is_expected;	/* its loop goes on with this very value, or
								 * would begin with it */
	bool		is_alike;		/* the columns are keys of two tables, with
								 * the same name */
	bool		is_companion;	/* a joint column of the result that the best
								 * match is in */
	bool		is_explained;	/* a joint column explains more of what was
								 * looked up than this part of it */
	uint64		statements;		/* of the client since the set was read; 0 =
								 * not known */
	int			rivals;
	int			local_rivals;
	uint64		earlier;		/* ranks that the request looked up before, if
								 * its loop begins: see earlier.h */
} Match;

/* Other results that a lookup is weighed for, besides the one it fits best. */
#define MATCH_RIVALS	4

/* The result set chosen for a lookup, and those that it may as well belong to. */
typedef struct MatchList
{
	Match		best;
	int			nrivals;
	Match		rivals[MATCH_RIVALS];
} MatchList;

/*
 * Of texts that are no keys and no numbers, so large a part of all that the table has,
 * one over .., may be gone through without a list.
 */
#define MATCH_PART_OF_DOMAIN	4

/* Does the order of the rows alone tell whether a column's values are followed? */
static inline bool
match_only_order(const ResultColumn *column)
{
	return column->is_text && !column->has_numbers &&
		column->domain < MATCH_PART_OF_DOMAIN * column->distinct;
}

/* A pause between two children that ends a loop, in us. */
extern int64 match_longest_pause(void);

/* The number that stands for a comparison in keys: see match.c. */
extern int16 match_parameter(const Comparison *comparison);

/* Is a value of this request's own results keys of what is looked up? */
extern bool match_in_request(const Scene *scene, const Probe *probe, const ResultHit *hit,
							 uint64 child, Match *match);

/* Choose a result set for the value of a probe, from those it was found in. */
extern void match_choose(const Scene *scene, const Probe *probe,
						 const ResultHit *hits, int count, uint64 child,
						 MatchList *matches);

#endif							/* CLIPPERF_MATCH_H */
