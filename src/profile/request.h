/*-------------------------------------------------------------------------
 *
 * request.h
 *	  Which request and route of the application a statement belongs to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_H
#define CLIPPERF_REQUEST_H

#include "compat.h"
#include "hotpath.h"
#include "profile/text/source.h"
#include "store/route.h"

/* A client's statement begins: find out which request it belongs to. */
extern BareText request_begin(const char *source, int location, int length);

/* No text tells which: what the session says. */
extern void request_session(void);

/* The request that runs. */
typedef struct Request
{
	RouteId		route;
	uint64		trace;			/* hash of the trace id, 0 = none */
	bool		named;			/* the route is no application's name */
} Request;

HOTPATH_EXTERN Request request_current;

/*
 * The client's statement that was parsed last, until one is executed or the
 * transaction, or a part of it, fails.  Written by hooks.c.
 */
typedef struct ParsedText
{
	const char *source;			/* its text, which may be gone; NULL = none */
	TimestampTz message;		/* of the client, which had it parsed */
} ParsedText;

HOTPATH_EXTERN ParsedText request_parsed;

/* Is what the client has sent already its next statement? */
extern bool request_waits_in_buffer(void);

/* Is the client's next statement here already?  It seldom is. */
static inline bool
request_next_is_waiting(void)
{
	return unlikely(INPUT_IS_BUFFERED()) && request_waits_in_buffer();
}

#endif							/* CLIPPERF_REQUEST_H */
