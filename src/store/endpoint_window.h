/*-------------------------------------------------------------------------
 *
 * endpoint_window.h
 *	  How many of an endpoint's requests were bad in each of the last minutes
 *	  and hours.
 *
 * Plain memory: whoever owns a structure guards it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_WINDOW_H
#define CLIPPERF_ENDPOINT_WINDOW_H

#include "compat.h"

/* What is kept: minutes of six hours, hours of three days. */
#define ENDPOINT_MINUTES	360
#define ENDPOINT_HOURS		72

#define MINUTES_PER_HOUR	60

/* One minute or hour.  A zeroed one is that of long ago, and holds nothing. */
typedef struct EndpointSlot
{
	int32		number;			/* minutes or hours since the clock's epoch */
	uint32		requests;
	uint32		slow;			/* of these, beyond the target */
	uint32		failed;			/* of these, with an error */
} EndpointSlot;

typedef struct EndpointWindows
{
	EndpointSlot minutes[ENDPOINT_MINUTES];
	EndpointSlot hours[ENDPOINT_HOURS];
} EndpointWindows;

/* Requests of some time, good and bad. */
typedef struct EndpointCounts
{
	int64		requests;
	int64		slow;
	int64		failed;
} EndpointCounts;

/* Count a request that ended then, in microseconds of a clock that never steps. */
extern void endpoint_windows_add(EndpointWindows *windows, int64 ended_us,
								 bool slow, bool failed);

/* What ended in the minute of "now_us" and those before it, so many in all. */
extern EndpointCounts endpoint_windows_sum(const EndpointWindows *windows,
										   int64 now_us, int minutes);

#endif							/* CLIPPERF_ENDPOINT_WINDOW_H */
