/*-------------------------------------------------------------------------
 *
 * report.c
 *	  clipperf report: what to fix first, for people and programs.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "formats.h"
#include "message.h"
#include "options.h"

/* What the command was asked to do. */
typedef struct ReportOptions
{
	ConnectionOptions connection;
	OutputOptions output;
	ReportRequest request;
} ReportOptions;

static const Format formats[] = {
	{"text", put_report_text},
	{"json", put_report_json},
	{"markdown", put_report_markdown},
	{"html", put_report_html},
	{NULL, NULL}
};

enum
{
	OPTION_ACCEPTED = COMMON_OPTION_END,
	OPTION_ADVISE,
	OPTION_AFTER,
	OPTION_BEFORE,
	OPTION_TOP
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	OUTPUT_LONG_OPTIONS,
	{"accepted", no_argument, NULL, OPTION_ACCEPTED},
	{"advise", no_argument, NULL, OPTION_ADVISE},
	{"after", required_argument, NULL, OPTION_AFTER},
	{"before", required_argument, NULL, OPTION_BEFORE},
	{"top", required_argument, NULL, OPTION_TOP},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_report_help(void)
{
	printf("clipperf report tells what to fix first in a database, why, and how.\n\n"
		   "Usage:\n"
		   "  clipperf report [OPTION]... [DBNAME]\n\n"
		   "What is reported:\n"
		   "      --accepted            show accepted findings, too\n"
		   "      --advise              first ask the advisor which indexes would help\n"
		   "      --before=PERIOD       also compare this period, by its label or number,\n"
		   "      --after=PERIOD        with this one (default: the last two)\n"
		   "      --top=NUMBER          show so many findings (default: 20)\n\n"
		   "Output:\n"
		   "      --format=FORMAT       format of standard output: text (default), json,\n"
		   "                            markdown or html\n"
		   "      --output=FORMAT:FILE  also write to a file; may be repeated\n"
		   "  -q, --quiet               write nothing to standard output\n");
	print_common_help();
	printf("\nThe exit status is 0 if the report was made, and 2 if it could not be.\n");
}

/*
 * Reads the command line.
 */
static void
read_report_options(int argc, char **argv, ReportOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS OUTPUT_SHORT_OPTIONS, long_options)) != -1)
	{
		switch (option)
		{
			case OPTION_ACCEPTED:
				options->request.accepted = true;
				break;
			case OPTION_ADVISE:
				options->request.advise = true;
				break;
			case OPTION_AFTER:
				options->request.compare = true;
				options->request.after = optarg;
				break;
			case OPTION_BEFORE:
				options->request.compare = true;
				options->request.before = optarg;
				break;
			case OPTION_TOP:
				options->request.top = whole_number("--top");
				if (atoll(optarg) < 1)
					fatal("invalid value \"%s\" for option --top: must be at least 1", optarg);
				break;
			default:
				if (!take_output_option(option, &options->output) &&
					!take_common_option(option, &options->connection, print_report_help))
					fatal_usage("report");
		}
	}
	take_database(argc, argv, "report", &options->connection);
}

/*
 * Asks the server for the report, and the advisor first where that is wanted.
 */
Report *
ask_for_report(Session *session, const ReportRequest *request)
{
	const Call	no_arguments = {0};
	Report	   *report = allocate_memory(sizeof(Report));
	const char *const params[] = {request->top, request->accepted ? "true" : "false"};
	char	   *query;
	PGresult   *result;

	if (request->advise)
		PQclear(call_run(session, &no_arguments, "SELECT FROM ", "clipperf_recommend", ""));

	query = format_string("SELECT since, now() AS made_at, statements"
						  " FROM %1$s.clipperf_info, %1$s.clipperf_judged()", session->schema);
	result = run_query(session, query, 0, NULL);
	report->session = session;
	report->since = copy_value(result, 0, "since");
	report->made_at = copy_value(result, 0, "made_at");
	report->statements = copy_value(result, 0, "statements");
	PQclear(result);

	query = format_string("WITH f AS MATERIALIZED (SELECT * FROM %s.clipperf_findings(accepted => $2))"
						  " SELECT *, (SELECT count(*) FROM f) AS total FROM f"
						  " WHERE rank <= coalesce($1::int8, 20) ORDER BY rank", session->schema);
	result = run_query(session, query, 2, params);
	report->count = PQntuples(result);
	report->found = report->count > 0 ? atoi(result_value(result, 0, "total")) : 0;
	report->findings = allocate_memory(report->count * sizeof(Finding));
	for (int i = 0; i < report->count; i++)
	{
		report->findings[i] = (Finding)
		{
			.rank = copy_value(result, i, "rank"),
				.severity = copy_value(result, i, "severity"),
				.kind = copy_value(result, i, "kind"),
				.relation = copy_value(result, i, "relation"),
				.saves = copy_value(result, i, "saves"),
				.summary = copy_value(result, i, "summary"),
				.fix = copy_value(result, i, "fix"),
				.evidence = copy_value(result, i, "evidence"),
				.first_seen = copy_value(result, i, "first_seen"),
				.last_seen = copy_value(result, i, "last_seen"),
				.saved_ms = copy_value(result, i, "saved_ms"),
				.cost_ms = copy_value(result, i, "cost_ms"),
				.queryid = copy_value(result, i, "queryid")
		};
	}
	PQclear(result);
	ask_for_sections(session, report);
	report->comparison = request->compare ? ask_for_comparison(session, request->before, request->after) : NULL;
	ask_for_summary(session, request, report);
	return report;
}

/*
 * What the report is about: how many statements, whose, since when.
 */
char *
seen_in_words(const Report *report)
{
	const Session *session = report->session;

	return format_string("%s statement%s%s%s since %s", report->statements, strcmp(report->statements, "1") == 0 ? "" : "s",
						 session->sees_all ? "" : " of role ", session->sees_all ? "" : session->role, report->since);
}

/*
 * What a report without findings says: nothing is wrong, or nothing was seen.
 */
const char *
nothing_found(const Report *report)
{
	if (strcmp(report->statements, "0") == 0)
		return "No statement that uses a table was seen.";
	return "Nothing to fix was found.";
}

/*
 * What a report says where there are more findings than it shows; NULL where there are not.
 */
char *
more_found(const Report *report)
{
	return report->found == report->count ? NULL :
		format_string("These are the first %d of %d findings; --top=%d shows all.", report->count, report->found,
					  report->found);
}

/*
 * Runs the command.
 */
int
run_report(int argc, char **argv)
{
	ReportOptions options = {.output = default_output("report", formats)};
	Session    *session;
	Report	   *report;

	read_report_options(argc, argv, &options);
	session = open_session(&options.connection);
	report = ask_for_report(session, &options.request);
	close_session(session);
	write_result(&options.output, report);
	return EXIT_FINE;
}
