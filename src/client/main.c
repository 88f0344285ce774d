/*-------------------------------------------------------------------------
 *
 * main.c
 *	  clipperf, the command: finds the subcommand and runs it.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "apply/apply.h"
#include "check/check.h"
#include "doctor/doctor.h"
#include "interrupt.h"
#include "message.h"
#include "metrics/metrics.h"
#include "migration/migration.h"
#include "options.h"
#include "profile/profile.h"
#include "recommend/recommend.h"
#include "report/report.h"
#include "rules/rules.h"
#include "top/top.h"

/* A subcommand: what runs it gets the arguments that follow its name, from argv[1] on, and returns the program's status. */
typedef struct Command
{
	const char *name;
	int			(*run) (int argc, char **argv);
	const char *purpose;
} Command;

static const Command commands[] = {
	{"report", run_report, "tell what to fix first, why, and how"},
	{"top", run_top, "show what runs, live"},
	{"check", run_check, "fail if there are N+1 patterns or sequential scans, for CI"},
	{"recommend", run_recommend, "tell which indexes to create and to drop"},
	{"advise", run_advise, "tell which indexes would help the statements of a file"},
	{"apply", run_apply, "build the recommended indexes, and measure what they bring"},
	{"revert", run_revert, "undo what was built or dropped"},
	{"jobs", run_jobs, "tell what became of the indexes that were built"},
	{"migration", run_migration, "write the recommended indexes as a migration"},
	{"metrics", run_metrics, "write what was counted, for Prometheus and its like"},
	{"rules", run_rules, "write the objectives of endpoints as rules of alerts"},
	{"profile", run_profile, "run a load test, and keep what was measured"},
	{"doctor", run_doctor, "tell whether clipperf works as it should on a server"},
};

static char program_name[] = "clipperf";

/*
 * Prints what the program does.
 */
static void
print_help(void)
{
	printf("clipperf tells which queries cost a PostgreSQL database most, and why.\n\n"
		   "Usage:\n"
		   "  clipperf COMMAND [OPTION]... [DBNAME]\n\n"
		   "Commands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-12s %s\n", commands[i].name, commands[i].purpose);
	printf("\nOptions:\n"
		   "  -V, --version             output version information, then exit\n"
		   "  -?, --help                show this help, then exit\n"
		   "\n\"clipperf COMMAND --help\" tells the options of a command.\n"
		   "The exit status is 0 if all is well, 1 if there are findings, and 2 if the\n"
		   "command could not do its work.\n");
}

/*
 * Finds the subcommand and runs it.
 */
int
main(int argc, char **argv)
{
	handle_signals();

	/*
	 * A line is written at once: what else writes to the same log or terminal
	 * comes before it or after it.
	 */
	(void) setvbuf(stderr, NULL, _IOLBF, BUFSIZ);

	if (argc < 2)
	{
		print_error("no command specified");
		fatal_usage(NULL);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
	{
		print_help();
		return EXIT_FINE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
	{
		print_version();
		return EXIT_FINE;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
	{
		if (strcmp(argv[1], commands[i].name) == 0)
		{
			/*
			 * getopt_long() begins its messages with this, as all of ours
			 * begin.
			 */
			argv[1] = program_name;
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	print_error("unknown command \"%s\"", argv[1]);
	fatal_usage(NULL);
}
