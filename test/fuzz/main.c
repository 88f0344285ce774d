/*-------------------------------------------------------------------------
 *
 * main.c
 *	  fuzz: compares a server with clipperf with one without.
 *
 * fuzz --first=CONNINFO --second=CONNINFO [--seconds=N] [--seed=N] [--round=N]
 *		[--rounds=N] [--skip=KINDS] [--sqlsmith=FILE] [--go-on] [--show] [--kinds]
 *
 * --show prints every statement with its answer.
 *
 * Ends with status 0 when all answers were equal, 1 when not, 2 when it could
 * not tell.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

/* Seconds between two lines about the progress. */
#define PROGRESS_SECONDS	10

typedef struct Options
{
	double		seconds;
	uint64_t	seed;
	int			round;			/* the only round to run, or -1 */
	int			rounds;			/* so many, whatever the time; 0: by time */
	bool		go_on;			/* after a difference, with the next round */
} Options;

/*
 * The value of an option if an argument is that option, else NULL.
 */
static const char *
option_value(const char *argument, const char *name)
{
	size_t		length = strlen(name);

	return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

/*
 * Read the arguments.
 */
static void
read_options(Options *options, int argc, char **argv)
{
	const char *value;

	for (int i = 1; i < argc; i++)
	{
		if ((value = option_value(argv[i], "--first")) != NULL)
			servers[0].conninfo = value;
		else if ((value = option_value(argv[i], "--second")) != NULL)
			servers[1].conninfo = value;
		else if ((value = option_value(argv[i], "--seconds")) != NULL)
			options->seconds = atof(value);
		else if ((value = option_value(argv[i], "--seed")) != NULL)
			options->seed = strtoull(value, NULL, 10);
		else if ((value = option_value(argv[i], "--round")) != NULL)
			options->round = atoi(value);
		else if ((value = option_value(argv[i], "--rounds")) != NULL)
			options->rounds = atoi(value);
		else if ((value = option_value(argv[i], "--skip")) != NULL)
		{
			if (!kinds_skip(value))
				die("unknown kind in \"%s\"; fuzz --kinds lists them", value);
		}
		else if ((value = option_value(argv[i], "--sqlsmith")) != NULL)
			smith_read(value);
		else if (strcmp(argv[i], "--go-on") == 0)
			options->go_on = true;
		else if (strcmp(argv[i], "--show") == 0)
			round_show = true;
		else if (strcmp(argv[i], "--kinds") == 0)
		{
			kinds_list();
			exit(0);
		}
		else
			die("unknown argument: %s", argv[i]);
	}
	if (servers[0].conninfo == NULL || servers[1].conninfo == NULL)
		die("--first and --second are needed");
}

/*
 * Run rounds until the time is over or answers differ.
 */
int
main(int argc, char **argv)
{
	Options		options = {.seconds = 60,.seed = (uint64_t) time(NULL),.round = -1};
	long		statements = 0;
	int			differences = 0;
	double		start = now_seconds();
	double		told = start;

	servers[0].label = "with clipperf";
	servers[1].label = "without";
	read_options(&options, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	servers_connect();
	printf("seed %llu\n", (unsigned long long) options.seed);
	for (int number = options.round < 0 ? 0 : options.round;
		 options.rounds > 0 ? number < options.rounds : now_seconds() < start + options.seconds; number++)
	{
		Round	   *round = round_make(options.seed, number);
		bool		equal = round_run(round, false, &statements);

		if (!equal)
		{
			differences++;
			round_reduce(round);
		}
		round_free(round);
		if (now_seconds() > told + PROGRESS_SECONDS)
		{
			told = now_seconds();
			printf("%.0f s, round %d, %ld statements, %d differences\n", told - start, number, statements, differences);
		}
		if ((!equal && !options.go_on) || options.round >= 0)
			break;
	}
	printf("%ld statements, %d differences\n", statements, differences);
	return differences > 0;
}
