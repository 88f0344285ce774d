/*-------------------------------------------------------------------------
 *
 * replay_session.c
 *	  One user's statements, transactions and choices.
 *
 * A statement takes a connection from the pool and gives it back at once, as
 * Go's pools do; in a transaction the request keeps its connection.
 *
 *-------------------------------------------------------------------------
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

/* Most parameters of one of Clipper's statements. */
#define MAX_PARAMETERS	8

/* Errors that are printed; all are counted. */
#define PRINTED_ERRORS	5

/*
 * Count an error, print the first few, and let the rest of the request do
 * nothing.  A broken connection is opened again.
 */
static void
statement_failed(Session *session, Conn *conn, const char *sql)
{
	session->failed = true;
	if (atomic_fetch_add(&session->replay->errors, 1) < PRINTED_ERRORS)
		fprintf(stderr, "%s: warning: %sin statement: %s\n", PROGRAM_NAME,
				PQerrorMessage(conn->pg), sql);
	if (PQstatus(conn->pg) == CONNECTION_BAD)
	{
		PQreset(conn->pg);
		conn->ntexts = 0;
	}
}

/*
 * Run a statement over a connection; NULL when it fails.
 */
static PGresult *
run_on(Session *session, Conn *conn, const char *sql, const Args *args)
{
	PGresult   *result = conn_exec(conn, session->replay->protocol, sql, args);

	session->statements++;
	if (result_ok(result))
		return result;
	statement_failed(session, conn, sql);
	PQclear(result);
	return NULL;
}

/*
 * Add the trace of the request to the comment: a W3C traceparent.
 */
static void
add_trace(Session *session)
{
	char		trace[96];

	snprintf(trace, sizeof(trace), ",traceparent='00-%016llx%016llx-%016llx-01'",
			 (unsigned long long) session->replay->seed + 1,
			 (unsigned long long) session->number,
			 (unsigned long long) session->statements + 1);
	text_add(&session->sql, trace);
}

/*
 * Run a statement with the endpoint's route in a comment, over the
 * transaction's connection or any of the pool.
 */
static PGresult *
run_routed(Session *session, const char *sql, const Args *args)
{
	Conn	   *conn = session->held;
	PGresult   *result;

	text_clear(&session->sql);
	text_add(&session->sql, sql);
	text_add(&session->sql, " /*route='/");
	text_add(&session->sql, session->endpoint->name);
	text_add(&session->sql, "'");
	if (session->replay->traces)
		add_trace(session);
	text_add(&session->sql, "*/");
	if (conn == NULL)
		conn = pool_take(session->replay->pool);
	result = run_on(session, conn, session->sql.data, args);
	if (session->held == NULL)
		pool_give(session->replay->pool, conn);
	return result;
}

/*
 * Run a statement with its parameters.  Once a statement of a request has
 * failed, the others return NULL, which libpq takes for an empty result.
 */
static PGresult *
query_args(Session *session, const char *sql, int count, va_list list)
{
	const char *values[MAX_PARAMETERS];
	Oid			types[MAX_PARAMETERS] = {0};
	Args		args = {count, values, types};

	if (session->failed)
		return NULL;
	for (int i = 0; i < count; i++)
		values[i] = va_arg(list, const char *);
	return run_routed(session, sql, &args);
}

/*
 * Run a statement with so many parameters; the caller clears the result.
 */
PGresult *
query(Session *session, const char *sql, int count,...)
{
	PGresult   *result;
	va_list		list;

	va_start(list, count);
	result = query_args(session, sql, count, list);
	va_end(list);
	return result;
}

/*
 * Run a statement whose result is of no interest.
 */
void
command(Session *session, const char *sql, int count,...)
{
	va_list		list;

	va_start(list, count);
	PQclear(query_args(session, sql, count, list));
	va_end(list);
}

/*
 * Begin a transaction and keep its connection.
 */
void
begin(Session *session)
{
	Args		none = {0};

	session->held = pool_take(session->replay->pool);
	PQclear(run_on(session, session->held, "BEGIN", &none));
}

/*
 * End the transaction, by rollback if a statement has failed, and give its
 * connection back.
 */
void
commit(Session *session)
{
	Args		none = {0};

	PQclear(run_on(session, session->held, session->failed ? "ROLLBACK" : "COMMIT", &none));
	pool_give(session->replay->pool, session->held);
	session->held = NULL;
}

/*
 * A field as text; an empty one of an empty result.
 */
const char *
value_of(const PGresult *rows, int row, int column)
{
	return row < PQntuples(rows) ? PQgetvalue(rows, row, column) : "";
}

/*
 * The first column of one of the popular items, by Zipf's law.
 */
const char *
popular(Session *session, const PGresult *items)
{
	return value_of(items, random_zipf(&session->random, PQntuples(items)), 0);
}

/*
 * A column of ids as an array's text; the caller frees it.
 */
char *
array_of(const PGresult *rows, int column)
{
	Text		text = {0};

	text_add(&text, "{");
	for (int row = 0; row < PQntuples(rows); row++)
	{
		text_add(&text, row > 0 ? "," : "");
		text_add(&text, PQgetvalue(rows, row, column));
	}
	text_add(&text, "}");
	return text.data;
}

/*
 * True with a probability (0..1).
 */
bool
chance(Session *session, double probability)
{
	return random_unit(&session->random) < probability;
}

/*
 * Read one part of the catalogue, which must not be empty.
 */
static PGresult *
catalogue_part(Conn *conn, const char *what, const char *sql)
{
	Args		none = {0};
	PGresult   *rows = must_exec(conn, PROTOCOL_SIMPLE, sql, &none);

	if (PQntuples(rows) == 0)
		die("there are no %s; load Clipper's data first", what);
	return rows;
}

/*
 * Learn what there is to choose from.  This is the load's business and not
 * the application's, so it is kept out of the profile where the role may.
 */
void
catalogue_load(Replay *replay)
{
	Pool	   *pool = pool_open(replay->conninfo, 1);
	Conn	   *conn = &pool->conns[0];
	Catalogue  *catalogue = &replay->catalogue;
	Args		none = {0};

	PQclear(conn_exec(conn, PROTOCOL_SIMPLE, "SET clipperf.enabled = off", &none));
	catalogue->users = catalogue_part(conn, "users",
									  "SELECT id FROM users ORDER BY karma_points DESC, id LIMIT 10000");
	catalogue->clips = catalogue_part(conn, "clips",
									  "SELECT id FROM clips WHERE is_removed = false "
									  "ORDER BY vote_score DESC, id LIMIT 20000");
	catalogue->games = catalogue_part(conn, "games",
									  "SELECT game_id FROM clips WHERE game_id IS NOT NULL "
									  "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 200");
	catalogue->broadcasters = catalogue_part(conn, "broadcasters",
											 "SELECT broadcaster_id FROM clips WHERE broadcaster_id IS NOT NULL "
											 "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 500");
	catalogue->tags = catalogue_part(conn, "tags",
									 "SELECT id FROM tags ORDER BY usage_count DESC, id LIMIT 200");
	catalogue->languages = catalogue_part(conn, "languages",
										  "SELECT language FROM clips WHERE language IS NOT NULL "
										  "GROUP BY 1 ORDER BY count(*) DESC, 1");
	catalogue->words = catalogue_part(conn, "titles",
									  "SELECT word FROM (SELECT regexp_split_to_table(lower(title), '\\W+') AS word "
									  "FROM (SELECT title FROM clips LIMIT 5000) AS some_clips) AS words "
									  "WHERE length(word) > 3 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 300");
	catalogue->newest = catalogue_part(conn, "clips", "SELECT max(created_at) FROM clips");
	pool_close(pool);
}

/*
 * Forget the catalogue.
 */
void
catalogue_free(Replay *replay)
{
	PQclear(replay->catalogue.users);
	PQclear(replay->catalogue.clips);
	PQclear(replay->catalogue.games);
	PQclear(replay->catalogue.broadcasters);
	PQclear(replay->catalogue.tags);
	PQclear(replay->catalogue.languages);
	PQclear(replay->catalogue.words);
	PQclear(replay->catalogue.newest);
}
