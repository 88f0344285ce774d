/*-------------------------------------------------------------------------
 *
 * options.c
 *	  The options that all commands have: those of PostgreSQL's own clients.
 *
 *-------------------------------------------------------------------------
 */
#include "options.h"

#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/*
 * The next option of a command, -1 at their end.  "-?" asks for help as the first argument, as getopt_long() also says
 * '?' of what it does not know.
 */
int
next_option(int argc, char *const *argv, const char *short_options, const struct option *long_options)
{
	if (optind == 1 && argc > 1 && strcmp(argv[1], "-?") == 0)
		return OPTION_HELP;
	return getopt_long(argc, argv, short_options, long_options, NULL);
}

/*
 * Takes a common option, whose argument is in optarg.  Returns false where it is none of them; does not return from help
 * and version.
 */
bool
take_common_option(int option, ConnectionOptions *connection, void (*print_help) (void))
{
	switch (option)
	{
		case 'd':
			connection->dbname = optarg;
			return true;
		case 'h':
			connection->host = optarg;
			return true;
		case 'p':
			connection->port = optarg;
			return true;
		case 'U':
			connection->user = optarg;
			return true;
		case 'w':
			connection->prompt = PROMPT_NEVER;
			return true;
		case 'W':
			connection->prompt = PROMPT_ALWAYS;
			return true;
		case 'V':
			print_version();
			exit(EXIT_FINE);
		case OPTION_HELP:
			print_help();
			exit(EXIT_FINE);
		default:
			return false;
	}
}

/*
 * The argument of an option that is a whole number, in optarg; whether the number is one that makes sense is for the server
 * to say.  Ends the program where it is none.
 */
const char *
whole_number(const char *option)
{
	char	   *end;

	errno = 0;
	strtoll(optarg, &end, 10);
	if (end == optarg || *end != '\0' || errno != 0)
		fatal("invalid value \"%s\" for option %s: must be a whole number", optarg, option);
	return optarg;
}

/*
 * Takes what follows the options, at optind: the database's name.
 */
void
take_database(int argc, char *const *argv, const char *command, ConnectionOptions *connection)
{
	if (optind < argc && connection->dbname == NULL)
		connection->dbname = argv[optind++];
	if (optind < argc)
	{
		print_error("too many command-line arguments (first is \"%s\")", argv[optind]);
		fatal_usage(command);
	}
}

/*
 * Prints the part of a command's help that is the same for all.
 */
void
print_common_help(void)
{
	printf("\nConnection options:\n"
		   "  -d, --dbname=DBNAME       database to connect to, or a connection string\n"
		   "  -h, --host=HOSTNAME       database server host or socket directory\n"
		   "  -p, --port=PORT           database server port\n"
		   "  -U, --username=USERNAME   user name to connect as\n"
		   "  -w, --no-password         never prompt for password\n"
		   "  -W, --password            force password prompt\n"
		   "\nOther options:\n"
		   "  -V, --version             output version information, then exit\n"
		   "  -?, --help                show this help, then exit\n");
}

/*
 * Prints the program's version.
 */
void
print_version(void)
{
	printf("clipperf %s\n", CLIPPERF_VERSION);
}
