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
 * system stays one that can be read; what is there to be copied is never cut.
 */
typedef struct Section
{
	const char *key;
	const char *query;
} Section;

/* Characters of a statement that is shown, and of one that only names a row. */
#define STATEMENT "500"
#define EXCERPT "200"

/* Bytes of the stacks of a profile: those that took most time, about four times as much as the example application has. */
#define PROFILE_BYTES "80000"

static const Section sections[REPORT_SECTIONS] = {
	{"endpoints",
		"SELECT name, state, reason, requests, measured, target_ms, target_share, met_share, time_met, p50_ms, p95_ms,"
		" max_ms, max_error_share, error_share, errors_met, min_requests_per_second, requests_per_second, throughput_met,"
		" max_statements, statements_mean, statements_p95, statements_met, budget_left, burn_1h, burn_6h, burn_3d"
		" FROM %1$s.clipperf_slo"
	" ORDER BY pg_catalog.array_position('{critical,warning,ok}', state), name LIMIT 100"},
	{"routes",
		"SELECT r.route, requests, requests_per_second, p50_ms, p95_ms, p99_ms, max_ms, span_p50_ms, span_p95_ms,"
		" total_ms, database_share, statements_mean, statements_p95, statements_max, loop_statements, failed, error_share,"
		" pg_catalog.left(costliest_query, " EXCERPT ") AS costliest_query, h.bounds_ms, h.counts, first_seen, last_seen"
		" FROM (SELECT *, pg_catalog.row_number() OVER (ORDER BY total_ms DESC) AS place"
		" FROM %1$s.clipperf_routes WHERE datname = current_database()) AS r"
		" LEFT JOIN (SELECT * FROM %1$s.clipperf_route_histograms WHERE datname = current_database()) AS h"
		" ON h.route = r.route AND h.measured = 'database' AND place <= 40"
	" ORDER BY place LIMIT 100"},
	{"loops",
		"SELECT confidence, route, relation, parent_column, child_parameter, loops, children, max_children, connections,"
		" pipelined, child_ms, roundtrip_ms, child_ms + roundtrip_ms AS cost_ms, function, framework, source_location,"
		" parent_queryid::pg_catalog.text, child_queryid::pg_catalog.text,"
		" pg_catalog.left(parent_query, " STATEMENT ") AS parent_query,"
		" pg_catalog.left(child_query, " STATEMENT ") AS child_query,"
		" suggestion, no_suggestion, again, first_seen, last_seen"
	" FROM %1$s.clipperf_n_plus_one WHERE NOT is_closed ORDER BY child_ms + roundtrip_ms DESC LIMIT 50"},
	{"scans",
		"SELECT relation, relation_bytes, executions, rows_read, rows_kept, rows_needed, estimated, filter_columns,"
		" sort_columns, total_ms, queryid::pg_catalog.text,"
		" pg_catalog.left(query, " STATEMENT ") AS query, first_seen, last_seen"
	" FROM %1$s.clipperf_seq_scans ORDER BY total_ms DESC LIMIT 50"},
	{"recommendations",
		"SELECT id, action, relation, index_name, benefit_share, cost_before, cost_after, mean_before_ms, mean_after_ms,"
		" blocks_before, blocks_after, size_bytes, write_cost_share, queryids::pg_catalog.text[], ddl, reason"
		" FROM %1$s.clipperf_recommendations WHERE status = 'new' AND action IN ('create', 'drop') AND NOT for_statements"
	" ORDER BY benefit_share DESC NULLS LAST, id LIMIT 50"},
	{"jobs",
		"SELECT job, action, relation, index_name, state, reason, ddl, made_at, changed_at,"
		" (SELECT coalesce(pg_catalog.json_agg(s), '[]') FROM ("
		"SELECT s.judgement, s.route, pg_catalog.left(s.statement, " EXCERPT ") AS statement, s.calls_before, s.calls_after,"
		" s.p95_before_ms, s.p95_after_ms, s.blocks_before, s.blocks_after"
		" FROM pg_catalog.jsonb_to_recordset(j.result->'statements') AS s (judgement pg_catalog.text,"
		" route pg_catalog.text, statement pg_catalog.text, calls_before pg_catalog.float8, calls_after pg_catalog.float8,"
		" p95_before_ms pg_catalog.float8, p95_after_ms pg_catalog.float8, blocks_before pg_catalog.float8,"
		" blocks_after pg_catalog.float8) LIMIT 6) AS s) AS statements"
	" FROM %1$s.clipperf_jobs AS j ORDER BY job DESC LIMIT 30"},
	{"waits",
		"SELECT route, state, wait_event_type, wait_event, held_by, pg_catalog.sum(samples) AS samples,"
		" pg_catalog.sum(total_ms) AS total_ms, pg_catalog.sum(sessions) AS sessions,"
		" pg_catalog.sum(recent_sessions) AS recent_sessions"
		" FROM %1$s.clipperf_waits WHERE datname = current_database() AND state <> 'clipperf'"
		" GROUP BY route, state, wait_event_type, wait_event, held_by"
	" ORDER BY pg_catalog.sum(total_ms) DESC LIMIT 100"},
	{"profile",
		"SELECT pg_catalog.regexp_replace(line, ' [0-9]+$', '') AS stack,"
		" pg_catalog.substring(line, '[0-9]+$')::pg_catalog.int8 AS us FROM ("
		"SELECT line, pg_catalog.sum(pg_catalog.octet_length(line))"
		" OVER (ORDER BY pg_catalog.substring(line, '[0-9]+$')::pg_catalog.int8 DESC, line) AS bytes"
		" FROM pg_catalog.string_to_table(%1$s.clipperf_profile('folded'), E'\\n') AS line WHERE line <> '') AS l"
	" WHERE bytes <= " PROFILE_BYTES " ORDER BY line COLLATE \"C\""},
	{"queries",
		"SELECT route, calls, total_ms, plan_ms, mean_ms, p50_ms, p95_ms, p99_ms, rows,"
		" (shared_blks_hit + shared_blks_read)::pg_catalog.float8 / greatest(calls, 1) AS blocks, errors,"
		" queryid::pg_catalog.text, pg_catalog.left(query, " STATEMENT ") AS query"
	" FROM %1$s.clipperf_queries WHERE datname = current_database() ORDER BY total_ms DESC LIMIT 100"},
	{"periods",
		"SELECT label, comment, since, until, requests, requests_per_second, p95_ms, statements_mean"
		" FROM (SELECT * FROM %1$s.clipperf_periods ORDER BY until DESC LIMIT 100) AS p"
	" ORDER BY until"}
};

/*
 * Asks for all sections, in one statement: they are of one moment, and as functions of the extension run in it, it is not
 * among the statements that they tell of.
 */
void
ask_for_sections(Session *session, Report *report)
{
	char	   *query = copy_string("SELECT ");
	PGresult   *result;

	for (int i = 0; i < REPORT_SECTIONS; i++)
	{
		char	   *rows = format_string(sections[i].query, session->schema);
		char	   *longer = format_string("%s%s(SELECT coalesce(pg_catalog.json_agg(r), '[]') FROM (%s) AS r)",
										   query, i > 0 ? ", " : "", rows);

		free(query);
		free(rows);
		query = longer;
	}
	result = run_query(session, query, 0, NULL);
	for (int i = 0; i < REPORT_SECTIONS; i++)
		report->sections[i] = copy_string(PQgetvalue(result, 0, i));
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
	char	   *query = format_string("SELECT pg_catalog.json_build_object("
									  "'before', coalesce($1, (SELECT coalesce(label, period::pg_catalog.text)"
									  " FROM %1$s.clipperf_periods ORDER BY period DESC OFFSET 1 LIMIT 1)),"
									  " 'after', coalesce($2, (SELECT coalesce(label, period::pg_catalog.text)"
									  " FROM %1$s.clipperf_periods ORDER BY period DESC LIMIT 1)),"
									  " 'impact', (SELECT coalesce(pg_catalog.json_agg(i), '[]')"
									  " FROM %1$s.clipperf_impact($1, $2) AS i),"
									  " 'rows', (SELECT coalesce(pg_catalog.json_agg(c), '[]') FROM ("
									  "SELECT * FROM %1$s.clipperf_compare($1, $2)"
									  " WHERE kind NOT IN ('statement', 'finding')"
									  " OR verdict NOT IN ('same', 'unsure') LIMIT 200) AS c))", session->schema);
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
