/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  What all comparisons come to, in a word, a sentence and in figures.
 *
 * create: kept if the time saved by statements that became faster is more than
 * the time lost by those that became slower, writes to the table among them;
 * regressed if it is less; useless if none became faster.
 * drop: regressed if more time is lost than saved, else kept.
 *
 * Nothing is held against an index unless its use could be seen: statements
 * that took half of the time must have been judged, and none be unclear.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/verdict.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "common/own_sql.h"

/* The state that the job ends in. */
JobState
verdict_state(const Trial *trial)
{
	if (trial->judged_us < VERDICT_SHARE * trial->served_us ||
		trial->served_us <= 0)
		return JOB_KEPT;
	if (trial->lost_us > trial->saved_us)
		return trial->unclear > 0 ? JOB_KEPT : JOB_REGRESSED;
	if (trial->job->drop || trial->saved_us > 0 || trial->unclear > 0)
		return JOB_KEPT;
	return JOB_USELESS;
}

/* ------------------------------------------------------------------------
 * Words
 * ------------------------------------------------------------------------ */

/* Route and gist of a statement; either may be NULL. */
static void
find_names(uint64 queryid, char **route, char **gist)
{
	SqlArg		args[] = {arg_int8((int64) queryid)};

	own_sql("SELECT nullif(route, ''), @extschema@.clipperf_line(query, 80)"
			" FROM @extschema@.clipperf_queries"
			" WHERE queryid = $1 AND query IS NOT NULL AND dbid ="
			" (SELECT oid FROM pg_database WHERE datname = current_database())"
			" ORDER BY total_ms DESC LIMIT 1", lengthof(args), args);
	*route = SPI_processed > 0 ? own_string(0, 1) : NULL;
	*gist = SPI_processed > 0 ? own_string(0, 2) : NULL;
}

/* Where a statement runs, and what tells it apart. */
static char *
statement_text(uint64 queryid)
{
	char	   *route;
	char	   *gist;

	find_names(queryid, &route, &gist);
	if (gist == NULL)
		return psprintf("statement %lld", (long long) (int64) queryid);
	return psprintf("%s%s[%s]", route ? route : "", route ? " " : "", gist);
}

/* The first column of a statement that says something. */
static char *
say(const char *statement, int nargs, const SqlArg *args)
{
	own_sql(statement, nargs, args);
	return own_string(0, 1);
}

/* Quantile of a measure, milliseconds. */
static double
quantile_ms(const Measure *measure, double q)
{
	return histogram_quantile(&measure->latency, q) / 1000.0;
}

/* How the latencies of a statement changed. */
static char *
latency_text(const MeasureComparison *comparison)
{
	SqlArg		args[] = {
		arg_float8(quantile_ms(comparison->before, 0.95)),
		arg_float8(quantile_ms(comparison->after, 0.95)),
		arg_float8(comparison->after->calls),
		arg_float8(judge_mean_us(comparison->before) / 1000.0),
		arg_float8(judge_mean_us(comparison->after) / 1000.0)
	};

	return say("SELECT format('p95 %s -> %s over %s (mean %s -> %s)',"
			   " @extschema@.clipperf_duration($1),"
			   " @extschema@.clipperf_duration($2),"
			   " @extschema@.clipperf_count($3, 'call', 'calls'),"
			   " @extschema@.clipperf_duration($4),"
			   " @extschema@.clipperf_duration($5))", lengthof(args), args);
}

/* How the blocks of a statement changed, where its latencies say nothing. */
static char *
blocks_text(const MeasureComparison *comparison)
{
	SqlArg		args[] = {
		arg_float8(judge_blocks(comparison->before)),
		arg_float8(judge_blocks(comparison->after)),
		arg_float8(comparison->after->calls)
	};

	return say("SELECT format('%s -> %s blocks per call over %s (more of them"
			   " were not in the cache than before, so that times do not"
			   " count)',"
			   " @extschema@.clipperf_number($1),"
			   " @extschema@.clipperf_number($2),"
			   " @extschema@.clipperf_count($3, 'call', 'calls'))",
			   lengthof(args), args);
}

/* What changed, and for which statement. */
static char *
change_text(const MeasureComparison *comparison)
{
	return psprintf("%s: %s", statement_text(comparison->after->queryid),
					comparison->by_blocks ? blocks_text(comparison) :
					latency_text(comparison));
}

/* The comparison of that judgement that moved most time, or NULL. */
static const MeasureComparison *
most_moved(const Trial *trial, Judgement judgement)
{
	const MeasureComparison *most = NULL;

	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];

		if (comparison->judgement == judgement &&
			(most == NULL || fabs(comparison->saved_us) > fabs(most->saved_us)))
			most = comparison;
	}
	return most;
}

/* "; 2 more faster" */
static void
append_others(StringInfo text, const Trial *trial, const MeasureComparison *named,
			  Judgement judgement)
{
	int			count = 0;

	for (int i = 0; i < trial->count; i++)
		if (trial->comparisons[i].judgement == judgement &&
			&trial->comparisons[i] != named)
			count++;
	if (count > 0)
		appendStringInfo(text, "; %d %s%s %s", count,
						 named->judgement == judgement ? "more " : "",
						 count == 1 ? "statement" : "statements",
						 judgement_name(judgement));
}

/* Calls of the statements to be served, as people write numbers. */
static char *
calls_text(const Trial *trial)
{
	SqlArg		args[] = {arg_float8(trial->served_calls)};

	return say("SELECT @extschema@.clipperf_count($1, 'call', 'calls')",
			   lengthof(args), args);
}

/* What was saved and lost in all, where both is. */
static void
append_balance(StringInfo text, const Trial *trial)
{
	SqlArg		args[] = {
		arg_float8(trial->saved_us / 1000.0), arg_float8(trial->lost_us / 1000.0)
	};

	if (trial->saved_us > 0 && trial->lost_us > 0)
		appendStringInfoString(text,
							   say("SELECT format('; %s saved and %s lost in all',"
								   " @extschema@.clipperf_duration($1),"
								   " @extschema@.clipperf_duration($2))",
								   lengthof(args), args));
}

/* The changes that led to the verdict. */
static void
append_changes(StringInfo text, const Trial *trial, const MeasureComparison *most)
{
	appendStringInfoString(text, change_text(most));
	append_others(text, trial, most, JUDGED_FASTER);
	append_others(text, trial, most, JUDGED_SLOWER);
	append_balance(text, trial);
}

/* Why the index cannot be said to be the cause of a change. */
static char *
doubt(const MeasureComparison *comparison)
{
	double		before = judge_blocks(comparison->before);
	double		after = judge_blocks(comparison->after);

	if (comparison->others_changed && comparison->after->write)
		return "other indexes of the table came or went meanwhile";
	if (comparison->planner_check == PLANNER_CHECK_EQUAL)
		return "its plan is as good without the index";
	if (after <= (1 - JUDGE_CHANGE) * before)
		return psprintf("yet it touches %.0f %% fewer blocks: something else has changed",
						100 * (1 - after / before));
	return "yet it touches as many blocks: something else has changed";
}

/* How often the index was scanned. */
static void
append_scans(StringInfo text, const Trial *trial)
{
	SqlArg		args[] = {arg_float8((double) trial->scans)};

	if (trial->scans == 0)
		appendStringInfoString(text, "; the index was never scanned");
	else if (trial->scans > 0)
		appendStringInfo(text, "; the index was scanned %s",
						 say("SELECT @extschema@.clipperf_count($1, 'time', 'times')",
							 lengthof(args), args));
}

/* Change of a figure of the writes to the table, as a share. */
static double
write_change(const Trial *trial, double (*figure) (const Measure *measure))
{
	double		expected = 0;
	double		found = 0;

	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];

		if (!comparison->after->write ||
			comparison->judgement == JUDGED_UNKNOWN)
			continue;
		expected += figure(comparison->before) * comparison->after->calls;
		found += figure(comparison->after) * comparison->after->calls;
	}
	return expected > 0 ? found / expected - 1.0 : 0;
}

/* "; writes to clips +3 % (blocks +5 %)" */
static void
append_writes(StringInfo text, const Trial *trial)
{
	double		time = round(100 * write_change(trial, judge_mean_us));
	double		blocks = round(100 * write_change(trial, judge_blocks));

	if (time == 0 && blocks == 0)
		return;
	appendStringInfo(text, "; writes to %s %+.0f %% (blocks %+.0f %%)",
					 get_rel_name(trial->job->relid), time, blocks);
}

/* The sentence, and the figures as JSON.  Within job_begin() and job_end(). */
char *
verdict_reason(const Trial *trial, JobState state)
{
	const MeasureComparison *faster = most_moved(trial, JUDGED_FASTER);
	const MeasureComparison *slower = most_moved(trial, JUDGED_SLOWER);
	const MeasureComparison *unclear = most_moved(trial, JUDGED_UNCLEAR);
	const MeasureComparison *most = state == JOB_REGRESSED || faster == NULL ?
		slower : faster;
	StringInfoData text;

	initStringInfo(&text);
	if (trial->judged_us < VERDICT_SHARE * trial->served_us ||
		trial->served_us <= 0)
		appendStringInfo(&text, "too few calls to judge by: %s of the statements concerned",
						 calls_text(trial));
	else if (most != NULL && (state != JOB_KEPT || unclear == NULL ||
							  most == faster))
		append_changes(&text, trial, most);
	else if (unclear != NULL)
		appendStringInfo(&text, "%s; %s", change_text(unclear), doubt(unclear));
	else
	{
		appendStringInfo(&text, "no statement became faster or slower in %s",
						 calls_text(trial));
		append_scans(&text, trial);
	}
	append_writes(&text, trial);
	return text.data;
}

/* ------------------------------------------------------------------------
 * Figures
 * ------------------------------------------------------------------------ */

/* A member of a JSON object that is a string. */
static void
append_string(StringInfo json, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(json, "\"%s\": ", name);
	escape_json(json, value);
	appendStringInfoString(json, ", ");
}

/* The figures of one side of a comparison. */
static void
append_side(StringInfo json, const char *side, const Measure *measure)
{
	double		calls = Max(measure->calls, 1);

	appendStringInfo(json, "\"calls_%s\": %.0f, \"mean_%s_ms\": %.6g,"
					 " \"p95_%s_ms\": %.6g, \"rows_%s\": %.6g,"
					 " \"blocks_%s\": %.6g, \"blocks_read_%s\": %.6g, ",
					 side, measure->calls, side, judge_mean_us(measure) / 1000.0,
					 side, quantile_ms(measure, 0.95), side,
					 measure->rows / calls, side, judge_blocks(measure), side,
					 measure->blocks_read / calls);
}

/* The figures of one statement. */
static void
append_comparison(StringInfo json, const MeasureComparison *comparison)
{
	const Measure *after = comparison->after;
	char	   *route;
	char	   *gist;

	find_names(after->queryid, &route, &gist);
	appendStringInfo(json, "{\"queryid\": %lld, ",
					 (long long) (int64) after->queryid);
	append_string(json, "route", route);
	append_string(json, "statement", gist);
	append_string(json, "kind", after->write ? "write" : "read");
	append_string(json, "judgement", judgement_name(comparison->judgement));
	if (comparison->planner_check != PLANNER_CHECK_NONE)
		append_string(json, "planner", planner_check_name(comparison->planner_check));
	append_side(json, "before", comparison->before);
	append_side(json, "after", after);
	appendStringInfo(json, "\"saved_ms\": %.6g, \"faster_share\": %.4f,"
					 " \"deviation\": %.2f}", comparison->saved_us / 1000.0,
					 comparison->superiority, comparison->deviation);
}

/* See verdict.h. */
char *
verdict_figures(const Trial *trial)
{
	const char *separator = "";
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
		if (trial->comparisons[i].after->calls == 0)
			continue;
		appendStringInfoString(&json, separator);
		append_comparison(&json, &trial->comparisons[i]);
		separator = ", ";
	}
	appendStringInfoString(&json, "]}");
	return json.data;
}
