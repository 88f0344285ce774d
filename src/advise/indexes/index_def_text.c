/*-------------------------------------------------------------------------
 *
 * index_def_text.c
 *	  Definitions of indexes as SQL.
 *
 * Expressions are written by the server (pg_get_expr), as are the names of
 * collations.  What stands around them is not: pg_get_indexdef() reads an index
 * from the catalogs, and most of these are in none.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "commands/defrem.h"
#include "commands/tablespace.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "advise/indexes/index_def_spell.h"

/* ------------------------------------------------------------------------
 * Names of objects
 * ------------------------------------------------------------------------ */

/* Schema and name of a relation, quoted. */
static char *
relation_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/* The name of an operator class, with its schema unless that is pg_catalog. */
static char *
opclass_name(Oid opclass)
{
	HeapTuple	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass));
	Form_pg_opclass form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for opclass %u", opclass);
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	name = quote_qualified_identifier(form->opcnamespace == PG_CATALOG_NAMESPACE ? NULL :
									  get_namespace_name(form->opcnamespace),
									  NameStr(form->opcname));
	ReleaseSysCache(tuple);
	return name;
}

/* ------------------------------------------------------------------------
 * Parts of a definition; the search_path is such that names carry schemas
 * ------------------------------------------------------------------------ */

/*
 * An expression over the columns of the table, with few brackets: as the server
 * writes it for an index that is there, in full for one that is not.
 */
static char *
expression_text(const IndexDefinition *def, Node *expr)
{
	Datum		tree;

	if (!OidIsValid(def->indexoid))
		expr = index_def_spell_out(expr);
	tree = CStringGetTextDatum(nodeToString(expr));
	return TextDatumGetCString(DirectFunctionCall3(pg_get_expr_ext, tree,
												   ObjectIdGetDatum(def->relid),
												   BoolGetDatum(true)));
}

/* The expression of a key as people know it. */
static Node *
written_expr(const IndexKey *key)
{
	return key->written != NULL ? key->written : key->expr;
}

/*
 * Can the expression stand as a key without brackets?  The same answer as
 * that of the function of this name in the server's ruleutils.c.
 */
static bool
looks_like_function(Node *expr)
{
	switch (nodeTag(expr))
	{
		case T_FuncExpr:
			return ((FuncExpr *) expr)->funcformat == COERCE_EXPLICIT_CALL ||
				((FuncExpr *) expr)->funcformat == COERCE_SQL_SYNTAX;
		case T_CoalesceExpr:
		case T_MinMaxExpr:
		case T_NullIfExpr:
		case T_SQLValueFunction:
		case T_XmlExpr:
			return true;
		default:
			return false;
	}
}

/* Append "name=value, ..." in brackets, as the server writes it. */
static void
append_options(StringInfo text, List *options)
{
	ListCell   *lc;
	const char *separator = "(";

	foreach(lc, options)
	{
		DefElem    *option = lfirst(lc);
		const char *value = defGetString(option);

		appendStringInfo(text, "%s%s=%s", separator,
						 quote_identifier(option->defname),
						 quote_identifier(value) == value ? value :
						 quote_literal_cstr(value));
		separator = ", ";
	}
	appendStringInfoChar(text, ')');
}

/* Append the column or expression of a key; returns its own collation. */
static Oid
append_key_value(StringInfo text, const IndexDefinition *def, const IndexKey *key)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (key->attno == 0)
	{
		Node	   *expr = written_expr(key);

		appendStringInfo(text, looks_like_function(expr) ? "%s" : "(%s)",
						 expression_text(def, expr));
		return exprCollation(expr);
	}
	appendStringInfoString(text,
						   quote_identifier(get_attname(def->relid, key->attno, false)));
	get_atttypetypmodcoll(def->relid, key->attno, &type, &typmod, &collation);
	return collation;
}

/* Append a key with all that is not the default. */
static void
append_key(StringInfo text, const IndexDefinition *def, const IndexKey *key)
{
	Oid			collation = append_key_value(text, def, key);

	if (OidIsValid(key->collation) && key->collation != collation)
		appendStringInfo(text, " COLLATE %s",
						 generate_collation_name(key->collation));
	if (key->options != NIL ||
		key->opclass != GetDefaultOpClass(key->type, def->am))
		appendStringInfo(text, " %s", opclass_name(key->opclass));
	if (key->options != NIL)
	{
		appendStringInfoChar(text, ' ');
		append_options(text, key->options);
	}
	if (key->descending)
		appendStringInfoString(text, key->nulls_first ? " DESC" : " DESC NULLS LAST");
	else if (key->nulls_first)
		appendStringInfoString(text, " NULLS FIRST");
}

/* Append the keys and the included columns. */
static void
append_columns(StringInfo text, const IndexDefinition *def)
{
	for (int i = 0; i < def->nkeys; i++)
	{
		appendStringInfoString(text, i == 0 ? "(" : ", ");
		append_key(text, def, &def->keys[i]);
	}
	appendStringInfoChar(text, ')');
	for (int i = 0; i < def->nincluded; i++)
		appendStringInfo(text, "%s%s", i == 0 ? " INCLUDE (" : ", ",
						 quote_identifier(get_attname(def->relid, def->included[i], false)));
	if (def->nincluded > 0)
		appendStringInfoChar(text, ')');
}

/* Append the predicate. */
static void
append_predicate(StringInfo text, const IndexDefinition *def)
{
	Node	   *condition = def->written_predicate;

	if (condition == NULL && def->predicate != NIL)
		condition = (Node *) make_ands_explicit(def->predicate);
	if (condition != NULL)
		appendStringInfo(text, " WHERE %s",
						 expression_text(def, condition));
}

/* Append what follows the columns. */
static void
append_storage(StringInfo text, const IndexDefinition *def)
{
	if (def->nulls_not_distinct)
		appendStringInfoString(text, " NULLS NOT DISTINCT");
	if (def->options != NIL)
	{
		appendStringInfoString(text, " WITH ");
		append_options(text, def->options);
	}
}

/*
 * From here on only what is in pg_catalog is written without its schema, and
 * constants are written as every session understands them.  Returns what
 * AtEOXact_GUC() takes to end that.
 */
static int
begin_qualified(void)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog, pg_temp"},
		{"DateStyle", "ISO"},
		{"IntervalStyle", "postgres"},
		{"extra_float_digits", "3"},
		{"standard_conforming_strings", "on"}
	};
	int			nestlevel = NewGUCNestLevel();

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nestlevel;
}

/* Where a string or a quoted identifier ends that begins here. */
static const char *
end_of_quoted(const char *start, bool escapes)
{
	const char *at = start + 1;

	while (*at != '\0' && (*at != *start || at[1] == *start))
		at += (*at == *start || (escapes && *at == '\\')) && at[1] != '\0' ? 2 : 1;
	return *at == '\0' ? at : at + 1;
}

/*
 * SQL as it is read with standard_conforming_strings on, for any setting of
 * that: strings that hold backslashes become E''.
 */
static char *
with_portable_strings(const char *sql)
{
	StringInfoData text;
	const char *end;

	initStringInfo(&text);
	for (const char *at = sql; *at != '\0'; at = end)
	{
		bool		escapes = at > sql && at[-1] == 'E';

		end = at + 1;
		if (*at == '\'' || *at == '"')
			end = end_of_quoted(at, escapes);
		if (*at != '\'' || escapes || memchr(at, '\\', end - at) == NULL)
		{
			appendBinaryStringInfo(&text, at, end - at);
			continue;
		}
		appendStringInfoChar(&text, 'E');
		for (; at < end; at++)
			appendStringInfo(&text, *at == '\\' ? "\\%c" : "%c", *at);
	}
	return text.data;
}

/* Append a definition from "CREATE" up to the name. */
static void
append_head(StringInfo text, const IndexDefinition *def, const char *flags)
{
	appendStringInfo(text, "CREATE %sINDEX %s", def->unique ? "UNIQUE " : "",
					 flags);
	if (def->name != NULL)
		appendStringInfo(text, "%s ", quote_identifier(def->name));
}

/*
 * CREATE INDEX, the same under any search_path and other settings: tables,
 * functions and types outside pg_catalog carry their schema.
 */
char *
index_def_ddl(const IndexDefinition *def, bool concurrently, bool if_not_exists)
{
	StringInfoData text;
	int			nestlevel = begin_qualified();

	initStringInfo(&text);
	append_head(&text, def,
				psprintf("%s%s", concurrently ? "CONCURRENTLY " : "",
						 if_not_exists && def->name != NULL ?
						 "IF NOT EXISTS " : ""));
	appendStringInfo(&text, "ON %s ", relation_name(def->relid));
	if (def->am != BTREE_AM_OID)
		appendStringInfo(&text, "USING %s ", quote_identifier(get_am_name(def->am)));
	append_columns(&text, def);
	append_storage(&text, def);
	if (OidIsValid(def->tablespace))
		appendStringInfo(&text, " TABLESPACE %s",
						 quote_identifier(get_tablespace_name(def->tablespace)));
	append_predicate(&text, def);
	AtEOXact_GUC(false, nestlevel);
	return with_portable_strings(text.data);
}

/*
 * What pg_get_indexdef(oid, 0, true) says of the index once it is there, when
 * the search_path is empty and standard_conforming_strings on.
 */
char *
index_def_catalog_text(const IndexDefinition *def)
{
	StringInfoData text;
	int			nestlevel = begin_qualified();
	bool		partitioned =
		get_rel_relkind(def->relid) == RELKIND_PARTITIONED_TABLE;

	initStringInfo(&text);
	append_head(&text, def, "");
	appendStringInfo(&text, "ON %s%s USING %s ", partitioned ? "ONLY " : "",
					 relation_name(def->relid),
					 quote_identifier(get_am_name(def->am)));
	append_columns(&text, def);
	append_storage(&text, def);
	append_predicate(&text, def);
	AtEOXact_GUC(false, nestlevel);
	return text.data;
}

/* DROP INDEX, CONCURRENTLY where that can be. */
char *
index_def_drop_ddl(const IndexDefinition *def)
{
	return psprintf("DROP INDEX %s%s", def->partitioned ? "" : "CONCURRENTLY ",
					relation_name(def->indexoid));
}

/* Its keys for people: "(user_id, created_at DESC)", with INCLUDE and WHERE. */
char *
index_def_keys_text(const IndexDefinition *def)
{
	StringInfoData text;

	initStringInfo(&text);
	if (def->am != BTREE_AM_OID)
		appendStringInfo(&text, "using %s ", get_am_name(def->am));
	append_columns(&text, def);
	append_predicate(&text, def);
	return text.data;
}

/*
 * The shape of an index: that of the same index on a table of the same name in
 * another schema, as where each tenant has its own.
 */
char *
index_def_shape(const IndexDefinition *def)
{
	return psprintf("%s%s %s", def->unique ? "unique " : "",
					get_rel_name(def->relid), index_def_keys_text(def));
}

/* ------------------------------------------------------------------------
 * What depends on an index
 * ------------------------------------------------------------------------ */

/* 'unique constraint "name"' */
static char *
constraint_text(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;
	const char *kind;
	char	   *text;

	if (!HeapTupleIsValid(tuple))
		return pstrdup("a constraint");
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	switch (form->contype)
	{
		case CONSTRAINT_PRIMARY:
			kind = "primary key";
			break;
		case CONSTRAINT_UNIQUE:
			kind = "unique constraint";
			break;
		case CONSTRAINT_EXCLUSION:
			kind = "exclusion constraint";
			break;
		case CONSTRAINT_FOREIGN:
			kind = "target of foreign key";
			break;
		default:
			kind = "constraint";
	}
	text = psprintf("%s \"%s\"", kind, NameStr(form->conname));

	ReleaseSysCache(tuple);
	return text;
}

/*
 * What would suffer without it, apart from plans, each as a text such as
 * 'unique constraint "tags_slug_key"'; NIL if nothing would.
 */
List *
index_def_backs(const IndexDefinition *def)
{
	List	   *backs = NIL;
	ListCell   *lc;

	if (!OidIsValid(def->indexoid))
		return NIL;
	if (def->constraint)
		backs = lappend(backs, constraint_text(get_index_constraint(def->indexoid)));
	else
		foreach(lc, get_index_ref_constraints(def->indexoid))
			backs = lappend(backs, constraint_text(lfirst_oid(lc)));
	if (def->replident)
		backs = lappend(backs, pstrdup("replica identity"));
	if (def->clustered)
		backs = lappend(backs, pstrdup("order of CLUSTER"));
	if (OidIsValid(def->parent))
		backs = lappend(backs, psprintf("partition of index \"%s\"",
										get_rel_name(def->parent)));
	return backs;
}
