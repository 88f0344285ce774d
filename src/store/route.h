/*-------------------------------------------------------------------------
 *
 * route.h
 *	  The names of routes, each stored once and known by a small number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ROUTE_H
#define CLIPPERF_ROUTE_H

#include "hotpath.h"
#include "store/store.h"

#define ROUTE_MAX			512 /* names held at a time */
#define ROUTE_MAX_APPLICATIONS (ROUTE_MAX / 2)	/* names of applications */
#define ROUTE_NAME_LENGTH	64	/* with the terminating zero */
#define ROUTE_NONE			0

/* Bytes of a name that are looked at before ids are folded and it is cut. */
#define ROUTE_MAX_GIVEN		256

/*
 * The place of a name and how often that has been given away: one that made
 * room for another name is known by that.
 */
typedef uint32 RouteId;

/*
 * Where a name comes from.  Those of applications may be of any number, when a
 * process id is part of them for instance, and must leave room for the others.
 */
typedef enum RouteSource
{
	ROUTE_OF_REQUEST,
	ROUTE_OF_APPLICATION
} RouteSource;

/* The route of a name that is not the last one asked for. */
extern RouteId route_intern(const char *name, RouteSource source);

/* The name that this backend looked up last. */
typedef struct RouteLast
{
	RouteSource source;
	RouteId		route;
	char		name[ROUTE_MAX_GIVEN];	/* as it was given, cut */
} RouteLast;

HOTPATH_EXTERN RouteLast route_last;

/* Which route is in each place now: see route.c. */
HOTPATH_EXTERN pg_atomic_uint32 *route_places;

/* Does the number still stand for its name? */
static inline bool
route_is_valid(RouteId route)
{
	return pg_atomic_read_u32(&route_places[(route - 1) % ROUTE_MAX]) == route;
}

/*
 * The number of a route's name, added if it is new; the least recently used one
 * makes room for it.  Ids in the name are folded: /clips/42 is /clips/:id.
 * ROUTE_NONE for "".  Usually one comparison.
 */
static inline RouteId
route_intern_string(const char *name, RouteSource source)
{
	if (likely(source == route_last.source &&
			   strcmp(name, route_last.name) == 0 &&
			   route_is_valid(route_last.route)))
		return route_last.route;
	return route_intern(name, source);
}

/* It has been used at that time. */
extern void route_touch(RouteId route, TimestampTz when);

/* Copy its name into ROUTE_NAME_LENGTH bytes; false if it has none any more. */
extern bool route_read_name(RouteId route, char *name);

/* Its name for readers, palloc'd; NULL if it has none any more. */
extern char *route_label(RouteId route);

/* Names held now, of ROUTE_MAX, and names that made room for others. */
extern int	route_count(void);
extern int64 route_evicted(void);

extern const StoreModule route_module;

#endif							/* CLIPPERF_ROUTE_H */
