/*-------------------------------------------------------------------------
 *
 * top.h
 *	  clipperf top: what runs in a database, live.
 *
 * Readings of the server (reading.c) are compared with those before and become a table (table.c), which is laid out as
 * the lines of a screen (layout.c).  All of that knows no terminal: --once writes the lines as they are, and live.c shows
 * them by what terminal.c can do.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_TOP_H
#define CLIENT_TOP_H

#include <stdbool.h>

#include "connection.h"

/* Columns of a pane at most. */
#define TOP_MAX_COLUMNS 10

/* Time between two readings, in seconds: at least and at most. */
#define TOP_LEAST_SECONDS 0.1
#define TOP_MOST_SECONDS 3600.0

/* What a column shows of a field of the server's answer. */
typedef enum ColumnMeasure
{
	MEASURE_TEXT,				/* the field, as text */
	MEASURE_NOW,				/* the field, a number as it is now */
	MEASURE_PER_SECOND,			/* how much the field has grown, per second */
	MEASURE_PER_FIELD			/* the same, per growth of another field */
} ColumnMeasure;

/* A column of a pane.  Its width counts cells; 0 takes what the others leave. */
typedef struct Column
{
	const char *title;			/* also what --sort names */
	int			width;
	ColumnMeasure measure;
	const char *field;
	const char *per;			/* for MEASURE_PER_FIELD */
	double		scale;			/* what numbers are multiplied with */
	const char *meaning;		/* for the help */
} Column;

/* What is told of a row that was opened: see panes.c. */
typedef struct OpenedSection
{
	const char *title;
	const char *query;
} OpenedSection;

/* Sections of an opened row at most, and the end of their list. */
#define TOP_MAX_SECTIONS 8

/* One kind of thing that is shown. */
typedef struct Pane
{
	const char *name;
	const char *title;
	const char *query;			/* a format that takes the schema; its fields
								 * are those of the columns, and key, queryid
								 * and route */
	const OpenedSection *opened[TOP_MAX_SECTIONS];	/* in their order, then
													 * NULL */
	const char *activity;		/* a field that grows when a row did
								 * something; NULL = all fields are of now */
	Column		columns[TOP_MAX_COLUMNS];
} Pane;

/* The panes, in the order of their keys. */
#define TOP_PANES 5
extern const Pane top_panes[TOP_PANES];

/* What the server answered to the query of a pane. */
typedef struct Reading
{
	PGresult   *result;
	int			count;
	int		   *by_key;			/* rows in the order of their keys */
	double		at;				/* seconds, by the server's clock */
	double		since;			/* since when it counts, the same */
	char	   *since_text;
} Reading;

/* A row of a table. */
typedef struct TableRow
{
	int			row;			/* of the last reading */
	double		values[TOP_MAX_COLUMNS];	/* of columns that show numbers */
	const char *texts[TOP_MAX_COLUMNS]; /* of the others; never NULL */
} TableRow;

/* A pane, its last two readings, and what the user chose there. */
typedef struct PaneState
{
	const Pane *pane;
	Reading    *before;			/* NULL = none that can be compared with */
	Reading    *now;			/* NULL = none yet */
	int			sort;			/* a column */
	bool		reversed;
	char	   *chosen;			/* key of the row that is marked; NULL = the
								 * first */
	int			first;			/* row that is shown first */

	TableRow   *rows;			/* what is shown, sorted and filtered */
	int			row_count;
	int			known;			/* rows of the last reading */
	double		seconds;		/* that figures are of */
	bool		is_difference;	/* are they of the time between two readings,
								 * not since the server counts? */
} PaneState;

/* What is shown in place of a pane's rows. */
typedef enum TopView
{
	VIEW_ROWS,
	VIEW_OPENED,				/* a row in full */
	VIEW_HELP
} TopView;

/* All that the screen is made of. */
typedef struct Top
{
	Session    *session;
	PaneState	panes[TOP_PANES];
	PaneState  *current;
	char	   *filter;			/* NULL = none */
	bool		totals;			/* show figures since the server counts */
	bool		live;			/* is a row chosen, and are keys told? */
	double		interval;		/* between two readings, seconds */
	TopView		view;
	bool		edits_filter;
	char	   *opened_key;
	char	   *opened_queryid;
	char	   *opened_route;
	PGresult   *opened;			/* sections of what is opened; NULL = not
								 * answered yet */
	int			scroll;			/* lines of it, or of the help, above the
								 * screen */
	char	   *message;		/* what went wrong; NULL = nothing */
} Top;

/* How a line of the screen looks. */
typedef enum LineLook
{
	LOOK_PLAIN,
	LOOK_TITLE,
	LOOK_HEADING,
	LOOK_CHOSEN,
	LOOK_ALERT
} LineLook;

/* The lines of a screen. */
typedef struct TopScreen
{
	int			width;
	int			height;
	int			count;			/* lines so far, at most the height */
	char	  **lines;
	LineLook   *looks;
} TopScreen;

/* A key that was pressed: a byte, or one of these. */
typedef enum TopKey
{
	TOP_KEY_NONE = 256,
	TOP_KEY_UP,
	TOP_KEY_DOWN,
	TOP_KEY_LEFT,
	TOP_KEY_RIGHT,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_BACK,
	TOP_KEY_BACKSPACE,
	TOP_KEY_TAB,
	TOP_KEY_TAB_BACK,
	TOP_KEY_OTHER				/* one that does nothing */
} TopKey;

/* Runs the command; returns the program's status. */
extern int	run_top(int argc, char **argv);

/* reading.c: makes a reading of an answer, which is its own from then on. */
extern Reading *make_reading(PGresult *result);
extern void free_reading(Reading *reading);

/* The query of a pane, or of what is opened in it. */
extern char *reading_query(const PaneState *state, const char *schema);
extern char *opened_query(const PaneState *state, const char *schema);

/* Takes a new reading: the one that was the last one is what it is compared with. */
extern void take_reading(PaneState *state, Reading *reading);

/* Measures what a row of the last reading shows; false for one that did nothing. */
extern bool measure_row(const PaneState *state, int row, TableRow *shown);

/* table.c: makes the rows that are shown. */
extern void fill_table(Top *top);
extern int	pane_columns(const Pane *pane);

/* Where the chosen row is; -1 = nowhere, as there are none. */
extern int	chosen_row(const PaneState *state);
extern void choose_row(PaneState *state, int row);

/* layout.c: the lines of a screen of this size. */
extern TopScreen *lay_out(Top *top, int width, int height);
extern void free_screen(TopScreen *screen);

/* keys.c: does what a key asks for.  False for the end of the program. */
typedef enum KeyEffect
{
	EFFECT_SHOW,				/* the screen is to be drawn again */
	EFFECT_READ,				/* the server is to be asked at once */
	EFFECT_OPEN,				/* it is to be asked about the opened row */
	EFFECT_REDRAW,				/* the terminal is to be cleared before */
	EFFECT_QUIT
} KeyEffect;
extern KeyEffect press_key(Top *top, int key, int page);

/* live.c: shows the screen until the user wants no more; returns the program's status. */
extern int	run_live(Top *top);

/* terminal.c: the terminal, by curses. */
extern void begin_terminal(void);
extern void end_terminal(void);
extern void terminal_size(int *width, int *height);
extern void resize_terminal(void);
extern void draw_terminal(const TopScreen *screen, bool cleared);
extern int	read_key(void);
extern bool is_terminal_gone(void);

#endif							/* CLIENT_TOP_H */
