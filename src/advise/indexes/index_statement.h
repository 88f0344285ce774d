/*-------------------------------------------------------------------------
 *
 * index_statement.h
 *	  The text of a CREATE INDEX statement, without looking at the database.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_INDEX_STATEMENT_H
#define CLIPPERF_INDEX_STATEMENT_H

#include "compat.h"

#include "nodes/parsenodes.h"

/* The one CREATE INDEX statement that the text is. */
extern IndexStmt *index_statement_parse(const char *text);

/* A CREATE INDEX statement in one form, however it was written. */
extern char *index_statement_normalize(const char *text, const IndexStmt *stmt);

typedef struct IndexStatementParts
{
	char	   *from_name;		/* "i ON t USING gin (a)" */
	char	   *from_keys;		/* "USING gin (a)" */
} IndexStatementParts;

/* Parts of a CREATE INDEX statement as it is written. */
extern IndexStatementParts index_statement_parts(const char *text);

/*
 * While the guard is set, errors whose position is one in "text" show that text
 * instead of the client's statement.  It must be ended unless an error was
 * raised.
 */
typedef struct IndexStatementGuard
{
	ErrorContextCallback callback;
	const char *text;
} IndexStatementGuard;

extern void index_statement_guard(IndexStatementGuard *guard, const char *text);
extern void index_statement_unguard(IndexStatementGuard *guard);

#endif							/* CLIPPERF_INDEX_STATEMENT_H */
