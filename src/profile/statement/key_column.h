/*-------------------------------------------------------------------------
 *
 * key_column.h
 *	  Which columns carry keys, and whose.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_KEY_COLUMN_H
#define CLIPPERF_KEY_COLUMN_H

#include "compat.h"

#include "access/transam.h"

#include "settings.h"

/* What is known of a column as a key. */
typedef struct KeyColumn
{
	bool		is_key;			/* in a primary key, unique index or foreign
								 * key */
	bool		is_unique;		/* in a primary key or unique index */
	bool		is_named;		/* refers to something by its name, but nobody
								 * knows to what */
	bool		is_part;		/* only together with others in a unique key,
								 * and nobody knows to what it refers */
	bool		is_given;		/* a number that is the primary key, called
								 * "id", and that nothing generates: it may be
								 * the key of another table */
	bool		is_complete;	/* false if a table on the way was locked */
	Oid			family_relid;	/* the column itself, where its table is a
								 * partition or child that of the whole */
	int16		family_attno;
	Oid			key_relid;		/* the column a foreign key leads to, at last; */
	int16		key_attno;		/* else the column itself */
	int16		guess_attno;	/* if is_named: the key that its name
								 * suggests, .. */
	Oid			guess_relid;	/* .. InvalidOid = none */
	uint32		name;			/* hash of its own; 0 = nobody is called so */
} KeyColumn;

/* Tables of users only: catalogs are full of keys that nobody loops over. */
static inline bool
key_column_is_watched(Oid relid)
{
	return relid >= FirstNormalObjectId && settings_table_is_watched(relid);
}

/* Facts of a column, from a small cache of this backend. */
extern KeyColumn key_column_find(Oid relid, int16 attno);

/* Whose keys a lookup by such a column looks for, as resultset_key(), or 0. */
extern uint32 key_column_sought(const KeyColumn *key);

/* The table's column that a view's column shows, else the column itself. */
extern void key_column_resolve(Oid *relid, int16 *attno);

/* Called with the relation whose definition changed, InvalidOid = any. */
typedef void (*KeyColumnCallback) (Oid relid);

/* Call this function whenever that happens. */
extern void key_column_watch(KeyColumnCallback callback);

#endif							/* CLIPPERF_KEY_COLUMN_H */
