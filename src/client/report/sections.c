/*-------------------------------------------------------------------------
 *
 * sections.c
 *	  What the report says beside the findings: rows of the extension's views,
 *	  as JSON that the server writes.
 *
 *-------------------------------------------------------------------------
 */
#include "report/report.h"

#include <stdlib.h>

/*
 * A section: the key of its array in the document, and the query for its rows, in the order in which they are shown.
 * "%1$s" is the extension's schema.  Each has a bound, and so has each text that is only read, so that a report of a large
 * system stays one that can be read; what is there to be copied is never cut.  How many rows there would be without the
 * bound is counted where it is reached.
 */
typedef struct Section
{
	const char *key;
	int			bound;			/* most rows */
	const char *source;			/* what its rows are of, for that count; NULL
								 * = it has no bound by rows */
	const char *query;
} Section;

/* Characters of a statement that is shown, and of one that only names a row. */
#define STATEMENT "500"
#define EXCERPT "200"

/* Bytes of the stacks of a profile: those that took most time, about four times as much as the example application has. */
#define PROFILE_BYTES "80000"

/* Statements that a recommendation names. */
#define SERVED "50"

/* Rows of this database, of views of all. */
#define HERE "datname = current_database()"

/* Rows of which only the first ones are shown, and that are counted. */
#define ENDPOINTS "%1$s.clipperf_slo"
#define ROUTES "%1$s.clipperf_routes WHERE " HERE
#define LOOPS "%1$s.clipperf_n_plus_one WHERE NOT is_closed"
#define SCANS "%1$s.clipperf_seq_scans"
#define RECOMMENDATIONS \
	"%1$s.clipperf_recommendations WHERE status = 'new' AND action IN ('create', 'drop') AND NOT for_statements"
#define JOBS "%1$s.clipperf_jobs"
#define WAITS \
	"(SELECT route, state, wait_event_type, wait_event, held_by, sum(samples) AS samples, sum(total_ms) AS total_ms," \
	" sum(sessions) AS sessions, sum(recent_sessions) AS recent_sessions" \
	" FROM %1$s.clipperf_waits WHERE " HERE " AND state <> 'clipperf'" \
	" GROUP BY route, state, wait_event_type, wait_event, held_by) AS w"
#define QUERIES "%1$s.clipperf_queries WHERE " HERE
#define PERIODS "%1$s.clipperf_periods"
#define MOST_PERIODS "100"

static const Section sections[REPORT_SECTIONS] = {
	{"endpoints", 100, ENDPOINTS,
		"SELECT name, state, reason, requests, measured, target_ms, target_share, met_share, time_met, p50_ms, p95_ms,"
		" max_ms, max_error_share, error_share, errors_met, min_requests_per_second, requests_per_second, throughput_met,"
		" max_statements, statements_mean, statements_p95, statements_met, budget_left, burn_1h, burn_6h, burn_3d"
	" FROM " ENDPOINTS " ORDER BY array_position('{critical,warning,ok}', state), name"},
	{"routes", 100, ROUTES,
		"SELECT r.route, requests, requests_per_second, p50_ms, p95_ms, p99_ms, max_ms, span_p50_ms, span_p95_ms,"
		" total_ms, database_share, statements_mean, statements_p95, statements_max, loop_statements, failed, error_share,"
		" left(costliest_query, " EXCERPT ") AS costliest_query, h.bounds_ms, h.counts, first_seen, last_seen"
		" FROM (SELECT *, row_number() OVER (ORDER BY total_ms DESC) AS place FROM " ROUTES ") AS r"
		" LEFT JOIN (SELECT * FROM %1$s.clipperf_route_histograms WHERE " HERE ") AS h"
		" ON h.route = r.route AND h.measured = 'database' AND place <= 40"
	" ORDER BY place"},
	{"loops", 50, LOOPS,
		"SELECT confidence, route, relation, parent_column, child_parameter, loops, children, max_children, connections,"
		" pipelined, child_ms, roundtrip_ms, child_ms + roundtrip_ms AS cost_ms, function, framework, source_location,"
		" parent_queryid::text, child_queryid::text,"
		" left(parent_query, " STATEMENT ") AS parent_query,"
		" left(child_query, " STATEMENT ") AS child_query,"
		" suggestion, no_suggestion, again, first_seen, last_seen"
	" FROM " LOOPS " ORDER BY child_ms + roundtrip_ms DESC"},
	{"scans", 50, SCANS,
		"SELECT relation, relation_bytes, executions, rows_read, rows_kept, rows_needed, estimated, filter_columns,"
		" sort_columns, total_ms, queryid::text,"
		" left(query, " STATEMENT ") AS query, first_seen, last_seen"
	" FROM " SCANS " ORDER BY total_ms DESC"},
	{"recommendations", 50, RECOMMENDATIONS,
		"SELECT id, action, relation, index_name, benefit_share, cost_before, cost_after, mean_before_ms, mean_after_ms,"
		" blocks_before, blocks_after, size_bytes, write_cost_share, queryids[1:" SERVED "]::text[] AS queryids, ddl, reason"
	" FROM " RECOMMENDATIONS " ORDER BY benefit_share DESC NULLS LAST, id"},
	{"jobs", 30, JOBS,
		"SELECT job, action, relation, index_name, state, reason, ddl, made_at, changed_at,"
		" (SELECT coalesce(json_agg(s), '[]') FROM ("
		"SELECT s.judgement, s.route, left(s.statement, " EXCERPT ") AS statement, s.calls_before, s.calls_after,"
		" s.p95_before_ms, s.p95_after_ms, s.blocks_before, s.blocks_after"
		" FROM jsonb_to_recordset(j.result->'statements') AS s (judgement text, route text, statement text,"
		" calls_before float8, calls_after float8, p95_before_ms float8, p95_after_ms float8, blocks_before float8,"
		" blocks_after float8) LIMIT 6) AS s) AS statements"
	" FROM " JOBS " AS j ORDER BY job DESC"},
	{"waits", 100, WAITS, "SELECT * FROM " WAITS " ORDER BY total_ms DESC"},
	{"profile", 0, NULL,
		"SELECT regexp_replace(line, ' [0-9]+$', '') AS stack, substring(line, '[0-9]+$')::int8 AS us FROM ("
		"SELECT line, sum(octet_length(line)) OVER (ORDER BY substring(line, '[0-9]+$')::int8 DESC, line) AS bytes"
		" FROM string_to_table(%1$s.clipperf_profile('folded'), E'\\n') AS line WHERE line <> '') AS l"
	" WHERE bytes <= " PROFILE_BYTES " ORDER BY line COLLATE \"C\""},
	{"queries", 100, QUERIES,
		"SELECT route, calls, total_ms, plan_ms, mean_ms, p50_ms, p95_ms, p99_ms, rows,"
		" (shared_blks_hit + shared_blks_read)::float8 / greatest(calls, 1) AS blocks, errors,"
		" queryid::text, left(query, " STATEMENT ") AS query"
	" FROM " QUERIES " ORDER BY total_ms DESC"},
	{"periods", 100, PERIODS,
		"SELECT label, comment, since, until, requests, requests_per_second, p95_ms, statements_mean, sessions,"
		" (SELECT coalesce(json_agg(w), '[]') FROM ("
		"SELECT wait_event_type, sum(sessions) AS sessions,"
		" (array_agg(wait_event ORDER BY sessions DESC))[1] AS wait_event,"
		" (array_agg(route ORDER BY sessions DESC))[1] AS route"
		" FROM %1$s.clipperf_period_waits AS k WHERE k.period = p.period"
		" GROUP BY wait_event_type ORDER BY sum(sessions) DESC) AS w) AS waits"
	" FROM (SELECT * FROM " PERIODS " ORDER BY until DESC LIMIT " MOST_PERIODS ") AS p ORDER BY until"}
};

/*
 * Asks for all sections, in one statement: they are of one moment, and as functions of the extension run in it, it is not
 * among the statements that they tell of.
 */
void
ask_for_sections(Session *session, Report *report)
{
	char	   *query = copy_string("");
	PGresult   *result;

	for (int i = 0; i < REPORT_SECTIONS; i++)
	{
		const Section *section = &sections[i];
		char	   *rows = format_string(section->query, session->schema);
		char	   *source = section->source ? format_string(section->source, session->schema) : NULL;

		append_string(&query, "%sSELECT %d AS place, rows, ", i > 0 ? " UNION ALL " : "", i);
		if (source != NULL)
			append_string(&query, "CASE WHEN json_array_length(rows) < %d THEN json_array_length(rows)"
						  " ELSE (SELECT count(*) FROM %s) END AS total"
						  " FROM (SELECT coalesce(json_agg(r), '[]') AS rows FROM (%s LIMIT %d) AS r) AS s",
						  section->bound, source, rows, section->bound);
		else
			append_string(&query, "NULL AS total FROM (SELECT coalesce(json_agg(r), '[]') AS rows FROM (%s) AS r) AS s", rows);
		free(rows);
		free(source);
	}
	append_string(&query, " ORDER BY place");
	result = run_query(session, query, 0, NULL);
	for (int i = 0; i < REPORT_SECTIONS; i++)
	{
		report->sections[i] = copy_value(result, i, "rows");
		report->totals[i] = copy_value(result, i, "total");
	}
	PQclear(result);
	free(query);
}

/*
 * Asks for the comparison of two periods, by their labels, of which either may be NULL: what clipperf_impact() and
 * clipperf_compare() say, of statements and findings only those that changed.
 */
char *
ask_for_comparison(Session *session, const char *before, const char *after)
{
	const char *const labels[] = {before, after};
	char	   *query = format_string("SELECT json_build_object("
									  "'before', coalesce($1, (SELECT coalesce(label, period::text)"
									  " FROM %1$s.clipperf_periods ORDER BY period DESC OFFSET 1 LIMIT 1)),"
									  " 'after', coalesce($2, (SELECT coalesce(label, period::text)"
									  " FROM %1$s.clipperf_periods ORDER BY period DESC LIMIT 1)),"
									  " 'impact', (SELECT coalesce(json_agg(i), '[]')"
									  " FROM %1$s.clipperf_impact($1, $2) AS i),"
									  " 'rows', (SELECT coalesce(json_agg(c), '[]') FROM ("
									  "SELECT * FROM %1$s.clipperf_compare($1, $2)"
									  " WHERE kind NOT IN ('statement', 'finding')"
									  " OR result NOT IN ('same', 'unsure') LIMIT 200) AS c))", session->schema);
	PGresult   *result = run_query(session, query, 2, labels);
	char	   *comparison = copy_string(PQgetvalue(result, 0, 0));

	PQclear(result);
	free(query);
	return comparison;
}

/*
 * The key of a section in the document.
 */
const char *
section_key(int section)
{
	return sections[section].key;
}
