/*-------------------------------------------------------------------------
 *
 * export.c
 *	  Which routes and endpoints have metrics of their own.
 *
 * A monitoring system keeps each series that it was ever told, so there are few,
 * and none comes and goes.  A route that got a place keeps it until its counters
 * are gone: because the name or the counters made room for others, or all were
 * reset.  The first ones take half of the places, so that a small application is
 * told as a whole; the other half waits for routes that matter.
 *
 * Endpoints are named by somebody, who wants to see them: they get places in the
 * order in which they were made.
 *
 * Plain memory: whoever calls guards the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "store/export.h"

/* The place of a route among those that are exported; -1 if it has none. */
static int64
find_export(const RequestTable *table, Oid dbid, RouteId route)
{
	for (int64 i = 0; i < table->exported; i++)
	{
		if (table->exports[i].route == route && table->exports[i].dbid == dbid)
			return i;
	}
	return -1;
}

/* Has the route a place? */
bool
export_has_route(const RequestTable *table, Oid dbid, RouteId route)
{
	return find_export(table, dbid, route) >= 0;
}

/* Take the places of routes that are no longer counted; were there any? */
static bool
drop_gone(RequestTable *table, const RequestTable *counted)
{
	int64		kept = 0;
	int64		before = table->exported;

	for (int64 i = 0; i < before; i++)
	{
		const RouteKey *key = &table->exports[i];

		if (request_table_find(counted, key->dbid, key->route) != NULL)
			table->exports[kept++] = *key;
	}
	table->exported = kept;
	return kept < before;
}

/* The route of a database without a place that took most time in it; -1 if none. */
static int64
find_costliest_place(const RequestTable *table, const RequestTable *counted, Oid dbid)
{
	int64		costliest = -1;

	for (int64 i = 0; i < counted->routes; i++)
	{
		const RouteKey *key = &counted->keys[i];

		if (key->dbid == dbid && key->route != ROUTE_NONE &&
			(costliest < 0 || counted->route[i].totals.database_us >
			 counted->route[costliest].totals.database_us) &&
			!export_has_route(table, dbid, key->route))
			costliest = i;
	}
	return costliest;
}

/* Give the places that are free to routes of a database; was any given? */
static bool
choose_routes(RequestTable *table, const RequestTable *counted, Oid dbid)
{
	int64		before = table->exported;
	int64		whole_us = 0;
	int			held = 0;

	for (int64 i = 0; i < counted->routes; i++)
	{
		if (counted->keys[i].dbid == dbid)
			whole_us += counted->route[i].totals.database_us;
	}
	for (int64 i = 0; i < table->exported; i++)
		held += table->exports[i].dbid == dbid;
	for (; held < EXPORT_ROUTES && table->exported < REQUEST_ROUTES; held++)
	{
		int64		next = find_costliest_place(table, counted, dbid);

		if (next < 0 ||
			(held >= EXPORT_FIRST_ROUTES &&
			 counted->route[next].totals.database_us < whole_us / EXPORT_ROUTE_PART))
			break;
		table->exports[table->exported++] = counted->keys[next];
	}
	return table->exported > before;
}

/* Give the places that are free to endpoints of a database; was any given? */
static bool
choose_endpoints(EndpointTable *table, Oid dbid)
{
	int			counters = 0;
	int			histograms = 0;
	bool		given = false;

	for (int i = 0; i < table->count; i++)
	{
		const Endpoint *endpoint = &table->endpoint[i];

		if (endpoint->rule.dbid != dbid)
			continue;
		counters += endpoint->exported != ENDPOINT_NOT_EXPORTED;
		histograms += endpoint->exported == ENDPOINT_HISTOGRAM;
	}
	for (int i = 0; i < table->count; i++)
	{
		Endpoint   *endpoint = &table->endpoint[i];

		if (endpoint->rule.dbid != dbid || counters >= EXPORT_ENDPOINTS ||
			endpoint->exported != ENDPOINT_NOT_EXPORTED)
			continue;
		endpoint->exported = histograms < EXPORT_ENDPOINT_HISTOGRAMS ?
			ENDPOINT_HISTOGRAM : ENDPOINT_COUNTERS;
		counters++;
		histograms += endpoint->exported == ENDPOINT_HISTOGRAM;
		given = true;
	}
	return given;
}

/*
 * Give what is free of the database's places in "table" to what has done most, by
 * the counters of "counted"; was any given or taken?  Where routes of other databases
 * are not counted any more, their places are taken, too.
 */
bool
export_choose(RequestTable *table, const RequestTable *counted, Oid dbid)
{
	bool		dropped = drop_gone(table, counted);
	bool		routes = choose_routes(table, counted, dbid);
	bool		endpoints = choose_endpoints(&table->endpoints, dbid);

	return dropped || routes || endpoints;
}

/*
 * Take over the places of another table.  Its endpoints may have changed since they
 * were copied: those that have, get theirs the next time.
 */
void
export_copy(RequestTable *copy, const RequestTable *table)
{
	memcpy(copy->exports, table->exports, table->exported * sizeof(RouteKey));
	copy->exported = table->exported;
	for (int i = 0; i < copy->endpoints.count && i < table->endpoints.count; i++)
	{
		Endpoint   *endpoint = &copy->endpoints.endpoint[i];
		const Endpoint *other = &table->endpoints.endpoint[i];

		if (memcmp(&endpoint->rule, &other->rule, sizeof(EndpointRule)) == 0)
			endpoint->exported = other->exported;
	}
}
