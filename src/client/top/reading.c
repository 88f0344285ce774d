/*-------------------------------------------------------------------------
 *
 * reading.c
 *	  What the server answered, and how it has changed.
 *
 * The server counts from some time on.  What happened between two readings is the difference of the counters, row by row,
 * by the rows' keys.  A row whose counter went back was forgotten meanwhile and is counted from 0: all of it is new then.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <stdlib.h>
#include <string.h>

/*
 * What every answer begins with: one row at least, whose key is NULL where the pane has none.  Takes the schema, and the
 * query of the pane.
 */
#define READING_QUERY \
	"SELECT date_part('epoch', clock_timestamp()) AS at," \
	" date_part('epoch', i.since) AS since, date_trunc('second', i.since) AS since_text, p.*" \
	" FROM %1$s.clipperf_info AS i LEFT JOIN (%2$s) AS p ON true"

/* The reading whose rows are being sorted, for compare_row_keys(). */
static const Reading *sorted_reading;

/*
 * The query of a pane.
 */
char *
reading_query(const PaneState *state, const char *schema)
{
	char	   *query = format_string(state->pane->query, schema);
	char	   *whole = format_string(READING_QUERY, schema, query);

	free(query);
	return whole;
}

/*
 * The query of what is opened in a pane, whose key, queryid and route are its parameters: the sections in their order,
 * without those that say nothing.
 */
char *
opened_query(const PaneState *state, const char *schema)
{
	char	   *query = copy_string("WITH o AS (SELECT $1::text AS key, $2::int8 AS queryid, $3::text AS route)"
									" SELECT section, body FROM (");

	for (int i = 0; state->pane->opened[i] != NULL; i++)
	{
		const OpenedSection *section = state->pane->opened[i];
		char	   *texts = format_string(section->query, schema);

		append_string(&query, "%sSELECT %d AS place, '%s' AS section, body FROM (%s) AS s%d (body)",
					  i > 0 ? " UNION ALL " : "", i, section->title, texts, i);
		free(texts);
	}
	append_string(&query, ") AS sections WHERE body IS NOT NULL ORDER BY place");
	return query;
}

/*
 * The key of a row.
 */
static const char *
key_of(const Reading *reading, int row)
{
	const char *key = result_value(reading->result, row, "key");

	return key ? key : "";
}

/*
 * Compares two rows by their keys, for qsort().
 */
static int
compare_row_keys(const void *left, const void *right)
{
	return strcmp(key_of(sorted_reading, *(const int *) left), key_of(sorted_reading, *(const int *) right));
}

/*
 * Makes a reading of an answer.
 */
Reading *
make_reading(PGresult *result)
{
	Reading    *reading = allocate_memory(sizeof(Reading));
	bool		is_empty = result_value(result, 0, "key") == NULL;
	const char *since = result_value(result, 0, "since");

	reading->result = result;
	reading->count = is_empty ? 0 : PQntuples(result);
	reading->at = atof(result_value(result, 0, "at"));
	reading->since = since ? atof(since) : reading->at;
	reading->since_text = copy_value(result, 0, "since_text");
	reading->by_key = allocate_memory((reading->count + 1) * sizeof(int));
	for (int i = 0; i < reading->count; i++)
		reading->by_key[i] = i;
	sorted_reading = reading;
	qsort(reading->by_key, reading->count, sizeof(int), compare_row_keys);
	return reading;
}

/*
 * Forgets a reading.
 */
void
free_reading(Reading *reading)
{
	if (reading == NULL)
		return;
	PQclear(reading->result);
	free(reading->by_key);
	free(reading->since_text);
	free(reading);
}

/*
 * Takes a new reading.  It is not compared with one from before clipperf_reset(), or from before the server's clock was
 * set back.
 */
void
take_reading(PaneState *state, Reading *reading)
{
	free_reading(state->before);
	state->before = state->now;
	state->now = reading;
	if (state->before != NULL && (state->before->since != reading->since || state->before->at >= reading->at))
	{
		free_reading(state->before);
		state->before = NULL;
	}
}

/*
 * The row of a reading that has this key; -1 where there is none.
 */
static int
find_row(const Reading *reading, const char *key)
{
	int			low = 0;
	int			high = reading->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = strcmp(key_of(reading, reading->by_key[middle]), key);

		if (order == 0)
			return reading->by_key[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

/*
 * A number of a row; 0 for a null.
 */
static double
number(const Reading *reading, int row, const char *field)
{
	const char *value = result_value(reading->result, row, field);

	return value ? atof(value) : 0;
}

/*
 * The row of the reading before that a row of the last one is compared with; -1 where there is none, so that all that was
 * counted counts.
 */
static int
row_before(const PaneState *state, int row)
{
	const char *activity = state->pane->activity;
	int			before;

	if (!state->is_difference)
		return -1;
	before = find_row(state->before, key_of(state->now, row));
	if (before >= 0 && number(state->now, row, activity) < number(state->before, before, activity))
		return -1;
	return before;
}

/*
 * How much a counter of a row has grown.
 */
static double
growth(const PaneState *state, const char *field, int row, int before)
{
	double		grown = number(state->now, row, field) - (before >= 0 ? number(state->before, before, field) : 0);

	return grown > 0 ? grown : 0;
}

/*
 * What a column shows, in numbers.
 */
static double
measure(const PaneState *state, const Column *column, int row, int before)
{
	double		divisor = 1;

	if (column->measure == MEASURE_NOW)
		return number(state->now, row, column->field) * column->scale;
	if (column->measure == MEASURE_PER_SECOND)
		divisor = state->seconds;
	else if (column->measure == MEASURE_PER_FIELD)
		divisor = growth(state, column->per, row, before);
	return divisor > 0 ? growth(state, column->field, row, before) * column->scale / divisor : 0;
}

/*
 * Measures what a row of the last reading shows.  Returns false for one that did nothing between the two readings.
 */
bool
measure_row(const PaneState *state, int row, TableRow *shown)
{
	const Pane *pane = state->pane;
	int			before = row_before(state, row);

	if (state->is_difference && growth(state, pane->activity, row, before) == 0)
		return false;
	shown->row = row;
	for (int i = 0; i < TOP_MAX_COLUMNS && pane->columns[i].title != NULL; i++)
	{
		const Column *column = &pane->columns[i];
		const char *value = result_value(state->now->result, row, column->field);

		shown->texts[i] = column->measure == MEASURE_TEXT && value != NULL ? value : "";
		shown->values[i] = column->measure == MEASURE_TEXT ? 0 : measure(state, column, row, before);
	}
	return true;
}
