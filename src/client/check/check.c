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
#include "check/formats.h"
#include "check/judgement.h"
#include "message.h"
#include "options.h"
#include "output.h"

/* A file that the judgement is written to, beside standard output. */
typedef struct OutputOption
{
	JudgementFormat format;
	const char *path;
} OutputOption;

/* What the command was asked to do. */
typedef struct CheckOptions
{
	ConnectionOptions connection;
	StringList	kinds;
	StringList	allow;
	const char *baseline;
	const char *write_baseline;
	const char *location;
	JudgementFormat format;		/* of standard output; NULL = nothing is
								 * written there */
	OutputOption *outputs;
	int			output_count;
} CheckOptions;

/* The formats by their names. */
static const struct
{
	const char *name;
	JudgementFormat format;
}			formats[] = {
	{"text", put_judgement_text},
	{"json", put_judgement_json},
	{"junit", put_judgement_junit},
	{"sarif", put_judgement_sarif},
	{"github", put_judgement_github},
};

enum
{
	OPTION_ALLOW = COMMON_OPTION_END,
	OPTION_BASELINE,
	OPTION_FORMAT,
	OPTION_LOCATION,
	OPTION_OUTPUT,
	OPTION_WRITE_BASELINE
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	{"allow", required_argument, NULL, OPTION_ALLOW},
	{"baseline", required_argument, NULL, OPTION_BASELINE},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"kind", required_argument, NULL, 'k'},
	{"location", required_argument, NULL, OPTION_LOCATION},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{"quiet", no_argument, NULL, 'q'},
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
 * The format whose name has so many bytes.  Ends the program where there is none.
 */
static JudgementFormat
find_format(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
	{
		if (strlen(formats[i].name) == length && strncmp(formats[i].name, name, length) == 0)
			return formats[i].format;
	}
	print_error("unknown format \"%.*s\"", (int) length, name);
	print_detail("The formats are text, json, junit, sarif and github.");
	fatal_usage("check");
}

/*
 * Takes the argument of --output: FORMAT:FILE.
 */
static void
take_output(CheckOptions *options, const char *argument)
{
	const char *colon = strchr(argument, ':');
	OutputOption *output;

	if (colon == NULL || colon[1] == '\0')
	{
		print_error("invalid argument of --output: \"%s\"", argument);
		print_detail("It must have the form FORMAT:FILE.");
		fatal_usage("check");
	}
	options->outputs = reallocate_memory(options->outputs, (options->output_count + 1) * sizeof(OutputOption));
	output = &options->outputs[options->output_count++];
	output->format = find_format(argument, colon - argument);
	output->path = colon + 1;
}

/*
 * Reads the command line.
 */
static void
read_check_options(int argc, char **argv, CheckOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS "k:q", long_options)) != -1)
	{
		switch (option)
		{
			case 'k':
				list_add(&options->kinds, optarg);
				break;
			case 'q':
				options->format = NULL;
				break;
			case OPTION_ALLOW:
				list_add(&options->allow, optarg);
				break;
			case OPTION_BASELINE:
				options->baseline = optarg;
				break;
			case OPTION_FORMAT:
				options->format = find_format(optarg, strlen(optarg));
				break;
			case OPTION_LOCATION:
				options->location = optarg;
				break;
			case OPTION_OUTPUT:
				take_output(options, optarg);
				break;
			case OPTION_WRITE_BASELINE:
				options->write_baseline = optarg;
				break;
			default:
				if (!take_common_option(option, &options->connection, print_check_help))
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
 * Writes a judgement in one format.
 */
static void
write_judgement(const Judgement *judgement, JudgementFormat format, const char *path)
{
	Output		output;

	begin_output(&output);
	format(output.stream, judgement);
	finish_output(&output, path);
}

/*
 * Runs the command.
 */
int
run_check(int argc, char **argv)
{
	CheckOptions options = {.format = put_judgement_text};
	StringList	baseline = {0};
	Session    *session;
	Judgement  *judgement;

	read_check_options(argc, argv, &options);
	if (options.baseline != NULL)
		baseline = read_baseline(options.baseline);

	session = open_session(&options.connection);
	judgement = ask_for_judgement(session, &options.kinds, &options.allow);
	close_session(session);
	judgement->location = options.location;
	judgement->baseline = options.baseline != NULL ? options.baseline : options.write_baseline;
	apply_baseline(judgement, &baseline);

	if (options.write_baseline != NULL)
		write_baseline(judgement, options.write_baseline);
	for (int i = 0; i < options.output_count; i++)
		write_judgement(judgement, options.outputs[i].format, options.outputs[i].path);
	if (options.format != NULL)
		write_judgement(judgement, options.format, NULL);

	return judgement->new_count > 0 ? EXIT_FINDINGS : EXIT_FINE;
}
