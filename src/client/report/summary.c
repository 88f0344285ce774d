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

/* How many routes and waits are named. */
#define SUMMARY_ROWS "5"

/* Of routes and waits, those with less than this share of the time are not worth a line. */
#define SUMMARY_SHARE "0.01"

/* Milliseconds for people: three digits, and a unit that fits. */
#define DURATION(ms) \
	"CASE WHEN " ms " >= 1000 THEN pg_catalog.round((" ms " / 1000)::pg_catalog.numeric, 1) || ' s'" \
	" WHEN " ms " >= 100 THEN pg_catalog.round(" ms "::pg_catalog.numeric) || ' ms'" \
	" WHEN " ms " >= 1 THEN pg_catalog.round(" ms "::pg_catalog.numeric, 1) || ' ms'" \
	" ELSE pg_catalog.round(" ms "::pg_catalog.numeric, 3) || ' ms' END"

/* A share for people. */
#define PERCENT(share) "pg_catalog.round((100 * " share ")::pg_catalog.numeric, 1) || '%%'"

/*
 * The lines, each with the heading of its block; "%1$s" is the extension's schema.  Texts of statements are not among them.
 */
static const char *const summary_query =
"SELECT heading, name, text FROM ("
"(SELECT 1 AS block, pg_catalog.row_number() OVER (ORDER BY pg_catalog.array_position('{critical,warning,ok}', state), name)"
" AS place, 'Objectives' AS heading, name, pg_catalog.concat_ws('; ', state,"
" 'p95 ' || " DURATION("p95_ms") " || ', target ' || " DURATION("target_ms") ","
" " PERCENT("met_share") " || ' of ' || requests || ' requests in time, ' || " PERCENT("target_share") " || ' wanted',"
" reason) AS text FROM %1$s.clipperf_slo ORDER BY 2 LIMIT 20)"
" UNION ALL "
"(SELECT 2, pg_catalog.row_number() OVER (ORDER BY total_ms DESC), 'Routes that take most of the time', coalesce(nullif(route, ''), '(no route)'), pg_catalog.concat_ws('; ',"
" " PERCENT("database_share") " || ' of the time',"
" requests || CASE requests WHEN 1 THEN ' request' ELSE ' requests' END, 'p95 ' || " DURATION("p95_ms") ","
" pg_catalog.round(statements_mean::pg_catalog.numeric, 1) || ' statements each',"
" CASE WHEN failed > 0 THEN failed || ' failed' END)"
" FROM %1$s.clipperf_routes WHERE datname = current_database() AND database_share >= " SUMMARY_SHARE
" ORDER BY 2 LIMIT " SUMMARY_ROWS ")"
" UNION ALL "
"(SELECT 3, pg_catalog.row_number() OVER (ORDER BY total_ms DESC), 'What statements wait for', wait_event_type || coalesce('/' || nullif(wait_event, wait_event_type), ''),"
" " PERCENT("total_ms / all_ms") " || ' of the time that they are active' FROM ("
"SELECT wait_event_type, wait_event, pg_catalog.sum(total_ms) AS total_ms,"
" pg_catalog.sum(pg_catalog.sum(total_ms)) OVER () AS all_ms"
" FROM %1$s.clipperf_waits WHERE datname = current_database() AND state = 'active'"
" GROUP BY wait_event_type, wait_event) AS w WHERE total_ms >= " SUMMARY_SHARE " * all_ms"
" ORDER BY 2 LIMIT " SUMMARY_ROWS ")"
" UNION ALL "
"(SELECT 4, pg_catalog.row_number() OVER (ORDER BY job DESC), 'Indexes built and dropped', index_name::pg_catalog.text, pg_catalog.concat_ws(': ', state, reason)"
" FROM %1$s.clipperf_jobs ORDER BY 2 LIMIT " SUMMARY_ROWS ")"
" UNION ALL "
"(SELECT 5, i.place, 'Before and after', unit, pg_catalog.concat_ws('; ', coalesce(pg_catalog.round(value_before::pg_catalog.numeric, 3)::pg_catalog.text, '-')"
" || ' -> ' || coalesce(pg_catalog.round(value_after::pg_catalog.numeric, 3)::pg_catalog.text, '-'), change, verdict)"
" FROM %1$s.clipperf_impact($1, $2) WITH ORDINALITY AS i (figure, unit, value_before, value_after, change, verdict, place)"
" WHERE $3)) AS lines ORDER BY block, place";

/*
 * Asks for the lines.
 */
void
ask_for_summary(Session *session, const ReportRequest *request, Report *report)
{
	const char *const params[] = {request->before, request->after, request->compare ? "true" : "false"};
	char	   *query = format_string(summary_query, session->schema);
	PGresult   *result = run_query(session, query, 3, params);

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
