/*-------------------------------------------------------------------------
 *
 * endpoint_window.c
 *	  How many of an endpoint's requests were bad in each of the last minutes
 *	  and hours.
 *
 * Two rings.  A minute, or an hour, has one place that it can be in, and takes it
 * over from the one before.
 *
 *-------------------------------------------------------------------------
 */
#include "store/endpoint_window.h"

#include "datatype/timestamp.h"

/* The number of the minute, or hour, that a time is in. */
static inline int32
slot_number(int64 us, int64 unit_us)
{
	return (int32) (Max(us, 0) / unit_us);
}

/* Count a request in a ring, unless its place has gone to a later one. */
static void
add_to_ring(EndpointSlot *ring, int size, int32 number, bool slow, bool failed)
{
	EndpointSlot *slot = &ring[number % size];

	if (slot->number > number)
		return;
	if (slot->number < number)
	{
		memset(slot, 0, sizeof(*slot));
		slot->number = number;
	}
	slot->requests++;
	slot->slow += slow;
	slot->failed += failed;
}

/* Count a request that ended then, in microseconds of a clock that never steps. */
void
endpoint_windows_add(EndpointWindows *windows, int64 ended_us, bool slow,
					 bool failed)
{
	add_to_ring(windows->minutes, ENDPOINT_MINUTES,
				slot_number(ended_us, USECS_PER_MINUTE), slow, failed);
	add_to_ring(windows->hours, ENDPOINT_HOURS,
				slot_number(ended_us, USECS_PER_HOUR), slow, failed);
}

/* The sum of so many places of a ring, up to number "last". */
static EndpointCounts
sum_of_ring(const EndpointSlot *ring, int size, int32 last, int count)
{
	EndpointCounts sum = {0};

	for (int i = 0; i < size; i++)
	{
		if (ring[i].number > last || ring[i].number <= last - count)
			continue;
		sum.requests += ring[i].requests;
		sum.slow += ring[i].slow;
		sum.failed += ring[i].failed;
	}
	return sum;
}

/*
 * What ended in the minute of "now_us" and those before it, so many in all; for
 * more minutes than are kept, in its hour and those before it.
 */
EndpointCounts
endpoint_windows_sum(const EndpointWindows *windows, int64 now_us, int minutes)
{
	if (minutes <= ENDPOINT_MINUTES)
		return sum_of_ring(windows->minutes, ENDPOINT_MINUTES,
						   slot_number(now_us, USECS_PER_MINUTE), minutes);
	return sum_of_ring(windows->hours, ENDPOINT_HOURS,
					   slot_number(now_us, USECS_PER_HOUR),
					   minutes / MINUTES_PER_HOUR);
}
