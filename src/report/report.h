/*-------------------------------------------------------------------------
 *
 * report.h
 *	  What the SQL-callable readers share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REPORT_H
#define CLIPPERF_REPORT_H

#include "compat.h"

#include "fmgr.h"
#include "utils/tuplestore.h"

/* Milliseconds, the unit of every time that users see. */
#define US_TO_MS(us) ((us) / 1000.0)

/* Begin a set-returning reader of "columns" columns: */
extern void report_begin_rows(FunctionCallInfo fcinfo, int columns);

/* Error 55000 unless the SQL declaration of a reader has "columns" columns: */
extern void report_check_columns(TupleDesc desc, int columns);

/* May the caller read texts and parameters of this user's statements? */
extern bool report_may_read(Oid userid);

/* Put a text that may be NULL into a row. */
extern void report_set_text(Datum *values, bool *nulls, int column,
							const char *text);

#endif							/* CLIPPERF_REPORT_H */
