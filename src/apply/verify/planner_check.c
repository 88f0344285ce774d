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
#include "advise/cost/write_cost.h"
#include "common/own_sql.h"
#include "common/table_family.h"

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
 * revert or drop, and those that turned out not to pay.
 */
static List *
indexes_about_to_go(const Job *job)
{
	SqlArg		args[] = {arg_int8(job->id), arg_oid(job->relid)};
	List	   *going = NIL;

	own_sql("SELECT index_oid FROM @extschema@._clipperf_job"
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

	indexes[0] = whatif_index(index_def_parse_on(call->job->ddl,
												 call->job->relid));
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

/* The answer for a statement with the values that its variants have. */
static PlannerCheck
check_variants(const PlannerCheckCall *call, WorkloadStatement *statement)
{
	StatementCost with;
	StatementCost without;

	if (statement_planned_cost(statement, &call->with, &with) != NULL ||
		statement_planned_cost(statement, &call->without, &without) != NULL)
		return PLANNER_CHECK_NONE;
	if (!uses_job_index(call, &with))
		return PLANNER_CHECK_UNUSED;
	return without.planned >= (1 + PLANNER_CHECK_WORTH_SHARE) * with.planned ?
		PLANNER_CHECK_WORTH : PLANNER_CHECK_EQUAL;
}

/*
 * The answer for a statement as one user runs it.  Where it is handed values, the
 * generic plan is asked about, too: a statement that is prepared runs it as soon
 * as an index lets it look cheaper, whatever its values would have been best
 * served by.
 */
static PlannerCheck
check_for_user(const PlannerCheckCall *call, WorkloadStatement *statement)
{
	WorkloadVariant variant;
	WorkloadStatement generic;
	PlannerCheck answer;

	if (statement->variants == NIL)
		return PLANNER_CHECK_NONE;
	answer = check_variants(call, statement);
	variant = *(WorkloadVariant *) linitial(statement->variants);
	if (variant.params == NULL || answer == PLANNER_CHECK_WORTH)
		return answer;
	variant.params = NULL;
	variant.weight = 1;
	generic = *statement;
	generic.variants = list_make1(&variant);
	return Max(answer, check_variants(call, &generic));
}

/*
 * Load a statement as each of its users runs it.  Tables are looked for where the
 * statements are likely to have found them: in the schema of the job's table
 * first, as search paths are not always sampled.  To be undone by
 * AtEOXact_GUC(true, *nestlevel).
 */
static List *
load_statement(const Job *job, uint64 queryid, int *nestlevel)
{
	WorkloadFilter filter = {.queryids = list_make1(&queryid)};
	char	   *schema = get_namespace_name(get_rel_namespace(job->relid));

	*nestlevel = NewGUCNestLevel();
	(void) set_config_option("search_path",
							 psprintf("%s, \"$user\", public",
									  quote_identifier(schema)),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	return workload_load(&filter);
}

/* Can the table of the job be looked at, without waiting for anybody? */
static bool
lock_job_table(const Job *job)
{
	return ConditionalLockRelationOid(job->relid, AccessShareLock) &&
		get_rel_relkind(job->relid) != '\0';
}

/*
 * Plan a statement with and without the index that the job has built, or has
 * dropped, as its users and with the parameters that are known of it.  Indexes
 * of the table that clipperf is about to revert, or has advised to, are
 * hidden from both sides, so that of two equal ones not both are found
 * redundant.  Of several users' answers, that most in favour of the index.
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
	int			nestlevel;
	List	   *statements;
	ListCell   *lc;

	if (!lock_job_table(job))
		return PLANNER_CHECK_NONE;
	statements = load_statement(job, queryid, &nestlevel);
	if (set_up_index_sets(&call))
	{
		foreach(lc, statements)
			best = Max(best, check_for_user(&call, lfirst(lc)));
	}
	AtEOXact_GUC(true, nestlevel);
	return best;
}

/*
 * Do plans of a statement, as things are, use one of these indexes (OIDs)?
 *
 * Within job_begin() and job_end(); locks and signals as planner_check_run().
 */
bool
planner_check_uses(const Job *job, uint64 queryid, List *indexes)
{
	WhatIfConfig nothing = {0};
	List	   *family = NIL;
	bool		found = false;
	int			nestlevel;
	List	   *statements;
	ListCell   *lc;

	if (indexes == NIL || !lock_job_table(job))
		return false;
	foreach(lc, indexes)
		family = whatif_hide(family, lfirst_oid(lc));
	statements = load_statement(job, queryid, &nestlevel);
	foreach(lc, statements)
	{
		StatementCost cost;

		if (statement_planned_cost(lfirst(lc), &nothing, &cost) == NULL)
			found |= list_length(list_difference_oid(family, cost.used_real)) < list_length(family);
	}
	AtEOXact_GUC(true, nestlevel);
	return found;
}

/* Needs a row that the statement writes new entries in the index? */
static bool
needs_entries(const WorkloadStatement *statement, const Job *job, Oid index_oid)
{
	const IndexDefinition *def = index_def_of_index(index_oid);

	return def != NULL &&
		write_needs_entries(statement, table_relatives(job->relid),
							index_def_columns(def));
}

/*
 * The share of a statement's write overhead that the index of the job causes, of
 * that which it and "others" (OIDs of indexes of its table) cause together: those
 * in which a written row needs new entries pay alike.  An update that needs none
 * in an index takes them all the same once another index puts an end to its being
 * HOT; that is the other one's.  Where no index is to blame so, all are.
 *
 * Within job_begin() and job_end(); locks and signals as planner_check_run().
 */
double
planner_check_overhead(const Job *job, uint64 queryid, List *others)
{
	double		blamed = 0;
	bool		guilty = false;
	int			nestlevel;
	List	   *statements;
	ListCell   *lc;

	if (others == NIL || !lock_job_table(job))
		return 1;
	statements = load_statement(job, queryid, &nestlevel);
	if (statements != NIL)
	{
		guilty = needs_entries(linitial(statements), job, job->index_oid);
		blamed = guilty ? 1 : 0;
		foreach(lc, others)
			blamed += needs_entries(linitial(statements), job, lfirst_oid(lc));
	}
	AtEOXact_GUC(true, nestlevel);
	if (blamed == 0)
		return 1.0 / (list_length(others) + 1);
	return guilty ? 1 / blamed : 0;
}

/* Does the statement update a column that keeps it from being HOT by this index? */
static bool
updates_index(const WorkloadStatement *statement, const Job *job,
			  const IndexDefinition *def)
{
	return INDEX_ENDS_HOT(def->am) &&
		write_updates(statement, table_relatives(job->relid),
					  index_def_columns(def));
}

/* planner_check_ended_hot() for a statement as one user runs it. */
static double
share_in_ended_hot(const Job *job, const WorkloadStatement *statement,
				   const List *others)
{
	double		guilty = 0;
	bool		mine = false;
	ListCell   *lc;

	foreach(lc, index_def_existing(job->relid))
	{
		const IndexDefinition *def = lfirst(lc);

		if (!updates_index(statement, job, def))
			continue;
		if (def->indexoid == job->index_oid)
			mine = true;
		else if (!list_member_oid(others, def->indexoid))
			return 0;
		guilty++;
	}
	return mine ? 1 / guilty : 0;
}

/*
 * The share that the index of the job has in that the updates of a statement are
 * not HOT any more, among it and "others" (OIDs of indexes of its table that came
 * at about the same time): those with a column that the statement updates have
 * equal shares.  0 if the job's index has none, or if an index that was there
 * before has one, as the updates were not HOT then, either.
 *
 * Within job_begin() and job_end(); locks and signals as planner_check_run().
 */
double
planner_check_ended_hot(const Job *job, uint64 queryid, List *others)
{
	double		share = 0;
	int			nestlevel;
	List	   *statements;

	if (!lock_job_table(job))
		return 0;
	statements = load_statement(job, queryid, &nestlevel);
	if (statements != NIL)
		share = share_in_ended_hot(job, linitial(statements), others);
	AtEOXact_GUC(true, nestlevel);
	return share;
}
