/*-------------------------------------------------------------------------
 *
 * table.c
 *	  The rows of a pane as they are shown: measured, filtered, sorted.
 *
 * The row that the user has chosen is known by its key, so that it stays chosen when others pass it.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <stdlib.h>
#include <string.h>

/* The pane whose rows are being sorted, for compare_shown_rows(). */
static const PaneState *sorted_state;

/*
 * How many columns a pane has.
 */
int
pane_columns(const Pane *pane)
{
	int			count = 0;

	while (count < TOP_MAX_COLUMNS && pane->columns[count].title != NULL)
		count++;
	return count;
}

/*
 * Compares two rows by the column that sorts them: largest numbers and first texts come first.  Rows that are equal there
 * keep to the order in which the server sent them.
 */
static int
compare_shown_rows(const void *left, const void *right)
{
	const TableRow *a = left;
	const TableRow *b = right;
	int			sort = sorted_state->sort;
	int			order;

	if (sorted_state->pane->columns[sort].measure == MEASURE_TEXT)
		order = strcmp(a->texts[sort], b->texts[sort]);
	else
		order = (a->values[sort] < b->values[sort]) - (a->values[sort] > b->values[sort]);
	if (order == 0)
		return a->row - b->row;
	return sorted_state->reversed ? -order : order;
}

/*
 * Has a row a text that the filter is part of?  There is none where it is NULL.
 */
static bool
passes_filter(const Pane *pane, const TableRow *row, const char *filter)
{
	if (filter == NULL)
		return true;
	for (int i = 0; i < pane_columns(pane); i++)
	{
		if (strcasestr(row->texts[i], filter) != NULL)
			return true;
	}
	return false;
}

/*
 * Makes the rows of the current pane of its readings.
 */
void
fill_table(Top *top)
{
	PaneState  *state = top->current;
	const Reading *now = state->now;

	free(state->rows);
	state->rows = NULL;
	state->row_count = 0;
	state->known = 0;
	if (now == NULL)
		return;

	state->is_difference = !top->totals && state->before != NULL && state->pane->activity != NULL;
	state->seconds = now->at - (state->is_difference ? state->before->at : now->since);
	state->rows = allocate_memory((now->count + 1) * sizeof(TableRow));
	for (int row = 0; row < now->count; row++)
	{
		TableRow   *shown = &state->rows[state->row_count];

		if (!measure_row(state, row, shown))
			continue;
		state->known++;
		if (passes_filter(state->pane, shown, top->filter))
			state->row_count++;
	}
	sorted_state = state;
	qsort(state->rows, state->row_count, sizeof(TableRow), compare_shown_rows);
}

/*
 * Where the chosen row is: the first one where it is not shown any more; -1 where there is none.
 */
int
chosen_row(const PaneState *state)
{
	for (int i = 0; state->chosen != NULL && i < state->row_count; i++)
	{
		const char *key = result_value(state->now->result, state->rows[i].row, "key");

		if (key != NULL && strcmp(key, state->chosen) == 0)
			return i;
	}
	return state->row_count > 0 ? 0 : -1;
}

/*
 * Chooses a row, or the nearest that there is.
 */
void
choose_row(PaneState *state, int row)
{
	if (row >= state->row_count)
		row = state->row_count - 1;
	if (row < 0)
		row = 0;
	free(state->chosen);
	state->chosen = state->row_count > 0 ? copy_value(state->now->result, state->rows[row].row, "key") : NULL;
}
