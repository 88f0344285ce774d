/*-------------------------------------------------------------------------
 *
 * build.c
 *	  Carries one job out.
 *
 * A job goes through phases, see build_run(): clear away what an earlier
 * attempt has left, preflight, build, adopt what is built and have it watched.  Each
 * phase says what it comes to (Outcome), and conclude() writes that into the
 * job.  The judgement is verify.c's, later.
 *
 * The process can end at any moment.  Whatever is found half done is done again
 * or taken away; nothing depends on what a former process remembered.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/build.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/extension.h"
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

/* What a phase comes to. */
typedef enum OutcomeKind
{
	OUTCOME_GO_ON,				/* the next phase may begin */
	OUTCOME_DONE,				/* what was asked for is there: adopt it */
	OUTCOME_WAITS,				/* someone is in the way: look again later */
	OUTCOME_BROKEN_OFF,			/* another attempt may succeed */
	OUTCOME_ENDS,				/* the job does, as things are */
	OUTCOME_ENDS_UNDONE,		/* it does when what was begun is undone */
	OUTCOME_WRITTEN				/* it is in the job already */
} OutcomeKind;

typedef struct Outcome
{
	OutcomeKind kind;
	JobState	state;			/* in which the job ends, if it does */
	const char *reason;			/* that the job shows */
} Outcome;

/* One process's work on a job. */
typedef struct BuildRun
{
	Job		   *job;
	MemoryContext context;		/* lasts as long as the run */
	bool		partitioned;	/* the table is */
	bool		begun;			/* preflight is over: the job is announced */
	Oid			extension;		/* ours, once it was locked */
	Outcome		outcome;		/* of the step that runs */
	/* What preflight has found is to be done: */
	IndexDefinition *def;
	char	   *sql;			/* statement to run */
	char	   *leftovers;		/* INVALID index to remove first, or NULL */
	char	   *note;			/* what to say when it is built, or NULL */
} BuildRun;

static const Outcome go_on = {OUTCOME_GO_ON};
static const Outcome written = {OUTCOME_WRITTEN};

/* An outcome by which the job does not end. */
static Outcome
make_outcome(OutcomeKind kind, const char *reason)
{
	Outcome		outcome = {.kind = kind,.reason = reason};

	return outcome;
}

/* The job ends in that state, as things are. */
static Outcome
ends_as_is(JobState state, const char *reason)
{
	Outcome		outcome = {.kind = OUTCOME_ENDS,.state = state,.reason = reason};

	return outcome;
}

/* The job ends in that state, when what was begun is undone. */
static Outcome
ends_undone(JobState state, const char *reason)
{
	Outcome		outcome = {.kind = OUTCOME_ENDS_UNDONE,.state = state,.reason = reason};

	return outcome;
}

/*
 * Run a step of a phase in a transaction of its own.  Returns NULL, or the
 * error; the job is in the state then in which the step has found it.
 */
static ErrorData *
run_step(BuildRun *run, void (*step) (void *arg))
{
	JobState	state = run->job->state;
	ErrorData  *error = job_step(step, run, run->context);

	if (error != NULL)
		run->job->state = state;
	return error;
}

/* Become the role that asked, which may do no more than it could by hand. */
static void
become_role(const Job *job, Oid *userid, int *sec_context)
{
	GetUserIdAndSecContext(userid, sec_context);
	SetUserIdAndSecContext(job->role, SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
}

/* ------------------------------------------------------------------------
 * What an error comes to
 * ------------------------------------------------------------------------ */

/*
 * Is it an error after which another attempt has a chance?  One that a lock was
 * not to be had, or that the name of the index was taken at the same moment.
 */
static bool
is_worth_another(const ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION)
		return error->schema_name != NULL &&
			strcmp(error->schema_name, "pg_catalog") == 0;
	return error->sqlerrcode == ERRCODE_DUPLICATE_TABLE ||
		error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		error->sqlerrcode == ERRCODE_OBJECT_IN_USE;
}

/*
 * What it means for the job that a phase has failed.  Until the build has begun,
 * nothing is to be undone, and no attempt counts.
 */
static Outcome
outcome_of_error(const BuildRun *run, const ErrorData *error)
{
	Job		   *job = run->job;
	int			by;
	WorkerInterrupt interrupt = queue_worker_interrupt(&by);
	bool		canceled = error->sqlerrcode == ERRCODE_QUERY_CANCELED;
	bool		again = is_worth_another(error);
	const char *reason = error->detail == NULL ? error->message :
		psprintf("%s: %s", error->message, error->detail);

	if (!run->begun)
		return again ? make_outcome(OUTCOME_WAITS, reason) :
			ends_undone(JOB_FAILED, reason);

	if (interrupt == INTERRUPT_GIVE_WAY)
	{
		again = true;
		reason = psprintf("gave way to process %d, which waited for the table", by);
	}
	else if (interrupt == INTERRUPT_LEAVE)
	{
		again = true;
		reason = "gave way to a command that needs the database alone";
	}
	else if (canceled)
		reason = "the build process was told to cancel";
	job_lock_check_cancel(job);
	if (job->cancel != NULL)
		return ends_undone(JOB_CANCELED, job->cancel);
	if (again && job->attempts + 1 < JOB_MOST_ATTEMPTS)
		return make_outcome(OUTCOME_BROKEN_OFF, reason);
	if (again)
		reason = psprintf("given up after %d attempts: %s", JOB_MOST_ATTEMPTS,
						  reason);
	return ends_undone(canceled ? JOB_CANCELED : JOB_FAILED,
					   reason);
}

/* ------------------------------------------------------------------------
 * Phase: clear away what an earlier attempt has left
 * ------------------------------------------------------------------------ */

/*
 * A job that is found in state building was left so by a process that died.
 * What that began goes first, unless it helps another attempt, and the job is
 * queued again; or it ends, if it was canceled or has ended processes so often
 * that it is given up.
 */
static Outcome
clear_earlier_attempt(BuildRun *run)
{
	Job		   *job = run->job;
	const char *reason = "the server or the build process ended while it was building";

	if (job->state == JOB_BUILDING && job->cancel == NULL &&
		job->attempts < JOB_MOST_ATTEMPTS)
		(void) leftovers_remove(job, false, reason);
	if (job->cancel != NULL)
		return ends_undone(JOB_CANCELED, job->cancel);
	if (job->state != JOB_BUILDING)
		return go_on;
	if (job->attempts >= JOB_MOST_ATTEMPTS)
		return ends_undone(JOB_FAILED,
						   psprintf("the process that built it ended %d times",
									job->attempts));
	job_begin();
	job_change(job, JOB_QUEUED, reason);
	job_end();
	MemoryContextSwitchTo(run->context);
	return go_on;
}

/* ------------------------------------------------------------------------
 * Phase: preflight
 * ------------------------------------------------------------------------ */

/*
 * Lock the extension against DROP EXTENSION, which is noticed by that and let
 * pass.  Error 55P03 if the lock cannot be had at once.
 */
static void
hold_extension(BuildRun *run)
{
	run->extension = get_extension_oid("clipperf", false);
	if (!job_lock_extension(run->extension))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("extension \"clipperf\" is being dropped")));
	queue_worker_holds(run->extension);
}

/*
 * Plan the making of an index, unless one that does the same is there: by us, or
 * before us.
 */
static Outcome
plan_create(BuildRun *run)
{
	Job		   *job = run->job;
	IndexPlan	index;
	const char *refusal;

	preflight_index(job, &index);
	if (index.existing != NULL)
	{
		const char *name = index.existing->name;

		if (job->attempts > 0 && job->index_name != NULL &&
			strcmp(name, job->index_name) == 0)
			return make_outcome(OUTCOME_DONE,
								"built; the process that built it had ended before it could say so");
		return ends_as_is(job->revert ? JOB_REVERTED : JOB_KEPT,
						  psprintf("nothing to build: index \"%s\" does the same",
								   name));
	}
	refusal = preflight_place(index.def, job->size_bytes);
	if (refusal != NULL)
		return ends_undone(JOB_FAILED, refusal);
	run->def = index.def;
	run->sql = index_def_ddl(index.def, !run->partitioned, false);
	run->leftovers = index.leftovers;
	if (index.renamed_from != NULL)
		run->note = psprintf("built as \"%s\", since the name \"%s\" is taken by another index",
							 index.def->name, index.renamed_from);
	return go_on;
}

/*
 * An index that the job has built, and that REINDEX CONCURRENTLY has rebuilt
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
		index_def_equal(def, index_def_parse_on(job->ddl, job->relid)))
		job_set_index(job, index_oid, job->index_name);
	/* That has left us in memory of SPI, which is gone with this step. */
	MemoryContextSwitchTo(caller);
}

/* Plan the dropping of an index, unless it is gone. */
static Outcome
plan_drop(BuildRun *run)
{
	Job		   *job = run->job;

	find_rebuilt(job);
	if (!SearchSysCacheExists1(INDEXRELID, ObjectIdGetDatum(job->index_oid)))
		return make_outcome(OUTCOME_DONE, "the index is gone");
	run->def = preflight_drop(job->index_oid, job->index_name);
	run->sql = index_def_drop_ddl(run->def);
	return go_on;
}

/* The tables that the statement of the run concerns. */
static List *
tables_of(const BuildRun *run)
{
	return run->partitioned ?
		find_all_inheritors(run->job->relid, NoLock, NULL) :
		list_make1_oid(run->job->relid);
}

/* Whose lock is in the way; NULL if the locks needed are had. */
static char *
find_lock(const BuildRun *run)
{
	Oid			relid = run->job->relid;

	if (run->partitioned)
		return preflight_lock_all(tables_of(run));
	return job_lock_relation(relid, ShareUpdateExclusiveLock) ? NULL :
		preflight_lock_holders(relid, ShareUpdateExclusiveLock);
}

/* Whose transaction is in the way; NULL if nobody's is. */
static char *
find_transaction(const BuildRun *run)
{
	if (!JOB_CREATES(run->job))
		return preflight_transactions(tables_of(run), AccessExclusiveLock, false);
	return run->partitioned ? partition_obstacle(run->def) :
		preflight_transactions(tables_of(run), ShareLock, true);
}

/*
 * Can it be done, and now?  The table is locked before anything is read of it,
 * so that nobody is waited for.
 */
static Outcome
look_ahead(BuildRun *run)
{
	Job		   *job = run->job;
	Outcome		outcome;
	const char *obstacle;
	const char *refusal;
	Oid			userid;
	int			sec_context;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(job->role)))
		return ends_undone(JOB_FAILED,
						   "the role that asked for it no longer exists");
	if (get_rel_relkind(job->relid) == '\0')
		return ends_undone(JOB_FAILED,
						   psprintf("table %s no longer exists",
									job->relation_name));
	obstacle = find_lock(run);
	if (obstacle != NULL)
		return make_outcome(OUTCOME_WAITS, obstacle);

	become_role(job, &userid, &sec_context);
	preflight_table(job->relid, job->relation_name, job->role);
	outcome = JOB_CREATES(job) ? plan_create(run) : plan_drop(run);
	SetUserIdAndSecContext(userid, sec_context);
	if (outcome.kind != OUTCOME_GO_ON)
		return outcome;
	refusal = JOB_CREATES(job) && !job->revert ? preflight_budget(job) : NULL;
	if (refusal != NULL)
		return ends_undone(JOB_FAILED, refusal);

	obstacle = find_transaction(run);
	if (obstacle != NULL)
		return make_outcome(OUTCOME_WAITS, obstacle);
	return outcome;
}

/* Step: look ahead; what is found lasts as long as the run. */
static void
preflight_step(void *arg)
{
	BuildRun   *run = arg;
	MemoryContext old = MemoryContextSwitchTo(run->context);

	job_limit_lock_waits();
	hold_extension(run);
	run->partitioned =
		get_rel_relkind(run->job->relid) == RELKIND_PARTITIONED_TABLE;
	run->outcome = look_ahead(run);
	/* Who is in the way was found by SPI, and is told in its memory. */
	if (run->outcome.reason != NULL)
		run->outcome.reason = MemoryContextStrdup(run->context,
												  run->outcome.reason);
	MemoryContextSwitchTo(old);
}

/* Can it be done, and now?  Nothing is changed yet. */
static Outcome
preflight(BuildRun *run)
{
	ErrorData  *error = run_step(run, preflight_step);

	return error != NULL ? outcome_of_error(run, error) : run->outcome;
}

/* ------------------------------------------------------------------------
 * Phase: build
 * ------------------------------------------------------------------------ */

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

/*
 * Step: say in the job that it is being done, and what the index is called; and
 * keep what is compared with later, and what is needed to undo a drop.
 */
static void
announce_build(void *arg)
{
	BuildRun   *run = arg;
	Job		   *job = run->job;
	ListCell   *lc;

	verify_before(job);
	job_set_index(job, job->index_oid, run->def->name);
	if (!JOB_CREATES(job))
	{
		if (run->def->valid)
			job_set_undo(job);
		if (!job->revert)
			job_set_restore(job, index_settings_restore(run->def, run->context));
		else if (run->partitioned && !job_has_followers(job))
			foreach(lc, partition_taken_in(job))
				follow_with(job, lfirst_oid(lc));
	}
	job_change(job, JOB_BUILDING, run->note);
}

/*
 * Step: lock the table again, as the removal of leftovers may have lost the
 * lock.  Error 55P03 if it cannot be had at once.
 */
static void
lock_again(void *arg)
{
	BuildRun   *run = arg;

	hold_extension(run);
	if (!job_lock_relation(run->job->relid, ShareUpdateExclusiveLock))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("the table is locked")));
}

/*
 * Announce the build, or the drop, and run its statements.  A build on a
 * partitioned table may find someone in the way between two partitions.
 */
static Outcome
build(BuildRun *run)
{
	Job		   *job = run->job;
	char	   *obstacle = NULL;
	ErrorData  *error;

	run->begun = true;
	error = run_step(run, announce_build);
	if (error == NULL && run->partitioned && JOB_CREATES(job))
		error = partition_build(job, run->def, run->sql, run->context, &obstacle);
	else
	{
		if (error == NULL && run->leftovers != NULL &&
			leftovers_drop(job, job->relid, run->leftovers))
			error = run_step(run, lock_again);
		if (error == NULL)
			error = top_statement_run(run->sql, job->role, job->settings,
									  run->partitioned ? setting_give_way_after_ms : 0);
	}
	if (JOB_CREATES(job) && OidIsValid(top_statement_made()))
		job->index_oid = top_statement_made();
	if (error != NULL)
		return outcome_of_error(run, error);
	if (obstacle != NULL)
		return make_outcome(OUTCOME_WAITS, obstacle);
	return make_outcome(OUTCOME_DONE,
						run->note != NULL ? run->note :
						JOB_CREATES(job) ? "built" : "dropped");
}

/* ------------------------------------------------------------------------
 * What became of the job
 * ------------------------------------------------------------------------ */

/*
 * Milliseconds until a job is looked at again for which someone is in the way:
 * the longer it has waited, the less often.
 */
static int64
delay_of_waiting(const Job *job)
{
	int64		waited = 0;

	if (job->state == JOB_WAITING)
		waited = TimestampDifferenceMilliseconds(job->changed_at,
												 GetCurrentTimestamp());
	return Min(Max(waited / 4, LEAST_DELAY_MS), MOST_DELAY_MS);
}

/* Write the outcome into the job; in a transaction. */
static void
write_outcome(Job *job, Outcome outcome)
{
	switch (outcome.kind)
	{
		case OUTCOME_GO_ON:
		case OUTCOME_WRITTEN:
			break;
		case OUTCOME_DONE:
			if (job->revert)
				job_change(job, JOB_REVERTED, outcome.reason);
			else
				verify_begin(job, outcome.reason);
			break;
		case OUTCOME_WAITS:
			job_wait(job, delay_of_waiting(job), outcome.reason);
			break;
		case OUTCOME_BROKEN_OFF:
			job_count_attempt(job);
			job_wait(job, Min((int64) LEAST_DELAY_MS << job->attempts,
							  MOST_DELAY_MS), outcome.reason);
			break;
		case OUTCOME_ENDS:
		case OUTCOME_ENDS_UNDONE:
			job_change(job, outcome.state, outcome.reason);
			break;
	}
}

/*
 * Remember the index that the job has built, with the name that it has now.  By
 * its OID, if this process has built it, else by the name it was begun with.
 */
static void
remember_index(Job *job)
{
	Oid			index_oid = leftovers_index(job);

	job_set_index(job, index_oid, OidIsValid(index_oid) ?
				  get_rel_name(index_oid) : job->index_name);
	partition_note_taken_in(job);
}

/* What there is to say of what is left of a job that ends. */
static const char *
rest_text(const Job *job, LeftoversOutcome left)
{
	switch (left)
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
 * Write what became of the job, when what it has begun is undone as far as the
 * outcome asks for that.  No transaction is open.  A job that is canceled while
 * it is prepared for another attempt ends.
 */
static void
conclude(BuildRun *run, Outcome outcome)
{
	Job		   *job = run->job;
	LeftoversOutcome left = LEFTOVERS_NONE;

	MemoryContextSwitchTo(run->context);
	if (outcome.kind == OUTCOME_WRITTEN)
		return;
	if (outcome.kind == OUTCOME_BROKEN_OFF)
	{
		(void) leftovers_remove(job, false, outcome.reason);
		if (job->cancel != NULL)
			outcome = ends_undone(JOB_CANCELED, job->cancel);
	}
	if (outcome.kind == OUTCOME_ENDS_UNDONE)
	{
		left = leftovers_remove(job, true, outcome.reason);
		outcome.reason = psprintf("%s%s", outcome.reason, rest_text(job, left));
	}
	job_begin();
	if (left == LEFTOVERS_DONE && JOB_CREATES(job))
		remember_index(job);
	write_outcome(job, outcome);
	job_end();
	MemoryContextSwitchTo(run->context);
}

/* ------------------------------------------------------------------------
 * Phase: adopt what is built, and have it watched
 * ------------------------------------------------------------------------ */

/*
 * Step: the index is there, or gone.  One that was dropped and is made again
 * becomes what it was, with the rights of the role.
 */
static void
adopt_step(void *arg)
{
	BuildRun   *run = arg;
	Job		   *job = run->job;

	if (JOB_CREATES(job))
		remember_index(job);
	if (JOB_CREATES(job) && job->revert)
	{
		Oid			userid;
		int			sec_context;

		job_limit_lock_waits();
		become_role(job, &userid, &sec_context);
		index_settings_run(job->restore, get_rel_namespace(job->relid),
						   job->index_name);
		SetUserIdAndSecContext(userid, sec_context);
	}
	write_outcome(job, run->outcome);
}

/* What was asked for is done: make it the job's, and have it watched from now. */
static Outcome
adopt(BuildRun *run, Outcome done)
{
	ErrorData  *error;

	run->outcome = done;
	error = run_step(run, adopt_step);
	return error != NULL ? outcome_of_error(run, error) : written;
}

/* ------------------------------------------------------------------------
 * All phases
 * ------------------------------------------------------------------------ */

/*
 * Nobody can interrupt the work on the job any more; it may have been canceled
 * in the last moment.  What is done stays then, and what is not is undone.
 */
static void
heed_last_cancel(BuildRun *run)
{
	Job		   *job = run->job;

	job_lock_end_work(job);
	if (job->cancel == NULL || !job_state_is_open(job->state))
		return;
	conclude(run, job->state == JOB_VERIFYING ?
			 ends_as_is(JOB_CANCELED,
						psprintf("verification %s; what was done stays",
								 job->cancel)) :
			 ends_undone(JOB_CANCELED, job->cancel));
	queue_worker_leaves();
}

/*
 * Build or drop the index of a job that this process has locked, and bring the
 * job into its next state.  No transaction is open.  Errors end the process: the
 * next one finds the job as this one has left it.
 */
void
build_run(Job *job, MemoryContext context)
{
	BuildRun	run = {.job = job,.context = context};
	Outcome		outcome;

	MemoryContextSwitchTo(context);
	outcome = clear_earlier_attempt(&run);
	if (outcome.kind == OUTCOME_GO_ON)
		outcome = preflight(&run);
	if (outcome.kind == OUTCOME_GO_ON)
		outcome = build(&run);
	if (outcome.kind == OUTCOME_DONE)
		outcome = adopt(&run, outcome);
	conclude(&run, outcome);
	heed_last_cancel(&run);

	job_lock_release_relation(job->relid, ShareUpdateExclusiveLock);
	job_lock_release_extension(run.extension);
	queue_worker_holds(InvalidOid);
}
