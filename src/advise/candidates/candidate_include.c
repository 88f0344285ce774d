/*-------------------------------------------------------------------------
 *
 * candidate_include.c
 *	  Columns that an index has only to be read there.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/candidates/candidate_include.h"

#include "catalog/pg_class.h"
#include "catalog/pg_statistic.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "advise/indexes/index_def_width.h"

/*
 * The following are choices, made to keep the number of candidates small: what
 * they let through the planner judges.
 */

/*
 * Columns that an index has only to be read there: how many, and bytes of all.
 */
#define MOST_INCLUDED		6
#define WIDEST_INCLUDED		160
/*
 * Share of a row's bytes for these and the keys, or the index repeats the
 * table.
 */
#define INCLUDED_SHARE		0.5
/*
 * Rows that must be looked up, or it is not worth a wider index to read them
 * there.
 */
#define LEAST_LOOKED_UP		5

/* Is a column a key of the index, or included in it? */
static bool
index_has_column(const IndexDefinition *def, AttrNumber attno)
{
	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno == attno)
			return true;
	for (int i = 0; i < def->nincluded; i++)
		if (def->included[i] == attno)
			return true;
	return false;
}

/* Is a column neither read nor tested but by the predicate? */
static bool
is_tested_by_predicate(const Demand *demand, const IndexDefinition *def,
					   AttrNumber attno)
{
	ListCell   *lc;

	if (list_member_int(demand->needed, attno))
		return false;
	foreach(lc, demand->filters)
	{
		const DemandFilter *filter = lfirst(lc);

		if (filter->key.attno == attno)
			return filter->clause != NULL &&
				list_member(def->predicate, filter->clause);
	}
	return false;
}

/*
 * The statistics of a column, of a partitioned table those of all partitions;
 * NULL if there are none.
 */
HeapTuple
candidate_column_statistics(Oid relid, AttrNumber attno)
{
	bool		whole = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;

	return SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relid),
						   Int16GetDatum(attno), BoolGetDatum(whole));
}

/* Average bytes of a column's values; 0 without statistics. */
static double
column_width(Oid relid, AttrNumber attno)
{
	HeapTuple	tuple = candidate_column_statistics(relid, attno);
	double		width = 0;

	if (HeapTupleIsValid(tuple))
	{
		width = ((Form_pg_statistic) GETSTRUCT(tuple))->stawidth;
		ReleaseSysCache(tuple);
	}
	return width;
}

/*
 * Bytes of included columns that are worth having in the index of these keys.
 */
static double
includable_width(const Demand *demand, const IndexDefinition *def)
{
	double		room = WIDEST_INCLUDED;

	if (demand->tuples <= 0 || demand->pages <= 0)
		return room;
	room = INCLUDED_SHARE * BLCKSZ * demand->pages / demand->tuples;
	for (int i = 0; i < def->nkeys; i++)
		if (def->keys[i].attno != 0)
			room -= column_width(def->relid, def->keys[i].attno);
	return Min(WIDEST_INCLUDED, room);
}

/* Do the keys alone find so few rows that these may as well be looked up? */
static bool
finds_few_rows(const Demand *demand, const IndexDefinition *def)
{
	ListCell   *lc;

	if (demand->rows >= LEAST_LOOKED_UP)
		return false;
	foreach(lc, demand->tested)
		if (!index_has_column(def, lfirst_int(lc)) &&
			!is_tested_by_predicate(demand, def, lfirst_int(lc)))
		return false;
	return true;
}

/*
 * Let an index include the other columns that are read; false if these are too
 * many or too wide, or may become so wide that the index would refuse a row, or
 * none, or if the keys find few rows.
 */
bool
candidate_include_needed(const Demand *demand, IndexDefinition *def)
{
	List	   *columns = list_union_int(demand->needed, demand->tested);
	double		widest = includable_width(demand, def);
	double		width = 0;
	ListCell   *lc;

	if (finds_few_rows(demand, def))
		return false;
	foreach(lc, columns)
	{
		AttrNumber	attno = lfirst_int(lc);

		if (index_has_column(def, attno) ||
			is_tested_by_predicate(demand, def, attno))
			continue;
		width += column_width(def->relid, attno);
		if (def->nincluded == MOST_INCLUDED || width > widest)
			return false;
		index_def_include(def, attno);
	}
	return def->nincluded > 0 && index_def_includes_safely(def);
}
