/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  What the keys of clipperf top do.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <stdlib.h>
#include <string.h>

/* Control-L, as a byte. */
#define CONTROL_L 0x0C

/* How far a row is that is farther than all others. */
#define FAR_AWAY 1000000

/*
 * How far a key moves in a list of which so many lines are seen; 0 for other keys.
 */
static int
steps_of(int key, int page)
{
	switch (key)
	{
		case TOP_KEY_UP:
		case 'k':
			return -1;
		case TOP_KEY_DOWN:
		case 'j':
			return 1;
		case TOP_KEY_PAGE_UP:
			return -page;
		case TOP_KEY_PAGE_DOWN:
			return page;
		case TOP_KEY_HOME:
		case 'g':
			return -FAR_AWAY;
		case TOP_KEY_END:
		case 'G':
			return FAR_AWAY;
		default:
			return 0;
	}
}

/*
 * Shows another pane, at once where there is a reading of it.
 */
static KeyEffect
show_pane(Top *top, int pane)
{
	top->current = &top->panes[(pane + TOP_PANES) % TOP_PANES];
	fill_table(top);
	return EFFECT_READ;
}

/*
 * Sorts by the column so many places away.
 */
static KeyEffect
sort_by(PaneState *state, int steps)
{
	int			count = pane_columns(state->pane);

	state->sort = (state->sort + steps + count) % count;
	state->reversed = false;
	return EFFECT_SHOW;
}

/*
 * Sets the filter, which is taken over; an empty one is none.
 */
static void
set_filter(Top *top, char *filter)
{
	free(top->filter);
	top->filter = filter != NULL && filter[0] != '\0' ? filter : NULL;
	if (top->filter == NULL)
		free(filter);
}

/*
 * Takes a key while the filter is being written.
 */
static KeyEffect
edit_filter(Top *top, int key)
{
	size_t		length = top->filter ? strlen(top->filter) : 0;

	if (key == TOP_KEY_ENTER)
		top->edits_filter = false;
	else if (key == TOP_KEY_BACK)
	{
		top->edits_filter = false;
		set_filter(top, NULL);
	}
	else if (key == TOP_KEY_BACKSPACE && length > 0)
	{
		/* A character of UTF-8 goes as a whole. */
		while (length > 1 && (top->filter[length - 1] & 0xC0) == 0x80)
			length--;
		top->filter[length - 1] = '\0';
		set_filter(top, copy_string(top->filter));
	}
	else if (key >= ' ' && key < TOP_KEY_NONE)
		set_filter(top, format_string("%s%c", top->filter ? top->filter : "", key));
	return EFFECT_SHOW;
}

/*
 * Forgets what was opened, and shows the rows again.
 */
static void
close_opened(Top *top)
{
	top->view = VIEW_ROWS;
	PQclear(top->opened);
	top->opened = NULL;
}

/*
 * Opens the chosen row: what the server says of it is still to be asked for.
 */
static KeyEffect
open_row(Top *top)
{
	PaneState  *state = top->current;
	int			chosen = chosen_row(state);
	int			row;

	if (chosen < 0)
		return EFFECT_SHOW;
	choose_row(state, chosen);
	row = state->rows[chosen].row;
	free(top->opened_key);
	free(top->opened_queryid);
	free(top->opened_route);
	top->opened_key = copy_value(state->now->result, row, "key");
	top->opened_queryid = copy_value(state->now->result, row, "queryid");
	top->opened_route = copy_value(state->now->result, row, "route");
	top->view = VIEW_OPENED;
	top->scroll = 0;
	return EFFECT_OPEN;
}

/*
 * Takes a key while a text is shown.
 */
static KeyEffect
press_in_text(Top *top, int key, int page)
{
	if (key == TOP_KEY_BACK || key == TOP_KEY_BACKSPACE || key == TOP_KEY_LEFT || key == TOP_KEY_ENTER)
		close_opened(top);
	else if (key == ' ' && top->view == VIEW_OPENED)
		return EFFECT_OPEN;
	else
		top->scroll += steps_of(key, page);
	return EFFECT_SHOW;
}

/*
 * Takes a key while rows are shown.
 */
static KeyEffect
press_in_rows(Top *top, int key, int page)
{
	PaneState  *state = top->current;
	int			steps = steps_of(key, page);

	if (steps != 0)
	{
		choose_row(state, chosen_row(state) + steps);
		return EFFECT_SHOW;
	}
	if (key >= '1' && key < '1' + TOP_PANES)
		return show_pane(top, key - '1');
	switch (key)
	{
		case TOP_KEY_TAB:
			return show_pane(top, state - top->panes + 1);
		case TOP_KEY_TAB_BACK:
			return show_pane(top, state - top->panes - 1);
		case '<':
		case TOP_KEY_LEFT:
			return sort_by(state, -1);
		case '>':
		case TOP_KEY_RIGHT:
			return sort_by(state, 1);
		case 'r':
			state->reversed = !state->reversed;
			return EFFECT_SHOW;
		case '/':
			top->edits_filter = true;
			return EFFECT_SHOW;
		case TOP_KEY_BACK:
			set_filter(top, NULL);
			return EFFECT_SHOW;
		case 't':
			top->totals = !top->totals;
			return EFFECT_SHOW;
		case TOP_KEY_ENTER:
			return open_row(top);
		case ' ':
			return EFFECT_READ;
		default:
			return EFFECT_SHOW;
	}
}

/*
 * Does what a key asks for, where so many rows are seen at a time.
 */
KeyEffect
press_key(Top *top, int key, int page)
{
	if (key == CONTROL_L)
		return EFFECT_REDRAW;
	if (top->edits_filter)
		return edit_filter(top, key);
	switch (key)
	{
		case 'q':
			return EFFECT_QUIT;
		case 'h':
		case '?':
			close_opened(top);
			top->view = VIEW_HELP;
			top->scroll = 0;
			return EFFECT_SHOW;
		case '+':
			top->interval = top->interval * 2 < TOP_MOST_SECONDS ? top->interval * 2 : TOP_MOST_SECONDS;
			return EFFECT_SHOW;
		case '-':
			top->interval = top->interval / 2 > TOP_LEAST_SECONDS ? top->interval / 2 : TOP_LEAST_SECONDS;
			return EFFECT_SHOW;
	}
	return top->view == VIEW_ROWS ? press_in_rows(top, key, page) : press_in_text(top, key, page);
}
