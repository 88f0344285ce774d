/*-------------------------------------------------------------------------
 *
 * workload_values.c
 *	  Values that a statement may have had, but that no sample of it has.
 *
 * A few samples may miss the value that an index serves worst: one that hardly
 * any row has, or nearly all.  So where a statement compares a column with what
 * varies from call to call, a parameter or a constant that differs among the
 * samples, it is also planned with values that the column's statistics name: the
 * most common one, a rare one, one that is absent, and the least and the
 * greatest.
 *
 * Nobody learns thereby what the columns hold: statistics are read as the user
 * of the statement, if that user may read the column in all rows, as for the view
 * pg_stats.  The values themselves are never shown, nor become part of an index,
 * since other samples have other ones.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload_values.h"

#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* Values drawn for a statement, at most: each is planned. */
#define MOST_DRAWN 16

/* A value longer than that is not worth its memory, in bytes. */
#define MOST_VALUE_BYTES 1024

/* A column that is compared with what may vary. */
typedef struct Comparison
{
	Oid			relid;
	AttrNumber	attno;
	bool		equal;			/* for equality, or by order */
	int			param;			/* number; 0 = a constant */
	const Const *constant;
} Comparison;

/* The comparisons of a statement. */
typedef struct ComparisonSearch
{
	const Query *query;
	List	   *found;			/* of Comparison */
} ComparisonSearch;

/* Values are drawn in a sandbox. */
typedef struct Drawing
{
	const List *trials;
	List	   *drawn;			/* of WeighedTrial */
} Drawing;

/* ------------------------------------------------------------------------
 * Comparisons
 * ------------------------------------------------------------------------ */

/* How an operator of a B-tree compares; false if it is none, or is <>. */
static bool
compares(Oid operator, bool *equal)
{
	ListCell   *lc;

	foreach(lc, OP_INTERPRETATIONS(operator))
	{
		int			strategy = OP_STRATEGY(lfirst(lc));

		*equal = strategy == BTEqualStrategyNumber;
		if (strategy >= BTLessStrategyNumber &&
			strategy <= BTGreaterStrategyNumber)
			return true;
	}
	return false;
}

/* Note "column op value", if that is what these are. */
static bool
note_comparison(ComparisonSearch *search, Node *column, Node *value, bool equal)
{
	const Var  *var = (const Var *) strip_implicit_coercions(column);
	const RangeTblEntry *rte;
	Comparison *comparison;

	value = strip_implicit_coercions(value);
	if (!IsA(var, Var) || var->varlevelsup > 0 || var->varattno <= 0)
		return false;
	if (!(IsA(value, Param) && ((Param *) value)->paramkind == PARAM_EXTERN) &&
		!(IsA(value, Const) && ((Const *) value)->location > 0))
		return false;
	rte = rt_fetch(var->varno, search->query->rtable);
	if (rte->rtekind != RTE_RELATION)
		return false;
	comparison = palloc0(sizeof(Comparison));
	comparison->relid = rte->relid;
	comparison->attno = var->varattno;
	comparison->equal = equal;
	if (IsA(value, Param))
		comparison->param = ((Param *) value)->paramid;
	else
		comparison->constant = (Const *) value;
	search->found = lappend(search->found, comparison);
	return true;
}

/* query_tree_walker callback: looks for comparisons. */
static bool
comparison_walker(Node *node, void *context)
{
	ComparisonSearch *search = context;
	bool		equal;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		const Query *outer = search->query;

		search->query = (const Query *) node;
		(void) query_tree_walker((Query *) node, comparison_walker, context, 0);
		search->query = outer;
		return false;
	}
	if (IsA(node, OpExpr) && list_length(((OpExpr *) node)->args) == 2 &&
		compares(((OpExpr *) node)->opno, &equal))
	{
		Node	   *left = linitial(((OpExpr *) node)->args);
		Node	   *right = lsecond(((OpExpr *) node)->args);

		if (note_comparison(search, left, right, equal) ||
			note_comparison(search, right, left, equal))
			return false;
	}
	return expression_tree_walker(node, comparison_walker, context);
}

/* The comparisons (Comparison) of a trial's queries. */
static List *
find_comparisons(const PlanTrial *trial)
{
	ComparisonSearch search = {0};

	(void) comparison_walker((Node *) trial->queries, &search);
	return search.found;
}

/*
 * Does a constant vary?  It does if another sample, in the same place, has
 * another one.
 */
static bool
constant_varies(const List *trials, const List *comparisons, int number)
{
	const Comparison *mine = list_nth(comparisons, number);
	ListCell   *lc;

	foreach(lc, trials)
	{
		List	   *others =
			find_comparisons(&((WeighedTrial *) lfirst(lc))->trial);
		const Comparison *other;

		if (list_length(others) != list_length(comparisons))
			continue;
		other = list_nth(others, number);
		if (other->constant != NULL && other->relid == mine->relid &&
			other->attno == mine->attno &&
			!equal(other->constant, mine->constant))
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------------
 * Statistics
 * ------------------------------------------------------------------------ */

/* May the current user see the statistics of a column? */
static bool
may_see_column(Oid relid, AttrNumber attno)
{
	return (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
			pg_attribute_aclcheck(relid, attno, GetUserId(),
								  ACL_SELECT) == ACLCHECK_OK) &&
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

/* The statistics of a column, of its children too if there are any; or NULL. */
static HeapTuple
column_statistics(Oid relid, AttrNumber attno)
{
	HeapTuple	tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
										Int16GetDatum(attno),
										BoolGetDatum(true));

	return HeapTupleIsValid(tuple) ? tuple :
		SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
						Int16GetDatum(attno), BoolGetDatum(false));
}

/* Add a value of statistics, as text, to a list of strings. */
static List *
add_drawn_value(List *values, Oid type, Datum value)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	getTypeOutputInfo(type, &output, &varlena);
	text = OidOutputFunctionCall(output, value);

	return strlen(text) > MOST_VALUE_BYTES ? values : lappend(values, text);
}

/* The place of the least, or the greatest, value in a slot of statistics. */
static int
find_end(const AttStatsSlot *slot, const TypeCacheEntry *type, bool greatest)
{
	int			found = 0;

	for (int i = 1; i < slot->nvalues; i++)
	{
		int			compared =
			DatumGetInt32(FunctionCall2Coll(unconstify(FmgrInfo *, &type->cmp_proc_finfo),
											slot->stacoll, slot->values[i],
											slot->values[found]));

		if (greatest ? compared > 0 : compared < 0)
			found = i;
	}
	return found;
}

/*
 * Add values in one slot of a column's statistics: the first and the last one,
 * or the least and the greatest.
 */
static List *
add_slot(List *values, HeapTuple statistics, int kind, bool ends)
{
	AttStatsSlot slot;
	TypeCacheEntry *type;

	if (!get_attstatsslot(&slot, statistics, kind, InvalidOid,
						  ATTSTATSSLOT_VALUES))
		return values;
	type = lookup_type_cache(slot.valuetype, TYPECACHE_CMP_PROC_FINFO);
	if (slot.nvalues > 0 && slot.valuetype < FirstNormalObjectId &&
		OidIsValid(type->cmp_proc))
	{
		int			first = ends ? find_end(&slot, type, false) : 0;
		int			last = ends ? find_end(&slot, type, true) :
			slot.nvalues - 1;

		values = add_drawn_value(values, slot.valuetype, slot.values[first]);
		if (last != first)
			values = add_drawn_value(values, slot.valuetype, slot.values[last]);
	}
	free_attstatsslot(&slot);
	return values;
}

/*
 * A value that no row has, beyond the last one: of numbers and of strings; NULL
 * of other types.
 */
static char *
absent_value(Oid type, const char *last)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return psprintf(INT64_FORMAT, strtoi64(last, NULL, 10) + 1);
		case TEXTOID:
		case VARCHAROID:
			return psprintf("%s~", last);
		default:
			return NULL;
	}
}

/*
 * Values to compare a column with, as text: the most common and the rarest of
 * the common ones, the ends of the others, and one that is absent.
 */
static List *
values_of_column(const Comparison *comparison)
{
	HeapTuple	statistics;
	List	   *values = NIL;
	char	   *absent;

	if (!may_see_column(comparison->relid, comparison->attno))
		return NIL;
	statistics = column_statistics(comparison->relid, comparison->attno);
	if (!HeapTupleIsValid(statistics))
		return NIL;
	values = add_slot(values, statistics, STATISTIC_KIND_MCV,
					  !comparison->equal);
	values = add_slot(values, statistics, STATISTIC_KIND_HISTOGRAM,
					  !comparison->equal);
	ReleaseSysCache(statistics);
	if (values == NIL || !comparison->equal)
		return values;
	absent = absent_value(get_atttype(comparison->relid, comparison->attno),
						  llast(values));
	return absent == NULL ? values : lappend(values, absent);
}

/* ------------------------------------------------------------------------
 * Trials
 * ------------------------------------------------------------------------ */

/* A trial like another one, but for the value of a comparison. */
static WeighedTrial *
trial_with_value(const WeighedTrial *like, const Comparison *comparison,
				 char *value)
{
	WeighedTrial *drawn = palloc0(sizeof(WeighedTrial));
	PlanTrial  *trial = &drawn->trial;

	drawn->drawn = true;
	trial->text = like->trial.text;
	trial->guess_types = like->trial.guess_types;
	trial->nparams = like->trial.nparams;
	trial->types = like->trial.types;
	trial->values = like->trial.values;
	trial->settings = like->trial.settings;
	if (comparison->param == 0)
	{
		trial->constant_at = comparison->constant->location;
		trial->constant = value;
		return drawn;
	}
	trial->values = palloc(sizeof(char *) * trial->nparams);
	memcpy(trial->values, like->trial.values, sizeof(char *) * trial->nparams);
	trial->values[comparison->param - 1] = value;
	return drawn;
}

/* Could the value of a comparison be another one in another call? */
static bool
value_may_vary(const List *trials, const List *comparisons, int number)
{
	const WeighedTrial *first = linitial(trials);
	const Comparison *comparison = list_nth(comparisons, number);

	if (comparison->param > 0)
		return first->trial.values != NULL &&
			comparison->param <= first->trial.nparams;
	return constant_varies(trials, comparisons, number);
}

/* SandboxWork: draw values for all comparisons. */
static void
draw_values(void *arg)
{
	Drawing    *drawing = arg;
	const WeighedTrial *first = linitial(drawing->trials);
	List	   *comparisons = find_comparisons(&first->trial);
	ListCell   *lc;

	foreach(lc, comparisons)
	{
		const Comparison *comparison = lfirst(lc);
		ListCell   *value;

		if (!value_may_vary(drawing->trials, comparisons, foreach_current_index(lc)))
			continue;
		foreach(value, values_of_column(comparison))
			if (list_length(drawing->drawn) < MOST_DRAWN)
			drawing->drawn = lappend(drawing->drawn,
									 trial_with_value(first, comparison,
													  lfirst(value)));
	}
}

/*
 * Trials (WeighedTrial) of a statement with values drawn from statistics, one
 * value of one of its samples replaced in each; not run yet.  "trials" are the
 * samples that were planned, not NIL.  The tables are locked.  Empty, too, if
 * drawing fails.
 */
List *
workload_draw_values(const List *trials, const Sandbox *sandbox)
{
	Drawing		drawing = {.trials = trials};

	if (sandbox_run(sandbox, draw_values, &drawing) != NULL)
		return NIL;
	return drawing.drawn;
}
