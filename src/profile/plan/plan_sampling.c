/*-------------------------------------------------------------------------
 *
 * plan_sampling.c
 *	  Which executions of a statement are looked at more closely, and how.
 *
 * Two things are counted in some executions only: what becomes of the rows of
 * scans (plan_facts.c), in plans that move many of them; and what the nodes of
 * any plan do (plan_measure.c).
 *
 * Plans are measured in the first executions of a statement in a backend, then in
 * one of clipperf.plan_interval on average, by chance, so that nothing that
 * recurs is met always or never.  Fewer are where a statement is so short
 * that this would cost more than COST_SHARE of its time, unless all are asked for.
 * Each stands for the executions since the last one.
 *
 * A look at the clock is dear where a node does next to nothing for a row: the
 * nodes' times are measured only if the calls of nodes, which the execution
 * before has counted, let them cost less than TIMES_SHARE of the execution.
 *
 * Belongs to one backend: no locks are held here.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_sampling.h"

#include "executor/instrument.h"

#include "common/clock.h"

/* Executions of a statement in a backend that are measured in any case. */
#define FIRST_MEASURED	2

/* Measuring plans may take this share of a statement's time, ... */
#define COST_SHARE		0.001
/* ... and this share of an execution whose nodes are timed. */
#define TIMES_SHARE		0.25

/* For each row that a node is asked for, in looks at the clock: two, and as much as
 * another one for copying the counters of blocks. */
#define LOOKS_OF_A_ROW	3

/* The longest interval, in executions: a session that goes on is to meet it. */
#define LONGEST_INTERVAL 100000

/* Looks at the clock that show what one costs, and how often it is tried. */
#define CLOCK_LOOKS		16
#define CLOCK_ROUNDS	4

/* Scans of plans that move many rows are counted: the first executions, ... */
#define FIRST_EXECUTIONS	4
/* ... one execution in so many. */
#define SAMPLE_INTERVAL		16

PlanSampling plan_samplings[SAMPLED_STATEMENTS];

/* State of the generator of random numbers, 0 = none yet. */
static uint64 random_state = 0;

/* A random number from 0 to 1 (xorshift; G. Marsaglia, 2003). */
static double
random_share(void)
{
	if (random_state == 0)
		random_state = ((uint64) MyProcPid << 32) ^ (uint64) clock_ns() ^ 1;
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) / (double) (UINT64CONST(1) << 53);
}

/*
 * What a look at the clock takes, in microseconds; it differs between machines.  The
 * shortest of a few rounds: in one of them this process may have lost the processor,
 * and would take looks for dear as long as its session lasts.
 */
static double
clock_cost_us(void)
{
	static double cost_us = 0;

	if (cost_us > 0)
		return cost_us;
	for (int n = 0; n < CLOCK_ROUNDS; n++)
	{
		int64		start = clock_ns();
		double		us;

		for (int i = 1; i < CLOCK_LOOKS; i++)
			(void) clock_ns();
		us = Max(clock_ns() - start, 1) / 1000.0 / CLOCK_LOOKS;
		cost_us = n == 0 ? us : Min(cost_us, us);
	}
	return cost_us;
}

/* A number of executions from 1 on, "interval" on average. */
static uint32
random_interval(double interval)
{
	return (uint32) Max(1, interval * (0.5 + random_share()) + 0.5);
}

/*
 * The place of a statement.  One that takes another's place is not measured at
 * once: where two take turns, each execution would be.
 */
static PlanSampling *
take_sampling_place(uint64 queryid)
{
	PlanSampling *sampling = plan_sampling_of(queryid);

	if (sampling->queryid != queryid)
		*sampling = (PlanSampling)
	{
		.queryid = queryid,
			.next = sampling->queryid == 0 ? 1 :
			(uint32) (random_share() * setting_plan_interval) + 1,
			.measured = sampling->queryid == 0 ? 0 : FIRST_MEASURED
	};
	return sampling;
}

/*
 * This execution's plan may be the one to be measured, or the statement is not
 * known yet.  The plan of a lookup calls its nodes a few times, so these can be timed.
 */
int
plan_sampling_choose(uint64 queryid, bool is_lookup)
{
	PlanSampling *sampling = take_sampling_place(queryid);

	sampling->unmeasured++;
	if (sampling->next > 1 && setting_plan_interval > 1)
	{
		sampling->next--;
		return 0;
	}
	/* if this one fails, the next is measured in its place */
	if (is_lookup && sampling->detail == PLAN_ROWS_FIRST)
		sampling->detail = PLAN_TIMES;
	return INSTRUMENT_ROWS |
		(sampling->detail == PLAN_TIMES ? INSTRUMENT_TIMER | INSTRUMENT_BUFFERS : 0);
}

/*
 * A measured execution has ended, whose nodes were called so often, and which took
 * that long; to look at it took "own_us".  Returns how many executions it stands for.
 * Decides when the next one is due, and how much of it is measured.
 */
double
plan_sampling_measured(uint64 queryid, double node_calls, double elapsed_us,
					   double own_us)
{
	PlanSampling *sampling = take_sampling_place(queryid);
	double		stands_for = Max(sampling->unmeasured, 1);
	double		times_us = LOOKS_OF_A_ROW * node_calls * clock_cost_us();
	double		interval = setting_plan_interval;

	sampling->unmeasured = 0;
	sampling->detail = times_us <= TIMES_SHARE * elapsed_us + own_us ?
		PLAN_TIMES : PLAN_ROWS;
	if (sampling->detail == PLAN_TIMES)
		own_us += times_us;
	if (++sampling->measured < FIRST_MEASURED)
		interval = 1;
	else
		interval = Max(interval, own_us / (COST_SHARE * Max(elapsed_us, 1)));
	sampling->next = interval <= 1 ? 1 :
		random_interval(Min(interval, LONGEST_INTERVAL));
	return stands_for;
}

/*
 * A plan moves many rows: are its scans to be counted in this execution?  The first
 * few are, then one in SAMPLE_INTERVAL, which stands for those before it.
 */
bool
plan_sampling_counts_scans(uint64 queryid)
{
	PlanSampling *sampling = take_sampling_place(queryid);

	sampling->counted++;
	sampling->uncounted++;
	return sampling->counted <= FIRST_EXECUTIONS ||
		sampling->counted % SAMPLE_INTERVAL == 0;
}

/*
 * How many executions the one whose scans were counted and that ends now stands for,
 * and whether it is one of those that do.
 */
int64
plan_sampling_scans(uint64 queryid, bool *estimated)
{
	PlanSampling *sampling = plan_sampling_of(queryid);
	int64		executions = 1;

	*estimated = sampling->queryid == queryid && sampling->counted > 0;
	if (*estimated)
	{
		executions = Max(sampling->uncounted, 1);
		sampling->uncounted = 0;
	}
	return executions;
}
