/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What the SQL-callable readers of the store share.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <math.h>

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "common/result_rows.h"
#include "store/statement.h"
#include "store/store.h"

/* The calls of one statement by all users and routes. */
typedef struct StatementCalls
{
	uint64		queryid;		/* hash key */
	int64		calls;
} StatementCalls;

/*
 * Begin a set-returning reader of "columns" columns: rows go to the tuplestore
 * of fcinfo->resultinfo.  Error 55000 unless clipperf was preloaded.
 */
void
report_begin_rows(FunctionCallInfo fcinfo, int columns)
{
	store_require();
	result_begin_rows(fcinfo, columns);
}

/* StatementVisitor that adds to the table of StatementCalls "arg". */
static void
add_calls(const StatementKey *key, const StatementCounters *counters,
		  const TableUses *tables, void *arg)
{
	StatementCalls *statement;
	bool		found;

	if (key->dbid != MyDatabaseId)
		return;
	statement = hash_search((HTAB *) arg, &key->queryid, HASH_ENTER, &found);
	statement->calls = (found ? statement->calls : 0) + counters->calls;
}

/*
 * How often the statements of this database were called, by any user and route:
 * a table for report_observe() in the current memory context.
 */
HTAB *
report_calls(void)
{
	HASHCTL		control = {
		.keysize = sizeof(uint64),
		.entrysize = sizeof(StatementCalls),
		.hcxt = CurrentMemoryContext
	};
	HTAB	   *calls = hash_create("clipperf calls", 256, &control,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	statement_visit(add_calls, calls);
	return calls;
}

/* Note in the store when a finding was seen last, and how it stands with it. */
Life
report_observe(HTAB *calls, const LifeKey *key, TimestampTz seen)
{
	const StatementCalls *statement = hash_search(calls, &key->queryid,
												  HASH_FIND, NULL);

	return life_observe(key, seen, statement == NULL ? 0 : statement->calls);
}

/*
 * May the caller learn of this user's statements: that they ran, what they use
 * and what they say?  Raises nothing.
 */
bool
report_may_read(Oid userid)
{
	return userid == GetUserId() ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/*
 * A mean, or an estimate, to six significant digits: the others of a double tell
 * nothing, and make a column wide.
 */
double
report_round(double number)
{
	char		digits[32];

	snprintf(digits, sizeof(digits), "%.6g", number);
	return strtod(digits, NULL);
}

/* A quantile that is known within 4 %, in milliseconds; the longest is known exactly. */
Datum
report_quantile_ms(const Histogram *histogram, double q, int64 longest_us)
{
	double		us = histogram_quantile(histogram, q);

	return Float8GetDatum(US_TO_MS(Min(report_round(us), (double) longest_us)));
}

/* A quantile of numbers of statements: a whole one, exact up to 15. */
Datum
report_quantile_count(const Histogram *histogram, double q, int64 most)
{
	double		count = ceil(histogram_quantile_bound(histogram, q));

	return Int64GetDatum((int64) Min(count, (double) most));
}
