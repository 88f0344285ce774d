/*-------------------------------------------------------------------------
 *
 * function_trust.h
 *	  Functions whose results an index can rely on not to change.
 *
 * What IMMUTABLE promises PostgreSQL does not check.  A function of a user's
 * own that reads the clock, a table or a setting gives an index that answers
 * wrongly later on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_FUNCTION_TRUST_H
#define CLIPPERF_FUNCTION_TRUST_H

#include "compat.h"

#include "nodes/nodes.h"

/* Does it come with PostgreSQL or an extension? */
extern bool function_is_trusted(Oid function);

/* A function in the expression that does not; InvalidOid if there is none. */
extern Oid	function_find_untrusted(Node *expr, const List *allowed);

/* Its name with its schema, quoted; NULL if it is gone. */
extern char *function_full_name(Oid function);

#endif							/* CLIPPERF_FUNCTION_TRUST_H */
