/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  Sends one random stream of statements to two servers, one with clipperf
 *	  and one without, and compares the answers.
 *
 * A round is a new database and some hundred steps over a few sessions.  All
 * steps of a round are made from the seed and the round's number before any of
 * them runs, so that any subset of them can be run again in a new database:
 * that is how a difference is reduced.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libpq-fe.h"

#define SESSIONS		3
#define SIDES			2
#define MAX_TABLES		5

/* A growing string. */
typedef struct Text
{
	char	   *data;
	size_t		length;
	size_t		size;
} Text;

/* How a step is sent. */
typedef enum Op
{
	OP_SIMPLE,					/* simple protocol, any number of statements */
	OP_PARAMS,					/* extended protocol, unnamed */
	OP_PREPARE,					/* a named statement is parsed */
	OP_EXECUTE,					/* a named statement is executed */
	OP_PIPELINE,				/* the values are statements, sent at once */
	OP_WIRE,					/* the value is messages, sent as they are */
	OP_CANCEL,					/* cancelled at a random moment, not compared */
	OP_TERMINATE,				/* backend ended at a random moment, not
								 * compared */
	OP_RECONNECT				/* the connection is closed whatever is open */
} Op;

/* What a step compares. */
typedef enum Judgement
{
	COMPARE_ALL,				/* rows in their order */
	COMPARE_SET,				/* rows in any order */
	COMPARE_STATE,				/* SQLSTATE alone */
} Judgement;

typedef struct Step
{
	int			number;
	int			session;
	Op			op;
	const char *kind;			/* name of its generator */
	char	   *sql;
	char	   *name;			/* of a prepared statement */
	int			nparams;
	Oid		   *types;
	char	  **values;			/* NULL: null */
	int		   *lengths;
	int		   *formats;
	int			result_format;
	bool		single_row;
	int			syncs;			/* of OP_WIRE: how often the server gets ready */
	int			delay;			/* microseconds */
	Judgement	judgement;
} Step;

/* All steps of a round. */
typedef struct Round
{
	uint64_t	seed;
	int			number;
	const char *encoding;
	bool		extension;		/* created in the database of the first server */
	Step	  **steps;
	int			nsteps;
	int			maxsteps;
} Round;

/* A kind of column: its type and an expression for the key of row i. */
typedef struct KeyType
{
	const char *name;
	const char *expression;		/* %s is an integer expression */
	const char *array;			/* name of its array type */
} KeyType;

/* A table as its generators remember it. */
typedef struct Table
{
	const char *name;
	const char *singular;
	const KeyType *key;
	const KeyType *extra;		/* type of column v */
	int			parent;			/* table that PARENT_id refers to, or -1 */
	int			rows;
} Table;

/* The generator of one round. */
typedef struct Maker
{
	Round	   *round;
	Table		tables[MAX_TABLES];
	int			ntables;
	int			names;			/* counter for new names */
	int			session;		/* the session that steps go to */
	const char *kind;
} Maker;

/* A kind of statements; SKIP leaves kinds out by their names. */
typedef struct Kind
{
	const char *name;
	void		(*make) (Maker *maker);
	int			weight;
	bool		skipped;
} Kind;

/* The two servers. */
typedef struct Server
{
	const char *conninfo;
	const char *label;
	PGconn	   *control;
	PGconn	   *sessions[SESSIONS];
} Server;

extern Server servers[SIDES];
extern Kind kinds[];
extern const KeyType key_types[];
extern const int nkey_types;

/* text.c: errors, memory, strings, random numbers */
extern void die(const char *format,...) __attribute__((format(printf, 1, 2), noreturn));
extern void *must_alloc(size_t size);
extern void *must_realloc(void *memory, size_t size);
extern char *must_copy(const char *string);
extern void text_add(Text *text, const char *format,...) __attribute__((format(printf, 2, 3)));
extern void text_add_bytes(Text *text, const void *bytes, size_t length);
extern void text_repeat(Text *text, const char *piece, int times);
extern char *format_text(const char *format,...) __attribute__((format(printf, 1, 2)));
extern void random_start(uint64_t seed, uint64_t stream);
extern int	random_below(int limit);
extern bool one_in(int n);
extern double now_seconds(void);

#define PICK(array)	((array)[random_below((int) (sizeof(array) / sizeof((array)[0])))])

/* step.c: making steps */
extern Step *step_add(Maker *maker, Op op, const char *format,...) __attribute__((format(printf, 3, 4)));
extern Step *step_add_text(Maker *maker, Op op, char *sql);
extern void step_param(Step *step, Oid type, const char *value, int length, int format);
extern void step_print(const Step *step, bool whole);
extern void round_free(Round *round);

/* value.c: literals, casts, keys */
extern void key_add(Text *text, const KeyType *type, const char *row);
extern char *key_of(const KeyType *type, int row);
extern char *any_literal(void);
extern char *cast_chain(const char *type);
extern char *array_chain(const KeyType *type);

/* generate.c: the round */
extern Round *round_make(uint64_t seed, int number);
extern bool kinds_skip(const char *list);
extern void kinds_list(void);
extern const Table *any_table(const Maker *maker);

/* gen_*.c: the kinds */
extern void make_select(Maker *maker);
extern void make_loop(Maker *maker);
extern void make_junk(Maker *maker);
extern void make_write(Maker *maker);
extern void make_function(Maker *maker);
extern void make_cast(Maker *maker);
extern void make_array_cast(Maker *maker);
extern void make_long(Maker *maker);
extern void make_comment(Maker *maker);
extern void make_quoting(Maker *maker);
extern void make_encoding(Maker *maker);
extern void make_params(Maker *maker);
extern void make_many_params(Maker *maker);
extern void make_binary(Maker *maker);
extern void make_prepared(Maker *maker);
extern void make_cursor(Maker *maker);
extern void make_pipeline(Maker *maker);
extern void make_transaction(Maker *maker);
extern void make_multi(Maker *maker);
extern void make_cancel(Maker *maker);
extern void make_terminate(Maker *maker);
extern void make_reconnect(Maker *maker);
extern void make_ddl(Maker *maker);
extern void make_type(Maker *maker);
extern void make_partition(Maker *maker);
extern void make_view(Maker *maker);
extern void make_enum_drop(Maker *maker);
extern void make_stale_plan(Maker *maker);
extern void make_settings(Maker *maker);
extern void make_script(Maker *maker);
extern void make_portal(Maker *maker);
extern void make_smith(Maker *maker);
extern void smith_read(const char *path);

/* session.c: connections and answers */
extern void servers_connect(void);
extern void round_open(const Round *round);
extern bool round_read(void);
extern void round_close(void);
extern char *step_run(const Step *step, int side);

/* wire.c: messages that libpq does not send */
extern void wire_run(PGconn * conn, const Step *step, Text *answer);

/* compare.c: what makes answers equal */
extern void answer_add_message(Text *answer, const char *message);
extern void answer_add_value(Text *answer, const unsigned char *value, int length);
extern void answer_add(Text *answer, const PGresult * result, Judgement judgement);

/* reduce.c: running rounds and reducing them */
extern bool round_show;
extern bool round_run(Round *round, bool quiet, long *counter);
extern void round_reduce(Round *round);

#endif							/* FUZZ_H */
