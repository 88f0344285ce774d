/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  Runs one statement over one connection, by any of the protocols.
 *
 * Statements are prepared on first use under a name made from their text's
 * hash, once per connection, as drivers with a statement cache do.
 *
 *-------------------------------------------------------------------------
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clipload.h"

/* Room for the name of a prepared statement. */
#define NAME_SIZE	32

/*
 * The hash of a text (FNV-1a).
 */
static uint64_t
text_hash(const char *text)
{
	uint64_t	hash = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char) *text) * UINT64_C(0x100000001b3);
	return hash;
}

/*
 * The name that a text is prepared under.
 */
static void
statement_name(const char *sql, char *name)
{
	snprintf(name, NAME_SIZE, PROGRAM_NAME "_%016llx",
			 (unsigned long long) text_hash(sql));
}

/*
 * Did a statement succeed?
 */
bool
result_ok(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
		status == PGRES_SINGLE_TUPLE;
}

/*
 * Is a text prepared on this connection already?
 */
static bool
is_prepared(const Conn *conn, uint64_t hash)
{
	for (int i = 0; i < conn->ntexts; i++)
	{
		if (conn->texts[i] == hash)
			return true;
	}
	return false;
}

/*
 * Prepare a text unless it is already; false when the server refuses, with
 * the message in the connection.
 */
bool
conn_prepare(Conn *conn, const char *sql, const Args *args)
{
	char		name[NAME_SIZE];
	uint64_t	hash = text_hash(sql);
	PGresult   *result;
	bool		ok;

	if (is_prepared(conn, hash))
		return true;
	statement_name(sql, name);
	result = PQprepare(conn->pg, name, sql, args->count, args->types);
	ok = result_ok(result);
	PQclear(result);
	if (!ok)
		return false;
	if (conn->ntexts == conn->maxtexts)
	{
		conn->maxtexts = conn->maxtexts * 2 + 16;
		conn->texts = must_realloc(conn->texts, conn->maxtexts * sizeof(uint64_t));
	}
	conn->texts[conn->ntexts++] = hash;
	return true;
}

/*
 * Is a value of this type written as a bare number?  Anything of unknown type
 * is quoted, which the server takes for every type.
 */
static bool
is_number(Oid type)
{
	return type == parse_type("int2") || type == parse_type("int4") ||
		type == parse_type("int8") || type == parse_type("numeric");
}

/*
 * Append one parameter as a constant.
 */
static void
append_constant(Text *text, PGconn *pg, const char *value, Oid type)
{
	char	   *quoted;

	if (value == NULL)
		text_add(text, "NULL");
	else if (is_number(type))
		text_add(text, value);
	else
	{
		quoted = PQescapeLiteral(pg, value, strlen(value));
		if (quoted == NULL)
			die("%s", PQerrorMessage(pg));
		text_add(text, quoted);
		PQfreemem(quoted);
	}
}

/*
 * The length of a quoted string, identifier or comment that starts here; 0
 * when none does.  Parameters inside are not parameters.
 */
static size_t
skip_quoted(const char *at)
{
	const char *end = NULL;
	size_t		closing = 1;

	if (*at == '\'' || *at == '"')
		end = strchr(at + 1, *at);
	else if (at[0] == '/' && at[1] == '*')
	{
		end = strstr(at + 2, "*/");
		closing = 2;
	}
	else
		return 0;
	return end == NULL ? strlen(at) : (size_t) (end - at) + closing;
}

/*
 * A statement's text with its parameters written into it.
 */
static char *
interpolate(PGconn *pg, const char *sql, const Args *args)
{
	Text		text = {0};

	text_clear(&text);
	while (*sql != '\0')
	{
		size_t		length = skip_quoted(sql);
		char	   *end;
		long		number;

		if (length == 0 && *sql == '$' && isdigit((unsigned char) sql[1]))
		{
			number = strtol(sql + 1, &end, 10);
			if (number < 1 || number > args->count)
				die("parameter $%ld has no value in: %s", number, sql);
			append_constant(&text, pg, args->values[number - 1], args->types[number - 1]);
			sql = end;
			continue;
		}
		length = length == 0 ? 1 : length;
		text_append(&text, sql, length);
		sql += length;
	}
	return text.data;
}

/*
 * Send a statement and do not wait.  With PROTOCOL_PREPARED it must have been
 * prepared when the connection is in pipeline mode.  False on failure.
 */
bool
conn_send(Conn *conn, Protocol protocol, const char *sql, const Args *args)
{
	char		name[NAME_SIZE];
	char	   *text;
	bool		ok;

	switch (protocol)
	{
		case PROTOCOL_PREPARED:
			if (!conn_prepare(conn, sql, args))
				return false;
			statement_name(sql, name);
			return PQsendQueryPrepared(conn->pg, name, args->count, args->values,
									   NULL, NULL, 0) == 1;
		case PROTOCOL_EXTENDED:
			return PQsendQueryParams(conn->pg, sql, args->count, args->types,
									 args->values, NULL, NULL, 0) == 1;
		case PROTOCOL_SIMPLE:
			text = interpolate(conn->pg, sql, args);
			ok = PQsendQuery(conn->pg, text) == 1;
			free(text);
			return ok;
	}
	return false;
}

/*
 * Run a statement and wait for its last result; NULL when it could not be
 * sent or prepared.  The message stays in the connection.
 */
PGresult *
conn_exec(Conn *conn, Protocol protocol, const char *sql, const Args *args)
{
	PGresult   *last = NULL;
	PGresult   *result;

	if (!conn_send(conn, protocol, sql, args))
		return NULL;
	while ((result = PQgetResult(conn->pg)) != NULL)
	{
		PQclear(last);
		last = result;
	}
	return last;
}

/*
 * Run a statement, or end the program with the server's message.
 */
PGresult *
must_exec(Conn *conn, Protocol protocol, const char *sql, const Args *args)
{
	PGresult   *result = conn_exec(conn, protocol, sql, args);

	if (!result_ok(result))
		die("%sin statement: %s", PQerrorMessage(conn->pg), sql);
	return result;
}

/*
 * Run a command without parameters by the simple protocol, or end the
 * program.
 */
void
must_command(Conn *conn, const char *sql)
{
	Args		none = {0};

	PQclear(must_exec(conn, PROTOCOL_SIMPLE, sql, &none));
}
