/*-------------------------------------------------------------------------
 *
 * report_markdown.c
 *	  The report as Markdown, for a pull request or an issue.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/*
 * Writes text of a server as words, one line of them: nothing in it is markup, HTML, or the end of a table's cell.
 */
static void
put_words(FILE *out, const char *text)
{
	char	   *line = make_one_line(copy_string(text));

	for (const char *c = line; *c != '\0';)
	{
		int			length = utf8_length(c);

		if (length == 0)
			fputs(REPLACEMENT_CHARACTER, out);
		else if (*c == '<' || *c == '>' || *c == '&')
			fprintf(out, "&#%d;", *c);
		else
		{
			/*
			 * "@" would call people, "#" name issues; a row of "-" would make
			 * a heading of the line before.
			 */
			if (strchr("\\`*_[]#|~$@", *c) || (c == line && strchr("+-=", *c)))
				putc('\\', out);
			fwrite(c, 1, length, out);
		}
		c += length > 0 ? length : 1;
	}
}

/*
 * Writes SQL as a block of code, whose fence is longer than any row of backquotes within.
 */
static void
put_code(FILE *out, const char *sql)
{
	int			fence = 3;
	int			row = 0;

	for (const char *c = sql; *c != '\0'; c++)
	{
		row = *c == '`' ? row + 1 : 0;
		if (row >= fence)
			fence = row + 1;
	}
	for (int i = 0; i < fence; i++)
		putc('`', out);
	fputs("sql\n", out);
	put_lines(out, sql);
	putc('\n', out);
	for (int i = 0; i < fence; i++)
		putc('`', out);
	putc('\n', out);
}

/*
 * Writes evidence: each of its lines is a paragraph.
 */
static void
put_evidence(FILE *out, const char *evidence)
{
	char	   *lines = copy_string(evidence);

	for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n"))
	{
		put_words(out, line);
		fputs("\n\n", out);
	}
	free(lines);
}

/*
 * Writes the findings as rows of a table.
 */
static void
put_table(FILE *out, const Report *report)
{
	fputs("\n| | severity | kind | table | saves | |\n|--:|---|---|---|--:|---|\n", out);
	for (int i = 0; i < report->count; i++)
	{
		const Finding *finding = &report->findings[i];
		const char *const cells[] = {finding->rank, finding->severity, finding->kind, finding->relation, finding->saves,
		finding->summary};

		for (size_t j = 0; j < sizeof(cells) / sizeof(cells[0]); j++)
		{
			fputs("| ", out);
			put_words(out, cells[j] ? cells[j] : "");
			putc(' ', out);
		}
		fputs("|\n", out);
	}
}

/*
 * Writes what there is to say beside the findings: a list under each heading.
 */
static void
put_summary_lists(FILE *out, const Report *report)
{
	for (int i = 0; i < report->summary_count; i++)
	{
		const SummaryLine *line = &report->summary[i];

		if (begins_block(report, i))
			fprintf(out, "\n### %s\n\n", line->heading);
		fputs("- **", out);
		put_words(out, line->name ? line->name : "-");
		fputs("**: ", out);
		put_words(out, line->text ? line->text : "-");
		putc('\n', out);
	}
}

/*
 * Writes the report.
 */
void
put_report_markdown(FILE *out, const void *result)
{
	const Report *report = result;

	fputs("## What to fix first in database ", out);
	put_words(out, report->session->database);
	fprintf(out, "\n\nPostgreSQL ");
	put_words(out, report->session->server_version);
	fputs(", ", out);
	put_words(out, seen_in_words(report));
	fputs(".\n", out);
	if (report->count == 0)
		fprintf(out, "\n%s\n", nothing_found(report));
	else
		put_table(out, report);
	for (int i = 0; i < report->count; i++)
	{
		const Finding *finding = &report->findings[i];

		fprintf(out, "\n### %s. ", finding->rank);
		put_words(out, finding->summary ? finding->summary : finding->kind);
		fputs("\n\n", out);
		if (finding->evidence != NULL)
			put_evidence(out, finding->evidence);
		if (finding->fix != NULL)
			put_code(out, finding->fix);
	}
	if (more_found(report) != NULL)
		fprintf(out, "\n%s\n", more_found(report));
	put_summary_lists(out, report);
}
