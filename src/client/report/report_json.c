/*-------------------------------------------------------------------------
 *
 * report_json.c
 *	  The report as JSON, of docs/report.schema.json.
 *
 *-------------------------------------------------------------------------
 */
#include "formats.h"
#include "report/report.h"

/*
 * Writes the report.
 */
void
put_report_json(FILE *out, const void *result)
{
	const Report *report = result;
	const Session *session = report->session;
	JsonWriter	json;

	begin_json_result(&json, out, session);
	json_string(&json, "server", session->server_version);
	json_string(&json, "role", session->role);
	json_boolean(&json, "all_roles", session->sees_all);
	json_string(&json, "since", report->since);
	json_string(&json, "made_at", report->made_at);
	json_number(&json, "statements", report->statements);
	json_open_array(&json, "findings");
	for (int i = 0; i < report->count; i++)
	{
		const Finding *finding = &report->findings[i];

		json_open_object(&json, NULL);
		json_number(&json, "rank", finding->rank);
		json_string(&json, "severity", finding->severity);
		json_string(&json, "kind", finding->kind);
		json_string(&json, "relation", finding->relation);
		json_string(&json, "saves", finding->saves);
		json_string(&json, "summary", finding->summary);
		json_string(&json, "fix", finding->fix);
		json_string(&json, "evidence", finding->evidence);
		json_string(&json, "first_seen", finding->first_seen);
		json_string(&json, "last_seen", finding->last_seen);
		json_number(&json, "saved_ms", finding->saved_ms);
		json_number(&json, "cost_ms", finding->cost_ms);

		/*
		 * Its 64 bits are more than the numbers of many readers of JSON can
		 * hold.
		 */
		json_string(&json, "queryid", finding->queryid);
		json_close_object(&json);
	}
	json_close_array(&json);
	for (int i = 0; i < REPORT_SECTIONS; i++)
		json_document(&json, section_key(i), report->sections[i]);
	json_open_object(&json, "totals");
	json_integer(&json, "findings", report->found);
	for (int i = 0; i < REPORT_SECTIONS; i++)
	{
		if (report->totals[i] != NULL)
			json_number(&json, section_key(i), report->totals[i]);
	}
	json_close_object(&json);
	json_document(&json, "comparison", report->comparison ? report->comparison : "null");
	json_close_object(&json);
}
