/*-------------------------------------------------------------------------
 *
 * explain_estimate.c
 *	  Why the planner expects other numbers of rows than come, and what helps.
 *
 * Of what may help, in this order, the first is handed out with which the planner would
 * be right: new statistics (ANALYZE), if rows were changed since; statistics of an
 * expression; larger ones of a column; extended ones of several columns; new statistics
 * in any case, as another sample may be a better one.  All are computed on a sample of the table,
 * in memory; see offered_statistics.c and extended_statistics.c for how they are tried.
 * Where none helps, nothing is handed out.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_trial.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_statistic.h"
#include "fmgr.h"
#include "funcapi.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "advise/statistics/statistics_text.h"
#include "advise/workload/workload_problem.h"
#include "common/arguments.h"
#include "common/result_rows.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_explain_estimate(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_explain_estimate);

#define EXPLANATION_COLUMNS 3

/* Targets that are tried for statistics of columns, beside that which there is. */
static const int targets[] = {200, 500, 1000, 2500, 5000, 10000};

/*
 * Statistics are old when so many rows were changed since: rows that are 100 times as
 * many as expected may be a hundredth of the table.
 */
#define OLD_SHARE	0.01

/* A question about a statement, and the answer. */
typedef struct Explanation
{
	const WorkloadStatement *statement;
	Oid			relation;		/* of a scan; InvalidOid for groups */
	bool		too_few;		/* rows were expected */
	StatisticsTrial trial;
	SampledValues values;
	uint32		columns;		/* operands that are, as bits */
	uint32		expressions;	/* the others */
	char	   *said;			/* what was found out, for people */
	char	   *fix;			/* SQL that helps; NULL = none is known */
	TimestampTz collected;		/* time of the last ANALYZE of the table; 0 =
								 * not known */
} Explanation;

/* A number that the server's statistics keep of a table; false if there is none. */
static bool
table_figure(PGFunction figure, Oid relid, Datum *value)
{
	LOCAL_FCINFO(fcinfo, 1);

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(relid);
	fcinfo->args[0].isnull = false;
	*value = figure(fcinfo);
	return !fcinfo->isnull;
}

/* When ANALYZE last ran on a table, by hand or not; 0 if that is not known. */
static TimestampTz
last_analyze(Oid relid)
{
	Datum		value;
	TimestampTz last = 0;

	if (table_figure(pg_stat_get_last_analyze_time, relid, &value))
		last = DatumGetTimestampTz(value);
	if (table_figure(pg_stat_get_last_autoanalyze_time, relid, &value))
		last = Max(last, DatumGetTimestampTz(value));
	return last;
}

/* Has the catalog no statistics of one of the columns? */
static bool
lacks_statistics(const StatisticsTrial *trial)
{
	for (int i = 0; i < trial->noperands; i++)
	{
		if (trial_is_column(trial, i) &&
			!SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(trial->relid),
								   Int16GetDatum(((const Var *) trial->operand[i])->varattno),
								   BoolGetDatum(false)))
			return true;
	}
	return false;
}

/* Were statistics of the table collected before OLD_SHARE of its rows were changed? */
static bool
statistics_are_old(const StatisticsTrial *trial)
{
	Datum		changed;

	return lacks_statistics(trial) || last_analyze(trial->relid) == 0 ||
		!table_figure(pg_stat_get_mod_since_analyze, trial->relid, &changed) ||
		DatumGetInt64(changed) >= OLD_SHARE * trial->tuples;
}

/* What the statistics of the table are, in words. */
static char *
state_of_statistics(const StatisticsTrial *trial)
{
	const char *table = statistics_table(trial);
	TimestampTz last = last_analyze(trial->relid);
	Datum		changed;

	if (lacks_statistics(trial))
		return psprintf("statistics of %s were never collected", table);
	if (last == 0 || !table_figure(pg_stat_get_mod_since_analyze, trial->relid, &changed))
		return psprintf("when statistics of %s were collected is not known", table);
	return psprintf("since statistics of %s were collected at %s, " INT64_FORMAT " rows were changed",
					table, timestamptz_to_str(last), DatumGetInt64(changed));
}

/* What the sample says, in words. */
static char *
state_of_rows(const Explanation *about)
{
	const StatisticsTrial *trial = &about->trial;

	return psprintf("by a sample of %d rows, %.0f of %.0f rows of %s %s, and the planner expects %.0f",
					trial->sampled, trial->rows, trial->tuples, statistics_table(trial),
					trial->nconditions > 0 ?
					"meet its conditions" :
					psprintf("differ in (%s)",
							 statistics_operands(trial, about->columns | about->expressions)),
					trial->expected);
}

/* Hand out a fix, with which the planner would expect so many rows. */
static bool
hand_out(Explanation *about, const char *why, double expected, char *fix)
{
	about->said = psprintf("%s; %s; %s it would expect %.0f", state_of_rows(about),
						   state_of_statistics(&about->trial), why, expected);
	about->fix = fix;
	return true;
}

/* Would new statistics help, as large as they are? */
static bool
try_analyze(Explanation *about)
{
	StatisticsTrial *trial = &about->trial;
	double		expected = offered_estimate(trial, &about->values, about->columns, 0, 0);
	const char *table = statistics_table(trial);

	return !trial_is_wrong(trial, expected) &&
		hand_out(about, "with statistics of this sample", expected,
				 psprintf("ANALYZE %s;", table));
}

/* Would statistics of the expressions that it compares, which must be immutable? */
static bool
try_expressions(Explanation *about)
{
	StatisticsTrial *trial = &about->trial;
	double		expected;
	StringInfoData fix;

	if (about->expressions == 0)
		return false;
	for (int i = 0; i < trial->noperands; i++)
	{
		if ((about->expressions & (1U << i)) != 0 &&
			contain_mutable_functions(trial->operand[i]))
			return false;
	}
	expected = offered_estimate(trial, &about->values,
								about->columns | about->expressions, 0, 0);
	if (trial_is_wrong(trial, expected))
		return false;
	initStringInfo(&fix);
	for (int i = 0; i < trial->noperands; i++)
	{
		if ((about->expressions & (1U << i)) != 0)
			appendStringInfo(&fix, "%s%s", fix.len > 0 ? "\n" : "",
							 statistics_create(trial, NULL, 1U << i));
	}
	return hand_out(about, psprintf("with statistics of (%s) of this sample",
									statistics_operands(trial, about->expressions)),
					expected, fix.data);
}

/* Would larger statistics of some columns? */
static bool
try_larger(Explanation *about, uint32 operands)
{
	StatisticsTrial *trial = &about->trial;

	for (int i = 0; i < lengthof(targets); i++)
	{
		double		expected;
		int			now = 0;

		for (int operand = 0; operand < trial->noperands; operand++)
		{
			if ((operands & (1U << operand)) != 0)
				now = Max(now, statistics_target(trial, operand));
		}
		if (targets[i] <= now)
			continue;
		expected = offered_estimate(trial, &about->values, about->columns, operands,
									targets[i]);
		if (!trial_is_wrong(trial, expected))
			return hand_out(about, psprintf("with statistics of (%s) of this sample with a target of %d instead of %d",
											statistics_operands(trial, operands),
											targets[i], now), expected,
							statistics_alter(trial, operands, targets[i]));
	}
	return false;
}

/* Would larger statistics of one column, or of all? */
static bool
try_targets(Explanation *about)
{
	for (int i = 0; i < about->trial.noperands; i++)
	{
		if ((about->columns & (1U << i)) != 0 && try_larger(about, 1U << i))
			return true;
	}
	return about->columns != 0 && (about->columns & (about->columns - 1)) != 0 &&
		try_larger(about, about->columns);
}

/* Hand out extended statistics, or ANALYZE where they were created and not collected. */
static bool
hand_out_extended(Explanation *about, const char *kind, uint32 operands, double expected)
{
	StatisticsTrial *trial = &about->trial;
	const char *there = statistics_not_built(trial, operands);
	const char *why = psprintf("as if (%s) had nothing to do with each other; with extended statistics (%s), computed on this sample,",
							   statistics_operands(trial, operands), kind);

	if (there != NULL)
		return hand_out(about, psprintf("%s as %s has since ANALYZE ran last,", why, there),
						expected, psprintf("ANALYZE %s;", statistics_table(trial)));
	return hand_out(about, why, expected, statistics_create(trial, kind, operands));
}

/* Would extended statistics? */
static bool
try_extended(Explanation *about)
{
	StatisticsTrial *trial = &about->trial;
	uint32		operands = 0;
	double		expected;
	double		simple;

	if (trial->nconditions == 0)
		return trial->noperands > 1 &&
			hand_out_extended(about, "ndistinct", about->columns | about->expressions,
							  trial->rows);
	expected = dependencies_estimate(trial, &about->values, &operands);
	if (expected >= 0 && !trial_is_wrong(trial, expected))
		return hand_out_extended(about, "dependencies", operands, expected);
	simple = offered_estimate(trial, &about->values, about->columns, 0, 0);
	expected = mcv_estimate(trial, &about->values, simple / Max(trial->tuples, 1),
							&operands);
	return expected >= 0 && !trial_is_wrong(trial, expected) &&
		hand_out_extended(about, "mcv", operands, expected);
}

/*
 * Try what may help.  Of partitions only ANALYZE is: the others would have to be repeated
 * for each of them, and those of a partitioned table serve no scan of a partition.
 */
static bool
find_fix(Explanation *about)
{
	bool		is_partition = about->trial.relid != about->trial.named;

	if (statistics_are_old(&about->trial) && try_analyze(about))
		return true;
	if (!is_partition &&
		(try_expressions(about) || try_targets(about) || try_extended(about)))
		return true;
	return try_analyze(about);
}

/* SandboxWork: find out what the planner is wrong about, and try what may help. */
static void
explain_guess(void *arg)
{
	Explanation *about = arg;
	StatisticsTrial *trial = &about->trial;
	bool		found;

	(void) set_config_option("max_parallel_workers_per_gather", "0", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	found = OidIsValid(about->relation) ?
		guessed_scan_find(about->statement, about->relation, about->too_few, trial) :
		guessed_groups_find(about->statement, trial);
	if (!found || !sampled_values(trial, &about->values))
	{
		about->said = OidIsValid(about->relation) ?
			"its conditions, or the table, cannot be tested on a sample" :
			"what it groups is not the rows of one table";
		return;
	}
	if (trial->nconditions == 0)
	{
		trial->rows = distinct_estimate(trial, &about->values);
		trial->rows_low = trial->rows_high = trial->rows;
	}
	trial->expected = offered_estimate(trial, &about->values, 0, 0, 0);
	about->collected = last_analyze(trial->relid);
	for (int i = 0; i < trial->noperands; i++)
	{
		if (trial_is_column(trial, i))
			about->columns |= 1U << i;
		else
			about->expressions |= 1U << i;
	}
	if (!trial_is_wrong(trial, trial->expected))
		about->said = psprintf("%s, with the values of the executions that are known: so the plan was made for other values, or for none (plan_cache_mode)",
							   state_of_rows(about));
	else if (!find_fix(about))
		about->said = psprintf("%s; neither new statistics help, nor others%s",
							   state_of_rows(about), trial->relid == trial->named ? "" :
							   ", which are tried of whole tables only");
}

/* The statement as the user runs it, ready to be planned, or NULL and why not. */
static const WorkloadStatement *
find_statement(Oid userid, uint64 queryid, char **problem)
{
	WorkloadFilter filter = {.queryids = list_make1(&queryid)};
	ListCell   *lc;

	*problem = "nothing is kept of its executions";
	foreach(lc, workload_load(&filter))
	{
		const WorkloadStatement *statement = lfirst(lc);

		if (statement->userid != userid)
			continue;
		*problem = statement->problem;
		if (statement->problem == NULL && statement->variants != NIL)
			return statement;
	}
	return NULL;
}

/*
 * Fill in the answer about a scan of a system catalog, of which nothing is tried: whether
 * it has statistics is all that can be told.
 */
static void
explain_catalog(Explanation *about)
{
	const char *name = get_rel_name(about->relation);
	const char *catalog;

	if (name == NULL)
	{
		about->said = "there is no such table any more";
		return;
	}
	catalog = quote_qualified_identifier(get_namespace_name(get_rel_namespace(about->relation)),
										 name);
	about->collected = last_analyze(about->relation);
	if (about->collected != 0)
	{
		about->said = psprintf("%s is a system catalog, for which nothing but ANALYZE may help: it ran last at %s",
							   catalog, timestamptz_to_str(about->collected));
		return;
	}
	about->said = psprintf("no ANALYZE of the system catalog %s is known", catalog);
	about->fix = psprintf("ANALYZE %s;", catalog);
}

/* Fill in the answer about a scan, or about groups. */
static void
explain_statement(Explanation *about, Oid userid, uint64 queryid)
{
	char	   *problem;
	Sandbox		sandbox;
	ErrorData  *error;

	about->statement = find_statement(userid, queryid, &problem);
	if (about->statement == NULL)
	{
		about->said = psprintf("what would help could not be found out: %s",
							   problem == NULL ? "no values of it are known" : problem);
		return;
	}
	sandbox = workload_sandbox(about->statement);
	error = sandbox_run(&sandbox, explain_guess, about);
	if (error != NULL)
	{
		about->said = psprintf("what would help could not be found out: %s",
							   workload_problem(error));
		about->fix = NULL;
	}
}

/* What is said of a guess that no statistics tell anything about. */
static char *
say_of_guess(const char *guess)
{
	if (strcmp(guess, "join") == 0)
		return "how many rows of two tables belong together is a guess, for which there are no statistics";
	if (strcmp(guess, "function") == 0)
		return "how many rows a set-returning function returns is what its ROWS says; of a function of yours, ALTER FUNCTION ... ROWS sets it";
	return "there are no statistics of this";
}

/*
 * clipperf_explain_estimate(userid, queryid, relation, guess, too_few): why the planner
 * is wrong about a node of the statement's plan, as clipperf_read_bad_estimates() has it;
 * SQL with which it would not be, or null; and when statistics of the table were collected.
 * The relation may be null.  Error 22004 if the guess is.
 */
Datum
clipperf_explain_estimate(PG_FUNCTION_ARGS)
{
	Explanation about = {.too_few = PG_GETARG_BOOL(4)};
	char	   *guess;
	Datum		values[EXPLANATION_COLUMNS];
	bool		nulls[EXPLANATION_COLUMNS] = {false};
	TupleDesc	desc;
	int			i = 0;

	store_require();
	argument_require(fcinfo, 3, "guess");
	guess = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result_check_columns(desc, EXPLANATION_COLUMNS);
	if (strcmp(guess, "scan") == 0 && !PG_ARGISNULL(2))
		about.relation = PG_GETARG_OID(2);
	if (OidIsValid(about.relation) && about.relation < FirstNormalObjectId)
		explain_catalog(&about);
	else if (OidIsValid(about.relation) || strcmp(guess, "groups") == 0)
		explain_statement(&about, PG_GETARG_OID(0), (uint64) PG_GETARG_INT64(1));
	else
		about.said = say_of_guess(guess);
	result_set_text(values, nulls, i++, about.said);
	result_set_text(values, nulls, i++, about.fix);
	nulls[i] = about.collected == 0;
	values[i++] = TimestampTzGetDatum(about.collected);
	Assert(i == EXPLANATION_COLUMNS);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
