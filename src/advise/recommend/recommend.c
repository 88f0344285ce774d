/*-------------------------------------------------------------------------
 *
 * recommend.c
 *	  clipperf_recommend(): runs the advisor and keeps what it says.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/recommend/recommend.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "common/owner.h"
#include "settings.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_advise(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_advise);

#define RECOMMEND_COLUMNS 14

/* Statements that could not be planned whose reasons are told at once. */
#define REASONS_TOLD 3

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
	ARG_STATEMENTS
};

/* Refuse a value that makes no sense. */
static void
require(bool condition, const char *argument, const char *hint)
{
	if (!condition)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range", argument),
				 errhint("%s", hint)));
}

/* When a limit of time, given as an interval, will have run out. */
static TimestampTz
read_deadline(FunctionCallInfo fcinfo)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz deadline;

	if (PG_ARGISNULL(ARG_TIME_LIMIT))
		return 0;
	deadline = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
													   TimestampTzGetDatum(now),
													   PG_GETARG_DATUM(ARG_TIME_LIMIT)));
	require(deadline > now, "time_limit", "Give an interval above zero.");
	return deadline;
}

/* How to advise. */
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
		require(options.limits.bytes >= 0, "storage_budget",
				"Give a size such as '500 MB'.");
	}
	if (!PG_ARGISNULL(ARG_MAX_INDEXES))
	{
		options.limits.indexes = PG_GETARG_INT32(ARG_MAX_INDEXES);
		require(options.limits.indexes >= 0, "max_indexes",
				"Give the number of indexes to choose at most.");
	}
	if (!PG_ARGISNULL(ARG_MIN_BENEFIT))
	{
		options.limits.least_share = PG_GETARG_FLOAT8(ARG_MIN_BENEFIT);
		require(options.limits.least_share >= 0 &&
				options.limits.least_share <= 1, "min_benefit",
				"Give a share of the time of all statements, from 0 to 1.");
	}
	options.deadline = read_deadline(fcinfo);
	options.allow_functions = !PG_ARGISNULL(ARG_ALLOW_FUNCTIONS) &&
		PG_GETARG_BOOL(ARG_ALLOW_FUNCTIONS);
	return options;
}

/* Which of the statements observed to consider. */
static WorkloadFilter
read_filter(FunctionCallInfo fcinfo, TimestampTz deadline)
{
	WorkloadFilter filter = {.min_calls = 1,.deadline = deadline};

	if (!PG_ARGISNULL(ARG_MIN_CALLS))
		filter.min_calls = PG_GETARG_INT64(ARG_MIN_CALLS);
	if (!PG_ARGISNULL(ARG_SINCE))
		filter.since = PG_GETARG_TIMESTAMPTZ(ARG_SINCE);
	if (!PG_ARGISNULL(ARG_QUERYIDS))
		filter.queryids = workload_queryids(PG_GETARG_ARRAYTYPE_P(ARG_QUERYIDS));
	return filter;
}

static Datum
queryid_array(const List *queryids)
{
	Datum	   *values = palloc(sizeof(Datum) * Max(list_length(queryids), 1));
	ListCell   *lc;

	foreach(lc, queryids)
		values[foreach_current_index(lc)] =
		Int64GetDatum((int64) *(uint64 *) lfirst(lc));
	return PointerGetDatum(construct_array(values, list_length(queryids),
										   INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
set_text(Datum *values, bool *nulls, int i, const char *string)
{
	nulls[i] = string == NULL;
	if (string != NULL)
		values[i] = CStringGetTextDatum(string);
}

static void
set_float(Datum *values, bool *nulls, int i, double value)
{
	nulls[i] = isnan(value);
	values[i] = Float8GetDatum(value);
}

/* The columns of a row, but for the number, which the table gives. */
static void
fill_row(const Advice *advice, Datum *values, bool *nulls)
{
	int			i = 1;

	set_text(values, nulls, i++, advice->action);
	nulls[i] = !OidIsValid(advice->relid);
	values[i++] = ObjectIdGetDatum(advice->relid);
	nulls[i] = advice->index_name == NULL;
	if (advice->index_name != NULL)
		values[i] = DirectFunctionCall1(namein,
										CStringGetDatum(advice->index_name));
	i++;
	set_text(values, nulls, i++, advice->ddl);
	set_text(values, nulls, i++, advice->source);
	set_text(values, nulls, i++, "new");
	set_float(values, nulls, i++, advice->benefit_share);
	set_float(values, nulls, i++, advice->cost_before);
	set_float(values, nulls, i++, advice->cost_after);
	nulls[i] = advice->size_bytes < 0;
	values[i++] = Int64GetDatum(advice->size_bytes);
	set_float(values, nulls, i++, advice->write_cost_share);
	nulls[i] = false;
	values[i++] = queryid_array(advice->queryids);
	set_text(values, nulls, i++, advice->reason);
	Assert(i == RECOMMEND_COLUMNS);
}

/* The kind of finding that the report makes of it, or NULL. */
static const char *
finding_kind(const Advice *advice)
{
	if (strcmp(advice->action, "create") == 0)
		return "missing_index";
	if (strcmp(advice->action, "drop") != 0)
		return NULL;
	return advice->kind != NULL && strcmp(advice->kind, ADVICE_UNUSED) == 0 ?
		"unused_index" : "redundant_index";
}

/* Insert one row by SPI; its number is values[0] then. */
static void
insert_row(SPIPlanPtr plan, const Advice *advice, const char *user,
		   Datum *values, bool *nulls)
{
	const char *kind = finding_kind(advice);
	Datum		arguments[RECOMMEND_COLUMNS + 1];
	char		flags[RECOMMEND_COLUMNS + 2];
	bool		isnull;

	for (int i = 1; i < RECOMMEND_COLUMNS; i++)
	{
		arguments[i - 1] = values[i];
		flags[i - 1] = nulls[i] ? 'n' : ' ';
	}
	arguments[RECOMMEND_COLUMNS - 1] =
		DirectFunctionCall1(namein, CStringGetDatum(user));
	flags[RECOMMEND_COLUMNS - 1] = ' ';
	arguments[RECOMMEND_COLUMNS] = kind ? CStringGetTextDatum(kind) : (Datum) 0;
	flags[RECOMMEND_COLUMNS] = kind ? ' ' : 'n';
	flags[RECOMMEND_COLUMNS + 1] = '\0';
	if (SPI_execute_plan(plan, arguments, flags, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "a recommendation could not be kept");
	values[0] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							  &isnull);
	nulls[0] = isnull;
}

/* Take out the caller's earlier recommendations that nothing was made of. */
static void
delete_old(const char *table, const char *user)
{
	Oid			types[] = {NAMEOID};
	Datum		values[] = {DirectFunctionCall1(namein, CStringGetDatum(user))};

	SPI_execute_with_args(psprintf("DELETE FROM %s WHERE status = 'new' AND made_by = $1",
								   table),
						  1, types, values, NULL, false, 0);
}

static SPIPlanPtr
prepare_insert(const char *table)
{
	Oid			types[] = {
		TEXTOID, REGCLASSOID, NAMEOID, TEXTOID, TEXTOID, TEXTOID, FLOAT8OID,
		FLOAT8OID, FLOAT8OID, INT8OID, FLOAT8OID, INT8ARRAYOID, TEXTOID, NAMEOID, TEXTOID
	};

	return SPI_prepare(psprintf("INSERT INTO %s (action, relation, index_name, ddl, source, status, benefit_share,"
								" cost_before, cost_after, size_bytes, write_cost_share, queryids, reason, made_by, kind)"
								" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id",
								table),
					   lengthof(types), types);
}

/* Keep all rows; the current user owns the table. */
static void
store_rows(List *advice, Oid schema, const char *user, ReturnSetInfo *result)
{
	const char *table =
		quote_qualified_identifier(get_namespace_name(schema),
								   "clipperf_recommendations");
	SPIPlanPtr	plan;
	ListCell   *lc;

	SPI_connect();
	delete_old(table, user);
	plan = prepare_insert(table);
	foreach(lc, advice)
	{
		Datum		values[RECOMMEND_COLUMNS] = {0};
		bool		nulls[RECOMMEND_COLUMNS] = {0};

		fill_row(lfirst(lc), values, nulls);
		insert_row(plan, lfirst(lc), user, values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
}

/* Return rows that cannot be kept, on a standby for instance. */
static void
return_rows(List *advice, ReturnSetInfo *result)
{
	ListCell   *lc;

	foreach(lc, advice)
	{
		Datum		values[RECOMMEND_COLUMNS] = {0};
		bool		nulls[RECOMMEND_COLUMNS] = {0};

		nulls[0] = true;		/* no number */
		fill_row(lfirst(lc), values, nulls);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* The owner of the table of recommendations. */
static Oid
table_owner(Oid schema)
{
	Oid			owner = owner_of_relation(get_relname_relid("clipperf_recommendations", schema));

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the table clipperf_recommendations is missing"),
				 errhint("Run ALTER EXTENSION clipperf UPDATE.")));
	return owner;
}

/* Keep the rows as the caller's last run, and return them. */
void
recommend_store(List *advice, Oid schema, ReturnSetInfo *result)
{
	const char *name = GetUserNameFromId(GetUserId(), false);
	Oid			user;
	int			context;
	int			level;

	if (RecoveryInProgress() || XactReadOnly)
	{
		return_rows(advice, result);
		return;
	}
	GetUserIdAndSecContext(&user, &context);
	level = NewGUCNestLevel();
	SetUserIdAndSecContext(table_owner(schema),
						   context | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	settings_pause();
	PG_TRY();
	{
		store_rows(advice, schema, name, result);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(user, context);
	}
	PG_END_TRY();
	AtEOXact_GUC(false, level);
}

/* Tell of the statements that could not be planned, the first few why. */
static void
tell_problems(const Advisor *advisor)
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
			appendStringInfo(&reasons, "%s%.60s: %s",
							 failed > 1 ? "\n" : "",
							 statement->text ? statement->text : "(no text)",
							 statement->problem);
	}
	if (failed > 0)
		ereport(NOTICE,
				(errmsg("%d of %d statements could not be planned again",
						failed, list_length(advisor->statements)),
				 errdetail_internal("%s", reasons.data),
				 errhint("clipperf_workload() lists what was observed and what keeps it from being planned.")));
}

/* Tell those who look closely what was searched. */
static void
tell_search(const Advisor *advisor)
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

/* Tell what the rows do not say. */
static void
tell_rest(const Advisor *advisor)
{
	if (advisor->statements == NIL)
		ereport(NOTICE,
				(errmsg("no statement to advise on was observed"),
				 errhint("Let the application run for a while, with clipperf.capture_parameters on.")));
	if (advisor->estimator.late)
		ereport(NOTICE,
				(errmsg("the time limit ended the search"),
				 errdetail("This is the best found until then.")));
	tell_problems(advisor);
	tell_search(advisor);
}

/* The statements handed in, else those observed. */
static List *
read_statements(FunctionCallInfo fcinfo, TimestampTz deadline)
{
	WorkloadFilter filter;

	if (!PG_ARGISNULL(ARG_STATEMENTS))
		return workload_from_texts(PG_GETARG_ARRAYTYPE_P(ARG_STATEMENTS));
	filter = read_filter(fcinfo, deadline);
	return workload_load(&filter);
}

/* What to build, drop and leave alone. */
static List *
make_advice(Advisor *advisor, TimestampTz unused_since)
{
	List	   *advice;

	advisor_choose(advisor);
	advice = recommend_chosen(advisor);
	advice = recommend_foreign_keys(advisor, advice);
	recommend_tell_locks(advice);
	advice = list_concat(advice, recommend_drops(advisor, unused_since));
	advice = list_concat(advice, recommend_late(advisor));
	advice = list_concat(advice, recommend_refused(advisor));
	return list_concat(advice, recommend_unplanned(advisor));
}

/*
 * clipperf_advise(storage_budget, max_indexes, min_benefit, index_set,
 * time_limit, allow_functions, min_calls, since, queryids, unused_since,
 * statements): the rows of clipperf_recommend() and clipperf_recommend_for().
 */
Datum
clipperf_advise(PG_FUNCTION_ARGS)
{
	AdvisorOptions options = read_options(fcinfo);
	Advisor    *advisor;
	List	   *advice;

	store_require();
	advisor = advisor_make(read_statements(fcinfo, options.deadline), &options);
	if (PG_ARGISNULL(ARG_INDEX_SET))
		advice = make_advice(advisor, PG_ARGISNULL(ARG_UNUSED_SINCE) ? DT_NOBEGIN :
							 PG_GETARG_TIMESTAMPTZ(ARG_UNUSED_SINCE));
	else
		advice = recommend_set(advisor,
							   text_to_cstring(PG_GETARG_TEXT_PP(ARG_INDEX_SET)));
	tell_rest(advisor);
	InitMaterializedSRF(fcinfo, 0);
	recommend_store(advice, get_func_namespace(fcinfo->flinfo->fn_oid),
					(ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
