/*-------------------------------------------------------------------------
 *
 * reason_application.h
 *	  What the application could do so that a plain index serves it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REASON_APPLICATION_H
#define CLIPPERF_REASON_APPLICATION_H

#include "advise/select/advisor.h"

/* How a plain index could serve in the place of one on a column changed; NULL = not. */
extern char *reason_plain_column(const Advisor *advisor,
								 const IndexDefinition *def);

/* Why no index is made of an expression that is not immutable. */
extern char *reason_unstable(const Advisor *advisor, Oid relid, Node *expr);

/* Why no index serves a test for an element of an array, and what would. */
extern char *reason_elements(const Advisor *advisor, Oid relid, Node *array);

/* Why no index is made of an expression with a constant of one call. */
extern char *reason_varying(const Advisor *advisor, Oid relid, Node *expr);

#endif							/* CLIPPERF_REASON_APPLICATION_H */
