/*-------------------------------------------------------------------------
 *
 * private_columns.c
 *	  Columns whose values are never kept, and the plans that use them.
 *
 * A column is private if clipperf.private_columns names it, or if it has the
 * security label 'private' of the provider "clipperf"; a label on a table
 * stands for all of its columns.  A label rather than a comment: it is checked when
 * it is given, pg_dump takes it along, only the owner of the table sets it, and
 * nobody writes a text for people over it.
 *
 * Where a text holds constants, nothing tells which of them belongs to which
 * column.  So an execution keeps no value at all if its plan reads or writes a
 * private column, if only to return it: the rights that the plan needs say which
 * columns those are.
 *
 * Names and labels are looked up when a plan is made, where the catalogs may be
 * read, and remembered for each table until something about it changes; plans
 * are made again then, too.  When an execution ends nothing is looked up: a table
 * that is not known by then counts as private.  Belongs to one backend.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/plan/private_columns.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_seclabel.h"
#include "commands/seclabel.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "common/table_lock.h"
#include "hotpath.h"
#include "profile/statement/execution.h"
#include "settings.h"

#define PROVIDER	"clipperf"
#define LABEL		"private"

/* Tables that are remembered, at most; more are forgotten together. */
#define MOST_TABLES 4096

/* What is known of a table. */
typedef struct PrivateTable
{
	Oid			relid;			/* hash key */
	Bitmapset  *columns;		/* numbers as in the rights of a plan, with
								 * that of a whole row if any is private */
} PrivateTable;

bool		private_columns_exist HOTPATH_DATA = false;
Oid			private_last_tables[PRIVATE_LAST_TABLES] HOTPATH_DATA = {InvalidOid};
uint32		private_columns_settings HOTPATH_DATA = 0;

static HTAB *tables = NULL;
static MemoryContext memory = NULL;

/* The number of a column as the rights of a plan have it. */
static inline int
column_bit(AttrNumber attno)
{
	return attno - FirstLowInvalidHeapAttributeNumber;
}

/* ------------------------------------------------------------------------
 * What is remembered
 * ------------------------------------------------------------------------ */

/* Forget all tables. */
static void
forget_tables(void)
{
	if (memory != NULL)
		MemoryContextReset(memory);
	tables = NULL;
	memset(private_last_tables, 0, sizeof(private_last_tables));
	private_columns_exist = false;
}

/* Relcache callback: forget a table that has changed, or all. */
static void
forget_table(Datum arg, Oid relid)
{
	if (tables == NULL)
		return;
	if (!OidIsValid(relid))
	{
		forget_tables();
		return;
	}
	if (private_last_tables[relid % PRIVATE_LAST_TABLES] == relid)
		private_last_tables[relid % PRIVATE_LAST_TABLES] = InvalidOid;
	(void) hash_search(tables, &relid, HASH_REMOVE, NULL);
}

/* Make the table of tables. */
static void
make_private_tables(void)
{
	static bool registered = false;
	HASHCTL		control = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(PrivateTable)
	};

	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext,
									   "clipperf private columns",
									   ALLOCSET_SMALL_SIZES);
	control.hcxt = memory;
	tables = hash_create("clipperf private columns", 64, &control,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	if (!registered)
		CacheRegisterRelcacheCallback(forget_table, (Datum) 0);
	registered = true;
}

/* Remember the private columns of a table. */
static void
remember_table(Oid relid, const Bitmapset *columns)
{
	MemoryContext old;
	PrivateTable *table;

	if (tables != NULL && hash_get_num_entries(tables) >= MOST_TABLES)
		forget_tables();
	if (tables == NULL)
		make_private_tables();
	old = MemoryContextSwitchTo(memory);
	table = hash_search(tables, &relid, HASH_ENTER, NULL);
	table->columns = bms_copy(columns);
	MemoryContextSwitchTo(old);
	private_last_tables[relid % PRIVATE_LAST_TABLES] = relid;
	private_columns_exist |= columns != NULL;
}

/* ------------------------------------------------------------------------
 * Looking up
 * ------------------------------------------------------------------------ */

/*
 * Add what a label on a table, or on a column, makes private; a table's name
 * stands in column 0.
 */
static Bitmapset *
add_label(Bitmapset *columns, HeapTuple tuple, TupleDesc desc, int natts)
{
	bool		isnull;
	Datum		provider = heap_getattr(tuple, Anum_pg_seclabel_provider, desc,
										&isnull);
	int			attno = ((FormData_pg_seclabel *) GETSTRUCT(tuple))->objsubid;

	if (isnull || strcmp(TextDatumGetCString(provider), PROVIDER) != 0)
		return columns;
	if (attno != 0)
		return bms_add_member(columns, column_bit(attno));
	return bms_add_range(columns, column_bit(1), column_bit(natts));
}

/*
 * Add the columns that have labels.  False if the catalog cannot be read without
 * waiting for a lock.
 */
static bool
add_labelled(Oid relid, int natts, Bitmapset **columns)
{
	ScanKeyData keys[2];
	Relation	catalog;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!table_lock_if_free(SecLabelRelationId))
		return false;
	if (!table_lock_if_free(SecLabelObjectIndexId))
	{
		table_unlock(SecLabelRelationId);
		return false;
	}
	ScanKeyInit(&keys[0], Anum_pg_seclabel_objoid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[1], Anum_pg_seclabel_classoid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
	catalog = table_open(SecLabelRelationId, NoLock);
	scan = systable_beginscan(catalog, SecLabelObjectIndexId, true, NULL, 2,
							  keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		*columns = add_label(*columns, tuple, RelationGetDescr(catalog), natts);
	systable_endscan(scan);
	table_close(catalog, NoLock);
	table_unlock(SecLabelObjectIndexId);
	table_unlock(SecLabelRelationId);
	return true;
}

/* Add the columns that clipperf.private_columns names. */
static void
add_named(Oid relid, int natts, Bitmapset **columns)
{
	const char *table = get_rel_name(relid);
	const char *schema = get_namespace_name_or_temp(get_rel_namespace(relid));

	if (table == NULL || schema == NULL)
		return;
	for (int attno = 1; attno <= natts; attno++)
	{
		const char *column = get_attname(relid, attno, true);

		if (column != NULL && settings_column_is_private(schema, table, column))
			*columns = bms_add_member(*columns, column_bit(attno));
	}
}

/* How many columns a table has; 0 if it is gone. */
static int
columns_of_table(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			natts;

	if (!HeapTupleIsValid(tuple))
		return 0;
	natts = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
	ReleaseSysCache(tuple);
	return natts;
}

/* Look up which columns of a table are private. */
pg_attribute_cold static void
learn_table(Oid relid)
{
	int			natts = columns_of_table(relid);
	Bitmapset  *columns = NULL;

	if (tables != NULL && hash_search(tables, &relid, HASH_FIND, NULL) != NULL)
	{
		private_last_tables[relid % PRIVATE_LAST_TABLES] = relid;
		return;
	}
	if (!add_labelled(relid, natts, &columns))
		return;					/* again with the next plan */
	if (settings_private_columns())
		add_named(relid, natts, &columns);
	if (columns != NULL)
		columns = bms_add_member(columns, column_bit(InvalidAttrNumber));
	remember_table(relid, columns);
	bms_free(columns);
}

/* Are these the columns of a user's table that the statement names? */
static inline bool
needs_rights(const ColumnRights *rights)
{
	return rights->requiredPerms != 0 && rights->relid >= FirstNormalObjectId;
}

/*
 * Learn of a plan's tables which columns are private.  Reads the catalogs for
 * tables that were not met before, and waits for no lock.
 */
void
private_columns_learn_all(const PlannedStmt *plan)
{
	const ListCell *lc;

	if (unlikely(private_columns_settings != setting_private_columns_version))
	{
		forget_tables();
		private_columns_settings = setting_private_columns_version;
	}
	foreach(lc, PLAN_COLUMN_RIGHTS(plan))
	{
		const ColumnRights *rights = lfirst(lc);

		if (needs_rights(rights) &&
			unlikely(private_last_tables[rights->relid % PRIVATE_LAST_TABLES] != rights->relid))
			learn_table(rights->relid);
	}
}

/*
 * May an execution of this plan have values of private columns?  It may, too, if
 * a table is not known.  Looks nothing up, raises nothing.
 */
bool
private_columns_are_used(const PlannedStmt *plan)
{
	const ListCell *lc;

	if (private_columns_settings != setting_private_columns_version)
		return true;
	foreach(lc, PLAN_COLUMN_RIGHTS(plan))
	{
		const ColumnRights *rights = lfirst(lc);
		const PrivateTable *table;

		if (!needs_rights(rights))
			continue;
		table = tables == NULL ? NULL :
			hash_search(tables, &rights->relid, HASH_FIND, NULL);
		if (table == NULL ||
			bms_overlap(table->columns, rights->selectedCols) ||
			bms_overlap(table->columns, rights->insertedCols) ||
			bms_overlap(table->columns, rights->updatedCols))
			return true;
	}
	return false;
}

/*
 * An execution has ended: values that private columns got in it may stand in
 * the statements that it runs inside of.
 */
pg_attribute_cold void
private_columns_hand_up(const Execution *execution)
{
	dlist_iter	iter;

	if (!execution->is_private &&
		!private_columns_are_used(execution->query->plannedstmt))
		return;
	dlist_foreach(iter, &executions)
	{
		Execution  *outer = dlist_container(Execution, node, iter.cur);

		if (outer->level < execution->level)
			outer->is_private = true;
	}
}

/* ------------------------------------------------------------------------
 * Labels
 * ------------------------------------------------------------------------ */

/*
 * check_object_relabel_type: 'private' is the only label, and for tables and
 * columns only.  All backends learn of them again when it is committed.  Errors
 * 22023 and 42809.
 */
static void
check_label(const ObjectAddress *object, const char *label)
{
	if (object->classId != RelationRelationId)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("security labels of provider \"%s\" are for tables and columns",
						PROVIDER)));
	if (label != NULL && strcmp(label, LABEL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid security label \"%s\"", label),
				 errhint("The only label is '%s'; NULL removes it.", LABEL)));
	CacheInvalidateRelcacheByRelid(object->objectId);
}

/* Accept security labels; from _PG_init. */
void
private_columns_init(void)
{
	register_label_provider(PROVIDER, check_label);
}
