/*-------------------------------------------------------------------------
 *
 * guessed_scan.c
 *	  The scan of a table whose rows the planner guesses wrong.
 *
 * The statement is planned with the values of real executions.  What each scan of the
 * table tests is tried on a sample of it; the execution counts for which the planner is
 * most wrong.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_trial.h"

#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "advise/cost/early_stop_translate.h"
#include "common/stack_room.h"

/* A search for the scan. */
typedef struct GuessSearch
{
	List	   *family;			/* OIDs of the table and its partitions */
	Oid			relation;
	bool		too_few;		/* rows were expected */
	const PlannedStmt *plan;
	ParamListInfo params;
	StatisticsTrial *best;
	double		best_times;		/* that the planner is wrong by; 0 = none
								 * found */
} GuessSearch;

/* What is below casts that change nothing. */
static Node *
below_relabels(Node *node)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	return node;
}

/* What a comparison with a constant compares, or NULL. */
static Node *
compared_operand(List *args)
{
	Node	   *left;
	Node	   *right;

	if (list_length(args) != 2)
		return NULL;
	left = below_relabels(linitial(args));
	right = below_relabels(lsecond(args));
	if (IsA(right, Const))
		return left;
	return IsA(left, Const) ? right : NULL;
}

/* What a condition compares with a value, or NULL; is it an equality? */
static Node *
tested_operand(Node *clause, bool *is_equality)
{
	*is_equality = true;
	switch (nodeTag(clause))
	{
		case T_Var:
			return clause;		/* a boolean column */
		case T_BoolExpr:
			{
				Node	   *arg = linitial(((BoolExpr *) clause)->args);

				return ((BoolExpr *) clause)->boolop == NOT_EXPR && IsA(arg, Var) ?
					arg : NULL;
			}
		case T_OpExpr:
			*is_equality = get_oprrest(((OpExpr *) clause)->opno) == F_EQSEL;
			return compared_operand(((OpExpr *) clause)->args);
		case T_ScalarArrayOpExpr:
			*is_equality = ((ScalarArrayOpExpr *) clause)->useOr &&
				get_oprrest(((ScalarArrayOpExpr *) clause)->opno) == F_EQSEL;
			return compared_operand(((ScalarArrayOpExpr *) clause)->args);
		case T_NullTest:
			*is_equality = false;
			return below_relabels((Node *) ((NullTest *) clause)->arg);
		default:
			return NULL;
	}
}

/* The number of an operand, which is added if it is new; -1 if it has no values. */
static int
operand_number(StatisticsTrial *trial, Node *operand)
{
	if (operand == NULL || !contain_var_clause(operand) ||
		!OidIsValid(GetDefaultOpClass(exprType(operand), BTREE_AM_OID)))
		return -1;
	for (int i = 0; i < trial->noperands; i++)
	{
		if (equal(trial->operand[i], operand))
			return i;
	}
	trial->operand[trial->noperands] = operand;
	return trial->noperands++;
}

/* Note the conditions of a scan; false if there are none, or too many. */
static bool
note_conditions(StatisticsTrial *trial, const List *clauses)
{
	PlannerInfo *root = makeNode(PlannerInfo);
	ListCell   *lc;

	if (clauses == NIL || list_length(clauses) > TRIAL_OPERANDS)
		return false;
	root->glob = makeNode(PlannerGlobal);
	foreach(lc, clauses)
	{
		TrialCondition *condition = &trial->condition[trial->nconditions++];

		/* "now()" and the like are values, as they are to the planner */
		condition->clause = estimate_expression_value(root, lfirst(lc));
		condition->operand = operand_number(trial,
											tested_operand(condition->clause,
														   &condition->is_equality));
	}
	return true;
}

/* The conditions of a scan that are tested on the table's rows; *whole = all of them. */
static List *
tested_conditions(const GuessSearch *search, const Plan *node, bool *whole)
{
	Translation how = {
		.varno = ((const Scan *) node)->scanrelid,
		.params = search->params
	};
	List	   *clauses = early_stop_translate(node->qual, &how, whole);
	const List *found = NIL;

	if (IsA(node, IndexScan))
		found = ((const IndexScan *) node)->indexqualorig;
	else if (IsA(node, BitmapHeapScan))
		found = ((const BitmapHeapScan *) node)->bitmapqualorig;
	else if (IsA(node, IndexOnlyScan))
	{
		found = ((const IndexOnlyScan *) node)->indexqual;
		how.targets = ((const IndexOnlyScan *) node)->indextlist;
	}
	/* a filter may repeat what a lossy bitmap was asked for */
	return list_concat_unique(clauses, early_stop_translate(found, &how, whole));
}

/* Test a scan, and keep it if the planner is more wrong about it than about the others. */
static void
test_scan(GuessSearch *search, const Plan *node, Oid relid)
{
	StatisticsTrial trial = {
		.relid = relid,.named = search->relation,.expected = node->plan_rows
	};
	SampledValues values;
	bool		whole = true;
	List	   *clauses = tested_conditions(search, node, &whole);
	double		times;

	if (!whole || !note_conditions(&trial, clauses) || !sampled_values(&trial, &values))
		return;
	times = search->too_few ? trial.rows / Max(trial.expected, 1) :
		trial.expected / Max(trial.rows, 1);
	if (times > search->best_times)
	{
		*search->best = trial;
		search->best_times = times;
	}
}

/* Test the scans of a plan, one node and those below. */
static void
search_scans(GuessSearch *search, const Plan *node)
{
	const List *others = NIL;
	ListCell   *lc;

	if (node == NULL)
		return;
	check_stack_depth();
	if (IsA(node, Append))
		others = ((const Append *) node)->appendplans;
	else if (IsA(node, MergeAppend))
		others = ((const MergeAppend *) node)->mergeplans;
	else if (IsA(node, SubqueryScan))
		others = list_make1(((const SubqueryScan *) node)->subplan);
	foreach(lc, others)
		search_scans(search, lfirst(lc));
	search_scans(search, outerPlan(node));
	search_scans(search, innerPlan(node));
	if (IsA(node, SeqScan) || IsA(node, IndexScan) || IsA(node, IndexOnlyScan) ||
		IsA(node, BitmapHeapScan))
	{
		Oid			relid = rt_fetch(((const Scan *) node)->scanrelid,
									 search->plan->rtable)->relid;

		if (list_member_oid(search->family, relid))
			test_scan(search, node, relid);
	}
}

/*
 * Of the scans of a table, or of its partitions, in the statement's plans, the one that
 * the planner is most wrong about; false if none could be tested on a sample.  Plans as
 * the current user.
 */
bool
guessed_scan_find(const WorkloadStatement *statement, Oid relation, bool too_few,
				  StatisticsTrial *trial)
{
	WhatIfConfig as_it_is = {.keep_plans = true};
	GuessSearch search = {
		.family = find_all_inheritors(relation, NoLock, NULL),
		.relation = relation,
		.too_few = too_few,
		.best = trial
	};
	ListCell   *lc;

	foreach(lc, statement->variants)
	{
		const WorkloadVariant *variant = lfirst(lc);
		WhatIfResult result;
		ListCell   *item;

		whatif_plan(variant->queries, variant->text, variant->params, &as_it_is, &result);
		foreach(item, result.plans)
		{
			ListCell   *subplan;

			search.plan = ((const WhatIfPlan *) lfirst(item))->stmt;
			search.params = variant->params;
			search_scans(&search, search.plan->planTree);
			foreach(subplan, search.plan->subplans)
				search_scans(&search, lfirst(subplan));
		}
	}
	return search.best_times > 0;
}
