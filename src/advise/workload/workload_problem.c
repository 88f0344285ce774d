/*-------------------------------------------------------------------------
 *
 * workload_problem.c
 *	  Why a statement cannot be planned again, in plain words.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/workload_problem.h"

/* What the errors of planning mean to the reader. */
static const struct
{
	int			sqlerrcode;
	const char *meaning;
	bool		says_all;		/* the server's message adds nothing */
}			meanings[] = {
	{ERRCODE_SYNTAX_ERROR, "its text cannot be parsed"},
	{ERRCODE_UNDEFINED_TABLE, "a table is gone"},
	{ERRCODE_UNDEFINED_COLUMN, "a column is gone"},
	{ERRCODE_UNDEFINED_FUNCTION, "a function, an operator or a column's type is gone"},
	{ERRCODE_UNDEFINED_OBJECT, "something it needs is gone"},
	{ERRCODE_INVALID_SCHEMA_NAME, "a schema is gone"},
	{ERRCODE_DATATYPE_MISMATCH, "a column has another type now"},
	{ERRCODE_INDETERMINATE_DATATYPE, "the type of a parameter is not known"},
	{ERRCODE_UNDEFINED_PARAMETER, "a parameter is not known"},
	{ERRCODE_INSUFFICIENT_PRIVILEGE, "its user may no longer run it"},
	{ERRCODE_LOCK_NOT_AVAILABLE, "a table is locked by another session", true},
	{ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION, "a function it calls is another user's"},
	{ERRCODE_READ_ONLY_SQL_TRANSACTION, "a function it calls writes"},
	{ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED, "a function it calls has side effects"},
	{ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "a function that it calls is too slow"},
	{ERRCODE_FDW_ERROR, "a foreign table cannot be planned here"},
	{ERRCODE_QUERY_CANCELED, "it takes too long to plan"}
};

/* The problem that an error of sandbox_run() amounts to; palloc'd. */
char *
workload_problem(const ErrorData *error)
{
	for (int i = 0; i < lengthof(meanings); i++)
		if (meanings[i].sqlerrcode == error->sqlerrcode)
			return meanings[i].says_all ? pstrdup(meanings[i].meaning) :
				psprintf("%s: %s", meanings[i].meaning, error->message);
	return psprintf("planning it fails: %s", error->message);
}
