/*-------------------------------------------------------------------------
 *
 * profile.c
 *	  clipperf profile: a load test, from the first snapshot to the files that one hands on.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "message.h"
#include "options.h"

/* The longest warm-up, in seconds: a day. */
#define MOST_WARMUP 86400

enum
{
	OPTION_AGAINST = COMMON_OPTION_END,
	OPTION_APPLY,
	OPTION_COMMENT,
	OPTION_DIRECTORY,
	OPTION_LABEL,
	OPTION_RESET,
	OPTION_WARMUP
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	{"against", required_argument, NULL, OPTION_AGAINST},
	{"apply", no_argument, NULL, OPTION_APPLY},
	{"comment", required_argument, NULL, OPTION_COMMENT},
	{"directory", required_argument, NULL, OPTION_DIRECTORY},
	{"label", required_argument, NULL, OPTION_LABEL},
	{"reset", no_argument, NULL, OPTION_RESET},
	{"warmup", required_argument, NULL, OPTION_WARMUP},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_profile_help(void)
{
	printf("clipperf profile runs a load test, and writes what was measured to a directory.\n\n"
		   "Usage:\n"
		   "  clipperf profile --label=NAME [OPTION]... -- COMMAND [ARGUMENT]...\n\n"
		   "COMMAND is your own: k6, wrk, pgbench, a script. Its output is shown and kept.\n\n"
		   "What is measured:\n"
		   "      --label=NAME          name of the period on the server, and of the directory\n"
		   "      --comment=TEXT        what to say about it\n"
		   "      --warmup=SECONDS      measure from then on (default: 0; also 30s or 2min)\n"
		   "      --reset               forget what was counted before, so that the report is\n"
		   "                            about this run alone\n\n"
		   "What is done with it:\n"
		   "      --directory=PATH      make the directory there (default: here)\n"
		   "      --against=PATH        compare with the run that this directory tells of\n"
		   "      --apply               build the indexes that are recommended then, run the\n"
		   "                            load again, compare, and revert what does not pay off\n");
	print_common_help();
	printf("\nThe exit status is 0 if all is well, 1 if something became worse, and 2 if the\n"
		   "load failed or was interrupted, or nothing could be measured.\n");
}

/*
 * A duration in seconds, with or without a unit; ends the program if it is none.
 */
static int
read_seconds(const char *option, const char *value)
{
	char	   *unit;
	long		number;

	errno = 0;
	number = strtol(value, &unit, 10);
	if (strcmp(unit, "min") == 0 && number <= MOST_WARMUP / 60)
		number *= 60;
	else if (unit == value || (*unit != '\0' && strcmp(unit, "s") != 0))
		number = -1;
	if (errno != 0 || number < 0 || number > MOST_WARMUP)
	{
		print_error("invalid value \"%s\" for option %s", value, option);
		print_hint("Expected are seconds, such as 30 or 30s, or minutes, such as 2min, up to a day.");
		fatal_usage("profile");
	}
	return (int) number;
}

/*
 * Reads the command line.  What follows the options is the load, so that the database is named by an option.
 */
static void
read_profile_options(int argc, char **argv, ProfileOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, "+" COMMON_SHORT_OPTIONS, long_options)) != -1)
	{
		switch (option)
		{
			case OPTION_AGAINST:
				options->against = optarg;
				break;
			case OPTION_APPLY:
				options->apply = true;
				break;
			case OPTION_COMMENT:
				options->comment = optarg;
				break;
			case OPTION_DIRECTORY:
				options->parent = optarg;
				break;
			case OPTION_LABEL:
				options->label = optarg;
				break;
			case OPTION_RESET:
				options->reset = true;
				break;
			case OPTION_WARMUP:
				options->warmup_seconds = read_seconds("--warmup", optarg);
				break;
			default:
				if (!take_common_option(option, &options->connection, print_profile_help))
					fatal_usage("profile");
		}
	}
	options->load = argv + optind;
	if (options->label == NULL)
		print_error("no label specified");
	else if (optind >= argc)
		print_error("no command specified that makes the load");
	else if (options->apply && options->against != NULL)
		print_error("options --apply and --against cannot be used together");
	else
		return;
	fatal_usage("profile");
}

/*
 * The program's status after a run.
 */
static int
status_of(const Run *run, bool worse)
{
	if (run->period == NULL || run->end.ending != LOAD_DONE)
		return EXIT_TROUBLE;
	return worse ? EXIT_FINDINGS : EXIT_FINE;
}

/*
 * Runs the command.
 */
int
run_profile(int argc, char **argv)
{
	ProfileOptions options = {.parent = "."};
	Session    *session;
	char	   *earlier = NULL;
	Run		   *run;
	bool		worse = false;

	read_profile_options(argc, argv, &options);
	require_command(options.load[0]);
	session = open_session(&options.connection);
	note_interrupts();
	if (options.apply)
		return tune(session, &options);
	require_free_label(session, options.label);
	if (options.against != NULL)
		earlier = label_of_directory(session, options.against);
	run = measure_run(&session, &options, make_directory(options.parent, options.label), options.label,
					  earlier);
	if (run->period != NULL && earlier != NULL)
		worse = compare_runs(session, run->directory, earlier, options.label);
	close_session(session);
	return status_of(run, worse);
}
