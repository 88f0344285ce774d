/*-------------------------------------------------------------------------
 *
 * index_def_width.c
 *	  How large a row of an index may become.
 *
 * A row that is too large for an index is refused by the table, too: an index may
 * make a statement fail that worked before.  How large the values are now says
 * nothing of those to come, so that only what the types promise counts.
 *
 *-------------------------------------------------------------------------
 */
#include "advise/indexes/index_def_width.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/lsyscache.h"
#include "utils/rangetypes.h"

/* A size that is not bounded. */
#define UNBOUNDED (-1)

/*
 * Bytes of the largest value of a type with that typmod, its header included;
 * UNBOUNDED if there is no such bound, or none below what a B-tree takes.
 */
static int
most_bytes_of_type(Oid type, int32 typmod)
{
	Oid			base = getBaseTypeAndTypmod(type, &typmod);
	int			bytes = get_typlen(base);

	if (bytes > 0)
		return bytes;
	if (base == INETOID || base == CIDROID)
		return sizeof(inet);
	if (type_is_range(base))
	{
		int			bound = most_bytes_of_type(get_range_subtype(base), -1);

		return bound == UNBOUNDED ? UNBOUNDED :
			(int) (sizeof(RangeType) + 2 * MAXALIGN(bound) + MAXIMUM_ALIGNOF + 1);
	}
	bytes = type_maximum_size(base, typmod);
	return bytes < 0 || bytes > BTREE_MOST_BYTES ? UNBOUNDED : bytes;
}

/* The type of a column of the index, keys first, and its typmod. */
static Oid
column_type(const IndexDefinition *def, int column, int32 *typmod)
{
	AttrNumber	attno = column < def->nkeys ? def->keys[column].attno :
		def->included[column - def->nkeys];
	Oid			type;
	Oid			collation;

	if (attno == 0)
	{
		*typmod = exprTypmod(def->keys[column].expr);
		return def->keys[column].type;
	}
	get_atttypetypmodcoll(def->relid, attno, &type, typmod, &collation);
	return type;
}

/* Bytes of the largest value of a column of the index, or UNBOUNDED. */
static int
most_bytes_of_column(const IndexDefinition *def, int column)
{
	int32		typmod;
	Oid			type = column_type(def, column, &typmod);

	return most_bytes_of_type(type, typmod);
}

/*
 * Bytes of the largest row, where a column without a bound is taken to have so
 * many.
 */
static Size
most_bytes_of_row(const IndexDefinition *def, int unbounded)
{
	Size		size = MAXALIGN(sizeof(IndexTupleData) +
								sizeof(IndexAttributeBitMapData));

	for (int i = 0; i < def->nkeys + def->nincluded; i++)
	{
		int			bytes = most_bytes_of_column(def, i);

		size += MAXALIGN(bytes == UNBOUNDED ? unbounded : bytes);
	}
	return size;
}

/* Do the types promise that no row is too large for a B-tree? */
bool
index_def_never_refuses(const IndexDefinition *def)
{
	return most_bytes_of_row(def, BTREE_MOST_BYTES) <= BTREE_MOST_BYTES;
}

/*
 * Do the types of the included columns, and of these keys (numbers of columns, from 0),
 * bound their sizes, so that together with the other keys no row is too large for a
 * B-tree?  Another key whose type has no bound is taken to have BTREE_RISKY_BYTES: with
 * values that are larger, it is the risk of the key, which people are told of.
 */
bool
index_def_carries_safely(const IndexDefinition *def, const Bitmapset *keys)
{
	if (bms_is_empty(keys) && def->nincluded == 0)
		return true;
	for (int i = 0; i < def->nkeys + def->nincluded; i++)
		if ((i >= def->nkeys || bms_is_member(i, keys)) &&
			most_bytes_of_column(def, i) == UNBOUNDED)
			return false;
	return most_bytes_of_row(def, BTREE_RISKY_BYTES) <= BTREE_MOST_BYTES;
}

/* Is it so of the included columns alone? */
bool
index_def_includes_safely(const IndexDefinition *def)
{
	return index_def_carries_safely(def, NULL);
}
