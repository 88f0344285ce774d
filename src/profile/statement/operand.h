/*-------------------------------------------------------------------------
 *
 * operand.h
 *	  What the operand of a comparison is beneath its conversions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_OPERAND_H
#define CLIPPERF_OPERAND_H

#include "compat.h"

#include "nodes/primnodes.h"

/* Take conversions off an expression that is one; NULL of NULL. */
extern Node *operand_strip_conversions(Node *node);

/* Take conversions off an expression; NULL of NULL. */
static inline Node *
operand_strip(Node *node)
{
	if (node == NULL || IsA(node, Var) || IsA(node, Const) || IsA(node, Param))
		return node;
	return operand_strip_conversions(node);
}

#endif							/* CLIPPERF_OPERAND_H */
