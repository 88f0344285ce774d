/*-------------------------------------------------------------------------
 *
 * reduce.c
 *	  Runs rounds and reduces those that show a difference.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* A server that ran into a timeout was slow: nothing follows from it. */
#define TIMEOUT_STATE	"ERROR 57014"

/* Is every statement printed with its answer? */
bool		round_show = false;

/*
 * Are two answers equal?
 */
static bool
answers_equal(char *const answers[SIDES])
{
	bool		closed = strstr(answers[0], "server closed") != NULL || strstr(answers[1], "server closed") != NULL;

	if (closed)
		return false;
	if (strncmp(answers[0], TIMEOUT_STATE, strlen(TIMEOUT_STATE)) == 0 ||
		strncmp(answers[1], TIMEOUT_STATE, strlen(TIMEOUT_STATE)) == 0)
		return true;
	return strcmp(answers[0], answers[1]) == 0;
}

/*
 * Print a difference.
 */
static void
print_difference(const Round *round, const Step *step, char *const answers[SIDES])
{
	printf("difference: seed %llu, round %d (%s, extension %s)\n", (unsigned long long) round->seed, round->number,
		   round->encoding, round->extension ? "created" : "not created");
	step_print(step, false);
	for (int side = 0; side < SIDES; side++)
		printf("--- %s:\n%.3000s%s\n", servers[side].label, answers[side],
			   strlen(answers[side]) > 3000 ? "..." : "");
	fflush(stdout);
}

/*
 * Run a round in new databases; true when all answers are equal, else the round
 * ends with the difference.  Counts the statements.
 */
bool
round_run(Round *round, bool quiet, long *counter)
{
	bool		equal = true;

	round_open(round);
	for (int i = 0; i < round->nsteps && equal; i++)
	{
		const Step *step = round->steps[i];
		char	   *answers[SIDES];
		double		start = now_seconds();

		for (int side = 0; side < SIDES; side++)
			answers[side] = step_run(step, side);
		*counter += 1;
		if (round_show && !quiet)
		{
			step_print(step, false);
			printf("--- %.1f ms:\n%.1000s\n", 1000 * (now_seconds() - start), answers[0]);
		}
		equal = answers_equal(answers);
		if (!equal)
			round->nsteps = i + 1;	/* what comes after it is not needed */
		if (!equal && !quiet)
			print_difference(round, step, answers);
		for (int side = 0; side < SIDES; side++)
			free(answers[side]);
	}
	if (equal && round->extension && !round_read())
	{
		equal = false;
		if (!quiet)
			printf("difference: seed %llu, round %d (%s): clipperf cannot tell about it\n", (unsigned long long) round->seed,
				   round->number, round->encoding);
	}
	round_close();
	return equal;
}

/*
 * Does the round without some of its steps still show a difference?
 */
static bool
differs_without(Round *round, int from, int to)
{
	Round		part = *round;
	long		counter = 0;
	bool		differs;

	part.steps = must_alloc(round->nsteps * sizeof(Step *));
	part.nsteps = 0;
	for (int i = 0; i < round->nsteps; i++)
	{
		if (i < from || i >= to)
			part.steps[part.nsteps++] = round->steps[i];
	}
	differs = !round_run(&part, true, &counter);
	free(part.steps);
	return differs;
}

/*
 * Take steps out of a round; they are lost.
 */
static void
take_out(Round *round, int from, int to)
{
	memmove(round->steps + from, round->steps + to, (round->nsteps - to) * sizeof(Step *));
	round->nsteps -= to - from;
}

/*
 * Reduce a round to steps of which none can be left out, and print them.
 */
void
round_reduce(Round *round)
{
	bool		smaller = false;

	if (!differs_without(round, 0, 0))
	{
		printf("the difference does not come again when the round is run again\n");
		return;
	}
	for (int size = (round->nsteps + 1) / 2; size >= 1; size = size > 1 ? (size + 1) / 2 : smaller ? 1 : 0)
	{
		smaller = false;
		for (int from = round->nsteps - size; from > -size; from -= size)
		{
			int			start = from < 0 ? 0 : from;
			int			end = from + size;

			if (end <= round->nsteps && end > start && differs_without(round, start, end))
			{
				take_out(round, start, end);
				smaller = true;
			}
		}
	}
	printf("reduced to %d statements:\n", round->nsteps);
	for (int i = 0; i < round->nsteps; i++)
		step_print(round->steps[i], false);
	fflush(stdout);
}
