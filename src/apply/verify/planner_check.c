/*-------------------------------------------------------------------------
 *
 * planner_check.c
 *	  Would a statement cost more without the index of a job?
 *
 * The statement is planned twice, as its users and with parameters that were
 * sampled of it: an index that was built is hidden from the planner, one that
 * was dropped is added as a hypothetical one.  Nothing is executed.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/planner_check.h"

#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "advise/cost/statement_cost.h"
#include "common/own_sql.h"

/* The two sets of indexes that are compared. */
typedef struct PlannerCheckCall
{
	const Job  *job;
	WhatIfConfig with;			/* as if the index were there */
	WhatIfConfig without;
	List	   *oids;			/* of the index that was built, and its
								 * partitions */
} PlannerCheckCall;

static const char *const planner_check_names[] = {
	"unknown", "unused", "equal", "worth it"
};

/* The name of an answer in the verdict of a job. */
const char *
planner_check_name(PlannerCheck planner_check)
{
	return planner_check_names[planner_check];
}

/*
 * OIDs of the other indexes of the job's table that are to go: those that jobs
 * take back or drop, and those that turned out not to pay.
 */
static List *
indexes_about_to_go(const Job *job)
{
	SqlArg		args[] = {arg_int8(job->id), arg_oid(job->relid)};
	List	   *going = NIL;

	own_sql("SELECT index_oid FROM @extschema@.clipperf_job"
			" WHERE job <> $1 AND relid = $2 AND index_oid IS NOT NULL"
			" AND (state IN ('useless', 'regressed') AND action = 'create'"
			" OR state IN ('queued', 'waiting', 'building')"
			" AND (action = 'create') = (goal = 'revert'))",
			lengthof(args), args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Oid			index = DatumGetObjectId(own_datum(i, 1));

		if (get_rel_relkind(index) != '\0')
			going = lappend_oid(going, index);
	}
	return going;
}

/* SandboxWork: add the index that was dropped as a hypothetical one. */
static void
add_dropped_index(void *arg)
{
	PlannerCheckCall *call = arg;
	WhatIfIndex **indexes = palloc(sizeof(WhatIfIndex *));

	indexes[0] = whatif_index(index_def_parse(call->job->ddl));
	call->with.indexes = indexes;
	call->with.nindexes = 1;
}

/*
 * Set up both sets of indexes; false if the index is gone, or its definition
 * cannot be read.
 */
static bool
set_up_index_sets(PlannerCheckCall *call)
{
	const Job  *job = call->job;
	Sandbox		sandbox = {.userid = job->role};
	ListCell   *lc;

	foreach(lc, indexes_about_to_go(job))
		call->with.hidden = whatif_hide(call->with.hidden,
										lfirst_oid(lc));
	call->without.hidden = list_copy(call->with.hidden);
	if (job->drop)
		return sandbox_run(&sandbox, add_dropped_index, call) == NULL;
	if (get_rel_relkind(job->index_oid) == '\0')
		return false;
	call->oids = whatif_hide(NIL, job->index_oid);
	call->without.hidden = whatif_hide(call->without.hidden,
									   job->index_oid);
	return true;
}

/* Do the plans use the index? */
static bool
uses_job_index(const PlannerCheckCall *call, const StatementCost *cost)
{
	ListCell   *lc;

	foreach(lc, cost->used_real)
		if (list_member_oid(call->oids, lfirst_oid(lc)))
		return true;
	return !bms_is_empty(cost->used);
}

/* The answer for a statement as one user runs it. */
static PlannerCheck
check_for_user(const PlannerCheckCall *call, WorkloadStatement *statement)
{
	StatementCost with;
	StatementCost without;

	if (statement->variants == NIL ||
		statement_planned_cost(statement, &call->with, &with) != NULL ||
		statement_planned_cost(statement, &call->without, &without) != NULL)
		return PLANNER_CHECK_NONE;
	if (!uses_job_index(call, &with))
		return PLANNER_CHECK_UNUSED;
	return without.planned >= (1 + PLANNER_CHECK_WORTH_SHARE) * with.planned ?
		PLANNER_CHECK_WORTH : PLANNER_CHECK_EQUAL;
}

/*
 * Plan a statement with and without the index that the job has built, or has
 * dropped, as its users and with the parameters that are known of it.  Indexes
 * of the table that clipperf is about to take back, or has advised to, are
 * hidden from both sides, so that of two equal ones not both are found
 * superfluous.  Of several users' answers, that most in favour of the index.
 *
 * Tables are looked for where the statements are likely to have found them: in
 * the schema of the job's table first, as search paths are not sampled.
 *
 * Within job_begin() and job_end().  Takes AccessShareLock on the table to the
 * end of the transaction; if it cannot be had at once, the answer is "unknown".
 * Leaves the usual handler of SIGINT behind.
 */
PlannerCheck
planner_check_run(const Job *job, uint64 queryid)
{
	PlannerCheckCall call = {.job = job};
	PlannerCheck best = PLANNER_CHECK_NONE;
	char	   *schema;
	int			nestlevel;

	if (!ConditionalLockRelationOid(job->relid, AccessShareLock) ||
		get_rel_relkind(job->relid) == '\0')
		return PLANNER_CHECK_NONE;
	nestlevel = NewGUCNestLevel();
	schema = get_namespace_name(get_rel_namespace(job->relid));
	(void) set_config_option("search_path",
							 psprintf("%s, \"$user\", public",
									  quote_identifier(schema)),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	if (set_up_index_sets(&call))
	{
		WorkloadFilter filter = {.queryids = list_make1(&queryid)};
		ListCell   *lc;

		foreach(lc, workload_load(&filter))
			best = Max(best, check_for_user(&call, lfirst(lc)));
	}
	AtEOXact_GUC(true, nestlevel);
	return best;
}
