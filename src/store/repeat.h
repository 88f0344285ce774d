/*-------------------------------------------------------------------------
 *
 * repeat.h
 *	  Look-ups that repeat within one request.
 *
 * A Repeat counts the lookups of one statement in one request.  Those of a
 * request that is known by a trace id may run on any connection: they are
 * counted in a fixed table that all backends share, where the one used least
 * recently makes room.
 *
 * Contract: a shared Repeat is read and written under the LOCKS_REPEAT stripe
 * of its request, which repeat_lock() takes and repeat_unlock() releases.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REPEAT_H
#define CLIPPERF_REPEAT_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/store.h"

/* Bits of the set of values seen; enough for a few hundred. */
#define REPEAT_SEEN_WORDS	16
#define REPEAT_SEEN_BITS	(REPEAT_SEEN_WORDS * 64)

/* Values of one lookup that are compared with those of the one before. */
#define REPEAT_VALUES		4

typedef struct Repeat
{
	uint64		request;		/* 0 = free */
	uint64		fingerprint;	/* of the statement */
	int64		lookups;
	int64		reported;		/* .. of which are in the table of patterns */
	int64		distinct;
	int64		again;			/* .. with the very values of the one before */
	int64		pipelined;
	int64		last_us;
	double		child_us;
	double		gap_us;
	TimestampTz first_seen;
	Oid			dbid;
	uint64		backends;		/* bit per backend, modulo 64 */
	uint64		value;			/* all of the last lookup's in one hash */
	uint64		values[REPEAT_VALUES];	/* .. and the first of them */
	uint16		moved[REPEAT_VALUES];	/* how often each was another than
										 * before */
	uint16		named;			/* which of them the pattern is about */
	uint64		seen[REPEAT_SEEN_WORDS];

	/* The numbers looked up, where the key is one. */
	int64		numbers;		/* how many, but for those that came again */
	int64		least;
	int64		greatest;
	float		rising;			/* evidence that they only go up, in nats .. */
	float		falling;		/* .. or down */
} Repeat;

/* The entry of a statement in a request, out of an array; made if it is new. */
extern Repeat *repeat_find(Repeat *repeats, int count, uint64 request,
						   uint64 fingerprint);

/* Begin an entry again. */
extern void repeat_clear(Repeat *repeat);

/* The entry of a statement in a request of several backends, locked. */
extern Repeat *repeat_lock(uint64 request, uint64 fingerprint);

/* Release what repeat_lock() has locked. */
extern void repeat_unlock(uint64 request);

extern const StoreModule repeat_module;

#endif							/* CLIPPERF_REPEAT_H */
