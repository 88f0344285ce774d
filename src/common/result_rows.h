/*-------------------------------------------------------------------------
 *
 * result_rows.h
 *	  Rows of the set-returning functions that SQL calls.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RESULT_ROWS_H
#define CLIPPERF_RESULT_ROWS_H

#include "compat.h"

#include "fmgr.h"
#include "utils/tuplestore.h"

/* Milliseconds, the unit of every time that users see. */
#define US_TO_MS(us) ((us) / 1000.0)

/* Begin a set of rows of "columns" columns in a tuplestore. */
extern void result_begin_rows(FunctionCallInfo fcinfo, int columns);

/* Error 55000 unless the function's SQL declaration has so many columns. */
extern void result_check_columns(TupleDesc desc, int columns);

/* Put a text that may be NULL into a row. */
extern void result_set_text(Datum *values, bool *nulls, int column,
							const char *text);

#endif							/* CLIPPERF_RESULT_ROWS_H */
