/*-------------------------------------------------------------------------
 *
 * profile.h
 *	  clipperf profile: a load test, from the first snapshot to the files that one hands on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_PROFILE_H
#define CLIENT_PROFILE_H

#include <stdbool.h>

#include "connection.h"
#include "profile/load.h"

/* What the command was asked to do. */
typedef struct ProfileOptions
{
	ConnectionOptions connection;
	const char *label;
	const char *comment;		/* NULL = none */
	const char *parent;			/* directory that that of the run is made in */
	const char *against;		/* directory of an earlier run; NULL = none */
	int			warmup_seconds;
	bool		reset;
	bool		apply;
	char	  **load;			/* command and its arguments, ended by NULL */
} ProfileOptions;

/* One run of the load, of which a directory tells. */
typedef struct Run
{
	const ProfileOptions *options;
	Session    *session;
	char	   *directory;
	char	   *label;
	char	   *period;			/* number of the period; NULL = none was taken */
	const char *before;			/* label of the run that it is compared with;
								 * NULL = none */
	char	   *begun_at;		/* of the period, by the server's clock */
	char	   *requests_before;	/* counted until then */
	LoadEnd		end;
} Run;

/* Runs the command; returns the program's status. */
extern int	run_profile(int argc, char **argv);

/* Runs the load and measures it; whatever comes of it, the directory says so.  Its report compares it with the run "before". */
extern Run *measure_run(Session **session, const ProfileOptions *options, const char *directory, const char *label,
						const char *before);

/* Is the label free?  Ends the program if not. */
extern void require_free_label(Session *session, const char *label);

/* Makes a directory for a label and the time, in another one; ends the program where it cannot. */
extern char *make_directory(const char *parent, const char *label);

/* Makes a directory of this name. */
extern char *make_subdirectory(const char *parent, const char *name);

/* Writes what is known of a run and of the server to its directory. */
extern void write_run_file(const Run *run, const char *status);
extern void write_settings_file(Session *session, const char *directory);

/* Writes what was measured to the directory of a run: the report, metrics and the profile. */
extern void collect_files(Session *session, const Run *run);

/* Of these the report alone. */
extern void write_reports(Session *session, const Run *run);

/* The label of the run that a directory tells of; ends the program if the server has not kept its period. */
extern char *label_of_directory(Session *session, const char *directory);

/* Compares two periods: writes the table to the directory, and to standard output.  Did anything become worse? */
extern bool compare_runs(Session *session, const char *directory, const char *before, const char *after);

/* The round of --apply: builds what is recommended, and reverts what does not pay off. */
extern int	tune(Session *session, const ProfileOptions *options);

#endif							/* CLIENT_PROFILE_H */
