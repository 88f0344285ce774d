/*-------------------------------------------------------------------------
 *
 * terminal.c
 *	  The terminal of clipperf top, by curses.
 *
 * Without the headers of curses there is no terminal: the command is built, and says so when one is wanted.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <stdlib.h>

#include "message.h"

#ifdef HAVE_CURSES

#include <curses.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * How long to wait for the rest of a key that is sent as several bytes, in milliseconds: they may arrive apart over a slow
 * connection.
 */
#define KEY_DELAY_MS 200

/* Numbers of pairs of colors. */
enum
{
	PAIR_TITLE = 1,
	PAIR_HEADING,
	PAIR_ALERT
};

static SCREEN * terminal;
static bool in_color;

/*
 * Gives the terminal back as it was; does nothing where it is so already.
 */
void
end_terminal(void)
{
	if (terminal != NULL && !isendwin())
		endwin();
}

/*
 * Chooses colors, where the terminal has some and the user wants them.
 */
static void
begin_colors(void)
{
	const char *no_color = getenv("NO_COLOR");

	in_color = (no_color == NULL || no_color[0] == '\0') && has_colors() && start_color() == OK;
	if (!in_color)
		return;
	use_default_colors();
	init_pair(PAIR_TITLE, COLOR_CYAN, -1);
	init_pair(PAIR_HEADING, COLOR_GREEN, -1);
	init_pair(PAIR_ALERT, COLOR_RED, -1);
}

/*
 * Begins to use the terminal; ends the program where it cannot be used.
 */
void
begin_terminal(void)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
	{
		print_error("standard input and output must be a terminal");
		print_hint("Use \"clipperf top --once\" in scripts.");
		exit(EXIT_TROUBLE);
	}
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL || tigetstr("cup") == NULL)
	{
		end_terminal();
		print_error("terminal \"%s\" is not known, or cannot move its cursor", name ? name : "");
		print_hint("Set TERM, as in TERM=xterm or TERM=vt100, or use \"clipperf top --once\".");
		exit(EXIT_TROUBLE);
	}
	atexit(end_terminal);
	begin_colors();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(KEY_DELAY_MS);
	curs_set(0);
}

/*
 * How large the terminal is.
 */
void
terminal_size(int *width, int *height)
{
	getmaxyx(stdscr, *height, *width);
}

/*
 * Takes the size that the terminal has now.
 */
void
resize_terminal(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
}

/*
 * The attributes of a line.  A chosen one is reversed, and titles are bold, on terminals that have that.
 */
static attr_t
attributes_of(LineLook look)
{
	switch (look)
	{
		case LOOK_TITLE:
			return A_BOLD | (in_color ? COLOR_PAIR(PAIR_TITLE) : 0);
		case LOOK_HEADING:
			return A_BOLD | (in_color ? COLOR_PAIR(PAIR_HEADING) : 0);
		case LOOK_CHOSEN:
			return A_REVERSE;
		case LOOK_ALERT:
			return A_BOLD | (in_color ? COLOR_PAIR(PAIR_ALERT) : A_REVERSE);
		default:
			return A_NORMAL;
	}
}

/*
 * Draws a screen: what has changed of it, or all.
 */
void
draw_terminal(const TopScreen *screen, bool cleared)
{
	if (cleared)
		clearok(stdscr, TRUE);
	erase();
	for (int i = 0; i < screen->count; i++)
	{
		attrset(attributes_of(screen->looks[i]));
		mvaddstr(i, 0, screen->lines[i]);
	}
	attrset(A_NORMAL);
	refresh();
}

/*
 * Is the terminal gone?  To be asked where there was nothing to read although it said that there was.
 */
bool
is_terminal_gone(void)
{
	int			bytes;

	return ioctl(STDIN_FILENO, FIONREAD, &bytes) != 0 || bytes == 0;
}

/*
 * Reads a key; TOP_KEY_NONE where none was pressed.
 */
int
read_key(void)
{
	static const struct
	{
		int			code;
		TopKey		key;
	}			keys[] = {
		{KEY_UP, TOP_KEY_UP}, {KEY_DOWN, TOP_KEY_DOWN}, {KEY_LEFT, TOP_KEY_LEFT}, {KEY_RIGHT, TOP_KEY_RIGHT},
		{KEY_PPAGE, TOP_KEY_PAGE_UP}, {KEY_NPAGE, TOP_KEY_PAGE_DOWN}, {KEY_HOME, TOP_KEY_HOME}, {KEY_END, TOP_KEY_END},
		{KEY_ENTER, TOP_KEY_ENTER}, {'\r', TOP_KEY_ENTER}, {'\n', TOP_KEY_ENTER}, {0x1B, TOP_KEY_BACK},
		{KEY_BACKSPACE, TOP_KEY_BACKSPACE}, {'\b', TOP_KEY_BACKSPACE}, {0x7F, TOP_KEY_BACKSPACE},
		{'\t', TOP_KEY_TAB}, {KEY_BTAB, TOP_KEY_TAB_BACK}
	};
	int			code = getch();

	if (code == ERR)
		return TOP_KEY_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		if (keys[i].code == code)
			return keys[i].key;
	}
	return code < TOP_KEY_NONE ? code : TOP_KEY_OTHER;
}

#else							/* !HAVE_CURSES */

/*
 * Ends the program: there is nothing to show anything by.
 */
void
begin_terminal(void)
{
	print_error("this command was built without curses, and cannot show anything live");
	print_hint("Use \"clipperf top --once\"; or install the headers of ncurses (libncurses-dev), and build clipperf again.");
	exit(EXIT_TROUBLE);
}

/*
 * The rest is not called, as begin_terminal() does not return: there is no terminal to give back.
 */
void
end_terminal(void)
{
}

/*
 * It has no size.
 */
void
terminal_size(int *width, int *height)
{
	*width = *height = 0;
}

/*
 * It takes none.
 */
void
resize_terminal(void)
{
}

/*
 * It shows nothing.
 */
void
draw_terminal(const TopScreen *screen __attribute__((unused)), bool cleared __attribute__((unused)))
{
}

/*
 * It has no keys.
 */
int
read_key(void)
{
	return TOP_KEY_NONE;
}

/*
 * It is not there.
 */
bool
is_terminal_gone(void)
{
	return true;
}

#endif							/* HAVE_CURSES */
