/*-------------------------------------------------------------------------
 *
 * tools.c
 *	  How the files of migration tools are named, and what stands in them.
 *
 *-------------------------------------------------------------------------
 */
#include "migration/migration.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "json.h"
#include "memory.h"

/*
 * Plain SQL of each direction.
 */
static void
put_up_sql(FILE *out, const Migration *migration)
{
	fputs(migration->up, out);
}

static void
put_down_sql(FILE *out, const Migration *migration)
{
	fputs(migration->down, out);
}

/*
 * Names of files, where a direction is wanted.
 */
static char *
name_plain_up(const Migration *migration)
{
	return migration->up ? format_string("%s.up.sql", migration->name) : NULL;
}

static char *
name_plain_down(const Migration *migration)
{
	return migration->down ? format_string("%s.down.sql", migration->name) : NULL;
}

static char *
name_golang_up(const Migration *migration)
{
	return migration->up ? format_string("%s_%s.up.sql", migration->number, migration->name) : NULL;
}

static char *
name_golang_down(const Migration *migration)
{
	return migration->down ? format_string("%s_%s.down.sql", migration->number, migration->name) : NULL;
}

static char *
name_flyway_up(const Migration *migration)
{
	return migration->up ? format_string("V%s__%s.sql", migration->number, migration->name) : NULL;
}

static char *
name_flyway_down(const Migration *migration)
{
	return migration->down ? format_string("U%s__%s.sql", migration->number, migration->name) : NULL;
}

static char *
name_rails(const Migration *migration)
{
	return format_string("%s_%s.rb", migration->number, migration->name);
}

static char *
name_django(const Migration *migration)
{
	return format_string("%s_%s.py", migration->number, migration->name);
}

/*
 * Writes the name of a migration as that of a Ruby class: AddIndexes for add_indexes.
 */
static void
put_class_name(FILE *out, const char *name)
{
	bool		begins_word = true;

	for (const char *c = name; *c != '\0'; c++)
	{
		if (*c != '_')
			putc(begins_word ? toupper((unsigned char) *c) : *c, out);
		begins_word = *c == '_';
	}
}

/*
 * Writes a method of a migration of Rails.  The SQL stands in a document of its own, in which nothing has a meaning but
 * its last line, which must not be a line of the SQL.
 */
static void
put_rails_method(FILE *out, const char *method, const char *sql)
{
	char	   *end = copy_string("SQL");

	if (sql == NULL)
	{
		fprintf(out, "  def %s\n    raise ActiveRecord::IrreversibleMigration\n  end\n", method);
		return;
	}
	while (strstr(sql, end) != NULL)
		end = format_string("%s_", end);
	fprintf(out, "  def %s\n    execute <<'%s'\n%s%s%s\n  end\n", method, end, sql,
			sql[0] != '\0' && sql[strlen(sql) - 1] != '\n' ? "\n" : "", end);
}

/*
 * Writes a migration of Rails, as of version 5.2, which all later ones run.
 */
static void
put_rails(FILE *out, const Migration *migration)
{
	fputs("class ", out);
	put_class_name(out, migration->name);
	fputs(" < ActiveRecord::Migration[5.2]\n", out);
	put_rails_method(out, "up", migration->up);
	putc('\n', out);
	put_rails_method(out, "down", migration->down);
	fputs("end\n", out);
}

/*
 * Writes an argument of Django's RunSQL: a string of Python is one of JSON, too.
 */
static void
put_django_argument(FILE *out, const char *name, const char *sql)
{
	fprintf(out, "            %s=", name);
	if (sql != NULL)
		json_put_quoted(out, sql);
	else
		fputs("migrations.RunSQL.noop", out);
	fputs(",\n", out);
}

/*
 * Writes a migration of Django.
 */
static void
put_django(FILE *out, const Migration *migration)
{
	fputs("from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [", out);
	if (migration->after != NULL)
		fprintf(out, "(\"%s\", \"%s\")", migration->app, migration->after);
	fputs("]\n\n    operations = [\n        migrations.RunSQL(\n", out);
	put_django_argument(out, "sql", migration->up);
	put_django_argument(out, "reverse_sql", migration->down);
	fputs("        ),\n    ]\n", out);
}

const MigrationTool migration_tools[] = {
	{"plain", {{name_plain_down, put_down_sql}, {name_plain_up, put_up_sql}}},
	{"golang-migrate", {{name_golang_down, put_down_sql}, {name_golang_up, put_up_sql}}},
	{"flyway", {{name_flyway_down, put_down_sql}, {name_flyway_up, put_up_sql}}},
	{"rails", {{name_rails, put_rails}, {NULL, NULL}}},
	{"django", {{name_django, put_django}, {NULL, NULL}}},
	{NULL, {{NULL, NULL}, {NULL, NULL}}}
};
