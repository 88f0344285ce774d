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

#include "nodes/nodes.h"

/* Do the statements inside of it count as the client's own? */
extern bool utility_is_transparent(const Node *statement);

/* Does it run a query and keep its result? */
extern bool utility_keeps_query(const Node *statement);

#endif							/* CLIPPERF_UTILITY_H */
