/*-------------------------------------------------------------------------
 *
 * verify.c
 *	  Watches an index that was built or dropped until it can be judged.
 *
 * Counters of the affected statements are kept in the job when its build
 * begins and when it is done (measure.c).  From then on a worker reviews the
 * job now and then.  When enough calls were seen, what was counted before the
 * build is compared with what was counted since, statement by statement
 * (judge.c), the planner is asked about those that changed (planner_check.c),
 * and all comparisons together make the verdict (verdict.c).
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/verify.h"

#include "access/xact.h"
#include "catalog/index.h"
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
#include "common/background.h"
#include "common/own_sql.h"
#include "settings.h"

/*
 * A job is looked at again when this share of clipperf.verify_time has passed,
 * but within the bounds, in milliseconds: a job of a minute is judged within
 * seconds of its time, one of a day costs the server nothing to speak of.
 */
#define REVIEW_SHARE	0.01
#define REVIEW_LEAST_MS 1000
#define REVIEW_MOST_MS	(JOB_MOST_DELAY_S * 1000)

/*
 * A statement that took this share of the time of all that the index is meant
 * for is waited for: twenty such are all of the time.  Rarer ones are judged by
 * what there is of them.
 */
#define SHARE_WAITED_FOR 0.05

/* ------------------------------------------------------------------------
 * The counters that are compared
 * ------------------------------------------------------------------------ */

/*
 * Keep the counters of the affected statements in the job, before it changes
 * anything.  Nothing is kept where nothing will be judged.  The caller is
 * between job_begin() and job_end(), or in a like transaction with SPI.
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
 * From now on calls count as calls after the build.  What an earlier call of
 * this function kept for the job is replaced.
 */
static void
watch_from_now(Job *job)
{
	SqlArg		args[] = {arg_int8(job->id)};
	Measure    *before;
	int			count = measure_kept(job, MEASURE_BEFORE, &before);

	measure_keep(job, MEASURE_BUILT, measure_again(before, count), count);
	own_sql("UPDATE @extschema@._clipperf_job"
			" SET verify_since = clock_timestamp() WHERE job = $1", 1, args);
}

/*
 * The work is done, as "reason" tells: put the job into state verifying, or
 * into state kept if there is nothing to judge it by.  The caller is between
 * job_begin() and job_end(), or in a like transaction with SPI.
 *
 * What was done within a transaction of the caller is there for others when
 * that has ended; such a job is watched from its first review on.
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

/*
 * Compare the affected statements of the trial's job, before and since, and
 * fill in the trial's comparisons and sums.  Returns true if a statement that
 * matters has not been called often enough to be judged: the larger ones of those
 * that the index is meant for, and those that were said to become slower.
 */
static bool
compare_measures(Trial *trial)
{
	Measure    *before;
	Measure    *built;
	Measure    *now;
	int			nbuilt = measure_kept(trial->job, MEASURE_BUILT, &built);
	bool		waits = false;

	trial->count = measure_kept(trial->job, MEASURE_BEFORE, &before);
	measure_mark_foreseen(trial->job, before, trial->count);
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
		waits |= after->foreseen && after->calls < JUDGE_LEAST_CALLS;
		if (!after->served)
			continue;
		trial->served_calls += after->calls;
		if (trial->comparisons[i].judgement != JUDGED_UNKNOWN)
			trial->judged_us += before[i].total_us;
		else if (before[i].calls >= JUDGE_LEAST_CALLS &&
				 before[i].total_us >= SHARE_WAITED_FOR * trial->served_us)
			waits = true;
	}
	return waits;
}

/* ------------------------------------------------------------------------
 * The verdict
 * ------------------------------------------------------------------------ */

/*
 * Scans of the job's index and its partitions since it was built; -1 if the
 * job has no index that could be scanned.
 */
static int64
index_scans_since_built(const Job *job)
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
 * Indexes of the table that other jobs have made and that the counters of
 * statement $2 from before job $1 do not know of: those made since then, and those
 * from before if the counters reach back beyond them.
 */
#define OTHERS \
	"SELECT j.index_oid FROM @extschema@._clipperf_job AS j" \
	" JOIN @extschema@._clipperf_job AS o ON o.job = $1" \
	" WHERE j.relid = o.relid AND j.job <> o.job AND j.action = 'create'" \
	" AND j.goal = 'apply' AND j.verify_since IS NOT NULL" \
	" AND j.index_oid IS NOT NULL AND (j.verify_since > o.verify_since OR EXISTS" \
	" (SELECT FROM @extschema@._clipperf_job_measures AS b" \
	" JOIN @extschema@._clipperf_job_measures AS mine" \
	" ON mine.job = o.job AND mine.queryid = b.queryid AND mine.stage = 'built'" \
	" JOIN @extschema@._clipperf_job_measures AS theirs" \
	" ON theirs.job = j.job AND theirs.queryid = b.queryid AND theirs.stage = 'built'" \
	" WHERE b.job = o.job AND b.queryid = $2 AND b.stage = 'before'" \
	" AND b.calls > mine.calls - theirs.calls))"

/* Has another job changed the indexes of the table since this one has? */
static bool
other_jobs_changed_table(const Job *job)
{
	SqlArg		args[] = {arg_oid(job->relid), arg_int8(job->id)};

	own_sql("SELECT EXISTS (SELECT FROM @extschema@._clipperf_job AS j"
			" JOIN @extschema@._clipperf_job_change AS c USING (job)"
			" WHERE j.relid = $1 AND j.job <> $2 GROUP BY j.job"
			" HAVING greatest(min(c.at) FILTER"
			" (WHERE c.state IN ('verifying', 'kept')),"
			" max(c.at) FILTER (WHERE c.state = 'reverted')) >"
			" (SELECT o.verify_since FROM @extschema@._clipperf_job AS o"
			" WHERE o.job = $2))",
			lengthof(args), args);
	return DatumGetBool(own_datum(0, 1));
}

/* The indexes that OTHERS tells of. */
static List *
other_indexes(const Job *job, uint64 queryid)
{
	SqlArg		args[] = {arg_int8(job->id), arg_int8((int64) queryid)};
	List	   *others = NIL;

	own_sql(OTHERS, lengthof(args), args);
	for (uint64 i = 0; i < SPI_processed; i++)
		others = lappend_oid(others, DatumGetObjectId(own_datum((int) i, 1)));
	return others;
}

/*
 * The share that the job's index has in what a statement pays more, or less, for
 * the write overhead of indexes.
 */
static double
overhead_share(const Job *job, const Measure *measure)
{
	if (!measure->write)
		return 1;
	if (job->drop)
		return other_jobs_changed_table(job) ? 0 : 1;
	return planner_check_overhead(job, measure->queryid,
								  other_indexes(job, measure->queryid));
}

/*
 * The share that the job's index has in that updates of the table are not HOT any
 * more: the largest that it has in those of a statement which touches more blocks
 * since.
 */
static double
ended_hot_share(const Trial *trial)
{
	double		share = 0;

	if (trial->job->drop)
		return 0;
	for (int i = 0; i < trial->count; i++)
	{
		uint64		queryid = trial->comparisons[i].after->queryid;

		if (trial->comparisons[i].after->write &&
			judge_blocks_rose(&trial->comparisons[i]))
			share = Max(share, planner_check_ended_hot(trial->job, queryid,
													   other_indexes(trial->job, queryid)));
	}
	return share;
}

/*
 * Is a read faster by an index that another job has made meanwhile?  Then the blocks
 * that it touches more are those of its new plan.
 */
static bool
gains_by_another(const Job *job, const MeasureComparison *comparison,
				 PlannerCheck planner_check)
{
	uint64		queryid = comparison->after->queryid;

	return planner_check == PLANNER_CHECK_UNUSED && !comparison->after->write &&
		comparison->judgement == JUDGED_FASTER &&
		planner_check_uses(job, queryid, other_indexes(job, queryid));
}

/* Add what a statement saved or lost to the sums. */
static void
add_up(Trial *trial, const MeasureComparison *comparison)
{
	switch (comparison->judgement)
	{
		case JUDGED_FASTER:
			trial->saved_us += comparison->saved_us;
			break;
		case JUDGED_SLOWER:
			trial->lost_us -= comparison->saved_us;
			if (comparison->is_overhead)
				trial->overhead_us -= comparison->saved_us;
			break;
		case JUDGED_UNCLEAR:
			if (comparison->planner_check == PLANNER_CHECK_UNUSED)
				break;
			trial->unclear++;
			trial->unclear_us += judge_may_have_saved_us(comparison);
			break;
		default:
			break;
	}
}

/*
 * Ask the planner about each statement that changed, decide whether the index
 * changed it, and add up what was saved and lost.
 */
static void
decide_comparisons(Trial *trial)
{
	double		hot_share = ended_hot_share(trial);

	trial->scans = index_scans_since_built(trial->job);
	for (int i = 0; i < trial->count; i++)
	{
		MeasureComparison *comparison = &trial->comparisons[i];
		PlannerCheck planner_check;

		if (comparison->judgement <= JUDGED_SAME)
			continue;
		planner_check = planner_check_run(trial->job, comparison->after->queryid);
		/* Where the planner cannot tell, a count of no scans does. */
		if (planner_check == PLANNER_CHECK_NONE && trial->scans == 0)
			planner_check = PLANNER_CHECK_UNUSED;
		comparison->overhead_share = overhead_share(trial->job, comparison->after);
		comparison->hot_share = hot_share > 0 &&
			gains_by_another(trial->job, comparison, planner_check) ? 0 : hot_share;
		judge_decide(comparison, planner_check);
		add_up(trial, comparison);
	}
}

/*
 * Count the statements that began to fail.  One that only reads can do so for many
 * reasons, but for the index only if its plan has to do with it.
 */
static void
count_failing(Trial *trial)
{
	for (int i = 0; i < trial->count; i++)
	{
		MeasureComparison *comparison = &trial->comparisons[i];

		if (comparison->fails && !comparison->after->write)
			comparison->fails = planner_check_run(trial->job, comparison->after->queryid) !=
				PLANNER_CHECK_UNUSED;
		trial->failing += comparison->fails;
	}
}

/* Has a statement become slower, as far as its measures tell? */
static bool
seems_slower(const Trial *trial)
{
	for (int i = 0; i < trial->count; i++)
		if (trial->comparisons[i].judgement == JUDGED_SLOWER)
			return true;
	return false;
}

/*
 * Store the verdict of the trial, "state", in its job.  Returns true if the job
 * was queued to be reverted (clipperf.auto_revert).
 */
static bool
store_verdict(const Trial *trial, JobState state)
{
	Job		   *job = trial->job;
	char	   *reason = verdict_reason(trial, state);
	SqlArg		args[] = {arg_int8(job->id), arg_text(verdict_figures(trial))};

	own_sql("UPDATE @extschema@._clipperf_job SET verdict = $2::jsonb"
			" WHERE job = $1", lengthof(args), args);
	job_change(job, state, reason);
	if (state == JOB_KEPT || !setting_auto_revert)
		return false;
	job_set_goal_revert(job, job->role,
						psprintf("reverted by clipperf.auto_revert: %s, %s",
								 job_state_name(state), reason));
	return true;
}

/* ------------------------------------------------------------------------
 * Reviews
 * ------------------------------------------------------------------------ */

/* Set the time of the job's next review. */
static void
review_later(const Job *job)
{
	double		ms = REVIEW_SHARE * setting_verify_time_s * 1000.0;
	SqlArg		args[2];

	ms = Min(Max(ms, REVIEW_LEAST_MS), REVIEW_MOST_MS);
	args[0] = arg_int8(job->id);
	args[1] = arg_float8(ms / 1000.0);
	own_sql("UPDATE @extschema@._clipperf_job SET retry_at ="
			" clock_timestamp() + make_interval(secs => $2)"
			" WHERE job = $1", lengthof(args), args);
}

/* Has the job been watched for so many times clipperf.verify_time? */
static bool
is_watched_for(const Job *job, int windows)
{
	TimestampTz end = TimestampTzPlusMilliseconds(job->verify_since,
												  windows * setting_verify_time_s * INT64CONST(1000));

	return GetCurrentTimestamp() >= end;
}

/*
 * Judge a job if enough was seen of it, or its time has passed.  A loss by plans
 * that became worse ends it before, once what the index is meant for could be
 * judged for the larger part; and statements that began to fail do, at once.
 * Returns true if the job was queued to be reverted.
 */
static bool
judge_job(Job *job)
{
	Trial		trial = {.job = job,.last = is_watched_for(job, VERDICT_WINDOWS)};
	bool		waits = compare_measures(&trial);
	JobState	state = JOB_VERIFYING;

	trial.over = is_watched_for(job, 1) ||
		(trial.served_calls >= setting_verify_calls && !waits);
	count_failing(&trial);
	if (trial.over || trial.failing > 0 ||
		(verdict_has_majority(&trial) && seems_slower(&trial)))
	{
		decide_comparisons(&trial);
		state = verdict_state(&trial);
	}
	if (state != JOB_VERIFYING)
		return store_verdict(&trial, state);
	review_later(job);
	return false;
}

/*
 * Find the index that the job has built, and remember it: one that was renamed
 * has its OID, one that was rebuilt by REINDEX CONCURRENTLY another, but the name
 * that it had at the last review.  False if it is gone.
 */
static bool
follow_index(Job *job)
{
	Oid			index_oid = job->index_oid;
	char	   *name = get_rel_name(index_oid);

	if (name == NULL)
	{
		index_oid = get_relname_relid(job->index_name,
									  get_rel_namespace(job->relid));
		if (!OidIsValid(index_oid) ||
			IndexGetRelation(index_oid, true) != job->relid)
			return false;
		name = job->index_name;
	}
	if (index_oid != job->index_oid || strcmp(name, job->index_name) != 0)
		job_set_index(job, index_oid, name);
	return true;
}

/*
 * End the job if its table is gone, or the index that it built.  Returns true if
 * the job goes on.
 */
static bool
is_index_still_there(Job *job)
{
	if (get_rel_relkind(job->relid) == '\0')
		job_change(job, JOB_FAILED, psprintf("table %s no longer exists",
											 job->relation_name));
	else if (!job->drop && !follow_index(job))
		job_change(job, JOB_REVERTED,
				   psprintf("index \"%s\" was dropped, but not by clipperf",
							job->index_name));
	return job->state == JOB_VERIFYING;
}

/*
 * Review a job in a transaction of its own; raises whatever goes wrong.
 * Returns true if the job was queued to be reverted.
 *
 * It is watched again where it is not known what was counted when its index was
 * there: after a crash, which takes the counters back to those that were saved,
 * and after a failover, as every server has its own.  A server that was merely
 * restarted has all of them, but is not worth a distinction; nor is one whose
 * clock was set back.
 */
static bool
review_job(int64 id, MemoryContext context)
{
	Job		   *job;
	bool		revert = false;

	job_begin();
	job = job_load(id, context);
	if (job != NULL && job->state == JOB_VERIFYING && is_index_still_there(job))
	{
		if (job->verify_since != 0 && job->verify_since >= queue_since() &&
			job->verify_since <= GetCurrentTimestamp())
			revert = judge_job(job);
		else
		{
			watch_from_now(job);
			review_later(job);
		}
	}
	job_end();
	return revert;
}

/*
 * Review a job; it is kept, with the error as its reason, if that raises one: a
 * job that cannot be judged must not keep others from it.  Where one of our tables
 * is locked, or the review is canceled, it is reviewed later.  Returns true if the job was queued to be reverted.
 */
static bool
review_job_or_keep_it(int64 id, MemoryContext context)
{
	volatile bool revert = false;

	PG_TRY();
	{
		revert = review_job(id, context);
	}
	PG_CATCH();
	{
		ErrorData  *error;
		Job		   *job;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		job_begin();
		job = job_load(id, context);
		if (job != NULL && job->state == JOB_VERIFYING &&
			(error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
			 error->sqlerrcode == ERRCODE_QUERY_CANCELED))
			review_later(job);
		else if (job != NULL && job->state == JOB_VERIFYING)
			job_change(job, JOB_KEPT,
					   psprintf("it could not be judged: %s", error->message));
		job_end();
	}
	PG_END_TRY();
	return revert;
}

/*
 * The next job to review that no worker has, locked for this session by
 * job_lock_acquire(); 0 if there is none.  Opens a transaction for it.
 */
static int64
lock_next_review(void)
{
	int64		found = 0;

	job_begin();
	own_sql("SELECT job FROM @extschema@._clipperf_job"
			" WHERE state = 'verifying' AND " JOB_TIME_HAS_COME
			" ORDER BY job", 0, NULL);
	for (uint64 i = 0; i < SPI_processed && found == 0; i++)
		if (job_lock_acquire(DatumGetInt64(own_datum(i, 1))))
			found = DatumGetInt64(own_datum(i, 1));
	job_end();
	return found;
}

/*
 * Review all jobs whose time has come: judge those of which enough calls were
 * seen, or whose clipperf.verify_time has passed.  Called by a worker outside
 * of transactions; opens its own, and allocates in "context".  Returns true if
 * a job was queued to be reverted.
 */
bool
verify_due(MemoryContext context)
{
	bool		revert = false;
	int64		job;

	while (!queue_worker_is_leaving() && (job = lock_next_review()) != 0)
	{
		background_reload();
		revert |= review_job_or_keep_it(job, context);
		/* The sandbox of planner_check.c has left another handler. */
		pqsignal(SIGINT, top_statement_cancel);
		job_lock_release_id(job);
	}
	return revert;
}

/*
 * Milliseconds until the next review, at least REVIEW_LEAST_MS; -1 if no job is
 * to be reviewed.  Within job_begin() and job_end().
 */
int64
verify_next_due(void)
{
	own_sql("SELECT min(CASE WHEN " JOB_TIME_HAS_COME
			" THEN clock_timestamp() ELSE retry_at END)"
			" FROM @extschema@._clipperf_job WHERE state = 'verifying'", 0, NULL);
	if (own_isnull(0, 1))
		return -1;
	return Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
											   DatumGetTimestampTz(own_datum(0, 1))),
			   REVIEW_LEAST_MS);
}
