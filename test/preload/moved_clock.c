/*-------------------------------------------------------------------------
 *
 * moved_clock.c
 *	  A library to be preloaded into a server whose clocks are to be moved.
 *
 * The file MOVED_CLOCK holds the number of seconds, in binary, by which the
 * time of day is ahead.  The file STEADY_CLOCK holds the time that the clock
 * which measures durations shows, in binary microseconds; while that is 0 the
 * clock runs as it does.  Both may be written while the server runs.  Whoever sets
 * a machine's clock moves the first one alone.
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t not_moved = 0;

/* Map the file that a variable names; without one, the time is as it is. */
static const volatile int64_t *
map_file(const char *variable)
{
	const char *name = getenv(variable);
	int			fd = name ? open(name, O_RDONLY) : -1;
	void	   *memory = MAP_FAILED;

	if (fd >= 0)
	{
		memory = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	return memory == MAP_FAILED ? &not_moved : memory;
}

/* In place of the C library's function. */
int
gettimeofday(struct timeval *time, void *zone)
{
	static int	(*original) (struct timeval *, void *) = NULL;
	static const volatile int64_t *ahead_s = NULL;
	int			result;

	if (original == NULL)
		original = (int (*) (struct timeval *, void *)) dlsym(RTLD_NEXT, "gettimeofday");
	if (ahead_s == NULL)
		ahead_s = map_file("MOVED_CLOCK");
	result = original(time, zone);
	time->tv_sec += *ahead_s;
	return result;
}

/* The same. */
int
clock_gettime(clockid_t clock, struct timespec *time)
{
	static int	(*original) (clockid_t, struct timespec *) = NULL;
	static const volatile int64_t *steady_us = NULL;

	if (original == NULL)
		original = (int (*) (clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
	if (steady_us == NULL)
		steady_us = map_file("STEADY_CLOCK");
	if (clock != CLOCK_MONOTONIC || *steady_us == 0)
		return original(clock, time);
	time->tv_sec = *steady_us / 1000000;
	time->tv_nsec = *steady_us % 1000000 * 1000;
	return 0;
}

/* The same. */
time_t
time(time_t *seconds)
{
	struct timeval now;

	(void) gettimeofday(&now, NULL);
	if (seconds != NULL)
		*seconds = now.tv_sec;
	return now.tv_sec;
}
