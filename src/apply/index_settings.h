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

#include "advise/index_def.h"

/*
 * Statements (char *) that give an index which was made anew, under the same
 * name, what this one has: targets of statistics, and extensions that it depends
 * on.  Its comment is another matter; what carries the mark of CLUSTER or is the
 * replica identity is not dropped.  Needs SPI and a snapshot.
 */
extern List *index_settings(const IndexDefinition *def, MemoryContext context);

/* The statement that gives it its comment; NULL if it has none. */
extern char *index_settings_comment(const IndexDefinition *def);

#endif							/* CLIPPERF_INDEX_SETTINGS_H */
