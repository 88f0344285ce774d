/*-------------------------------------------------------------------------
 *
 * utility.c
 *	  What utility statements contain.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/utility.h"

#include "nodes/parsenodes.h"

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
bool
utility_keeps_query(const Node *statement)
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
