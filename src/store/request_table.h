/*-------------------------------------------------------------------------
 *
 * request_table.h
 *	  Requests that have ended, by database and route, and traces that go on.
 *
 * Plain memory of fixed size: the one that all backends share is guarded by
 * request_store.c, a copy of it belongs to a reader.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_REQUEST_TABLE_H
#define CLIPPERF_REQUEST_TABLE_H

#include "compat.h"

#include "store/endpoint_table.h"
#include "store/request_counters.h"

/* Routes held at a time, of all databases. */
#define REQUEST_ROUTES		ROUTE_MAX

/* The last minutes, and the routes whose requests are counted in each. */
#define RECENT_MINUTES		5
#define RECENT_ROUTES		128

/* Traces that go on: sets that are searched for each of their parts. */
#define TRACE_SETS			256
#define TRACE_WAYS			8

/* A trace of which nothing was seen for so long has ended, in microseconds. */
#define TRACE_OVER_US		INT64CONST(60000000)

/* A database and a route in it: what is searched for, close together. */
typedef struct RouteKey
{
	Oid			dbid;
	RouteId		route;
} RouteKey;

/* The requests that ended in one minute. */
typedef struct RecentMinute
{
	int64		minute;			/* since the epoch of PostgreSQL */
	int64		routes;			/* of keys[] and route[], that are in use */
	RouteKey	keys[RECENT_ROUTES];
	RouteRequests route[RECENT_ROUTES];
} RecentMinute;

/* Losses, for clipperf_info. */
typedef struct RequestLosses
{
	int64		evicted;		/* routes that made room: what was counted of
								 * them has no route any more */
	int64		traces_cut;		/* traces that made room while they went on */
	int64		recent_dropped; /* requests not counted in their minute */
	int64		requests_lost;	/* not counted at all: the lock was taken */
} RequestLosses;

/* The table: first what is copied in any case, each part by the number in use. */
typedef struct RequestTable
{
	RequestLosses losses;
	int64		routes;			/* of keys[] and route[], that are in use */
	int64		exported;		/* of exports[], that are in use */
	RouteKey	exports[REQUEST_ROUTES];	/* routes with metrics of their
											 * own */
	RequestRecord traces[TRACE_SETS][TRACE_WAYS];	/* trace = 0: free */
	RouteKey	keys[REQUEST_ROUTES];
	RouteRequests route[REQUEST_ROUTES];
	RecentMinute recent[RECENT_MINUTES];
	EndpointTable endpoints;
} RequestTable;

/* Forget what a database did, or all did, but for the rules of endpoints. */
extern void request_table_clear(RequestTable *table, Oid dbid);

/* Copy what is in use. */
extern void request_table_copy(RequestTable *copy, const RequestTable *table);

/* Count a request that has ended, or add a part of a trace. */
extern void request_table_add(RequestTable *table, const RequestRecord *record);

/* Count a trace of the table, and forget it. */
extern void request_table_end_trace(RequestTable *table, RequestRecord *place);

/* Count the traces of which nothing was seen for so long, and forget them. */
extern void request_table_end_traces(RequestTable *table, int64 now_us,
									 int64 idle_us);

/* The counters of a route, made if it is new; the least useful makes room. */
extern RouteRequests *request_table_route(RequestTable *table, Oid dbid,
										  RouteId route);

/* The same, if it is there. */
extern const RouteRequests *request_table_find(const RequestTable *table, Oid dbid,
											   RouteId route);

/* Count routes whose names have gone as having none. */
extern void request_table_fold_nameless(RequestTable *table);

#endif							/* CLIPPERF_REQUEST_TABLE_H */
