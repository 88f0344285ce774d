/*-------------------------------------------------------------------------
 *
 * jobs_options.h
 *	  The options of the commands that make jobs, and what they do with them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_JOBS_OPTIONS_H
#define CLIENT_JOBS_OPTIONS_H

#include "options.h"

/* Columns of a line of words. */
#define JOBS_LINE 80

/* The options, for getopt_long(). */
#define JOBS_LONG_OPTIONS \
	{"until-verified", no_argument, NULL, OPTION_UNTIL_VERIFIED}, \
	{"watch", no_argument, NULL, OPTION_WATCH}

enum
{
	OPTION_UNTIL_VERIFIED = COMMON_OPTION_END,
	OPTION_WATCH,
	JOBS_OPTION_END
};

/* Whether jobs are watched, and for how long. */
typedef struct JobsOptions
{
	bool		watch;
	bool		until_verified;
} JobsOptions;

/* Takes one of the options; false where it is none. */
extern bool take_jobs_option(int option, JobsOptions *options);

/* Prints the part of the help that is the same for these commands. */
extern void print_jobs_help(void);

/* Watches jobs if that is wanted, and writes what became of them; returns the program's status. */
extern int	follow_jobs(Session *session, const StringList *numbers, const JobsOptions *options);

#endif							/* CLIENT_JOBS_OPTIONS_H */
