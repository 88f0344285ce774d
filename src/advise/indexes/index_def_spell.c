/*-------------------------------------------------------------------------
 *
 * index_def_spell.c
 *	  Expressions whose text says all that they are.
 *
 * The server's deparser leaves out what the parser would add by itself where
 * the text stood before: an implicit change of type on the outside or within
 * another one.  In another place the parser adds nothing, or something else.
 * The planner, too, has a form of its own for COLLATE, whose text is a mere
 * change of type.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def_spell.h"

#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

/* An explicit cast instead of one that goes without saying. */
static CoercionForm
explicit_form(CoercionForm form)
{
	return form == COERCE_IMPLICIT_CAST ? COERCE_EXPLICIT_CAST : form;
}

/* The collation that the parser gives to the value as it was cast to a type. */
static Oid
parsed_collation(Node *value, Oid type)
{
	if (!type_is_collatable(type))
		return InvalidOid;
	return OidIsValid(exprCollation(value)) ? exprCollation(value) :
		get_typcollation(type);
}

/*
 * A change of type or of collation that changes no bytes, as the parser has it:
 * a cast, a COLLATE around it, or both.
 */
static Node *
spell_relabel(RelabelType *relabel)
{
	Node	   *arg = (Node *) relabel->arg;
	Node	   *value = arg;
	Oid			collation;

	if (relabel->resulttype != exprType(arg) ||
		relabel->resulttypmod != exprTypmod(arg))
	{
		collation = parsed_collation(arg, relabel->resulttype);
		value = (Node *) makeRelabelType((Expr *) arg, relabel->resulttype,
										 relabel->resulttypmod, collation,
										 explicit_form(relabel->relabelformat));
	}
	if (relabel->resultcollid != exprCollation(value) &&
		OidIsValid(relabel->resultcollid))
	{
		CollateExpr *collate = makeNode(CollateExpr);

		collate->arg = (Expr *) value;
		collate->collOid = relabel->resultcollid;
		collate->location = -1;
		value = (Node *) collate;
	}
	return value;
}

/* expression_tree_mutator callback: spells out one node and what is below. */
static Node *
spell_mutator(Node *node, void *context)
{
	check_stack_depth();
	if (node == NULL)
		return NULL;
	node = expression_tree_mutator(node, spell_mutator, context);
	switch (nodeTag(node))
	{
		case T_RelabelType:
			return spell_relabel((RelabelType *) node);
		case T_FuncExpr:
			((FuncExpr *) node)->funcformat =
				explicit_form(((FuncExpr *) node)->funcformat);
			break;
		case T_CoerceViaIO:
			((CoerceViaIO *) node)->coerceformat =
				explicit_form(((CoerceViaIO *) node)->coerceformat);
			break;
		case T_ArrayCoerceExpr:
			((ArrayCoerceExpr *) node)->coerceformat =
				explicit_form(((ArrayCoerceExpr *) node)->coerceformat);
			break;
		case T_ConvertRowtypeExpr:
			((ConvertRowtypeExpr *) node)->convertformat =
				explicit_form(((ConvertRowtypeExpr *) node)->convertformat);
			break;
		case T_CoerceToDomain:
			((CoerceToDomain *) node)->coercionformat =
				explicit_form(((CoerceToDomain *) node)->coercionformat);
			break;
		default:
			break;
	}
	return node;
}

/*
 * A copy of an expression, from the parser or the planner, that the server's
 * deparser writes down in full: each change of type and each COLLATE.
 */
Node *
index_def_spell_out(Node *expr)
{
	return spell_mutator(expr, NULL);
}
