/*-------------------------------------------------------------------------
 *
 * recommend.c
 *	  clipperf recommend: which indexes would help the statements that were seen.
 *
 *-------------------------------------------------------------------------
 */
#include "recommend/recommend.h"

#include "call.h"
#include "message.h"
#include "recommend/advisor_options.h"

/* What the command was asked to do. */
typedef struct RecommendOptions
{
	ConnectionOptions connection;
	OutputOptions output;
	Call		call;
} RecommendOptions;

enum
{
	OPTION_INDEX_SET = ADVISOR_OPTION_END,
	OPTION_MIN_CALLS,
	OPTION_SINCE
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	OUTPUT_LONG_OPTIONS,
	ADVISOR_LONG_OPTIONS,
	{"index-set", required_argument, NULL, OPTION_INDEX_SET},
	{"min-calls", required_argument, NULL, OPTION_MIN_CALLS},
	{"since", required_argument, NULL, OPTION_SINCE},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_recommend_help(void)
{
	printf("clipperf recommend tells which indexes to create and to drop, and why.\n\n"
		   "Usage:\n"
		   "  clipperf recommend [OPTION]... [DBNAME]\n\n"
		   "What is considered:\n"
		   "      --min-calls=NUMBER    statements with at least so many calls (default: 1)\n"
		   "      --since=TIME          statements that ran since then\n"
		   "      --index-set=NAME      the indexes of this set, instead of any\n\n");
	print_advisor_help();
	print_common_help();
	printf("\nThe exit status is 0 if the advisor ran, and 2 if it could not.\n");
}

/*
 * Reads the command line.
 */
static void
read_recommend_options(int argc, char **argv, RecommendOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS OUTPUT_SHORT_OPTIONS, long_options)) != -1)
	{
		switch (option)
		{
			case OPTION_INDEX_SET:
				call_add(&options->call, "index_set", optarg);
				break;
			case OPTION_MIN_CALLS:
				call_add(&options->call, "min_calls", whole_number("--min-calls"));
				break;
			case OPTION_SINCE:
				call_add(&options->call, "since", optarg);
				break;
			default:
				if (!take_advisor_option(option, &options->call) &&
					!take_output_option(option, &options->output) &&
					!take_common_option(option, &options->connection, print_recommend_help))
					fatal_usage("recommend");
		}
	}
	take_database(argc, argv, "recommend", &options->connection);
}

/*
 * Runs the command.
 */
int
run_recommend(int argc, char **argv)
{
	RecommendOptions options = {.output = default_output("recommend", advice_formats)};
	Advice		advice = {.subject = "the statements that were seen"};
	Session    *session;
	PGresult   *result;

	read_recommend_options(argc, argv, &options);
	session = open_session(&options.connection);
	show_notices(session);
	result = call_run(session, &options.call, ADVICE_COLUMNS, "clipperf_recommend", " AS a");
	advice.session = session;
	take_recommendations(&advice, result);
	PQclear(result);
	close_session(session);
	write_result(&options.output, &advice);
	return EXIT_FINE;
}
