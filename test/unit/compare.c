/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  What src/report/compare.c makes of runs that differ, and of runs that do not:
 *	  run by test/t/070_compare_noise.pl.
 *
 * Simulates runs of an application whose calls are disturbed together: latencies
 * are log-normal around a level that wanders (an AR(1) process over the calls), is
 * driven up by bursts, and drifts slowly.  Prints for each kind of load and of
 * change how many of PAIRS pairs of runs were found better, worse, same or unsure.
 *
 *-------------------------------------------------------------------------
 */
#include "store/histogram.c"
#include "store/block_series.c"
#include "report/compare.c"

#include <stdio.h>
#include <stdlib.h>

/* The C library's own: the server's are in the server. */
#undef printf
#undef qsort

void
pg_qsort(void *base, size_t count, size_t size,
		 int (*compare) (const void *, const void *))
{
	qsort(base, count, size, compare);
}

/* Pairs of runs of each kind. */
#define PAIRS		100

/* Ticks of a run. */
#define TICKS		60

/* A kind of load, and of noise. */
typedef struct Load
{
	const char *name;
	double		rate;			/* calls per tick */
	double		sigma;			/* of the logarithm of a call's time */
	double		memory;			/* of the level: the AR(1) coefficient, by call */
	double		wander;			/* standard deviation of the level */
	double		bursts;			/* per tick, each of a tick or two, 2 to 4 times slower */
	double		drift;			/* of a run, from its begin to its end, at most */
	double		offset;			/* of a whole run: standard deviation */
	double		machine;		/* the same, as the yardstick sees it */
} Load;

static const Load loads[] = {
	{"quiet", 100, 0.4, 0, 0, 0, 0, 0, 0},
	{"wandering", 200, 0.5, 0.99, 0.15, 0, 0, 0, 0},
	{"slow_wandering", 200, 0.5, 0.9995, 0.10, 0, 0, 0, 0},
	{"bursts", 100, 0.5, 0.95, 0.10, 0.05, 0, 0, 0},
	{"drifting", 200, 0.4, 0.99, 0.10, 0, 0.10, 0, 0},
	{"all", 200, 0.5, 0.999, 0.10, 0.03, 0.05, 0.02, 0},
	{"rare", 5, 0.5, 0.9, 0.10, 0.02, 0, 0, 0},
	{"wide", 100, 1.0, 0.99, 0.10, 0.02, 0, 0, 0},
	{"slow_machine", 200, 0.5, 0.99, 0.10, 0, 0, 0, 0.3}
};

/* What is changed in the second run. */
typedef enum Injected
{
	NOTHING,
	SLOWER,						/* all calls by a fifth */
	SLOWER_TAIL,				/* the slowest tenth by a fifth and more */
	SOME_SLOWER,				/* one call in twenty four times */
	ONE_MORE,					/* statement per request */
	FASTER						/* half the time */
} Injected;

static const char *const injected_names[] = {
	"nothing", "slower", "slower_tail", "some_slower", "one_more", "faster"
};

/* Uniform in (0, 1), the same in each run (Marsaglia's xorshift64*). */
static double
uniform(void)
{
	static uint64 state = UINT64CONST(88172645463325252);

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return ((double) ((state * UINT64CONST(2685821657736338717)) >> 11) + 0.5) /
		9007199254740992.0;
}

/* Standard normal (Box and Muller 1958). */
static double
normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * 3.14159265358979 * uniform());
}

/* Poisson, by counting exponential gaps. */
static int
poisson(double mean)
{
	double		sum = -log(uniform());
	int			count = 0;

	while (sum < mean)
	{
		sum -= log(uniform());
		count++;
	}
	return count;
}

/* The time of a call, in microseconds, at a level. */
static double
call_us(const Load *load, double level, Injected injected)
{
	double		z = normal();
	double		us = 1000 * exp(load->sigma * z + level);

	if (injected == SLOWER)
		us *= 1.2;
	else if (injected == SLOWER_TAIL && z > 1.2816)
		us *= exp(load->sigma * (z - 1.2816)) * 1.2;
	else if (injected == SOME_SLOWER && uniform() < 0.05)
		us *= 4;
	else if (injected == FASTER)
		us /= 2;
	return us;
}

/* Simulate a run. */
static void
run(const Load *load, Injected injected, PeriodMeasure *measure)
{
	double		level = load->wander * normal();
	double		offset = load->offset * normal();
	double		machine = load->machine * normal();
	double		drift = load->drift * (2 * uniform() - 1);
	double		burst = 0;
	double		burst_level = 0;
	double		yardstick = 0;
	PeriodBlock block = {.ticks = 0};
	static Histogram calls;

	memset(measure, 0, sizeof(*measure));
	block_series_clear(&measure->series);
	memset(&calls, 0, sizeof(calls));
	for (int tick = 0; tick < TICKS; tick++)
	{
		int			count = poisson(load->rate);

		block.ticks++;
		block.seconds++;
		yardstick += 4 + machine + 0.05 * normal();
		if (burst <= 0 && uniform() < load->bursts)
		{
			burst = 1 + uniform();
			burst_level = log(2 + 2 * uniform());
		}
		for (int i = 0; i < count; i++)
		{
			double		us;
			int			statements = 3 + (uniform() < 0.5) + (injected == ONE_MORE);

			level = load->memory * level + normal() * load->wander *
				sqrt(1 - load->memory * load->memory);
			us = call_us(load, level + offset + machine + drift * tick / TICKS +
						 (burst > (double) i / count ? burst_level : 0), injected);
			calls.count[histogram_bucket(us)]++;
			measure->statements.count[histogram_bucket(statements)]++;
			block.total_us += us;
			block.parts += statements;
			block.blocks += 3 + (uniform() < 0.3);
		}
		burst -= 1;
		block.calls += count;
		if (block.calls < BLOCK_CALLS)
			continue;
		block_set_quantiles(&block, &calls);
		block.yardstick = yardstick / block.ticks;
		yardstick = 0;
		block_series_add(&measure->series, &block);
		histogram_merge(&measure->latency, &calls);
		measure->calls += block.calls;
		measure->parts += block.parts;
		measure->blocks += block.blocks;
		measure->total_us += block.total_us;
		memset(&block, 0, sizeof(block));
		memset(&calls, 0, sizeof(calls));
	}
}

int
main(void)
{
	for (int i = 0; i < lengthof(loads); i++)
	{
		for (Injected injected = NOTHING; injected <= FASTER; injected++)
		{
			int			found[4] = {0};
			int			by[COMPARE_FIGURES] = {0};

			for (int pair = 0; pair < PAIRS; pair++)
			{
				static PeriodMeasure before;
				static PeriodMeasure after;
				static const double control[COMPARE_CONTROLS];
				PeriodComparison	comparison;

				run(&loads[i], NOTHING, &before);
				run(&loads[i], injected, &after);
				compare_periods(&before, &after, true, control, &comparison);
				found[comparison.all]++;
				for (int f = 0; f < COMPARE_FIGURES; f++)
					by[f] += comparison.figure[f] >= CHANGE_BETTER;
			}
			printf("%s %s %d %d %d %d", loads[i].name, injected_names[injected],
				   found[CHANGE_BETTER], found[CHANGE_WORSE], found[CHANGE_SAME],
				   found[CHANGE_UNSURE]);
			for (int f = 0; f < COMPARE_FIGURES; f++)
				printf(" %d", by[f]);
			printf("\n");
		}
	}
	return 0;
}
