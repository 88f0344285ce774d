/*-------------------------------------------------------------------------
 *
 * raise.c
 *	  Errors, warnings and notices of functions that are written in SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "common/arguments.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_raise(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_raise);

/* The text of an argument, NULL if it is null. */
static char *
text_or_null(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/*
 * Raise a message with this SQLSTATE.  The texts are taken as they are, and
 * neither translated nor formatted.
 */
static void
raise_message(int elevel, int sqlstate, const char *message,
			  const char *detail, const char *hint)
{
	ereport(elevel,
			(errcode(sqlstate),
			 errmsg_internal("%s", message),
			 detail == NULL ? 0 : errdetail_internal("%s", detail),
			 hint == NULL ? 0 : errhint("%s", hint)));
}

/*
 * _clipperf_raise(severity, sqlstate, message, detail, hint): "error",
 * "warning" or "notice"; the SQLSTATE of a message that is no error may be NULL.
 * It is said without the innermost context, which is that of the SQL function
 * that calls this one: its body tells users nothing.  What has called that one
 * stays in the context.  Error 22004 or 22023 for bad arguments.
 */
Datum
clipperf_raise(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = error_context_stack;
	char	   *severity;
	char	   *sqlstate = text_or_null(fcinfo, 1);
	char	   *detail = text_or_null(fcinfo, 3);
	char	   *hint = text_or_null(fcinfo, 4);
	int			elevel;

	store_note_ours();
	argument_require(fcinfo, 0, "severity");
	argument_require(fcinfo, 2, "message");
	severity = text_to_cstring(PG_GETARG_TEXT_PP(0));
	elevel = strcmp(severity, "notice") == 0 ? NOTICE :
		strcmp(severity, "warning") == 0 ? WARNING : ERROR;
	if (sqlstate != NULL && strlen(sqlstate) != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid SQLSTATE \"%s\"", sqlstate)));

	if (context != NULL)
		error_context_stack = context->previous;
	raise_message(elevel,
				  sqlstate == NULL ?
				  elevel == WARNING ? ERRCODE_WARNING : ERRCODE_SUCCESSFUL_COMPLETION :
				  MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2],
								sqlstate[3], sqlstate[4]),
				  text_to_cstring(PG_GETARG_TEXT_PP(2)), detail, hint);
	error_context_stack = context;
	PG_RETURN_VOID();
}
