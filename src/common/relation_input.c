/*-------------------------------------------------------------------------
 *
 * relation_input.c
 *	  Reading the type of columns that name a relation of this database.
 *
 * A publication of all tables takes ours along, with the names of relations that
 * the other server need not have.  It reads a row before a trigger can refuse
 * it: regclass would raise an error then, and stop the subscription.
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

PGDLLEXPORT Datum clipperf_relation_in(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_relation_in);

/* Is it the number of a relation that was gone when its name was asked for? */
static bool
is_number(const char *string)
{
	return *string != '\0' && strspn(string, "0123456789") == strlen(string);
}

/*
 * The input function: that of regclass, but for rows that a subscription brings.
 * There, a relation that is not here is none; an error is raised only if the
 * string cannot be a name.
 */
Datum
clipperf_relation_in(PG_FUNCTION_ARGS)
{
	char	   *string = PG_GETARG_CSTRING(0);

	LOCAL_FCINFO(call, 1);
	Datum		relation;

	if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA ||
		strcmp(string, "-") == 0 || is_number(string))
		PG_RETURN_DATUM(DirectFunctionCall1(regclassin, CStringGetDatum(string)));
	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0].value = CStringGetTextDatum(string);
	call->args[0].isnull = false;
	relation = to_regclass(call);
	PG_RETURN_OID(call->isnull ? InvalidOid : DatumGetObjectId(relation));
}
