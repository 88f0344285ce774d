/*-------------------------------------------------------------------------
 *
 * build.c
 *	  Carries one job out.
 *
 * In steps, each of which can be the last one of a process: look whether it
 * can be done now (prepare), say so in the job, run the statement, find out
 * what came of it.  Whatever is found half done is done again or taken away;
 * nothing depends on what a former process remembered.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/build.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "apply/build/index_settings.h"
#include "apply/build/leftovers.h"
#include "apply/build/partition.h"
#include "apply/build/preflight.h"
#include "apply/jobs/job_lock.h"
#include "apply/jobs/queue.h"
#include "apply/verify/top_statement.h"
#include "apply/verify/verify.h"
#include "settings.h"

/* Shortest and longest time between two attempts. */
#define LEAST_DELAY_MS	1000
#define MOST_DELAY_MS	30000

/* What is to be done for the job now. */
typedef struct BuildPlan
{
	Job		   *job;
	MemoryContext context;
	bool		go;				/* else the job is in its next state */
	const char *failure;		/* why it is to fail instead, or NULL */
	bool		waits;			/* it turned out that the job has to wait */
	bool		partitioned;	/* the table is */
	char	   *sql;			/* statement to run */
	char	   *index_name;		/* of the index to make or drop */
	char	   *leftovers;		/* INVALID index to remove first, or NULL */
	char	   *note;			/* what to say when it is built, or NULL */
	IndexDefinition *def;
} BuildPlan;

/* ------------------------------------------------------------------------
 * Before the build
 * ------------------------------------------------------------------------ */

/* The next attempt's delay: the longer it has waited, the less often. */
static int64
next_delay(const Job *job)
{
	int64		waited = 0;

	if (job->state == JOB_WAITING)
		waited = TimestampDifferenceMilliseconds(job->changed_at,
												 GetCurrentTimestamp());
	return Min(Max(waited / 4, LEAST_DELAY_MS), MOST_DELAY_MS);
}

/*
 * Lock the table of the jobs against DROP EXTENSION, which is noticed by that
 * and let pass.
 */
static void
lock_jobs(const Job *job)
{
	if (!job_lock_relation(job->table, AccessShareLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the table of the jobs is locked")));
	queue_worker_holds(job->table);
}

/* Give up all locks on tables. */
static void
unlock_all(const Job *job)
{
	job_lock_release_relation(job->relid, ShareUpdateExclusiveLock);
	job_lock_release_relation(job->table, AccessShareLock);
	queue_worker_holds(InvalidOid);
}

/* What was dropped is made again: let it be what it was, with the rights of the role. */
static void
restore_settings(const Job *job, const char *index_name)
{
	Oid			userid;
	int			sec_context;

	job_limit_lock_waits();
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(job->role, SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	index_settings_run(job->restore, get_rel_namespace(job->relid), index_name);
	SetUserIdAndSecContext(userid, sec_context);
}

/*
 * The state in which a job ends that did what it was made for.  An index that
 * it has made is called index_name.
 */
static void
end_well(Job *job, const char *index_name, const char *reason)
{
	if (JOB_CREATES(job))
		partition_note_taken_in(job);
	if (job->revert && JOB_CREATES(job))
		restore_settings(job, index_name);
	if (job->revert)
		job_change(job, JOB_REVERTED, reason);
	else
		verify_begin(job, reason);
}

/* The index is there already: by us, or before us. */
static void
end_with_existing(Job *job, const IndexDefinition *existing)
{
	bool		ours = job->attempts > 0 && job->index_name != NULL &&
		strcmp(existing->name, job->index_name) == 0;

	if (ours)
	{
		job_set_index(job, existing->indexoid, existing->name);
		end_well(job, existing->name,
				 "built; the process that built it had ended before it could say so");
	}
	else
		job_change(job, job->revert ? JOB_REVERTED : JOB_KEPT,
				   psprintf("nothing to build: index \"%s\" does the same",
							existing->name));
}

/* Plan the making of an index; false if the job is in its next state. */
static bool
plan_create(BuildPlan *plan)
{
	Job		   *job = plan->job;
	IndexPlan	index;

	preflight_index(job, &index);
	if (index.existing != NULL)
	{
		end_with_existing(job, index.existing);
		return false;
	}
	plan->failure = preflight_place(index.def, job->size_bytes);
	if (plan->failure != NULL)
		return false;
	plan->def = index.def;
	plan->sql = index_def_ddl(index.def, !plan->partitioned, false);
	plan->index_name = index.def->name;
	plan->leftovers = index.leftovers;
	if (index.renamed_from != NULL)
		plan->note = psprintf("built as \"%s\", since the name \"%s\" is taken by another index",
							  index.def->name, index.renamed_from);
	return true;
}

/*
 * An index that the job has built, and that REINDEX CONCURRENTLY has built anew
 * since then, has its name, and another OID.
 */
static void
find_rebuilt(Job *job)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			index_oid;
	IndexDefinition *def;

	if (!job->revert ||
		SearchSysCacheExists1(INDEXRELID, ObjectIdGetDatum(job->index_oid)))
		return;
	index_oid = get_relname_relid(job->index_name,
								  get_rel_namespace(job->relid));
	def = OidIsValid(index_oid) ? index_def_of_index(index_oid) : NULL;
	if (def != NULL && def->relid == job->relid &&
		index_def_equal(def, index_def_parse(job->ddl)))
		job_set_index(job, index_oid, job->index_name);
	/* That has left us in memory of SPI, which is gone with this step. */
	MemoryContextSwitchTo(caller);
}

/* Plan the dropping of an index; false if the job is in its next state. */
static bool
plan_drop(BuildPlan *plan)
{
	Job		   *job = plan->job;

	find_rebuilt(job);
	if (!SearchSysCacheExists1(INDEXRELID, ObjectIdGetDatum(job->index_oid)))
	{
		end_well(job, NULL, "the index is gone");
		return false;
	}
	plan->def = preflight_drop(job->index_oid, job->index_name);
	plan->sql = index_def_drop_ddl(plan->def);
	plan->index_name = plan->def->name;
	return true;
}

/* Plan as the role that asked, which may do no more than it could by hand. */
static bool
plan_as_role(BuildPlan *plan)
{
	Job		   *job = plan->job;
	Oid			userid;
	int			sec_context;
	bool		go;

	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(job->role, SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
	preflight_table(job->relid, job->relation_name, job->role);
	go = JOB_CREATES(job) ? plan_create(plan) : plan_drop(plan);
	SetUserIdAndSecContext(userid, sec_context);
	return go;
}

/* The tables that the statement of the plan concerns. */
static List *
tables_of(const BuildPlan *plan)
{
	return plan->partitioned ?
		find_all_inheritors(plan->job->relid, NoLock, NULL) :
		list_make1_oid(plan->job->relid);
}

/* Whose lock is in the way; NULL if the locks needed are had. */
static char *
find_lock(const BuildPlan *plan)
{
	Oid			relid = plan->job->relid;

	if (plan->partitioned)
		return preflight_lock_all(tables_of(plan));
	return job_lock_relation(relid, ShareUpdateExclusiveLock) ? NULL :
		preflight_lock_holders(relid, ShareUpdateExclusiveLock);
}

/* Whose transaction is in the way; NULL if nobody's is. */
static char *
find_transaction(const BuildPlan *plan)
{
	if (!JOB_CREATES(plan->job))
		return preflight_transactions(tables_of(plan), AccessExclusiveLock, false);
	return plan->partitioned ? partition_obstacle(plan->def) :
		preflight_transactions(tables_of(plan), ShareLock, true);
}

/* Let the job wait if there is something to wait for; true if so. */
static bool
waits_for(Job *job, const char *obstacle)
{
	if (obstacle != NULL)
		job_wait(job, next_delay(job), obstacle);
	return obstacle != NULL;
}

/* What cannot be helped by waiting: NULL if nothing. */
static const char *
reason_to_give_up(const Job *job)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(job->role)))
		return "the role that asked for it does not exist any more";
	if (get_rel_relkind(job->relid) == '\0')
		return psprintf("table %s does not exist any more", job->relation_name);
	return NULL;
}

/*
 * First step: can it be done, and now?  Runs in a transaction.  The table is
 * locked before anything is read of it, so that nobody is waited for.
 */
static void
prepare(void *arg)
{
	BuildPlan  *plan = arg;
	Job		   *job = plan->job;
	const char *reason = reason_to_give_up(job);
	MemoryContext old = MemoryContextSwitchTo(plan->context);

	job_limit_lock_waits();
	lock_jobs(job);
	plan->failure = reason;
	plan->partitioned = get_rel_relkind(job->relid) == RELKIND_PARTITIONED_TABLE;
	if (reason == NULL)
		plan->go = !waits_for(job, find_lock(plan)) && plan_as_role(plan) &&
			!waits_for(job, find_transaction(plan));
	MemoryContextSwitchTo(old);
}

/*
 * An index of a partition that was there before goes with the index of the
 * whole, which has taken it in.  A job is made that makes it again.
 */
static void
follow_with(const Job *first, Oid index_oid)
{
	IndexDefinition *def = index_def_of_index(index_oid);
	Job		   *job = palloc0(sizeof(Job));

	if (def == NULL)
		return;
	job->relid = def->relid;
	job->relation_name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(def->relid)),
													get_rel_name(def->relid));
	job->ddl = index_def_ddl(def, false, false);
	job->index_name = def->name;
	job->size_bytes = -1;
	job->role = first->role;
	job->settings = first->settings;
	job->reason = psprintf("was there before job %lld, which takes it away with its own index",
						   (long long) first->id);
	job_insert_follower(job, first);
	job_set_restore(job, index_settings_restore(def, CurrentMemoryContext));
}

/* Remember what is needed to undo the drop of an index. */
static void
prepare_undo(BuildPlan *plan)
{
	Job		   *job = plan->job;
	ListCell   *lc;

	if (plan->def->valid)
		job_set_undo(job);
	if (!job->revert)
		job_set_restore(job, index_settings_restore(plan->def, plan->context));
	else if (plan->partitioned && !job_has_followers(job))
		foreach(lc, partition_taken_in(job))
			follow_with(job, lfirst_oid(lc));
}

/* Say in the job that it is being done, and what the index is called. */
static void
announce(void *arg)
{
	BuildPlan  *plan = arg;
	Job		   *job = plan->job;

	verify_before(job);
	job_set_index(job, job->index_oid, plan->index_name);
	if (!JOB_CREATES(job))
		prepare_undo(plan);
	job_change(job, JOB_BUILDING, plan->note);
}

/* Last step: the statement has done its work. */
static void
conclude(void *arg)
{
	BuildPlan  *plan = arg;
	Job		   *job = plan->job;
	Oid			schema = get_rel_namespace(job->relid);

	if (JOB_CREATES(job))
		job_set_index(job, get_relname_relid(plan->index_name, schema),
					  plan->index_name);
	end_well(job, plan->index_name, plan->note ? plan->note :
			 JOB_CREATES(job) ? "built" : "dropped");
}

/* ------------------------------------------------------------------------
 * When it went wrong
 * ------------------------------------------------------------------------ */

/* The message of an error, with its detail, for the reason of a job. */
char *
build_error_text(const ErrorData *error)
{
	if (error->detail == NULL)
		return pstrdup(error->message);
	return psprintf("%s: %s", error->message, error->detail);
}

/* Was the name of the index taken by somebody at the same moment? */
static bool
is_name_taken(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_DUPLICATE_TABLE ||
		(error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION &&
		 error->schema_name != NULL &&
		 strcmp(error->schema_name, "pg_catalog") == 0);
}

/* Is it an error after which another attempt has a chance? */
static bool
is_worth_another(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		error->sqlerrcode == ERRCODE_OBJECT_IN_USE || is_name_taken(error);
}

/* Try again later. */
static void
put_off(Job *job, const char *reason)
{
	job_count_attempt(job);
	job_wait(job, Min((int64) LEAST_DELAY_MS << job->attempts, MOST_DELAY_MS),
			 reason);
}

/* Why the statement of the plan failed, and whether to try again. */
static const char *
explain_failure(const ErrorData *error, bool *again)
{
	int			by;
	WorkerInterrupt interrupt = queue_worker_interrupt(&by);

	*again = interrupt == INTERRUPT_GIVE_WAY || is_worth_another(error);
	if (interrupt == INTERRUPT_GIVE_WAY)
		return psprintf("gave way to process %d, which waited for the table", by);
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return "the build process was told to cancel";
	return build_error_text(error);
}

/* What there is to say of what is left. */
static const char *
rest_text(const Job *job, LeftoversOutcome outcome)
{
	switch (outcome)
	{
		case LEFTOVERS_LEFT:
			return psprintf("; what was begun of \"%s\" could not be undone",
							job->index_name);
		case LEFTOVERS_DONE:
			return JOB_CREATES(job) ? "; the index was built by then, and stays" :
				"; the index was dropped by then";
		default:
			return "";
	}
}

/*
 * End the job in that state, once nothing of it is left.  It may have been
 * cancelled meanwhile.
 */
static void
end_undone(Job *job, JobState state, const char *reason)
{
	LeftoversOutcome outcome = leftovers_remove(job, true, reason);

	job_begin();
	if (outcome == LEFTOVERS_DONE && JOB_CREATES(job))
	{
		job_set_index(job, get_relname_relid(job->index_name,
											 get_rel_namespace(job->relid)),
					  job->index_name);
		partition_note_taken_in(job);
	}
	job_change(job, state, psprintf("%s%s", reason, rest_text(job, outcome)));
	job_end();
}

/* End a job that was cancelled. */
static void
end_cancelled(Job *job)
{
	end_undone(job, JOB_CANCELLED, job->cancel);
}

/* The state in which a job ends by an error. */
static JobState
state_by_error(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED ? JOB_CANCELLED :
		JOB_FAILED;
}

/* The statement has failed: remove what it left, and say what happened. */
static void
fail(BuildPlan *plan, const ErrorData *error)
{
	Job		   *job = plan->job;
	bool		again;
	const char *reason = explain_failure(error, &again);

	job_lock_check_cancel(job);
	if (again && job->attempts + 1 >= JOB_MOST_ATTEMPTS)
	{
		again = false;
		reason = psprintf("given up after %d attempts: %s", JOB_MOST_ATTEMPTS,
						  reason);
	}
	if (again && job->cancel == NULL)
		(void) leftovers_remove(job, false, reason);
	if (job->cancel != NULL)
		end_cancelled(job);
	else if (!again)
		end_undone(job, state_by_error(error), reason);
	else
	{
		job_begin();
		put_off(job, reason);
		job_end();
	}
}

/* It could not even be looked whether the job can be done. */
static void
fail_early(Job *job, const ErrorData *error)
{
	if (is_worth_another(error))
	{
		job_begin();
		job_wait(job, next_delay(job), build_error_text(error));
		job_end();
	}
	else
		end_undone(job, JOB_FAILED, build_error_text(error));
}

/* ------------------------------------------------------------------------
 * The whole
 * ------------------------------------------------------------------------ */

/* Lock the table again: the removal of remains may have lost the lock. */
static void
lock_again(void *arg)
{
	BuildPlan  *plan = arg;

	lock_jobs(plan->job);
	if (!job_lock_relation(plan->job->relid, ShareUpdateExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the table is locked")));
}

/* Run the statements of the plan.  Returns NULL, or the error. */
static ErrorData *
run_plan(BuildPlan *plan)
{
	Job		   *job = plan->job;
	ErrorData  *error = NULL;

	if (plan->partitioned && JOB_CREATES(job))
		return partition_build(job, plan->def, plan->sql, plan->context,
							   &plan->waits);
	if (plan->leftovers != NULL &&
		leftovers_drop(job, job->relid, plan->leftovers))
		error = job_step(lock_again, plan, plan->context);
	if (error != NULL)
		return error;
	return top_statement_run(plan->sql, job->role, job->settings,
							 plan->partitioned ? setting_give_way_after_ms : 0);
}

/* Lookup whether the job can be done, and do it. */
static void
do_job(BuildPlan *plan)
{
	Job		   *job = plan->job;
	ErrorData  *error = job_step(prepare, plan, plan->context);

	if (error != NULL)
		fail_early(job, error);
	else if (plan->failure != NULL)
		end_undone(job, JOB_FAILED, plan->failure);
	if (!plan->go)
		return;
	error = job_step(announce, plan, plan->context);
	if (error == NULL)
		error = run_plan(plan);
	if (error == NULL && !plan->waits)
		error = job_step(conclude, plan, plan->context);
	if (error != NULL)
		fail(plan, error);
}

/*
 * Take over a job whose process died: whatever that left goes first.  True if
 * the job can be done then.
 */
static bool
recover(Job *job)
{
	const char *reason = "the server or the build process ended while it was building";

	if (job->cancel == NULL && job->attempts < JOB_MOST_ATTEMPTS)
		(void) leftovers_remove(job, false, reason);
	if (job->cancel != NULL)
		end_cancelled(job);
	else if (job->attempts >= JOB_MOST_ATTEMPTS)
		end_undone(job, JOB_FAILED,
				   psprintf("the process that built it ended %d times",
							job->attempts));
	else
	{
		job_begin();
		job_change(job, JOB_QUEUED, reason);
		job_end();
	}
	return job->state == JOB_QUEUED;
}

/* The work on the job is over; it may have been cancelled meanwhile. */
static void
finish(Job *job)
{
	job_lock_end_work(job);
	if (job->cancel == NULL || !job_state_is_open(job->state))
		return;
	if (job->state == JOB_VERIFYING)
	{
		job_begin();
		job_change(job, JOB_CANCELLED,
				   psprintf("verification %s; what was done stays", job->cancel));
		job_end();
	}
	else
		end_cancelled(job);
	queue_worker_leaves();
}

/*
 * Build or drop the index of a job that this process has claimed, and bring
 * the job into its next state.  No transaction is open.
 */
void
build_run(Job *job, MemoryContext context)
{
	BuildPlan	plan = {.job = job,.context = context};

	MemoryContextSwitchTo(context);
	if (job->state == JOB_BUILDING ? recover(job) : job->cancel == NULL)
	{
		MemoryContextSwitchTo(context);
		do_job(&plan);
	}
	MemoryContextSwitchTo(context);
	finish(job);
	unlock_all(job);
}
