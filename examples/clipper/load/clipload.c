/*-------------------------------------------------------------------------
 *
 * clipload.c
 *	  Runs an application's access patterns against a PostgreSQL server.
 *
 * This file only chooses the mode; each mode has a file of its own:
 *
 *	replay		Clipper's users, over a pool of connections (replay.c)
 *	loop		one pattern of a parent and its children (loop.c)
 *	hot			lookups of popular keys at full speed (hot.c)
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <string.h>

#include "clipload.h"

/* A mode of the program, chosen by the first argument. */
typedef struct Mode
{
	const char *name;
	const char *purpose;
	int			(*run) (int argc, char **argv);
} Mode;

static const Mode modes[] = {
	{"replay", "replay the Clipper application: many users on a pool of connections", replay_main},
	{"loop", "run one pattern of a parent statement and its children", loop_main},
	{"hot", "look up popular keys at full speed over a pool", hot_main},
};

/*
 * Print the modes.
 */
static void
usage(void)
{
	printf("%s runs an application's access patterns against a PostgreSQL server.\n\n"
		   "Usage:\n  %s MODE [OPTION]...\n\nModes:\n", PROGRAM_NAME, PROGRAM_NAME);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		printf("  %-8s %s\n", modes[i].name, modes[i].purpose);
	printf("\n\"%s MODE --help\" explains the options of a mode.\n", PROGRAM_NAME);
}

/*
 * Choose the mode; exit status 0 on success, 1 on failure.
 */
int
main(int argc, char **argv)
{
	if (argc < 2)
		die("a mode is missing; try \"%s --help\"", PROGRAM_NAME);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
	{
		usage();
		return 0;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
	{
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(argc - 1, argv + 1);
	}
	die("unknown mode \"%s\"; try \"%s --help\"", argv[1], PROGRAM_NAME);
}
