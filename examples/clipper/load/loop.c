/*-------------------------------------------------------------------------
 *
 * loop.c
 *	  "clipload loop": one pattern of a parent statement and its children.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

static void run_steps(Loop *loop, Step *steps, const PGresult *rows, int row);

/*
 * The connection of the next statement; while the parent is being read on the
 * first one, only the others take turns.
 */
static Conn *
next_conn(Loop *loop)
{
	int			first = loop->parent_open ? 1 : 0;
	int			turns = loop->pool->size - first;

	return &loop->pool->conns[first + loop->next_conn++ % turns];
}

/*
 * Run a child with its parameters, then the children of its rows.
 */
static void
run_child(Loop *loop, Step *step, const char *sql, const Args *args)
{
	PGresult   *result = must_exec(next_conn(loop), loop->protocol, sql, args);

	loop->children_run++;
	loop->rows_read += PQntuples(result);
	for (int row = 0; step->children != NULL && row < PQntuples(result); row++)
		run_steps(loop, step->children, result, row);
	PQclear(result);
	sleep_ms(loop->think_ms);
}

/*
 * Run a child for one row.
 */
static void
run_step(Loop *loop, Step *step, const PGresult *rows, int row)
{
	int			members = step->list_kind == LIST_NONE ? 0 : list_length(step, rows, row);
	char	   *sql = loop_text(loop, step, step->sql, members);
	Args		args;

	args_init(&args, step->nbinds + members);
	bind_args(&args, step->binds, step->nbinds, rows, row);
	bind_list(&args, step, rows, row);
	run_child(loop, step, sql, &args);
	args_free(&args);
	free(sql);
}

/*
 * Run the children of one row.
 */
static void
run_steps(Loop *loop, Step *steps, const PGresult *rows, int row)
{
	for (Step *step = steps; step != NULL; step = step->next)
	{
		if (step_wants_row(loop, step, rows, row))
			run_step(loop, step, rows, row);
	}
}

/*
 * Run each child once, with arrays of all rows' values.
 */
static void
run_batches(Loop *loop, const PGresult *rows)
{
	for (Step *step = loop->children; step != NULL; step = step->next)
	{
		char	   *sql = loop_text(loop, step, step->sql, 0);
		char	   *arrays[MAX_BINDS] = {NULL};
		Args		args;

		args_init(&args, step->nbinds);
		for (int i = 0; i < step->nbinds; i++)
		{
			if (step->binds[i].column != NULL)
				arrays[i] = column_array(rows, step->binds[i].column);
			args.values[i] = arrays[i] ? arrays[i] : step->binds[i].value;
		}
		run_child(loop, step, sql, &args);
		for (int i = 0; i < step->nbinds; i++)
			free(arrays[i]);
		args_free(&args);
		free(sql);
	}
}

/*
 * The rows to visit, in the order of --order; sets their number.
 */
static int *
make_order(Loop *loop, int rows, int *count)
{
	int		   *order = must_alloc(rows * sizeof(int));

	for (int i = 0; i < rows; i++)
		order[i] = loop->order == ORDER_REVERSE ? rows - 1 - i : i;
	if (loop->order == ORDER_RANDOM || loop->order == ORDER_PICK)
		random_shuffle(&loop->random, order, rows);
	*count = loop->order == ORDER_PICK && loop->pick < rows ? loop->pick : rows;
	return order;
}

/*
 * Run the children of a set of rows, in the chosen style.
 */
static void
run_rows(Loop *loop, const PGresult *rows)
{
	int			count;
	int		   *order = make_order(loop, PQntuples(rows), &count);

	loop->rows_read += PQntuples(rows);
	if (loop->style == STYLE_BATCH)
		run_batches(loop, rows);
	else if (loop->style == STYLE_CONCURRENT)
		loop_concurrent(loop, rows, order, count);
	else if (loop->style == STYLE_PIPELINE)
		loop_pipeline(loop, rows, order, count);
	else
	{
		for (int i = 0; i < count; i++)
			run_steps(loop, loop->children, rows, order[i]);
	}
	free(order);
}

/*
 * Rows with one column "n", as if a cache had held them.
 */
static PGresult *
make_series(const Loop *loop)
{
	PGresult   *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc column = {.name = (char *) "n"};
	char		value[32];

	if (rows == NULL || !PQsetResultAttrs(rows, 1, &column))
		die("out of memory");
	for (long n = loop->series_first; n <= loop->series_last; n++)
	{
		snprintf(value, sizeof(value), "%ld", n);
		if (!PQsetvalue(rows, (int) (n - loop->series_first), 0, value, (int) strlen(value)))
			die("out of memory");
	}
	return rows;
}

/*
 * The parent's parameters; the caller frees them.
 */
static void
parent_args(const Loop *loop, Args *args)
{
	args_init(args, loop->nparent_args);
	bind_args(args, loop->parent_args, loop->nparent_args, NULL, 0);
}

/*
 * Read the parent whole, then run the children.
 */
static void
run_whole(Loop *loop, const char *sql)
{
	PGresult   *rows;
	Args		args;

	parent_args(loop, &args);
	rows = must_exec(next_conn(loop), loop->protocol, sql, &args);
	loop->parents_run++;
	run_rows(loop, rows);
	PQclear(rows);
	args_free(&args);
}

/*
 * Read the parent through a cursor on the first connection and run the
 * children between the fetches.  Opens a transaction of its own unless there
 * is one.
 */
static void
run_cursor(Loop *loop, const char *sql)
{
	Conn	   *conn = &loop->pool->conns[0];
	Args		none = {0};
	Text		declare = {0};
	char		fetch[64];
	int			fetched;

	snprintf(fetch, sizeof(fetch), "FETCH %d FROM clipload_parent", loop->cursor_rows);
	text_add(&declare, "DECLARE clipload_parent CURSOR FOR ");
	text_add(&declare, sql);
	if (!loop->transaction)
		must_command(conn, "BEGIN");
	must_command(conn, declare.data);
	loop->parents_run++;
	do
	{
		PGresult   *rows = must_exec(conn, loop->protocol, fetch, &none);

		fetched = PQntuples(rows);
		run_rows(loop, rows);
		PQclear(rows);
	} while (fetched == loop->cursor_rows);
	must_command(conn, "CLOSE clipload_parent");
	if (!loop->transaction)
		must_command(conn, "COMMIT");
	free(declare.data);
}

/*
 * Read the parent row by row on the first connection while the children run
 * on the others.
 */
static void
run_single_row(Loop *loop, const char *sql)
{
	Conn	   *conn = &loop->pool->conns[0];
	PGresult   *row;
	Args		args;

	parent_args(loop, &args);
	if (!conn_send(conn, loop->protocol, sql, &args) || !PQsetSingleRowMode(conn->pg))
		die("%s", PQerrorMessage(conn->pg));
	loop->parent_open = true;
	loop->parents_run++;
	while ((row = PQgetResult(conn->pg)) != NULL)
	{
		if (!result_ok(row))
			die("%sin statement: %s", PQerrorMessage(conn->pg), sql);
		run_rows(loop, row);
		PQclear(row);
	}
	loop->parent_open = false;
	args_free(&args);
}

/*
 * Read page after page, each beginning after the last row of the one before.
 */
static void
run_keyset(Loop *loop, const char *sql)
{
	char	   *start = must_strdup(loop->keyset_start);
	PGresult   *rows;
	Args		args;
	int			last;

	do
	{
		args_init(&args, 1);
		args.values[0] = start;
		rows = must_exec(next_conn(loop), loop->protocol, sql, &args);
		run_rows(loop, rows);
		last = PQntuples(rows) - 1;
		free(start);
		start = must_strdup(last < 0 ? "" : column_value(rows, last, loop->keyset_column));
		PQclear(rows);
		args_free(&args);
		loop->parents_run++;
	} while (last >= 0);
	free(start);
}

/*
 * Run the parent, or what stands for it, and the children.
 */
static void
run_once(Loop *loop)
{
	PGresult   *rows;
	char	   *sql;

	if (loop->series)
	{
		rows = make_series(loop);
		run_rows(loop, rows);
		PQclear(rows);
		return;
	}
	sql = loop_text(loop, NULL, loop->parent, 0);
	if (loop->keyset_column != NULL)
		run_keyset(loop, sql);
	else if (loop->cursor_rows > 0)
		run_cursor(loop, sql);
	else if (loop->single_row)
		run_single_row(loop, sql);
	else
		run_whole(loop, sql);
	free(sql);
}

/*
 * Send a command to every connection.
 */
static void
command_all(Loop *loop, const char *sql)
{
	for (int i = 0; i < loop->pool->size; i++)
		must_command(&loop->pool->conns[i], sql);
}

/*
 * Forget what --distinct has seen, for the next time.
 */
static void
forget_seen(Step *steps)
{
	for (Step *step = steps; step != NULL; step = step->next)
	{
		for (int i = 0; i < step->nseen; i++)
			free(step->seen[i]);
		step->nseen = 0;
		forget_seen(step->children);
	}
}

/*
 * The mode's main program.
 */
int
loop_main(int argc, char **argv)
{
	Loop		loop = {0};
	double		start;

	loop_parse(&loop, argc, argv);
	random_seed(&loop.random, loop.seed);
	loop.pool = pool_open(loop.conninfo, loop.connections);
	start = now_ms();
	for (int i = 0; i < loop.repeat; i++)
	{
		if (loop.transaction)
			command_all(&loop, "BEGIN");
		run_once(&loop);
		if (loop.transaction)
			command_all(&loop, "COMMIT");
		forget_seen(loop.children);
	}
	printf("parents %ld, children %ld, rows %ld, %.1f ms\n", loop.parents_run,
		   loop.children_run, loop.rows_read, now_ms() - start);
	pool_close(loop.pool);
	return 0;
}
