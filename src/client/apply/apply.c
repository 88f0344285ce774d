/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  clipperf apply: builds the recommended indexes.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/apply.h"

#include <string.h>

#include "apply/jobs.h"
#include "apply/jobs_options.h"
#include "call.h"
#include "message.h"
#include "output.h"
#include "text.h"

/* What the command was asked to do. */
typedef struct ApplyOptions
{
	ConnectionOptions connection;
	JobsOptions jobs;
	StringList	ids;			/* of recommendations; none = all new ones to
								 * create an index */
	const char *index_set;
	bool		dry_run;
} ApplyOptions;

enum
{
	OPTION_DRY_RUN = JOBS_OPTION_END,
	OPTION_ID,
	OPTION_INDEX_SET
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	JOBS_LONG_OPTIONS,
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{"id", required_argument, NULL, OPTION_ID},
	{"index-set", required_argument, NULL, OPTION_INDEX_SET},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_apply_help(void)
{
	printf("clipperf apply builds the recommended indexes while the application goes on.\n\n"
		   "Usage:\n"
		   "  clipperf apply [OPTION]... [DBNAME]\n\n"
		   "What is built:\n"
		   "      --id=NUMBER           this recommendation; may be repeated (default: all\n"
		   "                            new ones to create an index)\n"
		   "      --index-set=NAME      what this set lacks\n"
		   "      --dry-run             only show what would be done\n\n");
	print_jobs_help();
	print_common_help();
	printf("\nThe exit status is 0 if all is well so far, 1 if a job failed or an index that\n"
		   "was built does not pay off, and 2 if nothing could be done.\n");
}

/*
 * Reads the command line.
 */
static void
read_apply_options(int argc, char **argv, ApplyOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS, long_options)) != -1)
	{
		switch (option)
		{
			case OPTION_DRY_RUN:
				options->dry_run = true;
				break;
			case OPTION_ID:
				list_add(&options->ids, whole_number("--id"));
				break;
			case OPTION_INDEX_SET:
				options->index_set = optarg;
				break;
			default:
				if (!take_jobs_option(option, &options->jobs) &&
					!take_common_option(option, &options->connection, print_apply_help))
					fatal_usage("apply");
		}
	}
	take_database(argc, argv, "apply", &options->connection);
	if (options->dry_run && options->jobs.watch)
		fatal("options --dry-run and --watch cannot be used together");
}

/*
 * Calls clipperf_apply().
 */
static PGresult *
ask_to_apply(Session *session, const ApplyOptions *options)
{
	Call		call = {0};

	call_add(&call, "ids", list_as_array(&options->ids));
	call_add(&call, "index_set", options->index_set);
	call_add(&call, "dry_run", options->dry_run ? "true" : NULL);
	return call_run(session, &call, "SELECT * FROM ", "clipperf_apply", "");
}

/*
 * Writes what was done, or would be: the statements, and why others are not run.
 */
static void
put_actions(FILE *out, const PGresult *result)
{
	for (int i = 0; i < PQntuples(result); i++)
	{
		const char *job = result_value(result, i, "job");
		const char *reason = result_value(result, i, "reason");
		const char *ddl = result_value(result, i, "ddl");

		put_wrapped(out, "", "      ", JOBS_LINE,
					format_string("%4s%c %s %s%s%s", job ? job : "", job ? '.' : ' ', result_value(result, i, "action"),
								  result_value(result, i, "index_name"), reason ? ": " : "", reason ? reason : ""));
		if (ddl != NULL)
			put_indented(out, "      ", "      ", ddl);
	}
}

/*
 * Runs the command.
 */
int
run_apply(int argc, char **argv)
{
	ApplyOptions options = {0};
	StringList	numbers = {0};
	Session    *session;
	PGresult   *result;
	Output		output;
	int			status;

	read_apply_options(argc, argv, &options);
	session = open_session(&options.connection);
	result = ask_to_apply(session, &options);
	for (int i = 0; i < PQntuples(result); i++)
	{
		if (result_value(result, i, "job") != NULL)
			list_add(&numbers, result_value(result, i, "job"));
	}

	begin_output(&output);
	put_actions(output.stream, result);
	if (PQntuples(result) == 0)
		fputs("There is nothing to build: \"clipperf recommend\" makes recommendations.\n", output.stream);
	finish_output(&output, NULL);
	PQclear(result);
	status = numbers.count == 0 ? EXIT_FINE : follow_jobs(session, &numbers, &options.jobs);
	close_session(session);
	return status;
}
