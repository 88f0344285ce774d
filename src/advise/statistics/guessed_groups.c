/*-------------------------------------------------------------------------
 *
 * guessed_groups.c
 *	  The groups of a table's rows whose number the planner guesses wrong.
 *
 * What a statement groups by, or makes its rows distinct by, if that is columns or
 * expressions of one table.  Its conditions are left aside: how many groups there are in
 * the whole table is what statistics tell.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_trial.h"

#include "access/transam.h"
#include "catalog/pg_am.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

#include "advise/cost/early_stop_translate.h"

/* An estimate of a number of groups is right within so many times, either way. */
#define DISTINCT_TIMES	2.0

/* Add what the rows are grouped by; false if it is not of one table, or has no values. */
static bool
note_group(StatisticsTrial *trial, Query *query, Node *expr)
{
	Relids		varnos = pull_varnos(NULL, expr);
	Translation how = {0};
	bool		whole = true;
	List	   *translated;
	int			varno;
	const RangeTblEntry *rte;

	if (!bms_get_singleton_member(varnos, &varno) || trial->noperands == TRIAL_OPERANDS ||
		!OidIsValid(GetDefaultOpClass(exprType(expr), BTREE_AM_OID)))
		return false;
	rte = rt_fetch(varno, query->rtable);
	how.varno = varno;
	translated = early_stop_translate(list_make1(expr), &how, &whole);
	if (rte->rtekind != RTE_RELATION || !whole ||
		(trial->noperands > 0 && trial->relid != rte->relid))
		return false;
	trial->relid = rte->relid;
	trial->named = rte->relid;
	trial->operand[trial->noperands++] = linitial(translated);
	return true;
}

/*
 * The groups that the statement makes of the rows of one table; false if it does not, or
 * no sample of that can be had.  The truth is what the sample tells.
 */
bool
guessed_groups_find(const WorkloadStatement *statement, StatisticsTrial *trial)
{
	const WorkloadVariant *variant = linitial(statement->variants);
	Query	   *query = copyObject(linitial_node(Query, variant->queries));
	List	   *clauses = query->groupClause != NIL ? query->groupClause :
		query->distinctClause;
	SampledValues values;
	ListCell   *lc;

	memset(trial, 0, sizeof(*trial));
	foreach(lc, clauses)
	{
		TargetEntry *entry = get_sortgroupclause_tle(lfirst(lc), query->targetList);

		if (!note_group(trial, query, FLATTEN_GROUP_EXPRS(query, (Node *) entry->expr)))
			return false;
	}
	if (trial->noperands == 0 || !sampled_values(trial, &values))
		return false;
	trial->rows = distinct_estimate(trial, &values);
	trial->rows_low = trial->rows / DISTINCT_TIMES;
	trial->rows_high = trial->rows * DISTINCT_TIMES;
	trial->expected = offered_estimate(trial, &values, 0, 0, 0);
	return true;
}
