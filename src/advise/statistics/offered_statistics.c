/*-------------------------------------------------------------------------
 *
 * offered_statistics.c
 *	  The planner, with statistics of a sample instead of those in the catalog.
 *
 * ANALYZE's own functions compute them (whatif/index_stats.c).  The planner is handed
 * those of columns by its hook, and those of expressions with a hypothetical index on
 * them.  Nothing is written anywhere.
 *
 * A larger target means a larger sample, too, where ANALYZE takes it; here it means more
 * of the common values of the sample that there is.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_trial.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "commands/vacuum.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "advise/statistics/statistics_text.h"
#include "advise/whatif/index_sample.h"
#include "advise/whatif/index_stats.h"

/* While whatif_plan() runs: what to show the planner; else NULL. */
typedef struct OfferedStatistics
{
	const StatisticsTrial *trial;
	HeapTuple	row[TRIAL_OPERANDS];	/* of pg_statistic, by operand; NULL =
										 * those of the catalog */
} OfferedStatistics;

static const OfferedStatistics *offered = NULL;

static get_relation_stats_hook_type prev_get_relation_stats = NULL;

/* VariableStatData.freefunc of rows that are freed with their memory context. */
static void
keep_row(HeapTuple tuple)
{
}

/* get_relation_stats_hook: the current user may read all of the trial's table. */
static bool
offer_statistics(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attnum,
				 VariableStatData *vardata)
{
	for (int i = 0; offered != NULL && i < offered->trial->noperands; i++)
	{
		if (offered->row[i] == NULL || !trial_is_column(offered->trial, i) ||
			rte->rtekind != RTE_RELATION || rte->relid != offered->trial->relid ||
			((const Var *) offered->trial->operand[i])->varattno != attnum)
			continue;
		vardata->statsTuple = offered->row[i];
		vardata->freefunc = keep_row;
		vardata->acl_ok = true;
		return true;
	}
	return prev_get_relation_stats != NULL &&
		prev_get_relation_stats(root, rte, attnum, vardata);
}

/* Let the planner ask us, from the first time on. */
static void
install_statistics_hook(void)
{
	static bool installed = false;

	if (installed)
		return;
	prev_get_relation_stats = get_relation_stats_hook;
	get_relation_stats_hook = offer_statistics;
	installed = true;
}

/* The target of the statistics of an operand as things are. */
int
statistics_target(const StatisticsTrial *trial, int operand)
{
	int			target = default_statistics_target;
	HeapTuple	tuple;

	if (!trial_is_column(trial, operand))
		return target;
	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(trial->relid),
							Int16GetDatum(((const Var *) trial->operand[operand])->varattno));
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		own = SysCacheGetAttr(ATTNUM, tuple,
										  Anum_pg_attribute_attstattarget, &isnull);

		/* an int2 or an int4, by version: both are signed */
		if (!isnull && DatumGetInt32(own) >= 0)
			target = DatumGetInt32(own);
		ReleaseSysCache(tuple);
	}
	return target;
}

/* Statistics of the sample for one operand, with a target. */
static HeapTuple
compute_statistics(const StatisticsTrial *trial, const SampledValues *values, int operand,
				   int target)
{
	IndexDefinition alone = *values->def;

	(void) set_config_option("default_statistics_target", psprintf("%d", target),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* only those of expressions are computed */
	alone.nkeys = operand + 1;
	for (int i = 0; i < operand; i++)
		alone.keys[i].attno = 1;
	return index_stats(&alone, values->sample, trial->tuples)[operand];
}

/* A hypothetical index on each expression of a set of operands. */
static void
add_expression_indexes(WhatIfConfig *config, const StatisticsTrial *trial, uint32 operands)
{
	config->indexes = palloc(TRIAL_OPERANDS * sizeof(WhatIfIndex *));
	for (int i = 0; i < trial->noperands; i++)
	{
		IndexDefinition *def;

		if ((operands & (1U << i)) == 0 || trial_is_column(trial, i))
			continue;
		def = index_def_make(trial->relid, BTREE_AM_OID);
		index_def_add_expr(def, copyObject(trial->operand[i]), InvalidOid, InvalidOid,
						   false, false);
		config->indexes[config->nindexes++] = whatif_index(def);
	}
}

/* The trial's question as queries for the planner. */
static List *
question_queries(const char *text)
{
	RawStmt    *raw = linitial_node(RawStmt, pg_parse_query(text));

	return pg_rewrite_query(parse_analyze_fixedparams(raw, text, NULL, 0, NULL));
}

/*
 * What the planner would expect with statistics of the sample, of these operands (a set
 * of bits): with their own targets, or "target" where they are in "larger".  Within a
 * sandbox, whose end restores the setting that this changes.
 */
double
offered_estimate(const StatisticsTrial *trial, const SampledValues *values,
				 uint32 operands, uint32 larger, int target)
{
	OfferedStatistics offer = {.trial = trial};
	WhatIfConfig config = {0};
	WhatIfResult result;
	char	   *text = statistics_question(trial);
	List	   *queries = question_queries(text);

	install_statistics_hook();
	for (int i = 0; i < trial->noperands; i++)
	{
		if ((operands & (1U << i)) != 0)
			offer.row[i] = compute_statistics(trial, values, i,
											  (larger & (1U << i)) != 0 ? target :
											  statistics_target(trial, i));
	}
	add_expression_indexes(&config, trial, operands);
	offered = &offer;
	PG_TRY();
	{
		whatif_plan(queries, text, NULL, &config, &result);
	}
	PG_FINALLY();
	{
		offered = NULL;
	}
	PG_END_TRY();
	return result.rows;
}
