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
#include "store/route.h"

/*
 * A client's statement begins: the route is that of its sqlcommenter comment,
 * else clipperf.route, else application_name.  Statements inside it belong to
 * the same request.
 */
extern void request_begin(const char *source, int location, int length);

extern RouteId request_route(void);
extern uint64 request_trace(void);	/* hash of the trace id, 0 = none */

#endif							/* CLIPPERF_REQUEST_H */
