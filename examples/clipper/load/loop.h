/*-------------------------------------------------------------------------
 *
 * loop.h
 *	  The pattern that "clipload loop" runs: a parent, its children, and how
 *	  they follow each other.  One thread does it all, so nothing is locked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOOP_H
#define LOOP_H

#include "clipload.h"

/* Most parameters that --bind and --parent-arg give to one statement. */
#define MAX_BINDS	16

/* Where the values of ":list" in a child come from. */
typedef enum ListKind
{
	LIST_NONE,
	LIST_ROWS,					/* one column of so many rows at a time */
	LIST_CYCLE					/* 1, 2, .. of some constants, row by row */
} ListKind;

/* One parameter of a statement. */
typedef struct Bind
{
	bool		given;
	const char *column;			/* of the row above, or NULL */
	const char *value;			/* constant */
	Oid			type;
} Bind;

/* A child statement and the children of its rows. */
typedef struct Step
{
	const char *sql;
	Bind		binds[MAX_BINDS];
	int			nbinds;
	ListKind	list_kind;
	const char *list_column;	/* LIST_ROWS */
	int			list_rows;		/* LIST_ROWS: rows at a time */
	char	  **list_values;	/* LIST_CYCLE */
	int			list_count;		/* LIST_CYCLE */
	Oid			list_type;
	char	   *only_column;	/* run for rows with this value only, or NULL */
	const char *only_value;
	char	  **seen;			/* --distinct: values done already */
	int			nseen;
	struct Step *children;
	struct Step *next;			/* sibling */
} Step;

/* In which order the parent's rows are visited. */
typedef enum RowOrder
{
	ORDER_ROW, ORDER_REVERSE, ORDER_RANDOM, ORDER_PICK
} RowOrder;

/* How the children run. */
typedef enum Style
{
	STYLE_LOOP, STYLE_CONCURRENT, STYLE_PIPELINE, STYLE_BATCH
} Style;

/* The whole pattern, and what it has done so far. */
typedef struct Loop
{
	const char *conninfo;
	const char *parent;
	Bind		parent_args[MAX_BINDS];
	int			nparent_args;
	long		series_first;	/* instead of a parent */
	long		series_last;
	bool		series;
	Step	   *children;
	Protocol	protocol;
	RowOrder	order;
	int			pick;
	Style		style;
	int			connections;
	bool		transaction;
	double		think_ms;
	int			cursor_rows;	/* 0: no cursor */
	bool		single_row;
	char	   *keyset_column;	/* NULL: no keyset pagination */
	const char *keyset_start;
	int			repeat;
	bool		distinct;
	const char *comment;		/* appended to each statement, or NULL */
	uint64_t	seed;
	/* state */
	Pool	   *pool;
	Random		random;
	int			next_conn;
	bool		parent_open;	/* connection 0 is busy with the parent */
	long		parents_run;
	long		children_run;
	long		rows_read;
} Loop;

/* loop_options.c */
extern void loop_parse(Loop *loop, int argc, char **argv);

/* loop_bind.c */
extern char *loop_text(const Loop *loop, const Step *step, const char *sql, int list_count);
extern void args_init(Args *args, int count);
extern void args_free(Args *args);
extern void bind_args(Args *args, const Bind *binds, int count, const PGresult *rows, int row);
extern int	list_length(const Step *step, const PGresult *rows, int row);
extern void bind_list(Args *args, const Step *step, const PGresult *rows, int row);
extern char *column_array(const PGresult *rows, const char *column);
extern const char *column_value(const PGresult *rows, int row, const char *column);
extern bool step_wants_row(const Loop *loop, Step *step, const PGresult *rows, int row);

/* loop_async.c */
extern void loop_concurrent(Loop *loop, const PGresult *rows, const int *order, int count);
extern void loop_pipeline(Loop *loop, const PGresult *rows, const int *order, int count);

#endif							/* LOOP_H */
