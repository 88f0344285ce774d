/*-------------------------------------------------------------------------
 *
 * loop_options.c
 *	  The command line of "clipload loop".
 *
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* Values of long options, from where no character is. */
enum
{
	OPT_CONNINFO = 256, OPT_PARENT, OPT_PARENT_ARG, OPT_SERIES, OPT_CHILD,
	OPT_GRANDCHILD, OPT_BIND, OPT_TYPE, OPT_LIST, OPT_ONLY, OPT_PROTOCOL,
	OPT_ORDER, OPT_CONCURRENT, OPT_PIPELINE, OPT_BATCH, OPT_CONNECTIONS,
	OPT_TRANSACTION, OPT_THINK, OPT_CURSOR, OPT_SINGLE_ROW, OPT_KEYSET,
	OPT_REPEAT, OPT_DISTINCT, OPT_COMMENT, OPT_SEED, OPT_HELP
};

static const struct option options[] = {
	{"conninfo", required_argument, NULL, OPT_CONNINFO},
	{"parent", required_argument, NULL, OPT_PARENT},
	{"parent-arg", required_argument, NULL, OPT_PARENT_ARG},
	{"series", required_argument, NULL, OPT_SERIES},
	{"child", required_argument, NULL, OPT_CHILD},
	{"grandchild", required_argument, NULL, OPT_GRANDCHILD},
	{"bind", required_argument, NULL, OPT_BIND},
	{"type", required_argument, NULL, OPT_TYPE},
	{"list", required_argument, NULL, OPT_LIST},
	{"only", required_argument, NULL, OPT_ONLY},
	{"protocol", required_argument, NULL, OPT_PROTOCOL},
	{"order", required_argument, NULL, OPT_ORDER},
	{"concurrent", no_argument, NULL, OPT_CONCURRENT},
	{"pipeline", no_argument, NULL, OPT_PIPELINE},
	{"batch", no_argument, NULL, OPT_BATCH},
	{"connections", required_argument, NULL, OPT_CONNECTIONS},
	{"transaction", no_argument, NULL, OPT_TRANSACTION},
	{"think-ms", required_argument, NULL, OPT_THINK},
	{"cursor", required_argument, NULL, OPT_CURSOR},
	{"single-row", no_argument, NULL, OPT_SINGLE_ROW},
	{"keyset", required_argument, NULL, OPT_KEYSET},
	{"repeat", required_argument, NULL, OPT_REPEAT},
	{"distinct", no_argument, NULL, OPT_DISTINCT},
	{"comment", required_argument, NULL, OPT_COMMENT},
	{"seed", required_argument, NULL, OPT_SEED},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0}
};

static const char *const help =
"clipload loop runs a parent statement and, for its rows, child statements.\n\n"
"Usage:\n  clipload loop --conninfo S (--parent SQL | --series A..B) [OPTION]...\n\n"
"The rows:\n"
"  --conninfo S           connection string\n"
"  --parent SQL           statement whose rows the children follow\n"
"  --parent-arg V         next parameter ($1, $2, ..) of the parent\n"
"  --series A..B          no parent: rows with one column \"n\" from A to B\n"
"\n"
"The children (--bind, --type, --list and --only speak of the one named last):\n"
"  --child SQL            statement to run for each row; may be repeated\n"
"  --grandchild SQL       statement to run for each row of the last --child\n"
"  --bind N=col:NAME      parameter $N is the row's column NAME\n"
"  --bind N=value:TEXT    parameter $N is a constant\n"
"  --type N=TYPE          declare $N (bool, int2, int4, int8, numeric, text,\n"
"                         varchar, uuid, unknown); default unknown; N=0 means\n"
"                         the members of \":list\"\n"
"  --list rows:N:NAME     \":list\" in the text becomes parameters with the column\n"
"                         NAME of N rows at a time (0: of all rows)\n"
"  --list cycle:V1,V2,..  \":list\" becomes the first one, two, .. of the values\n"
"  --only NAME=VALUE      run it for rows whose column NAME has this value only\n"
"\n"
"The way they run:\n"
"  --protocol P           prepared (default), extended or simple\n"
"  --order O              row (default), reverse, random, or pick:N random rows\n"
"  --connections K        take turns over K connections (default 1)\n"
"  --concurrent           issue all children at once over the connections\n"
"  --pipeline             issue all children in one libpq pipeline\n"
"  --batch                run each child once, $N being an array of all values\n"
"  --transaction          one explicit transaction on each connection\n"
"  --think-ms X           wait between children\n"
"  --cursor N             read the parent with a cursor, N rows at a time\n"
"  --single-row           read the parent row by row on the first connection\n"
"                         while the children run on the others\n"
"  --keyset NAME=START    repeat the parent; $1 is START, then column NAME of the\n"
"                         last row\n"
"  --repeat N             do it all N times (default 1)\n"
"  --distinct             run a child once per value of its first column parameter\n"
"  --comment TEXT         append TEXT to every statement\n"
"  --seed N               seed of the random orders (default 1)\n"
"  --help                 show this help\n";

/* The child that --bind and its like speak of, while options are read. */
typedef struct Cursor
{
	Step	   *child;			/* last --child */
	Step	   *current;		/* last --child or --grandchild */
} Cursor;

/*
 * Split "NAME=VALUE"; the returned name is a copy, the value points into the
 * argument.
 */
static char *
split_assignment(const char *option, const char *argument, const char **value)
{
	const char *equals = strchr(argument, '=');
	char	   *name;

	if (equals == NULL || equals == argument)
		die("--%s needs NAME=VALUE, not \"%s\"", option, argument);
	name = must_strdup(argument);
	name[equals - argument] = '\0';
	*value = equals + 1;
	return name;
}

/*
 * The child that an option speaks of, or the end of the program.
 */
static Step *
current_step(Cursor *cursor, const char *option)
{
	if (cursor->current == NULL)
		die("--%s must follow --child or --grandchild", option);
	return cursor->current;
}

/*
 * Append a new child to a list of siblings.
 */
static Step *
append_step(Step **list, const char *sql)
{
	Step	   *step = must_alloc(sizeof(Step));

	step->sql = sql;
	while (*list != NULL)
		list = &(*list)->next;
	*list = step;
	return step;
}

/*
 * --grandchild
 */
static Step *
append_grandchild(Cursor *cursor, const char *sql)
{
	if (cursor->child == NULL)
		die("--grandchild must follow --child");
	return append_step(&cursor->child->children, sql);
}

/*
 * --bind N=col:NAME or N=value:TEXT
 */
static void
parse_bind(Step *step, const char *argument)
{
	const char *source;
	char	   *number = split_assignment("bind", argument, &source);
	long		n = parse_long("bind", number, 1, MAX_BINDS);
	Bind	   *bind = &step->binds[n - 1];

	bind->given = true;
	if (strncmp(source, "col:", 4) == 0)
		bind->column = source + 4;
	else if (strncmp(source, "value:", 6) == 0)
		bind->value = source + 6;
	else
		die("--bind needs N=col:NAME or N=value:TEXT, not \"%s\"", argument);
	if (n > step->nbinds)
		step->nbinds = (int) n;
	free(number);
}

/*
 * --type N=TYPE
 */
static void
parse_parameter_type(Step *step, const char *argument)
{
	const char *type;
	char	   *number = split_assignment("type", argument, &type);
	long		n = parse_long("type", number, 0, MAX_BINDS);

	if (n == 0)
		step->list_type = parse_type(type);
	else
		step->binds[n - 1].type = parse_type(type);
	free(number);
}

/*
 * --list rows:N:NAME
 */
static void
parse_list_rows(Step *step, const char *argument)
{
	const char *colon = strchr(argument, ':');
	char	   *number;

	if (colon == NULL || colon[1] == '\0')
		die("--list needs rows:N:NAME, not \"rows:%s\"", argument);
	number = must_strdup(argument);
	number[colon - argument] = '\0';
	step->list_kind = LIST_ROWS;
	step->list_rows = (int) parse_long("list", number, 0, INT_MAX);
	step->list_column = colon + 1;
	free(number);
}

/*
 * --list cycle:V1,V2,..
 */
static void
parse_list_cycle(Step *step, const char *argument)
{
	char	   *rest = must_strdup(argument);
	char	   *value;

	step->list_kind = LIST_CYCLE;
	while ((value = strsep(&rest, ",")) != NULL)
	{
		step->list_values = must_realloc(step->list_values,
										 (step->list_count + 1) * sizeof(char *));
		step->list_values[step->list_count++] = value;
	}
}

/*
 * --list
 */
static void
parse_list(Step *step, const char *argument)
{
	if (strstr(step->sql, ":list") == NULL)
		die("--list needs \":list\" in the child's text");
	if (strncmp(argument, "rows:", 5) == 0)
		parse_list_rows(step, argument + 5);
	else if (strncmp(argument, "cycle:", 6) == 0)
		parse_list_cycle(step, argument + 6);
	else
		die("--list needs rows:N:NAME or cycle:V1,V2,.., not \"%s\"", argument);
}

/*
 * --series A..B
 */
static void
parse_series(Loop *loop, const char *argument)
{
	char	   *first = must_strdup(argument);
	char	   *dots = strstr(first, "..");

	if (dots == NULL)
		die("--series needs A..B, not \"%s\"", argument);
	*dots = '\0';
	loop->series = true;
	loop->series_first = parse_long("series", first, 0, LONG_MAX);
	loop->series_last = parse_long("series", dots + 2, loop->series_first, LONG_MAX);
	free(first);
}

/*
 * --parent-arg
 */
static void
parse_parent_arg(Loop *loop, const char *value)
{
	Bind	   *bind;

	if (loop->nparent_args == MAX_BINDS)
		die("--parent-arg may be given %d times at most", MAX_BINDS);
	bind = &loop->parent_args[loop->nparent_args++];
	bind->given = true;
	bind->value = value;
}

/*
 * --order
 */
static void
parse_order(Loop *loop, const char *value)
{
	if (strcmp(value, "row") == 0)
		loop->order = ORDER_ROW;
	else if (strcmp(value, "reverse") == 0)
		loop->order = ORDER_REVERSE;
	else if (strcmp(value, "random") == 0)
		loop->order = ORDER_RANDOM;
	else if (strncmp(value, "pick:", 5) == 0)
	{
		loop->order = ORDER_PICK;
		loop->pick = (int) parse_long("order", value + 5, 1, INT_MAX);
	}
	else
		die("--order does not know \"%s\"; try --help", value);
}

/*
 * Choose how the children run; only one way can be chosen.
 */
static void
set_style(Loop *loop, Style style)
{
	if (loop->style != STYLE_LOOP && loop->style != style)
		die("--concurrent, --pipeline and --batch exclude each other");
	loop->style = style;
}

/*
 * Options about the children; false when it is none of them.
 */
static bool
parse_child_option(Loop *loop, Cursor *cursor, int option, const char *value)
{
	Step	   *step;

	switch (option)
	{
		case OPT_CHILD:
			cursor->child = cursor->current = append_step(&loop->children, value);
			return true;
		case OPT_GRANDCHILD:
			cursor->current = append_grandchild(cursor, value);
			return true;
		case OPT_BIND:
			parse_bind(current_step(cursor, "bind"), value);
			return true;
		case OPT_TYPE:
			parse_parameter_type(current_step(cursor, "type"), value);
			return true;
		case OPT_LIST:
			parse_list(current_step(cursor, "list"), value);
			return true;
		case OPT_ONLY:
			step = current_step(cursor, "only");
			step->only_column = split_assignment("only", value, &step->only_value);
			return true;
		default:
			return false;
	}
}

/*
 * Options about the rows; false when it is none of them.
 */
static bool
parse_row_option(Loop *loop, int option, const char *value)
{
	switch (option)
	{
		case OPT_CONNINFO:
			loop->conninfo = value;
			return true;
		case OPT_PARENT:
			loop->parent = value;
			return true;
		case OPT_PARENT_ARG:
			parse_parent_arg(loop, value);
			return true;
		case OPT_SERIES:
			parse_series(loop, value);
			return true;
		case OPT_CURSOR:
			loop->cursor_rows = (int) parse_long("cursor", value, 1, INT_MAX);
			return true;
		case OPT_SINGLE_ROW:
			loop->single_row = true;
			return true;
		case OPT_KEYSET:
			loop->keyset_column = split_assignment("keyset", value, &loop->keyset_start);
			return true;
		default:
			return false;
	}
}

/*
 * Options about the way the children run.
 */
static void
parse_way_option(Loop *loop, int option, const char *value)
{
	switch (option)
	{
		case OPT_PROTOCOL:
			loop->protocol = parse_protocol(value);
			break;
		case OPT_ORDER:
			parse_order(loop, value);
			break;
		case OPT_CONCURRENT:
			set_style(loop, STYLE_CONCURRENT);
			break;
		case OPT_PIPELINE:
			set_style(loop, STYLE_PIPELINE);
			break;
		case OPT_BATCH:
			set_style(loop, STYLE_BATCH);
			break;
		case OPT_CONNECTIONS:
			loop->connections = (int) parse_long("connections", value, 1, 1000);
			break;
		case OPT_TRANSACTION:
			loop->transaction = true;
			break;
		case OPT_THINK:
			loop->think_ms = parse_double("think-ms", value, 0, 3600000);
			break;
		case OPT_REPEAT:
			loop->repeat = (int) parse_long("repeat", value, 1, INT_MAX);
			break;
		case OPT_DISTINCT:
			loop->distinct = true;
			break;
		case OPT_COMMENT:
			loop->comment = value;
			break;
		case OPT_SEED:
			loop->seed = (uint64_t) parse_long("seed", value, 0, LONG_MAX);
			break;
		case OPT_HELP:
			fputs(help, stdout);
			exit(0);
		default:
			die("try \"%s loop --help\"", PROGRAM_NAME);
	}
}

/*
 * Refuse what is missing in one child, its siblings and their children.
 */
static void
check_steps(const Step *step)
{
	for (; step != NULL; step = step->next)
	{
		for (int i = 0; i < step->nbinds; i++)
		{
			if (!step->binds[i].given)
				die("--bind %d=.. is missing for: %s", i + 1, step->sql);
		}
		if (strstr(step->sql, ":list") != NULL && step->list_kind == LIST_NONE)
			die("--list is missing for: %s", step->sql);
		check_steps(step->children);
	}
}

/*
 * Refuse options that are missing or do not go together.
 */
static void
check_options(const Loop *loop)
{
	if (loop->conninfo == NULL)
		die("--conninfo is missing");
	if ((loop->parent == NULL) == !loop->series)
		die("give either --parent or --series");
	if (loop->series && (loop->cursor_rows > 0 || loop->single_row || loop->keyset_column))
		die("--cursor, --single-row and --keyset need --parent");
	if (loop->cursor_rows > 0 && loop->single_row)
		die("--cursor and --single-row exclude each other");
	if (loop->cursor_rows > 0 && loop->nparent_args > 0)
		die("--cursor takes no --parent-arg");
	if (loop->single_row && loop->connections < 2)
		die("--single-row needs at least two --connections");
	if (loop->single_row && loop->style != STYLE_LOOP)
		die("--single-row runs its children one by one");
	check_steps(loop->children);
}

/*
 * Read the command line into a loop, or end the program.
 */
void
loop_parse(Loop *loop, int argc, char **argv)
{
	Cursor		cursor = {NULL, NULL};
	int			option;

	loop->connections = 1;
	loop->repeat = 1;
	loop->seed = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
	{
		if (!parse_child_option(loop, &cursor, option, optarg) &&
			!parse_row_option(loop, option, optarg))
			parse_way_option(loop, option, optarg);
	}
	if (optind < argc)
		die("unexpected argument \"%s\"", argv[optind]);
	check_options(loop);
}
