/*-------------------------------------------------------------------------
 *
 * options.h
 *	  The options that all commands have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "connection.h"

/* The common options, for getopt_long(). */
#define COMMON_SHORT_OPTIONS "d:h:p:U:wWV"
#define COMMON_LONG_OPTIONS \
	{"dbname", required_argument, NULL, 'd'}, \
	{"host", required_argument, NULL, 'h'}, \
	{"port", required_argument, NULL, 'p'}, \
	{"username", required_argument, NULL, 'U'}, \
	{"no-password", no_argument, NULL, 'w'}, \
	{"password", no_argument, NULL, 'W'}, \
	{"version", no_argument, NULL, 'V'}, \
	{"help", no_argument, NULL, OPTION_HELP}

/* What long options without a letter are returned as; those of a command begin at COMMON_OPTION_END. */
enum
{
	OPTION_HELP = 256,
	OPTION_FORMAT,
	OPTION_OUTPUT,
	COMMON_OPTION_END
};

/* Takes a common option; false where it is none. */
extern bool take_common_option(int option, ConnectionOptions *connection, void (*print_help) (void));

/* The next option of a command, as getopt_long() returns it. */
extern int	next_option(int argc, char *const *argv, const char *short_options, const struct option *long_options);

/* The argument of an option that must be a whole number. */
extern const char *whole_number(const char *option);

/* Takes what follows the options: the database's name.  Ends the program where there is more. */
extern void take_database(int argc, char *const *argv, const char *command, ConnectionOptions *connection);

/* Prints the part of a command's help that is the same for all. */
extern void print_common_help(void);

/* Prints the program's version. */
extern void print_version(void);

#endif							/* CLIENT_OPTIONS_H */
