/*-------------------------------------------------------------------------
 *
 * connection.c
 *	  A connection to a database that has the extension, and queries in it.
 *
 * What is known of the extension is its documented functions and views.  They are called by their schema, with an empty
 * search_path, as all clients of PostgreSQL do: nobody's objects can stand in front of those of the server.
 *
 *-------------------------------------------------------------------------
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "message.h"
#include "password.h"

/*
 * Prints and keeps the warnings that the server sends.  Notices are for people at a prompt; most commands say the same
 * in their own words.
 */
static void
receive_notice(void *arg, const PGresult *notice)
{
	Session    *session = arg;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL);

	if (severity == NULL || message == NULL)
		return;
	if (session->shows_notices && strcmp(severity, "NOTICE") == 0)
	{
		print_note("%s", message);
		if (detail != NULL)
			print_detail("%s", detail);
	}
	if (strcmp(severity, "WARNING") != 0)
		return;
	print_warning("%s", message);
	if (detail != NULL)
		print_detail("%s", detail);
	list_add(&session->warnings, message);
}

/*
 * What libpq says of a failure that the server did not tell, without the newline at its end.
 */
static char *
libpq_message(const PGconn *connection)
{
	char	   *message = copy_string(PQerrorMessage(connection));

	for (size_t length = strlen(message); length > 0 && message[length - 1] == '\n'; length--)
		message[length - 1] = '\0';
	return message;
}

/*
 * Connects, with a password that was asked for where one is needed.
 */
static PGconn *
connect_to_server(const ConnectionOptions *options)
{
	char	   *password = NULL;

	if (options->prompt == PROMPT_ALWAYS)
		password = ask_password();

	for (;;)
	{
		const char *const keywords[] = {
			"host", "port", "user", "password", "dbname", "fallback_application_name", "client_encoding", NULL
		};
		const char *const values[] = {
			options->host, options->port, options->user, password, options->dbname, "clipperf", "UTF8", NULL
		};
		PGconn	   *connection = PQconnectdbParams(keywords, values, 1);

		if (connection == NULL)
			fatal("out of memory");
		if (PQstatus(connection) == CONNECTION_OK)
			return connection;
		if (PQconnectionNeedsPassword(connection) && password == NULL && options->prompt != PROMPT_NEVER)
			password = ask_password();
		else
			fatal("%s", libpq_message(connection));
		PQfinish(connection);
	}
}

/*
 * Is a version number, such as 0.1.0, older than another one?
 */
bool
is_older(const char *version, const char *other)
{
	while (*version != '\0' && *other != '\0')
	{
		char	   *version_end;
		char	   *other_end;
		long		number = strtol(version, &version_end, 10);
		long		other_number = strtol(other, &other_end, 10);

		if (number != other_number)
			return number < other_number;
		version = *version_end == '.' ? version_end + 1 : "";
		other = *other_end == '.' ? other_end + 1 : "";
	}
	return *version == '\0' && *other != '\0';
}

/* What functions of the extension raise where the module was not loaded, or is of another version. */
#define SQLSTATE_NOT_LOADED "55000"

/*
 * Where the extension is, and who is asking.  A statement in which a function of the extension runs is clipperf's own,
 * and does not count among the application's.  This one cannot name any, as it looks for their schema; ts_stat() calls
 * one for it, which is the function that every server has of those that run a query they are given.
 */
#define FIND_WHAT \
	"SELECT n.nspname AS schema, e.extversion AS version," \
	" current_database() AS database, current_user AS role," \
	" current_setting('server_version') AS server_version," \
	" EXISTS (SELECT FROM pg_settings AS s" \
	" WHERE s.name = 'clipperf.max_statements' AND s.context = 'postmaster') AS is_loaded," \
	" pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all"
#define FIND_AS_OWN \
	", CASE WHEN n.oid IS NULL OR NOT has_schema_privilege(n.oid, 'USAGE') THEN NULL" \
	" WHEN has_table_privilege(" \
	"to_regclass(format('%I.clipperf_info', n.nspname)), 'SELECT')" \
	" THEN (SELECT count(*) FROM ts_stat(format(" \
	"'SELECT ''''::tsvector FROM %I.clipperf_info', n.nspname))) END AS own"
#define FIND_FROM \
	" FROM (SELECT) AS one" \
	" LEFT JOIN pg_extension AS e ON e.extname = 'clipperf'" \
	" LEFT JOIN pg_namespace AS n ON n.oid = e.extnamespace"

/*
 * Looks for the extension, and at who is asking.
 */
static void
find_extension(Session *session)
{
	PGresult   *result = try_query(session, FIND_WHAT FIND_AS_OWN FIND_FROM, 0, NULL, SQLSTATE_NOT_LOADED);
	const char *schema;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		PQclear(result);
		result = run_query(session, FIND_WHAT FIND_FROM, 0, NULL);
	}
	schema = result_value(result, 0, "schema");

	session->database = copy_string(result_value(result, 0, "database"));
	session->role = copy_string(result_value(result, 0, "role"));
	session->server_version = copy_string(result_value(result, 0, "server_version"));
	session->sees_all = strcmp(result_value(result, 0, "sees_all"), "t") == 0;
	session->is_loaded = strcmp(result_value(result, 0, "is_loaded"), "t") == 0;
	if (schema != NULL)
	{
		session->version = copy_string(result_value(result, 0, "version"));
		session->schema = PQescapeIdentifier(session->connection, schema, strlen(schema));
		if (session->schema == NULL)
			fatal("%s", libpq_message(session->connection));
	}
	PQclear(result);
}

/*
 * Connects, and looks for the extension, which need not be there.
 *
 * Text is to come as UTF-8.  A database that does not say what its bytes mean would refuse to send those that are no
 * UTF-8; they are taken as they are, and replaced where they are written.
 */
Session *
open_bare_session(const ConnectionOptions *options)
{
	Session    *session = allocate_memory(sizeof(Session));
	const char *encoding;

	session->connection = connect_to_server(options);
	encoding = PQparameterStatus(session->connection, "server_encoding");
	if (encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0 && PQsetClientEncoding(session->connection, encoding) != 0)
		fatal("%s", libpq_message(session->connection));
	PQsetNoticeReceiver(session->connection, receive_notice, session);

	/*
	 * By SET, not by set_config(): the queries of the command are not to be
	 * among those that it tells of.
	 */
	use_own_search_path(session, false);
	PQclear(run_query(session, "SET client_min_messages = warning", 0, NULL));
	find_extension(session);
	return session;
}

/*
 * Connects, and ends the program where the extension is missing, or older than the command.
 */
Session *
open_session(const ConnectionOptions *options)
{
	Session    *session = open_bare_session(options);

	if (session->schema == NULL)
	{
		print_error("extension \"clipperf\" is not installed in database \"%s\"", session->database);
		print_hint("Run CREATE EXTENSION clipperf in it, as a superuser.");
		exit(EXIT_TROUBLE);
	}
	if (is_older(session->version, CLIPPERF_VERSION))
	{
		print_error("extension \"clipperf\" in database \"%s\" has version %s, older than this command's %s",
					session->database, session->version, CLIPPERF_VERSION);
		print_hint("Install the new version on the server, and run ALTER EXTENSION clipperf UPDATE.");
		exit(EXIT_TROUBLE);
	}
	return session;
}

/*
 * Closes the connection.
 */
void
close_session(Session *session)
{
	PQfinish(session->connection);
	session->connection = NULL;
}

/*
 * Ends the program for a query that failed, with the server's message, detail and hint; or with libpq's, where the
 * connection was lost.
 */
static void
fail_query(const PGresult *result, const PGconn *connection)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

	if (message != NULL)
		print_error("%s", message);
	else
		print_error("%s", libpq_message(connection));
	if (detail != NULL)
		print_detail("%s", detail);
	if (hint != NULL)
		print_hint("%s", hint);
	exit(EXIT_TROUBLE);
}

/*
 * Runs a query with parameters given as text.  Returns its rows, or its failure if that has the given SQLSTATE; ends the
 * program otherwise.
 */
PGresult *
try_query(Session *session, const char *query, int nparams, const char *const *params, const char *sqlstate)
{
	PGresult   *result;
	const char *failure;

	set_query_to_cancel(session->connection);
	result = PQexecParams(session->connection, query, nparams, NULL, params, NULL, NULL, 0);
	set_query_to_cancel(NULL);

	if (is_interrupted())
		fatal("interrupted");
	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	failure = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (sqlstate == NULL || failure == NULL || strcmp(failure, sqlstate) != 0)
		fail_query(result, session->connection);
	return result;
}

/*
 * Runs a query with parameters given as text, and returns its rows.
 */
PGresult *
run_query(Session *session, const char *query, int nparams, const char *const *params)
{
	return try_query(session, query, nparams, params, NULL);
}

/*
 * Lets what runs next find names as any session of this role does.  Functions that plan statements, or look for the
 * tables of an index set, are called so, as they would be from psql; with false, names need their schema again.
 */
void
use_own_search_path(Session *session, bool own)
{
	PQclear(run_query(session, own ? "RESET search_path" : "SET search_path = ''", 0, NULL));
}

/*
 * A value of a result; NULL for a null, and for a column that is not there.
 */
const char *
result_value(const PGresult *result, int row, const char *column)
{
	int			number = PQfnumber(result, column);

	return number < 0 || PQgetisnull(result, row, number) ? NULL : PQgetvalue(result, row, number);
}

/*
 * A copy of a value of a result; NULL for a null, and for a column that is not there.
 */
char *
copy_value(const PGresult *result, int row, const char *column)
{
	const char *value = result_value(result, row, column);

	return value ? copy_string(value) : NULL;
}

/*
 * From now on notices of the server are shown: for what runs long, and says what its rows do not.
 */
void
show_notices(Session *session)
{
	session->shows_notices = true;
	PQclear(run_query(session, "SET client_min_messages = notice", 0, NULL));
}
