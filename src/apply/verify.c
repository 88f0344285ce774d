/*-------------------------------------------------------------------------
 *
 * verify.c
 *	  Does what was built pay?
 *
 * Counters of the statements concerned are kept in the job when its build
 * begins and when it is done.  What was counted before the build is compared
 * with what was counted since it was done, by the rule of judge.h.  An index
 * that was never scanned made nothing faster, whatever the latencies say.
 *
 * create: kept if the time saved by statements that became faster is more than
 * the time lost by those that became slower, writes to the table among them;
 * regressed if it is less; useless if none became faster.
 * drop: regressed if more time is lost than saved, else kept.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify.h"

#include <math.h>

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "apply/claim.h"
#include "apply/judge.h"
#include "apply/measure.h"
#include "apply/own_sql.h"
#include "settings.h"

/* Bounds of the time between two looks at a job. */
#define LEAST_LOOK_MS	1000
#define MOST_LOOK_MS	60000

/* All that is known about a job when it is judged. */
typedef struct Trial
{
	Job		   *job;
	int			count;
	Comparison *comparisons;	/* of the statements seen on both sides */
	double		reads;			/* calls of statements to be served, since */
	int			judged;			/* of these statements: seen often enough */
	double		saved_us;
	double		lost_us;
	int64		scans;			/* of the index; -1 if there is none to scan */
} Trial;

/* ------------------------------------------------------------------------
 * Beginning
 * ------------------------------------------------------------------------ */

/* See verify.h. */
void
verify_before(Job *job, Measure **measures, int *count)
{
	*measures = NULL;
	*count = 0;
	if (setting_verify_calls > 0 && !job->revert)
		*count = measure_now(job, measures);
}

/* See verify.h. */
void
verify_keep_before(const Job *job, const Measure *measures, int count)
{
	measure_keep(job, MEASURE_BEFORE, measures, count);
}

/* See verify.h. */
void
verify_begin(Job *job, const char *reason)
{
	Measure    *measures;
	Measure    *before;
	SqlArg		args[] = {arg_int8(job->id)};
	int			count;
	bool		known;

	known = setting_verify_calls > 0 &&
		measure_kept(job, MEASURE_BEFORE, &before) > 0;
	if (!known)
	{
		job_change(job, JOB_KEPT, setting_verify_calls == 0 ?
				   reason :
				   psprintf("%s; there was no statement to judge it by", reason));
		return;
	}
	count = measure_now(job, &measures);
	measure_keep(job, MEASURE_BUILT, measures, count);
	job_change(job, JOB_VERIFYING, reason);
	own_sql("UPDATE @extschema@.clipperf_job"
			" SET verify_since = clock_timestamp() WHERE job = $1", 1, args);
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

/* Compare a statement, and add it up. */
static void
try_statement(Trial *trial, const Measure *before, const Measure *after)
{
	Comparison *comparison = &trial->comparisons[trial->count++];

	judge_compare(before, after, comparison);
	if (!after->write && comparison->judgement != JUDGED_UNKNOWN)
		trial->judged++;
	if (comparison->judgement == JUDGED_FASTER && trial->scans == 0)
		comparison->judgement = JUDGED_SAME;
	if (comparison->judgement == JUDGED_FASTER)
		trial->saved_us += comparison->saved_us;
	if (comparison->judgement == JUDGED_SLOWER)
		trial->lost_us -= comparison->saved_us;
}

/* Gather what is known about the job by now. */
static void
gather(Trial *trial)
{
	Measure    *before;
	Measure    *built;
	Measure    *now;
	int			nbefore = measure_kept(trial->job, MEASURE_BEFORE, &before);
	int			nbuilt = measure_kept(trial->job, MEASURE_BUILT, &built);
	int			nnow = measure_now(trial->job, &now);

	trial->scans = count_scans(trial->job);
	trial->comparisons = palloc(sizeof(Comparison) * Max(nnow, 1));
	for (int i = 0; i < nnow; i++)
	{
		const Measure *earlier = measure_find(before, nbefore, now[i].queryid);
		Measure    *after = palloc(sizeof(Measure));

		measure_subtract(&now[i], measure_find(built, nbuilt, now[i].queryid),
						 after);
		if (!after->write)
			trial->reads += after->calls;
		if (earlier != NULL && after->calls > 0)
			try_statement(trial, earlier, after);
	}
}

/* Is it time for the verdict? */
static bool
is_time(const Trial *trial)
{
	TimestampTz end = TimestampTzPlusMilliseconds(trial->job->verify_since,
												  setting_verify_time_s * INT64CONST(1000));

	return trial->reads >= setting_verify_calls || GetCurrentTimestamp() >= end;
}

/* ------------------------------------------------------------------------
 * The verdict
 * ------------------------------------------------------------------------ */

/* The state the job ends in. */
static JobState
verdict_state(const Trial *trial)
{
	/* What it costs is not held against it unless its use could be seen. */
	if (trial->judged == 0)
		return JOB_KEPT;
	if (trial->lost_us > trial->saved_us)
		return JOB_REGRESSED;
	if (trial->job->drop || trial->saved_us > 0)
		return JOB_KEPT;
	return JOB_USELESS;
}

/* The comparison that moved most time, or NULL if none moved any. */
static const Comparison *
most_moved(const Trial *trial)
{
	const Comparison *most = NULL;

	for (int i = 0; i < trial->count; i++)
	{
		const Comparison *comparison = &trial->comparisons[i];

		if (comparison->judgement < JUDGED_FASTER)
			continue;
		if (most == NULL || fabs(comparison->saved_us) > fabs(most->saved_us))
			most = comparison;
	}
	return most;
}

/* Change of the mean time of writes to the table, as a share; 0 if unknown. */
static double
write_change(const Trial *trial)
{
	double		expected = 0;
	double		found = 0;

	for (int i = 0; i < trial->count; i++)
	{
		const Comparison *comparison = &trial->comparisons[i];
		const Measure *before = comparison->before;

		if (!comparison->after->write || before->calls == 0)
			continue;
		expected += before->total_us / before->calls * comparison->after->calls;
		found += comparison->after->total_us;
	}
	return expected > 0 ? found / expected - 1.0 : 0;
}

/* Quantile of a measure, milliseconds. */
static double
quantile_ms(const Measure *measure, double q)
{
	return histogram_quantile(&measure->latency, q) / 1000.0;
}

/* The verdict in one sentence. */
static char *
verdict_reason(const Trial *trial)
{
	const Comparison *most = most_moved(trial);
	double		writes = write_change(trial);
	StringInfoData text;

	initStringInfo(&text);
	if (trial->scans == 0)
		appendStringInfoString(&text, "the index was never scanned; ");
	if (trial->judged == 0)
		appendStringInfo(&text, "only %.0f calls of the statements concerned were seen",
						 trial->reads);
	else if (most == NULL)
		appendStringInfo(&text, "no statement became faster or slower in %.0f calls",
						 trial->reads);
	else
		appendStringInfo(&text, "statement %lld %s: p95 %.3g ms -> %.3g ms, mean %.3g ms -> %.3g ms over %.0f calls",
						 (long long) (int64) most->after->queryid,
						 judgement_name(most->judgement),
						 quantile_ms(most->before, 0.95),
						 quantile_ms(most->after, 0.95),
						 most->before->total_us / most->before->calls / 1000.0,
						 most->after->total_us / most->after->calls / 1000.0,
						 most->after->calls);
	if (writes != 0)
		appendStringInfo(&text, "; writes to the table %+.0f %%", writes * 100.0);
	return text.data;
}

/* The figures of one statement as JSON. */
static void
append_comparison(StringInfo json, const Comparison *comparison)
{
	const Measure *before = comparison->before;
	const Measure *after = comparison->after;

	appendStringInfo(json,
					 "{\"queryid\": %lld, \"kind\": \"%s\", \"judgement\": \"%s\","
					 " \"calls_before\": %.0f, \"calls_after\": %.0f,"
					 " \"mean_before_ms\": %.6g, \"mean_after_ms\": %.6g,"
					 " \"p95_before_ms\": %.6g, \"p95_after_ms\": %.6g,"
					 " \"blocks_before\": %.6g, \"blocks_after\": %.6g,"
					 " \"faster_share\": %.4f, \"deviation\": %.2f}",
					 (long long) (int64) after->queryid,
					 after->write ? "write" : "read",
					 judgement_name(comparison->judgement),
					 before->calls, after->calls,
					 before->total_us / Max(before->calls, 1) / 1000.0,
					 after->total_us / after->calls / 1000.0,
					 quantile_ms(before, 0.95), quantile_ms(after, 0.95),
					 before->blocks / Max(before->calls, 1),
					 after->blocks / after->calls,
					 comparison->superiority, comparison->deviation);
}

/* All figures as JSON. */
static char *
verdict_figures(const Trial *trial)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"saved_ms\": %.6g, \"lost_ms\": %.6g, ",
					 trial->saved_us / 1000.0, trial->lost_us / 1000.0);
	if (trial->scans >= 0)
		appendStringInfo(&json, "\"index_scans\": %lld, ",
						 (long long) trial->scans);
	appendStringInfoString(&json, "\"statements\": [");
	for (int i = 0; i < trial->count; i++)
	{
		if (i > 0)
			appendStringInfoString(&json, ", ");
		append_comparison(&json, &trial->comparisons[i]);
	}
	appendStringInfoString(&json, "]}");
	return json.data;
}

/* Look again when a hundredth of the time has passed, within bounds. */
static void
look_later(const Job *job)
{
	double		ms = setting_verify_time_s * 10.0;
	SqlArg		args[2];

	ms = Min(Max(ms, LEAST_LOOK_MS), MOST_LOOK_MS);
	args[0] = arg_int8(job->id);
	args[1] = arg_datum(FLOAT8OID, Float8GetDatum(ms / 1000.0), false);
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
	char	   *reason = verdict_reason(trial);
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

/* Judge one job, if it is time; true if it is to be taken back. */
static bool
look_at(int64 id, MemoryContext context)
{
	Trial		trial = {0};
	bool		revert = false;

	job_begin();
	trial.job = job_load(id, context);
	if (trial.job != NULL && trial.job->state == JOB_VERIFYING)
	{
		gather(&trial);
		if (is_time(&trial))
			revert = pronounce(&trial);
		else
			look_later(trial.job);
	}
	job_end();
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
		if (claim_job(DatumGetInt64(own_datum(i, 1))))
			found = DatumGetInt64(own_datum(i, 1));
	job_end();
	return found;
}

/* See verify.h. */
bool
verify_due(MemoryContext context)
{
	bool		revert = false;
	int64		job;

	while ((job = next_to_look_at()) != 0)
	{
		revert |= look_at(job, context);
		claim_release_job(job);
	}
	return revert;
}

/* See verify.h. */
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
