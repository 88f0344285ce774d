/*-------------------------------------------------------------------------
 *
 * key_column.c
 *	  Which columns carry keys, and whose.
 *
 * Belongs to one backend.  The cache is emptied whenever a relation changes,
 * or comes to be.
 *
 * Other people's tables are only looked at where their lock can be had at once,
 * and their indexes are read off the catalogs: no statement waits for a lock
 * that it does not need itself.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/statement/key_column.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/catalog.h"
#include "catalog/pg_index.h"
#include "parser/parsetree.h"
#include "rewrite/prs2lock.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "common/hashfn.h"
#include "common/table_family.h"
#include "common/table_lock.h"
#include "profile/statement/value.h"
#include "store/resultset.h"

#define CACHE_SIZE		256

/* Foreign keys followed from one to the next, views looked through. */
#define MAX_STEPS		4

typedef struct CachedColumn
{
	Oid			relid;			/* InvalidOid = empty */
	int16		attno;
	KeyColumn	column;
} CachedColumn;

static CachedColumn cache[CACHE_SIZE];
static uint64 invalidations = 0;
static KeyColumnCallback watcher = NULL;

/* Relcache callback: what was known may be wrong now. */
static void
forget_relation(Datum arg, Oid relid)
{
	invalidations++;
	memset(cache, 0, sizeof(cache));
	if (watcher)
		watcher(relid);
}

/*
 * Call this function, the only one, whenever the definition of a relation has
 * changed; with InvalidOid if that may be any.
 */
void
key_column_watch(KeyColumnCallback callback)
{
	static bool registered = false;

	watcher = callback;
	if (registered)
		return;
	CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
	registered = true;
}

/* The query of a view, or of a materialized one; NULL if there is none. */
static Query *
view_query(Relation view)
{
	for (int i = 0; view->rd_rules != NULL && i < view->rd_rules->numLocks; i++)
	{
		const RewriteRule *rule = view->rd_rules->rules[i];

		if (rule->event == CMD_SELECT && list_length(rule->actions) == 1)
			return linitial_node(Query, rule->actions);
	}
	return NULL;
}

/* The column that a view's query shows as column attno; false if none. */
static bool
resolve_view_column(Relation view, Oid *relid, int16 *attno)
{
	const Query *query = view_query(view);
	TargetEntry *entry = query == NULL ? NULL :
		get_tle_by_resno(query->targetList, *attno);

	if (entry == NULL || !OidIsValid(entry->resorigtbl))
		return false;
	*relid = entry->resorigtbl;
	*attno = entry->resorigcol;
	return true;
}

/*
 * Open a relation unless that means to wait for a lock; NULL then, or if it is
 * gone.  A statement must never wait for a table that only we look at, as the
 * one at the other end of a foreign key.
 */
static Relation
open_without_waiting(Oid relid)
{
	Relation	relation;

	if (!table_lock_if_free(relid))
		return NULL;
	relation = try_relation_open(relid, NoLock);
	if (relation == NULL)
		UnlockRelationOid(relid, AccessShareLock);
	return relation;
}

/* The table's column that a view's column shows, else the column itself. */
void
key_column_resolve(Oid *relid, int16 *attno)
{
	for (int step = 0; step < MAX_STEPS; step++)
	{
		Relation	relation = open_without_waiting(*relid);
		bool		further;

		if (relation == NULL)
			return;
		further = (relation->rd_rel->relkind == RELKIND_VIEW ||
				   relation->rd_rel->relkind == RELKIND_MATVIEW) &&
			resolve_view_column(relation, relid, attno);
		relation_close(relation, AccessShareLock);
		if (!further)
			return;
	}
}

/*
 * The column that a foreign key leads to from this one; false if there is
 * none.  A key of several columns leads from each of them.
 */
static bool
follow_foreign_key(Relation relation, Oid *relid, int16 *attno)
{
	ListCell   *cell;

	foreach(cell, RelationGetFKeyList(relation))
	{
		ForeignKeyCacheInfo *key = lfirst_node(ForeignKeyCacheInfo, cell);

		for (int i = 0; i < key->nkeys; i++)
		{
			if (key->conkey[i] != *attno ||
				(key->confrelid == *relid && key->confkey[i] == *attno))
				continue;
			*relid = key->confrelid;
			*attno = key->confkey[i];
			return true;
		}
	}
	return false;
}

/* Is the column one of the index's keys, among those that make rows unique? */
static bool
is_key_of(Form_pg_index index, int16 attno)
{
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		if (index->indkey.values[i] == attno)
			return true;
	}
	return false;
}

/* How much of a unique index a column must be. */
typedef enum UniqueRole
{
	UNIQUE_PART,				/* one of its columns */
	UNIQUE_ALONE,				/* its only column */
	UNIQUE_PRIMARY				/* the only column of the primary key */
} UniqueRole;

/*
 * Does the column take part in a primary key or unique index so far?  The indexes
 * are neither opened nor locked: someone may be about to rebuild one.
 */
static bool
is_unique(Relation relation, int16 attno, UniqueRole role)
{
	List	   *indexes = RelationGetIndexList(relation);
	bool		found = false;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		if (role == UNIQUE_PRIMARY)
			found = index->indisprimary;
		else
			found = index->indisunique &&
				heap_attisnull(tuple, Anum_pg_index_indexprs, NULL) &&
				heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		found = found && is_key_of(index, attno) &&
			(role == UNIQUE_PART || index->indnkeyatts == 1);
		ReleaseSysCache(tuple);
		if (found)
			break;
	}
	list_free(indexes);
	return found;
}

/* What tells the name of a column; never 0. */
static uint32
hash_name(Relation relation, int16 attno)
{
	const char *name = NameStr(TupleDescAttr(RelationGetDescr(relation), attno - 1)->attname);

	return hash_bytes((const unsigned char *) name, strlen(name)) | 1;
}

/* Can values of two types be keys of the same table? */
static bool
are_alike(Oid one, Oid other)
{
	ValueKind	kind = value_kind(one);
	ValueKind	other_kind = value_kind(other);

	return kind == other_kind ||
		(value_kind_is_small(kind) && value_kind_is_small(other_kind) &&
		 !value_kind_is_time(kind) && !value_kind_is_time(other_kind));
}

/* Does a name end so, after something else? */
static bool
ends_in(const char *name, const char *end)
{
	size_t		length = strlen(name);

	return length > strlen(end) &&
		strcmp(name + length - strlen(end), end) == 0;
}

/*
 * Does a column's name say that it refers to something, as author_id and
 * authorId do, or to whom, as created_by and createdBy?
 */
static bool
is_named_after_key(Relation relation, int16 attno)
{
	const char *name =
		NameStr(TupleDescAttr(RelationGetDescr(relation), attno - 1)->attname);

	return (ends_in(name, "_id") || ends_in(name, "Id") ||
			ends_in(name, "_by") || ends_in(name, "By")) &&
		!is_unique(relation, attno, UNIQUE_PRIMARY);
}

/* The column of a table that one of this name and type would lead to, or 0. */
static int16
find_named_key(Relation table, const char *name, Oid type)
{
	const char *const names[] = {"id", name};

	if (table->rd_rel->relkind != RELKIND_RELATION &&
		table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return 0;
	for (int i = 0; i < lengthof(names); i++)
	{
		int16		attno = get_attnum(RelationGetRelid(table), names[i]);

		if (attno > 0 && is_unique(table, attno, UNIQUE_PART) &&
			are_alike(type, get_atttype(RelationGetRelid(table), attno)))
			return attno;
	}
	return 0;
}

/* The table that is called by a word of a column's name, in one schema, or in the plural. */
static Oid
find_table_called(Oid schema, const char *word)
{
	static const char *const plurals[] = {"%s", "%ss", "%ses"};
	int			length = strlen(word);
	Oid			found = InvalidOid;

	for (int i = 0; i < lengthof(plurals) && !OidIsValid(found); i++)
		found = get_relname_relid(psprintf(plurals[i], word), schema);
	if (!OidIsValid(found) && length > 1 && word[length - 1] == 'y')
		found = get_relname_relid(psprintf("%.*sies", length - 1, word), schema);
	return found;
}

/* A column's name without "_id"; NULL if it does not end so. */
static char *
name_stem(Relation relation, int16 attno)
{
	const char *name = NameStr(TupleDescAttr(RelationGetDescr(relation), attno - 1)->attname);

	return ends_in(name, "_id") ? pnstrdup(name, strlen(name) - strlen("_id")) : NULL;
}

/*
 * Go from a column to the key of a table that it speaks of.  False if there is none
 * that may hold its values.  *complete is taken away if the table is locked.
 */
static bool
go_to_key(Relation relation, Oid target, Oid *relid, int16 *attno, bool *complete)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), *attno - 1);
	Relation	table = open_without_waiting(target);
	int16		found;

	*complete &= table != NULL;
	if (table == NULL)
		return false;
	found = find_named_key(table, NameStr(attribute->attname), attribute->atttypid);
	relation_close(table, AccessShareLock);
	if (found == 0)
		return false;
	*relid = target;
	*attno = found;
	return true;
}

/*
 * Follow a foreign key that nobody has declared, by the column's name.
 * *complete is taken away if the other table is locked.
 */
static bool
follow_name(Relation relation, Oid *relid, int16 *attno, bool *complete)
{
	char	   *stem = name_stem(relation, *attno);
	Oid			target = stem == NULL ? InvalidOid :
		find_table_called(RelationGetNamespace(relation), stem);

	return OidIsValid(target) && target != *relid &&
		go_to_key(relation, target, relid, attno, complete);
}

/*
 * The column of the whole table, where this one's is a partition or child of it and
 * the whole has a column of that name; else nothing changes.
 */
static void
find_family(Oid *relid, int16 *attno)
{
	Oid			root = table_root(*relid);
	char	   *name = root == *relid ? NULL : get_attname(*relid, *attno, true);
	int16		found = name == NULL ? InvalidAttrNumber : get_attnum(root, name);

	if (found <= 0)
		return;
	*relid = root;
	*attno = found;
}

/*
 * What a column that refers to something may refer to, as its name suggests: "parent_id"
 * and "root_id" a row of their own table, "fixed_version_id" one of "version",
 * "issue_from_id" one of "issue".  Nothing relies on it but the choice between lists.
 */
static void
guess_key(Relation relation, int16 attno, KeyColumn *column)
{
	Oid			schema = RelationGetNamespace(relation);
	char	   *stem = name_stem(relation, attno);
	Oid			target = InvalidOid;

	if (stem == NULL)
		return;
	if (strcmp(stem, "parent") == 0 || strcmp(stem, "root") == 0)
		target = RelationGetRelid(relation);
	if (ends_in(stem, "_from") || ends_in(stem, "_to"))
		*strrchr(stem, '_') = '\0';
	for (char *word = stem; word != NULL && !OidIsValid(target);)
	{
		target = find_table_called(schema, word);
		word = strchr(word, '_');
		if (word != NULL)
			word++;
	}
	if (!OidIsValid(target))
		return;
	column->guess_attno = attno;
	if (go_to_key(relation, target, &column->guess_relid, &column->guess_attno,
				  &column->is_complete))
		find_family(&column->guess_relid, &column->guess_attno);
}

/*
 * Is a column the primary key of its table, with values that the application gives
 * to it, perhaps those of another table's key?  A sequence of its own would say that
 * they are not.
 */
static bool
is_given(Relation relation, int16 attno)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), attno - 1);

	return !attribute->atthasdef && attribute->attidentity == '\0' &&
		strcmp(NameStr(attribute->attname), "id") == 0 &&
		value_kind_is_small(value_kind(attribute->atttypid)) &&
		is_unique(relation, attno, UNIQUE_PRIMARY);
}

/*
 * Read the facts of a table's column from the catalogs.
 */
static KeyColumn
read_column(Oid relid, int16 attno)
{
	KeyColumn	column = {
		.key_relid = relid,.key_attno = attno,.is_complete = true
	};
	bool		is_alone = false;

	for (int step = 0; step < MAX_STEPS; step++)
	{
		Relation	relation = open_without_waiting(column.key_relid);
		bool		further;

		column.is_complete &= relation != NULL;
		if (relation == NULL)
			break;
		if (column.key_attno > RelationGetNumberOfAttributes(relation))
		{
			relation_close(relation, AccessShareLock);
			break;
		}
		if (step == 0)
		{
			column.name = hash_name(relation, attno);
			column.is_unique = is_unique(relation, attno, UNIQUE_PART);
			is_alone = column.is_unique && is_unique(relation, attno, UNIQUE_ALONE);
			column.is_named = is_named_after_key(relation, attno);
		}
		further = follow_foreign_key(relation, &column.key_relid,
									 &column.key_attno) ||
			follow_name(relation, &column.key_relid, &column.key_attno,
						&column.is_complete);
		if (!further && step == 0 && column.is_named)
			guess_key(relation, attno, &column);
		if (!further && step == 0 && is_alone)
			column.is_given = is_given(relation, attno);
		relation_close(relation, AccessShareLock);
		if (!further)
			break;
		column.is_key = true;
		column.is_named = false;
	}
	column.is_part = column.is_unique && !column.is_key && !column.is_named && !is_alone;
	column.is_key |= column.is_unique;
	find_family(&column.key_relid, &column.key_attno);
	column.family_relid = relid;
	column.family_attno = attno;
	find_family(&column.family_relid, &column.family_attno);
	return column;
}

/*
 * Facts of a column, from a small cache of this backend.  Of a view's column:
 * those of the table's column it shows.  All empty if there is no such
 * relation any more.
 *
 * "author_id" is a foreign key, declared or not, where a table "author" or
 * "authors" of the same schema has a unique column "id" or "author_id" that
 * holds values of the same kind.  Where there is no such table, its name still
 * tells that it is one, but not of what: that is guessed.  A part of a key of several
 * columns, "order_no", may refer to a column of its name that is a key by itself.
 */
KeyColumn
key_column_find(Oid relid, int16 attno)
{
	CachedColumn *entry = &cache[(relid * 31 + attno) % CACHE_SIZE];
	Oid			table_relid = relid;
	int16		table_attno = attno;
	KeyColumn	column;
	uint64		before;

	if (attno <= 0)
		return (KeyColumn)
	{
		.key_relid = relid,.key_attno = attno,.is_complete = true,
			.family_relid = relid,.family_attno = attno
	};
	if (entry->relid == relid && entry->attno == attno)
		return entry->column;

	before = invalidations;
	key_column_resolve(&table_relid, &table_attno);
	column = read_column(table_relid, table_attno);
	if (column.is_complete && before == invalidations)
	{
		entry->relid = relid;
		entry->attno = attno;
		entry->column = column;
	}
	return column;
}

/*
 * Whose keys a lookup by such a column looks for, as resultset_key(); 0 if they
 * may be any table's.  Together with what resultset_open() notes of columns it
 * tells beforehand what compare_keys() of match.c would refuse.
 */
uint32
key_column_sought(const KeyColumn *key)
{
	return key->is_key && !key->is_named && !key->is_part ?
		resultset_key(key->key_relid, key->key_attno) : 0;
}
