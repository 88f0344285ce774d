/*-------------------------------------------------------------------------
 *
 * plan_trial.c
 *	  Analyses and plans one statement as its user, on trial.
 *
 * The locks that analysis takes go with the sandbox, so what was analysed may
 * be stale by then.  A trial therefore counts only if its relations had been
 * locked by us before it began; else they are locked and it is repeated.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/plan_trial.h"

#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "advise/workload/sandbox_guard.h"
#include "advise/workload/setting_params.h"
#include "advise/workload/unknown_calls.h"
#include "advise/workload/workload_problem.h"
#include "common/table_lock.h"

/* Trials of a statement whose tables are changed again and again. */
#define ATTEMPTS 5

/* What the trees of a statement name. */
typedef struct Mentioned
{
	List	   *relids;
	Oid			extension;		/* ours */
	bool		ours;			/* one of our functions, or relations */
	bool		foreign;		/* a relation neither ours nor a catalog */
	char	   *temporary;		/* name of a temporary table */
} Mentioned;

/* ------------------------------------------------------------------------
 * In the sandbox
 * ------------------------------------------------------------------------ */

/* Take note of a relation. */
static void
mention_relation(Mentioned *mentioned, Oid relid)
{
	mentioned->relids = list_append_unique_oid(mentioned->relids, relid);
	if (relid < FirstNormalObjectId)
		return;
	if (get_rel_persistence(relid) == RELPERSISTENCE_TEMP)
		mentioned->temporary = get_rel_name(relid);
	if (getExtensionOfObject(RelationRelationId, relid) == mentioned->extension)
		mentioned->ours = true;
	else
		mentioned->foreign = true;
}

/* check_function_callback: is it one of ours? */
static bool
mention_function(Oid function, void *context)
{
	Mentioned  *mentioned = context;

	if (function >= FirstNormalObjectId && !mentioned->ours &&
		getExtensionOfObject(ProcedureRelationId,
							 function) == mentioned->extension)
		mentioned->ours = true;
	return false;
}

/* See that estimates call nothing that must not run here. */
static void
guard_estimates(Node *node)
{
	switch (nodeTag(node))
	{
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			sandbox_guard_operator(((OpExpr *) node)->opno);
			break;
		case T_ScalarArrayOpExpr:
			sandbox_guard_operator(((ScalarArrayOpExpr *) node)->opno);
			break;
		case T_Var:
		case T_Const:
		case T_Param:
		case T_FuncExpr:
			sandbox_guard_type(exprType(node));
			break;
		default:
			break;
	}
}

/*
 * Walk the trees: take note of what they name, and check the rights to the
 * relations, which the planner leaves to the executor.
 */
static bool
mention_walker(Node *node, void *context)
{
	Mentioned  *mentioned = context;
	Query	   *query = (Query *) node;
	ListCell   *lc;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
	{
		guard_estimates(node);
		(void) check_functions_in_node(node, mention_function, context);
		return expression_tree_walker(node, mention_walker, context);
	}
	foreach(lc, query->rtable)
	{
		Oid			relid = ((RangeTblEntry *) lfirst(lc))->relid;

		if (OidIsValid(relid))
		{
			sandbox_guard_relation(relid);
			mention_relation(mentioned, relid);
		}
	}
	CHECK_QUERY_PERMISSIONS(query);
	return query_tree_walker(query, mention_walker, context, 0);
}

/* The query of a materialized view, not analysed. */
static Node *
parse_view(const RangeVar *relation)
{
	Oid			view = RangeVarGetRelid(relation, NoLock, false);
	Datum		query = DirectFunctionCall1(pg_get_viewdef,
											ObjectIdGetDatum(view));

	return linitial_node(RawStmt,
						 pg_parse_query(TextDatumGetCString(query)))->stmt;
}

/* Put the query of a statement that wraps one in the statement's place. */
static void
unwrap(RawStmt *raw)
{
	SelectStmt *select;

	switch (nodeTag(raw->stmt))
	{
		case T_SelectStmt:
			select = (SelectStmt *) raw->stmt;
			while (select->op != SETOP_NONE)
				select = select->larg;
			select->intoClause = NULL;
			break;
		case T_DeclareCursorStmt:
			raw->stmt = ((DeclareCursorStmt *) raw->stmt)->query;
			break;
		case T_CreateTableAsStmt:
			raw->stmt = ((CreateTableAsStmt *) raw->stmt)->query;
			break;
		case T_ExplainStmt:
			raw->stmt = ((ExplainStmt *) raw->stmt)->query;
			break;
		case T_CopyStmt:
			if (((CopyStmt *) raw->stmt)->query != NULL)
				raw->stmt = ((CopyStmt *) raw->stmt)->query;
			break;
		case T_RefreshMatViewStmt:
			raw->stmt = parse_view(((RefreshMatViewStmt *) raw->stmt)->relation);
			break;
		case T_PrepareStmt:
			raw->stmt = ((PrepareStmt *) raw->stmt)->query;
			break;
		default:
			break;
	}
}

/* Parse one statement; NULL if there is a problem. */
static RawStmt *
parse(PlanTrial *trial)
{
	List	   *list = pg_parse_query(trial->text);
	RawStmt    *raw;

	if (list_length(list) != 1)
	{
		trial->problem = pstrdup(list == NIL ? "it is empty" :
								 "it is more than one statement");
		return NULL;
	}
	raw = linitial(list);
	unwrap(raw);
	return raw;
}

/* Analyse and rewrite. */
static List *
analyze_trial(const PlanTrial *trial, RawStmt *raw)
{
	Oid		   *types;
	int			nparams = trial->nparams;

	if (!trial->guess_types)
		return pg_analyze_and_rewrite_fixedparams(raw, trial->text,
												  trial->types, nparams, NULL);
	types = palloc(sizeof(Oid) * Max(nparams, 1));
	if (nparams > 0)
		memcpy(types, trial->types, sizeof(Oid) * nparams);
	/* pg_analyze_and_rewrite_varparams() refuses numbers that are left out */
	return pg_rewrite_query(parse_analyze_varparams(raw, trial->text, &types,
													&nparams, NULL));
}

/* Keep what can be planned; the statement's own query gives its name. */
static void
take_queries(PlanTrial *trial, List *queries)
{
	ListCell   *lc;

	trial->queries = NIL;
	foreach(lc, queries)
	{
		Query	   *query = lfirst(lc);

		if (query->canSetTag || trial->queries == NIL)
		{
			trial->command = query->commandType;
			trial->queryid = query->queryId;
		}
		query->queryId = 0;		/* so that nobody counts it */
		if (query->commandType != CMD_UTILITY)
			trial->queries = lappend(trial->queries, query);
		else if (query->canSetTag)
			trial->problem = psprintf("%s cannot be planned",
									  CreateCommandName(query->utilityStmt));
	}
	if (trial->queries == NIL && trial->problem == NULL)
		trial->problem = pstrdup("a rule leaves nothing of it to be planned");
}

/* Copies of what a trial notes of its plans' rows. */
static List *
copy_rows(const List *rows)
{
	List	   *copies = NIL;
	ListCell   *lc;

	foreach(lc, rows)
	{
		double	   *copy = palloc(sizeof(double));

		*copy = *(const double *) lfirst(lc);
		copies = lappend(copies, copy);
	}
	return copies;
}

/* Note what the queries name. */
static void
inspect(PlanTrial *trial)
{
	Mentioned	mentioned = {
		.extension = get_extension_oid("clipperf", true)
	};
	ListCell   *lc;

	foreach(lc, trial->queries)
		(void) mention_walker(lfirst(lc), &mentioned);
	trial->relids = mentioned.relids;
	trial->own = !mentioned.foreign &&
		(mentioned.ours || mentioned.relids != NIL);
	if (mentioned.temporary != NULL)
		trial->problem = psprintf("table %s is temporary",
								  mentioned.temporary);
}

/*
 * Have the queries take the settings that they read as parameters; returns the
 * number of the first one.
 */
static int
take_settings(PlanTrial *trial)
{
	int			first = trial->nparams;

	if (trial->settings.count > 0)
		trial->queries = setting_params_put(trial->queries, &trial->settings,
											&first);
	else if (!trial->own_session)
		trial->queries = setting_params_put_unknown(trial->queries);
	return first;
}

/* Make the value of a parameter of the statement; false if its type is gone. */
static bool
make_parameter(PlanTrial *trial, int number)
{
	ParamExternData *param = &trial->params->params[number];
	Oid			type = trial->types[number];
	Oid			input;
	Oid			argument;

	param->ptype = type;
	param->pflags = PARAM_FLAG_CONST;
	param->isnull = !OidIsValid(type) || trial->values[number] == NULL;
	if (OidIsValid(type) &&
		!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(type)))
	{
		trial->problem =
			psprintf("the type of parameter $%d no longer exists", number + 1);
		return false;
	}
	if (param->isnull)
		return true;
	getTypeInputInfo(type, &input, &argument);
	param->value = OidInputFunctionCall(input, trial->values[number], argument,
										-1);
	return true;
}

/* Make the values of the settings, from this parameter on. */
static void
make_setting_parameters(PlanTrial *trial, int first)
{
	for (int i = 0; i < trial->settings.count; i++)
	{
		ParamExternData *param = &trial->params->params[first - 1 + i];

		param->ptype = TEXTOID;
		param->pflags = PARAM_FLAG_CONST;
		param->isnull = false;
		param->value = CStringGetTextDatum(trial->settings.values[i]);
	}
}

/*
 * Make the values of the parameters, those of settings from number "first" on;
 * false if there is a problem.
 */
static bool
make_parameters(PlanTrial *trial, int first)
{
	int			nsettings = trial->settings.count;

	trial->params = NULL;
	if ((trial->nparams > 0 && trial->values == NULL) ||
		(trial->nparams == 0 && nsettings == 0))
		return true;
	trial->in_parameters = true;
	trial->params = makeParamList(nsettings > 0 ? first - 1 + nsettings :
								  trial->nparams);
	memset(trial->params->params, 0,
		   sizeof(ParamExternData) * trial->params->numParams);
	for (int i = 0; i < trial->nparams; i++)
		if (!make_parameter(trial, i))
			return false;
	make_setting_parameters(trial, first);
	trial->in_parameters = false;
	return true;
}

/* query_tree_mutator callback: give the constant its other value. */
static Node *
constant_mutator(Node *node, void *context)
{
	const PlanTrial *trial = context;
	Const	   *constant = (Const *) node;

	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, constant_mutator,
										   context, 0);
	if (IsA(node, Const) && constant->location == trial->constant_at)
	{
		Oid			input;
		Oid			argument;

		constant = copyObject(constant);
		getTypeInputInfo(constant->consttype, &input, &argument);
		constant->constvalue = OidInputFunctionCall(input,
													unconstify(char *, trial->constant),
													argument,
													constant->consttypmod);
		constant->constisnull = false;
		return (Node *) constant;
	}
	return expression_tree_mutator(node, constant_mutator, context);
}

/* Put another value into the queries, if that is wanted. */
static void
replace_constant(PlanTrial *trial)
{
	ListCell   *lc;

	if (trial->constant_at == 0)
		return;
	trial->in_parameters = true;
	foreach(lc, trial->queries)
		lfirst(lc) = constant_mutator(lfirst(lc), trial);
	trial->in_parameters = false;
}

/* Note how many rows the planner expects of each scan of a plan. */
static void
note_rows(PlanTrial *trial, const Plan *plan)
{
	List	   *children = NIL;
	ListCell   *lc;

	if (plan == NULL)
		return;
	check_stack_depth();
	if (IsA(plan, Append))
		children = ((const Append *) plan)->appendplans;
	else if (IsA(plan, MergeAppend))
		children = ((const MergeAppend *) plan)->mergeplans;
	else if (IsA(plan, SubqueryScan))
		children = list_make1(((const SubqueryScan *) plan)->subplan);
	foreach(lc, children)
		note_rows(trial, lfirst(lc));
	note_rows(trial, outerPlan(plan));
	note_rows(trial, innerPlan(plan));
	if (children == NIL && outerPlan(plan) == NULL)
	{
		double	   *rows = palloc(sizeof(double));

		*rows = plan->plan_rows;
		trial->rows = lappend(trial->rows, rows);
	}
}

/* Plan the queries as things are. */
static void
plan(PlanTrial *trial)
{
	ListCell   *lc;

	trial->cost = 0;
	trial->rows = NIL;
	foreach(lc, trial->queries)
	{
		Query	   *query = lfirst(lc);
		PlannedStmt *planned = STANDARD_PLANNER(copyObject(query),
												trial->text,
												CURSOR_OPT_PARALLEL_OK,
												trial->params);
		ListCell   *subplan;

		trial->cost += planned->planTree->total_cost;
		note_rows(trial, planned->planTree);
		foreach(subplan, planned->subplans)
			note_rows(trial, lfirst(subplan));
	}
}

/* SandboxWork */
static void
try_as_user(void *arg)
{
	PlanTrial  *trial = arg;
	RawStmt    *raw = parse(trial);

	if (raw != NULL)
		take_queries(trial, analyze_trial(trial, raw));
	if (trial->problem == NULL)
		inspect(trial);
	if (trial->problem == NULL && !trial->own &&
		make_parameters(trial, take_settings(trial)))
	{
		replace_constant(trial);
		trial->queries = unknown_calls_put(trial->queries);
		plan(trial);
	}
}

/* ------------------------------------------------------------------------
 * Outside of it
 * ------------------------------------------------------------------------ */

/*
 * Lock one relation beside so many; false if that must be waited for, it is
 * gone, or there would be too many.
 */
static bool
lock_relation(PlanTrial *trial, Oid relid, int locked)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		trial->problem = pstrdup("a table of it was dropped just now");
	else if (locked >= table_locks_most())
		trial->problem = psprintf("%d tables of other statements are locked for this, and more must not be: see max_locks_per_transaction",
								  locked);
	else if (!table_lock_at_once(relid))
		trial->problem = psprintf("table %s is locked by another session, or was dropped just now",
								  name);
	return trial->problem == NULL;
}

/*
 * Were all relations locked before the trial began, catalogs among them, which
 * the planner opens as it does tables?  If not, lock them now, unless there is
 * a problem with that.
 */
static bool
is_settled(PlanTrial *trial, List **locked, MemoryContext keep)
{
	bool		settled = true;
	ListCell   *lc;

	foreach(lc, trial->relids)
	{
		Oid			relid = lfirst_oid(lc);
		MemoryContext old;

		if (list_member_oid(*locked, relid))
			continue;
		settled = false;
		if (!lock_relation(trial, relid, list_length(*locked)))
			return false;
		old = MemoryContextSwitchTo(keep);
		*locked = lappend_oid(*locked, relid);
		MemoryContextSwitchTo(old);
	}
	return settled;
}

/* The sandbox came back with an error. */
static void
take_error(PlanTrial *trial, const ErrorData *error)
{
	trial->timed_out = error->sqlerrcode == ERRCODE_QUERY_CANCELED;
	if (trial->in_parameters && !trial->timed_out)
		trial->problem = psprintf("a parameter value no longer fits: %s",
								  error->message);
	else if (trial->settings_missing && !trial->timed_out)
		trial->problem = psprintf("it reads settings by names that are no constants, or too many or too long ones: %s",
								  error->message);
	else
		trial->problem = workload_problem(error);
}

/* One attempt; true if there is nothing left to try. */
static bool
attempt(PlanTrial *trial, const Sandbox *sandbox, List **locked,
		MemoryContext keep)
{
	Sandbox		inside = *sandbox;
	ErrorData  *error;

	inside.settings = trial->settings;
	trial->queries = NIL;
	trial->relids = NIL;
	trial->rows = NIL;
	trial->in_parameters = false;
	error = sandbox_run(&inside, try_as_user, trial);
	if (error != NULL)
		take_error(trial, error);
	return trial->problem != NULL || trial->own ||
		is_settled(trial, locked, keep) || trial->problem != NULL;
}

/*
 * Try, and see that the relations stay as they are: they are locked
 * (AccessShareLock) to the end of the transaction, without waiting.  "locked"
 * is the list of OIDs that the caller has locked so far.  Throws only what
 * sandbox_run() throws.
 */
void
plan_trial_run(PlanTrial *trial, const Sandbox *sandbox, List **locked)
{
	MemoryContext keep = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(keep, "clipperf trial",
												  ALLOCSET_DEFAULT_SIZES);
	int			attempts = 0;
	bool		done;

	MemoryContextSwitchTo(scratch);
	do
	{
		MemoryContextReset(scratch);
		done = attempt(trial, sandbox, locked, keep);
	} while (!done && ++attempts < ATTEMPTS);
	if (!done)
		trial->problem = "its tables are being changed";

	MemoryContextSwitchTo(keep);
	trial->problem = trial->problem ? pstrdup(trial->problem) : NULL;
	trial->queries = trial->problem ? NIL : copyObject(trial->queries);
	trial->params = trial->problem ? NULL : copyParamList(trial->params);
	trial->relids = list_copy(trial->relids);
	trial->rows = trial->problem ? NIL : copy_rows(trial->rows);
	MemoryContextDelete(scratch);
}
