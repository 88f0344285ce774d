/*-------------------------------------------------------------------------
 *
 * result_rows.c
 *	  Rows of the set-returning functions that SQL calls.
 *
 *-------------------------------------------------------------------------
 */
#include "common/result_rows.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "common/extension.h"

/*
 * Error 55000 unless the SQL declaration of a function has "columns" columns:
 * the module and the extension's SQL objects may be of different versions.  The
 * statement that calls is ours.
 */
void
result_check_columns(TupleDesc desc, int columns)
{
	extension_calls++;
	if (desc->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the SQL objects of extension \"clipperf\" do not match the loaded module"),
				 errdetail("The function is declared with %d columns; version %s of the module returns %d.",
						   desc->natts, CLIPPERF_VERSION, columns),
				 errhint("Run ALTER EXTENSION clipperf UPDATE, and restart the server if it still runs an older module.")));
}

/*
 * Begin a set-returning function of "columns" columns: rows go to the
 * tuplestore of fcinfo->resultinfo.  Error 55000 if it is declared with
 * another number of columns.
 */
void
result_begin_rows(FunctionCallInfo fcinfo, int columns)
{
	InitMaterializedSRF(fcinfo, 0);
	result_check_columns(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc,
						 columns);
}

/* Put a text that may be NULL into a row. */
void
result_set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}
