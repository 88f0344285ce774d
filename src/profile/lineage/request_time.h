/*-------------------------------------------------------------------------
 *
 * request_time.h
 *	  When the request of this connection began that runs.
 *
 * A trace or an explicit transaction says what belongs to one request.  Where
 * there is none, what a connection runs between two pauses of its client of
 * clipperf.request_idle and more is taken for one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_TIME_H
#define CLIPPERF_REQUEST_TIME_H

#include "compat.h"
#include "hotpath.h"
#include "settings.h"

/* When it began, and when its last statement ended: clock_us(). */
HOTPATH_EXTERN int64 request_begun_us;
HOTPATH_EXTERN int64 request_ended_us;

/* Look-ups of this connection that loops have counted, until they are taken. */
HOTPATH_EXTERN int64 request_looped;

/* A statement of the client begins. */
static inline void
request_time_begin(int64 now_us)
{
	if (unlikely(now_us - request_ended_us >
				 (int64) setting_request_idle_ms * 1000))
		request_begun_us = now_us;
}

/* A statement has ended. */
static inline void
request_time_end(int64 now_us)
{
	request_ended_us = now_us;
}

#endif							/* CLIPPERF_REQUEST_TIME_H */
