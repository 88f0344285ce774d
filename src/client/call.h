/*-------------------------------------------------------------------------
 *
 * call.h
 *	  Calls of the extension's functions with the arguments that were given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIENT_CALL_H
#define CLIENT_CALL_H

#include "connection.h"

/* A call that is being put together.  Begins as zeroes. */
typedef struct Call
{
	char	   *arguments;		/* in SQL; NULL = none yet */
	StringList	values;			/* of its parameters */
} Call;

/* Adds an argument by its name, unless the value is NULL: then the function's own default counts. */
extern void call_add(Call *call, const char *name, const char *value);

/* Calls a function in a query that begins and ends as given; ends the program where it fails. */
extern PGresult *call_run(Session *session, const Call *call, const char *before, const char *function,
						  const char *after);

#endif							/* CLIENT_CALL_H */
