/*-------------------------------------------------------------------------
 *
 * tune.c
 *	  clipperf profile --apply: a run, the recommended indexes, the same run again.
 *
 * The indexes stay if the second run is complete and nothing became worse by them; each of them that did not pay off by
 * what clipperf_jobs says is reverted as well.  Where the round ends before that is known, by a signal, a load that fails,
 * a lost connection, a full disk, all that it built is reverted: at the program's end, whichever way it comes to that.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply/jobs.h"
#include "call.h"
#include "interrupt.h"
#include "message.h"
#include "output.h"

/* How often the server is asked for the jobs, in milliseconds. */
#define ASK_EVERY_MS 500

/* What the round has built, until it is known what comes of it. */
static Session *pending_session;
static StringList pending_jobs;

/*
 * Calls a function for a job, in a program that may be at its end: what fails is told, and true means that it did not.
 */
static bool
call_for_job(PGconn *connection, const char *function, const char *job)
{
	char	   *query = format_string("SELECT %s.%s($1)", pending_session->schema, function);
	PGresult   *result = PQexecParams(connection, query, 1, NULL, &job, NULL, NULL, 0);
	bool		done = PQresultStatus(result) == PGRES_TUPLES_OK;

	if (!done)
		fprintf(stderr, "%s", PQresultErrorMessage(result));
	PQclear(result);
	free(query);
	return done;
}

/*
 * Reverts what the round has built, as the program ends before it is known whether that is worth it.
 */
static void
revert_pending(void)
{
	PGconn	   *connection = pending_session ? pending_session->connection : NULL;

	if (pending_jobs.count == 0)
		return;
	if (PQstatus(connection) != CONNECTION_OK && connection != NULL)
		PQreset(connection);
	for (int i = 0; i < pending_jobs.count; i++)
	{
		const char *job = pending_jobs.items[i];

		if (PQstatus(connection) == CONNECTION_OK && call_for_job(connection, "clipperf_cancel", job) &&
			call_for_job(connection, "clipperf_revert", job))
			print_note("job %s is reverted", job);
		else
			print_hint("Job %s was not reverted: clipperf revert --job=%s", job, job);
	}
	pending_jobs.count = 0;
}

/*
 * Builds what is recommended, and waits until that is done, or a signal comes.  Returns how many jobs there are.
 */
static int
build_recommended(Session *session)
{
	static const struct timespec pause = {.tv_nsec = ASK_EVERY_MS * 1000000L};
	const Call	no_arguments = {0};
	PGresult   *result;
	bool		built = false;

	PQclear(call_run(session, &no_arguments, "SELECT FROM ", "clipperf_recommend", ""));
	result = call_run(session, &no_arguments, "SELECT job, index_name FROM ", "clipperf_apply", "");
	pending_session = session;
	for (int i = 0; i < PQntuples(result); i++)
	{
		if (result_value(result, i, "job") == NULL)
			continue;
		list_add(&pending_jobs, result_value(result, i, "job"));
		print_note("job %s builds %s", result_value(result, i, "job"), result_value(result, i, "index_name"));
	}
	PQclear(result);
	while (pending_jobs.count > 0 && !built && !was_interrupt_noted())
	{
		Jobs	   *jobs = ask_for_jobs(session, &pending_jobs);

		built = true;
		for (int i = 0; i < jobs->count; i++)
			built &= job_is_done(&jobs->rows[i], GOAL_BUILT);
		free_jobs(jobs);
		if (!built)
			nanosleep(&pause, NULL);
	}
	return pending_jobs.count;
}

/*
 * Reverts the jobs that did not pay off, or all if the application became worse; tells what became of each in jobs.txt
 * and on standard output.  From then on nothing is pending.
 */
static void
settle_jobs(Session *session, const char *directory, bool worse)
{
	StringList	numbers = pending_jobs;
	Jobs	   *jobs = ask_for_jobs(session, &numbers);
	Output		output;

	pending_session = session;
	for (int i = 0; i < jobs->count; i++)
	{
		const Job  *job = &jobs->rows[i];

		if ((worse && job_is_done(job, GOAL_BUILT)) || strcmp(job->state, "useless") == 0 ||
			strcmp(job->state, "regressed") == 0)
		{
			if (call_for_job(session->connection, "clipperf_revert", job->job))
				print_note("job %s is reverted", job->job);
		}
	}
	pending_jobs.count = 0;
	free_jobs(jobs);
	jobs = ask_for_jobs(session, &numbers);
	begin_output(&output);
	put_jobs_text(output.stream, jobs);
	finish_output(&output, format_string("%s/jobs.txt", directory));
	begin_output(&output);
	putc('\n', output.stream);
	put_jobs_text(output.stream, jobs);
	finish_output(&output, NULL);
	free_jobs(jobs);
}

/*
 * The round: two runs in directories of their own, within one.
 */
int
tune(Session *session, const ProfileOptions *options)
{
	char	   *second = format_string("%s, applied", options->label);
	char	   *directory;
	char	   *after;
	Run		   *run;
	bool		worse;

	require_free_label(session, options->label);
	require_free_label(session, second);
	directory = make_directory(options->parent, options->label);
	run = measure_run(&session, options, make_subdirectory(directory, "before"), options->label, NULL);
	if (run->period == NULL || run->end.ending != LOAD_DONE)
		return EXIT_TROUBLE;
	atexit(revert_pending);
	if (build_recommended(session) == 0)
	{
		print_note("nothing is recommended, so that there is nothing to build");
		return EXIT_FINE;
	}
	if (was_interrupt_noted())
		return EXIT_TROUBLE;
	after = make_subdirectory(directory, "after");
	run = measure_run(&session, options, after, second, options->label);
	pending_session = session;
	if (run->period == NULL || run->end.ending != LOAD_DONE)
		return EXIT_TROUBLE;
	worse = compare_runs(session, directory, options->label, second);
	settle_jobs(session, directory, worse);
	write_reports(session, run);	/* with what became of the jobs */
	close_session(session);
	return worse ? EXIT_FINDINGS : EXIT_FINE;
}
