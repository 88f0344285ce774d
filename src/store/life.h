/*-------------------------------------------------------------------------
 *
 * life.h
 *	  Whether what a finding names is still seen.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_LIFE_H
#define CLIPPERF_LIFE_H

#include "compat.h"

#include "datatype/timestamp.h"

#include "store/store.h"

/*
 * Over is what was not seen in so many calls of its statement.  Of plans that
 * are counted now and then one execution in 16 is (plan_facts.c): by chance none
 * of 100 is seen once in 600 times, and then it comes back.
 */
#define LIFE_CALLS	100

/* What a finding is about.  Compared as bytes: no padding. */
typedef struct LifeKey
{
	uint64		queryid;		/* statement whose calls count */
	uint64		what;			/* hash of what it did */
	Oid			dbid;
	Oid			userid;
} LifeKey;

/* How it stands with it. */
typedef struct Life
{
	int64		unseen;			/* calls in which it was not, as far as
								 * readers know */
	bool		over;			/* not seen in LIFE_CALLS calls */
	bool		again;			/* it was over, and was seen again */
} Life;

/*
 * Note that it was seen last at "seen", by a reader who knows of "calls" calls
 * of the statement by now.
 */
extern Life life_observe(const LifeKey *key, TimestampTz seen, int64 calls);

extern const StoreModule life_module;

#endif							/* CLIPPERF_LIFE_H */
