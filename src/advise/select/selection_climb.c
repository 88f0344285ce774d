/*-------------------------------------------------------------------------
 *
 * selection_climb.c
 *	  The best set of indexes by the plans known, found move by move.
 *
 * One loop makes the best move until none pays.  A move adds an index, or those
 * that some plan needs together; drops one, or such a group; or puts one in the
 * place of others.  All have one gain: the time that statements save, less the
 * upkeep of what is added, and what each index must save at least.  The planner is not asked (see known_plans.c), so that a move takes
 * microseconds and thousands can be tried.
 *
 * Of equal moves the first one is made, so that the answer is always the same.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/selection.h"

#include <math.h>

#include "miscadmin.h"
#include "storage/bufpage.h"
#include "utils/memutils.h"

/* Sets are equally good if they differ by less than this share of all time. */
#define NO_GAIN			1e-9

/*
 * A larger index is taken in the place of a smaller one if it saves more by this
 * share of what the smaller one saves: the planner is not more exact than that,
 * and bytes have their price.
 */
#define LARGER_GAIN		0.1

/*
 * A choice is scored by the share of all time that it saves, plus this much of
 * the share of its own cost that a statement saves on the average.  So a
 * choice that is better for most statements may save a little less time.
 */
#define MEAN_WEIGHT		0.25

/* Indexes that some plan needs. */
typedef struct Move
{
	Bitmapset  *indexes;
	Bitmapset  *statements;		/* that have plans which need one of them */
	bool		known;			/* the following is up to date */
	double		gain;			/* microseconds saved by adding those that are
								 * not chosen */
} Move;

/* A set of indexes that is changed move by move. */
typedef struct Climb
{
	const Selection *selection;
	double		exponent;		/* of the bytes that a gain is divided by */
	bool	   *chosen;			/* by candidate */
	int64		bytes;			/* of those chosen */
	int			count;			/* of those chosen */
	double	   *now_us;			/* of each statement with those chosen */
	Bitmapset **users;			/* statements with plans that need it, by
								 * candidate */
	Move	   *singles;		/* by candidate */
	List	   *groups;			/* of Move */
} Climb;

/* The time of a statement by the plans known, in microseconds. */
static double
known_time_us(const Climb *climb, int statement)
{
	const EstimatedStatement *item =
		&climb->selection->estimator->statements[statement];

	if (item->workload->problem != NULL || item->base_cost <= 0)
		return 0;
	for (int i = 0; i < item->known.count; i++)
	{
		const KnownPlan *plan = &item->known.plans[i];
		int			j = 0;

		while (j < plan->nneeded && climb->chosen[plan->needed[j]])
			j++;
		if (j == plan->nneeded)
			return item->workload->total_us * plan->time;
	}
	return item->workload->total_us;
}

/* Have an index chosen, or not. */
static inline void
set_chosen(Climb *climb, int number, bool chosen)
{
	if (climb->chosen[number] == chosen)
		return;
	climb->chosen[number] = chosen;
	climb->count += chosen ? 1 : -1;
	climb->bytes += (chosen ? 1 : -1) *
		selection_bytes(climb->selection, number);
}

/* Is what is chosen within the limits? */
static inline bool
climb_fits(const Climb *climb)
{
	const SelectionLimits *limits = &climb->selection->limits;

	return (limits->indexes < 0 || climb->count <= limits->indexes) &&
		(limits->bytes < 0 || climb->bytes <= limits->bytes);
}

/* Microseconds that these statements save since now_us was noted. */
static double
saved_us(const Climb *climb, const Bitmapset *statements)
{
	double		us = 0;
	int			i = -1;

	while ((i = bms_next_member(statements, i)) >= 0)
		us += climb->now_us[i] - known_time_us(climb, i);
	return us;
}

/* What an index costs, whatever it saves, in microseconds. */
static inline double
charge_us(const Climb *climb, int number)
{
	return climb->selection->write_us[number] +
		selection_least_us(climb->selection, number);
}

/* Note what statements take now, and that moves which concern them are new. */
static void
settle(Climb *climb, const Bitmapset *statements)
{
	int			nindexes = climb->selection->estimator->nindexes;
	ListCell   *lc;
	int			i = -1;

	while ((i = bms_next_member(statements, i)) >= 0)
		climb->now_us[i] = known_time_us(climb, i);
	for (int number = 0; number < nindexes; number++)
		if (bms_overlap(climb->singles[number].statements, statements))
			climb->singles[number].known = false;
	foreach(lc, climb->groups)
	{
		Move	   *move = lfirst(lc);

		if (bms_overlap(move->statements, statements))
			move->known = false;
	}
}

/*
 * Have indexes of a set chosen, or not; returns those that were not, or were,
 * before.
 */
static Bitmapset *
set_all_chosen(Climb *climb, const Bitmapset *indexes, bool chosen)
{
	Bitmapset  *changed = NULL;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
	{
		if (climb->chosen[number] == chosen)
			continue;
		set_chosen(climb, number, chosen);
		changed = bms_add_member(changed, number);
	}
	return changed;
}

/* What a set of indexes costs, whatever it saves, in microseconds. */
static double
charges_us(const Climb *climb, const Bitmapset *indexes)
{
	double		us = 0;
	int			number = -1;

	while ((number = bms_next_member(indexes, number)) >= 0)
		us += charge_us(climb, number);
	return us;
}

/* Bytes of a set of indexes, of at least one page. */
static double
bytes_of_move(const Climb *climb, const Bitmapset *indexes)
{
	return Max(selection_bytes_of(climb->selection, indexes), BLCKSZ);
}

/*
 * By what moves that add indexes are compared: what they save, divided by the
 * number of indexes, or by their bytes to the power of the exponent.  0 if the
 * move is not worth making or does not fit.
 */
static double
value_of_adding(Climb *climb, Move *move)
{
	Bitmapset  *added = set_all_chosen(climb, move->indexes, true);
	double		value = 0;

	if (added != NULL && !move->known)
	{
		move->gain = saved_us(climb, move->statements) -
			charges_us(climb, added);
		move->known = true;
	}
	if (added != NULL && move->gain > NO_GAIN * climb->selection->total_us &&
		climb_fits(climb))
		value = climb->exponent == 0 ?
			move->gain / bms_num_members(added) :
			move->gain / pow(bytes_of_move(climb, added), climb->exponent);
	bms_free(set_all_chosen(climb, added, false));
	bms_free(added);
	return value;
}

/* What dropping the chosen ones of a move's indexes gains. */
static double
gain_of_dropping(Climb *climb, const Move *move)
{
	Bitmapset  *dropped = set_all_chosen(climb, move->indexes, false);
	double		gain = dropped == NULL ? 0 :
		saved_us(climb, move->statements) + charges_us(climb, dropped);

	bms_free(set_all_chosen(climb, dropped, true));
	bms_free(dropped);
	return gain;
}

/*
 * Does a larger index on the table of a chosen one, whose work it could do, save
 * too little more (LARGER_GAIN)?
 */
static bool
replaces_for_little(Climb *climb, int in, double gain)
{
	const Bitmapset *smaller = climb->selection->extended[in];
	int			number = -1;

	while ((number = bms_next_member(smaller, number)) >= 0)
		if (climb->chosen[number] &&
			selection_bytes(climb->selection, number) <
			selection_bytes(climb->selection, in) &&
			gain < LARGER_GAIN *
			-gain_of_dropping(climb, &climb->singles[number]))
			return true;
	return false;
}

/* Make the best move that adds indexes; false if none pays. */
static bool
add_best(Climb *climb)
{
	const Selection *selection = climb->selection;
	Move	   *best = NULL;
	double		best_value = 0;
	int64		best_bytes = 0;
	int			number = -1;
	ListCell   *lc;

	while ((number = bms_next_member(selection->allowed, number)) >= 0)
	{
		double		value = climb->chosen[number] ? 0 :
			value_of_adding(climb, &climb->singles[number]);

		if (value > 0 &&
			replaces_for_little(climb, number, climb->singles[number].gain))
			value = 0;
		if (value > best_value &&
			(best == NULL || value > (1 + LARGER_GAIN) * best_value ||
			 selection_bytes(selection, number) <= best_bytes))
		{
			best = &climb->singles[number];
			best_value = value;
			best_bytes = selection_bytes(selection, number);
		}
		else if (best != NULL && (1 + LARGER_GAIN) * value >= best_value &&
				 selection_bytes(selection, number) < best_bytes)
		{
			best = &climb->singles[number];
			best_bytes = selection_bytes(selection, number);
		}
	}
	foreach(lc, climb->groups)
	{
		double		value = value_of_adding(climb, lfirst(lc));

		if (value > best_value)
		{
			best = lfirst(lc);
			best_value = value;
		}
	}
	if (best == NULL)
		return false;
	bms_free(set_all_chosen(climb, best->indexes, true));
	settle(climb, best->statements);
	return true;
}

/* Drop what is least worth its cost; false if all are worth it. */
static bool
drop_worst(Climb *climb)
{
	double		best_gain = NO_GAIN * climb->selection->total_us;
	Move	   *best = NULL;
	ListCell   *lc;

	for (int number = 0; number < climb->selection->estimator->nindexes; number++)
	{
		double		gain = climb->chosen[number] ?
			gain_of_dropping(climb, &climb->singles[number]) : 0;

		if (gain > best_gain)
		{
			best = &climb->singles[number];
			best_gain = gain;
		}
	}
	foreach(lc, climb->groups)
	{
		double		gain = gain_of_dropping(climb, lfirst(lc));

		if (gain > best_gain)
		{
			best = lfirst(lc);
			best_gain = gain;
		}
	}
	if (best == NULL)
		return false;
	bms_free(set_all_chosen(climb, best->indexes, false));
	settle(climb, best->statements);
	return true;
}

/* What each chosen index saves for its bytes; to be pfree'd. */
static double *
find_densities(Climb *climb)
{
	int			nindexes = climb->selection->estimator->nindexes;
	double	   *densities = palloc0(sizeof(double) * Max(nindexes, 1));

	for (int number = 0; number < nindexes; number++)
		if (climb->chosen[number])
			densities[number] =
				-gain_of_dropping(climb, &climb->singles[number]) /
				Max(selection_bytes(climb->selection, number), BLCKSZ);
	return densities;
}

/*
 * Chosen indexes that are to go so that what is chosen fits, those that save
 * least for their bytes first, without the index "but".  They are not chosen
 * any more.
 */
static Bitmapset *
make_room(Climb *climb, const double *densities, int but)
{
	Bitmapset  *out = NULL;

	while (!climb_fits(climb))
	{
		int			worst = -1;

		for (int number = 0; number < climb->selection->estimator->nindexes; number++)
			if (climb->chosen[number] && number != but &&
				(worst < 0 || densities[number] < densities[worst]))
				worst = number;
		if (worst < 0)
			break;
		set_chosen(climb, worst, false);
		out = bms_add_member(out, worst);
	}
	return out;
}

/*
 * What it gains to have the index "in" and not those "out", which is left so;
 * 0 or less if that does not fit.
 */
static double
gain_of_exchange(Climb *climb, const Bitmapset *out, int in)
{
	Bitmapset  *statements;
	double		gain = 0;
	int			number = -1;

	bms_free(set_all_chosen(climb, out, false));
	set_chosen(climb, in, true);
	if (climb_fits(climb))
	{
		statements = bms_copy(climb->users[in]);
		while ((number = bms_next_member(out, number)) >= 0)
			statements = bms_add_members(statements, climb->users[number]);
		gain = saved_us(climb, statements) + charges_us(climb, out) -
			charge_us(climb, in);
		bms_free(statements);
	}
	bms_free(set_all_chosen(climb, out, true));
	set_chosen(climb, in, false);
	return gain;
}

/* The best exchange so far. */
typedef struct Exchange
{
	Bitmapset  *out;
	int			in;
	double		gain;
} Exchange;

/* Note an exchange if it is the best; takes the set over. */
static void
note_exchange(Climb *climb, Exchange *best, Bitmapset *out, int in)
{
	double		gain = bms_is_empty(out) ? 0 : gain_of_exchange(climb, out, in);

	if (gain <= best->gain || replaces_for_little(climb, in, gain))
	{
		bms_free(out);
		return;
	}
	bms_free(best->out);
	best->out = out;
	best->in = in;
	best->gain = gain;
}

/*
 * Consider an index for each of the chosen ones of its table, or of any table
 * if the budget is what keeps it out; for all whose work it does; and for those
 * that save least, so that it fits.
 */
static void
consider_exchanges(Climb *climb, Exchange *best, const double *densities, int in)
{
	const Selection *selection = climb->selection;
	WhatIfIndex *const *indexes = selection->estimator->indexes;
	Bitmapset  *out = NULL;
	bool		fits;

	set_chosen(climb, in, true);
	fits = climb_fits(climb);
	if (!fits)
		out = make_room(climb, densities, in);
	bms_free(set_all_chosen(climb, out, true));
	set_chosen(climb, in, false);
	note_exchange(climb, best, out, in);
	out = NULL;
	for (int number = 0; number < selection->estimator->nindexes; number++)
	{
		if (!climb->chosen[number])
			continue;
		if (indexes[number]->def->relid == indexes[in]->def->relid ||
			(!fits && densities[number] <= climb->singles[in].gain /
			 Max(selection_bytes(selection, in), BLCKSZ)))
			note_exchange(climb, best, bms_make_singleton(number), in);
		if (bms_is_member(number, selection->extended[in]))
			out = bms_add_member(out, number);
	}
	note_exchange(climb, best, out, in);
}

/* Make the best exchange; false if none pays. */
static bool
exchange_best(Climb *climb)
{
	const Selection *selection = climb->selection;
	Exchange	best = {.gain = NO_GAIN * selection->total_us};
	double	   *densities = find_densities(climb);
	Bitmapset  *statements;
	int			number = -1;

	while ((number = bms_next_member(selection->allowed, number)) >= 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (!climb->chosen[number] && climb->users[number] != NULL)
			consider_exchanges(climb, &best, densities, number);
	}
	pfree(densities);
	if (best.out == NULL)
		return false;
	statements = bms_copy(climb->users[best.in]);
	number = -1;
	while ((number = bms_next_member(best.out, number)) >= 0)
		statements = bms_add_members(statements, climb->users[number]);
	bms_free(set_all_chosen(climb, best.out, false));
	set_chosen(climb, best.in, true);
	settle(climb, statements);
	bms_free(statements);
	bms_free(best.out);
	return true;
}

/* Find out which statements have plans that need each index. */
static void
find_users(Climb *climb)
{
	const Estimator *estimator = climb->selection->estimator;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		const KnownPlans *known = &estimator->statements[i].known;

		for (int j = 0; j < known->count; j++)
			for (int k = 0; k < known->plans[j].nneeded; k++)
			{
				int			number = known->plans[j].needed[k];

				climb->users[number] = bms_add_member(climb->users[number], i);
			}
	}
}

/* list_sort comparator: groups by their indexes. */
static int
compare_groups(const ListCell *a, const ListCell *b)
{
	return bms_compare(((const Move *) lfirst(a))->indexes,
					   ((const Move *) lfirst(b))->indexes);
}

/* Make moves of single indexes, and of those that a plan needs together. */
static void
make_moves(Climb *climb)
{
	const Estimator *estimator = climb->selection->estimator;
	List	   *groups = NIL;
	ListCell   *lc;

	climb->singles = palloc0(sizeof(Move) * Max(estimator->nindexes, 1));
	for (int number = 0; number < estimator->nindexes; number++)
	{
		climb->singles[number].indexes = bms_make_singleton(number);
		climb->singles[number].statements = climb->users[number];
	}
	for (int i = 0; i < estimator->nstatements; i++)
	{
		const KnownPlans *known = &estimator->statements[i].known;

		for (int j = 0; j < known->count; j++)
		{
			const KnownPlan *plan = &known->plans[j];
			Move	   *move;

			if (plan->nneeded < 2)
				continue;
			move = palloc0(sizeof(Move));
			for (int k = 0; k < plan->nneeded; k++)
				move->indexes = bms_add_member(move->indexes, plan->needed[k]);
			groups = lappend(groups, move);
		}
	}
	list_sort(groups, compare_groups);
	foreach(lc, groups)
	{
		Move	   *move = lfirst(lc);
		int			number = -1;

		if (climb->groups != NIL &&
			bms_equal(((Move *) llast(climb->groups))->indexes, move->indexes))
			continue;
		if (!bms_is_subset(move->indexes, climb->selection->allowed))
			continue;
		while ((number = bms_next_member(move->indexes, number)) >= 0)
			move->statements = bms_add_members(move->statements,
											   climb->users[number]);
		climb->groups = lappend(climb->groups, move);
	}
}

/*
 * How good what is chosen is, by the plans known: the share of all time that it
 * saves, less its charges, and MEAN_WEIGHT of what a statement saves on the
 * average.
 */
static double
score_of(const Climb *climb)
{
	const Estimator *estimator = climb->selection->estimator;
	double		saved = 0;
	double		shares = 0;

	for (int i = 0; i < estimator->nstatements; i++)
	{
		double		us = estimator->statements[i].workload->total_us;

		if (us <= 0)
			continue;
		saved += us - climb->now_us[i];
		shares += 1 - climb->now_us[i] / us;
	}
	for (int number = 0; number < estimator->nindexes; number++)
		if (climb->chosen[number])
			saved -= charge_us(climb, number);
	return saved / Max(climb->selection->total_us, 1) +
		MEAN_WEIGHT * shares / Max(estimator->nstatements, 1);
}

/*
 * The best set of indexes by the plans known, from the set "start" on: until no
 * move pays, or to be less deep, or since the time limit has passed, until no
 * more are added ("only_add").  Gains are divided by bytes to the power of "exponent"; 0 = by the number of
 * indexes.  *score (may be NULL) is set to how good the set is.
 */
Bitmapset *
selection_climb(const Selection *selection, const Bitmapset *start,
				double exponent, bool only_add, double *score)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext run = AllocSetContextCreate(caller, "clipperf search",
											  ALLOCSET_DEFAULT_SIZES);
	const Estimator *estimator = selection->estimator;
	Climb		climb = {.selection = selection,.exponent = exponent};
	Bitmapset  *result = NULL;
	double	   *densities;

	MemoryContextSwitchTo(run);
	climb.chosen = palloc0(sizeof(bool) * Max(estimator->nindexes, 1));
	climb.users = palloc0(sizeof(Bitmapset *) * Max(estimator->nindexes, 1));
	climb.now_us = palloc0(sizeof(double) * Max(estimator->nstatements, 1));
	find_users(&climb);
	make_moves(&climb);
	bms_free(set_all_chosen(&climb, start, true));
	for (int i = 0; i < estimator->nstatements; i++)
		climb.now_us[i] = known_time_us(&climb, i);
	densities = find_densities(&climb);
	bms_free(make_room(&climb, densities, -1));
	for (int i = 0; i < estimator->nstatements; i++)
		climb.now_us[i] = known_time_us(&climb, i);
	do
	{
		CHECK_FOR_INTERRUPTS();
		while (add_best(&climb))
			CHECK_FOR_INTERRUPTS();
	} while (!only_add && !estimate_is_late(selection->estimator) &&
			 (drop_worst(&climb) || exchange_best(&climb)));
	if (score != NULL)
		*score = score_of(&climb);
	MemoryContextSwitchTo(caller);
	for (int number = 0; number < estimator->nindexes; number++)
		if (climb.chosen[number])
			result = bms_add_member(result, number);
	MemoryContextDelete(run);
	return result;
}
