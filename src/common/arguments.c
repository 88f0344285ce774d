/*-------------------------------------------------------------------------
 *
 * arguments.c
 *	  Arguments of our SQL functions that must not be null.
 *
 * A strict function says nothing and does nothing for NULL; whoever calls one
 * that changes or finds out something by mistake should hear of it.
 *
 *-------------------------------------------------------------------------
 */
#include "common/arguments.h"

/* Error 22004 if an argument, counted from 0, is null. */
void
argument_require(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
}
