/*-------------------------------------------------------------------------
 *
 * plan_settings.c
 *	  The settings that an executed plan reads by current_setting().
 *
 * Applications that serve many customers from one database put the customer's
 * number into a setting of their own (SET app.org = '42'), and row-level
 * security reads it: USING (org_id = current_setting('app.org')::int).  Such a
 * statement can be planned again only where the setting is known.
 *
 * Kept are settings that some session made up by setting them.  Those that the
 * server or a module defines have a value everywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/plan_settings.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"

#include "common/stack_room.h"
#include "profile/plan/plan_conditions.h"

/* Was that setting found before? */
static bool
is_kept_setting(const SampleDraft *draft, const char *name)
{
	for (int i = 0; i < draft->nsettings; i++)
		if (pg_strcasecmp(draft->setting_names[i], name) == 0)
			return true;
	return false;
}

/*
 * Keep a setting with its value, if a session made it up.  One that is not set
 * needs none; one that does not fit is noted as missing.
 */
static void
keep_setting(SampleDraft *draft, const char *name)
{
	const char *value;

	if ((GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER) == 0 ||
		is_kept_setting(draft, name))
		return;
	value = GetConfigOption(name, true, false);
	if (value == NULL)
		return;
	if (draft->nsettings == SAMPLE_SETTINGS || strlen(name) >= NAMEDATALEN ||
		strlen(value) > SAMPLE_SETTING_MAX)
	{
		draft->settings_missing = true;
		return;
	}
	draft->setting_names[draft->nsettings] = name;
	draft->setting_values[draft->nsettings++] = pstrdup(value);
}

/* Keep what a call of current_setting() reads, if its name is a constant. */
static void
keep_read_setting(SampleDraft *draft, const FuncExpr *call)
{
	const Const *name = linitial(call->args);

	if (!IsA(name, Const) || name->consttype != TEXTOID)
		draft->settings_missing = true;
	else if (!name->constisnull &&
			 (!VARATT_IS_EXTENDED(DatumGetPointer(name->constvalue)) ||
			  VARATT_IS_SHORT(DatumGetPointer(name->constvalue))))
		keep_setting(draft, TextDatumGetCString(name->constvalue));
}

/* The stack has no room to look further: settings may be missing. */
static bool
give_up(SampleDraft *draft)
{
	draft->settings_missing = true;
	return true;
}

/* expression_tree_walker callback: looks for calls of current_setting(). */
static bool
settings_walker(Node *node, void *context)
{
	const FuncExpr *call = (const FuncExpr *) node;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) &&
		(call->funcid == F_CURRENT_SETTING_TEXT ||
		 call->funcid == F_CURRENT_SETTING_TEXT_BOOL))
		keep_read_setting(context, call);
	if (!stack_has_room())
		return give_up(context);
	return expression_tree_walker(node, settings_walker, context);
}

/* planstate_tree_walker callback: a node's expressions. */
static bool
node_walker(PlanState *node, void *context)
{
	const Plan *plan = node->plan;

	if (!stack_has_room())
		return give_up(context);
	(void) settings_walker((Node *) plan->targetlist, context);
	(void) settings_walker((Node *) plan->qual, context);
	(void) settings_walker((Node *) plan_further_conditions(plan), context);
	return planstate_tree_walker(node, node_walker, context);
}

/*
 * Put the settings that a plan reads, and their values as they are now, into a
 * draft, in the current memory context.  Looks nothing up in the catalogs and
 * raises nothing but for lack of memory.
 */
void
plan_settings(PlanState *planstate, SampleDraft *draft)
{
	if (planstate != NULL)
		(void) node_walker(planstate, draft);
}
