/*-------------------------------------------------------------------------
 *
 * migration.c
 *	  clipperf migration: the recommended indexes as files of a migration tool.
 *
 *-------------------------------------------------------------------------
 */
#include "migration/migration.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "message.h"
#include "options.h"
#include "output.h"

/* What the command was asked to do. */
typedef struct MigrationOptions
{
	ConnectionOptions connection;
	const MigrationTool *tool;
	const char *directory;		/* where the files go; NULL = SQL to standard
								 * output */
	StringList	ids;			/* of recommendations; none = all new ones to
								 * create an index */
	const char *index_set;
	bool		up;
	bool		down;
	Migration	migration;
} MigrationOptions;

enum
{
	OPTION_AFTER = COMMON_OPTION_END,
	OPTION_APP,
	OPTION_DIRECTORY,
	OPTION_DOWN,
	OPTION_ID,
	OPTION_INDEX_SET,
	OPTION_NAME,
	OPTION_NUMBER,
	OPTION_TOOL,
	OPTION_UP
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	{"after", required_argument, NULL, OPTION_AFTER},
	{"app", required_argument, NULL, OPTION_APP},
	{"down", no_argument, NULL, OPTION_DOWN},
	{"id", required_argument, NULL, OPTION_ID},
	{"index-set", required_argument, NULL, OPTION_INDEX_SET},
	{"name", required_argument, NULL, OPTION_NAME},
	{"number", required_argument, NULL, OPTION_NUMBER},
	{"output", required_argument, NULL, OPTION_DIRECTORY},
	{"tool", required_argument, NULL, OPTION_TOOL},
	{"up", no_argument, NULL, OPTION_UP},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_migration_help(void)
{
	printf("clipperf migration writes the recommended indexes as a migration.\n\n"
		   "Usage:\n"
		   "  clipperf migration [OPTION]... [DBNAME]\n\n"
		   "What is written:\n"
		   "      --id=NUMBER           this recommendation; may be repeated (default: all\n"
		   "                            new ones to create an index)\n"
		   "      --index-set=NAME      the indexes of this set\n"
		   "      --up                  what makes the change\n"
		   "      --down                what undoes it (default: both)\n\n"
		   "Output:\n"
		   "      --output=DIRECTORY    write files into this directory (default: one\n"
		   "                            direction, to standard output)\n"
		   "      --tool=TOOL           name them for plain (default), golang-migrate,\n"
		   "                            flyway, rails or django\n"
		   "      --name=NAME           name of the migration (default: clipperf_indexes)\n"
		   "      --number=NUMBER       its version or number (default: the time, in UTC)\n"
		   "      --app=LABEL           Django's application\n"
		   "      --after=NAME          its migration that comes before\n");
	print_common_help();
	printf("\nThe exit status is 0 if the migration was written, and 2 if it could not be.\n");
}

/*
 * The tool of a name.  Ends the program where there is none.
 */
static const MigrationTool *
find_tool(const char *name)
{
	for (const MigrationTool *tool = migration_tools; tool->name != NULL; tool++)
	{
		if (strcmp(tool->name, name) == 0)
			return tool;
	}
	print_error("unrecognized tool: \"%s\"", name);
	print_detail("The tools are plain, golang-migrate, flyway, rails and django.");
	fatal_usage("migration");
}

/*
 * An argument that becomes part of a file's name, or of a program.  Ends the program where it has other characters than
 * those that may be there.
 */
static const char *
take_word(const char *option, const char *argument, const char *characters)
{
	if (argument[0] == '\0' || strspn(argument, characters) != strlen(argument))
	{
		print_error("invalid value \"%s\" for option %s", argument, option);
		print_detail("It may consist of these characters: %s", characters);
		fatal_usage("migration");
	}
	return argument;
}

/*
 * Takes an option of the migration itself; false where it is none.
 */
static bool
take_migration_option(int option, MigrationOptions *options)
{
	static const char *const words = "abcdefghijklmnopqrstuvwxyz0123456789_";
	static const char *const digits = "0123456789";

	switch (option)
	{
		case OPTION_AFTER:
			options->migration.after = take_word("--after", optarg, words);
			return true;
		case OPTION_APP:
			options->migration.app = take_word("--app", optarg, words);
			return true;
		case OPTION_NAME:
			options->migration.name = take_word("--name", optarg, words);
			return true;
		case OPTION_NUMBER:
			options->migration.number = take_word("--number", optarg, digits);
			return true;
		case OPTION_DIRECTORY:
			options->directory = optarg;
			return true;
		case OPTION_TOOL:
			options->tool = find_tool(optarg);
			return true;
		case OPTION_ID:
			list_add(&options->ids, whole_number("--id"));
			return true;
		case OPTION_INDEX_SET:
			options->index_set = optarg;
			return true;
		case OPTION_UP:
			options->up = true;
			return true;
		case OPTION_DOWN:
			options->down = true;
			return true;
		default:
			return false;
	}
}

/*
 * The time as migration tools write it, in UTC.
 */
static char *
current_number(void)
{
	time_t		now = time(NULL);
	char		number[32];

	strftime(number, sizeof(number), "%Y%m%d%H%M%S", gmtime(&now));
	return copy_string(number);
}

/*
 * Reads the command line.
 */
static void
read_migration_options(int argc, char **argv, MigrationOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS, long_options)) != -1)
	{
		if (!take_migration_option(option, options) &&
			!take_common_option(option, &options->connection, print_migration_help))
			fatal_usage("migration");
	}
	take_database(argc, argv, "migration", &options->connection);

	if (options->directory == NULL && options->up == options->down)
		fatal("one of --up and --down must be given, or --output");
	if (!options->up && !options->down)
		options->up = options->down = true;
	if (strcmp(options->tool->name, "django") == 0 && (options->migration.app == NULL) != (options->migration.after == NULL))
		fatal("options --app and --after must be used together");
	if (options->migration.number == NULL)
		options->migration.number = current_number();
}

/*
 * Asks the server for the SQL of a direction.
 */
static char *
ask_for_migration(Session *session, const MigrationOptions *options, const char *direction)
{
	const char *const params[] = {direction, list_as_array(&options->ids), options->index_set};
	char	   *query = format_string("SELECT %s.clipperf_migration($1, $2, $3)", session->schema);
	PGresult   *result;
	char	   *sql;

	use_own_search_path(session, true);
	result = run_query(session, query, 3, params);
	sql = copy_string(PQgetvalue(result, 0, 0));
	PQclear(result);
	free(query);
	return sql;
}

/*
 * Ends the program where a migration would do nothing: where all lines of it are empty or comments, which say why below
 * the head of the file.
 */
static void
require_statements(const char *sql)
{
	const char *line = sql;
	const char *reasons = strstr(sql, "\n\n");

	while (*line != '\0')
	{
		size_t		length = strcspn(line, "\n");

		if (length > 0 && strncmp(line, "--", 2) != 0)
			return;
		line += length + (line[length] == '\n');
	}
	print_error("there is nothing to migrate");
	if (reasons != NULL && reasons[strspn(reasons, "\n")] != '\0')
		print_detail("%s", reasons + strspn(reasons, "\n"));
	print_hint("\"clipperf recommend\" makes recommendations.");
	exit(EXIT_TROUBLE);
}

/*
 * Writes the files of the tool.  What undoes the migration is written first, so that it is there when a tool finds the
 * other one.  No file is replaced.
 */
static void
write_files(const MigrationOptions *options)
{
	char	   *paths[2] = {NULL, NULL};

	for (int i = 0; i < 2; i++)
	{
		const MigrationFile *file = &options->tool->files[i];
		char	   *name = file->name ? file->name(&options->migration) : NULL;

		if (name == NULL)
			continue;
		paths[i] = format_string("%s/%s", options->directory, name);
		if (access(paths[i], F_OK) == 0)
			fatal("file \"%s\" already exists", paths[i]);
	}
	for (int i = 0; i < 2; i++)
	{
		Output		output;

		if (paths[i] == NULL)
			continue;
		begin_output(&output);
		options->tool->files[i].put(output.stream, &options->migration);
		finish_output(&output, paths[i]);
		printf("%s\n", paths[i]);
	}
}

/*
 * Runs the command.
 */
int
run_migration(int argc, char **argv)
{
	MigrationOptions options = {.tool = &migration_tools[0],.migration.name = "clipperf_indexes"};
	Session    *session;

	read_migration_options(argc, argv, &options);
	session = open_session(&options.connection);
	if (options.up)
	{
		options.migration.up = ask_for_migration(session, &options, "up");
		require_statements(options.migration.up);
	}
	if (options.down)
		options.migration.down = ask_for_migration(session, &options, "down");
	close_session(session);

	if (options.directory != NULL)
		write_files(&options);
	else
	{
		Output		output;

		begin_output(&output);
		fputs(options.up ? options.migration.up : options.migration.down, output.stream);
		finish_output(&output, NULL);
	}
	return EXIT_FINE;
}
