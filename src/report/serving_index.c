/*-------------------------------------------------------------------------
 *
 * serving_index.c
 *	  Is there an index that finds the rows that a scan looks for?
 *
 * Where all that a scan compares are the first keys of an index, no index would
 * find its rows better: the planner knew that one, and chose the scan.  It does so
 * for a join, say, that asks for rows here and there in the whole table.
 *
 *-------------------------------------------------------------------------
 */
#include "report/serving_index.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* The access method of an index; InvalidOid if it is gone. */
static Oid
index_method(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	Oid			method;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	method = ((Form_pg_class) GETSTRUCT(tuple))->relam;
	ReleaseSysCache(tuple);
	return method;
}

/* Would a value compared like this be found in a B-tree, and what follows it? */
static bool
is_one_value(ColumnUse use)
{
	return use == USE_EQUAL || use == USE_TRUE || use == USE_FALSE || use == USE_NULL;
}

/* Would values compared like this be a range of a B-tree? */
static bool
is_range(ColumnUse use)
{
	return use == USE_LESS || use == USE_LESS_EQUAL ||
		use == USE_GREATER_EQUAL || use == USE_GREATER;
}

/*
 * How many of the scan's comparisons are with a column, if the index finds rows by
 * them; *goes_on tells whether it finds some by its next key as well.
 */
static int
count_found(const SeqScanColumns *columns, AttrNumber attnum, bool *goes_on)
{
	int			found = 0;
	bool		equal = false;

	for (int i = 0; i < columns->filters; i++)
	{
		const FilterColumn *filter = &columns->filter[i];

		if (filter->attnum != attnum)
			continue;
		if (!is_one_value(filter->use) && !is_range(filter->use))
			return 0;
		equal |= is_one_value(filter->use);
		found++;
	}
	*goes_on = equal;
	return found;
}

/*
 * Does the index find rows by all comparisons of the scan?  Not known, and so not, of
 * columns that are compared by a collation, which need not be that of the index.
 */
static bool
index_finds(Form_pg_index index, const SeqScanColumns *columns)
{
	int			found = 0;
	bool		goes_on = true;

	for (int i = 0; goes_on && i < index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->indkey.values[i];

		if (attnum <= 0 ||
			type_is_collatable(get_atttype(index->indrelid, attnum)))
			return false;
		goes_on = false;
		found += count_found(columns, attnum, &goes_on);
	}
	return found == columns->filters;
}

/* Is an index, by its row of pg_index, what is looked for? */
typedef bool (*IndexTest) (Form_pg_index index, const void *wanted);

/* IndexTest of the SeqScanColumns "wanted": a B-tree by which they are found. */
static bool
serves_scan(Form_pg_index index, const void *wanted)
{
	return index_method(index->indexrelid) == BTREE_AM_OID && index_finds(index, wanted);
}

/* IndexTest of the columns "wanted", which a 0 ends: does it begin with one of them? */
static bool
index_begins_with(Form_pg_index index, const void *wanted)
{
	for (const AttrNumber *column = wanted; *column != 0; column++)
	{
		if (index->indkey.values[0] == *column)
			return true;
	}
	return false;
}

/* A valid index without a predicate that passes the test; InvalidOid if there is none. */
static Oid
find_index(Oid relid, IndexTest test, const void *wanted)
{
	Oid			found = InvalidOid;
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (!OidIsValid(found) && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		if (index->indisvalid &&
			heap_attisnull(tuple, Anum_pg_index_indpred, RelationGetDescr(indexes)) &&
			test(index, wanted))
			found = index->indexrelid;
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return found;
}

/*
 * The valid B-tree without a predicate whose first keys are all that the scan
 * compares; InvalidOid if there is none, if the scan compares nothing or sorts its
 * rows, which another index may do, and for tables whose children have indexes of
 * their own.  Raises what reading a catalog does.
 */
Oid
serving_index(Oid relid, const SeqScanColumns *columns)
{
	if (columns->filters == 0 || columns->sorts > 0 || OidIsValid(columns->index) ||
		(get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE && has_subclass(relid)))
		return InvalidOid;
	return find_index(relid, serves_scan, columns);
}

/*
 * Does a valid index without a predicate begin with one of these columns, which a 0
 * ends?  Raises what reading a catalog does.
 */
bool
serving_index_begins(Oid relid, const AttrNumber *columns)
{
	return OidIsValid(find_index(relid, index_begins_with, columns));
}
