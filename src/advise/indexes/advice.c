/*-------------------------------------------------------------------------
 *
 * advice.c
 *	  One row of advice.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/advice.h"

#include <math.h>

/* Advice with nothing known but this; the strings are not copied. */
Advice *
advice_make(const char *action, Oid relid, char *source)
{
	Advice	   *advice = palloc0(sizeof(Advice));

	advice->action = action;
	advice->relid = relid;
	advice->source = source;
	advice->status = "new";
	advice->benefit_share = NAN;
	advice->cost_before = NAN;
	advice->cost_after = NAN;
	advice->write_cost_share = NAN;
	advice->size_bytes = -1;
	return advice;
}

/* A statement as advice shows it: with a semicolon, to be pasted. */
char *
advice_statement(const char *sql)
{
	return psprintf("%s;", sql);
}
