/*-------------------------------------------------------------------------
 *
 * index_settings.h
 *	  What an index has that CREATE INDEX does not say.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_SETTINGS_H
#define CLIPPERF_INDEX_SETTINGS_H

#include "compat.h"

#include "advise/indexes/index_def.h"

/* Statements (char *) that give an index re-created what this one has. */
extern List *index_settings(const IndexDefinition *def, MemoryContext context);

/* What a job keeps of an index that it drops, see Job.restore. */
extern List *index_settings_restore(const IndexDefinition *def,
									MemoryContext context);

/* Run what index_settings_restore() kept, for an index re-created. */
extern void index_settings_run(const List *restore, Oid schema, const char *name);

#endif							/* CLIPPERF_INDEX_SETTINGS_H */
