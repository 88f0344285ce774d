/*-------------------------------------------------------------------------
 *
 * column_origin.c
 *	  Which table's column the values of a computed column come from.
 *
 * The parser tells the origin of plain columns only.  A UNION, a recursive query,
 * "id::text", "coalesce(id, 0)", "max(id)" or "unnest(array_agg(id))" hand on the
 * values of a column all the same: it is found by going down the plan from target
 * list to target list.  Of several branches the first one speaks for all.  So do
 * "ids[1]" and "data->>'author'", which take a value out of what a column holds.
 *
 * Belongs to one backend; reads nothing but the plan, and raises nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/column_origin.h"

#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* Plan nodes and expressions that are passed on the way down; deeper is unknown. */
#define MAX_STEPS	100

/* Where on the way down we are. */
typedef struct Place
{
	const PlannedStmt *statement;
	const Plan *plan;			/* whose target list the expression stands in */
	const Node *value;
} Place;

/* The only argument of an aggregate that returns what it takes, or an array of it. */
static const Node *
aggregated(const Aggref *aggregate)
{
	const Node *argument;
	Oid			type;

	/* what it is ordered by comes behind its arguments */
	if (list_length(aggregate->aggargtypes) != 1 || aggregate->args == NIL)
		return NULL;
	argument = (const Node *) linitial_node(TargetEntry, aggregate->args)->expr;
	type = exprType(argument);
	return aggregate->aggtype == type ||
		get_element_type(aggregate->aggtype) == type ? argument : NULL;
}

/* Does a function take a value out of an array or a JSON document, its first argument? */
static bool
takes_out(Oid function)
{
	switch (function)
	{
		case F_UNNEST_ANYARRAY:
		case F_JSON_ARRAY_ELEMENT:
		case F_JSON_ARRAY_ELEMENT_TEXT:
		case F_JSON_EXTRACT_PATH:
		case F_JSON_EXTRACT_PATH_TEXT:
		case F_JSON_OBJECT_FIELD:
		case F_JSON_OBJECT_FIELD_TEXT:
		case F_JSONB_ARRAY_ELEMENT:
		case F_JSONB_ARRAY_ELEMENT_TEXT:
		case F_JSONB_EXTRACT_PATH:
		case F_JSONB_EXTRACT_PATH_TEXT:
		case F_JSONB_OBJECT_FIELD:
		case F_JSONB_OBJECT_FIELD_TEXT:
			return true;
		default:
			return false;
	}
}

/* Does an expression do so, by a function, an operator or a subscript? */
static bool
is_taken_out(const Node *value)
{
	switch (nodeTag(value))
	{
		case T_SubscriptingRef:
			return ((const SubscriptingRef *) value)->refassgnexpr == NULL &&
				((const SubscriptingRef *) value)->reflowerindexpr == NIL;
		case T_OpExpr:
			return takes_out(((const OpExpr *) value)->opfuncid);
		case T_FuncExpr:
			return takes_out(((const FuncExpr *) value)->funcid);
		default:
			return false;
	}
}

/* What a function hands on: what it converts, or takes apart; NULL if it computes. */
static const Node *
handed_on(const FuncExpr *function)
{
	if (function->args == NIL)
		return NULL;
	return takes_out(function->funcid) ||
		function->funcformat != COERCE_EXPLICIT_CALL ?
		linitial(function->args) : NULL;
}

/* The first of several expressions, one of which is shown, that is no constant. */
static const Node *
first_computed(const List *expressions)
{
	ListCell   *cell;

	foreach(cell, expressions)
	{
		if (!IsA(lfirst(cell), Const))
			return lfirst(cell);
	}
	return NULL;
}

/* The result of the first branch of a CASE that is no constant. */
static const Node *
first_result(const CaseExpr *expression)
{
	ListCell   *cell;

	foreach(cell, expression->args)
	{
		const Node *result = (const Node *) lfirst_node(CaseWhen, cell)->result;

		if (!IsA(result, Const))
			return result;
	}
	return (const Node *) expression->defresult;
}

/* The argument of a window function that shows a value of one of the rows. */
static const Node *
window_shown(const WindowFunc *function)
{
	if (function->args == NIL ||
		function->wintype != exprType(linitial(function->args)))
		return NULL;
	return linitial(function->args);
}

/* The expression whose values this one shows; NULL if there is none. */
static const Node *
value_within(const Node *value)
{
	switch (nodeTag(value))
	{
		case T_RelabelType:
			return (const Node *) ((const RelabelType *) value)->arg;
		case T_CoerceViaIO:
			return (const Node *) ((const CoerceViaIO *) value)->arg;
		case T_CoerceToDomain:
			return (const Node *) ((const CoerceToDomain *) value)->arg;
		case T_CoalesceExpr:
			return linitial(((const CoalesceExpr *) value)->args);
		case T_NullIfExpr:
			return linitial(((const NullIfExpr *) value)->args);
		case T_MinMaxExpr:
			return first_computed(((const MinMaxExpr *) value)->args);
		case T_CaseExpr:
			return first_result((const CaseExpr *) value);
		case T_WindowFunc:
			return window_shown((const WindowFunc *) value);
		case T_Aggref:
			return aggregated((const Aggref *) value);
		case T_FuncExpr:
			return handed_on((const FuncExpr *) value);
		case T_SubscriptingRef:
			return is_taken_out(value) ?
				(const Node *) ((const SubscriptingRef *) value)->refexpr : NULL;
		case T_OpExpr:
			return is_taken_out(value) ? linitial(((const OpExpr *) value)->args) : NULL;
		default:
			return NULL;
	}
}

/* The plan that the target list of this one refers to as its outer one. */
static const Plan *
outer_of(const Plan *plan)
{
	if (IsA(plan, Append))
		return linitial(((const Append *) plan)->appendplans);
	if (IsA(plan, MergeAppend))
		return linitial(((const MergeAppend *) plan)->mergeplans);
	return outerPlan(plan);
}

/* Is the column of its outer plan one that this node groups by? */
static bool
groups_by(const Plan *plan, AttrNumber attno)
{
	const AttrNumber *columns;
	int			count;

	if (IsA(plan, Agg))
	{
		count = ((const Agg *) plan)->numCols;
		columns = ((const Agg *) plan)->grpColIdx;
	}
	else if (IsA(plan, Group))
	{
		count = ((const Group *) plan)->numCols;
		columns = ((const Group *) plan)->grpColIdx;
	}
	else if (IsA(plan, Unique))
	{
		count = ((const Unique *) plan)->numCols;
		columns = ((const Unique *) plan)->uniqColIdx;
	}
	else
		return false;
	for (int i = 0; i < count; i++)
	{
		if (columns[i] == attno)
			return true;
	}
	return false;
}

/* The plan of the sub-query or WITH query that a scan reads; NULL if there is none. */
static const Plan *
scanned(const Place *place)
{
	const Plan *plan = place->plan;

	if (IsA(plan, SubqueryScan))
		return ((const SubqueryScan *) plan)->subplan;
	if (IsA(plan, CteScan))
		return list_nth(place->statement->subplans,
						((const CteScan *) plan)->ctePlanId - 1);
	return NULL;
}

/* Go on to column "attno" of another plan; false if it has none. */
static bool
enter_plan(Place *place, const Plan *plan, AttrNumber attno)
{
	const TargetEntry *entry = plan == NULL ? NULL :
		get_tle_by_resno(plan->targetlist, attno);

	if (entry == NULL)
		return false;
	place->plan = plan;
	place->value = (const Node *) entry->expr;
	return true;
}

/*
 * The plan of a sub-query in an expression; or of one that has set a parameter before
 * this plan, as for the greatest value of an index.  NULL if there is none.
 */
static const Plan *
plan_of_subquery(const Place *place)
{
	ListCell   *cell;

	if (IsA(place->value, SubPlan) &&
		((const SubPlan *) place->value)->subLinkType == EXPR_SUBLINK)
		return list_nth(place->statement->subplans,
						((const SubPlan *) place->value)->plan_id - 1);
	if (!IsA(place->value, Param) || ((const Param *) place->value)->paramkind != PARAM_EXEC)
		return NULL;
	foreach(cell, place->plan->initPlan)
	{
		const SubPlan *subplan = lfirst_node(SubPlan, cell);

		if (list_member_int(subplan->setParam, ((const Param *) place->value)->paramid))
			return list_nth(place->statement->subplans, subplan->plan_id - 1);
	}
	return NULL;
}

/* A column of the index that an index-only scan reads, as one of its table. */
static bool
enter_index(Place *place, AttrNumber attno)
{
	const TargetEntry *entry = !IsA(place->plan, IndexOnlyScan) ? NULL :
		get_tle_by_resno(((const IndexOnlyScan *) place->plan)->indextlist, attno);

	if (entry == NULL)
		return false;
	place->value = (const Node *) entry->expr;
	return true;
}

/* Follow a Var of the plan's target list; false if that was its end. */
static bool
follow_var(Place *place, const Var *var, ColumnOrigin *origin)
{
	const RangeTblEntry *entry;

	if (var->varno == OUTER_VAR)
	{
		origin->is_grouped |= groups_by(place->plan, var->varattno);
		return enter_plan(place, outer_of(place->plan), var->varattno);
	}
	if (var->varno == INNER_VAR)
		return enter_plan(place, innerPlan(place->plan), var->varattno);
	if (var->varno == INDEX_VAR)
		return enter_index(place, var->varattno);
	if (var->varno <= 0 || var->varno > list_length(place->statement->rtable))
		return false;
	entry = rt_fetch(var->varno, place->statement->rtable);
	if (entry->rtekind == RTE_RELATION && var->varattno > 0)
	{
		origin->relid = entry->relid;
		origin->attno = var->varattno;
		return false;
	}
	origin->is_handed |= entry->rtekind == RTE_FUNCTION;
	return enter_plan(place, scanned(place), var->varattno);
}

/* Follow a column of the plan's result down to a table. */
ColumnOrigin
column_origin_find(const PlannedStmt *statement, const TargetEntry *entry)
{
	ColumnOrigin origin = {InvalidOid};
	Place		place = {statement, statement->planTree, (const Node *) entry->expr};

	for (int step = 0; step < MAX_STEPS && place.value != NULL; step++)
	{
		if (IsA(place.value, Var))
		{
			if (!follow_var(&place, (const Var *) place.value, &origin))
				break;
			continue;
		}
		if (IsA(place.value, SubPlan) || IsA(place.value, Param))
		{
			if (!enter_plan(&place, plan_of_subquery(&place), 1))
				break;
			continue;
		}
		origin.is_handed |= IsA(place.value, FuncExpr) &&
			((const FuncExpr *) place.value)->funcretset;
		/* an array that was made of the values of a column gives them back */
		origin.is_element = is_taken_out(place.value) ||
			(origin.is_element && !IsA(place.value, Aggref));
		place.value = value_within(place.value);
	}
	origin.is_handed &= !OidIsValid(origin.relid);
	return origin;
}
