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

/* The type bytea, as in the catalogs of all servers. */
#define BYTEA_TYPE 17

/*
 * Does the extension have a function with these types of arguments?  One that is older than this command may not.
 */
static bool
has_function(Session *session, const char *signature)
{
	char	   *name = format_string("%s.%s", session->schema, signature);
	PGresult   *result = run_query(session, "SELECT pg_catalog.to_regprocedure($1) AS found", 1,
								   (const char *const *) &name);
	bool		found = result_value(result, 0, "found") != NULL;

	PQclear(result);
	free(name);
	return found;
}

/*
 * Writes what a function with one argument of text returns: its rows as lines, or its bytes as they are.  Where there is no
 * such function, there is no such file.
 */
static void
write_function_result(Session *session, const char *directory, const char *file, const char *function, const char *format)
{
	char	   *signature = format_string("%s(text)", function);
	PGresult   *result;
	Output		output;

	if (!has_function(session, signature))
	{
		print_note("%s is left out: this version of the extension has no function %s()", file, function);
		return;
	}
	result = run_query(session, format_string("SELECT %s.%s($1)", session->schema, function), 1, &format);
	begin_output(&output);
	for (int i = 0; i < PQntuples(result); i++)
	{
		const char *value = PQgetvalue(result, i, 0);
		size_t		length;
		unsigned char *bytes;

		if (PQftype(result, 0) != BYTEA_TYPE)
		{
			fprintf(output.stream, "%s\n", value);
			continue;
		}
		bytes = PQunescapeBytea((const unsigned char *) value, &length);
		if (bytes == NULL)
			fatal("out of memory");
		fwrite(bytes, 1, length, output.stream);
		PQfreemem(bytes);
	}
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
 * Writes all files that the server is asked for.
 */
void
collect_files(Session *session, const char *directory)
{
	Report	   *report = ask_for_report(session, NULL, false, false);

	write_report(report, directory, "report.json", put_report_json);
	write_report(report, directory, "report.html", put_report_html);
	write_function_result(session, directory, "metrics.txt", "clipperf_metrics", "prometheus");
	write_function_result(session, directory, "profile.pb.gz", "clipperf_profile", "pprof");
}
