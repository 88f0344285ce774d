/*-------------------------------------------------------------------------
 *
 * metrics.c
 *	  clipperf metrics: what was counted, for monitoring systems.
 *
 *-------------------------------------------------------------------------
 */
#include "metrics/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "connection.h"
#include "message.h"
#include "options.h"
#include "output.h"

/* SQLSTATE of a function that the role may not call. */
#define INSUFFICIENT_PRIVILEGE "42501"

/* What the command was asked to do. */
typedef struct MetricsOptions
{
	ConnectionOptions connection;
	const char *format;
	const char *path;			/* NULL = standard output */
	bool		server;			/* also what is of the server as a whole */
} MetricsOptions;

enum
{
	OPTION_NO_SERVER = COMMON_OPTION_END
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"no-server", no_argument, NULL, OPTION_NO_SERVER},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_metrics_help(void)
{
	printf("clipperf metrics writes what was counted for Prometheus and its like.\n\n"
		   "Usage:\n"
		   "  clipperf metrics [OPTION]... [DBNAME]\n\n"
		   "What is written:\n"
		   "      --format=FORMAT       prometheus (default) or openmetrics\n"
		   "      --no-server           leave out what is of the server as a whole, for all\n"
		   "                            databases but one\n\n"
		   "Output:\n"
		   "      --output=FILE         write to this file, which is there as a whole or not\n"
		   "                            at all, as textfile collectors want it\n");
	print_common_help();
	printf("\nThe exit status is 0 if the metrics were written, and 2 if they could not be.\n");
}

/*
 * Reads the command line.
 */
static void
read_metrics_options(int argc, char **argv, MetricsOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS, long_options)) != -1)
	{
		if (option == OPTION_FORMAT)
			options->format = optarg;
		else if (option == OPTION_OUTPUT)
			options->path = optarg;
		else if (option == OPTION_NO_SERVER)
			options->server = false;
		else if (!take_common_option(option, &options->connection, print_metrics_help))
			fatal_usage("metrics");
	}
	take_database(argc, argv, "metrics", &options->connection);
}

/*
 * Runs the command.
 */
int
run_metrics(int argc, char **argv)
{
	MetricsOptions options = {.format = "prometheus",.server = true};
	Session    *session;
	const char *params[2];
	PGresult   *result;
	Output		output;

	read_metrics_options(argc, argv, &options);
	session = open_session(&options.connection);
	params[0] = options.format;
	params[1] = options.server ? "true" : "false";
	result = try_query(session, format_string("SELECT %s.clipperf_metrics($1, $2)", session->schema),
					   2, params, INSUFFICIENT_PRIVILEGE);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		print_error("%s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		print_hint("Metrics tell of the statements of all roles: the role must be a member of pg_monitor.");
		exit(EXIT_TROUBLE);
	}
	begin_output(&output);
	fputs(PQgetvalue(result, 0, 0), output.stream);
	PQclear(result);
	close_session(session);
	finish_output(&output, options.path);
	return EXIT_FINE;
}
