/*-------------------------------------------------------------------------
 *
 * function_trust.c
 *	  Functions whose results an index can rely on not to change.
 *
 * Whose code may run at all is asked of trust.c.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/workload/function_trust.h"

#include "catalog/dependency.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "common/owner.h"

/*
 * Does it come with PostgreSQL or an extension?  Anybody may add a function to
 * an extension of their own: that of a superuser is meant.
 */
bool
function_is_trusted(Oid function)
{
	return get_func_namespace(function) == PG_CATALOG_NAMESPACE ||
		(OidIsValid(getExtensionOfObject(ProcedureRelationId, function)) &&
		 superuser_arg(owner_of_function(function)));
}

/* The search of an expression for a function that is not trusted. */
typedef struct UntrustedSearch
{
	const List *allowed;		/* OIDs */
	Oid			found;
} UntrustedSearch;

/* check_function_callback: notes a function that is neither trusted nor allowed. */
static bool
note_untrusted(Oid function, void *context)
{
	UntrustedSearch *search = context;

	if (function_is_trusted(function) || list_member_oid(search->allowed, function))
		return false;
	search->found = function;
	return true;
}

/* expression_tree_walker callback: ends at the first untrusted function. */
static bool
untrusted_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, note_untrusted, context) ||
		expression_tree_walker(node, untrusted_walker, context);
}

/*
 * A function in the expression that does not, but for those allowed (a list of
 * OIDs); InvalidOid if there is none.
 */
Oid
function_find_untrusted(Node *expr, const List *allowed)
{
	UntrustedSearch search = {.allowed = allowed};

	(void) untrusted_walker(expr, &search);
	return search.found;
}

/* Its name with its schema, quoted; NULL if it is gone. */
char *
function_full_name(Oid function)
{
	char	   *name = get_func_name(function);

	if (name == NULL)
		return NULL;
	return quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
									  name);
}
