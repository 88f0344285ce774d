/*-------------------------------------------------------------------------
 *
 * collect.c
 *	  The files of a run that the server is asked for: the report, the metrics, the profile.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/profile.h"

#include <stdio.h>
#include <stdlib.h>

#include "message.h"
#include "output.h"
#include "report/report.h"

/* The SQLSTATE of what the role may not do. */
#define NOT_PERMITTED "42501"

/*
 * Does the extension have this function?  One that is older than this command may not.
 */
static bool
has_function(Session *session, const char *function)
{
	char	   *name = format_string("%s.%s", session->schema, function);
	char	   *query = format_string("SELECT to_regproc($1) AS found FROM %s.clipperf_info", session->schema);
	PGresult   *result = run_query(session, query, 1, (const char *const *) &name);
	bool		found = result_value(result, 0, "found") != NULL;

	PQclear(result);
	free(query);
	free(name);
	return found;
}

/*
 * Writes to a file what a query returns, which calls a function of the extension: text, or bytes as they are.  Where there
 * is no such function, or the role may not call it, there is no such file.
 */
static void
write_function_result(Session *session, const char *directory, const char *file, const char *function, const char *query)
{
	PGresult   *result;
	Output		output;
	unsigned char *bytes;
	size_t		length;

	if (!has_function(session, function))
	{
		print_note("%s is left out: this version of the extension has no function %s()", file, function);
		return;
	}
	result = try_query(session, query, 0, NULL, NOT_PERMITTED);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		print_note("%s is left out: role %s may not call %s()", file, session->role, function);
		PQclear(result);
		return;
	}
	bytes = PQunescapeBytea((const unsigned char *) PQgetvalue(result, 0, 0), &length);
	if (bytes == NULL)
		fatal("out of memory");
	begin_output(&output);
	fwrite(bytes, 1, length, output.stream);
	PQfreemem(bytes);
	PQclear(result);
	finish_output(&output, format_string("%s/%s", directory, file));
}

/*
 * Writes the report in a format.
 */
static void
write_report(const Report *report, const char *directory, const char *file, void (*put) (FILE *out, const void *result))
{
	Output		output;

	begin_output(&output);
	put(output.stream, report);
	finish_output(&output, format_string("%s/%s", directory, file));
}

/*
 * Writes the report of a run, as data and as a page.
 */
void
write_reports(Session *session, const Run *run)
{
	const ReportRequest request = {.compare = run->before != NULL,.before = run->before,.after = run->label};
	Report	   *report = ask_for_report(session, &request);

	write_report(report, run->directory, "report.json", put_report_json);
	write_report(report, run->directory, "report.html", put_report_html);
}

/*
 * Writes all files that the server is asked for.
 */
void
collect_files(Session *session, const Run *run)
{
	const char *directory = run->directory;

	write_reports(session, run);
	write_function_result(session, directory, "metrics.txt", "clipperf_metrics",
						  format_string("SELECT convert_to(%s.clipperf_metrics('prometheus'), 'UTF8')",
										session->schema));
	write_function_result(session, directory, "profile.pb.gz", "clipperf_profile",
						  format_string("SELECT decode(%s.clipperf_profile('pprof'), 'base64')",
										session->schema));
}
