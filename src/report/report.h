/*-------------------------------------------------------------------------
 *
 * report.h
 *	  What the SQL-callable readers of the store share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REPORT_H
#define CLIPPERF_REPORT_H

#include "compat.h"

#include "fmgr.h"

/* Begin a set-returning reader of "columns" columns. */
extern void report_begin_rows(FunctionCallInfo fcinfo, int columns);

/* May the caller read texts and parameters of this user's statements? */
extern bool report_may_read(Oid userid);

#endif							/* CLIPPERF_REPORT_H */
