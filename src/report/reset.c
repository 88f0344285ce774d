/*-------------------------------------------------------------------------
 *
 * reset.c
 *	  clipperf_reset(), clipperf_reset_database(): forget what was seen.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "common/arguments.h"
#include "store/modules.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_reset(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum clipperf_reset_database(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_reset);
PG_FUNCTION_INFO_V1(clipperf_reset_database);

static const struct
{
	const char *name;
	int			what;
}			targets[] = {
	{"all", RESET_ALL},
	{"queries", RESET_QUERIES},
	{"n_plus_one", RESET_N_PLUS_ONE},
	{"seq_scans", RESET_SEQ_SCANS},
	{"samples", RESET_SAMPLES},
	{"routes", RESET_ROUTES},
	{"waits", RESET_WAITS},
	{"plans", RESET_PLANS},
	{"standbys", RESET_STANDBYS}
};

/*
 * What is named by an argument, as bits of ResetWhat.  Error 22023 for an unknown
 * name, 22004 for none.
 */
static int
reset_target(FunctionCallInfo fcinfo, int number)
{
	char	   *name;

	argument_require(fcinfo, number, "what");
	name = text_to_cstring(PG_GETARG_TEXT_PP(number));
	for (int i = 0; i < lengthof(targets); i++)
	{
		if (strcmp(targets[i].name, name) == 0)
			return targets[i].what;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized reset target: \"%s\"", name),
			 errhint("Target must be \"all\", \"queries\", \"n_plus_one\", \"seq_scans\", \"samples\", \"routes\", \"waits\", \"plans\", or \"standbys\".")));
}

/*
 * clipperf_reset(what): of all databases.  Who may call it is a matter of GRANT.
 */
Datum
clipperf_reset(PG_FUNCTION_ARGS)
{
	store_require();
	store_reset(reset_target(fcinfo, 0), InvalidOid);
	PG_RETURN_VOID();
}

/*
 * clipperf_reset_database(what, database): of one database.  Who may call it is a
 * matter of GRANT; but the statistics of a database that the caller is not connected
 * to can be reset by its owner only: error 42501.  Error 3D000 if there is no such
 * database, 22023 for "standbys", which are of the server.
 */
Datum
clipperf_reset_database(PG_FUNCTION_ARGS)
{
	int			what;
	char	   *name;
	Oid			dbid;

	store_require();
	what = reset_target(fcinfo, 0);
	argument_require(fcinfo, 1, "database");
	name = NameStr(*PG_GETARG_NAME(1));
	dbid = get_database_oid(name, false);
	if (dbid != MyDatabaseId && !DATABASE_OWNERCHECK(dbid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_DATABASE, name);
	if (what == RESET_STANDBYS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("standby servers cannot be reset for one database"),
				 errhint("Use clipperf_reset('standbys').")));
	store_reset(what, dbid);
	PG_RETURN_VOID();
}
