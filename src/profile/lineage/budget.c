/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  What recording the results of statements without children may cost.
 *
 * To record a value costs some 0.2 us, mostly for the cache lines it goes to.
 * Few statements have children, and those that have them show it soon.  So a
 * backend that reads key columns very fast records an even sample of the
 * results, as many values as cost some one percent of the time that the
 * executor took for such results, until a child of the statement is seen, by
 * any backend: from then on all are recorded.  A statement that is run now and
 * then is not left out because another one is run all the time.
 *
 * A token bucket, which may go into debt by one result.  Belongs to one
 * backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/budget.h"

/* Values that may be recorded for each ms of the executor's time .. */
#define VALUES_PER_MS		50

/* .. and at once. */
#define VALUES_AT_ONCE		1000

/* A result of a statement is recorded in any case after such a time, in us. */
#define STATEMENT_US		INT64CONST(100000)

/* A statement is a parent for so long after its last child, in us. */
#define PARENT_US			INT64CONST(60000000)

/* Thousandths of values that may be recorded yet. */
static int64 left = VALUES_AT_ONCE * 1000;

/* Has the statement had children lately? */
static inline bool
is_parent(uint64 queryid, int64 now_us)
{
	return now_us - resultset_parent_us(queryid) <= PARENT_US;
}

/*
 * Is another result of this statement to be recorded now, clock_us()?  Those
 * of statements that had children lately always are.
 */
bool
budget_admits(StatementInfo *info, int64 now_us)
{
	if (left <= 0 && now_us - info->recorded_us < STATEMENT_US &&
		!is_parent(info->queryid, now_us))
		return false;
	info->recorded_us = now_us;
	return true;
}

/* The executor has worked so long for a result, recorded or not. */
void
budget_earn(int64 us)
{
	left = Min(left + Min(us, 1000000) * VALUES_PER_MS, VALUES_AT_ONCE * 1000);
}

/* So many values of such a result were recorded. */
void
budget_spend(uint64 queryid, int64 now_us, int values)
{
	if (!is_parent(queryid, now_us))
		left -= values * 1000;
}
