/*-------------------------------------------------------------------------
 *
 * reset.c
 *	  clipperf_reset(): forget what was seen.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "common/arguments.h"
#include "store/modules.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_reset(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_reset);

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
 * clipperf_reset(what): error 22023 for an unknown name, 22004 for none.  Who may call it is a
 * matter of GRANT.
 */
Datum
clipperf_reset(PG_FUNCTION_ARGS)
{
	char	   *name;

	store_require();
	argument_require(fcinfo, 0, "what");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	for (int i = 0; i < lengthof(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
		{
			store_reset(targets[i].what);
			PG_RETURN_VOID();
		}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized reset target: \"%s\"", name),
			 errhint("Target must be \"all\", \"queries\", \"n_plus_one\", \"seq_scans\", \"samples\", \"routes\", \"waits\", \"plans\", or \"standbys\".")));
}
