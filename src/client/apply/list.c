/*-------------------------------------------------------------------------
 *
 * list.c
 *	  clipperf jobs: what became of the indexes that were built and dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/apply.h"

#include <stdlib.h>

#include "apply/jobs.h"
#include "apply/jobs_options.h"
#include "formats.h"
#include "message.h"

/* What the command was asked to do. */
typedef struct ListOptions
{
	ConnectionOptions connection;
	OutputOptions output;
	JobsOptions jobs;
	StringList	numbers;		/* none = all */
} ListOptions;

static const Format formats[] = {
	{"text", put_jobs_text},
	{"json", put_jobs_json},
	{NULL, NULL}
};

enum
{
	OPTION_JOB = JOBS_OPTION_END
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	OUTPUT_LONG_OPTIONS,
	JOBS_LONG_OPTIONS,
	{"job", required_argument, NULL, OPTION_JOB},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_list_help(void)
{
	printf("clipperf jobs tells what became of the indexes that were built and dropped.\n\n"
		   "Usage:\n"
		   "  clipperf jobs [OPTION]... [DBNAME]\n\n"
		   "What is told:\n"
		   "      --job=NUMBER          this job; may be repeated (default: all)\n\n");
	print_jobs_help();
	printf("\nOutput:\n"
		   "      --format=FORMAT       format of standard output: text (default) or json\n"
		   "      --output=FORMAT:FILE  also write to a file; may be repeated\n"
		   "  -q, --quiet               write nothing to standard output\n");
	print_common_help();
	printf("\nThe exit status is 0 if all is well so far, 1 if a job failed or an index that\n"
		   "was built does not pay off, and 2 if the server could not be asked.\n");
}

/*
 * Reads the command line.
 */
static void
read_list_options(int argc, char **argv, ListOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS OUTPUT_SHORT_OPTIONS, long_options)) != -1)
	{
		if (option == OPTION_JOB)
			list_add(&options->numbers, whole_number("--job"));
		else if (!take_jobs_option(option, &options->jobs) &&
				 !take_output_option(option, &options->output) &&
				 !take_common_option(option, &options->connection, print_list_help))
			fatal_usage("jobs");
	}
	take_database(argc, argv, "jobs", &options->connection);
}

/*
 * Ends the program where one of the numbers is that of no job.
 */
static void
require_jobs(const Jobs *jobs, const StringList *numbers)
{
	for (int i = 0; i < numbers->count; i++)
	{
		int			j = 0;

		while (j < jobs->count && atoll(jobs->rows[j].job) != atoll(numbers->items[i]))
			j++;
		if (j == jobs->count)
			fatal("job %s does not exist", numbers->items[i]);
	}
}

/*
 * Runs the command.
 */
int
run_jobs(int argc, char **argv)
{
	ListOptions options = {.output = default_output("jobs", formats)};
	Session    *session;
	Jobs	   *jobs;
	int			status = EXIT_FINE;

	read_list_options(argc, argv, &options);
	session = open_session(&options.connection);
	if (options.jobs.watch)
		jobs = watch_jobs(session, &options.numbers, options.jobs.until_verified ? GOAL_VERIFIED : GOAL_BUILT);
	else
		jobs = ask_for_jobs(session, &options.numbers);
	require_jobs(jobs, &options.numbers);
	for (int i = 0; i < jobs->count; i++)
	{
		if (job_went_wrong(&jobs->rows[i]))
			status = EXIT_FINDINGS;
	}
	close_session(session);
	write_result(&options.output, jobs);
	return status;
}
