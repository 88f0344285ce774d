/*-------------------------------------------------------------------------
 *
 * against.c
 *	  The table of two runs: what became of everything, of each endpoint, route, statement and finding.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "text.h"

/* Columns of a figure's unit and of the name of a row. */
#define UNIT_WIDTH	37
#define NAME_WIDTH	36

/* How rows of one kind are called. */
static const struct
{
	const char *kind;
	const char *title;
}			row_kinds[] =

{
	{"endpoint", "Endpoints"},
	{"route", "Routes"},
	{"statement", "Statements that changed"},
	{"finding", "Findings that changed"}
};

/*
 * Writes a value in a column of so many characters.
 */
static void
put_column(FILE *out, const char *value, int width)
{
	char	   *text = make_one_line(copy_string(value ? value : "-"));

	cut_to_width(text, width);
	put_line(out, text);
	for (int i = text_width(text); i < width; i++)
		putc(' ', out);
	free(text);
}

/*
 * Writes the four figures of all requests.
 */
static void
put_impact(FILE *out, const PGresult *impact)
{
	put_column(out, "All requests", UNIT_WIDTH);
	fputs("      before       after  change  result\n", out);
	for (int i = 0; i < PQntuples(impact); i++)
	{
		const char *before = result_value(impact, i, "value_before");
		const char *after = result_value(impact, i, "value_after");
		const char *change = result_value(impact, i, "change");

		put_column(out, result_value(impact, i, "unit"), UNIT_WIDTH);
		fprintf(out, "%12s%12s%8s  ", before ? before : "-", after ? after : "-", change ? change : "-");
		put_line(out, result_value(impact, i, "result"));
		putc('\n', out);
	}
}

/*
 * Writes the rows of one kind, but for statements and findings of which nothing is known to have changed.
 */
static void
put_rows(FILE *out, const PGresult *rows, const char *kind, const char *title)
{
	bool		only_changes = strcmp(kind, "statement") == 0 || strcmp(kind, "finding") == 0;
	bool		begun = false;

	for (int i = 0; i < PQntuples(rows); i++)
	{
		const char *judged = result_value(rows, i, "result");

		if (strcmp(result_value(rows, i, "kind"), kind) != 0 ||
			(only_changes && (strcmp(judged, "same") == 0 || strcmp(judged, "unsure") == 0)))
			continue;
		if (!begun)
		{
			putc('\n', out);
			put_column(out, title, NAME_WIDTH);
			fputs("  result  p95 ms        statements\n", out);
		}
		begun = true;
		put_column(out, result_value(rows, i, "name"), NAME_WIDTH);
		fputs("  ", out);
		put_column(out, judged, 6);
		fputs("  ", out);
		put_column(out, result_value(rows, i, "p95_ms"), 12);
		fputs("  ", out);
		put_line(out, result_value(rows, i, "statements") ? result_value(rows, i, "statements") : "-");
		putc('\n', out);
	}
}

/*
 * Writes the table for people.
 */
static void
put_comparison(FILE *out, const PGresult *impact, const PGresult *rows, const char *before, const char *after)
{
	put_line(out, before);
	fputs(" -> ", out);
	put_line(out, after);
	fputs("\n\n", out);
	put_impact(out, impact);
	for (size_t i = 0; i < sizeof(row_kinds) / sizeof(row_kinds[0]); i++)
		put_rows(out, rows, row_kinds[i].kind, row_kinds[i].title);
}

/*
 * Did anything that a user of the application meets become worse?
 */
static bool
is_worse(const PGresult *rows)
{
	for (int i = 0; i < PQntuples(rows); i++)
	{
		const char *kind = result_value(rows, i, "kind");

		if (strcmp(result_value(rows, i, "result"), "worse") == 0 &&
			(strcmp(kind, "everything") == 0 || strcmp(kind, "endpoint") == 0 || strcmp(kind, "route") == 0))
			return true;
	}
	return false;
}

/*
 * Writes the comparison to the directory, as the server says it.
 */
static void
write_json(Session *session, const char *directory, const char *const *labels)
{
	char	   *query = format_string("SELECT jsonb_pretty(jsonb_build_object("
									  "'before', $1::text, 'after', $2::text,"
									  " 'impact', (SELECT jsonb_agg(i) FROM %1$s.clipperf_impact($1, $2) AS i),"
									  " 'compare', (SELECT jsonb_agg(c) FROM %1$s.clipperf_compare($1, $2) AS c),"
									  " 'figures', (SELECT jsonb_agg(f)"
									  " FROM %1$s.clipperf_compare_figures($1, $2) AS f)))", session->schema);
	PGresult   *result = run_query(session, query, 2, labels);
	Output		output;

	begin_output(&output);
	fprintf(output.stream, "%s\n", PQgetvalue(result, 0, 0));
	finish_output(&output, format_string("%s/compare.json", directory));
	PQclear(result);
	free(query);
}

/*
 * Compares two periods by their labels.
 */
bool
compare_runs(Session *session, const char *directory, const char *before, const char *after)
{
	const char *const labels[] = {before, after};
	PGresult   *impact = run_query(session, format_string("SELECT * FROM %s.clipperf_impact($1, $2)", session->schema),
								   2, labels);
	PGresult   *rows = run_query(session, format_string("SELECT * FROM %s.clipperf_compare($1, $2)", session->schema),
								 2, labels);
	bool		worse = is_worse(rows);
	Output		output;

	begin_output(&output);
	put_comparison(output.stream, impact, rows, before, after);
	finish_output(&output, format_string("%s/compare.txt", directory));
	write_json(session, directory, labels);
	begin_output(&output);
	put_comparison(output.stream, impact, rows, before, after);
	finish_output(&output, NULL);
	PQclear(impact);
	PQclear(rows);
	return worse;
}
