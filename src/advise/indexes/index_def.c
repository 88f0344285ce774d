/*-------------------------------------------------------------------------
 *
 * index_def.c
 *	  What an index is: read from the catalogs, or built key by key.
 *
 * Existing indexes are read from the catalog caches without opening them, so
 * that nobody waits for a REINDEX.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def.h"

#include "access/amapi.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/reloptions.h"
#include "catalog/dependency.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "advise/indexes/index_fold.h"

/* A definition without keys. */
IndexDefinition *
index_def_make(Oid relid, Oid am)
{
	IndexDefinition *def = palloc0(sizeof(IndexDefinition));

	def->relid = relid;
	def->am = am;
	def->valid = true;
	def->immediate = true;
	return def;
}

/* ------------------------------------------------------------------------
 * Built by hand
 * ------------------------------------------------------------------------ */

/* The default operator class of a type, or error 42704. */
static Oid
default_opclass(Oid type, Oid am)
{
	Oid			opclass = GetDefaultOpClass(type, am);

	if (!OidIsValid(opclass))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("data type %s has no default operator class for access method \"%s\"",
						format_type_be(type), get_am_name(am))));
	return opclass;
}

/* Room for one more key, its operator class set. */
static IndexKey *
next_key(IndexDefinition *def, Oid type, Oid opclass)
{
	IndexKey   *key;

	if (def->nkeys + def->nincluded >= INDEX_DEF_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("cannot use more than %d columns in an index",
						INDEX_DEF_KEYS)));
	if (!OidIsValid(opclass))
		opclass = default_opclass(type, def->am);
	key = &def->keys[def->nkeys++];
	key->type = type;
	key->opclass = opclass;
	key->opfamily = get_opclass_family(opclass);
	return key;
}

/*
 * Add a column as the last key, with the default operator class of its type
 * and its own collation.  Error 42704 if the access method has no such class,
 * 54011 if there are too many keys.
 */
void
index_def_add_column(IndexDefinition *def, AttrNumber attno, bool descending,
					 bool nulls_first)
{
	Oid			type;
	int32		typmod;
	Oid			collation;
	IndexKey   *key;

	get_atttypetypmodcoll(def->relid, attno, &type, &typmod, &collation);
	key = next_key(def, type, InvalidOid);
	key->attno = attno;
	key->collation = collation;
	key->descending = descending;
	key->nulls_first = nulls_first;
}

/*
 * Add an expression as the last key; a bare column becomes one.  opclass
 * InvalidOid means the default one, collation InvalidOid the expression's own.
 * The expression is simplified as the planner does.
 */
void
index_def_add_expr(IndexDefinition *def, Node *expr, Oid opclass,
				   Oid collation, bool descending, bool nulls_first)
{
	IndexKey   *key = next_key(def, exprType(expr), opclass);

	key->collation = OidIsValid(collation) ? collation : exprCollation(expr);
	while (IsA(expr, CollateExpr))
		expr = (Node *) ((CollateExpr *) expr)->arg;
	if (IsA(expr, Var) && ((Var *) expr)->varattno != InvalidAttrNumber)
		key->attno = ((Var *) expr)->varattno;
	else
	{
		key->written = expr;
		key->expr = index_fold_expression(copyObject(expr), def->relid,
										  FOLD_TEXT);
	}
	key->descending = descending;
	key->nulls_first = nulls_first;
}

/* Add an included column, unless it is there. */
void
index_def_include(IndexDefinition *def, AttrNumber attno)
{
	for (int i = 0; i < def->nincluded; i++)
		if (def->included[i] == attno)
			return;
	if (def->nkeys + def->nincluded >= INDEX_DEF_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("cannot use more than %d columns in an index",
						INDEX_DEF_KEYS)));
	def->included[def->nincluded++] = attno;
}

/* Set the storage parameters, and the fillfactor that is one of them. */
void
index_def_set_options(IndexDefinition *def, List *options)
{
	ListCell   *lc;

	def->options = options;
	foreach(lc, options)
	{
		DefElem    *option = lfirst(lc);

		if (strcmp(option->defname, "fillfactor") == 0)
			def->fillfactor = pg_strtoint32(defGetString(option));
	}
}

/* ------------------------------------------------------------------------
 * Read from the catalogs
 * ------------------------------------------------------------------------ */

/* A column of type oidvector or int2vector of pg_index. */
static void *
index_vector(HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		datum = SysCacheGetAttr(INDEXRELID, tuple, column, &isnull);

	if (isnull)
		elog(ERROR, "null column %d in pg_index", column);
	return DatumGetPointer(datum);
}

/* An expression tree of pg_index; NULL if there is none. */
static Node *
index_tree(HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		datum = SysCacheGetAttr(INDEXRELID, tuple, column, &isnull);

	return isnull ? NULL : stringToNode(TextDatumGetCString(datum));
}

/* Read the keys and the included columns. */
static void
read_keys(IndexDefinition *def, HeapTuple tuple)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	oidvector  *collations = index_vector(tuple, Anum_pg_index_indcollation);
	oidvector  *opclasses = index_vector(tuple, Anum_pg_index_indclass);
	int2vector *options = index_vector(tuple, Anum_pg_index_indoption);
	List	   *trees = (List *) index_tree(tuple, Anum_pg_index_indexprs);
	ListCell   *tree = list_head(trees);

	for (int i = 0; i < form->indnkeyatts; i++)
	{
		IndexKey   *key = &def->keys[def->nkeys++];

		key->attno = form->indkey.values[i];
		if (key->attno == 0)
		{
			key->written = lfirst(tree);
			key->expr = index_fold_expression(copyObject(key->written),
											  def->relid, FOLD_CATALOG);
			key->type = exprType(key->written);
			tree = lnext(trees, tree);
		}
		else
			key->type = get_atttype(def->relid, key->attno);
		key->collation = collations->values[i];
		key->opclass = opclasses->values[i];
		key->opfamily = get_opclass_family(key->opclass);
		key->options = untransformRelOptions(get_attoptions(def->indexoid, i + 1));
		key->descending = (options->values[i] & INDOPTION_DESC) != 0;
		key->nulls_first = (options->values[i] & INDOPTION_NULLS_FIRST) != 0;
	}
	for (int i = form->indnkeyatts; i < form->indnatts; i++)
		def->included[def->nincluded++] = form->indkey.values[i];
}

/* Read what pg_index says of the index as a whole. */
static void
read_index(IndexDefinition *def, HeapTuple tuple)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);

	def->relid = form->indrelid;
	def->unique = form->indisunique;
	def->nulls_not_distinct = form->indnullsnotdistinct;
	def->valid = form->indisvalid;
	def->immediate = form->indimmediate;
	def->primary = form->indisprimary;
	def->exclusion = form->indisexclusion;
	def->constraint = OidIsValid(get_index_constraint(def->indexoid));
	def->referenced = get_index_ref_constraints(def->indexoid) != NIL;
	def->replident = form->indisreplident;
	def->clustered = form->indisclustered;
	read_keys(def, tuple);
	def->written_predicate = index_tree(tuple, Anum_pg_index_indpred);
	if (def->written_predicate != NULL)
		def->predicate = index_fold_predicate(copyObject(def->written_predicate),
											  def->relid, FOLD_CATALOG);
}

/* Read what pg_class says of it. */
static void
read_class(IndexDefinition *def, HeapTuple tuple)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
	bool		isnull;
	Datum		options = SysCacheGetAttr(RELOID, tuple,
										  Anum_pg_class_reloptions, &isnull);

	def->name = pstrdup(NameStr(form->relname));
	def->am = form->relam;
	def->tablespace = form->reltablespace;
	def->partitioned = form->relkind == RELKIND_PARTITIONED_INDEX;
	if (form->relispartition)
		def->parent = get_partition_parent(def->indexoid, true);
	if (!isnull)
		index_def_set_options(def, untransformRelOptions(options));
}

/* One of them; NULL if there is no such index. */
IndexDefinition *
index_def_of_index(Oid indexoid)
{
	HeapTuple	index = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(indexoid));
	HeapTuple	class = SearchSysCache1(RELOID, ObjectIdGetDatum(indexoid));
	IndexDefinition *def = NULL;

	if (HeapTupleIsValid(index) && HeapTupleIsValid(class))
	{
		def = palloc0(sizeof(IndexDefinition));
		def->indexoid = indexoid;
		read_class(def, class);
		read_index(def, index);
	}
	if (HeapTupleIsValid(index))
		ReleaseSysCache(index);
	if (HeapTupleIsValid(class))
		ReleaseSysCache(class);
	return def;
}

/*
 * All indexes of a table, valid or not, in the order of their OIDs.  Takes no
 * lock on the indexes; one that vanishes meanwhile is left out.
 */
List *
index_def_existing(Oid relid)
{
	Relation	table = relation_open(relid, NoLock);
	List	   *indexes = RelationGetIndexList(table);
	List	   *defs = NIL;
	ListCell   *lc;

	relation_close(table, NoLock);
	foreach(lc, indexes)
	{
		IndexDefinition *def = index_def_of_index(lfirst_oid(lc));

		if (def != NULL)
			defs = lappend(defs, def);
	}
	return defs;
}
