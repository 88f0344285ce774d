/*-------------------------------------------------------------------------
 *
 * format_json.c
 *	  A judgement as JSON, of docs/check.schema.json.
 *
 *-------------------------------------------------------------------------
 */
#include "check/judgement_formats.h"
#include "formats.h"

/*
 * Writes a list of strings.
 */
static void
put_list(JsonWriter *json, const char *key, const StringList *list)
{
	json_open_array(json, key);
	for (int i = 0; i < list->count; i++)
		json_string(json, NULL, list->items[i]);
	json_close_array(json);
}

/*
 * Writes a count that is null where the kinds have no use for it.
 */
static void
put_count(JsonWriter *json, const char *key, long long count)
{
	if (count < 0)
		json_string(json, key, NULL);
	else
		json_integer(json, key, count);
}

/*
 * Writes a problem.
 */
static void
put_json_problem(JsonWriter *json, const Problem *problem)
{
	json_open_object(json, NULL);
	json_string(json, "kind", problem->kind);
	json_string(json, "relation", problem->relation);
	json_string(json, "problem", problem->problem);
	json_string(json, "summary", problem->summary);
	json_string(json, "fix", problem->fix);
	json_string(json, "evidence", problem->evidence);
	/* Its 64 bits are more than the numbers of many readers of JSON can hold. */
	json_string(json, "queryid", problem->queryid);
	json_string(json, "file", problem->file);
	if (problem->file != NULL)
		json_integer(json, "line", problem->line);
	else
		json_string(json, "line", NULL);
	json_boolean(json, "new", !problem->is_known);
	json_close_object(json);
}

/*
 * Writes a judgement as JSON.
 */
void
put_judgement_json(FILE *out, const void *result)
{
	const Judgement *judgement = result;
	const Session *session = judgement->session;
	JsonWriter	json;

	begin_json_result(&json, out, session);
	json_string(&json, "server", session->server_version);
	json_string(&json, "role", session->role);
	json_boolean(&json, "all_roles", session->sees_all);
	put_list(&json, "kinds", &judgement->kinds);
	put_list(&json, "allow", &judgement->allow);

	json_open_object(&json, "judged");
	put_count(&json, "statements", judgement->statements);
	put_count(&json, "lists", judgement->lists);
	put_count(&json, "small_tables", judgement->small_tables);
	put_count(&json, "suspicions", judgement->suspicions);
	json_close_object(&json);

	put_list(&json, "warnings", &session->warnings);
	json_boolean(&json, "passed", judgement->new_count == 0);
	json_open_array(&json, "problems");
	for (int i = 0; i < judgement->count; i++)
		put_json_problem(&json, &judgement->problems[i]);
	json_close_array(&json);
	put_list(&json, "not_met", &judgement->not_met);
	json_close_object(&json);
}
