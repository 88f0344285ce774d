/*-------------------------------------------------------------------------
 *
 * verdict.c
 *	  The verdict on a job: a state, a sentence and figures.
 *
 * create: kept if the time saved by statements that became faster is more than
 * the time lost by those that became slower, writes to the table among them;
 * regressed if it is less; useless if none became faster.
 * drop: regressed if more time is lost than saved, else kept.
 * Both: regressed, and at once, if a statement began to fail.
 *
 * A loss that is proven counts whoever else has run meanwhile, unless what is
 * unclear may make up for it.  But the write overhead of an index is the price of
 * what it is meant for: it decides only when enough was seen, and as long as less than
 * half of that could be judged, by the time it took, the index is watched on, up
 * to VERDICT_WINDOWS times clipperf.verify_time.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/verify/verdict.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "common/own_sql.h"
#include "common/slower.h"

/* Could the larger part be judged of what the index is meant for? */
bool
verdict_has_majority(const Trial *trial)
{
	return trial->served_us > 0 &&
		trial->judged_us >= VERDICT_SHARE * trial->served_us;
}

/*
 * The state that the job ends in, by the rules above; JOB_VERIFYING if it is to
 * be watched on.
 */
JobState
verdict_state(const Trial *trial)
{
	double		lost = trial->lost_us - trial->saved_us;

	if (trial->failing > 0)
		return JOB_REGRESSED;
	if (!trial->over || (!verdict_has_majority(trial) && !trial->last))
		return lost - trial->overhead_us > trial->unclear_us ?
			JOB_REGRESSED : JOB_VERIFYING;
	if (lost > trial->unclear_us)
		return JOB_REGRESSED;
	if (!verdict_has_majority(trial) || trial->job->drop ||
		trial->saved_us > 0 || trial->unclear > 0)
		return JOB_KEPT;
	return JOB_USELESS;
}

/* ------------------------------------------------------------------------
 * Words
 * ------------------------------------------------------------------------ */

/*
 * Route of a statement and the first 80 characters of its text, as one line;
 * either may be NULL.  Of several users and routes the one that took most time.
 */
static void
find_route_and_line(uint64 queryid, char **route, char **line)
{
	SqlArg		args[] = {arg_int8((int64) queryid)};

	own_sql("SELECT nullif(route, ''), @extschema@.clipperf_line(query, 80)"
			" FROM @extschema@.clipperf_queries"
			" WHERE queryid = $1 AND query IS NOT NULL AND dbid ="
			" (SELECT oid FROM pg_database WHERE datname = current_database())"
			" ORDER BY total_ms DESC LIMIT 1", lengthof(args), args);
	*route = SPI_processed > 0 ? own_string(0, 1) : NULL;
	*line = SPI_processed > 0 ? own_string(0, 2) : NULL;
}

/* "route [text]", or the queryid if the statement is not known any more. */
static char *
statement_label(uint64 queryid)
{
	char	   *route;
	char	   *line;

	find_route_and_line(queryid, &route, &line);
	if (line == NULL)
		return psprintf("statement %lld", (long long) (int64) queryid);
	return psprintf("%s%s[%s]", route ? route : "", route ? " " : "", line);
}

/* Run a SELECT of one row and one column; the text that it returns. */
static char *
select_text(const char *statement, int nargs, const SqlArg *args)
{
	own_sql(statement, nargs, args);
	return own_string(0, 1);
}

/* Quantile q (0 .. 1) of the latencies of a measure, in milliseconds. */
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

	return select_text("SELECT format('p95 %s -> %s over %s (mean %s -> %s)',"
					   " @extschema@._clipperf_duration($1),"
					   " @extschema@._clipperf_duration($2),"
					   " @extschema@._clipperf_count($3, 'call'::text, 'calls'::text),"
					   " @extschema@._clipperf_duration($4),"
					   " @extschema@._clipperf_duration($5))", lengthof(args), args);
}

/* How the blocks of a statement changed: "2,305 -> 29,967 blocks per call". */
static char *
blocks_text(const MeasureComparison *comparison)
{
	SqlArg		args[] = {
		arg_float8(judge_blocks(comparison->before)),
		arg_float8(judge_blocks(comparison->after))
	};

	return select_text("SELECT format('%s -> %s blocks per call',"
					   " @extschema@._clipperf_number($1),"
					   " @extschema@._clipperf_number($2))", lengthof(args), args);
}

/* "1,234 calls" */
static char *
calls_text(double calls)
{
	SqlArg		args[] = {arg_float8(calls)};

	return select_text("SELECT @extschema@._clipperf_count($1, 'call'::text, 'calls'::text)",
					   lengthof(args), args);
}

/* In which of its calls it is seen that a statement became slower. */
static const char *
rule_text(JudgeRule rule)
{
	switch (rule)
	{
		case RULE_RANKS:
			return ", seen in most calls";
		case RULE_TOTAL:
			return ", seen in all calls together";
		case RULE_TAIL:
			return ", seen in the slowest calls";
		case RULE_BLOCKS:
			return ", seen in its blocks";
		default:
			return "";
	}
}

/* Does a statement touch clearly more blocks than before? */
static bool
touches_more(const MeasureComparison *comparison)
{
	return judge_blocks(comparison->after) >=
		(1 + JUDGE_CHANGE) * judge_blocks(comparison->before);
}

/* Does it touch clearly more blocks, in plans that do not use the index? */
static bool
is_elsewhere(const MeasureComparison *comparison)
{
	return comparison->judgement == JUDGED_UNCLEAR &&
		comparison->planner_check == PLANNER_CHECK_UNUSED;
}

/* "statement: how it changed" */
static char *
change_text(const MeasureComparison *comparison)
{
	char	   *label = statement_label(comparison->after->queryid);

	if (comparison->rule == RULE_BLOCKS && comparison->judgement != JUDGED_SLOWER)
		return psprintf("%s: %s over %s (more of them were not in the cache than"
						" before, so that times do not count)", label,
						blocks_text(comparison),
						calls_text(comparison->after->calls));
	if (comparison->judgement == JUDGED_SLOWER)
		return psprintf("%s: %s, %s%s%s%s", label, latency_text(comparison),
						blocks_text(comparison), rule_text(comparison->rule),
						comparison->is_overhead && !comparison->after->write ?
						", as updates of the table are not HOT any more and leave dead rows in all of its indexes" : "",
						comparison->after->foreseen ? ", as foreseen" : "");
	if (comparison->judgement == JUDGED_FASTER && touches_more(comparison))
		return psprintf("%s: %s, though %s", label, latency_text(comparison),
						blocks_text(comparison));
	return psprintf("%s: %s", label, latency_text(comparison));
}

/*
 * Of the comparisons judged so, the one that saved or lost most time, or NULL.
 * What is not clear for another reason than this index is none of them.
 */
static const MeasureComparison *
most_moved(const Trial *trial, Judgement judgement)
{
	const MeasureComparison *most = NULL;

	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];

		if (comparison->judgement == judgement && !is_elsewhere(comparison) &&
			(most == NULL || fabs(comparison->saved_us) > fabs(most->saved_us)))
			most = comparison;
	}
	return most;
}

/* "; 2 more statements faster": those judged so, but for the one named already. */
static void
append_faster(StringInfo text, const Trial *trial, const MeasureComparison *named)
{
	int			count = 0;

	for (int i = 0; i < trial->count; i++)
		if (trial->comparisons[i].judgement == JUDGED_FASTER &&
			&trial->comparisons[i] != named)
			count++;
	if (count > 0)
		appendStringInfo(text, "; %d %s%s faster", count,
						 named->judgement == JUDGED_FASTER ? "more " : "",
						 count == 1 ? "statement" : "statements");
}

/* "; slower: statement: how it changed", each but for the one named already. */
static void
append_slower(StringInfo text, const Trial *trial, const MeasureComparison *named)
{
	for (int i = 0; i < trial->count; i++)
		if (trial->comparisons[i].judgement == JUDGED_SLOWER &&
			&trial->comparisons[i] != named)
			appendStringInfo(text, "; slower: %s",
							 change_text(&trial->comparisons[i]));
}

/*
 * "; statement was to become slower, and did in none of 40 calls": of each that
 * the recommendation said so of and that did not.
 */
static void
append_foreseen(StringInfo text, const Trial *trial)
{
	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];

		if (!comparison->after->foreseen || comparison->judgement == JUDGED_SLOWER)
			continue;
		appendStringInfo(text, "; %s was to become slower, and %s in %s",
						 statement_label(comparison->after->queryid),
						 comparison->judgement == JUDGED_UNKNOWN ?
						 "it cannot be told yet" : "did not",
						 calls_text(comparison->after->calls));
	}
}

/*
 * "; not by this index, which their plans do not use: statement, 23 -> 353 blocks per
 * call": each that touches clearly more blocks since, for another reason.
 */
static void
append_elsewhere(StringInfo text, const Trial *trial)
{
	const char *separator = "; not by this index, which their plans do not use: ";

	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];

		if (!is_elsewhere(comparison))
			continue;
		appendStringInfo(text, "%s%s, %s", separator,
						 statement_label(comparison->after->queryid),
						 blocks_text(comparison));
		separator = ", ";
	}
}

/*
 * "; more blocks: statement: how its times changed, 4,521 -> 8,701 blocks per call":
 * each that touches clearly more (CLEARLY_SLOWER) and is none the slower, but for the
 * one named already and those whose plans do not use the index.  Such blocks were in
 * the cache; they may not be so always.
 */
static void
append_more_blocks(StringInfo text, const Trial *trial, const MeasureComparison *named)
{
	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];

		if ((comparison->judgement != JUDGED_FASTER &&
			 comparison->judgement != JUDGED_UNCLEAR) ||
			comparison == named || is_elsewhere(comparison) ||
			judge_blocks(comparison->after) <
			CLEARLY_SLOWER * judge_blocks(comparison->before))
			continue;
		appendStringInfo(text, "; more blocks: %s: %s, %s",
						 statement_label(comparison->after->queryid),
						 latency_text(comparison), blocks_text(comparison));
	}
}

/*
 * The changes that led to the verdict: the one named, how many more became
 * faster, each that became slower, and what was saved and lost in all, if both
 * was.
 */
static void
append_changes(StringInfo text, const Trial *trial, const MeasureComparison *most)
{
	SqlArg		args[] = {
		arg_float8(trial->saved_us / 1000.0), arg_float8(trial->lost_us / 1000.0)
	};

	appendStringInfoString(text, change_text(most));
	append_faster(text, trial, most);
	append_slower(text, trial, most);
	if (trial->saved_us > 0 && trial->lost_us > 0)
		appendStringInfoString(text,
							   select_text("SELECT format('; %s saved and %s lost in all',"
										   " @extschema@._clipperf_duration($1),"
										   " @extschema@._clipperf_duration($2))",
										   lengthof(args), args));
}

/* Why the index need not be the cause of a change that was judged unclear. */
static char *
other_cause_text(const MeasureComparison *comparison)
{
	double		before = judge_blocks(comparison->before);
	double		after = judge_blocks(comparison->after);

	if (comparison->planner_check == PLANNER_CHECK_EQUAL)
		return "its plan is as good without the index";
	if (after <= (1 - JUDGE_CHANGE) * before)
		return psprintf("yet it touches %.0f%% fewer blocks: something else has changed",
						100 * (1 - after / before));
	return "yet it touches as many blocks: something else has changed";
}

/*
 * By which share a figure of the writes to the table has changed, each statement
 * weighed by its calls since.  The figure is one of a call.
 */
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

/* WAL that a call writes on the average, in bytes. */
static double
wal_of_call(const Measure *measure)
{
	return measure->calls > 0 ? measure->wal / measure->calls : 0;
}

/* "; writes to clips +3% (blocks +5%, WAL +8%)" */
static void
append_writes(StringInfo text, const Trial *trial)
{
	double		time = round(100 * write_change(trial, judge_mean_us));
	double		blocks = round(100 * write_change(trial, judge_blocks));
	double		wal = round(100 * write_change(trial, wal_of_call));

	if (time == 0 && blocks == 0 && wal == 0)
		return;
	appendStringInfo(text, "; writes to %s %+.0f%% (blocks %+.0f%%, WAL %+.0f%%)",
					 get_rel_name(trial->job->relid), time, blocks, wal);
}

/*
 * "statement: failed in 12 of 40 executions, before in 0 of 1,000": of each that
 * failed since, if it began to or, unless only those are asked for, had not failed
 * before.
 */
static void
append_failures(StringInfo text, const Trial *trial, bool all)
{
	for (int i = 0; i < trial->count; i++)
	{
		const MeasureComparison *comparison = &trial->comparisons[i];
		const Measure *before = comparison->before;
		const Measure *after = comparison->after;
		SqlArg		args[] = {
			arg_text(statement_label(after->queryid)),
			arg_float8(after->errors), arg_float8(after->calls + after->errors),
			arg_float8(before->errors), arg_float8(before->calls + before->errors)
		};

		if (!comparison->fails &&
			(!all || !after->write || after->errors == 0 || before->errors > 0))
			continue;
		appendStringInfo(text, "%s%s", text->len > 0 ? "; " : "",
						 select_text("SELECT format('%s: failed in %s of %s executions, before in %s of %s',"
									 " $1, @extschema@._clipperf_number($2),"
									 " @extschema@._clipperf_number($3),"
									 " @extschema@._clipperf_number($4),"
									 " @extschema@._clipperf_number($5))",
									 lengthof(args), args));
	}
}

/* Nothing has changed: in how many calls, and was the index used at all? */
static void
append_no_change(StringInfo text, const Trial *trial)
{
	SqlArg		scans[] = {arg_float8((double) trial->scans)};

	appendStringInfo(text, "no statement became faster or slower in %s",
					 calls_text(trial->served_calls));
	if (trial->scans == 0)
		appendStringInfoString(text, "; the index was never scanned");
	else if (trial->scans > 0)
		appendStringInfo(text, "; the index was scanned %s",
						 select_text("SELECT @extschema@._clipperf_count($1, 'time'::text, 'times'::text)",
									 lengthof(scans), scans));
}

/*
 * The sentence that gives the reason for the job's new state.  Within
 * job_begin() and job_end().
 */
char *
verdict_reason(const Trial *trial, JobState state)
{
	const MeasureComparison *faster = most_moved(trial, JUDGED_FASTER);
	const MeasureComparison *slower = most_moved(trial, JUDGED_SLOWER);
	const MeasureComparison *unclear = most_moved(trial, JUDGED_UNCLEAR);
	const MeasureComparison *most = state == JOB_REGRESSED || faster == NULL ?
		slower : faster;
	bool		few = state != JOB_REGRESSED && !verdict_has_majority(trial);
	StringInfoData text;

	initStringInfo(&text);
	if (trial->failing > 0)
		append_failures(&text, trial, false);
	if (few)
		appendStringInfo(&text, "too few calls to judge by: %s of the statements concerned",
						 calls_text(trial->served_calls));
	if (most != NULL)
	{
		if (text.len > 0)
			appendStringInfoString(&text, "; ");
		append_changes(&text, trial, most);
	}
	else if (trial->failing > 0)
		return text.data;

	else if (unclear != NULL && !few)
		appendStringInfo(&text, "%s; %s", change_text(unclear),
						 other_cause_text(unclear));
	else if (!few)
		append_no_change(&text, trial);
	append_more_blocks(&text, trial, most != NULL ? most : few ? NULL : unclear);
	if (trial->failing == 0)
		append_failures(&text, trial, true);
	append_foreseen(&text, trial);
	append_elsewhere(&text, trial);
	append_writes(&text, trial);
	return text.data;
}

/* ------------------------------------------------------------------------
 * Figures
 * ------------------------------------------------------------------------ */

/* A member of a JSON object that is a string; nothing if it is NULL. */
static void
append_json_string(StringInfo json, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(json, "\"%s\": ", name);
	escape_json(json, value);
	appendStringInfoString(json, ", ");
}

/* The figures of one side ("before", "after") of a comparison. */
static void
append_json_side(StringInfo json, const char *side, const Measure *measure)
{
	double		calls = Max(measure->calls, 1);

	appendStringInfo(json, "\"calls_%s\": %.0f, \"failed_%s\": %.0f, \"mean_%s_ms\": %.6g,"
					 " \"p95_%s_ms\": %.6g, \"rows_%s\": %.6g,"
					 " \"blocks_%s\": %.6g, \"blocks_read_%s\": %.6g,"
					 " \"wal_bytes_%s\": %.6g, ",
					 side, measure->calls, side, measure->errors,
					 side, judge_mean_us(measure) / 1000.0,
					 side, quantile_ms(measure, 0.95), side,
					 measure->rows / calls, side, judge_blocks(measure), side,
					 measure->blocks_read / calls, side, measure->wal / calls);
}

/* The figures of one statement. */
static void
append_comparison(StringInfo json, const MeasureComparison *comparison)
{
	const Measure *after = comparison->after;
	char	   *route;
	char	   *line;

	find_route_and_line(after->queryid, &route, &line);
	appendStringInfo(json, "{\"queryid\": %lld, ",
					 (long long) (int64) after->queryid);
	append_json_string(json, "route", route);
	append_json_string(json, "statement", line);
	append_json_string(json, "kind", after->write ? "write" : "read");
	append_json_string(json, "judgement", judgement_name(comparison->judgement));
	append_json_string(json, "rule", judge_rule_name(comparison->rule));
	if (after->foreseen)
		appendStringInfoString(json, "\"foreseen\": true, ");
	if (comparison->planner_check != PLANNER_CHECK_NONE)
		append_json_string(json, "planner", planner_check_name(comparison->planner_check));
	append_json_side(json, "before", comparison->before);
	append_json_side(json, "after", after);
	if (comparison->is_overhead)
		appendStringInfo(json, "\"write_overhead_share\": %.2f, ", after->write ?
						 comparison->overhead_share : comparison->hot_share);
	appendStringInfo(json, "\"saved_ms\": %.6g, \"faster_share\": %.4f,"
					 " \"deviation\": %.2f, \"mean_deviation\": %.2f,"
					 " \"tail_chance\": %.3g}", comparison->saved_us / 1000.0,
					 comparison->superiority, comparison->deviation,
					 comparison->mean_deviation, comparison->tail_chance);
}

/*
 * The figures of the verdict as JSON: times in milliseconds, blocks and rows per
 * call, one member of "statements" for each that was called since.  Within
 * job_begin() and job_end().
 */
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
	if (trial->failing > 0)
		appendStringInfo(&json, "\"failing\": %d, ", trial->failing);
	appendStringInfoString(&json, "\"statements\": [");
	for (int i = 0; i < trial->count; i++)
	{
		const Measure *after = trial->comparisons[i].after;

		if (after->calls + after->errors == 0)
			continue;
		appendStringInfoString(&json, separator);
		append_comparison(&json, &trial->comparisons[i]);
		separator = ", ";
	}
	appendStringInfoString(&json, "]}");
	return json.data;
}
