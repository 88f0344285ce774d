/*-------------------------------------------------------------------------
 *
 * endpoint_table.h
 *	  The endpoints of all databases, and what their requests did.
 *
 * Plain memory of fixed size: a part of the table of requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_TABLE_H
#define CLIPPERF_ENDPOINT_TABLE_H

#include "compat.h"

#include "store/endpoint_rule.h"
#include "store/endpoint_window.h"
#include "store/request_counters.h"

/* Endpoints held at a time, of all databases. */
#define ENDPOINT_MAX		128
#define ENDPOINT_WORDS		(ENDPOINT_MAX / 64)

/* Of these, with patterns of statements, in one database: bits of an EndpointMarks. */
#define ENDPOINT_MARKS		32

/* The endpoints of a database that a statement belongs to. */
typedef uint32 EndpointMarks;

/* What clipperf_metrics() tells of an endpoint: see export.c. */
typedef enum EndpointExport
{
	ENDPOINT_NOT_EXPORTED,
	ENDPOINT_COUNTERS,
	ENDPOINT_HISTOGRAM			/* these, and the distribution of its times */
} EndpointExport;

/* An endpoint and what was counted of it. */
typedef struct Endpoint
{
	EndpointRule rule;
	int32		mark;			/* bit of its statements; -1 = it has none */
	uint32		exported;		/* EndpointExport */
	int64		begun_us;		/* clock_us() when it took effect: requests
								 * that began before do not count */
	TimestampTz since;			/* the same by the server's clock, or when its
								 * counters were reset */
	int64		slow;			/* requests beyond the target */
	int64		large;			/* of too many statements */
	RouteRequests requests;
	EndpointWindows windows;
} Endpoint;

/* Which endpoints a route's requests belong to, as of a generation. */
typedef struct EndpointMatch
{
	uint32		generation;		/* 0 = not known */
	Oid			dbid;
	RouteId		route;
	uint32		unused;
	uint64		endpoints[ENDPOINT_WORDS];
} EndpointMatch;

/* The table: what is copied in any case, then the endpoints up to "count". */
typedef struct EndpointTable
{
	int64		clock_us;		/* what is added to clock_us() to get the time
								 * of the windows, which goes on over restarts */
	uint32		generation;		/* raised by each change of the rules */
	int32		count;			/* of endpoint[], up to the last in use */
	EndpointMatch match[ROUTE_MAX];
	Endpoint	endpoint[ENDPOINT_MAX];
} EndpointTable;

/* Forget what was counted of a database, or of all; or the rules, too. */
extern void endpoint_table_reset(EndpointTable *table, Oid dbid);
extern void endpoint_table_clear(EndpointTable *table);

/* How many there are, of all databases. */
extern int	endpoint_table_held(const EndpointTable *table);

/* Copy what is in use. */
extern void endpoint_table_copy(EndpointTable *copy, const EndpointTable *table);

/* Count a request that has ended, whose route has that place in its table. */
extern void endpoint_table_add(EndpointTable *table, const RequestRecord *record,
							   int place);

/* Are these the rules of the database, as far as there is room for them? */
extern bool endpoint_table_has_rules(const EndpointTable *table, Oid dbid,
									 const EndpointRule *rules, int count);

/* Let these be the rules of the database, as far as there is room for them. */
extern void endpoint_table_set_rules(EndpointTable *table, Oid dbid,
									 const EndpointRule *rules, int count);

/* Put an endpoint back that was read from a file; false if there is no room. */
extern bool endpoint_table_restore(EndpointTable *table, const Endpoint *saved);

/* How many of these have no place, or would have none. */
extern int	endpoint_table_left_over(const EndpointTable *table, Oid dbid,
									 const EndpointRule *rules, int count);

#endif							/* CLIPPERF_ENDPOINT_TABLE_H */
