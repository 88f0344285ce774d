/*-------------------------------------------------------------------------
 *
 * call.c
 *	  Calls of the extension's functions with the arguments that were given.
 *
 * What was not given keeps the function's own default, which is not repeated here.
 *
 *-------------------------------------------------------------------------
 */
#include "call.h"

#include <stdlib.h>

/*
 * Adds an argument by its name; does nothing where it was not given.
 */
void
call_add(Call *call, const char *name, const char *value)
{
	if (value == NULL)
		return;
	list_add(&call->values, value);
	if (call->arguments == NULL)
		call->arguments = copy_string("");
	append_string(&call->arguments, "%s%s => $%d", call->values.count > 1 ? ", " : "", name, call->values.count);
}

/*
 * Calls a function of the extension in a query that begins and ends as given, with names found as any session of the
 * role finds them.  Ends the program where it fails.
 */
PGresult *
call_run(Session *session, const Call *call, const char *before, const char *function, const char *after)
{
	char	   *query = format_string("%s%s.%s(%s)%s", before, session->schema, function,
									  call->arguments ? call->arguments : "", after);
	PGresult   *result;

	use_own_search_path(session, true);
	result = run_query(session, query, call->values.count, (const char *const *) call->values.items);
	use_own_search_path(session, false);
	free(query);
	return result;
}
