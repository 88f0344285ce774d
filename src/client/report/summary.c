/*-------------------------------------------------------------------------
 *
 * summary.c
 *	  What the report in text and Markdown says beside the findings: a few
 *	  lines on objectives, routes, waits, jobs, and on before and after.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

/* How many endpoints, routes, waits and jobs are named. */
#define SUMMARY_ROWS "5"

/* A number of milliseconds for people, with its unit. */
#define DURATION(ms) \
	"CASE WHEN " ms " >= 1000 THEN round((" ms " / 1000)::numeric, 1) || ' s'" \
	" WHEN " ms " >= 10 THEN round(" ms "::numeric) || ' ms' ELSE round(" ms "::numeric, 2) || ' ms' END"

/*
 * A block of lines: its heading, and the query for the place, name and text of each line; "%1$s" is the extension's schema.
 * Routes and waits with less than a hundredth of the time are not worth a line.  Texts of statements are in none.
 */
typedef struct SummaryBlock
{
	const char *heading;
	const char *query;
} SummaryBlock;

static const SummaryBlock blocks[] = {
	{"Objectives",
		"SELECT row_number() OVER (ORDER BY array_position('{critical,warning,ok}', state), name) AS place,"
		" name, concat_ws('; ', state,"
		" 'p95 ' || " DURATION("p95_ms") " || ', target ' || " DURATION("target_ms") ","
		" round((100 * met_share)::numeric, 1) || '%% of ' || requests || ' in time, '"
		" || 100 * target_share || '%% wanted', reason) AS text"
	" FROM %1$s.clipperf_slo"},
	{"Routes that take most of the time",
		"SELECT row_number() OVER (ORDER BY total_ms DESC) AS place, coalesce(nullif(route, ''), '(no route)') AS name,"
		" concat_ws('; ', round((100 * database_share)::numeric, 1) || '%% of the time',"
		" requests || CASE requests WHEN 1 THEN ' request' ELSE ' requests' END,"
		" 'p95 ' || " DURATION("p95_ms") ","
		" trim_scale(round(statements_mean::numeric, 1)) || CASE statements_mean WHEN 1 THEN ' statement' ELSE ' statements' END"
		" || ' each',"
		" CASE WHEN failed > 0 THEN failed || ' failed' END) AS text"
	" FROM %1$s.clipperf_routes WHERE datname = current_database() AND database_share >= 0.01"},
	{"What statements wait for",
		"SELECT row_number() OVER (ORDER BY total_ms DESC) AS place,"
		" wait_event_type || coalesce('/' || nullif(wait_event, wait_event_type), '') AS name,"
		" round((100 * total_ms / all_ms)::numeric, 1) || '%% of the time that they are active' AS text"
		" FROM (SELECT wait_event_type, wait_event, sum(total_ms) AS total_ms,"
		" sum(sum(total_ms)) OVER () AS all_ms"
		" FROM %1$s.clipperf_waits WHERE datname = current_database() AND state = 'active'"
	" GROUP BY wait_event_type, wait_event) AS w WHERE total_ms >= 0.01 * all_ms"},
	{"Indexes built and dropped",
		"SELECT row_number() OVER (ORDER BY job DESC) AS place, index_name::text AS name,"
		" concat_ws(': ', state, CASE WHEN length(reason) > 120"
	" THEN left(reason, 120) || '...' ELSE reason END) AS text FROM %1$s.clipperf_jobs"},
	{"Before and after",
		"SELECT place, unit AS name, concat_ws('; ',"
		" coalesce(round(value_before::numeric, 3)::text, '-') || ' -> '"
		" || coalesce(round(value_after::numeric, 3)::text, '-'), change, result) AS text"
		" FROM %1$s.clipperf_impact($1, $2) WITH ORDINALITY"
	" AS i (figure, unit, value_before, value_after, change, result, place) WHERE $3"}
};

/*
 * Asks for the lines of all blocks, in their order.
 */
void
ask_for_summary(Session *session, const ReportRequest *request, Report *report)
{
	const char *const params[] = {request->before, request->after, request->compare ? "true" : "false"};
	char	   *query = copy_string("");
	PGresult   *result;

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
	{
		char	   *rows = format_string(blocks[i].query, session->schema);

		append_string(&query, "%sSELECT %zu AS block, '%s' AS heading, place, name, text FROM (%s) AS b WHERE place <= "
					  SUMMARY_ROWS, i > 0 ? " UNION ALL " : "", i, blocks[i].heading, rows);
		free(rows);
	}
	append_string(&query, " ORDER BY block, place");
	result = run_query(session, query, 3, params);
	report->summary_count = PQntuples(result);
	report->summary = allocate_memory(report->summary_count * sizeof(SummaryLine));
	for (int i = 0; i < report->summary_count; i++)
	{
		report->summary[i] = (SummaryLine)
		{
			.heading = copy_value(result, i, "heading"),
				.name = copy_value(result, i, "name"),
				.text = copy_value(result, i, "text")
		};
	}
	PQclear(result);
	free(query);
}

/*
 * Does a line begin a block, as its heading is another one than that of the line before?
 */
bool
begins_block(const Report *report, int line)
{
	return line == 0 || strcmp(report->summary[line].heading, report->summary[line - 1].heading) != 0;
}
