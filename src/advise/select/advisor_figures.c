/*-------------------------------------------------------------------------
 *
 * advisor_figures.c
 *	  What an index of the advisor's answer saves and costs, by the same plans
 *	  that it was chosen by.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/advisor.h"

#include <math.h>

#include "utils/float.h"

#include "common/result_rows.h"

/* Microseconds that an index must save to be chosen beside those that are. */
double
advisor_least_us(const Advisor *advisor)
{
	return advisor->options.limits.least_share * advisor->selection.left_us;
}

/* The chosen indexes but for one, or with it. */
static Bitmapset *
with_or_without(const Advisor *advisor, int number, bool with)
{
	Bitmapset  *set = bms_copy(advisor->chosen);

	return with ? bms_add_member(set, number) : bms_del_member(set, number);
}

/*
 * What leaving an index out would cost, as a share of the time of all
 * statements.  The index need not be chosen.
 */
double
advisor_benefit_share(Advisor *advisor, int number)
{
	Bitmapset  *with = with_or_without(advisor, number, true);

	return advisor->total_us > 0 ?
		selection_worth_us(&advisor->selection, with, number) /
		advisor->total_us : 0;
}

/* What upkeep of the index costs, as a share of the time of all statements. */
double
advisor_write_share(const Advisor *advisor, int number)
{
	return advisor->total_us > 0 ?
		advisor->write_us[number] / advisor->total_us : 0;
}

/* What upkeep of these indexes adds to a statement, over the time observed. */
WriteLoss
advisor_write_loss(const Advisor *advisor, const WorkloadStatement *statement,
				   const Bitmapset *built)
{
	return write_loss(advisor->writes, statement, advisor->estimator.indexes,
					  built);
}

/* A statement, and what it saves by an index. */
typedef struct Served
{
	int			statement;
	double		saved_us;
} Served;

/* Most saved first, then by number. */
static int
compare_served(const ListCell *a, const ListCell *b)
{
	const Served *one = lfirst(a);
	const Served *other = lfirst(b);

	if (one->saved_us != other->saved_us)
		return one->saved_us > other->saved_us ? -1 : 1;
	return one->statement - other->statement;
}

/*
 * The statements whose plans use the index, as numbers in the order of what
 * they save by it; without those that it slows down.
 */
List *
advisor_served(Advisor *advisor, int number)
{
	Bitmapset  *with = with_or_without(advisor, number, true);
	Bitmapset  *without = with_or_without(advisor, number, false);
	List	   *slowed = advisor_slowed(advisor, number);
	List	   *served = NIL;
	List	   *numbers = NIL;
	ListCell   *lc;
	int			i = -1;

	while ((i = bms_next_member(advisor->selection.affected[number], i)) >= 0)
	{
		Bitmapset  *used;
		Served	   *item;

		(void) estimate_cost(&advisor->estimator, i, with, &used);
		if (!bms_is_member(number, used) || list_member_int(slowed, i))
			continue;
		item = palloc(sizeof(Served));
		item->statement = i;
		item->saved_us = estimate_time_us(&advisor->estimator, i, without) -
			estimate_time_us(&advisor->estimator, i, with);
		served = lappend(served, item);
	}
	list_sort(served, compare_served);
	foreach(lc, served)
		numbers = lappend_int(numbers, ((Served *) lfirst(lc))->statement);
	return numbers;
}

/*
 * The statements that are clearly slower with the index than without it, as
 * numbers.
 */
List *
advisor_slowed(Advisor *advisor, int number)
{
	return selection_slowed(&advisor->selection,
							with_or_without(advisor, number, false),
							with_or_without(advisor, number, true), number);
}

/*
 * The blocks that a call of a statement would touch with the indexes "with" built: as
 * many times those that were counted as its plans touch of what they touch now, or
 * those of its plans if it was not observed.  At the latest no more than its plans can,
 * as far as they are counted.  NAN if that is not known.
 */
BlockEstimate
advisor_blocks(Advisor *advisor, int statement, const Bitmapset *with)
{
	Estimator  *estimator = &advisor->estimator;
	const WorkloadStatement *workload = estimator->statements[statement].workload;
	BlockEstimate blocks = estimate_blocks(estimator, statement, with);
	double		now;
	double		counted;

	if (workload->handed_in || workload->calls <= 0 || workload->blocks <= 0)
		return blocks;
	now = estimate_blocks(estimator, statement, NULL).now;
	if (isnan(now))
		return plan_blocks_unknown();
	counted = workload->blocks / workload->calls / Max(now, 1);
	blocks.now *= counted;
	blocks.most *= counted;
	blocks.latest = Max(blocks.now, blocks.latest * Min(counted, 1));
	return blocks;
}

/*
 * What one call of the statements that advisor_served() returns takes with the
 * indexes "with" built, weighted by their calls.
 */
static AdvisorCall
average_call(Advisor *advisor, const List *served, const Bitmapset *with)
{
	AdvisorCall call = {0};
	double		calls = 0;
	bool		observed = true;
	ListCell   *lc;

	foreach(lc, served)
	{
		int			i = lfirst_int(lc);
		const WorkloadStatement *workload = advisor->estimator.statements[i].workload;

		calls += workload->calls;
		call.cost += workload->calls *
			estimate_cost(&advisor->estimator, i, with, NULL);
		call.ms += US_TO_MS(estimate_time_us(&advisor->estimator, i, with));
		call.blocks += workload->calls * advisor_blocks(advisor, i, with).now;
		observed &= !workload->handed_in;
	}
	call.cost /= calls > 0 ? calls : 1;
	call.ms = calls > 0 && observed ? call.ms / calls : get_float8_nan();
	call.blocks = calls > 0 ? call.blocks / calls : get_float8_nan();
	return call;
}

/*
 * What one call of the statements that advisor_served() returns takes, on the
 * average, without and with the index.
 */
void
advisor_calls(Advisor *advisor, int number, AdvisorCall *before,
			  AdvisorCall *after)
{
	List	   *served = advisor_served(advisor, number);

	*before = average_call(advisor, served, with_or_without(advisor, number, false));
	*after = average_call(advisor, served, with_or_without(advisor, number, true));
}
