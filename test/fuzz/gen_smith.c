/*-------------------------------------------------------------------------
 *
 * gen_smith.c
 *	  Statements that sqlsmith wrote, read from a file.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Statements of the file that go into one step's place. */
#define SMITH_AT_ONCE	5

static char **statements;
static int	nstatements;

/*
 * Add a statement unless it tells about the server rather than its data, or reads
 * a part of that by chance.
 */
static void
smith_add(char *sql)
{
	static const char *const words[] = {
		"pg_sleep", "pg_terminate", "pg_cancel", "pg_reload", "pg_rotate", "pg_promote", "pg_switch", "lo_", "pg_advisory",
		"pg_try_advisory", "pg_log_", "pg_read", "pg_ls", "dblink", "pg_create", "pg_drop", "pg_stat_reset", "setseed",
		"pg_notify", "query_to_xml", "database_to", "schema_to", "table_to", "tablesample", "clipperf"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strstr(sql, words[i]) != NULL)
			return;
	}
	if ((nstatements & (nstatements - 1)) == 0)
		statements = must_realloc(statements, (nstatements ? nstatements * 2 : 1) * sizeof(char *));
	statements[nstatements++] = must_copy(sql);
}

/*
 * Read the statements of a file, each of which ends with a semicolon at the end
 * of a line.
 */
void
smith_read(const char *path)
{
	FILE	   *file = fopen(path, "r");
	Text		text = {0};
	char		line[4096];

	if (file == NULL)
		die("cannot read %s", path);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		size_t		length = strcspn(line, "\r\n");

		line[length] = '\0';
		if (length > 0 && line[length - 1] == ';')
		{
			line[length - 1] = '\0';
			text_add(&text, "%s", line);
			smith_add(text.data);
			text.length = 0;
		}
		else
			text_add(&text, "%s\n", line);
	}
	fclose(file);
	free(text.data);
}

/*
 * Some statements of the file.  Their rows may tell about the moment or the
 * server, and their order is open: only SQLSTATE is compared, and what they
 * change is taken back.
 */
void
make_smith(Maker *maker)
{
	for (int i = 0; nstatements > 0 && i < SMITH_AT_ONCE; i++)
	{
		step_add(maker, OP_SIMPLE, "BEGIN; SET LOCAL statement_timeout = '2s'");
		step_add(maker, OP_SIMPLE, "%s", statements[random_below(nstatements)])->judgement = COMPARE_STATE;
		step_add(maker, OP_SIMPLE, "ROLLBACK");
	}
}
