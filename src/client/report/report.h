/*-------------------------------------------------------------------------
 *
 * report.h
 *	  clipperf report: what to fix first, for people and programs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include <stdio.h>

#include "connection.h"

/* One finding, as a row of clipperf_findings(). */
typedef struct Finding
{
	char	   *rank;
	char	   *severity;
	char	   *kind;
	char	   *relation;		/* with its schema; NULL = none */
	char	   *saves;			/* NULL = no fix is known */
	char	   *summary;
	char	   *fix;
	char	   *evidence;
	char	   *first_seen;
	char	   *last_seen;
	char	   *saved_ms;		/* NULL = no fix is known .. */
	char	   *cost_ms;		/* .. and this is what it costs; else NULL */
	char	   *queryid;
} Finding;

/* How many sections there are beside the findings. */
#define REPORT_SECTIONS 10

/* What is reported. */
typedef struct ReportRequest
{
	const char *top;			/* most findings to show; NULL = the server's
								 * default */
	bool		accepted;		/* accepted findings, too? */
	bool		advise;			/* ask the advisor first? */
	bool		compare;		/* two periods: */
	const char *before;			/* their labels or numbers; NULL = the last
								 * but one */
	const char *after;			/* NULL = the last one */
} ReportRequest;

/* A line of what the short formats say beside the findings. */
typedef struct SummaryLine
{
	char	   *heading;		/* of the block that it belongs to */
	char	   *name;
	char	   *text;
} SummaryLine;

/* The report: what docs/report.schema.json describes, from which all formats are made. */
typedef struct Report
{
	const Session *session;
	char	   *since;			/* since when statements were seen */
	char	   *made_at;
	char	   *statements;		/* how many that use a table were seen */
	Finding    *findings;
	int			count;
	int			found;			/* how many there are, with those that are not
								 * shown */
	char	   *sections[REPORT_SECTIONS];	/* JSON: arrays of rows */
	char	   *totals[REPORT_SECTIONS];	/* how many rows there are, with
											 * those that are left out; NULL =
											 * not counted */
	char	   *comparison;		/* JSON: an object; NULL = none was asked for */
	SummaryLine *summary;
	int			summary_count;
} Report;

/* Runs the command; returns the program's status. */
extern int	run_report(int argc, char **argv);

/* Asks the server for the report. */
extern Report *ask_for_report(Session *session, const ReportRequest *request);

/* Asks for the sections, and tells the key of one in the document. */
extern void ask_for_sections(Session *session, Report *report);
extern const char *section_key(int section);

/* Asks for the comparison of two periods: JSON. */
extern char *ask_for_comparison(Session *session, const char *before, const char *after);

/* Asks for what the short formats say beside the findings. */
extern void ask_for_summary(Session *session, const ReportRequest *request, Report *report);

/* Does a line begin a block of the summary? */
extern bool begins_block(const Report *report, int line);

/* What the report is about, for people: how many statements, whose, since when. */
extern char *seen_in_words(const Report *report);

/* What a report without findings says, for people. */
extern const char *nothing_found(const Report *report);

/* What it says, for people, where there are more findings than it shows; else NULL. */
extern char *more_found(const Report *report);

/* The formats; "result" is a Report. */
extern void put_report_text(FILE *out, const void *result);
extern void put_report_json(FILE *out, const void *result);
extern void put_report_markdown(FILE *out, const void *result);
extern void put_report_html(FILE *out, const void *result);

#endif							/* CLIENT_REPORT_H */
