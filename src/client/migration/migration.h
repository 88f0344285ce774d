/*-------------------------------------------------------------------------
 *
 * migration.h
 *	  clipperf migration: the recommended indexes as files of a migration tool.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_MIGRATION_H
#define CLIENT_MIGRATION_H

#include <stdio.h>

/* What is to be written. */
typedef struct Migration
{
	const char *name;			/* of the migration, in lower case with
								 * underscores */
	const char *number;			/* what the tool orders migrations by */
	const char *up;				/* SQL; NULL = this direction is not wanted */
	const char *down;
	const char *app;			/* of Django; NULL elsewhere */
	const char *after;			/* the migration before, of Django; NULL =
								 * none */
} Migration;

/* A file of a migration: its name, and what writes it; the name is NULL where the tool has no such file. */
typedef struct MigrationFile
{
	char	   *(*name) (const Migration *migration);
	void		(*put) (FILE *out, const Migration *migration);
} MigrationFile;

/* A migration tool, by the name of its format; the first file undoes the migration, where there are two. */
typedef struct MigrationTool
{
	const char *name;
	MigrationFile files[2];
} MigrationTool;

/* The tools; a NULL name ends them. */
extern const MigrationTool migration_tools[];

/* Runs the command; returns the program's status. */
extern int	run_migration(int argc, char **argv);

#endif							/* CLIENT_MIGRATION_H */
