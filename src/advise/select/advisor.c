/*-------------------------------------------------------------------------
 *
 * advisor.c
 *	  One run of the advisor, from the statements to the indexes chosen.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/select/advisor.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "advise/candidates/demand_statement.h"
#include "advise/whatif/hypothetical.h"
#include "advise/workload/workload_problem.h"
#include "common/relation_size.h"
#include "common/table_family.h"
#include "common/table_lock.h"

/* So often better forms are sought of candidates that the search has chosen. */
#define BETTER_ROUNDS 2

/*
 * What each index must save is measured by the time that is left with those chosen, so
 * often at most, and while that becomes less than this part of what it was.
 */
#define LEFT_ROUNDS		6
#define LEFT_SHRINKS	0.9

/* However little is left: a share of the time of all statements as they are now. */
#define LEAST_LEFT		0.1

/*
 * A statement that could do with this share of what it takes with the chosen indexes,
 * or less, is only half served by them.
 */
#define HALF_SERVED		0.5

/* Candidates that only some statements can use, at most, in one such round. */
#define MOST_CONFINED 100

/* The demands of a statement, while they are collected in its sandbox. */
typedef struct StatementDemands
{
	const WorkloadStatement *statement;
	const List *allowed_functions;
	List	   *demands;		/* of Demand */
} StatementDemands;

/* SandboxWork: collect what a statement asks of its tables. */
static void
collect_statement_demands(void *arg)
{
	StatementDemands *collected = arg;

	collected->demands = demand_of_statement(collected->statement,
											 collected->allowed_functions);
}

/*
 * Add what one statement asks of its tables.  If it cannot be planned it is
 * given a problem.  The planner has also met tables that inherit from the
 * statement's: those that can be locked at once stay as they are from now on,
 * and nothing is advised for the others.
 */
static void
add_demands(Advisor *advisor, int number, WorkloadStatement *statement)
{
	StatementDemands collected = {
		.statement = statement,
		.allowed_functions = advisor->options.allowed_functions
	};
	Sandbox		sandbox = workload_sandbox(statement);
	ErrorData  *error = sandbox_run(&sandbox, collect_statement_demands,
									&collected);
	ListCell   *lc;

	if (error != NULL)
	{
		statement->problem = workload_problem(error);
		return;
	}
	foreach(lc, collected.demands)
	{
		Demand	   *demand = lfirst(lc);
		CandidateDemand *item;

		if (!table_lock_at_once(demand->relid))
			continue;
		item = palloc(sizeof(CandidateDemand));
		item->statement = number;
		item->weight = statement->total_us;
		item->demand = demand;
		advisor->demands = lappend(advisor->demands, item);
	}
}

/* Is something asked of the first key of the index? */
static bool
asks_for_first_key(const Demand *demand, const IndexDefinition *def)
{
	const IndexKey *key = &def->keys[0];
	ListCell   *lc;

	if (demand->relid != def->relid)
		return false;
	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (filter->key.attno == key->attno &&
			equal(filter->key.expr, key->expr))
			return true;
	}
	foreach(lc, demand->sorts)
	{
		const DemandSort *sort = lfirst(lc);

		if (sort->key.attno == key->attno && equal(sort->key.expr, key->expr))
			return true;
	}
	return false;
}

/* Does the statement ask for no rows but those that the predicate lets in? */
static bool
asks_for_predicate(const Demand *demand, const IndexDefinition *def)
{
	ListCell   *lc;

	foreach(lc, def->predicate)
	{
		bool		found = false;
		ListCell   *filter;

		foreach(filter, demand->filters)
			found |= equal(((const DemandFilter *) lfirst(filter))->clause,
						   lfirst(lc));
		if (!found)
			return false;
	}
	return def->predicate != NIL && demand->relid == def->relid;
}

/*
 * Could the candidate matter to a statement?  A partial index may do so by its
 * predicate alone, as the smallest thing that has all rows to count; that of one
 * which was handed in may be implied in ways that only the planner knows.
 */
static bool
is_relevant_candidate(const CandidateDemand *item, const Candidate *candidate)
{
	if (asks_for_predicate(item->demand, candidate->def) ||
		asks_for_first_key(item->demand, candidate->def) ||
		bms_is_member(item->statement, candidate->statements))
		return true;
	return candidate->statements == NULL &&
		candidate->def->predicate != NIL &&
		candidate->def->relid == item->demand->relid;
}

/*
 * Note for each statement which candidates from "first" on could matter to it.
 */
static void
note_relevant_candidates(Advisor *advisor, int first)
{
	ListCell   *lc;

	foreach(lc, advisor->demands)
	{
		const CandidateDemand *item = lfirst(lc);
		EstimatedStatement *statement =
			&advisor->estimator.statements[item->statement];

		for (int i = first; i < advisor->estimator.nindexes; i++)
			if (advisor->estimator.indexes[i] != NULL &&
				is_relevant_candidate(item, list_nth(advisor->candidates, i)))
				statement->relevant = bms_add_member(statement->relevant, i);
	}
}

/*
 * Begin a run: find out what a list of WorkloadStatement asks of the tables.
 * A statement that cannot be planned, or not in time, is given a problem.  The
 * caller holds locks on the statements' tables.
 */
Advisor *
advisor_make(List *statements, const AdvisorOptions *options)
{
	Advisor    *advisor = palloc0(sizeof(Advisor));
	ListCell   *lc;

	advisor->options = *options;
	advisor->statements = statements;
	advisor->estimator.deadline_us = options->deadline_us;
	foreach(lc, statements)
	{
		WorkloadStatement *statement = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		advisor->total_us += statement->total_us;
		if (estimate_is_late(&advisor->estimator) && statement->problem == NULL)
			statement->problem = pstrdup("the time limit ended before it was looked at");
		if (statement->problem == NULL)
			add_demands(advisor, foreach_current_index(lc), statement);
	}
	return advisor;
}

/*
 * Set up the estimator, and ask the planner what each statement costs as
 * things are.
 */
static void
prepare_estimator(Advisor *advisor)
{
	Estimator  *estimator = &advisor->estimator;
	ListCell   *lc;

	estimator->context = CurrentMemoryContext;
	estimator->nstatements = list_length(advisor->statements);
	estimator->statements = palloc0(sizeof(EstimatedStatement) *
									Max(estimator->nstatements, 1));
	foreach(lc, advisor->statements)
	{
		int			i = foreach_current_index(lc);

		estimator->statements[i].workload = lfirst(lc);
		estimator->statements[i].base_cost =
			estimate_cost(estimator, i, NULL, NULL);
	}
	measured_times_adjust(estimator, advisor->options.built);
}

/*
 * How many microseconds a unit of the planner's cost takes here; 0 = unknown.
 */
static double
measure_cost_unit(const Advisor *advisor)
{
	double		us = 0;
	double		cost = 0;

	for (int i = 0; i < advisor->estimator.nstatements; i++)
	{
		const EstimatedStatement *statement = &advisor->estimator.statements[i];

		if (statement->base_cost <= 0)
			continue;
		us += statement->workload->total_us;
		cost += statement->workload->calls * statement->base_cost;
	}
	return cost > 0 ? us / cost : 0;
}

/* Candidates of one shape. */
typedef struct CandidateShape
{
	uint64		hash;			/* hash key: first */
	List	   *relids;			/* their tables, none twice */
} CandidateShape;

/* The hash of an index's shape, see index_def_shape(). */
static uint64
shape_hash(const Candidate *candidate)
{
	char	   *shape = index_def_shape(candidate->def);
	uint64		hash = hash_bytes_extended((const unsigned char *) shape,
										   strlen(shape), 0);

	pfree(shape);
	return hash;
}

/*
 * Count for each candidate the tables that have one of its shape: what the same
 * index saves in many tables adds up.
 */
static void
count_alike(Advisor *advisor)
{
	HASHCTL		control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(CandidateShape),
		.hcxt = CurrentMemoryContext
	};
	int			count = list_length(advisor->candidates);
	HTAB	   *shapes = hash_create("clipperf shapes of candidates", count,
									 &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CandidateShape **shape_of = palloc(sizeof(CandidateShape *) * count);
	ListCell   *lc;

	foreach(lc, advisor->candidates)
	{
		uint64		hash = shape_hash(lfirst(lc));
		bool		found;
		CandidateShape *shape = hash_search(shapes, &hash, HASH_ENTER, &found);

		shape->relids = list_append_unique_oid(found ? shape->relids : NIL,
											   ((Candidate *) lfirst(lc))->def->relid);
		shape_of[foreach_current_index(lc)] = shape;
	}
	advisor->shapes = palloc(sizeof(uint64) * count);
	advisor->alike = palloc(sizeof(int) * count);
	for (int i = 0; i < count; i++)
	{
		advisor->shapes[i] = shape_of[i]->hash;
		advisor->alike[i] = list_length(shape_of[i]->relids);
	}
	advisor->selection.alike = advisor->alike;
	hash_destroy(shapes);
}

/*
 * Add candidates: find out their sizes, what their upkeep costs and which
 * statements they could matter to.  A candidate that cannot be made a
 * hypothetical index, or not in time, gets a problem and is not searched.
 */
static void
add_candidates(Advisor *advisor, List *candidates)
{
	Estimator  *estimator = &advisor->estimator;
	int			first = estimator->nindexes;
	int			count = first + list_length(candidates);
	ListCell   *lc;

	if (candidates == NIL)
		return;
	advisor->candidates = list_concat(advisor->candidates, candidates);
	estimator->indexes = first == 0 ? palloc(sizeof(WhatIfIndex *) * count) :
		repalloc(estimator->indexes, sizeof(WhatIfIndex *) * count);
	advisor->write_us = first == 0 ? palloc(sizeof(double) * count) :
		repalloc(advisor->write_us, sizeof(double) * count);
	foreach(lc, candidates)
	{
		Candidate  *candidate = lfirst(lc);
		int			statement = bms_next_member(candidate->statements, -1);
		WhatIfIndex *index = NULL;
		int			i = first + foreach_current_index(lc);

		CHECK_FOR_INTERRUPTS();
		if (estimate_is_late(estimator))
			candidate->problem = pstrdup("the time limit ended before it was looked at");
		else
			index = hypothetical_index(candidate->def, statement < 0 ? NULL :
									   list_nth(advisor->statements, statement),
									   &candidate->problem);
		if (index != NULL && (candidate->problem = whatif_refusal(index)) != NULL)
		{
			candidate->refusing = index;
			index = NULL;
		}
		estimator->indexes[i] = index;
		if (index == NULL)
			continue;
		advisor->write_us[i] = write_cost_us(advisor->writes, index);
		advisor->selection.allowed =
			bms_add_member(advisor->selection.allowed, i);
	}
	estimator->nindexes = count;
	advisor->selection.write_us = advisor->write_us;
	count_alike(advisor);
	note_relevant_candidates(advisor, first);
}

/* Bytes of all tables that the statements use. */
static double
used_bytes(const Advisor *advisor)
{
	List	   *relids = NIL;
	double		bytes = 0;
	ListCell   *lc;

	foreach(lc, advisor->demands)
		relids = list_append_unique_oid(relids,
										table_root(((CandidateDemand *) lfirst(lc))->demand->relid));
	foreach(lc, relids)
		bytes += Max(relation_family_bytes(lfirst_oid(lc)), 0);
	return bytes;
}

/* Make everything ready to choose among these candidates. */
static void
prepare_selection(Advisor *advisor, List *candidates)
{
	Selection  *selection = &advisor->selection;

	prepare_estimator(advisor);
	advisor->writes = write_model_make(advisor->statements,
									   measure_cost_unit(advisor));
	selection->estimator = &advisor->estimator;
	selection->limits = advisor->options.limits;
	selection->total_us = advisor->total_us;
	selection->left_us = advisor->total_us;
	selection->table_bytes = used_bytes(advisor);
	add_candidates(advisor, candidates);
}

/* Search none that is too large by itself. */
static void
leave_out_large(Selection *selection)
{
	int			number = -1;

	while ((number = bms_next_member(selection->allowed, number)) >= 0)
	{
		Bitmapset  *alone = bms_make_singleton(number);

		if (!selection_fits(selection, alone))
			selection->allowed = bms_del_member(selection->allowed, number);
		bms_free(alone);
	}
}

/*
 * The statements that each candidate was seen to slow down, by its number.
 */
static Bitmapset **
find_harmed(const Advisor *advisor)
{
	const Estimator *estimator = &advisor->estimator;
	Bitmapset **harmed = palloc0(sizeof(Bitmapset *) * Max(estimator->nindexes, 1));

	for (int i = 0; i < estimator->nstatements; i++)
	{
		Bitmapset  *harmful = estimate_harmful(estimator, i);
		int			number = -1;

		while ((number = bms_next_member(harmful, number)) >= 0)
			harmed[number] = bms_add_member(harmed[number], i);
	}
	return harmed;
}

/*
 * Candidates that do what those do which slow some statements down, but which
 * these cannot use; MOST_CONFINED at most.
 */
static List *
confine_harmful(const Advisor *advisor)
{
	const Estimator *estimator = &advisor->estimator;
	Bitmapset **harmed = find_harmed(advisor);
	List	   *confined = NIL;

	for (int number = 0; number < estimator->nindexes; number++)
	{
		Bitmapset  *served = NULL;

		for (int i = 0; harmed[number] != NULL && i < estimator->nstatements; i++)
			if (!bms_is_member(i, harmed[number]) &&
				known_plans_need(&estimator->statements[i].known, number))
				served = bms_add_member(served, i);
		if (served == NULL || list_length(confined) >= MOST_CONFINED)
			continue;
		confined = list_concat(confined,
							   candidates_confine(advisor->candidates,
												  advisor->demands,
												  estimator->indexes[number]->def,
												  served, harmed[number]));
	}
	return confined;
}

/*
 * Add candidates that do the work of two of the chosen ones, and such as keep
 * statements from an index that slows them down, and ask about them.  False if
 * there is nothing new.
 */
static bool
add_better_forms(Advisor *advisor, const Bitmapset *chosen)
{
	Selection  *selection = &advisor->selection;
	int			first = advisor->estimator.nindexes;
	List	   *merged = candidates_merge(advisor->candidates, chosen);
	List	   *confined = confine_harmful(advisor);
	int			middle = first + list_length(merged);
	int			end = middle + list_length(confined);
	bool		any;

	if (end == first)
		return false;
	add_candidates(advisor, list_concat(merged, confined));
	selection_find_affected(selection);
	if (selection_is_limited(selection))
		leave_out_large(selection);
	any = selection_learn_merged(selection, chosen, first, middle);
	selection_learn_confined(selection, chosen, advisor->candidates, middle, end);
	return any || end > middle;
}

/*
 * Search from these indexes on, and again with better forms of those found.
 */
static Bitmapset *
search_and_better(Advisor *advisor, const Bitmapset *start)
{
	Selection  *selection = &advisor->selection;
	Bitmapset  *chosen = selection_search(selection, start);

	for (int round = 0; round < BETTER_ROUNDS; round++)
	{
		Bitmapset  *better;

		if (estimate_is_late(&advisor->estimator) ||
			!add_better_forms(advisor, chosen))
			break;
		better = selection_search(selection, chosen);
		if (bms_equal(better, chosen))
			break;
		chosen = better;
	}
	return chosen;
}

/* The time of all statements, also those not planned again, with what is chosen. */
static double
time_left_us(const Advisor *advisor)
{
	const Estimator *estimator = &advisor->estimator;
	double		us = advisor->total_us;

	for (int i = 0; i < estimator->nstatements; i++)
		us -= estimator->statements[i].workload->total_us;
	return Max(us, 0) + selection_time_us(&advisor->selection, advisor->chosen);
}

/*
 * Does the statement's plan with the chosen indexes use none of them on that table?
 * "used" are those that it uses.
 */
static bool
is_unserved(const Advisor *advisor, const Bitmapset *used, Oid relid)
{
	int			number = -1;

	while ((number = bms_next_member(used, number)) >= 0)
		if (bms_is_member(number, advisor->chosen) &&
			advisor->estimator.indexes[number]->def->relid == relid)
			return false;
	return true;
}

/*
 * Could one more index be worth while for this statement alone, by what is left?  It
 * may be served in part: by an index that was chosen for others, or with some values.
 */
static bool
is_half_served(const Advisor *advisor, int statement)
{
	Estimator  *estimator = unconstify(Estimator *, &advisor->estimator);
	double		us = estimate_time_us(estimator, statement, advisor->chosen);
	double		more = us - estimate_least_us(estimator, statement);

	return more >= HALF_SERVED * us && more >= advisor_least_us(advisor);
}

/*
 * Does a candidate begin with another key than the chosen indexes on its table that a
 * plan uses ("used")?  One that begins alike would only be a wider form of them.
 */
static bool
begins_unlike(const Advisor *advisor, const Bitmapset *used, int candidate)
{
	WhatIfIndex *const *indexes = advisor->estimator.indexes;
	const IndexDefinition *def = indexes[candidate]->def;
	int			number = -1;

	while ((number = bms_next_member(used, number)) >= 0)
		if (bms_is_member(number, advisor->chosen) &&
			indexes[number]->def->relid == def->relid &&
			index_def_same_key(&indexes[number]->def->keys[0], &def->keys[0]))
			return false;
	return true;
}

/*
 * What is searched when something is chosen: that, and the candidates that matter to a
 * statement for which nothing on their table is, or not enough and nothing like them.
 * For the others the choice stands.
 */
static Bitmapset *
find_open(const Advisor *advisor)
{
	Estimator  *estimator = unconstify(Estimator *, &advisor->estimator);
	const Selection *selection = &advisor->selection;
	Bitmapset  *open = bms_copy(advisor->chosen);

	for (int i = 0; i < estimator->nstatements; i++)
	{
		bool		half_served = is_half_served(advisor, i);
		Bitmapset  *used;
		int			number = -1;

		(void) estimate_cost(estimator, i, advisor->chosen, &used);
		while ((number = bms_next_member(selection->allowed, number)) >= 0)
			if (bms_is_member(i, selection->affected[number]) &&
				((half_served && begins_unlike(advisor, used, number)) ||
				 is_unserved(advisor, used,
							 estimator->indexes[number]->def->relid)))
				open = bms_add_member(open, number);
	}
	return open;
}

/*
 * Choose, from these indexes on; and again, as long as what is chosen leaves clearly
 * less (LEFT_SHRINKS) of the time, of which each index must save its share.  Returns
 * what was found before it was made simpler.
 */
static Bitmapset *
choose_from(Advisor *advisor, Bitmapset *start)
{
	Selection  *selection = &advisor->selection;
	Bitmapset  *allowed = bms_copy(selection->allowed);
	Bitmapset  *found = start;

	for (int round = 0; round < LEFT_ROUNDS; round++)
	{
		double		left_us;

		found = search_and_better(advisor, found);
		advisor->chosen = selection_avoid_harm(selection,
											   selection_simplify(selection, found));
		if (estimate_is_late(&advisor->estimator) ||
			selection->limits.least_share <= 0)
			break;
		left_us = Max(time_left_us(advisor), LEAST_LEFT * advisor->total_us);
		if (left_us > LEFT_SHRINKS * selection->left_us)
			break;
		selection->left_us = left_us;
		selection->allowed = find_open(advisor);
		found = advisor->chosen;
	}
	selection->allowed = bms_add_members(allowed, selection->allowed);
	return found;
}

/*
 * Make candidates of what is asked, and choose among them: the chosen ones are
 * in advisor->chosen.  The search is made without a budget first; if what it
 * finds fits, that is the answer.
 */
void
advisor_choose(Advisor *advisor)
{
	Selection  *selection = &advisor->selection;
	SelectionLimits limits = advisor->options.limits;
	Bitmapset  *found;

	advisor->estimator.carry_safely = true;
	prepare_selection(advisor, candidates_make(advisor->demands,
											   &advisor->unwritten));
	selection_find_affected(selection);
	selection->limits.bytes = -1;
	selection->limits.indexes = -1;
	selection_learn(selection);
	found = choose_from(advisor, NULL);
	selection->limits = limits;
	if (selection_fits(selection, advisor->chosen))
		return;
	selection->left_us = advisor->total_us;
	leave_out_large(selection);
	selection_learn_small(selection);
	(void) choose_from(advisor, bms_int_members(found, selection->allowed));
}

/*
 * Judge these definitions (a list of IndexDefinition) instead of making
 * candidates; they are numbered in their order.  Chosen are those that save
 * more than they cost.
 */
void
advisor_judge(Advisor *advisor, List *definitions)
{
	List	   *candidates = NIL;
	ListCell   *lc;

	foreach(lc, definitions)
	{
		Candidate  *candidate = palloc0(sizeof(Candidate));

		candidate->def = lfirst(lc);
		candidates = lappend(candidates, candidate);
	}
	prepare_selection(advisor, candidates);
	selection_find_affected(&advisor->selection);
	selection_learn(&advisor->selection);
	advisor->chosen = selection_simplify(&advisor->selection,
										 selection_search(&advisor->selection,
														  NULL));
}
