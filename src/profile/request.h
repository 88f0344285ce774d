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
#include "profile/text/source.h"
#include "store/route.h"

/* A client's statement begins: find out which request it belongs to. */
extern BareText request_begin(const char *source, int location, int length);

/* The request that runs. */
typedef struct Request
{
	RouteId		route;
	uint64		trace;			/* hash of the trace id, 0 = none */
} Request;

extern Request request_current;

/*
 * Was a statement of the client parsed in this transaction since one was executed?
 * Set and cleared by hooks.c.  If not, what is executed was prepared earlier.
 */
extern bool request_text_parsed;

#endif							/* CLIPPERF_REQUEST_H */
