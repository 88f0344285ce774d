/*-------------------------------------------------------------------------
 *
 * recommendations.c
 *	  What the advisor says, as text and as JSON.
 *
 *-------------------------------------------------------------------------
 */
#include "recommend/recommend.h"

#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "text.h"

/* Columns of a line of words. */
#define ADVICE_WIDTH 80

/* Before what belongs to a row. */
#define ADVICE_INDENT "      "

/*
 * Takes the rows of a result.
 */
void
take_recommendations(Advice *advice, const PGresult *result)
{
	advice->count = PQntuples(result);
	advice->rows = allocate_memory((advice->count + 1) * sizeof(Recommendation));
	for (int i = 0; i < advice->count; i++)
	{
		advice->rows[i] = (Recommendation)
		{
			.id = copy_value(result, i, "id"),
				.action = copy_value(result, i, "action"),
				.relation = copy_value(result, i, "full_name"),
				.index_name = copy_value(result, i, "index_name"),
				.benefit_share = copy_value(result, i, "benefit_share"),
				.cost_before = copy_value(result, i, "cost_before"),
				.cost_after = copy_value(result, i, "cost_after"),
				.mean_before_ms = copy_value(result, i, "mean_before_ms"),
				.mean_after_ms = copy_value(result, i, "mean_after_ms"),
				.blocks_before = copy_value(result, i, "blocks_before"),
				.blocks_after = copy_value(result, i, "blocks_after"),
				.size_bytes = copy_value(result, i, "size_bytes"),
				.size = copy_value(result, i, "size"),
				.write_cost_share = copy_value(result, i, "write_cost_share"),
				.ddl = copy_value(result, i, "ddl"),
				.reason = copy_value(result, i, "reason")
		};
	}
}

/*
 * How many rows have this action.
 */
int
count_actions(const Advice *advice, const char *action)
{
	int			count = 0;

	for (int i = 0; i < advice->count; i++)
		count += strcmp(advice->rows[i].action, action) == 0;
	return count;
}

/*
 * Writes one row: SQL as it is, as it is there to be copied, and words in lines.
 */
static void
put_recommendation(FILE *out, const Recommendation *row)
{
	bool		creates = strcmp(row->action, "create") == 0;
	char	   *saves = creates && row->benefit_share ? format_string(", saves %.1f%%", 100 * atof(row->benefit_share)) : "";

	putc('\n', out);
	put_wrapped(out, "", ADVICE_INDENT, ADVICE_WIDTH,
				format_string("%4s%c %s %s%s%s%s%s%s", row->id ? row->id : "", row->id ? '.' : ' ',
							  row->index_name ? row->action : "no", row->index_name ? row->index_name : "index", row->relation ? " on " : "",
							  row->relation ? row->relation : "", saves, row->size ? ", " : "", row->size ? row->size : ""));
	if (row->reason != NULL)
		put_wrapped(out, ADVICE_INDENT, ADVICE_INDENT, ADVICE_WIDTH, row->reason);
	if (row->ddl != NULL && (creates || strcmp(row->action, "drop") == 0))
		put_indented(out, ADVICE_INDENT, ADVICE_INDENT, row->ddl);
}

/*
 * Writes the command that builds what is recommended.
 */
static void
put_next_command(FILE *out, const Advice *advice)
{
	fputs("\nTo build them, and watch: clipperf apply --watch", out);
	for (int i = 0; advice->for_statements && i < advice->count; i++)
	{
		if (strcmp(advice->rows[i].action, "create") == 0)
			fprintf(out, " --id=%s", advice->rows[i].id);
	}
	putc(' ', out);
	put_shell_word(out, advice->session->database);
	putc('\n', out);
}

/*
 * Writes the advice for a terminal of 80 columns, a log or a mail.
 */
void
put_advice_text(FILE *out, const void *result)
{
	const Advice *advice = result;
	int			creates = count_actions(advice, "create");
	int			drops = count_actions(advice, "drop");

	put_wrapped(out, "", "", ADVICE_WIDTH,
				format_string("database \"%s\", %s: %d %s to create, %d to drop", advice->session->database, advice->subject,
							  creates, creates == 1 ? "index" : "indexes", drops));
	for (int i = 0; i < advice->count; i++)
		put_recommendation(out, &advice->rows[i]);
	if (creates > 0)
		put_next_command(out, advice);
}

/*
 * Writes the advice as JSON, of docs/recommend.schema.json.
 */
void
put_advice_json(FILE *out, const void *result)
{
	const Advice *advice = result;
	JsonWriter	json;

	begin_json_result(&json, out, advice->session);
	json_boolean(&json, "for_statements", advice->for_statements);
	json_open_array(&json, "recommendations");
	for (int i = 0; i < advice->count; i++)
	{
		const Recommendation *row = &advice->rows[i];

		json_open_object(&json, NULL);
		json_number(&json, "id", row->id);
		json_string(&json, "action", row->action);
		json_string(&json, "relation", row->relation);
		json_string(&json, "index_name", row->index_name);
		json_number(&json, "benefit_share", row->benefit_share);
		json_number(&json, "cost_before", row->cost_before);
		json_number(&json, "cost_after", row->cost_after);
		json_number(&json, "mean_before_ms", row->mean_before_ms);
		json_number(&json, "mean_after_ms", row->mean_after_ms);
		json_number(&json, "blocks_before", row->blocks_before);
		json_number(&json, "blocks_after", row->blocks_after);
		json_number(&json, "size_bytes", row->size_bytes);
		json_number(&json, "write_cost_share", row->write_cost_share);
		json_string(&json, "ddl", row->ddl);
		json_string(&json, "reason", row->reason);
		json_close_object(&json);
	}
	json_close_array(&json);
	json_close_object(&json);
}
