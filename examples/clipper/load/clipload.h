/*-------------------------------------------------------------------------
 *
 * clipload.h
 *	  What the parts of the load program share: connections, statements,
 *	  random numbers, latencies and command line helpers.
 *
 * Locking: a Pool is shared by all users' threads and guarded by its own
 * mutex.  A Conn belongs to the thread that took it from the pool until it is
 * given back, so it needs no lock.  Everything else belongs to one thread.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPLOAD_H
#define CLIPLOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#define PROGRAM_NAME	"clipload"

/* How a statement travels: see --protocol. */
typedef enum Protocol
{
	PROTOCOL_PREPARED,			/* one named statement per text and connection */
	PROTOCOL_EXTENDED,			/* parse, bind and execute each time */
	PROTOCOL_SIMPLE				/* parameters written into the text */
} Protocol;

/* Parameters of one statement; a type of 0 leaves it to the server. */
typedef struct Args
{
	int			count;
	const char **values;
	Oid		   *types;
} Args;

/* One connection and the statements prepared on it. */
typedef struct Conn
{
	PGconn	   *pg;
	int			number;			/* position in the pool, from 0 */
	uint64_t   *texts;			/* hashes of the texts prepared so far */
	int			ntexts;
	int			maxtexts;
	struct Conn *next_idle;		/* guarded by the pool's lock */
} Conn;

/* A thread that waits for a connection; lives on that thread's stack. */
typedef struct Waiter
{
	pthread_cond_t ready;
	Conn	   *conn;			/* set by the giver */
	struct Waiter *next;
} Waiter;

/*
 * A pool as Go's pgx or database/sql have it: idle connections last in first
 * out, waiting users first come first served.
 */
typedef struct Pool
{
	Conn	   *conns;
	int			size;
	pthread_mutex_t lock;		/* guards all fields below */
	Conn	   *idle;
	Waiter	   *first_waiter;
	Waiter	   *last_waiter;
} Pool;

/* A small deterministic generator (splitmix64), one per thread. */
typedef struct Random
{
	uint64_t	state;
} Random;

/* Latencies of one kind of request, in milliseconds. */
typedef struct Latencies
{
	float	   *ms;
	size_t		count;
	size_t		space;
} Latencies;

/* A growing string. */
typedef struct Text
{
	char	   *data;
	size_t		length;
	size_t		space;
} Text;

/* util.c */
extern void die(const char *format,...) __attribute__((format(printf, 1, 2), noreturn));
extern void *must_alloc(size_t size);
extern void *must_realloc(void *old, size_t size);
extern char *must_strdup(const char *string);
extern void text_append(Text *text, const char *bytes, size_t length);
extern void text_add(Text *text, const char *string);
extern void text_clear(Text *text);
extern long parse_long(const char *option, const char *value, long min, long max);
extern double parse_double(const char *option, const char *value, double min, double max);
extern Protocol parse_protocol(const char *value);
extern Oid	parse_type(const char *value);
extern double now_ms(void);
extern void sleep_ms(double ms);

/* random.c */
extern void random_seed(Random *random, uint64_t seed);
extern uint64_t random_next(Random *random);
extern double random_unit(Random *random);
extern int	random_below(Random *random, int limit);
extern int	random_zipf(Random *random, int limit);
extern void random_shuffle(Random *random, int *items, int count);

/* stats.c */
extern void latencies_add(Latencies *latencies, double ms);
extern void latencies_merge(Latencies *into, const Latencies *from);
extern void latencies_sort(Latencies *latencies);
extern double latencies_quantile(const Latencies *sorted, double quantile);

/* pool.c */
extern Pool *pool_open(const char *conninfo, int size);
extern void pool_close(Pool *pool);
extern Conn *pool_take(Pool *pool);
extern void pool_give(Pool *pool, Conn *conn);

/* statement.c */
extern PGresult *conn_exec(Conn *conn, Protocol protocol, const char *sql, const Args *args);
extern bool conn_prepare(Conn *conn, const char *sql, const Args *args);
extern bool conn_send(Conn *conn, Protocol protocol, const char *sql, const Args *args);
extern bool result_ok(const PGresult *result);
extern PGresult *must_exec(Conn *conn, Protocol protocol, const char *sql, const Args *args);
extern void must_command(Conn *conn, const char *sql);

/* the modes */
extern int	replay_main(int argc, char **argv);
extern int	loop_main(int argc, char **argv);
extern int	hot_main(int argc, char **argv);

#endif							/* CLIPLOAD_H */
