/*-------------------------------------------------------------------------
 *
 * session.c
 *	  Connections to the two servers, and running a step on one of them.
 *
 *-------------------------------------------------------------------------
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* How often a connection is tried, ten times a second, while a server recovers. */
#define CONNECT_TRIES	1200

/* How often a statement of our own is tried, on a new connection each time. */
#define CONTROL_TRIES	3

Server		servers[SIDES];

static char database[64];

/*
 * Notices are not compared.
 */
static void
ignore_notice(void *arg, const PGresult * result)
{
	(void) arg;
	(void) result;
}

/*
 * Connect to a database of a server, waiting while it recovers.
 */
static PGconn *
connect_to(const Server *server, const char *name)
{
	const char *keywords[] = {"dbname", "dbname", "client_encoding", NULL};
	const char *values[] = {server->conninfo, name, NULL, NULL};
	PGconn	   *conn = NULL;

	for (int try = 0; try < CONNECT_TRIES; try++)
	{
		conn = PQconnectdbParams(keywords, values, 1);
		if (PQstatus(conn) == CONNECTION_OK)
		{
			PQsetNoticeReceiver(conn, ignore_notice, NULL);
			return conn;
		}
		if (try + 1 < CONNECT_TRIES)
			PQfinish(conn);
		usleep(100000);
	}
	die("cannot connect to the server %s: %s", server->label, PQerrorMessage(conn));
}

/*
 * Run a statement of our own on the control connection, which a crash may have
 * cut.
 */
static void
control(Server *server, const char *sql)
{
	char	   *message = NULL;

	for (int try = 0; try < CONTROL_TRIES; try++)
	{
		PGresult   *result = PQexec(server->control, sql);
		ExecStatusType status = PQresultStatus(result);

		PQclear(result);
		if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
		{
			free(message);
			return;
		}
		free(message);
		message = must_copy(PQerrorMessage(server->control));
		PQfinish(server->control);
		server->control = connect_to(server, "postgres");
	}
	die("server %s: %s: %s", server->label, sql, message);
}

/*
 * Connect to both servers.
 */
void
servers_connect(void)
{
	for (int side = 0; side < SIDES; side++)
		servers[side].control = connect_to(&servers[side], "postgres");
}

/*
 * Make the databases of a round and connect its sessions.
 */
void
round_open(const Round *round)
{
	char	   *create;
	char	   *drop;

	snprintf(database, sizeof(database), "fuzz_%d", round->number);
	create = format_text("CREATE DATABASE %s TEMPLATE template0 ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C'", database,
						 round->encoding);
	drop = format_text("DROP DATABASE IF EXISTS %s WITH (FORCE)", database);
	for (int side = 0; side < SIDES; side++)
	{
		control(&servers[side], drop);
		control(&servers[side], create);
		for (int i = 0; i < SESSIONS; i++)
			servers[side].sessions[i] = connect_to(&servers[side], database);
		if (side == 0 && round->extension)
			PQclear(PQexec(servers[side].sessions[0], "CREATE SCHEMA clipperf; CREATE EXTENSION clipperf SCHEMA clipperf"));
	}
	free(create);
	free(drop);
}

/*
 * Read all that clipperf says about the round, where its extension was created:
 * whatever the statements were, that succeeds.  False when it does not, after
 * telling why.
 */
bool
round_read(void)
{
	static const char *const statements[] = {
		"SELECT count(query) FROM clipperf.clipperf_queries", "SELECT count(*) FROM clipperf.clipperf_info",
		"SELECT count(*) FROM clipperf.clipperf_samples s", "SELECT count(*) FROM clipperf.clipperf_seq_scans s",
		"SELECT count(*) FROM clipperf.clipperf_n_plus_one p", "SELECT count(*) FROM clipperf.clipperf_indexes i",
		"SELECT count(*) FROM clipperf.clipperf_unneeded_indexes() h", "SELECT count(*) FROM clipperf.clipperf_workload() w",
		"SELECT count(*) FROM clipperf.clipperf_recommend() r", "SELECT count(*) FROM clipperf.clipperf_report(1000) r"
	};
	PGconn	   *conn = connect_to(&servers[0], database);
	bool		good = true;

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && good; i++)
	{
		PGresult   *result = PQexec(conn, statements[i]);
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		/* Where this machine is too slow for it, nothing follows. */
		good = PQresultStatus(result) == PGRES_TUPLES_OK || (state != NULL && strcmp(state, "57014") == 0);
		if (!good)
			printf("%s: %s\n", statements[i], PQerrorMessage(conn));
		PQclear(result);
	}
	PQfinish(conn);
	return good;
}

/*
 * Close the sessions of a round and drop its databases.
 */
void
round_close(void)
{
	char	   *drop = format_text("DROP DATABASE IF EXISTS %s WITH (FORCE)", database);

	for (int side = 0; side < SIDES; side++)
	{
		for (int i = 0; i < SESSIONS; i++)
		{
			PQfinish(servers[side].sessions[i]);
			servers[side].sessions[i] = NULL;
		}
		control(&servers[side], drop);
	}
	free(drop);
}

/*
 * Close a session and open it again, after its backend has gone.
 */
static void
reconnect(Server *server, int session)
{
	int			pid = PQbackendPID(server->sessions[session]);
	char	   *wait = format_text("DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d) LOOP "
								   "PERFORM pg_sleep(0.005); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$", pid);

	PQfinish(server->sessions[session]);
	control(server, wait);
	server->sessions[session] = connect_to(server, database);
	free(wait);
}

/*
 * Collect the results of what was sent.  Rows that come one by one make one
 * answer with their types, as if they had come at once.
 */
static void
collect(PGconn * conn, Text *answer, Judgement judgement)
{
	PGresult   *result;

	while ((result = PQgetResult(conn)) != NULL)
	{
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_COPY_IN)
			PQputCopyEnd(conn, "no data");
		else if (status == PGRES_COPY_OUT)
		{
			char	   *row;

			while (PQgetCopyData(conn, &row, 0) > 0)
				PQfreemem(row);
		}
		answer_add(answer, result, judgement);
		PQclear(result);
		if (PQstatus(conn) == CONNECTION_BAD)
			break;
	}
}

/*
 * Send several statements at once and collect what comes.
 */
static void
run_pipeline(PGconn * conn, const Step *step, Text *answer)
{
	PGresult   *result;
	int			nulls = 0;

	if (!PQenterPipelineMode(conn))
		die("no pipeline: %s", PQerrorMessage(conn));
	for (int i = 0; i < step->nparams; i++)
		PQsendQueryParams(conn, step->values[i], 0, NULL, NULL, NULL, NULL, 0);
	PQpipelineSync(conn);
	while (nulls < 2 && PQstatus(conn) == CONNECTION_OK)
	{
		result = PQgetResult(conn);
		if (result == NULL)
		{
			nulls++;
			continue;
		}
		nulls = 0;
		answer_add(answer, result, step->judgement);
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
			nulls = 2;
		PQclear(result);
	}
	PQexitPipelineMode(conn);
}

/*
 * Send a statement and cancel it, or end its backend.  Nothing of the answer is
 * kept; the session is out of its transaction afterwards.
 */
static void
run_broken_off(Server *server, const Step *step)
{
	PGconn	   *conn = server->sessions[step->session];
	Text		ignored = {0};
	char		error[256];

	PQsendQuery(conn, step->sql);
	PQflush(conn);
	usleep(step->delay);
	if (step->op == OP_CANCEL)
	{
		PGcancel   *cancel = PQgetCancel(conn);

		if (cancel != NULL)
			PQcancel(cancel, error, sizeof(error));
		PQfreeCancel(cancel);
		collect(conn, &ignored, COMPARE_STATE);
		PQclear(PQexec(conn, "ROLLBACK"));
		PQclear(PQexec(conn, "ROLLBACK"));
	}
	else
	{
		char	   *end = format_text("SELECT pg_terminate_backend(%d)", PQbackendPID(conn));

		control(server, end);
		free(end);
		reconnect(server, step->session);
	}
	free(ignored.data);
}

/*
 * Send a step; false when libpq refuses it.
 */
static bool
send_step(PGconn * conn, const Step *step)
{
	const char *const *values = (const char *const *) step->values;

	switch (step->op)
	{
		case OP_SIMPLE:
			return PQsendQuery(conn, step->sql);
		case OP_PARAMS:
			return PQsendQueryParams(conn, step->sql, step->nparams, step->types, values, step->lengths, step->formats,
									 step->result_format);
		case OP_PREPARE:
			return PQsendPrepare(conn, step->name, step->sql, step->nparams, step->types);
		default:
			return PQsendQueryPrepared(conn, step->name, step->nparams, values, step->lengths, step->formats,
									   step->result_format);
	}
}

/*
 * Run a step on one server and return its answer.
 */
char *
step_run(const Step *step, int side)
{
	Server	   *server = &servers[side];
	PGconn	   *conn = server->sessions[step->session];
	Text		answer = {0};

	text_add(&answer, "%s", "");
	if (step->op == OP_CANCEL || step->op == OP_TERMINATE)
		run_broken_off(server, step);
	else if (step->op == OP_RECONNECT)
		reconnect(server, step->session);
	else if (step->op == OP_PIPELINE)
		run_pipeline(conn, step, &answer);
	else if (step->op == OP_WIRE)
		wire_run(conn, step, &answer);
	else if (!send_step(conn, step))
		text_add(&answer, "not sent: %s", PQerrorMessage(conn));
	else
	{
		if (step->single_row)
			PQsetSingleRowMode(conn);
		collect(conn, &answer, step->judgement);
	}
	if (PQstatus(server->sessions[step->session]) == CONNECTION_BAD)
	{
		text_add(&answer, "server closed the connection\n");
		for (int i = 0; i < SESSIONS; i++)
		{
			PQfinish(server->sessions[i]);
			server->sessions[i] = connect_to(server, database);
		}
	}
	return answer.data;
}
