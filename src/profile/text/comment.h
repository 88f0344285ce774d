/*-------------------------------------------------------------------------
 *
 * comment.h
 *	  What an sqlcommenter comment says of the statement's request.
 *
 * The format is that of the sqlcommenter specification: key='value' pairs,
 * separated by commas, percent-encoded, in a comment at the end or the
 * beginning of the statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_COMMENT_H
#define CLIPPERF_COMMENT_H

#include "compat.h"
#include "profile/text/source.h"
#include "store/route.h"

typedef struct CommentFacts
{
	uint64		trace;			/* hash of the 32-digit trace id; 0 = none */
	char		route[ROUTE_MAX_GIVEN]; /* route, else controller/action; "" */
} CommentFacts;

/* Does the statement begin or end with something like a comment? */
extern bool comment_is_likely(const char *source, int location, int length,
							  BareText *bare);

/* Hash of the trace id of a traceparent; 0 if it is none. */
extern uint64 comment_trace(const char *traceparent);

/* Read what the comment at either end says; false if there is none. */
extern bool comment_read(const char *source, int location, int length,
						 CommentFacts *facts);

/* Leave the comments at both ends out of a statement's text. */
extern void comment_trim(const char **text, int *length);

#endif							/* CLIPPERF_COMMENT_H */
