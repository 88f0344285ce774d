/*-------------------------------------------------------------------------
 *
 * blocks.h
 *	  Series of blocks of time, for what takes most of it: see blocks.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BLOCKS_H
#define CLIPPERF_BLOCKS_H

#include "compat.h"

#include "store/block_series.h"
#include "store/endpoint_table.h"
#include "store/request_counters.h"
#include "store/statement_counters.h"
#include "store/store.h"

/* Series held at a time, of all databases. */
#define SERIES_MAX		512

/* What a series is of. */
typedef enum SeriesKind
{
	SERIES_ALL,					/* all requests in a database */
	SERIES_ROUTE,				/* those of a route */
	SERIES_ENDPOINT,			/* those of an endpoint */
	SERIES_STATEMENT			/* the calls of a statement */
} SeriesKind;

/* Which statement, route or endpoint; what does not apply is 0.  Has no padding. */
typedef struct SeriesKey
{
	uint64		queryid;		/* or a hash of the endpoint's name */
	Oid			dbid;
	Oid			userid;
	RouteId		route;
	uint16		kind;			/* SeriesKind */
	uint16		toplevel;		/* as in StatementKey; or the EndpointTime */
} SeriesKey;

extern SeriesKey series_key_of_statement(const StatementKey *key);
extern SeriesKey series_key_of_route(Oid dbid, RouteId route);
extern SeriesKey series_key_of_endpoint(const EndpointRule *rule);
extern SeriesKey series_key_of_all(Oid dbid);

/* Add what was counted since the last tick to all series. */
extern void blocks_tick(void);

/* Copy a series; false if there is none. */
extern bool blocks_copy(const SeriesKey *key, BlockSeries *series);

/* A period ends in this database: its series begin again. */
extern void blocks_end_period(Oid dbid);

/* For the worker: milliseconds until the next tick is due. */
extern long blocks_due_ms(void);

extern const StoreModule blocks_module;

#endif							/* CLIPPERF_BLOCKS_H */
