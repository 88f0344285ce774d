/*-------------------------------------------------------------------------
 *
 * function.c
 *	  Which PL/pgSQL function a statement runs in.
 *
 * PL/pgSQL keeps an error context callback on the stack while a function runs,
 * whose argument is the function's execution state; so the stack of error
 * contexts tells the running function, and is right after any error without
 * our doing.  The callback's address is what PL/pgSQL tells a plugin: one that
 * is there already, else ours, which asks for nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/function.h"

#include "fmgr.h"
#include "plpgsql.h"

#include "common/extension.h"

static PLpgSQL_plugin **plugin = NULL;
static PLpgSQL_plugin own_plugin;	/* no callback set */

/* Meet PL/pgSQL at the rendezvous; it need not be loaded. */
void
function_install(void)
{
	plugin = (PLpgSQL_plugin **) find_rendezvous_variable("PLpgSQL_plugin");
	if (*plugin == NULL)
		*plugin = &own_plugin;
}

/* The innermost running function; InvalidOid outside and in a DO block. */
Oid
function_current(void)
{
	void		(*callback) (void *) = *plugin ? (*plugin)->error_callback : NULL;

	if (callback == NULL)
		return InvalidOid;
	for (ErrorContextCallback *context = error_context_stack;
		 context != NULL; context = context->previous)
		if (context->callback == callback)
			return ((PLpgSQL_execstate *) context->arg)->func->fn_oid;
	return InvalidOid;
}

/*
 * Is this a function of ours?  What is found out is kept, for as many functions
 * as there are places.  Catalogs are asked only where "ask" says so: not after an
 * error, as long as its transaction holds what it held.
 */
bool
function_is_ours(Oid function, bool ask)
{
	static struct
	{
		Oid			function;
		bool		ours;
	}			known[64];		/* more than most applications have */
	int			place = function % lengthof(known);

	if (!OidIsValid(function))
		return false;
	if (known[place].function != function)
	{
		if (!ask)
			return false;
		known[place].ours = extension_has_function(function);
		known[place].function = function;
	}
	return known[place].ours;
}
