/*-------------------------------------------------------------------------
 *
 * arguments.c
 *	  Arguments of our SQL functions that must not be null, or must be within a range.
 *
 * A strict function says nothing and does nothing for NULL; whoever calls one
 * that changes or finds out something by mistake should hear of it.
 *
 *-------------------------------------------------------------------------
 */
#include "common/arguments.h"

#include "utils/timestamp.h"

/* Error 22004 if an argument, counted from 0, is null. */
void
argument_require(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
}

/* Error 22023 with this hint unless what an argument must satisfy is true. */
void
argument_require_range(bool condition, const char *name, const char *hint)
{
	if (!condition)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" is out of range", name),
				 errhint("%s", hint)));
}

/* The time that an argument says; error 22023 if it is in the future. */
TimestampTz
argument_past(TimestampTz time, const char *name)
{
	argument_require_range(time <= GetCurrentTimestamp(), name, "Give a time in the past.");
	return time;
}
