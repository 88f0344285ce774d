/*-------------------------------------------------------------------------
 *
 * earlier.h
 *	  What statements looked up before a loop was seen to begin.
 *
 * A list whose rows are looked up in no order may share its first values with
 * another list, which these lookups fit better.  When the loop over it begins
 * for this backend, it has had them already.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EARLIER_H
#define CLIPPERF_EARLIER_H

#include "compat.h"
#include "store/resultset.h"

/* A value was looked up by a parameter of a child, and found in some result. */
extern void earlier_note(uint64 child, int parameter, uint64 hash, int64 now_us);

/* Which ranks of a column the child has looked up once each since then. */
extern uint64 earlier_ranks(uint64 child, int parameter, const ResultHit *hit,
							int64 since_us);

#endif							/* CLIPPERF_EARLIER_H */
