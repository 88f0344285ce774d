/*-------------------------------------------------------------------------
 *
 * setting_params.c
 *	  Settings that a statement reads, as parameters of it.
 *
 * Row-level security of an application with many customers reads the customer's
 * number from a setting: USING (org_id = current_setting('app.org')::int).  It
 * is a parameter of the statement in all but name, and differs from call to
 * call.  Once it is one in the queries as well, each sample is planned with its
 * own value, rows are tested with it, and no predicate of an index can hold it.
 *
 * Calls that only the planner sees, in functions that it inlines, are not
 * replaced; the sandbox has the setting for them.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/setting_params.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"

/* Calls are being replaced. */
typedef struct Replacing
{
	const SandboxSettings *settings;	/* NULL = those that are not known */
	int			first;			/* number of the first setting's parameter */
} Replacing;

/* The highest number of a parameter from outside in the trees, into an int. */
static bool
highest_walker(Node *node, void *context)
{
	int		   *highest = context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, highest_walker, context, 0);
	if (IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXTERN)
		*highest = Max(*highest, ((Param *) node)->paramid);
	return expression_tree_walker(node, highest_walker, context);
}

/* The name of the setting that a node reads; NULL if it reads none. */
static char *
setting_read(const Node *node)
{
	const FuncExpr *call = (const FuncExpr *) node;
	const Const *name;

	if (!IsA(node, FuncExpr) ||
		(call->funcid != F_CURRENT_SETTING_TEXT &&
		 call->funcid != F_CURRENT_SETTING_TEXT_BOOL))
		return NULL;
	name = linitial(call->args);
	if (!IsA(name, Const) || name->constisnull)
		return NULL;
	return TextDatumGetCString(name->constvalue);
}

/*
 * The number of the parameter in the place of a setting, counted from 0; -1 if
 * the setting is read as it is here.
 */
static int
number_of_setting(const Replacing *replacing, const char *name)
{
	const SandboxSettings *settings = replacing->settings;

	if (settings == NULL)
		return strchr(name, '.') != NULL &&
			GetConfigOption(name, true, false) == NULL ? 0 : -1;
	for (int i = 0; i < settings->count; i++)
		if (pg_strcasecmp(settings->names[i], name) == 0)
			return i;
	return -1;
}

/* query_tree_mutator callback: puts parameters in the place of calls. */
static Node *
replace_mutator(Node *node, void *context)
{
	const Replacing *replacing = context;
	char	   *name;
	int			number;
	Param	   *param;

	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, replace_mutator,
										   context, 0);
	name = setting_read(node);
	number = name == NULL ? -1 : number_of_setting(replacing, name);
	if (number < 0)
		return expression_tree_mutator(node, replace_mutator, context);
	param = makeNode(Param);
	param->paramkind = PARAM_EXTERN;
	param->paramid = replacing->first + number;
	param->paramtype = TEXTOID;
	param->paramtypmod = -1;
	param->paramcollid = exprCollation(node);
	param->location = -1;
	return (Node *) param;
}

/* Replace calls in a list of queries; the parameters come after all others. */
static List *
replace_calls(List *queries, Replacing *replacing)
{
	List	   *replaced = NIL;
	ListCell   *lc;

	(void) highest_walker((Node *) queries, &replacing->first);
	replacing->first++;
	foreach(lc, queries)
		replaced = lappend(replaced, replace_mutator(lfirst(lc), replacing));
	return replaced;
}

/*
 * A list of queries with parameters in the place of current_setting() for these
 * settings.  *first is the number of parameters that the queries have at least;
 * it is set to the number of the first setting's parameter, that of the others
 * follow.
 */
List *
setting_params_put(List *queries, const SandboxSettings *settings, int *first)
{
	Replacing	replacing = {.settings = settings,.first = *first};

	queries = replace_calls(queries, &replacing);
	*first = replacing.first;
	return queries;
}

/*
 * A list of queries with parameters, whose value nobody knows, in the place of
 * current_setting() for settings that this session has not heard of.
 */
List *
setting_params_put_unknown(List *queries)
{
	Replacing	replacing = {0};

	return replace_calls(queries, &replacing);
}
