/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  clipperf_apply(): jobs of what was recommended.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/tablespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "advise/indexes/index_set.h"
#include "apply/build/index_settings.h"
#include "apply/build/partition.h"
#include "apply/build/preflight.h"
#include "apply/jobs/job_lock.h"
#include "apply/jobs/job_statement.h"
#include "apply/jobs/jobs.h"
#include "apply/jobs/queue.h"
#include "apply/jobs/recommendation.h"
#include "apply/verify/verify.h"
#include "common/arguments.h"
#include "common/own_sql.h"
#include "common/result_rows.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_apply(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_apply);

#define APPLY_COLUMNS 7

/* How clipperf_apply() was called. */
typedef struct ApplyCall
{
	bool		concurrently;
	bool		dry_run;
	MemoryContext context;		/* lasts as long as the call */
	ReturnSetInfo *result;
	ArrayType  *settings;		/* of the caller, for background builds */
	int			made;			/* rows put out */
} ApplyCall;

/* ------------------------------------------------------------------------
 * One recommendation
 * ------------------------------------------------------------------------ */

/* Put one row out. */
static void
put_row(ApplyCall *call, const Recommendation *asked, const Job *job)
{
	Datum		values[APPLY_COLUMNS];
	bool		nulls[APPLY_COLUMNS] = {false};
	int			i = 0;

	nulls[i] = job == NULL || job->id == 0;
	values[i++] = Int64GetDatum(job ? job->id : 0);
	result_set_text(values, nulls, i++, asked->action);
	nulls[i] = !OidIsValid(asked->relid);
	values[i++] = ObjectIdGetDatum(asked->relid);
	nulls[i] = job == NULL && asked->index_name == NULL;
	values[i] = (Datum) 0;
	if (!nulls[i])
		values[i] = DirectFunctionCall1(namein,
										CStringGetDatum(job ? job->index_name : asked->index_name));
	i++;
	result_set_text(values, nulls, i++, job ? job_state_name(job->state) : NULL);
	result_set_text(values, nulls, i++, job ? job->reason : asked->reason);
	result_set_text(values, nulls, i++, job == NULL ? asked->ddl :
					job_statement(job->drop, job->ddl, job->relid,
								  job->index_name, job->transactional));
	Assert(i == APPLY_COLUMNS);
	tuplestore_putvalues(call->result->setResult, call->result->setDesc,
						 values, nulls);
	call->made++;
}

/* The job of a recommendation, without its definition yet. */
static Job *
make_job(const ApplyCall *call, const Recommendation *asked)
{
	Job		   *job = palloc0(sizeof(Job));

	job->drop = strcmp(asked->action, "drop") == 0;
	job->state = JOB_QUEUED;
	job->recommendation = asked->recommendation;
	job->relid = asked->relid;
	job->relation_name = quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(asked->relid)),
													get_rel_name(asked->relid));
	job->ddl = asked->ddl;
	job->index_name = asked->index_name;
	job->transactional = !call->concurrently;
	job->queryids = asked->queryids;
	job->size_bytes = asked->size_bytes;
	job->role = GetUserId();
	job->settings = call->settings;
	return job;
}

/*
 * Errors unless the caller may change the indexes of the table, as
 * preflight_table(); locks it (AccessShareLock) to the end of the transaction.
 */
static void
require_table(const Recommendation *asked)
{
	if (!OidIsValid(asked->relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table of index \"%s\" does not exist",
						asked->index_name ? asked->index_name : "")));
	LockRelationOid(asked->relid, AccessShareLock);
	preflight_table(asked->relid, psprintf("%u", asked->relid),
					GetUserId());
}

/* Run a statement of ours as the caller, within the caller's transaction. */
static void
run_now(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "\"%s\" failed: %s", sql, SPI_result_code_string(result));
}

/* Drop an index within the caller's transaction. */
static void
drop_now(Oid relid, const char *index_name)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relid));

	run_now(psprintf("DROP INDEX %s",
					 quote_qualified_identifier(schema, index_name)));
}

/* Build the index within the caller's transaction. */
static void
create_now(Job *job, const IndexPlan *plan)
{
	List	   *before = NIL;

	if (plan->leftovers != NULL)
		drop_now(job->relid, plan->leftovers);
	if (get_rel_relkind(job->relid) == RELKIND_PARTITIONED_TABLE)
		before = partition_indexes(job->relid);
	run_now(job->ddl);
	job->index_oid = get_relname_relid(job->index_name,
									   get_rel_namespace(job->relid));
	if (get_rel_relkind(job->index_oid) == RELKIND_PARTITIONED_INDEX)
		job->parts = partition_new_indexes(job->index_oid, before);
}

/*
 * Find out what a new index is and is called: in the job and the plan.  True if
 * it has to be built; the job is kept if there is one that does the same.
 */
static bool
define_index(Job *job, IndexPlan *plan)
{
	preflight_index(job, plan);
	if (plan->existing != NULL)
	{
		job->state = JOB_KEPT;
		job->index_name = plan->existing->name;
		job->ddl = index_def_ddl(plan->existing, false, false);
		job->reason = psprintf("nothing to build: index \"%s\" does the same",
							   plan->existing->name);
		return false;
	}
	if (plan->renamed_from != NULL)
		job->reason = psprintf("the name \"%s\" is taken by another index",
							   plan->renamed_from);
	job->index_name = plan->def->name;
	if (!OidIsValid(plan->def->tablespace))
		plan->def->tablespace =
			GetDefaultTablespace(RELPERSISTENCE_PERMANENT,
								 get_rel_relkind(job->relid) == RELKIND_PARTITIONED_TABLE);
	job->ddl = index_def_ddl(plan->def, false, false);
	return true;
}

/*
 * Define an index that is to be built at once, with the table locked.  CREATE
 * INDEX would let another transaction build the same meanwhile, and fail when
 * that commits; the lock taken here blocks no more than that of CREATE INDEX,
 * but for each other.
 */
static bool
define_index_at_once(Job *job, IndexPlan *plan)
{
	Job			asked = *job;

	if (!define_index(job, plan))
		return false;
	LockRelationOid(job->relid, ShareRowExclusiveLock);
	*job = asked;
	return define_index(job, plan);
}

/* An open job that does the same is given back instead of a new one. */
static bool
find_open_job(ApplyCall *call, const Recommendation *asked, Job *job)
{
	int64		id = job_find_open(job);
	Job		   *open = id == 0 ? NULL : job_load(id, call->context);

	if (open == NULL)
		return false;
	put_row(call, asked, open);
	return true;
}

/* Store the job of an index that is built, or to be built. */
static void
store_job(ApplyCall *call, Job *job, bool done)
{
	job_insert(job);
	if (done)
	{
		partition_note_taken_in(job);
		job_set_restore(job, job->restore);
		verify_before(job);
		job_set_index(job, job->index_oid, job->index_name);
		verify_begin(job, job->reason ? job->reason :
					 "done within the caller's transaction");
	}
	if (job_state_is_open(job->state))
		queue_wake_at_commit();
}

/*
 * Let sessions that ask for the same index at once get one job: calls that leave
 * the work to a worker follow each other, to the end of their transactions.  A
 * call that builds within its own transaction neither waits nor is waited for
 * here: that transaction may stay open, and a job that comes later finds its
 * index.
 */
static void
follow_other_calls(const ApplyCall *call, Oid relid)
{
	if (call->concurrently && !call->dry_run)
		job_lock_making(relid);
}

/* Make an index, or a job of it; errors as clipperf_apply(). */
static void
apply_create(ApplyCall *call, const Recommendation *asked)
{
	Job		   *job = make_job(call, asked);
	IndexPlan	plan;
	bool		at_once = !call->concurrently && !call->dry_run;
	bool		build;
	char	   *refusal;

	follow_other_calls(call, asked->relid);
	build = at_once ? define_index_at_once(job, &plan) :
		define_index(job, &plan);
	refusal = build ? preflight_place(plan.def, job->size_bytes) : NULL;
	if (refusal != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DISK_FULL),
				 errmsg("%s", refusal)));
	if (build && find_open_job(call, asked, job))
		return;
	refusal = build && at_once ? preflight_budget(job) : NULL;
	if (refusal != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("%s", refusal),
				 errhint("Name the recommendations to be built by their ids, or ask for new ones with another storage_budget.")));
	if (!call->dry_run)
	{
		if (build && !call->concurrently)
			create_now(job, &plan);
		store_job(call, job, build && !call->concurrently);
	}
	put_row(call, asked, job);
}

/* Drop an index, or make a job of it; errors as clipperf_apply(). */
static void
apply_drop(ApplyCall *call, const Recommendation *asked)
{
	Job		   *job = make_job(call, asked);
	IndexDefinition *def;

	follow_other_calls(call, asked->relid);
	job->index_oid = get_relname_relid(asked->index_name,
									   get_rel_namespace(asked->relid));
	def = preflight_drop(job->index_oid, asked->index_name);
	if (def->relid != asked->relid)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("index \"%s\" belongs to another table",
						asked->index_name)));
	job->ddl = index_def_ddl(def, false, false);
	if (find_open_job(call, asked, job))
		return;
	if (!call->dry_run)
	{
		if (!call->concurrently)
		{
			job->restore = index_settings_restore(def, call->context);
			drop_now(def->relid, def->name);
		}
		store_job(call, job, !call->concurrently);
	}
	put_row(call, asked, job);
}

/* Do what a recommendation asks for; others than these are only put out. */
static void
apply_recommendation(ApplyCall *call, const Recommendation *asked)
{
	if (strcmp(asked->action, "create") == 0)
	{
		require_table(asked);
		apply_create(call, asked);
	}
	else if (strcmp(asked->action, "drop") == 0)
	{
		require_table(asked);
		apply_drop(call, asked);
	}
	else
		put_row(call, asked, NULL);
}

/* ------------------------------------------------------------------------
 * The call
 * ------------------------------------------------------------------------ */

/* The caller's settings that a build in the background is to use. */
static ArrayType *
caller_settings(void)
{
	static const char *const names[] = {
		"maintenance_work_mem", "max_parallel_maintenance_workers"
	};
	Datum		elements[lengthof(names)];

	for (int i = 0; i < lengthof(names); i++)
		elements[i] = CStringGetTextDatum(psprintf("%s=%s", names[i],
												   GetConfigOptionByName(names[i], NULL, false)));
	return construct_array(elements, lengthof(names), TEXTOID, -1, false,
						   TYPALIGN_INT);
}

/*
 * clipperf_apply(ids, index_set, concurrently, dry_run): one row per
 * recommendation, with its job.  Errors on a standby, in a transaction that is
 * read-only, and as recommendation_list(), preflight_table() and
 * preflight_place() do; 53100 if there is not enough disk space.
 */
Datum
clipperf_apply(PG_FUNCTION_ARGS)
{
	ApplyCall	call = {
		.concurrently = PG_ARGISNULL(2) ? !IsTransactionBlock() :
		PG_GETARG_BOOL(2),
		.dry_run = PG_GETARG_BOOL(3),
		.context = CurrentMemoryContext,
		.result = (ReturnSetInfo *) fcinfo->resultinfo
	};
	List	   *recommendations;
	ListCell   *lc;

	store_require();
	argument_require(fcinfo, 3, "dry_run");
	result_begin_rows(fcinfo, APPLY_COLUMNS);
	call.settings = caller_settings();
	PreventCommandDuringRecovery("clipperf_apply()");
	if (!call.dry_run)
		PreventCommandIfReadOnly("clipperf_apply()");
	own_lock_extension();
	SPI_connect();
	if (PG_ARGISNULL(0) && !PG_ARGISNULL(1))
		index_set_require(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	recommendations = recommendation_list(PG_ARGISNULL(0) ? NULL : PG_GETARG_ARRAYTYPE_P(0),
										  PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)),
										  call.context);
	foreach(lc, recommendations)
	{
		CHECK_FOR_INTERRUPTS();
		apply_recommendation(&call, lfirst(lc));
	}
	if (call.made == 0)
		ereport(NOTICE,
				(errmsg("nothing to apply"),
				 errhint("Call clipperf_recommend() first; drops are applied by their ids.")));
	SPI_finish();
	return (Datum) 0;
}
