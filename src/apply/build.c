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
#include "apply/build.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "pgstat.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "apply/partition.h"
#include "apply/preflight.h"
#include "apply/queue.h"
#include "apply/top_statement.h"
#include "apply/verify.h"
#include "settings.h"

/* Shortest and longest time between two attempts. */
#define LEAST_DELAY_MS	1000
#define MOST_DELAY_MS	30000

/* How often the removal of remains is tried. */
#define REMOVAL_TRIES	50

/* What is to be done for the job now. */
typedef struct BuildPlan
{
	Job		   *job;
	MemoryContext context;
	bool		go;				/* else the job is in its next state */
	bool		waits;			/* it turned out that the job has to wait */
	bool		partitioned;	/* the table is */
	char	   *sql;			/* statement to run */
	char	   *index_name;		/* of the index to make or drop */
	char	   *remains;		/* INVALID index to remove first, or NULL */
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
 * Lock the table against other DDL for the session, unless it is so already or
 * is not possible now.
 */
static bool
lock_table(Oid relid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	if (LOCK_HELD_BY_ME(&tag, ShareUpdateExclusiveLock))
		return true;
	return LockAcquire(&tag, ShareUpdateExclusiveLock, true, true) !=
		LOCKACQUIRE_NOT_AVAIL;
}

/* Unlock it, unless an aborted transaction has done so. */
static void
unlock_table(Oid relid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	if (LOCK_HELD_BY_ME(&tag, ShareUpdateExclusiveLock))
		(void) LockRelease(&tag, ShareUpdateExclusiveLock, true);
}

/* The state in which a job ends that did what it was made for. */
static void
end_well(Job *job, const char *reason)
{
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
		end_well(job, "built; the process that built it had ended before it could say so");
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
	char	   *refusal;

	preflight_index(job, &index);
	if (index.existing != NULL)
	{
		end_with_existing(job, index.existing);
		return false;
	}
	refusal = preflight_space(index.def, job->size_bytes);
	if (refusal != NULL)
	{
		job_change(job, JOB_FAILED, refusal);
		return false;
	}
	plan->def = index.def;
	plan->sql = index_def_ddl(index.def, !plan->partitioned, false);
	plan->index_name = index.def->name;
	plan->remains = index.remains;
	if (index.renamed_from != NULL)
		plan->note = psprintf("built as \"%s\", since the name \"%s\" is taken by another index",
							  index.def->name, index.renamed_from);
	return true;
}

/* Plan the dropping of an index; false if the job is in its next state. */
static bool
plan_drop(BuildPlan *plan)
{
	Job		   *job = plan->job;

	if (!SearchSysCacheExists1(INDEXRELID, ObjectIdGetDatum(job->index_oid)))
	{
		end_well(job, "the index is gone");
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

/* Is the way free?  If not, the job waits. */
static bool
way_is_free(Job *job)
{
	char	   *obstacle = preflight_transactions(job->relid);

	if (obstacle == NULL && !lock_table(job->relid))
		obstacle = preflight_lock_holders(job->relid);
	if (obstacle != NULL)
		job_wait(job, next_delay(job), obstacle);
	return obstacle == NULL;
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

/* First step: can it be done, and now?  Runs in a transaction. */
static void
prepare(BuildPlan *plan)
{
	Job		   *job = plan->job;
	const char *reason = reason_to_give_up(job);
	MemoryContext old = MemoryContextSwitchTo(plan->context);

	if (reason != NULL)
		job_change(job, JOB_FAILED, reason);
	else
	{
		plan->partitioned =
			get_rel_relkind(job->relid) == RELKIND_PARTITIONED_TABLE;
		plan->go = plan_as_role(plan) &&
			(plan->partitioned || way_is_free(job));
	}
	MemoryContextSwitchTo(old);
}

/* Say in the job that it is being done, and what the index is called. */
static void
announce(BuildPlan *plan)
{
	Job		   *job = plan->job;

	verify_before(job);
	if (JOB_CREATES(job))
		job_set_index(job, InvalidOid, plan->index_name);
	job_change(job, JOB_BUILDING, plan->note);
}

/* Last step: the statement has done its work. */
static void
conclude(BuildPlan *plan)
{
	Job		   *job = plan->job;
	Oid			schema = get_rel_namespace(job->relid);

	if (JOB_CREATES(job))
		job_set_index(job, get_relname_relid(plan->index_name, schema),
					  plan->index_name);
	end_well(job, plan->note ? plan->note :
			 JOB_CREATES(job) ? "built" : "dropped");
}

/*
 * Run a step in a transaction of its own.  Returns NULL, or its error, in the
 * plan's context.
 */
static ErrorData *
run_step(void (*step) (BuildPlan *plan), BuildPlan *plan)
{
	ErrorData  *error = NULL;

	PG_TRY();
	{
		job_begin();
		step(plan);
		job_end();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(plan->context);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(plan->context);
	return error;
}

/* ------------------------------------------------------------------------
 * When it went wrong
 * ------------------------------------------------------------------------ */

/* See build.h. */
char *
build_error_text(const ErrorData *error)
{
	if (error->detail == NULL)
		return pstrdup(error->message);
	return psprintf("%s: %s", error->message, error->detail);
}

/* The quoted name of an INVALID index of the table, or NULL. */
static char *
find_remains(Oid relid, const char *index_name)
{
	char	   *found = NULL;
	ListCell   *lc;

	if (get_rel_relkind(relid) == '\0')
		return NULL;
	LockRelationOid(relid, AccessShareLock);
	foreach(lc, index_def_existing(relid))
	{
		IndexDefinition *def = lfirst(lc);

		if (!def->valid && !def->partitioned &&
			strcmp(def->name, index_name) == 0)
			found = index_def_drop_ddl(def);
	}
	return found;
}

/* The statement that removes what is left, or NULL; in the caller's context. */
static char *
removal_statement(Oid relid, const char *index_name)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *found;

	job_begin();
	found = find_remains(relid, index_name);
	if (found != NULL)
		found = MemoryContextStrdup(caller, found);
	job_end();
	MemoryContextSwitchTo(caller);
	return found;
}

/* Sleep between two tries; ends the process if it is told to. */
static void
sleep_ms(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* See build.h. */
bool
build_remove_remains(Job *job, Oid relid, const char *index_name)
{
	for (int i = 0; i < REMOVAL_TRIES; i++)
	{
		char	   *sql = removal_statement(relid, index_name);

		if (sql == NULL)
			return true;
		queue_worker_takes(job->id, relid);
		if (top_statement_run(sql, BOOTSTRAP_SUPERUSERID, NULL, 0) != NULL)
			sleep_ms(Min(100 * (i + 1), MOST_DELAY_MS));
	}
	return removal_statement(relid, index_name) == NULL;
}

/* Errors after which another attempt has a chance. */
static bool
is_worth_another(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		error->sqlerrcode == ERRCODE_DUPLICATE_TABLE ||
		error->sqlerrcode == ERRCODE_OBJECT_IN_USE;
}

/* The name of a role, or its number if it is gone. */
static char *
role_name(Oid role)
{
	char	   *name = GetUserNameFromId(role, true);

	return name != NULL ? name : psprintf("%u", role);
}

/* Try again later, if that has not been done too often. */
static void
put_off(Job *job, const char *reason)
{
	job_count_attempt(job);
	if (job->attempts < JOB_MOST_ATTEMPTS)
		job_wait(job, Min((int64) LEAST_DELAY_MS << job->attempts,
						  MOST_DELAY_MS), reason);
	else
		job_change(job, JOB_FAILED,
				   psprintf("given up after %d attempts: %s", job->attempts,
							reason));
}

/* Is the index that was to be dropped half dropped, so that it must go? */
static bool
is_half_dropped(const Job *job)
{
	IndexDefinition *def = JOB_CREATES(job) ? NULL :
		index_def_of_index(job->index_oid);

	return def != NULL && !def->valid;
}

/* The job is tried again after this failure; false if that makes no sense. */
static bool
try_again(Job *job, WorkerInterrupt interrupt, int by, const ErrorData *error)
{
	char	   *text = build_error_text(error);

	if (interrupt == INTERRUPT_GIVE_WAY)
		put_off(job, psprintf("gave way to process %d, which waited for the table",
							  by));
	else if (is_half_dropped(job))
		put_off(job, psprintf("%s; the index is half dropped already", text));
	else if (interrupt == INTERRUPT_NONE && is_worth_another(error))
		put_off(job, text);
	else
		return false;
	return true;
}

/* The job ends by this failure. */
static void
end_badly(Job *job, WorkerInterrupt interrupt, int by, const ErrorData *error,
		  const char *rest)
{
	if (interrupt == INTERRUPT_CANCEL)
		job_change(job, JOB_CANCELLED,
				   psprintf("cancelled by %s%s", role_name(by), rest));
	else if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		job_change(job, JOB_CANCELLED,
				   psprintf("the build process was told to cancel%s", rest));
	else
		job_change(job, JOB_FAILED,
				   psprintf("%s%s", build_error_text(error), rest));
}

/* Take away what a build left.  Returns what to say if that was not possible. */
static char *
clean_up(BuildPlan *plan)
{
	Job		   *job = plan->job;
	bool		clean = true;

	if (!JOB_CREATES(job))
		return "";
	if (plan->partitioned)
		clean = partition_clean_up(job);
	else
		clean = build_remove_remains(job, job->relid, plan->index_name);
	return clean ? "" :
		psprintf("; what the build of \"%s\" left could not be removed",
				 plan->index_name);
}

/* The statement has failed: remove what it left, and say what happened. */
static void
fail(BuildPlan *plan, const ErrorData *error)
{
	Job		   *job = plan->job;
	int			by;
	WorkerInterrupt interrupt = queue_worker_interrupt(&by);
	char	   *rest = "";
	bool		again;

	if (!plan->partitioned)
		rest = clean_up(plan);
	job_begin();
	again = try_again(job, interrupt, by, error);
	job_end();
	if (again && job->state == JOB_WAITING)
		return;
	if (plan->partitioned)
		rest = clean_up(plan);
	job_begin();
	if (!again)
		end_badly(job, interrupt, by, error, rest);
	job_end();
}

/* ------------------------------------------------------------------------
 * The whole
 * ------------------------------------------------------------------------ */

/* Lock the table again: the removal of remains may have lost the lock. */
static void
lock_again(BuildPlan *plan)
{
	if (!lock_table(plan->job->relid))
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
	if (plan->remains != NULL &&
		build_remove_remains(job, job->relid, plan->remains))
		error = run_step(lock_again, plan);
	if (error != NULL)
		return error;
	return top_statement_run(plan->sql, job->role, job->settings,
							 plan->partitioned ? setting_give_way_after_ms : 0);
}

/* A job whose processes died again and again ends; nothing is left of it. */
static void
give_up(Job *job, MemoryContext context)
{
	BuildPlan	plan = {.job = job,.index_name = job->index_name};
	char	   *rest;

	job_begin();
	plan.partitioned = get_rel_relkind(job->relid) == RELKIND_PARTITIONED_TABLE;
	job_end();
	MemoryContextSwitchTo(context);
	rest = clean_up(&plan);
	job_begin();
	job_change(job, JOB_FAILED,
			   psprintf("the process that built it ended %d times%s",
						job->attempts, rest));
	job_end();
}

/* Look whether the job can be done, and do it. */
static void
do_job(BuildPlan *plan)
{
	ErrorData  *error = run_step(prepare, plan);

	if (error != NULL)
	{
		job_begin();
		job_change(plan->job, JOB_FAILED, build_error_text(error));
		job_end();
	}
	if (!plan->go)
		return;
	error = run_step(announce, plan);
	if (error == NULL)
		error = run_plan(plan);
	if (error == NULL && !plan->waits)
		error = run_step(conclude, plan);
	if (error != NULL)
		fail(plan, error);
}

/* See build.h. */
void
build_run(Job *job, MemoryContext context)
{
	BuildPlan	plan = {.job = job,.context = context};

	MemoryContextSwitchTo(context);
	if (job->state == JOB_BUILDING)
		give_up(job, context);
	else
		do_job(&plan);
	unlock_table(job->relid);
}
