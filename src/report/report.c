/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What the SQL-callable readers share.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "catalog/pg_authid.h"
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "store/store.h"

/*
 * Error 55000 unless the SQL declaration of a reader has "columns" columns:
 * the module and the extension's SQL objects may be of different versions.
 */
void
report_check_columns(TupleDesc desc, int columns)
{
	if (desc->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the SQL objects of extension \"clipperf\" do not match the loaded module"),
				 errdetail("The function is declared with %d columns; version %s of the module returns %d.",
						   desc->natts, CLIPPERF_VERSION, columns),
				 errhint("Run ALTER EXTENSION clipperf UPDATE, and restart the server if it still runs an older module.")));
}

/*
 * Begin a set-returning reader of "columns" columns: rows go to the tuplestore
 * of fcinfo->resultinfo.  Error 55000 unless clipperf was preloaded.
 */
void
report_begin_rows(FunctionCallInfo fcinfo, int columns)
{
	store_require();
	InitMaterializedSRF(fcinfo, 0);
	report_check_columns(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc,
						 columns);
}

/* May the caller read texts and parameters of this user's statements? */
bool
report_may_read(Oid userid)
{
	return userid == GetUserId() ||
		has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/* Put a text that may be NULL into a row. */
void
report_set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}
