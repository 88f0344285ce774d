/*-------------------------------------------------------------------------
 *
 * round_trip.h
 *	  What it costs to come back with another statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ROUND_TRIP_H
#define CLIPPERF_ROUND_TRIP_H

#include "profile/statement/execution.h"

/* When a statement of this backend ended last, clock_us(). */
extern int64 round_trip_ended_us;

/* An execution has ended, and all has been said of it. */
static inline void
round_trip_note_end(const Execution *execution)
{
	round_trip_ended_us = execution->last_us;
}

/* Microseconds that an execution had to wait to be sent. */
extern int64 round_trip_us(const Execution *execution, int64 before_us);

#endif							/* CLIPPERF_ROUND_TRIP_H */
