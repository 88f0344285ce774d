/*-------------------------------------------------------------------------
 *
 * report_text.c
 *	  The report for a terminal of 80 columns, a log or a mail.
 *
 * Words are wrapped.  SQL is not, as it is there to be copied.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <string.h>

#include "text.h"

/* Columns of a line of words. */
#define REPORT_WIDTH 80

/*
 * Writes a fix: SQL as it is, a comment as words.
 */
static void
put_fix(FILE *out, const char *fix)
{
	if (strncmp(fix, "-- ", 3) == 0 && strchr(fix, '\n') == NULL)
		put_wrapped(out, "    fix: ", "         -- ", REPORT_WIDTH, fix);
	else
		put_indented(out, "    fix: ", "         ", fix);
}

/*
 * Writes what there is to say beside the findings: blocks of lines.
 */
static void
put_summary_blocks(FILE *out, const Report *report)
{
	for (int i = 0; i < report->summary_count; i++)
	{
		const SummaryLine *line = &report->summary[i];

		if (begins_block(report, i))
			fprintf(out, "\n%s\n", line->heading);
		put_wrapped(out, "    ", "        ", REPORT_WIDTH,
					format_string("%s: %s", line->name, line->text ? line->text : "-"));
	}
}

/*
 * Writes the report.
 */
void
put_report_text(FILE *out, const void *result)
{
	const Report *report = result;
	const Session *session = report->session;

	put_wrapped(out, "", "", REPORT_WIDTH,
				format_string("database \"%s\", PostgreSQL %s, %s", session->database, session->server_version,
							  seen_in_words(report)));
	if (!session->sees_all)
		put_wrapped(out, "", "", REPORT_WIDTH,
					"Members of pg_read_all_stats see the statements of all roles.");
	if (report->count == 0)
		fprintf(out, "\n%s\n", nothing_found(report));
	for (int i = 0; i < report->count; i++)
	{
		const Finding *finding = &report->findings[i];

		putc('\n', out);
		put_wrapped(out, "", "    ", REPORT_WIDTH,
					format_string("%2s. %s %s%s%s%s%s%s", finding->rank, finding->severity, finding->kind,
								  finding->relation ? " on " : "", finding->relation ? finding->relation : "",
								  finding->saves ? " (saves " : "", finding->saves ? finding->saves : "",
								  finding->saves ? ")" : ""));
		if (finding->summary != NULL)
			put_wrapped(out, "    ", "    ", REPORT_WIDTH, finding->summary);
		if (finding->evidence != NULL)
			put_paragraphs(out, "    ", REPORT_WIDTH, finding->evidence);
		if (finding->fix != NULL)
			put_fix(out, finding->fix);
	}
	if (more_found(report) != NULL)
		fprintf(out, "\n%s\n", more_found(report));
	put_summary_blocks(out, report);
}
