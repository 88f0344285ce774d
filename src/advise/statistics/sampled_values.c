/*-------------------------------------------------------------------------
 *
 * sampled_values.c
 *	  What is in the rows of a sample of a table.
 *
 * Conditions and operands are evaluated as the columns of an index would be that is
 * built on them.  They run no functions of users (condition_translate.c).
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_trial.h"

#include <math.h>

#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "advise/whatif/index_sample.h"

/* Standard deviations of a count of a sample within which the truth is looked for. */
#define COUNT_DEVIATIONS	2.0

/* Append an expression to the keys of an index, which is not to be built. */
static void
add_sampled_key(IndexDefinition *def, Node *expr)
{
	IndexKey   *key = &def->keys[def->nkeys++];

	memset(key, 0, sizeof(*key));
	key->expr = expr;
	key->type = exprType(expr);
	key->collation = exprCollation(expr);
	key->opclass = GetDefaultOpClass(key->type, BTREE_AM_OID);
	key->opfamily = get_opclass_family(key->opclass);
}

/* "All of these conditions hold", which is false rather than null. */
static Node *
make_test(List *clauses)
{
	BooleanTest *test = makeNode(BooleanTest);

	test->arg = make_ands_explicit(clauses);
	test->booltesttype = IS_TRUE;
	test->location = -1;
	return (Node *) test;
}

/* The operands, then whether each condition holds, then whether all do. */
static IndexDefinition *
make_sampled_columns(const StatisticsTrial *trial)
{
	IndexDefinition *def = index_def_make(trial->relid, BTREE_AM_OID);
	List	   *clauses = NIL;

	for (int i = 0; i < trial->noperands; i++)
		add_sampled_key(def, trial->operand[i]);
	for (int i = 0; i < trial->nconditions; i++)
	{
		add_sampled_key(def, make_test(list_make1(trial->condition[i].clause)));
		clauses = lappend(clauses, trial->condition[i].clause);
	}
	add_sampled_key(def, make_test(clauses));
	return def;
}

/* The rows of the sample for which a condition holds. */
static int
count_true(const IndexSample *sample, int column)
{
	int			count = 0;

	for (int i = 0; i < sample->nrows; i++)
	{
		if (DatumGetBool(sample->values[(Size) i * sample->desc->natts + column]))
			count++;
	}
	return count;
}

/* Set what a sample tells of the conditions: how many rows meet all of them. */
static void
count_sampled_matches(StatisticsTrial *trial, const IndexSample *sample, bool complete)
{
	double		scale = complete ? 1 : trial->tuples / sample->nrows;
	double		spread;

	for (int i = 0; i < trial->nconditions; i++)
		trial->condition[i].matches = count_true(sample, trial->noperands + i);
	trial->matches = count_true(sample, trial->noperands + trial->nconditions);
	spread = complete ? 0 : COUNT_DEVIATIONS * sqrt(trial->matches + 1.0);
	trial->rows = trial->matches * scale;
	trial->rows_low = Max(trial->matches - spread, 0) * scale;
	trial->rows_high = (trial->matches + spread) * scale;
}

/*
 * Look at a sample of the trial's table, with the current user's rights; false if that
 * user may not read all of it, or it has no rows.  Sets what samples tell of the trial's
 * conditions.  Locks the table (AccessShareLock) to the end of the (sub)transaction.
 */
bool
sampled_values(StatisticsTrial *trial, SampledValues *values)
{
	Relation	heap = try_table_open(trial->relid, AccessShareLock);
	const TableSample *rows = heap == NULL ? NULL : table_sample(heap, trial->named);
	IndexDefinition *def;
	IndexSample *sample;

	if (rows == NULL || rows->nrows == 0)
	{
		if (heap != NULL)
			table_close(heap, NoLock);
		return false;
	}
	def = make_sampled_columns(trial);
	sample = index_sample(def, heap, rows);
	trial->sampled = sample->nrows;
	trial->tuples = rows->complete ? sample->nrows : rows->tuples;
	count_sampled_matches(trial, sample, rows->complete);
	table_close(heap, NoLock);
	*values = (SampledValues)
	{
		.def = def,.sample = sample
	};
	return true;
}

/* Is an operand a column? */
bool
trial_is_column(const StatisticsTrial *trial, int operand)
{
	return operand >= 0 && IsA(trial->operand[operand], Var);
}

/* Is the planner wrong that expects so many rows? */
bool
trial_is_wrong(const StatisticsTrial *trial, double expected)
{
	return trial->rows_low >= TRIAL_RIGHT_TIMES * Max(expected, 1) ||
		expected >= TRIAL_RIGHT_TIMES * Max(trial->rows_high, 1);
}
