/*-------------------------------------------------------------------------
 *
 * round_trip.c
 *	  What it costs to come back with another statement.
 *
 * Between two statements of a connection lie the way to the client and back, the
 * parser and the planner, and whatever the client does meanwhile.  One statement
 * in place of many saves all of it but what the client does: it computes as much
 * as before.  Where it computes, it does so before some statements and not before
 * others, so a round trip is taken to be what those of the quickest kind wait on
 * average.
 *
 * Each wait is counted to the statement behind it alone, and no more is ever
 * counted than was waited: all loops of a connection together never cost more
 * than the time that went by.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/round_trip.h"

#include <math.h>

#include "profile/lineage/request_time.h"

/* Kinds of statements whose waits are compared, those that waited last. */
#define KINDS			8

/* A mean is known after so many waits, and follows the latest so many. */
#define FEWEST_WAITS	4
#define MEAN_WAITS		500

/*
 * Standard errors that a mean may be too low by, as that of the quickest of several
 * kinds is.
 */
#define ERRORS			2

/* What a kind of statement waits, in microseconds. */
typedef struct Wait
{
	uint64		queryid;		/* 0 = free */
	uint32		count;
	double		mean;
	double		variance;
	int64		last_us;		/* when it waited last */
} Wait;

static Wait waits[KINDS];

/* Waits that were not counted to any statement, in microseconds. */
static double left_over = 0;

/* The kind of a statement, in place of the one that waited the longest ago if new. */
static Wait *
find_wait(uint64 queryid)
{
	Wait	   *oldest = &waits[0];

	for (int i = 0; i < KINDS; i++)
	{
		if (waits[i].queryid == queryid)
			return &waits[i];
		if (waits[i].last_us < oldest->last_us)
			oldest = &waits[i];
	}
	memset(oldest, 0, sizeof(Wait));
	oldest->queryid = queryid;
	return oldest;
}

/* A statement has waited so long; returns what its kind waits on average. */
static double
add_wait(uint64 queryid, int64 now_us, double wait)
{
	Wait	   *kind = find_wait(queryid);
	double		weight = 1.0 / Min(++kind->count, MEAN_WAITS);
	double		beyond = wait - kind->mean;

	kind->mean += beyond * weight;
	kind->variance = (1.0 - weight) * (kind->variance + beyond * beyond * weight);
	kind->last_us = now_us;
	return kind->mean;
}

/* What the quickest kind waits on average; "mean" if none is known. */
static double
quickest_wait(double mean)
{
	double		quickest = -1.0;

	for (int i = 0; i < KINDS; i++)
	{
		const Wait *kind = &waits[i];
		double		wait = kind->mean +
			ERRORS * sqrt(kind->variance / Max(1, Min(kind->count, MEAN_WAITS)));

		if (kind->count >= FEWEST_WAITS && (quickest < 0 || wait < quickest))
			quickest = wait;
	}
	return quickest < 0 ? mean : quickest;
}

/*
 * The part of a wait that is a round trip.  Of the first child of a loop that is
 * not more than others wait: who thinks for a second between two pages is no part
 * of any loop.
 */
static int64
count_wait(const Execution *execution, bool first)
{
	double		wait = Max(0, execution->first_us - request_ended_us);
	double		mean = wait;
	double		cost;

	if (first)
		left_over = 0;
	else
		mean = add_wait(execution->queryid, execution->first_us, wait);
	cost = Min(quickest_wait(mean), wait + left_over);
	left_over += wait - cost;
	return (int64) cost;
}

/*
 * Microseconds that an execution had to wait to be sent: the round trip that it
 * cost.  Nothing if the child before it, on whatever connection, ended after it did,
 * at "before_us"; 0 = it is the first.
 */
int64
round_trip_us(const Execution *execution, int64 before_us)
{
	static int64 measured_us = 0;	/* when the execution that was asked for
									 * last began */
	static int64 cost = 0;

	if (measured_us != execution->first_us)
	{
		measured_us = execution->first_us;
		cost = count_wait(execution, before_us == 0);
	}
	return before_us == 0 ? cost : Min(cost, Max(0, execution->last_us - before_us));
}
