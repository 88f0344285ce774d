/*-------------------------------------------------------------------------
 *
 * utility.c
 *	  What utility statements contain.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/utility.h"

#include "nodes/parsenodes.h"

#include "hotpath.h"

UtilityAround utility_around HOTPATH_DATA = {NULL, NULL, false};

/*
 * Do the statements inside this utility statement count as the client's own?
 */
bool
utility_is_transparent(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_ExecuteStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_DeclareCursorStmt:
		case T_FetchStmt:
		case T_ClosePortalStmt:
			return true;
		default:
			return false;
	}
}

/* Does the utility statement run a query and keep its result? */
static bool
keeps_query(const Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_CreateTableAsStmt:
		case T_RefreshMatViewStmt:
			return true;
		case T_CopyStmt:
			return ((const CopyStmt *) statement)->query != NULL;
		default:
			return false;
	}
}

/*
 * A utility statement with this text begins on this level, 0 being the client's.
 * Returns what to put back into utility_around at its end, on error as well.
 * Raises nothing but that memory is out.
 */
UtilityAround
utility_enter(const Node *statement, const char *text, int level)
{
	UtilityAround before = utility_around;

	if (level == 0)
	{
		utility_around.kept = keeps_query(statement) ? text : NULL;

		utility_around.kept_path =
			utility_around.kept != NULL ? pstrdup(namespace_search_path) : NULL;
	}
	utility_around.explains |= IsA(statement, ExplainStmt);
	return before;
}
