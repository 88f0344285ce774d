/*-------------------------------------------------------------------------
 *
 * plan_result.c
 *	  What does the result of a plan depend on, beside tables and parameters?
 *
 * Who keeps a result for another execution with the same parameters has to know:
 * the time, the user, settings, or functions that may return anything.  Read off
 * the plan that ran, in which views and SQL functions stand as what they are; what
 * a function that is called does is told by how volatile it says that it is.
 *
 * This is done for plans that are new to the session only.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_result.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "common/stack_room.h"
#include "profile/plan/plan_conditions.h"
#include "store/cache_table.h"

/* Does it return rows, and neither change nor lock any? */
bool
plan_only_reads(const PlannedStmt *plan)
{
	ListCell   *lc;

	if (plan->commandType != CMD_SELECT || plan->hasModifyingCTE)
		return false;
	foreach(lc, plan->rowMarks)
	{
		if (lfirst_node(PlanRowMark, lc)->markType <= ROW_MARK_KEYSHARE)
			return false;
	}
	return true;
}

/*
 * How volatile a function is; of one that is gone, nothing is known.  Raises
 * nothing.
 */
static char
function_volatility(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	char		volatility = PROVOLATILE_VOLATILE;

	if (HeapTupleIsValid(tuple))
	{
		volatility = ((Form_pg_proc) GETSTRUCT(tuple))->provolatile;
		ReleaseSysCache(tuple);
	}
	return volatility;
}

/* What the result of a function depends on. */
static uint32
function_marks(Oid function)
{
	switch (function)
	{
		case F_NOW:
		case F_STATEMENT_TIMESTAMP:
		case F_TRANSACTION_TIMESTAMP:
		case F_AGE_TIMESTAMP:
		case F_AGE_TIMESTAMPTZ:
			return CACHE_TIME;
		case F_CURRENT_USER:
		case F_SESSION_USER:
			return CACHE_USER;
		case F_CURRENT_SETTING_TEXT:
		case F_CURRENT_SETTING_TEXT_BOOL:
		case F_CURRENT_SCHEMA:
		case F_CURRENT_SCHEMAS:
		case F_PG_BACKEND_PID:
			return CACHE_SETTINGS;
		default:
			return function_volatility(function) == PROVOLATILE_VOLATILE ?
				CACHE_VOLATILE : 0;
	}
}

/* What a keyword of SQL that is like a function depends on. */
static uint32
keyword_marks(const SQLValueFunction *keyword)
{
	switch (keyword->op)
	{
		case SVFOP_CURRENT_ROLE:
		case SVFOP_CURRENT_USER:
		case SVFOP_USER:
		case SVFOP_SESSION_USER:
			return CACHE_USER;
		case SVFOP_CURRENT_SCHEMA:
			return CACHE_SETTINGS;
		case SVFOP_CURRENT_CATALOG:
			return 0;
		default:
			return CACHE_TIME;
	}
}

/* The function that an expression calls itself, or InvalidOid. */
static Oid
plan_called_function(const Node *node)
{
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			return ((const FuncExpr *) node)->funcid;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			return ((const OpExpr *) node)->opfuncid;
		case T_ScalarArrayOpExpr:
			return ((const ScalarArrayOpExpr *) node)->opfuncid;
		case T_Aggref:
			return ((const Aggref *) node)->aggfnoid;
		case T_WindowFunc:
			return ((const WindowFunc *) node)->winfnoid;
		default:
			return InvalidOid;
	}
}

/* expression_tree_walker callback: adds to the marks, a uint32. */
static bool
result_walker(Node *node, void *marks)
{
	uint32	   *sum = marks;
	Oid			function;

	if (node == NULL)
		return false;
	if (!stack_has_room())
	{
		*sum |= CACHE_VOLATILE; /* anything may be below */
		return true;
	}
	function = plan_called_function(node);
	if (OidIsValid(function))
		*sum |= function_marks(function);
	else if (IsA(node, SQLValueFunction))
		*sum |= keyword_marks((const SQLValueFunction *) node);
	else if (IsA(node, NextValueExpr))
		*sum |= CACHE_VOLATILE;
	return expression_tree_walker(node, result_walker, marks);
}

/* planstate_tree_walker callback: likewise, for a node of the plan. */
static bool
result_node_walker(PlanState *state, void *marks)
{
	const Plan *plan = state->plan;

	if (!stack_has_room())
	{
		*(uint32 *) marks |= CACHE_VOLATILE;
		return true;
	}
	(void) result_walker((Node *) plan->targetlist, marks);
	(void) result_walker((Node *) plan->qual, marks);
	(void) result_walker((Node *) plan_further_conditions(plan), marks);
	if (IsA(plan, Limit))
	{
		(void) result_walker(((const Limit *) plan)->limitCount, marks);
		(void) result_walker(((const Limit *) plan)->limitOffset, marks);
	}
	if (IsA(plan, SampleScan) &&
		((const SampleScan *) plan)->tablesample->repeatable == NULL)
		*(uint32 *) marks |= CACHE_SAMPLING;
	return planstate_tree_walker(state, result_node_walker, marks);
}

/* Is it a temporary table?  Raises nothing. */
static bool
is_temporary(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		temporary = false;

	if (HeapTupleIsValid(tuple))
	{
		temporary = ((Form_pg_class) GETSTRUCT(tuple))->relpersistence ==
			RELPERSISTENCE_TEMP;
		ReleaseSysCache(tuple);
	}
	return temporary;
}

/*
 * What it depends on by the tables that it reads.  Policies of row-level security
 * are those that apply to who runs it; the plan does not tell of them.
 */
static uint32
table_marks(const PlannedStmt *plan)
{
	uint32		marks = 0;
	ListCell   *lc;

	foreach(lc, plan->rtable)
	{
		const RangeTblEntry *entry = lfirst_node(RangeTblEntry, lc);

		if (entry->rtekind != RTE_RELATION || entry->relkind == RELKIND_VIEW)
			continue;
		if (entry->relid < FirstNormalObjectId)
			marks |= CACHE_SYSTEM;
		if (entry->relkind == RELKIND_FOREIGN_TABLE)
			marks |= CACHE_FOREIGN;
		if (is_temporary(entry->relid))
			marks |= CACHE_TEMPORARY;
		if (check_enable_rls(entry->relid, InvalidOid, true) == RLS_ENABLED)
			marks |= CACHE_POLICIES;
	}
	return marks;
}

/*
 * What its result depends on, beside the rows of its tables and its parameters: bits
 * of CacheMark.  Looks functions and tables up, and takes "not there" for an answer.
 */
uint32
plan_result_marks(const PlannedStmt *plan, PlanState *state)
{
	uint32		marks = table_marks(plan);

	if (state != NULL)
		(void) result_node_walker(state, &marks);
	return marks;
}
