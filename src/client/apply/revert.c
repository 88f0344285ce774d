/*-------------------------------------------------------------------------
 *
 * revert.c
 *	  clipperf revert: undoes what jobs have built or dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/apply.h"

#include <string.h>

#include "apply/jobs_options.h"
#include "call.h"
#include "message.h"
#include "output.h"

/* What the command was asked to do. */
typedef struct RevertOptions
{
	ConnectionOptions connection;
	JobsOptions jobs;
	StringList	numbers;
} RevertOptions;

enum
{
	OPTION_JOB = JOBS_OPTION_END
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	{"watch", no_argument, NULL, OPTION_WATCH},
	{"job", required_argument, NULL, OPTION_JOB},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_revert_help(void)
{
	printf("clipperf revert drops what a job has built, or builds again what it has dropped.\n\n"
		   "Usage:\n"
		   "  clipperf revert --job=NUMBER [OPTION]... [DBNAME]\n\n"
		   "What is reverted:\n"
		   "      --job=NUMBER          this job; may be repeated\n\n"
		   "How long to wait:\n"
		   "      --watch               show the progress until it is done\n");
	print_common_help();
	printf("\nThe exit status is 0 if the jobs are being reverted, 1 if there was nothing to\n"
		   "revert in one of them, or if that failed, and 2 if nothing could be done.\n");
}

/*
 * Reads the command line.
 */
static void
read_revert_options(int argc, char **argv, RevertOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS, long_options)) != -1)
	{
		if (option == OPTION_JOB)
			list_add(&options->numbers, whole_number("--job"));
		else if (!take_jobs_option(option, &options->jobs) &&
				 !take_common_option(option, &options->connection, print_revert_help))
			fatal_usage("revert");
	}
	take_database(argc, argv, "revert", &options->connection);
	if (options->numbers.count == 0)
	{
		print_error("no job specified");
		print_hint("\"clipperf jobs\" lists the jobs.");
		fatal_usage("revert");
	}
}

/*
 * Runs the command.
 */
int
run_revert(int argc, char **argv)
{
	RevertOptions options = {0};
	StringList	reverted = {0};
	Session    *session;
	int			status = EXIT_FINE;

	read_revert_options(argc, argv, &options);
	session = open_session(&options.connection);
	for (int i = 0; i < options.numbers.count; i++)
	{
		const char *number = options.numbers.items[i];
		Call		call = {0};
		PGresult   *result;

		call_add(&call, "job", number);
		result = call_run(session, &call, "SELECT ", "clipperf_revert", "");
		if (strcmp(PQgetvalue(result, 0, 0), "t") == 0)
			list_add(&reverted, number);
		else
		{
			print_warning("there is nothing to revert in job %s", number);
			status = EXIT_FINDINGS;
		}
		PQclear(result);
	}
	if (reverted.count > 0 && follow_jobs(session, &reverted, &options.jobs) != EXIT_FINE)
		status = EXIT_FINDINGS;
	close_session(session);
	return status;
}
