/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  Intervals, measured with the clock that never steps back.
 *
 *-------------------------------------------------------------------------
 */
#include "common/clock.h"

#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/*
 * The time of clock_us() at which an interval that begins now will have passed;
 * PG_INT64_MAX if it never does.  Error 22008 if it is out of range.
 */
int64
clock_after(const Interval *interval)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end;

	end = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												  TimestampTzGetDatum(now),
												  IntervalPGetDatum(interval)));
	if (TIMESTAMP_IS_NOEND(end))
		return PG_INT64_MAX;
	return clock_us() + (end - now);
}
