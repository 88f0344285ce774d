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
#include "utils/hsearch.h"

#include "store/histogram.h"
#include "store/life.h"

/* Begin a set-returning reader of "columns" columns. */
extern void report_begin_rows(FunctionCallInfo fcinfo, int columns);

/* How often the statements of this database were called, by any user. */
extern HTAB *report_calls(void);

/* Note in the store when a finding was seen last, see life.h. */
extern Life report_observe(HTAB *calls, const LifeKey *key, TimestampTz seen);

/* A mean, or an estimate, to six significant digits. */
extern double report_round(double number);

/* Quantiles of the times, and of the numbers of statements, of requests. */
extern Datum report_quantile_ms(const Histogram *histogram, double q,
								int64 longest_us);
extern Datum report_quantile_count(const Histogram *histogram, double q,
								   int64 most);

/* May the caller learn of this user's statements? */
extern bool report_may_read(Oid userid);

#endif							/* CLIPPERF_REPORT_H */
