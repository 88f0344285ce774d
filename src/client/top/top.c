/*-------------------------------------------------------------------------
 *
 * top.c
 *	  clipperf top: what runs in a database, live.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "output.h"
#include "top/cells.h"

/* Seconds between two readings, unless set. */
#define DEFAULT_INTERVAL 2.0

/* The size of a screen that does not tell its own, and the widest that one is made for. */
#define DEFAULT_WIDTH 80
#define DEFAULT_HEIGHT 24
#define MOST_CELLS 10000

/* What the command was asked to do. */
typedef struct TopOptions
{
	ConnectionOptions connection;
	const char *pane;
	const char *sort;
	char	   *filter;
	double		interval;
	bool		once;
	bool		totals;
} TopOptions;

enum
{
	OPTION_ONCE = COMMON_OPTION_END,
	OPTION_PANE,
	OPTION_SORT,
	OPTION_FILTER,
	OPTION_INTERVAL,
	OPTION_TOTALS
};

static const struct option long_options[] = {
	COMMON_LONG_OPTIONS,
	{"once", no_argument, NULL, OPTION_ONCE},
	{"pane", required_argument, NULL, OPTION_PANE},
	{"sort", required_argument, NULL, OPTION_SORT},
	{"filter", required_argument, NULL, OPTION_FILTER},
	{"interval", required_argument, NULL, OPTION_INTERVAL},
	{"totals", no_argument, NULL, OPTION_TOTALS},
	{NULL, 0, NULL, 0}
};

/*
 * Prints the command's help.
 */
static void
print_top_help(void)
{
	printf("clipperf top shows what runs in a database, live.\n\n"
		   "Usage:\n"
		   "  clipperf top [OPTION]... [DBNAME]\n\n"
		   "What is shown:\n"
		   "      --pane=NAME           begin with routes (default), statements, waits,\n"
		   "                            activity or jobs\n"
		   "      --sort=COLUMN         sort by this column of it\n"
		   "      --filter=TEXT         show rows that contain this text\n"
		   "      --interval=SECONDS    time between two readings (default 2)\n"
		   "      --totals              show all that was counted, in place of what is new\n"
		   "                            since the last reading\n\n"
		   "Output:\n"
		   "      --once                write one screen to standard output, then exit\n");
	print_common_help();
	printf("\nh shows the keys, and what the columns mean.  The exit status is 0 if the user\n"
		   "ended it, and 2 if nothing could be shown, or it was interrupted.\n");
}

/*
 * Reads the time between two readings.
 */
static double
take_interval(const char *argument)
{
	char	   *end;
	double		seconds = strtod(argument, &end);

	if (end == argument || *end != '\0' || !(seconds >= TOP_LEAST_SECONDS && seconds <= TOP_MOST_SECONDS))
	{
		print_error("invalid value \"%s\" for option --interval", argument);
		print_detail("It must be a number of seconds from %g to %g.", TOP_LEAST_SECONDS, TOP_MOST_SECONDS);
		fatal_usage("top");
	}
	return seconds;
}

/*
 * Reads the command line.
 */
static void
read_top_options(int argc, char **argv, TopOptions *options)
{
	int			option;

	while ((option = next_option(argc, argv, COMMON_SHORT_OPTIONS, long_options)) != -1)
	{
		switch (option)
		{
			case OPTION_ONCE:
				options->once = true;
				break;
			case OPTION_PANE:
				options->pane = optarg;
				break;
			case OPTION_SORT:
				options->sort = optarg;
				break;
			case OPTION_FILTER:
				options->filter = optarg[0] != '\0' ? optarg : NULL;
				break;
			case OPTION_INTERVAL:
				options->interval = take_interval(optarg);
				break;
			case OPTION_TOTALS:
				options->totals = true;
				break;
			default:
				if (!take_common_option(option, &options->connection, print_top_help))
					fatal_usage("top");
		}
	}
	take_database(argc, argv, "top", &options->connection);
}

/*
 * Ends the program for a name that there is none of, and says which there are.
 */
static void
fail_name(const char *kind, const char *name, const StringList *names)
{
	char	   *all = copy_string("");

	for (int i = 0; i < names->count; i++)
		all = format_string("%s%s%s", all, i > 0 ? ", " : "", names->items[i]);
	print_error("unrecognized %s: \"%s\"", kind, name);
	print_detail("The %ss are %s.", kind, all);
	fatal_usage("top");
}

/*
 * The pane that options ask for, sorted as they ask for.
 */
static PaneState *
choose_pane(Top *top, const TopOptions *options)
{
	PaneState  *state = NULL;
	StringList	names = {0};

	for (int i = 0; i < TOP_PANES && state == NULL; i++)
	{
		if (options->pane == NULL || strcmp(top_panes[i].name, options->pane) == 0)
			state = &top->panes[i];
		list_add(&names, top_panes[i].name);
	}
	if (state == NULL)
		fail_name("pane", options->pane, &names);
	if (options->sort == NULL)
		return state;

	names.count = 0;
	for (int i = 0; i < pane_columns(state->pane); i++)
	{
		state->sort = i;
		if (strcmp(state->pane->columns[i].title, options->sort) == 0)
			return state;
		list_add(&names, state->pane->columns[i].title);
	}
	fail_name("column", options->sort, &names);
	return NULL;
}

/*
 * Asks for a reading of the current pane, and ends the program where that fails.
 */
static void
read_now(Top *top)
{
	char	   *query = reading_query(top->current, top->session->schema);

	take_reading(top->current, make_reading(run_query(top->session, query, 0, NULL)));
	free(query);
}

/*
 * A size of the screen: the environment's, as scripts and tests set it, else the terminal's, else the usual one.
 */
static int
size_of(const char *variable, int of_terminal, int usual)
{
	const char *set = getenv(variable);
	int			size = set ? atoi(set) : 0;

	if (size <= 0)
		size = of_terminal > 0 ? of_terminal : usual;
	return size < MOST_CELLS ? size : MOST_CELLS;
}

/*
 * Writes one screen, without the line that tells the keys, and without blanks at the ends of lines.
 */
static void
write_screen(Top *top)
{
	struct winsize size = {0};
	Output		output;
	TopScreen  *screen;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		size.ws_col = size.ws_row = 0;
	screen = lay_out(top, size_of("COLUMNS", size.ws_col, DEFAULT_WIDTH), size_of("LINES", size.ws_row, DEFAULT_HEIGHT));
	begin_output(&output);
	for (int i = 0; i < screen->count - 1; i++)
	{
		int			length = strlen(screen->lines[i]);

		while (length > 0 && screen->lines[i][length - 1] == ' ')
			length--;
		if (length > 0)
			fprintf(output.stream, "%.*s\n", length, screen->lines[i]);
	}
	free_screen(screen);
	finish_output(&output, NULL);
}

/*
 * Writes one screen: of what is new in the time between two readings, where that is what the pane shows.
 */
static int
write_once(Top *top)
{
	struct timespec interval = {.tv_sec = (time_t) top->interval};

	interval.tv_nsec = (long) ((top->interval - (double) interval.tv_sec) * 1e9);
	if (!top->totals && top->current->pane->activity != NULL)
	{
		while (nanosleep(&interval, &interval) != 0 && errno == EINTR)
			;
		read_now(top);
	}
	fill_table(top);
	write_screen(top);
	return EXIT_FINE;
}

/*
 * Runs the command.
 */
int
run_top(int argc, char **argv)
{
	TopOptions	options = {.interval = DEFAULT_INTERVAL};
	Top			top = {0};
	int			status;

	read_top_options(argc, argv, &options);
	for (int i = 0; i < TOP_PANES; i++)
		top.panes[i].pane = &top_panes[i];
	top.current = choose_pane(&top, &options);
	top.filter = options.filter ? copy_string(options.filter) : NULL;
	top.interval = options.interval;
	top.totals = options.totals;
	top.live = !options.once;
	begin_cells();

	top.session = open_session(&options.connection);
	read_now(&top);
	status = options.once ? write_once(&top) : run_live(&top);
	close_session(top.session);
	return status;
}
