/*-------------------------------------------------------------------------
 *
 * request_counters.h
 *	  What is measured of a request, and of all requests of a route.
 *
 * Plain memory: whoever owns a structure guards it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_COUNTERS_H
#define CLIPPERF_REQUEST_COUNTERS_H

#include "compat.h"

#include "datatype/timestamp.h"
#include "store/histogram.h"
#include "store/route.h"

/* How a request was told apart from others. */
typedef enum RequestKind
{
	REQUEST_INFERRED,			/* by pauses of the client */
	REQUEST_TRANSACTION,		/* by an explicit transaction */
	REQUEST_TRACE				/* by a trace id */
} RequestKind;

#define REQUEST_KINDS 3

/* One request, or what one connection did of it so far. */
typedef struct RequestRecord
{
	uint64		trace;			/* of REQUEST_TRACE: hash of its id, never 0 */
	int64		period;			/* of REQUEST_INFERRED: end of the pause
								 * before it, clock_us() */
	Oid			dbid;
	RouteId		route;
	uint16		kind;			/* RequestKind */
	uint16		is_named;		/* 1 = the route is no application's name */
	uint32		endpoints;		/* EndpointMarks of its statements */
	int64		begun_us;		/* start of its first statement, clock_us() */
	int64		ended_us;		/* end of its last one */
	TimestampTz ended;			/* the same by the server's clock */
	int64		statements;
	int64		looped;			/* of these, lookups of loops */
	int64		errors;			/* of these, and beside them, what failed */
	int64		rows;
	int64		shared_blks_hit;
	int64		shared_blks_read;
	int64		wal_bytes;
	int64		database_us;	/* planning and execution */
} RequestRecord;

/* Of many requests.  All fields are of 64 bits and never negative. */
typedef struct RequestTotals
{
	int64		requests;
	int64		kinds[REQUEST_KINDS];
	int64		failed;			/* requests with an error */
	int64		errors;
	int64		statements;
	int64		looped;
	int64		rows;
	int64		shared_blks_hit;
	int64		shared_blks_read;
	int64		wal_bytes;
	int64		database_us;
	int64		span_us;
	int64		wait_us;		/* of the spans, outside of the database */
	int64		most_statements;
	int64		longest_database_us;
	int64		longest_span_us;
	TimestampTz first_seen;		/* end of the first and of the last one */
	TimestampTz last_seen;
} RequestTotals;

/* Of the requests of one route in one database. */
typedef struct RouteRequests
{
	RequestTotals totals;
	Histogram	database;		/* microseconds */
	Histogram	span;			/* microseconds */
	Histogram	statements;		/* numbers of statements */
} RouteRequests;

/* Add a later or parallel part of the same request. */
extern void request_merge(RequestRecord *into, const RequestRecord *part);

/* Count a request that has ended. */
extern void route_requests_add(RouteRequests *requests,
							   const RequestRecord *record);

/* Add what was counted elsewhere. */
extern void route_requests_merge(RouteRequests *into, const RouteRequests *from);

#endif							/* CLIPPERF_REQUEST_COUNTERS_H */
