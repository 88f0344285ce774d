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

/* Microseconds that an execution had to wait to be sent. */
extern int64 round_trip_us(const Execution *execution, int64 before_us);

#endif							/* CLIPPERF_ROUND_TRIP_H */
