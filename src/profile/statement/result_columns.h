/*-------------------------------------------------------------------------
 *
 * result_columns.h
 *	  Which columns of a statement's result carry keys, or may.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RESULT_COLUMNS_H
#define CLIPPERF_RESULT_COLUMNS_H

#include "profile/statement/statement_info.h"

/*
 * Collect the columns of the result that carry keys, or may: fills
 * columns[RESULTSET_COLUMNS], returns how many.
 */
extern int	result_columns_collect(StatementInfo *info, const QueryDesc *query,
								   InfoColumn *columns);

/* Drop columns that have held no keys in so many results; false if there are none. */
extern bool result_columns_drop_guesses(StatementInfo *info);

#endif							/* CLIPPERF_RESULT_COLUMNS_H */
