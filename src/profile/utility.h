/*-------------------------------------------------------------------------
 *
 * utility.h
 *	  What utility statements contain.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_UTILITY_H
#define CLIPPERF_UTILITY_H

#include "compat.h"

#include "catalog/namespace.h"
#include "nodes/nodes.h"

#include "hotpath.h"

/* The utility statements that run now, each within the one before. */
typedef struct UtilityAround
{
	const char *kept;			/* text of a query of the client's whose
								 * result is kept, as by CREATE TABLE AS; NULL
								 * = none */
	const char *kept_path;		/* search_path when it was sent: from 17 on
								 * the server runs some under another one */
	bool		explains;		/* an EXPLAIN is among them: what it runs is
								 * no use of the database */
} UtilityAround;

HOTPATH_EXTERN UtilityAround utility_around;

/* A kept query runs within the statement that keeps it: one level deeper. */
#define UTILITY_KEPT_LEVEL 1

/* Is it the query of the client's whose result is kept? */
static inline bool
utility_keeps_result(const char *text, int level)
{
	return level == UTILITY_KEPT_LEVEL && text == utility_around.kept;
}

/* The search_path by which the names in a statement's text were looked up. */
static inline const char *
utility_search_path(const char *text)
{
	return unlikely(utility_around.kept != NULL) && text == utility_around.kept ?
		utility_around.kept_path : namespace_search_path;
}

/* Do the statements inside of it count as the client's own? */
extern bool utility_is_transparent(const Node *statement);

/* One begins on this level; returns what to put back into utility_around. */
extern UtilityAround utility_enter(const Node *statement, const char *text,
								   int level);

#endif							/* CLIPPERF_UTILITY_H */
