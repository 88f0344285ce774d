/*-------------------------------------------------------------------------
 *
 * extended_statistics.c
 *	  What CREATE STATISTICS would tell the planner, computed on a sample.
 *
 * The planner reads extended statistics from the catalog alone, so those of a sample
 * cannot be shown to it.  Instead they are computed as ANALYZE does, and put into the
 * planner's own formulas:
 *
 * - functional dependencies (dependencies.c in the server): the degree f of a -> b is the
 *   share of rows whose value of a comes with one value of b only; then
 *   P(a, b) = f * min(P(a), P(b)) + (1 - f) * P(a) * P(b);
 * - most common combinations (mcv.c): their frequencies, and for what is not among them
 *   what is left of the simple estimate, but not more than what is left of the table;
 * - distinct combinations (mvdistinct.c): Duj1 by P. Haas and L. Stokes, 1998.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/statistics/statistics_trial.h"

#include "commands/vacuum.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/sortsupport.h"
#include "utils/typcache.h"

#include "advise/whatif/index_sample.h"

/* Combinations that meet the conditions, at most: beyond, their frequencies do not matter. */
#define MOST_MATCHING	1000

/* Rows of a sample in the order of some of its columns. */
typedef struct SortedRows
{
	const IndexSample *sample;
	int			ncolumns;
	int			column[TRIAL_OPERANDS];
	SortSupportData compare[TRIAL_OPERANDS];
	int		   *row;			/* numbers, sorted */
} SortedRows;

/* Rows that have the same values. */
typedef struct Combination
{
	int			first;			/* place in SortedRows.row */
	int			count;
} Combination;

/* Compare two rows by the first columns. */
static int
compare_columns(const SortedRows *rows, int a, int b, int ncolumns)
{
	int			natts = rows->sample->desc->natts;

	for (int i = 0; i < ncolumns; i++)
	{
		Size		left = (Size) a * natts + rows->column[i];
		Size		right = (Size) b * natts + rows->column[i];
		int			order = ApplySortComparator(rows->sample->values[left],
												rows->sample->nulls[left],
												rows->sample->values[right],
												rows->sample->nulls[right],
												unconstify(SortSupportData *, &rows->compare[i]));

		if (order != 0)
			return order;
	}
	return 0;
}

/* qsort_arg comparator of rows' numbers. */
static int
compare_sampled_rows(const void *a, const void *b, void *arg)
{
	const SortedRows *rows = arg;

	return compare_columns(rows, *(const int *) a, *(const int *) b, rows->ncolumns);
}

/* Sort the rows of a sample by some of its operands. */
static SortedRows *
sort_sampled_rows(const StatisticsTrial *trial, const SampledValues *values,
				  const int *operands, int noperands)
{
	SortedRows *rows = palloc0(sizeof(SortedRows));

	rows->sample = values->sample;
	rows->ncolumns = noperands;
	for (int i = 0; i < noperands; i++)
	{
		const IndexKey *key = &values->def->keys[operands[i]];

		rows->column[i] = operands[i];
		rows->compare[i].ssup_cxt = CurrentMemoryContext;
		rows->compare[i].ssup_collation = key->collation;
		PrepareSortSupportFromOrderingOp(lookup_type_cache(key->type, TYPECACHE_LT_OPR)->lt_opr,
										 &rows->compare[i]);
	}
	rows->row = palloc(rows->sample->nrows * sizeof(int));
	for (int i = 0; i < rows->sample->nrows; i++)
		rows->row[i] = i;
	CHECK_FOR_INTERRUPTS();
	qsort_arg(rows->row, rows->sample->nrows, sizeof(int), compare_sampled_rows, rows);
	return rows;
}

/* The different combinations among sorted rows, in their order. */
static Combination *
find_combinations(const SortedRows *rows, int *ncombinations)
{
	int			nrows = rows->sample->nrows;
	Combination *found = palloc(Max(nrows, 1) * sizeof(Combination));

	*ncombinations = 0;
	for (int i = 0; i < nrows; i++)
	{
		if (i == 0 || compare_columns(rows, rows->row[i - 1], rows->row[i], rows->ncolumns) != 0)
			found[(*ncombinations)++] = (Combination)
		{
			.first = i
		};
		found[*ncombinations - 1].count++;
	}
	return found;
}

/* The degree to which one operand's value tells the other's, as core has it. */
static double
dependency_degree(const StatisticsTrial *trial, const SampledValues *values, int from, int to)
{
	int			operands[] = {from, to};
	SortedRows *rows = sort_sampled_rows(trial, values, operands, 2);
	int			nrows = rows->sample->nrows;
	int			supporting = 0;
	int			begin = 0;

	for (int i = 1; i <= nrows; i++)
	{
		if (i < nrows && compare_columns(rows, rows->row[begin], rows->row[i], 1) == 0)
			continue;
		if (compare_columns(rows, rows->row[begin], rows->row[i - 1], 2) == 0)
			supporting += i - begin;
		begin = i;
	}
	return (double) supporting / nrows;
}

/* The condition that compares an operand, a column, for equality; NULL if there is none. */
static const TrialCondition *
equality_on(const StatisticsTrial *trial, int operand)
{
	for (int i = 0; i < trial->nconditions; i++)
	{
		if (trial->condition[i].operand == operand && trial->condition[i].is_equality &&
			trial_is_column(trial, operand))
			return &trial->condition[i];
	}
	return NULL;
}

/* The share of rows that two equalities keep, by the dependency between their columns. */
static double
dependent_share(const StatisticsTrial *trial, const SampledValues *values, int a, int b)
{
	double		degree = Max(dependency_degree(trial, values, a, b),
							 dependency_degree(trial, values, b, a));
	double		share_a = (double) equality_on(trial, a)->matches / trial->sampled;
	double		share_b = (double) equality_on(trial, b)->matches / trial->sampled;

	return degree * Min(share_a, share_b) + (1 - degree) * share_a * share_b;
}

/*
 * The rows that the planner would expect with functional dependencies between two of the
 * columns, those that it changes most; the other conditions as they are by themselves.
 * -1 if there are no two columns that are compared for equality.
 */
double
dependencies_estimate(const StatisticsTrial *trial, const SampledValues *values,
					  uint32 *operands)
{
	double		most = -1;
	double		share = -1;

	for (int a = 0; a < trial->noperands; a++)
	{
		for (int b = a + 1; b < trial->noperands; b++)
		{
			const TrialCondition *of_a = equality_on(trial, a);
			const TrialCondition *of_b = equality_on(trial, b);
			double		dependent;
			double		independent;

			if (of_a == NULL || of_b == NULL || of_a->matches == 0 || of_b->matches == 0)
				continue;
			dependent = dependent_share(trial, values, a, b);
			independent = (double) of_a->matches * of_b->matches /
				((double) trial->sampled * trial->sampled);
			if (dependent / independent <= most)
				continue;
			most = dependent / independent;
			share = dependent;
			*operands = 1U << a | 1U << b;
		}
	}
	for (int i = 0; i < trial->nconditions; i++)
	{
		const TrialCondition *condition = &trial->condition[i];

		if (condition->operand < 0 || (*operands & (1U << condition->operand)) == 0 ||
			condition != equality_on(trial, condition->operand))
			share *= (double) condition->matches / trial->sampled;
	}
	return most < 0 ? -1 : share * trial->tuples;
}

/* qsort comparator: the most frequent ones first. */
static int
compare_combinations(const void *a, const void *b)
{
	return ((const Combination *) b)->count - ((const Combination *) a)->count;
}

/* How often a combination would be met if its columns were independent. */
static double
base_frequency(const SortedRows *rows, int of_row)
{
	double		frequency = 1;

	for (int i = 0; i < rows->ncolumns; i++)
	{
		SortedRows	alone = *rows;
		int			count = 0;

		CHECK_FOR_INTERRUPTS();
		alone.column[0] = rows->column[i];
		alone.compare[0] = rows->compare[i];
		for (int row = 0; row < rows->sample->nrows; row++)
			count += compare_columns(&alone, row, of_row, 1) == 0 ? 1 : 0;
		frequency *= (double) count / rows->sample->nrows;
	}
	return frequency;
}

/*
 * How many of the combinations, the most frequent first, ANALYZE keeps: as many as the
 * target, and of a part of the table only those whose frequency is known well enough, as
 * get_mincount_for_mcv_list() has it.
 */
static int
kept_combinations(const Combination *found, int nfound, int target, double n, double tuples)
{
	int			kept = Min(nfound, target);
	double		least = n * (tuples - n) / Max(tuples - n + 0.04 * n * (tuples - 1), 1);

	if (nfound > target)
	{
		for (int i = 0; i < kept; i++)
		{
			if (found[i].count < least)
				return i;
		}
	}
	return kept;
}

/*
 * The rows that the planner would expect with a list of the most common combinations of
 * all columns that conditions compare, where it now expects the share "simple" of the
 * rows by the columns alone.  -1 if there are no two columns, or a condition compares
 * something else.
 */
double
mcv_estimate(const StatisticsTrial *trial, const SampledValues *values, double simple,
			 uint32 *operands)
{
	int			columns[TRIAL_OPERANDS];
	SortedRows *rows;
	Combination *found;
	int			nfound;
	int			target = 0;
	int			matching = 0;
	double		share = 0;
	double		base = 0;
	double		total = 0;

	*operands = 0;
	for (int i = 0; i < trial->nconditions; i++)
	{
		if (!trial_is_column(trial, trial->condition[i].operand))
			return -1;
	}
	if (trial->noperands < 2)
		return -1;
	for (int i = 0; i < trial->noperands; i++)
	{
		columns[i] = i;
		*operands |= 1U << i;
		target = Max(target, statistics_target(trial, i));
	}
	rows = sort_sampled_rows(trial, values, columns, trial->noperands);
	found = find_combinations(rows, &nfound);
	qsort(found, nfound, sizeof(Combination), compare_combinations);
	nfound = kept_combinations(found, nfound, target, trial->sampled, trial->tuples);
	for (int i = 0; i < nfound; i++)
	{
		int			row = rows->row[found[i].first];
		double		frequency = (double) found[i].count / trial->sampled;

		total += frequency;
		if (!DatumGetBool(values->sample->values[(Size) row * values->sample->desc->natts +
												 trial->noperands + trial->nconditions]) ||
			++matching > MOST_MATCHING)
			continue;
		share += frequency;
		base += base_frequency(rows, row);
	}
	share += Min(Max(simple - base, 0), Max(1 - total, 0));
	return Min(share, 1) * trial->tuples;
}

/*
 * The number of different combinations of operands in the table, by Duj1, as
 * estimate_ndistinct() in mvdistinct.c has it.
 */
double
distinct_estimate(const StatisticsTrial *trial, const SampledValues *values)
{
	int			columns[TRIAL_OPERANDS];
	Combination *found;
	int			nfound;
	double		n = trial->sampled;
	double		once = 0;

	for (int i = 0; i < trial->noperands; i++)
		columns[i] = i;
	found = find_combinations(sort_sampled_rows(trial, values, columns, trial->noperands),
							  &nfound);
	for (int i = 0; i < nfound; i++)
		once += found[i].count == 1 ? 1 : 0;
	return Min(Max(n * nfound / (n - once + once * n / trial->tuples), nfound),
			   trial->tuples);
}
