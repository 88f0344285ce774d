/*-------------------------------------------------------------------------
 *
 * steady.c
 *	  Does a reader of src/store/steady.h come to an end, whatever the owner of
 *	  what it reads does?  Run by test/t/017_stopped_owner.pl.
 *
 *-------------------------------------------------------------------------
 */
#include "store/steady.h"

#include <stdio.h>

#undef printf

/* What the owner has written: the number and its double. */
static volatile struct
{
	uint32		changes;
	int			number;
	int			twice;
}			place;

/* What the owner does while a reader copies. */
static enum
{
	RESTS, STOPPED, WRITES, GOES_ON
}			owner;

static int	slept_ms = 0;

/* The server's: an owner that had lost the processor ends its change meanwhile. */
void
pg_usleep(long microsec)
{
	slept_ms += microsec / 1000;
	if (owner == GOES_ON)
		place.changes++;
	owner = owner == GOES_ON ? RESTS : owner;
}

/* Read as readers do; true if what was read is one state of the owner's. */
static bool
read_place(void)
{
	SteadyRead	read = {&place.changes};

	while (steady_begin(&read))
	{
		int			number = place.number;
		int			twice;

		if (owner == WRITES)
		{
			place.changes += 2;
			place.number++;
			place.twice += 2;
		}
		twice = place.twice;
		if (steady_end(&read))
			return twice == 2 * number;
	}
	return false;
}

int
main(void)
{
	printf("rests %d\n", read_place());
	owner = WRITES;
	printf("writes %d\n", read_place());
	owner = STOPPED;
	place.changes |= 1;
	slept_ms = 0;
	printf("stopped %d\n", read_place());
	printf("slept_ms %d\n", slept_ms);
	owner = GOES_ON;
	printf("goes_on %d\n", read_place());
	return 0;
}
