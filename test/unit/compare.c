/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  What src/report/compare.c makes of runs that differ, and of runs that do not:
 *	  run by test/t/070_compare_noise.pl.
 *
 * Simulates runs of an application with a few routes whose calls are disturbed
 * together.  Latencies are log-normal.  All of a tick take longer by a common factor;
 * a share of them finds the processor taken, and waits for some milliseconds.
 * Both wander, fast and slowly, within a run and from run to run, as measured with
 * make bench-compare on two processors beside other work.  There the logarithm of the median of
 * the blocks of a run has a standard deviation of 0.2, that of runs 0.13; of p95
 * 0.4 and 0.2; routes of the same run differ in p50 by 0.01, in p95 by 0.04.
 *
 * Prints for each kind of load and of change how many pairs of runs there were, how
 * many were found better, worse, same or unsure in the route that was changed, and in
 * how many anything was found better or worse in another route.
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

/* Pairs of runs of each kind: of the same, and with a change. */
#define SAME_PAIRS	100
#define PAIRS		50

/* Ticks of a run of 40 seconds, of a quarter of a second each. */
#define TICKS		160
#define TICK_SECONDS	0.25f

/* Routes of an application. */
#define ROUTES		4

/* A kind of load, and of noise. */
typedef struct Load
{
	const char *name;
	int			routes;			/* that run beside each other */
	double		rate;			/* calls of each per tick */
	double		sigma;			/* of the logarithm of a call's time */
	double		taken;			/* share of calls that find the processor
								 * taken */
	double		wander;			/* standard deviations of the common factor's
								 * logarithm, */
	double		crowding;		/* and of that of the share, each thrice */
	double		bursts;			/* per tick, each of a tick or two, 2 to 4
								 * times slower */
	double		drift;			/* of a run, from its begin to its end, at
								 * most */
	double		offset;			/* of a whole run: standard deviation */
	double		machine;		/* the same, as the yardstick sees it */
}			Load;

static const Load loads[] = {
	{"quiet", 4, 50, 0.4, 0, 0, 0},
	{"quiet_alone", 1, 200, 0.4, 0, 0, 0},
	{"shared", 4, 60, 0.5, 0.03, 0.1, 0.3},
	{"shared_alone", 1, 240, 0.5, 0.03, 0.1, 0.3},
	{"crowded", 4, 60, 0.5, 0.04, 0.12, 0.4},
	{"bursts", 4, 60, 0.5, 0.02, 0.1, 0.2, 0.05},
	{"drifting", 4, 60, 0.4, 0.02, 0.1, 0.2, 0, 0.3},
	{"wide", 4, 60, 1.0, 0.03, 0.1, 0.3},
	{"rare", 4, 3, 0.5, 0.03, 0.1, 0.3},
	{"other_cache", 4, 60, 0.5, 0.02, 0.1, 0.2, 0, 0, 0.1},
	{"slow_machine", 4, 60, 0.5, 0.02, 0.1, 0.2, 0, 0, 0, 0.3},
	{"slow_machine_alone", 1, 240, 0.5, 0.02, 0.1, 0.2, 0, 0, 0, 0.3}
};

/* What is changed in the first route of the second run. */
typedef enum Injected
{
	NOTHING,
	SLOWER,						/* all calls by a fifth */
	SLOWER_TAIL,				/* the slowest tenth by a fifth and more */
	SOME_SLOWER,				/* one call in twenty four times */
	ONE_MORE,					/* statement per request */
	FASTER						/* half the time */
}			Injected;

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

/* The usual time of a route's calls, in microseconds. */
static const double usual_us[ROUTES] = {300, 200, 300, 450};

/* The longest that a call waits for the processor, and how long it has that on average. */
#define WAIT_US		4000
#define SLICE_US	300

/* The time of a call, in microseconds, with that share of slices disturbed. */
static double
call_us(const Load * load, double usual, double taken, Injected injected)
{
	double		z = normal();
	double		us = usual * exp(load->sigma * z);

	if (injected == SLOWER)
		us *= 1.2;
	else if (injected == SLOWER_TAIL && z > 1.2816)
		us *= exp(load->sigma * (z - 1.2816)) * 1.2;
	else if (injected == SOME_SLOWER && uniform() < 0.05)
		us *= 4;
	else if (injected == FASTER)
		us /= 2;
	if (uniform() < taken * us / SLICE_US)
		us += WAIT_US * uniform();
	return us;
}

/* What one route has counted since its last block. */
typedef struct Counted
{
	PeriodBlock block;
	Histogram	calls;
}			Counted;

/* Count the calls of a route in a tick. */
static void
tick_route(const Load * load, Counted * counted, PeriodMeasure *measure, double usual,
		   double taken, double level, Injected injected)
{
	int			count = poisson(load->rate);
	PeriodBlock *block = &counted->block;

	for (int i = 0; i < count; i++)
	{
		double		us = call_us(load, usual, taken, injected) * exp(level);
		int			statements = 3 + (uniform() < 0.5) + (injected == ONE_MORE);

		counted->calls.count[histogram_bucket(us)]++;
		measure->statements.count[histogram_bucket(statements)]++;
		block->total_us += us;
		block->parts += statements;
		block->blocks += 3 + (uniform() < 0.3);
	}
	block->calls += count;
	block->seconds += TICK_SECONDS;
	if (block->calls < BLOCK_CALLS)
		return;
	block_set_quantiles(block, &counted->calls);
	block_series_add(&measure->series, block);
	histogram_merge(&measure->latency, &counted->calls);
	measure->calls += block->calls;
	measure->parts += block->parts;
	measure->blocks += block->blocks;
	measure->total_us += block->total_us;
	memset(counted, 0, sizeof(*counted));
}

/* Simulate a run of all routes. */
static void
run(const Load * load, Injected injected, PeriodMeasure *measures)
{
	static Counted counted[ROUTES];
	double		machine = load->machine * normal();
	double		offset = load->offset * normal() + machine;
	double		drift = load->drift * (2 * uniform() - 1);
	double		of_run = normal();
	double		slow = normal();
	double		crowd_of_run = normal();
	double		slow_crowd = normal();
	double		burst = 0;
	double		burst_level = 0;

	memset(counted, 0, sizeof(counted));
	memset(measures, 0, ROUTES * sizeof(PeriodMeasure));
	for (int i = 0; i < load->routes; i++)
		block_series_clear(&measures[i].series);
	for (int tick = 0; tick < TICKS; tick++)
	{
		double		yardstick = 4 + machine + 0.02 * normal();
		double		level;
		double		taken;

		slow = 0.9 * slow + sqrt(1 - 0.81) * normal();
		slow_crowd = 0.9 * slow_crowd + sqrt(1 - 0.81) * normal();
		level = load->wander * (of_run + slow + normal());
		taken = load->taken * exp(load->crowding * (crowd_of_run + slow_crowd + normal()));
		if (burst <= 0 && uniform() < load->bursts)
		{
			burst = 1 + uniform();
			burst_level = log(2 + 2 * uniform());
		}
		for (int i = 0; i < load->routes; i++)
		{
			counted[i].block.yardstick = yardstick;
			tick_route(load, &counted[i], &measures[i], usual_us[i], taken,
					   level + offset + drift * tick / TICKS + (burst > 0.5 ? burst_level : 0),
					   i == 0 ? injected : NOTHING);
		}
		burst -= 1;
	}
}

/* What becomes of a route, beside the others. */
static FigureChange
compare_route(const Load * load, const PeriodMeasure *before, const PeriodMeasure *after,
			  int route)
{
	PeriodControls controls = {.count = 0};
	PeriodComparison comparison;

	for (int i = 0; i < load->routes; i++)
	{
		if (i == route)
			continue;
		controls.before[controls.count] = &before[i];
		controls.after[controls.count++] = &after[i];
	}
	compare_periods(&before[route], &after[route], true, &controls, load->routes,
					&comparison);
	return comparison.all;
}

int
main(void)
{
	for (int i = 0; i < lengthof(loads); i++)
	{
		for (Injected injected = NOTHING; injected <= FASTER; injected++)
		{
			int			found[4] = {0};
			int			others = 0;
			int			pairs = injected == NOTHING ? SAME_PAIRS : PAIRS;

			for (int pair = 0; pair < pairs; pair++)
			{
				static PeriodMeasure before[ROUTES];
				static PeriodMeasure after[ROUTES];
				bool		other = false;

				run(&loads[i], NOTHING, before);
				run(&loads[i], injected, after);
				found[compare_route(&loads[i], before, after, 0)]++;
				for (int route = 1; route < loads[i].routes; route++)
					other |= compare_route(&loads[i], before, after, route) >= CHANGE_BETTER;
				others += other;
			}
			printf("%s %s %d %d %d %d %d %d\n", loads[i].name, injected_names[injected],
				   pairs, found[CHANGE_BETTER], found[CHANGE_WORSE], found[CHANGE_SAME],
				   found[CHANGE_UNSURE], others);
		}
	}
	return 0;
}
