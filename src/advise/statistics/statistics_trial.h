/*-------------------------------------------------------------------------
 *
 * statistics_trial.h
 *	  A guess of the planner's, and which statistics it would be better with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATISTICS_TRIAL_H
#define CLIPPERF_STATISTICS_TRIAL_H

#include "compat.h"

#include "advise/whatif/table_sample.h"
#include "advise/whatif/whatif.h"
#include "advise/workload/workload.h"

/* Columns of a statistics object, at most, as STATS_MAX_DIMENSIONS. */
#define TRIAL_OPERANDS	8

/*
 * The planner is right, or would be, if it is wrong by fewer times: an estimate on a
 * sample is no better than that.
 */
#define TRIAL_RIGHT_TIMES	10

/* A condition of a scan, on varno 1, without parameters. */
typedef struct TrialCondition
{
	Node	   *clause;
	int			operand;		/* number of what it compares with a value; -1
								 * = it does something else */
	bool		is_equality;	/* with one value, or a few */
	int			matches;		/* rows of the sample that it keeps by itself */
} TrialCondition;

/*
 * What the planner guesses the rows of: those of a table that meet all conditions, or,
 * without conditions, the groups that the operands make of its rows.
 */
typedef struct StatisticsTrial
{
	Oid			relid;			/* a table, or a partition */
	Oid			named;			/* the table that the statement names */
	int			noperands;
	Node	   *operand[TRIAL_OPERANDS];	/* columns or expressions, varno 1 */
	int			nconditions;
	TrialCondition condition[TRIAL_OPERANDS];
	double		expected;		/* rows, by the planner as things are */

	/* What a sample of the table tells. */
	int			sampled;		/* rows */
	double		tuples;			/* rows of the table */
	int			matches;		/* rows that meet all conditions */
	double		rows;			/* of the guess, in truth: an estimate, .. */
	double		rows_low;		/* .. from .. */
	double		rows_high;		/* .. to */
} StatisticsTrial;

/* Is the planner wrong that expects so many rows? */
extern bool trial_is_wrong(const StatisticsTrial *trial, double expected);

/* Is an operand a column? */
extern bool trial_is_column(const StatisticsTrial *trial, int operand);

/* ------------------------------------------------------------------------
 * Finding it (guessed_scan.c, guessed_groups.c), within a sandbox
 * ------------------------------------------------------------------------ */

/*
 * Of the scans of a table, or of its partitions, in the statement's plans, the one that
 * the planner is most wrong about; false if none could be tested on a sample.
 */
extern bool guessed_scan_find(const WorkloadStatement *statement, Oid relation,
							  bool too_few, StatisticsTrial *trial);

/* The groups that the statement makes of the rows of one table; false if it does not. */
extern bool guessed_groups_find(const WorkloadStatement *statement,
								StatisticsTrial *trial);

/* ------------------------------------------------------------------------
 * Trying (sampled_values.c, offered_statistics.c, extended_statistics.c)
 * ------------------------------------------------------------------------ */

/* The operands' values and the conditions' answers for the rows of a sample. */
typedef struct SampledValues
{
	const IndexDefinition *def; /* keys: operands, conditions, all of these */
	const struct IndexSample *sample;
} SampledValues;

/*
 * Look at a sample of the trial's table; false if the current user may not read all of
 * it, or it has no rows.  Sets what samples tell of the trial's conditions.
 */
extern bool sampled_values(StatisticsTrial *trial, SampledValues *values);

/*
 * What the planner would expect with statistics of the sample, of these operands (a set
 * of bits); with larger ones, of this target, of others; 0 = as they are.
 */
extern double offered_estimate(const StatisticsTrial *trial, const SampledValues *values,
							   uint32 operands, uint32 larger, int target);

/* The target of the statistics of an operand as things are. */
extern int	statistics_target(const StatisticsTrial *trial, int operand);

/* What functional dependencies between two columns, computed on the sample, would tell. */
extern double dependencies_estimate(const StatisticsTrial *trial, const SampledValues *values,
									uint32 *operands);

/* .. the list of the most common combinations of the columns. */
extern double mcv_estimate(const StatisticsTrial *trial, const SampledValues *values,
						   double simple, uint32 *operands);

/* The number of different combinations of operands in the table, by the sample. */
extern double distinct_estimate(const StatisticsTrial *trial, const SampledValues *values);

#endif							/* CLIPPERF_STATISTICS_TRIAL_H */
