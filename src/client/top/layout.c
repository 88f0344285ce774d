/*-------------------------------------------------------------------------
 *
 * layout.c
 *	  Lays out what clipperf top shows as the lines of a screen.
 *
 * Nothing is told by a color or an attribute alone: the chosen row and the column that sorts are marked by characters.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "top/cells.h"

/* Lines of a list's screen that are not its rows: two above, the titles, and the help below. */
#define LINES_AROUND_ROWS 4

/* Room for a number as it is shown. */
#define NUMBER_SIZE 32

/* What the keys do, in a line of 80 cells. */
#define KEYS_OF_ROWS "1-5 pane  Enter open  </> sort  r reverse  / filter  t totals  h help  q quit"
#define KEYS_OF_TEXT "up/down, page keys: scroll  Esc back  q quit"

/* The help, before and after what the columns mean. */
static const char help_keys[] =
"1 to 5, Tab     routes, statements, waits, in flight, jobs\n"
"up, down, page keys, Home, End   choose a row\n"
"Enter, Esc      open it, with its plan, its loop and its fix; and back\n"
"< > or left, right   sort by the column before, or after; r reverses\n"
"/               show rows that contain a text; Enter keeps it, Esc shows all\n"
"t               show all that was counted, or what is new since the last reading\n"
"space           read now\n"
"+ -             read less often, or more often\n"
"Ctrl-L          draw the screen again\n"
"q, Ctrl-C       quit";

/*
 * Adds a line to a screen, which takes it over, unless the screen is full.
 */
static void
add_line(TopScreen *screen, char *line, LineLook look)
{
	if (screen->count >= screen->height)
	{
		free(line);
		return;
	}
	screen->looks[screen->count] = look;
	screen->lines[screen->count++] = line;
}

/*
 * Adds a text as a line, cut to the width of the screen.
 */
static void
add_text(TopScreen *screen, const char *string, LineLook look)
{
	char	   *line;
	size_t		size;
	FILE	   *out = open_memstream(&line, &size);

	if (out == NULL)
		fatal("out of memory");
	put_cells(out, string, screen->width, false);
	if (fclose(out) != 0)
		fatal("out of memory");
	add_line(screen, line, look);
}

/*
 * A number in three significant digits or more, as short as it gets.
 */
static void
format_number(double value, char *string)
{
	static const char *const units[] = {"", "k", "M", "G", "T"};
	int			unit = 0;

	if (value < 1e7 && value == (double) (long long) value)
	{
		snprintf(string, NUMBER_SIZE, "%.0f", value);
		return;
	}
	while (value >= 1e5 && unit < 4)
	{
		value /= 1000;
		unit++;
	}
	snprintf(string, NUMBER_SIZE, "%.*f%s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[unit]);
}

/*
 * Writes what a column shows of a row, or its title where that is NULL, into the column's cells; the last one gets what is
 * left of the width.
 */
static void
lay_out_column(FILE *out, const PaneState *state, int column, const TableRow *row, int left)
{
	const Column *shown = &state->pane->columns[column];
	int			width = shown->width == 0 || shown->width > left ? left : shown->width;
	char		buffer[NUMBER_SIZE];
	const char *value = buffer;

	if (row == NULL)
		snprintf(buffer, sizeof(buffer), "%s%s", column == state->sort ? state->reversed ? "^" : "*" : "", shown->title);
	else if (shown->measure == MEASURE_TEXT)
		value = row->texts[column];
	else
		format_number(row->values[column], buffer);
	put_cells(out, value, width, shown->measure != MEASURE_TEXT);
}

/*
 * Adds the line of a row, or that of the titles where it is NULL.
 */
static void
lay_out_row(TopScreen *screen, const PaneState *state, const TableRow *row, bool chosen)
{
	char	   *line;
	size_t		size;
	FILE	   *out = open_memstream(&line, &size);
	int			left = screen->width - 1;

	if (out == NULL)
		fatal("out of memory");
	if (left >= 0)
		putc(chosen ? '>' : ' ', out);
	for (int i = 0; i < pane_columns(state->pane) && left > 0; i++)
	{
		int			width = state->pane->columns[i].width;

		lay_out_column(out, state, i, row, left);
		left -= width == 0 ? left : width;
		if (left > 0)
		{
			putc(' ', out);
			left--;
		}
	}
	if (fclose(out) != 0)
		fatal("out of memory");
	add_line(screen, line, row == NULL ? LOOK_HEADING : chosen ? LOOK_CHOSEN : LOOK_PLAIN);
}

/*
 * What the figures of a pane are of.
 */
static char *
period_of(const PaneState *state)
{
	if (state->now == NULL)
		return copy_string("reading");
	if (state->pane->activity == NULL)
		return copy_string("now");
	if (state->is_difference)
		return format_string("the last %.1f s", state->seconds);
	return format_string("all since %s", state->now->since_text ? state->now->since_text : "the start");
}

/*
 * Adds the lines above all else: where this is, and what the figures are of; or what went wrong.
 */
static void
add_head(TopScreen *screen, const Top *top)
{
	const PaneState *state = top->current;
	char	   *period = period_of(state);
	char	   *line;

	line = format_string("clipperf top: %s of database \"%s\", %s%s", state->pane->title, top->session->database, period,
						 top->session->sees_all ? "" : ", own statements only");
	add_text(screen, line, LOOK_TITLE);
	free(line);
	free(period);
	if (top->message != NULL)
	{
		add_text(screen, top->message, LOOK_ALERT);
		return;
	}
	line = format_string("%d of %d rows, by %s%s%s%s", state->row_count, state->known,
						 state->pane->columns[state->sort].title, state->reversed ? ", reversed" : "",
						 top->filter || top->edits_filter ? ", filter: " : "", top->filter ? top->filter : "");
	if (top->edits_filter)
	{
		char	   *edited = format_string("%s_", line);

		free(line);
		line = edited;
	}
	add_text(screen, line, LOOK_PLAIN);
	free(line);
}

/*
 * Adds the rows of the current pane, as many as there is room for, so that the chosen one is among them.
 */
static void
lay_out_rows(TopScreen *screen, const Top *top)
{
	PaneState  *state = top->current;
	int			chosen = chosen_row(state);
	int			room = screen->height - LINES_AROUND_ROWS;

	if (room < 1)
		room = 1;
	if (state->first > state->row_count - room)
		state->first = state->row_count - room;
	if (state->first > chosen)
		state->first = chosen;
	if (state->first < chosen - room + 1)
		state->first = chosen - room + 1;
	if (state->first < 0)
		state->first = 0;

	lay_out_row(screen, state, NULL, false);
	for (int i = 0; i < room && state->first + i < state->row_count; i++)
		lay_out_row(screen, state, &state->rows[state->first + i], top->live && state->first + i == chosen);
	if (state->row_count == 0 && state->now != NULL)
		add_text(screen, state->is_difference ? " nothing has ended meanwhile" : " nothing", LOOK_PLAIN);
}

/*
 * Adds the lines of a section of text to those gathered so far.
 */
static void
gather_section(TopScreen *lines, const char *heading, const char *body)
{
	char	   *line;

	if (lines->count > 0)
		add_text(lines, "", LOOK_PLAIN);
	add_text(lines, heading, LOOK_HEADING);
	while ((line = take_cells(&body, lines->width)) != NULL)
		add_line(lines, line, LOOK_PLAIN);
}

/*
 * A screen without lines.
 */
static TopScreen *
make_screen(int width, int height)
{
	TopScreen  *screen = allocate_memory(sizeof(TopScreen));

	screen->width = width;
	screen->height = height;
	screen->lines = allocate_memory((height + 1) * sizeof(char *));
	screen->looks = allocate_memory((height + 1) * sizeof(LineLook));
	return screen;
}

/* Lines of a text that is opened at most: a plan of a thousand nodes is not read in a terminal. */
#define MOST_TEXT_LINES 5000

/*
 * All lines of what is opened, or of the help.
 */
static TopScreen *
gather_text(const Top *top, int width)
{
	TopScreen  *lines = make_screen(width, MOST_TEXT_LINES);

	if (top->view == VIEW_HELP)
	{
		const Pane *pane = top->current->pane;
		char	   *meanings = copy_string("");

		for (int i = 0; i < pane_columns(pane); i++)
			append_string(&meanings, "%-15s %s\n", pane->columns[i].title, pane->columns[i].meaning);
		gather_section(lines, "keys", help_keys);
		gather_section(lines, pane->title, meanings);
		free(meanings);
		return lines;
	}
	for (int row = 0; top->opened != NULL && row < PQntuples(top->opened); row++)
		gather_section(lines, result_value(top->opened, row, "section"), result_value(top->opened, row, "body"));
	if (lines->count == 0)
		add_text(lines, top->opened != NULL ? "nothing is known of it any more" : "reading", LOOK_PLAIN);
	return lines;
}

/*
 * Adds the part of a text that it was scrolled to.
 */
static void
add_text_lines(TopScreen *screen, Top *top)
{
	TopScreen  *lines = gather_text(top, screen->width);
	int			room = screen->height - screen->count - 1;

	if (top->scroll > lines->count - room)
		top->scroll = lines->count - room;
	if (top->scroll < 0)
		top->scroll = 0;
	for (int i = 0; i < room && top->scroll + i < lines->count; i++)
		add_text(screen, lines->lines[top->scroll + i], lines->looks[top->scroll + i]);
	free_screen(lines);
}

/*
 * Lays out a screen of this size.  The last line tells the keys.
 */
TopScreen *
lay_out(Top *top, int width, int height)
{
	TopScreen  *screen = make_screen(width, height);

	add_head(screen, top);
	if (top->view == VIEW_ROWS)
		lay_out_rows(screen, top);
	else
		add_text_lines(screen, top);
	while (screen->count < height - 1)
		add_text(screen, "", LOOK_PLAIN);
	add_text(screen, top->view == VIEW_ROWS ? KEYS_OF_ROWS : KEYS_OF_TEXT, LOOK_TITLE);
	return screen;
}

/*
 * Forgets a screen.
 */
void
free_screen(TopScreen *screen)
{
	for (int i = 0; i < screen->count; i++)
		free(screen->lines[i]);
	free(screen->lines);
	free(screen->looks);
	free(screen);
}
