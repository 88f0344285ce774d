/*-------------------------------------------------------------------------
 *
 * index_def_name.c
 *	  Names for indexes.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "common/excerpt.h"

/* Bytes of a name at most. */
#define NAME_BYTES (NAMEDATALEN - 1)

/* Append the names of columns, "_" between. */
static void
append_column_name(StringInfo text, Oid relid, AttrNumber attno)
{
	if (text->len > 0)
		appendStringInfoChar(text, '_');
	appendStringInfoString(text, attno == 0 ? "row" : get_attname(relid, attno, false));
}

/* Is it a change of type, implicit or explicit? */
static bool
is_cast(const Node *expr)
{
	return IsA(expr, RelabelType) || IsA(expr, CoerceViaIO) ||
		IsA(expr, ArrayCoerceExpr) ||
		(IsA(expr, FuncExpr) &&
		 (((const FuncExpr *) expr)->funcformat == COERCE_EXPLICIT_CAST ||
		  ((const FuncExpr *) expr)->funcformat == COERCE_IMPLICIT_CAST));
}

/* Append the name of a type, as the catalogs have it. */
static void
append_type_name(StringInfo text, Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	appendStringInfo(text, "_%s",
					 NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ReleaseSysCache(tuple);
}

/*
 * Append the names of what an expression is made from: its function, its
 * columns, the type they are cast to.
 */
static void
append_expression_name(StringInfo text, Oid relid, Node *expr)
{
	List	   *vars = pull_var_clause(expr, 0);
	ListCell   *lc;

	if (IsA(expr, FuncExpr) &&
		((FuncExpr *) expr)->funcformat == COERCE_EXPLICIT_CALL)
		appendStringInfo(text, "%s%s", text->len > 0 ? "_" : "",
						 get_func_name(((FuncExpr *) expr)->funcid));
	foreach(lc, vars)
		append_column_name(text, relid, ((Var *) lfirst(lc))->varattno);
	if (is_cast(expr))
		append_type_name(text, exprType(expr));
}

/* Is the name one of those in the list? */
static bool
is_taken(const char *name, List *taken)
{
	ListCell   *lc;

	foreach(lc, taken)
		if (strcmp(lfirst(lc), name) == 0)
		return true;
	return false;
}

/*
 * Bytes of the longest beginning of a name that is not longer than "room" and
 * ends with a word; words end before "_".  A first word that is too long is cut
 * between two characters.
 */
static int
clip_words(const char *name, int room)
{
	int			length = strlen(name);
	int			clipped;

	if (length <= room)
		return length;
	clipped = excerpt_clip(name, room);
	for (int end = clipped; end > 0; end--)
		if (name[end] == '_' && name[end - 1] != '_')
			return end;
	return clipped;
}

/*
 * idx_<table>_<columns><suffix>, in whole words as far as it fits; the table has
 * half of the room at least.
 */
static char *
compose_name(const char *table, const char *columns, const char *suffix)
{
	int			room = NAME_BYTES - strlen("idx__") - strlen(suffix);
	int			table_length = clip_words(table,
										  Max(room / 2,
											  room - (int) strlen(columns)));
	int			columns_length = clip_words(columns, room - table_length);

	return psprintf("idx_%.*s_%.*s%s", table_length, table, columns_length,
					columns, suffix);
}

/*
 * A name for it, idx_<table>_<columns>[_<number>]: free in the table's schema
 * and not in "taken" (of char *).
 */
char *
index_def_free_name(const IndexDefinition *def, List *taken)
{
	Oid			schema = get_rel_namespace(def->relid);
	const char *table = get_rel_name(def->relid);
	StringInfoData columns;
	char	   *name;

	initStringInfo(&columns);
	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno == 0)
			append_expression_name(&columns, def->relid,
								   def->keys[i].written != NULL ?
								   def->keys[i].written : def->keys[i].expr);
		else
			append_column_name(&columns, def->relid, def->keys[i].attno);
	name = compose_name(table, columns.data, "");
	for (int number = 2; is_taken(name, taken) ||
		 OidIsValid(get_relname_relid(name, schema)); number++)
		name = compose_name(table, columns.data, psprintf("_%d", number));
	return name;
}
