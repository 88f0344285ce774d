/*-------------------------------------------------------------------------
 *
 * index_def_parse.c
 *	  The definition of an index from its CREATE INDEX statement.
 *
 * What CREATE INDEX would refuse because of the definition alone is refused
 * here, in its words.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "access/amapi.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_utilcmd.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "advise/indexes/index_fold.h"
#include "advise/indexes/index_statement.h"

/* Find and lock the table. */
static Oid
find_table(RangeVar *relation)
{
	Oid			relid = RangeVarGetRelid(relation, AccessShareLock, false);
	char		kind = get_rel_relkind(relid);

	if (kind != RELKIND_RELATION && kind != RELKIND_MATVIEW &&
		kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot create index on relation \"%s\"", relation->relname),
				 errdetail("It is not a table, materialized view, or partitioned table.")));
	return relid;
}

/* Options in the form in which the catalogs give them back. */
static List *
as_stored(List *options)
{
	return untransformRelOptions(transformRelOptions((Datum) 0, options, NULL,
													 NULL, false, false));
}

/* The column of a key or an included one, or error 42703. */
static AttrNumber
find_column(Oid relid, const char *name)
{
	AttrNumber	attno = get_attnum(relid, name);

	if (attno == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" does not exist", name)));
	if (attno < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("index creation on system columns is not supported")));
	return attno;
}

/* The column of a key as an expression. */
static Node *
column_value(Oid relid, AttrNumber attno)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(relid, attno, &type, &typmod, &collation);
	return (Node *) makeVar(1, attno, type, typmod, collation, 0);
}

/* The collation of a key; error if its type and the collation do not fit. */
static Oid
key_collation(const IndexElem *elem, Node *value)
{
	Oid			type = exprType(value);
	Oid			collation = exprCollation(value);

	if (elem->collation != NIL)
		collation = get_collation_oid(elem->collation, false);
	if (type_is_collatable(type) && !OidIsValid(collation))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_COLLATION),
				 errmsg("could not determine which collation to use for index expression"),
				 errhint("Use the COLLATE clause to set the collation explicitly.")));
	if (!type_is_collatable(type) && OidIsValid(collation))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("collations are not supported by type %s",
						format_type_be(type))));
	return collation;
}

/* Error 42P17 if an expression does not always give the same value. */
static void
require_immutable(Node *expr, const char *where)
{
	if (contain_mutable_functions(expr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("functions in %s must be marked IMMUTABLE", where)));
}

/* Error 0A000 if the access method knows no order but one was asked for. */
static void
require_order(const IndexElem *elem, bool can_order, const char *method)
{
	if (!can_order && (elem->ordering != SORTBY_DEFAULT ||
					   elem->nulls_ordering != SORTBY_NULLS_DEFAULT))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("access method \"%s\" does not support %s options", method,
						elem->ordering != SORTBY_DEFAULT ? "ASC/DESC" : "NULLS FIRST/LAST")));
}

/* Add a key as the statement has it. */
static void
add_key(IndexDefinition *def, const IndexElem *elem, const IndexStmt *stmt,
		bool can_order)
{
	Node	   *value = elem->name != NULL ?
		column_value(def->relid, find_column(def->relid, elem->name)) : elem->expr;
	bool		descending = elem->ordering == SORTBY_DESC;
	bool		nulls_first = elem->nulls_ordering == SORTBY_NULLS_DEFAULT ?
		descending : elem->nulls_ordering == SORTBY_NULLS_FIRST;
	Oid			opclass;
	IndexKey   *key;

	require_order(elem, can_order, stmt->accessMethod);
	opclass = ResolveOpClass(elem->opclass, exprType(value),
							 stmt->accessMethod, def->am);
	index_def_add_expr(def, value, opclass, key_collation(elem, value),
					   descending, nulls_first);
	key = &def->keys[def->nkeys - 1];
	if (elem->opclassopts != NIL)
		key->options = as_stored(elem->opclassopts);
	if (key->expr != NULL)
		require_immutable(key->expr, "index expression");
}

/* Add an included column as the statement has it. */
static void
add_included(IndexDefinition *def, const IndexElem *elem)
{
	if (elem->name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("expressions are not supported in included columns")));
	index_def_include(def, find_column(def->relid, elem->name));
}

/* Error 0A000 unless the access method can do what the definition needs. */
static void
require_method(const IndexDefinition *def, const IndexAmRoutine *routine,
			   const char *method)
{
	const char *missing = NULL;

	if (def->unique && !routine->amcanunique)
		missing = "unique indexes";
	else if (def->nincluded > 0 && !routine->amcaninclude)
		missing = "included columns";
	else if (def->nkeys > 1 && !routine->amcanmulticol)
		missing = "multicolumn indexes";
	if (missing != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("access method \"%s\" does not support %s", method,
						missing)));
}

/* Take over the keys, the included columns and the predicate. */
static void
take_columns(IndexDefinition *def, const IndexStmt *stmt, bool can_order)
{
	ListCell   *lc;

	foreach(lc, stmt->indexParams)
		add_key(def, lfirst(lc), stmt, can_order);
	foreach(lc, stmt->indexIncludingParams)
		add_included(def, lfirst(lc));
	if (stmt->whereClause == NULL)
		return;
	def->written_predicate = stmt->whereClause;
	def->predicate = index_fold_predicate(copyObject(stmt->whereClause),
										  def->relid, FOLD_TEXT);
	require_immutable((Node *) def->predicate, "index predicate");
}

/* Take over what concerns the index as a whole. */
static void
take_properties(IndexDefinition *def, const IndexStmt *stmt)
{
	def->name = stmt->idxname;
	def->unique = stmt->unique;
	def->nulls_not_distinct = stmt->nulls_not_distinct;
	index_def_set_options(def, as_stored(stmt->options));
	if (stmt->tableSpace != NULL)
		def->tablespace = get_tablespace_oid(stmt->tableSpace, false);
	if (def->tablespace == MyDatabaseTableSpace)
		def->tablespace = InvalidOid;
}

/* What a CREATE INDEX statement defines on that table, which is locked. */
static IndexDefinition *
define(IndexStmt *stmt, Oid relid, const char *ddl)
{
	Oid			am = get_index_am_oid(stmt->accessMethod, false);
	const IndexAmRoutine *routine = GetIndexAmRoutineByAmId(am, false);
	IndexDefinition *def = index_def_make(relid, am);
	IndexStatementGuard guard;

	index_statement_guard(&guard, ddl);
	stmt = transformIndexStmt(relid, stmt, ddl);
	index_statement_unguard(&guard);
	take_properties(def, stmt);
	take_columns(def, stmt, routine->amcanorder);
	require_method(def, routine, stmt->accessMethod);
	return def;
}

/*
 * Exactly one CREATE INDEX statement; an error that says why otherwise.  The
 * table is found by the search_path, and locked (AccessShareLock) to the end
 * of the (sub)transaction.  Errors: those of CREATE INDEX, as far as the
 * definition alone decides; 42P01 if the table is missing, 42703 if a column
 * is.
 */
IndexDefinition *
index_def_parse(const char *ddl)
{
	IndexStmt  *stmt = index_statement_parse(ddl);

	return define(stmt, find_table(stmt->relation), ddl);
}

/*
 * The same for that table, by whatever name it goes now: the statement may know
 * another one.  Error 42P01 if it is gone.
 */
IndexDefinition *
index_def_parse_on(const char *ddl, Oid relid)
{
	IndexStmt  *stmt = index_statement_parse(ddl);
	char	   *name;

	LockRelationOid(relid, AccessShareLock);
	name = get_rel_name(relid);
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	stmt->relation = makeRangeVar(get_namespace_name_or_temp(get_rel_namespace(relid)),
								  name, -1);
	return define(stmt, relid, ddl);
}
