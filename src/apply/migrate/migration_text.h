/*-------------------------------------------------------------------------
 *
 * migration_text.h
 *	  The text of a migration file, statement by statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MIGRATION_TEXT_H
#define CLIPPERF_MIGRATION_TEXT_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

/* A file while it is written. */
typedef struct MigrationText
{
	StringInfoData sql;
	bool		concurrently;	/* one statement between two marks */
	bool		at_mark;		/* no statement since the last mark */
} MigrationText;

/* An index that the file makes or drops. */
typedef struct MigrationIndex
{
	const char *name;			/* with its schema, quoted */
	const char *schema;
	const char *table;			/* with its schema, quoted */
	const char *table_kind;		/* as COMMENT ON names it */
	const char *ddl;			/* CREATE INDEX */
	const char *ddl_concurrently;	/* CONCURRENTLY IF NOT EXISTS; NULL if the
									 * table is partitioned */
	const char *definition;		/* as index_def_catalog_text() says it */
	const char *comment;		/* to be given to it; NULL if none */
	List	   *settings;		/* char *: further statements that make it */
	bool		mark;			/* the up file makes it; else it drops it */
	bool		partitioned;
} MigrationIndex;

/* Lines of comment, before a statement. */
extern void migration_text_note(MigrationText *file, const char *note);

/* Make the index unless it is there. */
extern void migration_text_create(MigrationText *file,
								  const MigrationIndex *index);

/* Drop the index if a file made it. */
extern void migration_text_drop_made(MigrationText *file,
									 const MigrationIndex *index);

/* Drop the index if it is there, and note that in the comment of its table. */
extern void migration_text_drop(MigrationText *file,
								const MigrationIndex *index);

#endif							/* CLIPPERF_MIGRATION_TEXT_H */
