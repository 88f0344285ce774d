/*-------------------------------------------------------------------------
 *
 * planner_check.c
 *	  What the planner says of an index and a statement.
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

/* The index in question. */
typedef struct PlannerCheckCall
{
	const Job  *job;
	WhatIfConfig with;			/* as if the index were there */
	WhatIfConfig without;
	List	   *oids;			/* of the index and its partitions */
} PlannerCheckCall;

static const char *const planner_check_names[] = {
	"unknown", "unused", "equal", "worth it"
};

/* See planner_check.h. */
const char *
planner_check_name(PlannerCheck planner_check)
{
	return planner_check_names[planner_check];
}

/*
 * Indexes that are to go: those that jobs take back or drop, and those that
 * turned out not to pay.
 */
static List *
going_indexes(const Job *job)
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

/* SandboxWork: imagine the index that was dropped. */
static void
imagine(void *arg)
{
	PlannerCheckCall *question = arg;
	WhatIfIndex **indexes = palloc(sizeof(WhatIfIndex *));

	indexes[0] = whatif_index(index_def_parse(question->job->ddl));
	question->with.indexes = indexes;
	question->with.nindexes = 1;
}

/* Set up both sides of the question; false if that is not possible. */
static bool
set_up(PlannerCheckCall *question)
{
	const Job  *job = question->job;
	Sandbox		sandbox = {.userid = job->role};
	ListCell   *lc;

	foreach(lc, going_indexes(job))
		question->with.hidden = whatif_hide(question->with.hidden,
											lfirst_oid(lc));
	question->without.hidden = list_copy(question->with.hidden);
	if (job->drop)
		return sandbox_run(&sandbox, imagine, question) == NULL;
	if (get_rel_relkind(job->index_oid) == '\0')
		return false;
	question->oids = whatif_hide(NIL, job->index_oid);
	question->without.hidden = whatif_hide(question->without.hidden,
										   job->index_oid);
	return true;
}

/* Do the plans use the index in question? */
static bool
uses_index(const PlannerCheckCall *question, const StatementCost *cost)
{
	ListCell   *lc;

	foreach(lc, cost->used_real)
		if (list_member_oid(question->oids, lfirst_oid(lc)))
		return true;
	return !bms_is_empty(cost->used);
}

/* The opinion on a statement as one user runs it. */
static PlannerCheck
ask_about(const PlannerCheckCall *question, WorkloadStatement *statement)
{
	StatementCost with;
	StatementCost without;

	if (statement->variants == NIL ||
		statement_planned_cost(statement, &question->with, &with) != NULL ||
		statement_planned_cost(statement, &question->without, &without) != NULL)
		return PLANNER_CHECK_NONE;
	if (!uses_index(question, &with))
		return PLANNER_CHECK_UNUSED;
	return without.planned >= (1 + PLANNER_CHECK_WORTH_SHARE) * with.planned ?
		PLANNER_CHECK_WORTH : PLANNER_CHECK_EQUAL;
}

/* The best opinion on a statement of all its users. */
static PlannerCheck
ask_all(PlannerCheckCall *question, uint64 queryid)
{
	WorkloadFilter filter = {.queryids = list_make1(&queryid)};
	PlannerCheck best = PLANNER_CHECK_NONE;
	ListCell   *lc;

	foreach(lc, workload_load(&filter))
		best = Max(best, ask_about(question, lfirst(lc)));
	return best;
}

/*
 * Find tables where the statements are likely to have found them, of which
 * there is no sample.  Returns what AtEOXact_GUC() takes to end that.
 */
static int
set_search_path(const Job *job)
{
	int			nestlevel = NewGUCNestLevel();
	char	   *schema = get_namespace_name(get_rel_namespace(job->relid));

	(void) set_config_option("search_path",
							 psprintf("%s, \"$user\", public",
									  quote_identifier(schema)),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	return nestlevel;
}

/*
 * Plan a statement with and without the index that the job has built, or has
 * dropped, as its users and with the parameters that are known of it.  Indexes
 * of the table that clipperf is about to take back, or has advised to, are
 * left out of the account, so that of two equal ones not both are found
 * superfluous.
 *
 * Within job_begin() and job_end().  Leaves the usual handler of SIGINT
 * behind.
 */
PlannerCheck
planner_check_run(const Job *job, uint64 queryid)
{
	PlannerCheckCall question = {.job = job};
	PlannerCheck planner_check = PLANNER_CHECK_NONE;
	int			nestlevel;

	if (!ConditionalLockRelationOid(job->relid, AccessShareLock) ||
		get_rel_relkind(job->relid) == '\0')
		return PLANNER_CHECK_NONE;
	nestlevel = set_search_path(job);
	if (set_up(&question))
		planner_check = ask_all(&question, queryid);
	AtEOXact_GUC(true, nestlevel);
	return planner_check;
}
