/*-------------------------------------------------------------------------
 *
 * early_stop_translate.c
 *	  Conditions of a plan as conditions on one table.
 *
 * They are to be run on rows of a sample.  So what refers to other tables and
 * sub-queries cannot be tested, nor what users' functions decide: the planner
 * does not run them so often.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/cost/early_stop_translate.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

/* check_function_callback: is it a function that is not run on samples? */
static bool
is_untestable_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId ||
		func_volatile(function) == PROVOLATILE_VOLATILE;
}

/*
 * The value of a parameter as a constant.  One that is not known stays what it is if it
 * may, or else sets "failed".
 */
static Node *
translate_param(const Param *param, Translation *translation)
{
	ParamListInfo params = translation->params;
	const ParamExternData *known;
	int16		length;
	bool		by_value;

	if (param->paramkind != PARAM_EXTERN || params == NULL ||
		param->paramid <= 0 || param->paramid > params->numParams ||
		params->params[param->paramid - 1].ptype != param->paramtype)
	{
		translation->failed = !translation->unknown;
		return (Node *) copyObject(unconstify(Param *, param));
	}
	known = &params->params[param->paramid - 1];
	get_typlenbyval(param->paramtype, &length, &by_value);
	return (Node *) makeConst(param->paramtype, param->paramtypmod,
							  param->paramcollid, length, known->value,
							  known->isnull, by_value);
}

/*
 * expression_tree_mutator callback: an expression as one of varno 1, with
 * known parameters replaced by their values.  Sets "failed" if that cannot be
 * done.
 */
static Node *
translate_condition(Node *node, void *context)
{
	Translation *translation = context;

	if (node == NULL || translation->failed)
		return NULL;
	switch (nodeTag(node))
	{
		case T_Var:
			{
				const Var  *var = (const Var *) node;
				Var		   *copy;

				if (var->varno == INDEX_VAR && var->varattno > 0 &&
					var->varattno <= list_length(translation->targets))
				{
					const TargetEntry *target =
						list_nth_node(TargetEntry, translation->targets,
									  var->varattno - 1);

					return translate_condition((Node *) target->expr, context);
				}
				translation->failed = var->varno != (int) translation->varno ||
					var->varattno <= 0;
				copy = copyObject(unconstify(Var *, var));
				copy->varno = 1;
				return (Node *) copy;
			}
		case T_Param:
			return translate_param((const Param *) node, translation);
		case T_SubPlan:
		case T_AlternativeSubPlan:
		case T_CoerceToDomain:
			translation->failed = true;
			return NULL;
		default:
			translation->failed =
				check_functions_in_node(node, is_untestable_function, NULL);
			return expression_tree_mutator(node, translate_condition, context);
	}
}

/*
 * The conditions that can be tested on rows of a sample, or estimated if parameters may
 * be unknown, as a list of copies for varno 1; *whole is cleared if there are others.
 */
List *
early_stop_translate(const List *conditions, const Translation *how,
					 bool *whole)
{
	List	   *translated = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		Translation translation = *how;
		Node	   *condition = translate_condition(lfirst(lc), &translation);

		if (translation.failed)
			*whole = false;
		else
			translated = lappend(translated, condition);
	}
	return translated;
}
