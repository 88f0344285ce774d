/*-------------------------------------------------------------------------
 *
 * operand.c
 *	  What the operand of a comparison is beneath its conversions.
 *
 * Belongs to one backend; reads the tree of a query, and raises nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/operand.h"

#include "catalog/pg_type.h"
#include "utils/fmgroids.h"

/* Is it the number zero? */
static bool
is_zero(const Node *node)
{
	const Const *literal = (const Const *) node;

	if (!IsA(node, Const) || literal->constisnull)
		return false;
	return (literal->consttype == INT4OID && DatumGetInt32(literal->constvalue) == 0) ||
		(literal->consttype == INT8OID && DatumGetInt64(literal->constvalue) == 0);
}

/*
 * What zero is added to, or taken from, as is done to keep an index out of use; NULL
 * if it is something else.
 */
static Node *
without_zero(const OpExpr *expression)
{
	switch (expression->opfuncid)
	{
		case F_INT4PL:
		case F_INT4MI:
		case F_INT8PL:
		case F_INT8MI:
		case F_INT84PL:
		case F_INT84MI:
		case F_INT48PL:
		case F_INT48MI:
			return is_zero(lsecond(expression->args)) ? linitial(expression->args) : NULL;
		default:
			return NULL;
	}
}

/* Take conversions off an expression that is one; NULL of NULL. */
Node *
operand_strip_conversions(Node *node)
{
	for (;;)
	{
		if (node == NULL)
			return NULL;
		if (IsA(node, RelabelType))
			node = (Node *) castNode(RelabelType, node)->arg;
		else if (IsA(node, CoerceViaIO))
			node = (Node *) castNode(CoerceViaIO, node)->arg;
		else if (IsA(node, CoerceToDomain))
			node = (Node *) castNode(CoerceToDomain, node)->arg;
		else if (IsA(node, FuncExpr) &&
				 castNode(FuncExpr, node)->funcformat != COERCE_EXPLICIT_CALL &&
				 castNode(FuncExpr, node)->args != NIL)
			node = linitial(castNode(FuncExpr, node)->args);
		else if (IsA(node, CoalesceExpr))
			node = linitial(castNode(CoalesceExpr, node)->args);
		else if (IsA(node, NullIfExpr))
			node = linitial(((NullIfExpr *) node)->args);
		else if (IsA(node, OpExpr) && without_zero((OpExpr *) node) != NULL)
			node = without_zero((OpExpr *) node);
		else
			return node;
	}
}
