/*-------------------------------------------------------------------------
 *
 * request_table.c
 *	  Requests that have ended, by database and route, and traces that go on.
 *
 * A trace may run over several connections and pause for long, so that nobody
 * knows when it has ended.  Its parts are put together here, and it is counted
 * when nothing was seen of it for TRACE_OVER_US, or when its place is needed.
 * Until then readers count it in their copy.
 *
 * Whoever calls guards the table.  Nothing here raises an error, allocates or
 * waits: parts of it run while a transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#include "store/request_table.h"

#include "common/hashfn.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/store.h"

/* One that makes room sooner than this may have gone on: that is counted. */
#define TRACE_CUT_US		INT64CONST(1000000)

/* Leave the routes out that a reset concerns; how many are left. */
static int64
forget_routes(RouteKey *keys, RouteRequests *requests, int64 count, Oid dbid)
{
	int64		kept = 0;

	for (int64 i = 0; i < count; i++)
	{
		if (reset_concerns(dbid, keys[i].dbid))
			continue;
		keys[kept] = keys[i];
		if (requests != NULL && kept < i)
			requests[kept] = requests[i];
		kept++;
	}
	return kept;
}

/*
 * Forget what a database did, or all did if it is InvalidOid, but for the rules of
 * endpoints.
 */
void
request_table_clear(RequestTable *table, Oid dbid)
{
	RequestRecord *place = &table->traces[0][0];

	for (int i = 0; i < TRACE_SETS * TRACE_WAYS; i++, place++)
	{
		if (reset_concerns(dbid, place->dbid))
			memset(place, 0, sizeof(RequestRecord));
	}
	table->routes = forget_routes(table->keys, table->route, table->routes, dbid);
	table->exported = forget_routes(table->exports, NULL, table->exported, dbid);
	for (int i = 0; i < RECENT_MINUTES; i++)
	{
		RecentMinute *recent = &table->recent[i];

		recent->routes = forget_routes(recent->keys, recent->route,
									   recent->routes, dbid);
	}
	endpoint_table_reset(&table->endpoints, dbid);
	if (!OidIsValid(dbid))
		memset(&table->losses, 0, sizeof(table->losses));
}

/* Copy what is in use. */
void
request_table_copy(RequestTable *copy, const RequestTable *table)
{
	memcpy(copy, table, offsetof(RequestTable, route));
	memcpy(copy->route, table->route, table->routes * sizeof(RouteRequests));
	for (int i = 0; i < RECENT_MINUTES; i++)
	{
		const RecentMinute *recent = &table->recent[i];

		memcpy(&copy->recent[i], recent, offsetof(RecentMinute, route) +
			   recent->routes * sizeof(RouteRequests));
	}
	endpoint_table_copy(&copy->endpoints, &table->endpoints);
}

/* The place of a route among the first "count"; -1 if it is not there. */
static int64
find_key(const RouteKey *keys, int64 count, Oid dbid, RouteId route)
{
	for (int64 i = 0; i < count; i++)
	{
		if (keys[i].route == route && keys[i].dbid == dbid)
			return i;
	}
	return -1;
}

/* Begin to count a route's requests in a place. */
static RouteRequests *
start_route(RouteKey *keys, RouteRequests *requests, int64 place, Oid dbid,
			RouteId route)
{
	keys[place].dbid = dbid;
	keys[place].route = route;
	memset(&requests[place], 0, sizeof(RouteRequests));
	return &requests[place];
}

/* Has the name of a route made room for another? */
static inline bool
is_nameless(RouteId route)
{
	return route != ROUTE_NONE && !route_is_valid(route);
}

/*
 * The place of a route that has no name any more, else of the one whose last request
 * ended longest ago.  What has no route goes last.
 */
static int64
find_least_useful(const RequestTable *table)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		least = -1;
	int64		least_us = 0;

	for (int64 i = 0; i < table->routes; i++)
	{
		int64		idle_us = clock_age_us(table->route[i].totals.last_seen, now);

		if (is_nameless(table->keys[i].route))
			return i;
		if (table->keys[i].route == ROUTE_NONE || (least >= 0 && idle_us <= least_us))
			continue;
		least = i;
		least_us = idle_us;
	}
	return Max(least, 0);
}

/*
 * Make room in a full table, and return the place.  The requests of the least useful
 * route are counted as having none from then on.
 */
static int64
give_up_route(RequestTable *table)
{
	table->losses.evicted++;
	for (;;)
	{
		int64		least = find_least_useful(table);
		RouteKey   *key = &table->keys[least];
		int64		none = find_key(table->keys, table->routes, key->dbid, ROUTE_NONE);

		if (none >= 0 && none != least)
			route_requests_merge(&table->route[none], &table->route[least]);
		if (none >= 0)
			return least;
		key->route = ROUTE_NONE;
	}
}

/* The counters of a route, made if it is new; the least useful makes room. */
RouteRequests *
request_table_route(RequestTable *table, Oid dbid, RouteId route)
{
	int64		place = find_key(table->keys, table->routes, dbid, route);

	if (place >= 0)
		return &table->route[place];
	place = table->routes < REQUEST_ROUTES ? table->routes++ : give_up_route(table);
	return start_route(table->keys, table->route, place, dbid, route);
}

/* The counters of a route; NULL if there are none. */
const RouteRequests *
request_table_find(const RequestTable *table, Oid dbid, RouteId route)
{
	int64		place = find_key(table->keys, table->routes, dbid, route);

	return place < 0 ? NULL : &table->route[place];
}

/*
 * The counters of a route in the minute that a request ended in; NULL if that
 * was too long ago, or too many routes have requests in it.  Where the server's
 * clock was set back, minutes that are still to come make room.
 */
static RouteRequests *
recent_route(RequestTable *table, const RequestRecord *record)
{
	int64		minute = record->ended / USECS_PER_MINUTE;
	RecentMinute *recent = &table->recent[minute % RECENT_MINUTES];
	int64		place;

	if (recent->minute != minute)
	{
		if (recent->minute > minute &&
			recent->minute <= GetCurrentTimestamp() / USECS_PER_MINUTE)
			return NULL;
		recent->minute = minute;
		recent->routes = 0;
	}
	place = find_key(recent->keys, recent->routes, record->dbid, record->route);
	if (place >= 0)
		return &recent->route[place];
	if (recent->routes == RECENT_ROUTES)
	{
		table->losses.recent_dropped++;
		return NULL;
	}
	return start_route(recent->keys, recent->route, recent->routes++,
					   record->dbid, record->route);
}

/* Count a request that has ended. */
static void
count_request(RequestTable *table, const RequestRecord *record)
{
	RouteRequests *recent = recent_route(table, record);
	RouteRequests *route = request_table_route(table, record->dbid, record->route);

	route_requests_add(route, record);
	endpoint_table_add(&table->endpoints, record, route - table->route);
	if (recent != NULL)
		route_requests_add(recent, record);
}

/* Is this a place of no trace? */
static inline bool
is_free(const RequestRecord *place)
{
	return place->trace == 0;
}

/* Add a part of a trace, or the first one of a new trace. */
static void
add_trace(RequestTable *table, const RequestRecord *part)
{
	RequestRecord *set = table->traces[part->trace % TRACE_SETS];
	RequestRecord *place = &set[0];

	for (int i = 0; i < TRACE_WAYS; i++)
	{
		if (set[i].trace == part->trace && set[i].dbid == part->dbid)
		{
			place = &set[i];
			break;
		}
		if (is_free(&set[i]) || (!is_free(place) && set[i].ended_us < place->ended_us))
			place = &set[i];
	}
	if (place->trace == part->trace && place->dbid == part->dbid &&
		part->begun_us - place->ended_us <= TRACE_OVER_US)
	{
		request_merge(place, part);
		return;
	}
	if (!is_free(place))
	{
		if (part->ended_us - place->ended_us < TRACE_CUT_US)
			table->losses.traces_cut++;
		count_request(table, place);
	}
	*place = *part;
}

/* Count a request that has ended, or add a part of a trace. */
void
request_table_add(RequestTable *table, const RequestRecord *record)
{
	if (record->kind == REQUEST_TRACE)
		add_trace(table, record);
	else
		count_request(table, record);
}

/* Count a trace, and forget it. */
void
request_table_end_trace(RequestTable *table, RequestRecord *place)
{
	count_request(table, place);
	place->trace = 0;
}

/* Count the traces of which nothing was seen for so long, and forget them. */
void
request_table_end_traces(RequestTable *table, int64 now_us, int64 idle_us)
{
	for (int set = 0; set < TRACE_SETS; set++)
	{
		for (int i = 0; i < TRACE_WAYS; i++)
		{
			RequestRecord *place = &table->traces[set][i];

			if (is_free(place) || now_us - place->ended_us <= idle_us)
				continue;
			request_table_end_trace(table, place);
		}
	}
}

/*
 * Count routes whose names have made room for others as having none, so that
 * there is one row for all of them.
 */
static int64
fold_nameless(RouteKey *keys, RouteRequests *requests, int64 count)
{
	int64		kept = 0;

	for (int64 i = 0; i < count; i++)
	{
		int64		place;

		if (is_nameless(keys[i].route))
			keys[i].route = ROUTE_NONE;
		place = find_key(keys, kept, keys[i].dbid, keys[i].route);
		if (place >= 0)
			route_requests_merge(&requests[place], &requests[i]);
		else
		{
			keys[kept] = keys[i];
			if (kept < i)
				requests[kept] = requests[i];
			kept++;
		}
	}
	return kept;
}

/* Count routes whose names have gone as having none, in a reader's copy. */
void
request_table_fold_nameless(RequestTable *table)
{
	table->routes = fold_nameless(table->keys, table->route, table->routes);
	for (int i = 0; i < RECENT_MINUTES; i++)
	{
		RecentMinute *recent = &table->recent[i];

		recent->routes = fold_nameless(recent->keys, recent->route,
									   recent->routes);
	}
}
