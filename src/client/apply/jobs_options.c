/*-------------------------------------------------------------------------
 *
 * jobs_options.c
 *	  The options of the commands that make jobs, and what they do with them.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs_options.h"

#include "apply/jobs.h"
#include "message.h"
#include "output.h"
#include "text.h"

/*
 * Takes one of the options.  Returns false where it is none of them.
 */
bool
take_jobs_option(int option, JobsOptions *options)
{
	switch (option)
	{
		case OPTION_UNTIL_VERIFIED:
			options->until_verified = true;
			options->watch = true;
			return true;
		case OPTION_WATCH:
			options->watch = true;
			return true;
		default:
			return false;
	}
}

/*
 * Prints the part of the help that is the same for these commands.
 */
void
print_jobs_help(void)
{
	printf("How long to wait:\n"
		   "      --watch               show the progress until the indexes are there\n"
		   "      --until-verified      show it until it is measured what they bring\n");
}

/*
 * Watches jobs if that is wanted, and writes what became of them.  Where it is not, says how to.
 */
int
follow_jobs(Session *session, const StringList *numbers, const JobsOptions *options)
{
	Output		output;
	Jobs	   *jobs;
	int			status = EXIT_FINE;

	begin_output(&output);
	if (options->watch)
	{
		jobs = watch_jobs(session, numbers, options->until_verified ? GOAL_VERIFIED : GOAL_BUILT);
		put_jobs_text(output.stream, jobs);
		for (int i = 0; i < jobs->count; i++)
		{
			if (job_went_wrong(&jobs->rows[i]))
				status = EXIT_FINDINGS;
		}
	}
	else
	{
		fputs("To watch: clipperf jobs --watch ", output.stream);
		put_shell_word(output.stream, session->database);
		putc('\n', output.stream);
	}
	finish_output(&output, NULL);
	return status;
}
