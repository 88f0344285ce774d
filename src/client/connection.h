/*-------------------------------------------------------------------------
 *
 * connection.h
 *	  A connection to a database that has the extension, and queries in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include <stdbool.h>

#include "libpq-fe.h"

#include "memory.h"

/* When a password is asked for. */
typedef enum PasswordPrompt
{
	PROMPT_WHEN_NEEDED,
	PROMPT_NEVER,
	PROMPT_ALWAYS
} PasswordPrompt;

/* Where to connect to; what is NULL is left to libpq, which looks at the environment. */
typedef struct ConnectionOptions
{
	const char *dbname;			/* a name, or a connection string */
	const char *host;
	const char *port;
	const char *user;
	PasswordPrompt prompt;
} ConnectionOptions;

/* A connection, and what was found at its other end. */
typedef struct Session
{
	PGconn	   *connection;
	char	   *schema;			/* of the extension, as an identifier in SQL;
								 * NULL = it is not installed */
	char	   *version;		/* of the extension; NULL = it is not
								 * installed */
	char	   *server_version;
	char	   *database;
	char	   *role;
	bool		sees_all;		/* is the role one that sees all roles'
								 * statements? */
	bool		is_loaded;		/* was the module loaded at the server's
								 * start? */
	bool		shows_notices;	/* of the server, beside its warnings? */
	StringList	warnings;		/* that the server sent */
} Session;

/* Connects and looks for the extension; ends the program where it cannot. */
extern Session *open_session(const ConnectionOptions *options);

/* Connects, whether the extension is there or not. */
extern Session *open_bare_session(const ConnectionOptions *options);

/* Is a version number, such as 0.1.0, older than another one? */
extern bool is_older(const char *version, const char *other);

/* Closes the connection. */
extern void close_session(Session *session);

/* Runs a query with parameters; ends the program with the server's message where it fails. */
extern PGresult *run_query(Session *session, const char *query, int nparams, const char *const *params);

/* The same, but returns the failure if it has this SQLSTATE. */
extern PGresult *try_query(Session *session, const char *query, int nparams, const char *const *params,
						   const char *sqlstate);

/* Lets what runs next find names as any session of this role does, or, with false, only those with a schema. */
extern void use_own_search_path(Session *session, bool own);

/* A value of a result; NULL for a null, and for a column that is not there. */
extern const char *result_value(const PGresult *result, int row, const char *column);

/* A copy of it. */
extern char *copy_value(const PGresult *result, int row, const char *column);

/* From now on notices of the server are shown. */
extern void show_notices(Session *session);

#endif							/* CLIENT_CONNECTION_H */
