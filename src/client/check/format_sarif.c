/*-------------------------------------------------------------------------
 *
 * format_sarif.c
 *	  A judgement as SARIF 2.1.0, the format of OASIS for results of static analysis.
 *
 * A result names the table as its logical location.  Where the caller named a file, results also point to it, without
 * which some readers, such as GitHub's code scanning, show nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "check/judgement_formats.h"

#include <ctype.h>
#include <string.h>

#include "check/budget.h"
#include "json.h"

/* What is said of a kind of finding. */
typedef struct Rule
{
	const char *kind;
	const char *description;
} Rule;

static const Rule rules[] = {
	{"n_plus_one", "For each row of a result, the application runs another statement."},
	{"seq_scan", "A statement reads a table from end to end to use few of its rows."},
	{"index_scan", "A statement finds many rows through an index and discards nearly all of them."},
	{"temp_spill", "Sorts or hashes do not fit in work_mem and spill to disk."},
	{"cacheable", "A read is repeated with the same few lists of parameters."},
	{"slow_plan", "Planning takes longer than running."},
	{"plan_changed", "A plan has taken the place of another one, and is slower."},
	{"bad_estimate", "A plan is made for other numbers of rows than come."},
	{"slo_breach", "An endpoint of the application misses an objective."},
	{"missing_index", "An index would pay off for the workload, or a dropped one is missed."},
	{"redundant_index", "Another index does everything that this one does."},
	{"unused_index", "Nothing uses the index, or it does not pay off."},
	{BUDGET_STATEMENTS, "A request of a route runs more statements than its budget allows."},
	{BUDGET_P95, "Requests of a route take longer in the database than their budget allows."},
};

/*
 * Writes {"text": ...}, as SARIF has all messages.
 */
static void
put_message(JsonWriter *json, const char *key, const char *text)
{
	json_open_object(json, key);
	json_string(json, "text", text);
	json_close_object(json);
}

/*
 * Writes the program, with a rule for each kind that was checked.
 */
static void
put_tool(JsonWriter *json, const Judgement *judgement)
{
	json_open_object(json, "tool");
	json_open_object(json, "driver");
	json_string(json, "name", "clipperf");
	json_string(json, "version", CLIPPERF_VERSION);
	json_open_array(json, "rules");
	for (int i = 0; i < judgement->kinds.count; i++)
	{
		json_open_object(json, NULL);
		json_string(json, "id", judgement->kinds.items[i]);
		for (size_t j = 0; j < sizeof(rules) / sizeof(rules[0]); j++)
		{
			if (strcmp(rules[j].kind, judgement->kinds.items[i]) == 0)
				put_message(json, "shortDescription", rules[j].description);
		}
		json_close_object(json);
	}
	json_close_array(json);
	json_close_object(json);
	json_close_object(json);
}

/*
 * A file name as the reference of a URI: bytes that have a meaning there, or must not stand there, are escaped.
 */
static char *
file_as_uri(const char *path)
{
	char	   *uri = allocate_memory(3 * strlen(path) + 1);
	char	   *end = uri;

	for (const char *c = path; *c != '\0'; c++)
	{
		if (isalnum((unsigned char) *c) || strchr("-._~/", *c))
			*end++ = *c;
		else
			end += sprintf(end, "%%%02X", (unsigned char) *c);
	}
	return uri;
}

/*
 * Writes where a problem is: its table, and where the statement is sent, if that is known, or the file that the caller
 * named.
 */
static void
put_location(JsonWriter *json, const Judgement *judgement, const Problem *problem)
{
	const char *file = problem->file != NULL ? problem->file : judgement->location;

	json_open_array(json, "locations");
	if (file != NULL || problem->relation != NULL)
	{
		json_open_object(json, NULL);
		if (file != NULL)
		{
			json_open_object(json, "physicalLocation");
			json_open_object(json, "artifactLocation");
			json_string(json, "uri", file_as_uri(file));
			json_close_object(json);
			json_open_object(json, "region");
			json_integer(json, "startLine", problem->file != NULL ? problem->line : 1);
			json_close_object(json);
			json_close_object(json);
		}
		if (problem->relation != NULL)
		{
			json_open_array(json, "logicalLocations");
			json_open_object(json, NULL);
			json_string(json, "fullyQualifiedName", problem->relation);
			json_string(json, "kind", "table");
			json_close_object(json);
			json_close_array(json);
		}
		json_close_object(json);
	}
	json_close_array(json);
}

/*
 * Writes a problem as a result.
 */
static void
put_result(JsonWriter *json, const Judgement *judgement, const Problem *problem)
{
	char	   *message = problem->fix ? format_string("%s\nfix: %s", problem->problem, problem->fix) : problem->problem;

	json_open_object(json, NULL);
	json_string(json, "ruleId", problem->kind);
	json_string(json, "level", problem->is_known ? "note" : "error");
	if (judgement->baseline != NULL)
		json_string(json, "baselineState", problem->is_known ? "unchanged" : "new");
	put_message(json, "message", message);
	put_location(json, judgement, problem);
	json_open_object(json, "partialFingerprints");
	json_string(json, "problem/v1", problem->problem);
	json_close_object(json);
	json_close_object(json);
}

/*
 * Writes a judgement as SARIF.
 */
void
put_judgement_sarif(FILE *out, const void *result)
{
	const Judgement *judgement = result;
	JsonWriter	json;

	json_begin(&json, out);
	json_open_object(&json, NULL);
	json_string(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_string(&json, "version", "2.1.0");
	json_open_array(&json, "runs");
	json_open_object(&json, NULL);
	put_tool(&json, judgement);
	json_open_array(&json, "results");
	for (int i = 0; i < judgement->count; i++)
		put_result(&json, judgement, &judgement->problems[i]);
	json_close_array(&json);
	json_close_object(&json);
	json_close_array(&json);
	json_close_object(&json);
}
