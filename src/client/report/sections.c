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
 * A section: the key of its array in the document, and the query for its rows, in the order in which they are shown.  "%s"
 * is the extension's schema.  Each has a bound, so that a report of a large system stays one that can be read.
 */
typedef struct Section
{
	const char *key;
	const char *query;
} Section;

static const Section sections[REPORT_SECTIONS] = {
	{"routes",
		"SELECT route, requests, requests_per_second, p50_ms, p95_ms, p99_ms, span_p95_ms, database_share,"
		" statements_mean, statements_p95, error_share, pg_catalog.left(costliest_query, 1000) AS costliest_query,"
		" first_seen, last_seen"
	" FROM %s.clipperf_routes WHERE datname = current_database() ORDER BY total_ms DESC LIMIT 100"},
	{"loops",
		"SELECT confidence, route, relation, parent_column, child_parameter, loops, children, max_children,"
		" child_ms + roundtrip_ms AS cost_ms, framework, source_location,"
		" pg_catalog.left(parent_query, 1000) AS parent_query, pg_catalog.left(child_query, 1000) AS child_query,"
		" pg_catalog.left(suggestion, 1000) AS suggestion,"
		" no_suggestion, first_seen, last_seen"
	" FROM %s.clipperf_n_plus_one WHERE NOT is_closed ORDER BY child_ms + roundtrip_ms DESC LIMIT 100"},
	{"scans",
		"SELECT relation, executions, rows_read, rows_kept, filter_columns, total_ms,"
		" pg_catalog.left(query, 1000) AS query, first_seen, last_seen"
	" FROM %s.clipperf_seq_scans ORDER BY total_ms DESC LIMIT 100"},
	{"recommendations",
		"SELECT id, action, relation, index_name, benefit_share, cost_before, cost_after, size_bytes,"
		" write_cost_share, ddl, reason"
		" FROM %s.clipperf_recommendations WHERE status = 'new' AND action IN ('create', 'drop') AND NOT for_statements"
	" ORDER BY benefit_share DESC NULLS LAST, id LIMIT 100"},
	{"jobs",
		"SELECT job, action, relation, index_name, state, reason, ddl, made_at, changed_at"
	" FROM %s.clipperf_jobs ORDER BY job DESC LIMIT 100"},
	{"queries",
		"SELECT route, calls, total_ms, mean_ms, p95_ms, p99_ms,"
		" (shared_blks_hit + shared_blks_read)::pg_catalog.float8 / greatest(calls, 1) AS blocks, errors,"
		" pg_catalog.left(query, 1000) AS query"
	" FROM %s.clipperf_queries WHERE datname = current_database() ORDER BY total_ms DESC LIMIT 100"}
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
 * The key of a section in the document.
 */
const char *
section_key(int section)
{
	return sections[section].key;
}
