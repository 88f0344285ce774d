/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The clock that durations and lineage are measured with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_CLOCK_H
#define CLIPPERF_CLOCK_H

#include "compat.h"

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

#endif							/* CLIPPERF_CLOCK_H */
