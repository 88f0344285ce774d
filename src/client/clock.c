/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  A clock that nobody sets.
 *
 *-------------------------------------------------------------------------
 */
#include "clock.h"

#include <time.h>

/*
 * Seconds by a clock that nobody sets: good for differences.
 */
double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
