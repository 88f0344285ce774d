/*-------------------------------------------------------------------------
 *
 * run.c
 *	  One run of the load: a snapshot before it and one after it, and the files that tell of it.
 *
 * Whatever happens, the directory can be used: each file is there as a whole or not at all, and run.txt says how far it
 * came.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message.h"
#include "text.h"

/* Bytes of a period's label at most, as the server has it. */
#define MOST_LABEL_BYTES 63

/* Columns of a line that tells progress. */
#define PROGRESS_WIDTH 79

/* The requests of this database, and what is worst. */
#define PROGRESS_QUERY \
	"SELECT (SELECT sum(r.requests) FROM %1$s.clipperf_routes AS r" \
	" WHERE r.datname OPERATOR(=) current_database()) AS requests, f.summary" \
	" FROM (SELECT) AS one LEFT JOIN %1$s.clipperf_findings(top => 1) AS f ON true"

/*
 * Can the run's period have this label?  That it cannot is better known before the load than after.
 */
void
require_free_label(Session *session, const char *label)
{
	char	   *query = format_string("SELECT FROM %1$s.clipperf_periods AS p WHERE p.label OPERATOR(=) $1", session->schema);
	PGresult   *result;

	if (strspn(label, "0123456789") == strlen(label) || strlen(label) > MOST_LABEL_BYTES)
	{
		print_error("invalid value \"%s\" for option --label", label);
		print_detail("A label has at most %d bytes, is not empty, and does not consist of digits alone.", MOST_LABEL_BYTES);
		exit(EXIT_TROUBLE);
	}
	result = run_query(session, query, 1, &label);

	if (PQntuples(result) > 0)
	{
		print_error("period \"%s\" already exists", label);
		print_hint("Use another label, or remove the period with clipperf_drop_period().");
		exit(EXIT_TROUBLE);
	}
	PQclear(result);
}

/*
 * Ends a period, with a label or without; returns its number.
 */
static char *
take_snapshot(Session *session, const char *label, const char *comment)
{
	const char *const params[] = {label, comment};
	char	   *query = format_string("SELECT %s.clipperf_snapshot($1, $2) AS period", session->schema);
	PGresult   *result = run_query(session, query, 2, params);
	char	   *period = copy_value(result, 0, "period");

	PQclear(result);
	return period;
}

/*
 * LoadListener.warm: what is counted from now on is measured.  The period before it is none that anybody wants.  Only
 * functions of the extension are called, as statements with such are not counted.
 */
static void
begin_period(void *arg)
{
	Run		   *run = arg;
	Session    *session = run->session;
	PGresult   *result;
	char	   *period;

	if (run->options->reset)
		PQclear(run_query(session, format_string("SELECT %s.clipperf_reset()", session->schema), 0, NULL));
	result = run_query(session, format_string("SELECT %s.clipperf_snapshot() AS period,"
											  " clock_timestamp() AS now", session->schema), 0, NULL);
	period = copy_value(result, 0, "period");
	run->begun_at = copy_value(result, 0, "now");
	PQclear(result);
	PQclear(run_query(session, format_string("SELECT %s.clipperf_drop_period($1)", session->schema), 1,
					  (const char *const *) &period));
	result = run_query(session, format_string(PROGRESS_QUERY, session->schema), 0, NULL);
	run->requests_before = copy_value(result, 0, "requests");
	PQclear(result);
	free(period);
}

/*
 * LoadListener.progress: how many requests there were so far, and what is worst.  A connection that is lost ends no load:
 * there is another one at its end.
 */
static void
tell_load(void *arg, int seconds)
{
	Run		   *run = arg;
	PGconn	   *connection = run->session->connection;
	PGresult   *result;

	if (PQstatus(connection) != CONNECTION_OK)
		return;
	result = PQexec(connection, format_string(PROGRESS_QUERY, run->session->schema));
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
	{
		const char *requests = result_value(result, 0, "requests");
		const char *worst = result_value(result, 0, "summary");
		long long	since = atoll(requests ? requests : "0") -
			atoll(run->requests_before ? run->requests_before : "0");
		char	   *line = format_string("%d s: %lld requests%s%s", seconds, since, worst ? "; worst so far: " : "",
										 worst ? worst : "");

		cut_to_width(line, PROGRESS_WIDTH);
		put_line(stderr, line);
		putc('\n', stderr);
	}
	else
		print_warning("%s", make_one_line(copy_string(PQresultErrorMessage(result))));
	PQclear(result);
}

/*
 * What became of a run, in words.
 */
static const char *
status_in_words(const Run *run)
{
	if (run->end.ending == LOAD_INTERRUPTED)
		return "interrupted";
	if (!run->end.warmed_up)
		return "the load ended before the warm-up was over";
	if (run->end.ending == LOAD_FAILED)
		return run->end.status >= 0 ? format_string("the load failed with status %d", run->end.status) :
			format_string("the load was ended by signal %d", -run->end.status);
	return "complete";
}

/*
 * Says on standard error what became of a run that is not complete, and where its files are.
 */
static void
tell_end(const Run *run)
{
	if (run->end.ending == LOAD_FAILED || !run->end.warmed_up)
		print_error("%s", status_in_words(run));
	print_note("what was measured is in %s", run->directory);
}

/*
 * Pauses for so long that what this session has asked so far is a request that has ended: it does not belong to the
 * period.
 */
static void
end_own_request(Session *session)
{
	PGresult   *result = run_query(session,
								   format_string("SELECT s.setting FROM %s.clipperf_info AS i, pg_settings AS s"
												 " WHERE s.name OPERATOR(=) 'clipperf.request_idle'",
												 session->schema), 0, NULL);
	long		idle_ms = PQntuples(result) > 0 ? atol(PQgetvalue(result, 0, 0)) : 0;
	struct timespec pause = {.tv_sec = 2 * idle_ms / 1000,.tv_nsec = 2 * idle_ms % 1000 * 1000000};

	PQclear(result);
	nanosleep(&pause, NULL);
}

/*
 * Makes a new connection if the old one was lost, which shows only when it is used.
 */
static void
keep_connected(Session **session, Run *run)
{
	PQclear(PQexec((*session)->connection, ""));
	if (PQstatus((*session)->connection) == CONNECTION_OK)
		return;
	print_warning("the connection to the server was lost, and is made again");
	close_session(*session);
	*session = open_session(&run->options->connection);
	run->session = *session;
}

/*
 * Runs the load and measures it.  *session is another one afterwards if the connection was lost meanwhile.
 */
Run *
measure_run(Session **session, const ProfileOptions *options, const char *directory, const char *label, const char *before)
{
	Run		   *run = allocate_memory(sizeof(Run));
	LoadListener listener = {
		.warmup_seconds = options->warmup_seconds,.warm = begin_period,.progress = tell_load,.arg = run
	};

	*run = (Run)
	{
		.options = options,.session = *session,.directory = copy_string(directory),.label = copy_string(label),.before = before
	};
	write_settings_file(*session, directory);
	write_run_file(run, "running");
	end_own_request(*session);
	run->end = run_load(options->load, format_string("%s/load.txt", directory), &listener);
	write_run_file(run, "the load has ended, and what was measured is not kept yet");
	keep_connected(session, run);
	if (run->begun_at != NULL)
		run->period = take_snapshot(*session, label, options->comment);
	write_run_file(run, status_in_words(run));
	if (run->period != NULL)
		collect_files(*session, run);
	tell_end(run);
	return run;
}
