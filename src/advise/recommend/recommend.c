/*-------------------------------------------------------------------------
 *
 * recommend.c
 *	  clipperf_recommend(): runs the advisor and puts together what it says.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend_parts.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "advise/recommend/recommend_scans.h"
#include "common/arguments.h"
#include "common/clock.h"
#include "common/excerpt.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_advise(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_advise);

/* Statements that could not be planned whose reasons are told at once. */
#define REASONS_TOLD 3
/* Bytes of their texts that are told, at most. */
#define TEXT_TOLD 60

/* Positions of the arguments. */
enum
{
	ARG_BUDGET,
	ARG_MAX_INDEXES,
	ARG_MIN_BENEFIT,
	ARG_INDEX_SET,
	ARG_TIME_LIMIT,
	ARG_ALLOW_FUNCTIONS,
	ARG_MIN_CALLS,
	ARG_SINCE,
	ARG_QUERYIDS,
	ARG_UNUSED_SINCE,
	ARG_STATEMENTS,
	ARG_WEIGHTS
};

/*
 * The time of clock_us() at which the time limit, given as an interval, will
 * have run out; 0 = none.
 */
static int64
read_deadline(FunctionCallInfo fcinfo)
{
	int64		deadline_us;

	if (PG_ARGISNULL(ARG_TIME_LIMIT))
		return 0;
	deadline_us = clock_after(PG_GETARG_INTERVAL_P(ARG_TIME_LIMIT));
	argument_require_range(deadline_us > clock_us(), "time_limit",
						   "Give an interval above zero.");
	return deadline_us;
}

/* The OIDs in a regprocedure[]; NULLs do not count. */
static List *
read_functions(ArrayType *array)
{
	List	   *functions = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, REGPROCEDUREOID, sizeof(Oid), true, TYPALIGN_INT,
					  &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			functions = lappend_oid(functions, DatumGetObjectId(elements[i]));
	return functions;
}

/*
 * How to advise, by the arguments.  Raises an error for values out of range.
 */
static AdvisorOptions
read_options(FunctionCallInfo fcinfo)
{
	AdvisorOptions options = {
		.limits = {.bytes = -1,.indexes = -1,.least_share = 0}
	};

	if (!PG_ARGISNULL(ARG_BUDGET))
	{
		options.limits.bytes =
			DatumGetInt64(DirectFunctionCall1(pg_size_bytes,
											  PG_GETARG_DATUM(ARG_BUDGET)));
		argument_require_range(options.limits.bytes >= 0, "storage_budget",
							   "Give a size such as '500 MB'.");
	}
	if (!PG_ARGISNULL(ARG_MAX_INDEXES))
	{
		options.limits.indexes = PG_GETARG_INT32(ARG_MAX_INDEXES);
		argument_require_range(options.limits.indexes >= 0, "max_indexes",
							   "Give the number of indexes to choose at most.");
	}
	if (!PG_ARGISNULL(ARG_MIN_BENEFIT))
	{
		options.limits.least_share = PG_GETARG_FLOAT8(ARG_MIN_BENEFIT);
		argument_require_range(options.limits.least_share >= 0 &&
							   options.limits.least_share <= 1, "min_benefit",
							   "Give a share of the time of all statements, from 0 to 1.");
	}
	options.deadline_us = read_deadline(fcinfo);
	if (!PG_ARGISNULL(ARG_ALLOW_FUNCTIONS))
		options.allowed_functions =
			read_functions(PG_GETARG_ARRAYTYPE_P(ARG_ALLOW_FUNCTIONS));
	return options;
}

/* Which of the statements observed to consider, by the arguments. */
static WorkloadFilter
read_filter(FunctionCallInfo fcinfo, int64 deadline_us)
{
	WorkloadFilter filter = {.min_calls = 1,.deadline_us = deadline_us};

	if (!PG_ARGISNULL(ARG_MIN_CALLS))
		filter.min_calls = workload_min_calls(PG_GETARG_INT64(ARG_MIN_CALLS));
	if (!PG_ARGISNULL(ARG_SINCE))
		filter.since = argument_past(PG_GETARG_TIMESTAMPTZ(ARG_SINCE), "since");
	if (!PG_ARGISNULL(ARG_QUERYIDS))
		filter.queryids = workload_queryids(PG_GETARG_ARRAYTYPE_P(ARG_QUERYIDS));
	return filter;
}

/* Append a line of the beginning of a statement and why it has no plan. */
static void
append_unplanned(StringInfo reasons, const WorkloadStatement *statement)
{
	const char *text = statement->text == NULL ? "(no text)" :
		excerpt_of(statement->text, TEXT_TOLD);
	int			length = excerpt_clip(text, TEXT_TOLD);

	appendStringInfo(reasons, "%s%.*s%s: %s", reasons->len > 0 ? "\n" : "",
					 length, text, text[length] == '\0' ? "" : "...",
					 statement->problem);
}

/* Notice of the statements that could not be planned, of the first few why. */
static void
report_unplanned(const Advisor *advisor)
{
	StringInfoData reasons;
	int			failed = 0;
	ListCell   *lc;

	initStringInfo(&reasons);
	foreach(lc, advisor->statements)
	{
		const WorkloadStatement *statement = lfirst(lc);

		if (statement->problem == NULL)
			continue;
		if (failed++ < REASONS_TOLD)
			append_unplanned(&reasons, statement);
	}
	if (failed > 0)
		ereport(NOTICE,
				(errmsg("%d of %d statements could not be planned again",
						failed, list_length(advisor->statements)),
				 errdetail_internal("%s", reasons.data),
				 errhint("clipperf_workload() lists what was observed and what keeps it from being planned.")));
}

/* Log what was searched, for those who debug. */
static void
log_search(const Advisor *advisor)
{
	ListCell   *lc;

	ereport(DEBUG1,
			(errmsg_internal("%d candidates, %lld questions to the planner",
							 list_length(advisor->candidates),
							 (long long) advisor->estimator.questions)));
	if (!message_level_is_interesting(DEBUG2))
		return;
	foreach(lc, advisor->candidates)
		ereport(DEBUG2,
				(errmsg_internal("candidate: %s",
								 index_def_ddl(((Candidate *) lfirst(lc))->def,
											   false, false))));
}

/* Notice of the statements that were not planned with all candidates at once. */
static void
report_shortened(const Advisor *advisor)
{
	StringInfoData texts;
	int			count = 0;

	initStringInfo(&texts);
	for (int i = 0; i < advisor->estimator.nstatements; i++)
	{
		const EstimatedStatement *statement = &advisor->estimator.statements[i];

		if (!statement->shortened)
			continue;
		appendStringInfo(&texts, "%s%s", count++ > 0 ? "\n" : "",
						 statement->workload->text == NULL ? "(no text)" :
						 excerpt_of(statement->workload->text, TEXT_TOLD));
	}
	if (count > 0)
		ereport(NOTICE,
				(errmsg("%d of %d statements were planned with fewer candidates at a time, since all at once are too much for the planner",
						count, advisor->estimator.nstatements),
				 errdetail_internal("%s", texts.data)));
}

/* Notices of what the rows do not say. */
static void
report_run(const Advisor *advisor)
{
	if (advisor->statements == NIL)
		ereport(NOTICE,
				(errmsg("no statement to advise on was observed"),
				 has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS) ?
				 errhint("Let the application run for a while.") :
				 errhint("Only statements of role \"%s\" were looked at. Members of pg_read_all_stats are advised on those of all roles.",
						 GetUserNameFromId(GetUserId(), false))));
	if (advisor->estimator.late)
		ereport(NOTICE,
				(errmsg("search stopped at the time limit"),
				 errdetail("These are the best indexes found until then.")));
	report_unplanned(advisor);
	report_shortened(advisor);
	log_search(advisor);
}

/*
 * The statements handed in, else those observed.  What has loaded the tables once
 * is left out, unless the caller names the statements.
 */
static List *
read_statements(FunctionCallInfo fcinfo, int64 deadline_us)
{
	WorkloadFilter filter;
	List	   *statements;

	if (!PG_ARGISNULL(ARG_STATEMENTS))
		return workload_from_texts(PG_GETARG_ARRAYTYPE_P(ARG_STATEMENTS),
								   PG_ARGISNULL(ARG_WEIGHTS) ? NULL :
								   PG_GETARG_ARRAYTYPE_P(ARG_WEIGHTS));
	filter = read_filter(fcinfo, deadline_us);
	statements = workload_load(&filter);
	return filter.queryids == NIL ? workload_without_loads(statements) : statements;
}

/* Choose indexes, and advise what to build, drop and leave alone. */
static List *
make_advice(Advisor *advisor, TimestampTz unused_since)
{
	List	   *advice;

	advisor_choose(advisor);
	advice = recommend_chosen(advisor);
	advice = recommend_foreign_keys(advisor, advice);
	recommend_tell_locks(advice);
	advice = list_concat(advice, recommend_drops(advisor, unused_since));
	advice = recommend_fold_alike(advice);
	advice = list_concat(advice, recommend_late(advisor));
	advice = list_concat(advice, recommend_refused(advisor));
	return list_concat(advice, recommend_unplanned(advisor));
}

/*
 * clipperf_advise(storage_budget, max_indexes, min_benefit, index_set,
 * time_limit, allow_functions, min_calls, since, queryids, unused_since,
 * statements, weights): the rows of clipperf_recommend() and clipperf_recommend_for().
 */
Datum
clipperf_advise(PG_FUNCTION_ARGS)
{
	AdvisorOptions options;
	Advisor    *advisor;
	TimestampTz unused_since;
	AdviceRun	run = {.handed_in = !PG_ARGISNULL(ARG_STATEMENTS)};

	store_require();
	options = read_options(fcinfo);
	unused_since = PG_ARGISNULL(ARG_UNUSED_SINCE) ? DT_NOBEGIN :
		argument_past(PG_GETARG_TIMESTAMPTZ(ARG_UNUSED_SINCE), "unused_since");
	options.built = recommend_built();
	advisor = advisor_make(read_statements(fcinfo, options.deadline_us), &options);
	if (PG_ARGISNULL(ARG_INDEX_SET))
		run.rows = make_advice(advisor, unused_since);
	else
		run.rows = recommend_set(advisor,
								 text_to_cstring(PG_GETARG_TEXT_PP(ARG_INDEX_SET)));
	run.budget = options.limits.bytes;
	run.explains_scans = !run.handed_in && PG_ARGISNULL(ARG_INDEX_SET);
	if (run.explains_scans)
		run.scans = recommend_scans(advisor, run.rows,
									PG_ARGISNULL(ARG_SINCE) && PG_ARGISNULL(ARG_QUERYIDS) &&
									(PG_ARGISNULL(ARG_MIN_CALLS) || PG_GETARG_INT64(ARG_MIN_CALLS) <= 1));
	report_run(advisor);
	InitMaterializedSRF(fcinfo, 0);
	recommend_store(&run, get_func_namespace(fcinfo->flinfo->fn_oid),
					(ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
