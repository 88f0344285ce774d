/*
 * Simulates plans whose executions are disturbed for a while at a time, and puts the judge
 * of plans to the test: how often it is wrong about two plans alike, and how often
 * it finds one that is slower.
 *
 * Writes a name and a share of the pairs on each line.
 */
#include "postgres.h"

#include <math.h>
#include <stdio.h>

/* The C library's own: the server's is in the server. */
#undef printf
#undef qsort

#include "report/plan_judge.c"

#define PAIRS		2000
#define EXECUTIONS	8

static uint64 state = 88172645463325252ULL;

static double
random_share(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) / (double) (UINT64CONST(1) << 53);
}

/* About normal: the sum of twelve. */
static double
random_normal(void)
{
	double		sum = -6;

	for (int i = 0; i < 12; i++)
		sum += random_share();
	return sum;
}

/*
 * A series of so many blocks.  What disturbs times and work goes on from block to block
 * by "memory", 0 to 1; "machine" slows down the times alone.
 */
static PlanSeries
simulate(int count, double us, double work, double noise, double memory, double machine)
{
	PlanSeries	series = {.count = count,.calls = EXECUTIONS};
	double		time_drift = random_normal() * noise;
	double		work_drift = random_normal() * noise;

	for (int i = 0; i < count; i++)
	{
		time_drift = memory * time_drift + sqrt(1 - memory * memory) * random_normal() * noise;
		work_drift = memory * work_drift + sqrt(1 - memory * memory) * random_normal() * noise;
		series.block[i].calls = EXECUTIONS;
		for (int n = 0; n < EXECUTIONS; n++)
		{
			double		values = exp(work_drift + 0.5 * random_normal());

			series.block[i].us += us * machine * values * exp(time_drift + 0.5 * random_normal());
			series.block[i].work += work * values;
		}
	}
	return series;
}

/* One execution of a series waited for so long. */
static void
stall(PlanSeries *series, double us)
{
	series->block[(int) (random_share() * series->count)].us += us;
}

/* The share of pairs of which the newer one is found to be slower, "stalled" once each. */
static void
tell(const char *name, int count, double noise, double memory, double machine, double slower,
	 double stalled)
{
	int			found = 0;

	for (int i = 0; i < PAIRS; i++)
	{
		PlanSeries	older = simulate(count, 1000, 500, noise, memory, 1);
		PlanSeries	newer = simulate(count, 1000 * slower, 500 * slower, noise, memory, machine);

		stall(&older, stalled);
		stall(&newer, stalled);
		found += plan_judge_slower(&older, &newer);
	}
	printf("%s %g\n", name, found / (double) PAIRS);
}

int
main(void)
{
	tell("alike", 32, 0.3, 0, 1, 1, 0);
	tell("alike_disturbed", 32, 0.3, 0.9, 1, 1, 0);
	tell("alike_few", 5, 0.3, 0.5, 1, 1, 0);
	tell("busy_machine", 32, 0.3, 0.5, 4, 1, 0);
	tell("little_slower", 32, 0.1, 0.5, 1, 1.2, 0);
	tell("slower", 32, 0.3, 0.5, 1, 4, 0);
	tell("slower_few", 5, 0.1, 0.3, 1, 10, 0);
	tell("slower_stalled", 10, 0.2, 0.3, 1, 20, 500000);
	tell("alike_stalled", 10, 0.2, 0.3, 1, 1, 500000);
	tell("too_few", 4, 0.1, 0, 1, 10, 0);
	return 0;
}
