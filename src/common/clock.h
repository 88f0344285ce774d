/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The clock that durations and lineage are measured with, and what holds
 *	  of the server's clock, which is set back now and then.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CLOCK_H
#define CLIPPERF_CLOCK_H

#include "compat.h"

#include <time.h>

#include "datatype/timestamp.h"
#include "portability/instr_time.h"

/*
 * Microseconds of a clock that never steps back and that all backends share
 * (CLOCK_MONOTONIC), so that times taken by two backends can be subtracted.
 */
static inline int64
clock_us(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MICROSEC(now);
}

/* The clock in nanoseconds, for what is shorter than a microsecond. */
static inline int64
clock_ns(void)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_NANOSEC(now);
}

/*
 * Time that this process has had of the processor, in microseconds: on a busy machine
 * that is less than what has passed.
 */
static inline int64
clock_processor_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
		return INT64CONST(0);
	return (int64) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The time of clock_us() at which an interval that begins now will have passed. */
extern int64 clock_after(const Interval *interval);

/*
 * When something was seen last, if it was so at both times.  A known time that
 * is still to come was taken before the server's clock was set back, and goes.
 */
static inline TimestampTz
clock_last_seen(TimestampTz known, TimestampTz seen, TimestampTz now)
{
	return known > now || known < seen ? seen : known;
}

/*
 * How long ago something was seen, in microseconds, for the choice of what has
 * to go.  What was seen at a time to come was not seen since the server's clock
 * was set back: the further that was, the older it is.
 */
static inline int64
clock_age_us(TimestampTz seen, TimestampTz now)
{
	return seen > now ? seen - now : now - seen;
}

#endif							/* CLIPPERF_CLOCK_H */
