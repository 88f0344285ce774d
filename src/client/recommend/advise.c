/*-------------------------------------------------------------------------
 *
 * advise.c
 *	  clipperf advise: which indexes would help the statements of a file.
 *
 *-------------------------------------------------------------------------
 */
#include "recommend/recommend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "message.h"
#include "recommend/advisor_options.h"
#include "text.h"

/* SQLSTATE of what the parser does not take. */
#define SYNTAX_ERROR "42601"

/* What the command was asked to do. */
typedef struct AdviseOptions
{
	ConnectionOptions connection;
	OutputOptions output;
	Call		call;
	const char *file;			/* "-" = standard input */
} AdviseOptions;

enum
{
	OPTION_WEIGHTS = ADVISOR_OPTION_END
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	OUTPUT_LONG_OPTIONS,
	ADVISOR_LONG_OPTIONS,
	{"weights", required_argument, NULL, OPTION_WEIGHTS},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_advise_help(void)
{
	printf("clipperf advise tells which indexes would help statements that have not run yet.\n\n"
		   "Usage:\n"
		   "  clipperf advise [OPTION]... FILE [DBNAME]\n\n"
		   "FILE holds the statements in SQL; \"-\" is standard input.\n\n"
		   "What is considered:\n"
		   "      --weights=LIST        how often each statement is called, as 100,1,20\n"
		   "                            (default: once)\n\n");
	print_advisor_help();
	print_common_help();
	printf("\nThe exit status is 0 if the advisor ran, and 2 if it could not.\n");
}

/*
 * Reads the command line.
 */
static void
read_advise_options(int argc, char **argv, AdviseOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS OUTPUT_SHORT_OPTIONS, long_options)) != -1)
	{
		if (option == OPTION_WEIGHTS)
			call_add(&options->call, "weights", format_string("{%s}", optarg));
		else if (!take_advisor_option(option, &options->call) &&
				 !take_output_option(option, &options->output) &&
				 !take_common_option(option, &options->connection, print_advise_help))
			fatal_usage("advise");
	}
	if (optind >= argc)
	{
		print_error("no file specified");
		fatal_usage("advise");
	}
	options->file = argv[optind++];
	take_database(argc, argv, "advise", &options->connection);
}

/*
 * What a file is called in messages.
 */
static const char *
name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : format_string("file \"%s\"", path);
}

/*
 * Reads a whole file.  Ends the program where that fails, and where the file holds a zero byte, which no SQL does.
 */
static char *
read_script(const char *path)
{
	FILE	   *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char	   *script = NULL;
	size_t		size = 0;
	ssize_t		length;

	if (file == NULL)
		fatal("could not open file \"%s\": %s", path, strerror(errno));
	errno = 0;
	length = getdelim(&script, &size, '\0', file);
	if (ferror(file))
		fatal("could not read %s: %s", name_of(path), strerror(errno));
	if (length > 0 && script[length - 1] == '\0' && !feof(file))
		fatal("%s is not SQL", name_of(path));
	if (file != stdin)
		fclose(file);
	return length > 0 ? script : copy_string("");
}

/*
 * The line of a position in a script, which the server counts in characters, from 1.
 */
static int
line_of_position(const char *script, int position)
{
	int			line = 1;

	for (; *script != '\0' && position > 1; position--)
	{
		int			length = utf8_length(script);

		line += *script == '\n';
		script += length > 0 ? length : 1;
	}
	return line;
}

/*
 * The statements of a script as an array, which the server's parser tells apart.  Ends the program with the line where
 * that does not understand one, and where there is none.
 */
static char *
split_script(Session *session, const char *path, const char *script)
{
	char	   *query = format_string("SELECT statement FROM %s._clipperf_script_statements($1)", session->schema);
	PGresult   *result = try_query(session, query, 1, &script, SYNTAX_ERROR);
	StringList	statements = {0};

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		const char *position = PQresultErrorField(result, PG_DIAG_INTERNAL_POSITION);

		print_error("%s:%d: %s", path, line_of_position(script, position ? atoi(position) : 0),
					PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		print_hint("The file must hold SQL alone, without commands of psql.");
		exit(EXIT_TROUBLE);
	}
	for (int i = 0; i < PQntuples(result); i++)
		list_add(&statements, PQgetvalue(result, i, 0));
	if (statements.count == 0)
		fatal("%s holds no statement", name_of(path));
	PQclear(result);
	free(query);
	return list_as_array(&statements);
}

/*
 * Runs the command.
 */
int
run_advise(int argc, char **argv)
{
	AdviseOptions options = {.output = default_output("advise", advice_formats)};
	Advice		advice = {.for_statements = true};
	Session    *session;
	char	   *script;
	PGresult   *result;

	read_advise_options(argc, argv, &options);
	script = read_script(options.file);
	session = open_session(&options.connection);
	call_add(&options.call, "statements", split_script(session, options.file, script));
	show_notices(session);
	result = call_run(session, &options.call, ADVICE_COLUMNS, "clipperf_recommend_for", " AS a");
	advice.session = session;
	advice.subject = format_string("the statements of %s", strcmp(options.file, "-") == 0 ? "standard input" : options.file);
	take_recommendations(&advice, result);
	PQclear(result);
	close_session(session);
	write_result(&options.output, &advice);
	return EXIT_FINE;
}
