/*-------------------------------------------------------------------------
 *
 * moved_clock.c
 *	  A library to be preloaded into a server whose clock is to be moved.
 *
 * The file MOVED_CLOCK holds the number of seconds, in binary, by which the
 * time of day is ahead.  It may be written while the server runs.  Clocks that
 * only measure durations are left alone, as they are by whoever sets a
 * machine's clock.
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
static const volatile int64_t *ahead_s = NULL;

/* Map the file; without one, the time is as it is. */
static const volatile int64_t *
map_file(void)
{
	const char *name = getenv("MOVED_CLOCK");
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
	int			result;

	if (original == NULL)
		original = (int (*) (struct timeval *, void *)) dlsym(RTLD_NEXT, "gettimeofday");
	if (ahead_s == NULL)
		ahead_s = map_file();
	result = original(time, zone);
	time->tv_sec += *ahead_s;
	return result;
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
