/*-------------------------------------------------------------------------
 *
 * statistics_text.h
 *	  Statistics as SQL that collects them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATISTICS_TEXT_H
#define CLIPPERF_STATISTICS_TEXT_H

#include "compat.h"

#include "advise/statistics/statistics_trial.h"

/* The operands of a set (of bits), as SQL, with commas; palloc'd. */
extern char *statistics_operands(const StatisticsTrial *trial, uint32 operands);

/* The table, as SQL; palloc'd. */
extern char *statistics_table(const StatisticsTrial *trial);

/* A statement that returns the rows that the planner is asked about; palloc'd. */
extern char *statistics_question(const StatisticsTrial *trial);

/* CREATE STATISTICS of a kind, NULL for that of an expression, and ANALYZE; palloc'd. */
extern char *statistics_create(const StatisticsTrial *trial, const char *kind,
							   uint32 operands);

/* ALTER TABLE with a target for columns, and ANALYZE; palloc'd. */
extern char *statistics_alter(const StatisticsTrial *trial, uint32 operands, int target);

/* A statistics object on these columns that ANALYZE has not filled; NULL if there is none. */
extern char *statistics_not_built(const StatisticsTrial *trial, uint32 operands);

#endif							/* CLIPPERF_STATISTICS_TEXT_H */
