/*-------------------------------------------------------------------------
 *
 * statement_cost.c
 *	  What a statement costs under a config, over all its variants.
 *
 * All variants are planned.  Then each plan that stops early is priced as
 * early_stop.c says; that needs samples of tables, which are taken in a sandbox
 * of their own: if they cannot be taken in time, the plans still count.
 *
 * A statement that is prepared by name has a generic plan too.  PostgreSQL
 * takes it for all calls once it looks cheaper than the plans made for the
 * values at hand (choose_custom_plan() in utils/cache/plancache.c).  The
 * generic plan of a rare search with LIMIT does, as soon as some index gives
 * the order: without values a condition is taken to keep a third of the rows.
 * So where a statement with parameters may stop early, the generic plan is made as
 * well, even if no plan for its values hopes to, since these find fewer rows than
 * it asks for; if PostgreSQL would take it, and does not as things are, the
 * statement costs what it costs with it, over the values of all samples.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/statement_cost.h"

#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"

#include "advise/cost/early_stop.h"
#include "advise/workload/workload_weight.h"

/* Cost of planning one table, as cached_plan_cost() in plancache.c has it. */
#define OPERATORS_TO_PLAN	1000.0

/* What is known of a scan that some plan of the statement makes. */
typedef struct KnownScan
{
	OrderedScan scan;
	const MatchOrder *order;
} KnownScan;

/* The plans of one variant. */
typedef struct VariantPlans
{
	const WorkloadVariant *variant;
	double		weight;
	bool		generic;		/* made without the variant's values */
	WhatIfResult result;
	double	   *extra;			/* of a generic plan: what it costs more with
								 * the values of each variant, since it stops
								 * late */
	double		likely;			/* cost, with what late stops add */
} VariantPlans;

/* A statement on its way through the sandbox. */
typedef struct StatementPricing
{
	WorkloadStatement *statement;
	WhatIfConfig config;
	List	   *plans;			/* of VariantPlans */
	VariantPlans *generic;		/* if that is what PostgreSQL would run */
	List	   *unknown;		/* of OrderedScan, to be tested */
	StatementCost *cost;
} StatementPricing;

/*
 * Where the statement is planned: for as long as the config says, if it says
 * so.
 */
static Sandbox
planning_sandbox(const StatementPricing *pricing)
{
	Sandbox		sandbox = workload_sandbox(pricing->statement);

	sandbox.timeout_ms = pricing->config.most_ms;
	return sandbox;
}

/* Where what is found out about the statement is kept: as long as itself. */
static MemoryContext
keep_context(const StatementPricing *pricing)
{
	return GetMemoryChunkContext(pricing->statement);
}

/* ------------------------------------------------------------------------
 * Plans
 * ------------------------------------------------------------------------ */

/*
 * Plan one variant, or the generic plan of it, and add the plans to the list.
 * Errors are the planner's.
 */
static void
plan_variant(StatementPricing *pricing, const WorkloadVariant *variant,
			 double weight, bool generic)
{
	VariantPlans *plans = palloc0(sizeof(VariantPlans));

	plans->variant = variant;
	plans->weight = weight;
	plans->generic = generic;
	plans->extra = palloc0(sizeof(double) *
						   list_length(pricing->statement->variants));
	whatif_plan(variant->queries, variant->text,
				generic ? NULL : variant->params, &pricing->config,
				&plans->result);
	plans->likely = plans->result.total_cost;
	pricing->plans = lappend(pricing->plans, plans);
	pricing->cost->plans++;
}

/* Has the variant values that a generic plan would not have? */
static inline bool
has_values(const WorkloadVariant *variant)
{
	return variant->params != NULL && variant->params->numParams > 0;
}

/* SandboxWork: plan all variants of the statement. */
static void
plan_variants(void *arg)
{
	StatementPricing *pricing = arg;
	ListCell   *lc;

	foreach(lc, pricing->statement->variants)
	{
		const WorkloadVariant *variant = lfirst(lc);

		plan_variant(pricing, variant, variant->weight,
					 pricing->statement->parameterized && !has_values(variant));
	}
}

/* SandboxWork: make the generic plan, which has no weight as yet. */
static void
plan_generic(void *arg)
{
	StatementPricing *pricing = arg;

	plan_variant(pricing, linitial(pricing->statement->variants), 0, true);
}

/* ------------------------------------------------------------------------
 * Samples
 * ------------------------------------------------------------------------ */

/* Do both scans read the same rows in the same order? */
static bool
same_scan_order(const OrderedScan *a, const OrderedScan *b)
{
	if (a->relid != b->relid || a->backward != b->backward ||
		(a->index == NULL) != (b->index == NULL))
		return false;
	if (a->index == NULL)
		return true;
	if (a->index->nkeys != b->index->nkeys ||
		!equal(a->index->predicate, b->index->predicate))
		return false;
	for (int i = 0; i < a->index->nkeys; i++)
		if (!index_def_same_key(&a->index->keys[i], &b->index->keys[i]))
			return false;
	return true;
}

/* Are both lists of JoinTest the same tests by other tables? */
static bool
same_joins(const List *a, const List *b)
{
	ListCell   *one;
	ListCell   *other;

	if (list_length(a) != list_length(b))
		return false;
	forboth(one, a, other, b)
	{
		const JoinTest *left = lfirst(one);
		const JoinTest *right = lfirst(other);

		if (left->relid != right->relid || left->inner != right->inner ||
			left->outer != right->outer || left->operator != right->operator ||
			left->collation != right->collation ||
			!equal(left->conditions, right->conditions))
			return false;
	}
	return true;
}

/* Are both the same scan, with the same conditions? */
static bool
same_scan(const OrderedScan *a, const OrderedScan *b)
{
	return same_scan_order(a, b) && equal(a->bounds, b->bounds) &&
		equal(a->inside, b->inside) &&
		equal(a->filter, b->filter) && same_joins(a->joins, b->joins);
}

/*
 * MatchOrderFinder: what is known of the scan.  One that nothing is known of
 * is put on the list of those to be tested.
 */
static const MatchOrder *
find_match_order(const OrderedScan *scan, void *arg)
{
	StatementPricing *pricing = arg;
	ListCell   *lc;

	foreach(lc, pricing->statement->scans)
	{
		const KnownScan *known = lfirst(lc);

		if (same_scan(&known->scan, scan))
			return known->order;
	}
	foreach(lc, pricing->unknown)
		if (same_scan(lfirst(lc), scan))
		return NULL;
	pricing->unknown = lappend(pricing->unknown,
							   unconstify(OrderedScan *, scan));
	return NULL;
}

/* A deep copy of a list of JoinTest. */
static List *
copy_joins(const List *joins)
{
	List	   *copies = NIL;
	ListCell   *lc;

	foreach(lc, joins)
	{
		JoinTest   *copy = palloc(sizeof(JoinTest));

		*copy = *(const JoinTest *) lfirst(lc);
		copy->conditions = copyObject(copy->conditions);
		copies = lappend(copies, copy);
	}
	return copies;
}

/* Remember with the statement what is known of a scan. */
static void
remember_scan(StatementPricing *pricing, const OrderedScan *scan,
			  const MatchOrder *order)
{
	MemoryContext caller = MemoryContextSwitchTo(keep_context(pricing));
	KnownScan  *known = palloc(sizeof(KnownScan));

	known->scan = *scan;
	known->scan.bounds = copyObject(scan->bounds);
	known->scan.inside = copyObject(scan->inside);
	known->scan.filter = copyObject(scan->filter);
	known->scan.joins = copy_joins(scan->joins);
	if (scan->index != NULL && OidIsValid(scan->index->indexoid))
		known->scan.index = index_def_of_index(scan->index->indexoid);
	known->order = order;
	pricing->statement->scans = lappend(pricing->statement->scans, known);
	MemoryContextSwitchTo(caller);
}

/*
 * SandboxWork: test the scans that nothing is known of on samples.  Locks
 * tables (AccessShareLock) to the end of the sandbox's subtransaction.
 */
static void
test_scans(void *arg)
{
	StatementPricing *pricing = arg;

	while (pricing->unknown != NIL)
	{
		const OrderedScan *scan = linitial(pricing->unknown);

		remember_scan(pricing, scan, match_order(scan, keep_context(pricing)));
		pricing->unknown = list_delete_first(pricing->unknown);
	}
}

/* ------------------------------------------------------------------------
 * Prices
 * ------------------------------------------------------------------------ */

/* What a variant's plans cost more with these values, since they stop late. */
static double
price_plans_with(StatementPricing *pricing, const VariantPlans *plans,
				 ParamListInfo params)
{
	double		extra = 0;
	List	   *reaches = NIL;
	ListCell   *lc;

	foreach(lc, plans->result.plans)
		extra += early_stop_extra(lfirst(lc), params, find_match_order, pricing,
								  &pricing->cost->stops_early, &reaches);
	return extra;
}

/* Has a sample values for the parameters of a generic plan, being of the same text? */
static bool
fits_plan(const VariantPlans *plans, const WorkloadVariant *sample)
{
	return has_values(sample) && strcmp(plans->variant->text, sample->text) == 0;
}

/*
 * Price a generic plan with the values of all samples, or without any if there
 * are none.
 */
static void
price_generic(StatementPricing *pricing, VariantPlans *plans)
{
	double		extra = 0;
	double		weight = 0;
	ListCell   *lc;

	foreach(lc, pricing->statement->variants)
	{
		const WorkloadVariant *sample = lfirst(lc);
		double	   *mine = &plans->extra[foreach_current_index(lc)];

		if (!fits_plan(plans, sample))
			continue;
		*mine = price_plans_with(pricing, plans, sample->params);
		extra += sample->weight * *mine;
		weight += sample->weight;
	}
	plans->likely = plans->result.total_cost +
		(weight > 0 ? extra / weight : price_plans_with(pricing, plans, NULL));
}

/* Price all plans by what is known of their scans. */
static void
price_plans(StatementPricing *pricing)
{
	ListCell   *lc;

	pricing->unknown = NIL;
	foreach(lc, pricing->plans)
	{
		VariantPlans *plans = lfirst(lc);

		if (plans->generic)
			price_generic(pricing, plans);
		else
			plans->likely = plans->result.total_cost +
				price_plans_with(pricing, plans, NULL);
	}
}

/*
 * Price all plans, and before that test the scans that nothing is known of.
 * If that fails, or takes too long, nothing is known of them for good.
 */
static void
test_and_price_plans(StatementPricing *pricing)
{
	Sandbox		sandbox = planning_sandbox(pricing);
	static const MatchOrder nothing = {0};

	price_plans(pricing);
	if (pricing->unknown == NIL)
		return;
	if (sandbox_run(&sandbox, test_scans, pricing) != NULL)
	{
		ListCell   *lc;

		foreach(lc, pricing->unknown)
			remember_scan(pricing, lfirst(lc), &nothing);
	}
	price_plans(pricing);
}

/*
 * Add the blocks that plans touch, with these values, or those that are in them if that is
 * NULL: "weight" times.  What is known of their scans tells how far they read.
 */
static void
add_plan_blocks(StatementPricing *pricing, const VariantPlans *plans,
				ParamListInfo params, double weight)
{
	StatementCost *cost = pricing->cost;
	bool		stops = false;
	ListCell   *lc;

	foreach(lc, plans->result.plans)
	{
		List	   *reaches = NIL;
		BlockEstimate blocks;

		(void) early_stop_extra(lfirst(lc), params, find_match_order, pricing,
								&stops, &reaches);
		blocks = plan_blocks(lfirst(lc), params, reaches, weight, &cost->scans);
		cost->blocks.now += weight * blocks.now;
		cost->blocks.most += weight * blocks.most;
		cost->blocks.latest += weight * blocks.latest;
	}
}

/* The same for a generic plan, with the values of all samples, or without any. */
static void
add_generic_blocks(StatementPricing *pricing, const VariantPlans *plans, double weight)
{
	const List *variants = pricing->statement->variants;
	double		all = 0;
	ListCell   *lc;

	if (weight <= 0)
		return;
	foreach(lc, variants)
	{
		if (fits_plan(plans, lfirst(lc)))
			all += ((const WorkloadVariant *) lfirst(lc))->weight;
	}
	if (all <= 0)
		add_plan_blocks(pricing, plans, NULL, weight);
	foreach(lc, variants)
	{
		const WorkloadVariant *sample = lfirst(lc);

		if (all > 0 && fits_plan(plans, sample))
			add_plan_blocks(pricing, plans, sample->params,
							weight * sample->weight / all);
	}
}

/*
 * SandboxWork: count the blocks that the plans touch, weighted over the variants, or
 * those of the generic plan if that is run for all.
 */
static void
count_statement_blocks(void *arg)
{
	StatementPricing *pricing = arg;
	BlockEstimate none = {0};
	ListCell   *lc;

	pricing->cost->blocks = none;
	foreach(lc, pricing->plans)
	{
		const VariantPlans *plans = lfirst(lc);

		if (pricing->generic != NULL && plans != pricing->generic)
			continue;
		if (plans->generic)
			add_generic_blocks(pricing, plans, pricing->generic != NULL ? 1 :
							   plans->weight);
		else
			add_plan_blocks(pricing, plans, NULL, plans->weight);
	}
}

/* ------------------------------------------------------------------------
 * The sum
 * ------------------------------------------------------------------------ */

/*
 * Could the statement have a generic plan that no variant is known to run, and that
 * stops early?
 */
static bool
may_have_generic(const StatementPricing *pricing)
{
	const WorkloadStatement *statement = pricing->statement;
	const WorkloadVariant *first;
	ListCell   *lc;

	foreach(lc, pricing->plans)
		if (((VariantPlans *) lfirst(lc))->generic)
		return false;
	if (!statement->parameterized || statement->handed_in ||
		statement->never_generic || statement->variants == NIL)
		return false;
	first = linitial(statement->variants);
	return has_values(first) && workload_may_stop(first->queries);
}

/* What PostgreSQL adds to the cost of plans that it makes for each call. */
static double
planning_cost(const VariantPlans *plans)
{
	double		cost = 0;
	ListCell   *lc;

	foreach(lc, plans->result.plans)
	{
		const WhatIfPlan *plan = lfirst(lc);

		cost += OPERATORS_TO_PLAN * cpu_operator_cost *
			(list_length(plan->stmt->rtable) + 1);
	}
	return cost;
}

/*
 * Consider the generic plan, the last one made.  PostgreSQL would run it for
 * all variants if it looks cheaper than planning each call.  A statement where
 * that is so as things are, and that was not seen to run it, is not prepared
 * by name.
 */
static void
consider_generic(StatementPricing *pricing)
{
	StatementCost *cost = pricing->cost;
	VariantPlans *generic = llast(pricing->plans);
	bool		as_things_are = pricing->config.nindexes == 0 &&
		pricing->config.hidden == NIL;

	cost->decisive = bms_add_members(cost->decisive, generic->result.used);
	cost->decisive = bms_add_members(cost->decisive, generic->result.telling);
	if (generic->result.total_cost >= cost->planned + planning_cost(generic))
		return;
	if (as_things_are)
	{
		pricing->statement->never_generic = true;
		return;
	}
	if (generic->likely <= generic->result.total_cost)
		return;
	pricing->generic = generic;
	cost->likely = generic->likely;
	for (int i = 0; i < list_length(pricing->statement->variants); i++)
		cost->likely_by[i] = generic->result.total_cost + generic->extra[i];
	cost->used = bms_add_members(cost->used, generic->result.used);
	cost->used_real = list_concat_unique_oid(cost->used_real,
											 generic->result.used_real);
}

/*
 * Plan all variants, price the plans if they are kept, and sum up.  Returns
 * NULL, or the error that ended it.
 */
static ErrorData *
plan_and_price(StatementPricing *pricing)
{
	Sandbox		sandbox = planning_sandbox(pricing);
	ErrorData  *error = sandbox_run(&sandbox, plan_variants, pricing);
	StatementCost *cost = pricing->cost;
	ListCell   *lc;

	if (error != NULL)
		return error;
	if (pricing->config.keep_plans)
		test_and_price_plans(pricing);
	foreach(lc, pricing->plans)
	{
		const VariantPlans *plans = lfirst(lc);
		int			number = foreach_current_index(lc);

		cost->planned_by[number] = plans->result.total_cost;
		cost->likely_by[number] = plans->likely;
		cost->planned += plans->weight * plans->result.total_cost;
		cost->likely += plans->weight * plans->likely;
		cost->used = bms_add_members(cost->used, plans->result.used);
		cost->decisive = bms_add_members(cost->decisive, plans->result.used);
		cost->decisive = bms_add_members(cost->decisive, plans->result.telling);
		cost->used_real = list_concat_unique_oid(cost->used_real,
												 plans->result.used_real);
	}
	if (pricing->config.keep_plans && may_have_generic(pricing) &&
		sandbox_run(&sandbox, plan_generic, pricing) == NULL)
	{
		test_and_price_plans(pricing);
		consider_generic(pricing);
	}
	if (pricing->config.count_blocks &&
		sandbox_run(&sandbox, count_statement_blocks, pricing) != NULL)
	{
		cost->blocks = plan_blocks_unknown();
		cost->scans = NIL;
	}
	return NULL;
}

/* A deep copy of a list of IndexScans. */
static List *
copy_scans(const List *scans)
{
	List	   *copies = NIL;
	ListCell   *lc;

	foreach(lc, scans)
	{
		IndexScans *copy = palloc(sizeof(IndexScans));

		*copy = *(const IndexScans *) lfirst(lc);
		copies = lappend(copies, copy);
	}
	return copies;
}

/*
 * Price a statement in memory of its own, and keep the result in the caller's.
 * Returns NULL, or the error that ended it, which lies in that memory.
 */
static ErrorData *
price_statement(StatementPricing *pricing)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(caller, "clipperf statement cost",
											   ALLOCSET_DEFAULT_SIZES);
	int			count = list_length(pricing->statement->variants);
	StatementCost *cost = pricing->cost;
	ErrorData  *error;

	memset(cost, 0, sizeof(*cost));
	cost->blocks = plan_blocks_unknown();
	cost->planned_by = palloc0(sizeof(double) * count);
	cost->likely_by = palloc0(sizeof(double) * count);
	MemoryContextSwitchTo(work);
	error = plan_and_price(pricing);
	MemoryContextSwitchTo(caller);
	cost->used = bms_copy(cost->used);
	cost->decisive = bms_copy(cost->decisive);
	cost->used_real = list_copy(cost->used_real);
	cost->scans = copy_scans(cost->scans);
	if (error == NULL)
		MemoryContextDelete(work);
	return error;
}

/*
 * Plan a statement in its sandbox, and remember with it what samples of its
 * tables tell.  The cost is palloc'd in the current memory context.  Returns
 * NULL, or the error that ended it.
 */
ErrorData *
statement_cost(WorkloadStatement *statement, const WhatIfConfig *config,
			   StatementCost *cost)
{
	StatementPricing pricing = {.statement = statement,.config = *config,.cost = cost};

	pricing.config.keep_plans = true;
	return price_statement(&pricing);
}

/*
 * Plan a statement in its sandbox, and take the planner's cost for true: no
 * sample is read, and "likely" is "planned".  The cost is palloc'd in the
 * current memory context.  Returns NULL, or the error that ended it.
 */
ErrorData *
statement_planned_cost(WorkloadStatement *statement,
					   const WhatIfConfig *config, StatementCost *cost)
{
	StatementPricing pricing = {.statement = statement,.config = *config,.cost = cost};

	return price_statement(&pricing);
}
