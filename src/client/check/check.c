/*-------------------------------------------------------------------------
 *
 * check.c
 *	  clipperf check: fails if there are findings, for CI.
 *
 *-------------------------------------------------------------------------
 */
#include "check/check.h"

#include <stdio.h>
#include <string.h>

#include "check/baseline.h"
#include "check/budget.h"
#include "check/judgement.h"
#include "check/judgement_formats.h"
#include "formats.h"
#include "message.h"
#include "options.h"

/* What the command was asked to do. */
typedef struct CheckOptions
{
	ConnectionOptions connection;
	StringList	kinds;
	StringList	allow;
	BudgetList	budgets;
	const char *baseline;
	const char *write_baseline;
	const char *location;
	OutputOptions output;
} CheckOptions;

static const Format formats[] = {
	{"text", put_judgement_text},
	{"json", put_judgement_json},
	{"junit", put_judgement_junit},
	{"sarif", put_judgement_sarif},
	{"github", put_judgement_github},
	{NULL, NULL}
};

enum
{
	OPTION_ALLOW = COMMON_OPTION_END,
	OPTION_BASELINE,
	OPTION_LOCATION,
	OPTION_MAX_P95,
	OPTION_MAX_STATEMENTS,
	OPTION_WRITE_BASELINE
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	OUTPUT_LONG_OPTIONS,
	{"allow", required_argument, NULL, OPTION_ALLOW},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"kind", required_argument, NULL, 'k'},
	{"location", required_argument, NULL, OPTION_LOCATION},
	{"max-p95", required_argument, NULL, OPTION_MAX_P95},
	{"max-statements", required_argument, NULL, OPTION_MAX_STATEMENTS},
	{"write-baseline", required_argument, NULL, OPTION_WRITE_BASELINE},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_check_help(void)
{
	printf("clipperf check fails if a database has seen N+1 patterns or sequential scans.\n\n"
		   "Usage:\n"
		   "  clipperf check [OPTION]... [DBNAME]\n\n"
		   "What is checked:\n"
		   "  -k, --kind=KIND           check findings of this kind; may be repeated\n"
		   "                            (default: n_plus_one and seq_scan)\n"
		   "      --allow=ENTRY         pass a table, or statements like an ILIKE pattern;\n"
		   "                            may be repeated\n"
		   "      --max-statements=ROUTE=NUMBER\n"
		   "                            fail if a request of a route, such as '/feed/*',\n"
		   "                            runs more statements; may be repeated\n"
		   "      --max-p95=ROUTE=TIME  fail if more than 5%% of a route's requests take\n"
		   "                            longer in the database, such as '/feed/*=100ms'\n"
		   "      --baseline=FILE       pass the problems that this file holds\n"
		   "      --write-baseline=FILE write all problems to this file, and pass\n\n"
		   "Output:\n"
		   "      --format=FORMAT       format of standard output: text (default), json,\n"
		   "                            junit, sarif or github\n"
		   "      --location=FILE       file that SARIF and GitHub's annotations point to\n"
		   "      --output=FORMAT:FILE  also write to a file; may be repeated\n"
		   "  -q, --quiet               write nothing to standard output\n");
	print_common_help();
	printf("\nThe exit status is 0 if there are no new problems, 1 if there are, and 2 if\n"
		   "nothing could be judged.\n");
}

/*
 * Reads the command line.
 */
static void
read_check_options(int argc, char **argv, CheckOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS OUTPUT_SHORT_OPTIONS "k:", long_options)) != -1)
	{
		switch (option)
		{
			case 'k':
				list_add(&options->kinds, optarg);
				break;
			case OPTION_ALLOW:
				list_add(&options->allow, optarg);
				break;
			case OPTION_BASELINE:
				options->baseline = optarg;
				break;
			case OPTION_LOCATION:
				options->location = optarg;
				break;
			case OPTION_MAX_P95:
				add_budget(&options->budgets, BUDGET_P95, optarg);
				break;
			case OPTION_MAX_STATEMENTS:
				add_budget(&options->budgets, BUDGET_STATEMENTS, optarg);
				break;
			case OPTION_WRITE_BASELINE:
				options->write_baseline = optarg;
				break;
			default:
				if (!take_output_option(option, &options->output) &&
					!take_common_option(option, &options->connection, print_check_help))
					fatal_usage("check");
		}
	}
	take_database(argc, argv, "check", &options->connection);

	if (options->baseline != NULL && options->write_baseline != NULL)
		fatal("options --baseline and --write-baseline cannot be used together");
	/* Those that clipperf_check() judges by default: formats name them. */
	if (options->kinds.count == 0)
	{
		list_add(&options->kinds, "n_plus_one");
		list_add(&options->kinds, "seq_scan");
	}
}

/*
 * Runs the command.
 */
int
run_check(int argc, char **argv)
{
	CheckOptions options = {.output = default_output("check", formats)};
	StringList	baseline = {0};
	Session    *session;
	Judgement  *judgement;

	read_check_options(argc, argv, &options);
	if (options.baseline != NULL)
		baseline = read_baseline(options.baseline);

	session = open_session(&options.connection);
	judgement = ask_for_judgement(session, &options.kinds, &options.allow);
	judge_budgets(judgement, session, &options.budgets);
	close_session(session);
	judgement->location = options.location;
	judgement->baseline = options.baseline != NULL ? options.baseline : options.write_baseline;
	apply_baseline(judgement, &baseline);

	if (options.write_baseline != NULL)
		write_baseline(judgement, options.write_baseline);
	write_result(&options.output, judgement);
	return judgement->new_count > 0 ? EXIT_FINDINGS : EXIT_FINE;
}
