/*-------------------------------------------------------------------------
 *
 * foreign_key.h
 *	  Foreign keys and the indexes that serve them on the referencing side.
 *
 * When a referenced row is deleted, or its key changed, all rows that refer to
 * it must be found.  Without an index each time the whole table is read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FOREIGN_KEY_H
#define CLIPPERF_FOREIGN_KEY_H

#include "advise/indexes/index_def.h"

/* A foreign key that no index serves. */
typedef struct UnservedKey
{
	Oid			referenced;		/* table */
	IndexDefinition *def;		/* of the index that would serve it */
} UnservedKey;

/* Those of a table, as a list of UnservedKey. */
extern List *foreign_keys_unserved(Oid relid);

/*
 * The tables that refer to one, as a list of OIDs; of partitioned ones the
 * parent.  If "cascading", those whose rows are deleted with the row that they
 * refer to.
 */
extern List *foreign_keys_referencing(Oid relid, bool cascading);

/* Does the index serve a foreign key of its table, which is locked? */
extern bool foreign_key_uses(const IndexDefinition *def);

#endif							/* CLIPPERF_FOREIGN_KEY_H */
