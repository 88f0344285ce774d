/*-------------------------------------------------------------------------
 *
 * steady.h
 *	  Reads what one process writes without a lock, as it is between two changes.
 *
 * The owner counts: before a change and after it, so that the number is odd while it
 * writes.  A reader copies, and does so again if the number was odd, or is another
 * afterwards:
 *
 *	   SteadyRead read = {&place->changes};
 *
 *	   while (steady_begin(&read))
 *	   {
 *		   memcpy(copy, place, sizeof(*copy));
 *		   if (steady_end(&read))
 *			   return true;
 *	   }
 *	   return false;
 *
 * A change takes a few nanoseconds.  But its owner may have lost the processor in the
 * middle, or be stopped for good, by a debugger or in a frozen container.  Whoever
 * reads may hold a lock that others need, so it gives up after some milliseconds, and
 * does without what it has not read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STEADY_H
#define CLIPPERF_STEADY_H

#include "compat.h"

#include "port/atomics.h"
#include "storage/s_lock.h"

/* So often it is tried at once, then so often again after a millisecond. */
#define STEADY_TRIES 100
#define STEADY_SLEEPS 20

typedef struct SteadyRead
{
	const volatile uint32 *changes; /* the owner's number */
	uint32		before;			/* as it was when the copying began */
	int			tries;
} SteadyRead;

/* Begin to copy; false if that was tried often enough. */
static inline bool
steady_begin(SteadyRead *read)
{
	if (read->tries == STEADY_TRIES + STEADY_SLEEPS)
		return false;
	if (read->tries >= STEADY_TRIES)
		pg_usleep(1000);
	else if (read->tries > 0)
		pg_spin_delay();
	read->tries++;
	read->before = *read->changes;
	pg_read_barrier();
	return true;
}

/* Was nothing changed while it was copied? */
static inline bool
steady_end(const SteadyRead *read)
{
	pg_read_barrier();
	return read->before == *read->changes && (read->before & 1) == 0;
}

#endif							/* CLIPPERF_STEADY_H */
