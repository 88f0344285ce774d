/*-------------------------------------------------------------------------
 *
 * export.h
 *	  Which routes and endpoints have metrics of their own.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_EXPORT_H
#define CLIPPERF_EXPORT_H

#include "compat.h"

#include "store/request_table.h"

/* Of each database: routes with metrics of their own .. */
#define EXPORT_ROUTES		16

/* .. of which so many are whichever were there first .. */
#define EXPORT_FIRST_ROUTES	8

/* .. and the others have taken this part, a hundredth, of its database time. */
#define EXPORT_ROUTE_PART	100

/* Endpoints that are counted, and those whose times are told as histograms, too. */
#define EXPORT_ENDPOINTS	64
#define EXPORT_ENDPOINT_HISTOGRAMS 20

/*
 * Give what is free of the database's places in "table" to what has done most, by
 * the counters of "counted"; was any given or taken?
 */
extern bool export_choose(RequestTable *table, const RequestTable *counted,
						  Oid dbid);

/* Take over the places of another table, whose routes and endpoints are the same. */
extern void export_copy(RequestTable *copy, const RequestTable *table);

/* Has the route a place? */
extern bool export_has_route(const RequestTable *table, Oid dbid, RouteId route);

#endif							/* CLIPPERF_EXPORT_H */
