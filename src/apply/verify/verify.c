/*-------------------------------------------------------------------------
 *
 * verify.c
 *	  Does what was built pay?
 *
 * Counters of the statements concerned are kept in the job when its build
 * begins and when it is done.  What was counted before the build is compared
 * with what was counted since it was done, statement by statement (judge.h),
 * and all comparisons together make the verdict (verdict.c).
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/verify.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "libpq/pqsignal.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "apply/jobs/job_lock.h"
#include "apply/jobs/queue.h"
#include "apply/verify/judge.h"
#include "apply/verify/measure.h"
#include "apply/verify/planner_check.h"
#include "apply/verify/top_statement.h"
#include "apply/verify/verdict.h"
#include "common/own_sql.h"
#include "settings.h"

/* Bounds of the time between two looks at a job. */
#define LEAST_LOOK_MS	1000
#define MOST_LOOK_MS	60000

/* A statement that took this share of the time is waited for. */
#define SHARE_WAITED_FOR 0.05

/* ------------------------------------------------------------------------
 * Beginning
 * ------------------------------------------------------------------------ */

/*
 * Keep the counters of the statements concerned in the job, before it changes
 * anything.  Within job_begin() and job_end(), or what is like it, as
 * verify_begin().
 */
void
verify_before(const Job *job)
{
	Measure    *measures = NULL;
	int			count = 0;

	if (setting_verify_calls > 0 && !job->revert)
		count = measure_affected(job, &measures);
	measure_keep(job, MEASURE_BEFORE, measures, count);
}

/*
 * From now on calls count as calls after.  What was counted for that until now
 * is forgotten.
 */
static void
watch_from_now(Job *job)
{
	SqlArg		args[] = {arg_int8(job->id)};
	Measure    *before;
	int			count = measure_kept(job, MEASURE_BEFORE, &before);

	measure_keep(job, MEASURE_BUILT, measure_again(before, count), count);
	own_sql("UPDATE @extschema@.clipperf_job"
			" SET verify_since = clock_timestamp() WHERE job = $1", 1, args);
}

/*
 * See verify.h.  What was done within a transaction of the caller is there for
 * others when that has ended: such a job is watched from the first look on.
 */
void
verify_begin(Job *job, const char *reason)
{
	Measure    *before;

	if (setting_verify_calls == 0)
		job_change(job, JOB_KEPT, reason);
	else if (measure_kept(job, MEASURE_BEFORE, &before) == 0)
		job_change(job, JOB_KEPT,
				   psprintf("%s; there was no statement to judge it by", reason));
	else
	{
		job_change(job, JOB_VERIFYING, reason);
		if (!job->transactional)
			watch_from_now(job);
	}
}

/* ------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------ */

/* Scans of the index and its partitions since it was built. */
static int64
count_scans(const Job *job)
{
	SqlArg		args[] = {arg_oid(job->index_oid)};

	if (job->drop || get_rel_relkind(job->index_oid) == '\0')
		return -1;
	own_sql("SELECT coalesce(sum(pg_stat_get_numscans(o.oid)), 0)::bigint"
			" FROM (SELECT $1 AS oid UNION"
			" SELECT relid::oid FROM pg_partition_tree($1)) AS o", 1, args);
	return DatumGetInt64(own_datum(0, 1));
}

/*
 * Compare the statements of the job, before and since.  *waits is set if one
 * that matters has not been called often enough to be judged.
 */
static void
compare_all(Trial *trial, bool *waits)
{
	Measure    *before;
	Measure    *built;
	Measure    *now;
	int			nbuilt = measure_kept(trial->job, MEASURE_BUILT, &built);

	trial->count = measure_kept(trial->job, MEASURE_BEFORE, &before);
	now = measure_again(before, trial->count);
	trial->comparisons = palloc(sizeof(MeasureComparison) * Max(trial->count, 1));
	for (int i = 0; i < trial->count; i++)
		if (before[i].served)
			trial->served_us += before[i].total_us;
	for (int i = 0; i < trial->count; i++)
	{
		Measure    *after = palloc(sizeof(Measure));

		measure_subtract(&now[i], measure_find(built, nbuilt, now[i].queryid),
						 trial->job->verify_since, after);
		(void) judge_compare(&before[i], after, trial->job->drop,
							 &trial->comparisons[i]);
		if (!after->served)
			continue;
		trial->served_calls += after->calls;
		if (trial->comparisons[i].judgement != JUDGED_UNKNOWN)
			trial->judged_us += before[i].total_us;
		else if (before[i].calls >= JUDGE_LEAST_CALLS &&
				 before[i].total_us >= SHARE_WAITED_FOR * trial->served_us)
			*waits = true;
	}
}

/* Is it time for the verdict? */
static bool
is_time(const Trial *trial, bool waits)
{
	TimestampTz end = TimestampTzPlusMilliseconds(trial->job->verify_since,
												  setting_verify_time_s * INT64CONST(1000));

	return (trial->served_calls >= setting_verify_calls && !waits) ||
		GetCurrentTimestamp() >= end;
}

/* Has another job changed the indexes of the table since this one's is there? */
static bool
have_others_changed(const Job *job)
{
	SqlArg		args[] = {arg_oid(job->relid), arg_int8(job->id)};

	own_sql("SELECT EXISTS (SELECT FROM @extschema@.clipperf_job AS j"
			" JOIN @extschema@.clipperf_job_change AS c USING (job)"
			" WHERE j.relid = $1 AND j.job <> $2 GROUP BY j.job"
			" HAVING greatest(min(c.at) FILTER"
			" (WHERE c.state IN ('verifying', 'kept')),"
			" max(c.at) FILTER (WHERE c.state = 'reverted')) >"
			" (SELECT o.verify_since FROM @extschema@.clipperf_job AS o"
			" WHERE o.job = $2))",
			lengthof(args), args);
	return DatumGetBool(own_datum(0, 1));
}

/* Without the planner's word, an index that was never scanned is not used. */
static PlannerCheck
hear_planner(const Trial *trial, uint64 queryid)
{
	PlannerCheck planner_check = planner_check_run(trial->job, queryid);

	return planner_check == PLANNER_CHECK_NONE && trial->scans == 0 ? PLANNER_CHECK_UNUSED : planner_check;
}

/* Ask the planner about what changed, and add everything up. */
static void
decide_all(Trial *trial)
{
	trial->scans = count_scans(trial->job);
	trial->others_changed = have_others_changed(trial->job);
	for (int i = 0; i < trial->count; i++)
	{
		MeasureComparison *comparison = &trial->comparisons[i];
		uint64		queryid = comparison->after->queryid;

		if (comparison->judgement <= JUDGED_SAME)
			continue;
		comparison->others_changed = trial->others_changed;
		judge_decide(comparison, hear_planner(trial, queryid));
		if (comparison->judgement == JUDGED_FASTER)
			trial->saved_us += comparison->saved_us;
		if (comparison->judgement == JUDGED_SLOWER)
			trial->lost_us -= comparison->saved_us;
		if (comparison->judgement == JUDGED_UNCLEAR)
			trial->unclear++;
	}
}

/* ------------------------------------------------------------------------
 * The verdict
 * ------------------------------------------------------------------------ */

/* Lookup again when a hundredth of the time has passed, within bounds. */
static void
look_later(const Job *job)
{
	double		ms = setting_verify_time_s * 10.0;
	SqlArg		args[2];

	ms = Min(Max(ms, LEAST_LOOK_MS), MOST_LOOK_MS);
	args[0] = arg_int8(job->id);
	args[1] = arg_float8(ms / 1000.0);
	own_sql("UPDATE @extschema@.clipperf_job SET retry_at ="
			" clock_timestamp() + make_interval(secs => $2)"
			" WHERE job = $1", lengthof(args), args);
}

/* Bring the verdict into the job; true if it is to be taken back by it. */
static bool
pronounce(const Trial *trial)
{
	Job		   *job = trial->job;
	JobState	state = verdict_state(trial);
	char	   *reason = verdict_reason(trial, state);
	SqlArg		args[] = {arg_int8(job->id), arg_text(verdict_figures(trial))};

	own_sql("UPDATE @extschema@.clipperf_job SET verdict = $2::jsonb"
			" WHERE job = $1", lengthof(args), args);
	job_change(job, state, reason);
	if (state == JOB_KEPT || !setting_auto_revert)
		return false;
	job_set_goal_revert(job, job->role,
						psprintf("taken back by clipperf.auto_revert: %s, %s",
								 job_state_name(state), reason));
	return true;
}

/* Judge a job if it is time; true if it is to be taken back. */
static bool
judge(Job *job)
{
	Trial		trial = {.job = job};
	bool		waits = false;

	compare_all(&trial, &waits);
	if (!is_time(&trial, waits))
	{
		look_later(job);
		return false;
	}
	decide_all(&trial);
	return pronounce(&trial);
}

/*
 * Is the index there, or the table from which it was dropped?  If not, the job
 * ends.  An index that was rebuilt has another OID, but its name.
 */
static bool
is_still_there(Job *job)
{
	if (get_rel_relkind(job->relid) == '\0')
		job_change(job, JOB_FAILED, psprintf("table %s does not exist any more",
											 job->relation_name));
	else if (!job->drop && get_rel_relkind(job->index_oid) == '\0' &&
			 !OidIsValid(get_relname_relid(job->index_name,
										   get_rel_namespace(job->relid))))
		job_change(job, JOB_REVERTED,
				   psprintf("index \"%s\" was dropped by somebody else",
							job->index_name));
	return job->state == JOB_VERIFYING;
}

/*
 * Is it known what was counted when the index was there?  Not after a crash,
 * which takes the counters back to those that were saved, nor after a failover,
 * as every server has its own.  A server that was merely restarted has all of
 * them, but is not worth a distinction.
 */
static bool
is_watched(const Job *job)
{
	return job->verify_since != 0 && job->verify_since >= queue_since();
}

/* Lookup at a job, in a transaction; true if it is to be taken back. */
static bool
look_at(int64 id, MemoryContext context)
{
	Job		   *job;
	bool		revert = false;

	job_begin();
	job = job_load(id, context);
	if (job != NULL && job->state == JOB_VERIFYING && is_still_there(job))
	{
		if (is_watched(job))
			revert = judge(job);
		else
		{
			watch_from_now(job);
			look_later(job);
		}
	}
	job_end();
	return revert;
}

/* A job that cannot be judged must not keep others from it. */
static void
give_up(int64 id, const char *message, MemoryContext context)
{
	Job		   *job;

	job_begin();
	job = job_load(id, context);
	if (job != NULL && job->state == JOB_VERIFYING)
		job_change(job, JOB_KEPT, psprintf("it could not be judged: %s", message));
	job_end();
}

/* Lookup at a job, whatever comes; true if it is to be taken back. */
static bool
look_safely(int64 id, MemoryContext context)
{
	volatile bool revert = false;

	PG_TRY();
	{
		revert = look_at(id, context);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		give_up(id, error->message, context);
	}
	PG_END_TRY();
	return revert;
}

/* The next job to look at that no worker has; 0 if there is none. */
static int64
next_to_look_at(void)
{
	int64		found = 0;

	job_begin();
	own_sql("SELECT job FROM @extschema@.clipperf_job"
			" WHERE state = 'verifying' AND retry_at <= clock_timestamp()"
			" ORDER BY job", 0, NULL);
	for (uint64 i = 0; i < SPI_processed && found == 0; i++)
		if (job_lock_acquire(DatumGetInt64(own_datum(i, 1))))
			found = DatumGetInt64(own_datum(i, 1));
	job_end();
	return found;
}

/*
 * Judge the jobs for which enough calls were seen, or enough time has passed.
 * Opens transactions itself.  True if a job became due by it.
 */
bool
verify_due(MemoryContext context)
{
	bool		revert = false;
	int64		job;

	while ((job = next_to_look_at()) != 0)
	{
		revert |= look_safely(job, context);
		/* The sandbox of planner_check.c has left another handler. */
		pqsignal(SIGINT, top_statement_cancel);
		job_lock_release_id(job);
	}
	return revert;
}

/* When the next one is to be looked at; DT_NOEND if there is none. */
TimestampTz
verify_next_due(void)
{
	own_sql("SELECT min(retry_at) FROM @extschema@.clipperf_job"
			" WHERE state = 'verifying'", 0, NULL);
	if (own_isnull(0, 1))
		return DT_NOEND;
	return Max(DatumGetTimestampTz(own_datum(0, 1)),
			   TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LEAST_LOOK_MS));
}
