/*-------------------------------------------------------------------------
 *
 * route.h
 *	  The names of routes, each stored once and known by a small number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ROUTE_H
#define CLIPPERF_ROUTE_H

#include "store/store.h"

#define ROUTE_MAX			512 /* names kept; later ones count as ROUTE_NONE */
#define ROUTE_MAX_APPLICATIONS (ROUTE_MAX / 2)	/* names of applications */
#define ROUTE_NAME_LENGTH	64	/* with the terminating zero */
#define ROUTE_NONE			0

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

/*
 * The number of a route name (cut at a character boundary), added if it is
 * new.  ROUTE_NONE for "" and when the table is full.
 */
extern RouteId route_intern(const char *name, int length, RouteSource source);

/* The name that this backend looked up last. */
typedef struct RouteLast
{
	RouteSource source;
	RouteId		route;
	int			length;
	char		name[ROUTE_NAME_LENGTH];	/* zero-terminated */
} RouteLast;

extern RouteLast route_last;

/* route_intern() of a string; usually one comparison. */
static inline RouteId
route_intern_string(const char *name, RouteSource source)
{
	if (likely(source == route_last.source &&
			   strcmp(name, route_last.name) == 0))
		return route_last.route;
	return route_intern(name, strlen(name), source);
}

/* NULL for ROUTE_NONE; the string lives as long as the server. */
extern const char *route_name(RouteId route);

/* The name of a route in a form that this database can show, or NULL. */
extern char *route_label(RouteId route);

/* Names held now, of ROUTE_MAX. */
extern int	route_count(void);

extern const StoreModule route_module;

#endif							/* CLIPPERF_ROUTE_H */
