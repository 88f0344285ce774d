/*-------------------------------------------------------------------------
 *
 * endpoint_table.c
 *	  The endpoints of all databases, and what their requests did.
 *
 * A request counts for each endpoint that its route or one of its statements
 * belongs to.  Good and bad are told at the target itself when a request has
 * ended.
 *
 * Whoever calls guards the table, as in request_table.c.  Nothing here raises an
 * error, allocates or waits.
 *
 *-------------------------------------------------------------------------
 */
#include "store/endpoint_table.h"

#include "port/pg_bitutils.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/store.h"

/* Is this the place of no endpoint? */
static inline bool
is_free_place(const Endpoint *endpoint)
{
	return !OidIsValid(endpoint->rule.dbid);
}

/* Begin an endpoint's counters. */
static void
start_counters(Endpoint *endpoint)
{
	endpoint->since = GetCurrentTimestamp();
	endpoint->slow = 0;
	endpoint->large = 0;
	memset(&endpoint->requests, 0, sizeof(endpoint->requests));
	memset(&endpoint->windows, 0, sizeof(endpoint->windows));
}

/* Forget what was counted of a database, or of all; the rules stay. */
void
endpoint_table_reset(EndpointTable *table, Oid dbid)
{
	for (int i = 0; i < table->count; i++)
	{
		Oid			of = table->endpoint[i].rule.dbid;

		if (OidIsValid(of) && reset_concerns(dbid, of))
			start_counters(&table->endpoint[i]);
	}
}

/* Empty, when the server starts; shared memory is zeroed then. */
void
endpoint_table_clear(EndpointTable *table)
{
	uint32		generation = table->generation;

	memset(table, 0, offsetof(EndpointTable, endpoint));
	table->clock_us = GetCurrentTimestamp() - clock_us();
	table->generation = generation + 1;
}

/* How many there are, of all databases. */
int
endpoint_table_held(const EndpointTable *table)
{
	int			held = 0;

	for (int i = 0; i < table->count; i++)
		held += is_free_place(&table->endpoint[i]) ? 0 : 1;
	return held;
}

/* Copy what is in use. */
void
endpoint_table_copy(EndpointTable *copy, const EndpointTable *table)
{
	memcpy(copy, table, offsetof(EndpointTable, endpoint) +
		   table->count * sizeof(Endpoint));
}

/* ------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------ */

/* Note which endpoints the requests of a route belong to. */
static void
match_route(const EndpointTable *table, EndpointMatch *match, Oid dbid,
			RouteId route)
{
	char		name[ROUTE_NAME_LENGTH];

	match->generation = table->generation;
	match->dbid = dbid;
	match->route = route;
	memset(match->endpoints, 0, sizeof(match->endpoints));
	if (!route_read_name(route, name))
		name[0] = '\0';
	for (int i = 0; i < table->count; i++)
	{
		const EndpointRule *rule = &table->endpoint[i].rule;

		if (rule->dbid == dbid && endpoint_rule_has_route(rule, name))
			match->endpoints[i / 64] |= UINT64CONST(1) << (i % 64);
	}
}

/* Add the endpoints that a request belongs to by its statements. */
static void
add_marked(const EndpointTable *table, const RequestRecord *record,
		   uint64 *endpoints)
{
	for (int i = 0; i < table->count; i++)
	{
		const Endpoint *endpoint = &table->endpoint[i];

		if (endpoint->rule.dbid == record->dbid && endpoint->mark >= 0 &&
			(record->endpoints & (1U << endpoint->mark)) != 0)
			endpoints[i / 64] |= UINT64CONST(1) << (i % 64);
	}
}

/* Count a request of an endpoint. */
static void
count_for(Endpoint *endpoint, const RequestRecord *record, int64 clock)
{
	const EndpointRule *rule = &endpoint->rule;
	int64		time_us = rule->time == ENDPOINT_DATABASE ? record->database_us :
		record->ended_us - record->begun_us;
	bool		slow = rule->target_us >= 0 && time_us > rule->target_us;

	if (record->begun_us < endpoint->begun_us)
		return;
	endpoint->slow += slow;
	endpoint->large += rule->most_statements > 0 &&
		record->statements > rule->most_statements;
	route_requests_add(&endpoint->requests, record);
	endpoint_windows_add(&endpoint->windows, record->ended_us + clock, slow,
						 record->errors > 0);
}

/* Count a request that has ended, whose route has that place in its table. */
void
endpoint_table_add(EndpointTable *table, const RequestRecord *record, int place)
{
	EndpointMatch *match = &table->match[place];
	uint64		endpoints[ENDPOINT_WORDS];

	if (table->count == 0)
		return;
	if (match->generation != table->generation ||
		match->route != record->route || match->dbid != record->dbid)
		match_route(table, match, record->dbid, record->route);
	memcpy(endpoints, match->endpoints, sizeof(endpoints));
	if (record->endpoints != 0)
		add_marked(table, record, endpoints);
	for (int word = 0; word < ENDPOINT_WORDS; word++)
	{
		for (uint64 left = endpoints[word]; left != 0; left &= left - 1)
			count_for(&table->endpoint[word * 64 + pg_rightmost_one_pos64(left)],
					  record, table->clock_us);
	}
}

/* ------------------------------------------------------------------------
 * Rules
 * ------------------------------------------------------------------------ */

/* The place of an endpoint, or NULL. */
static Endpoint *
find_endpoint(const EndpointTable *table, Oid dbid, const char *name)
{
	for (int i = 0; i < table->count; i++)
	{
		const Endpoint *endpoint = &table->endpoint[i];

		if (endpoint->rule.dbid == dbid && strcmp(endpoint->rule.name, name) == 0)
			return unconstify(Endpoint *, endpoint);
	}
	return NULL;
}

/* The rule of this name among them, or NULL. */
static const EndpointRule *
find_rule(const EndpointRule *rules, int count, const char *name)
{
	for (int i = 0; i < count; i++)
	{
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	}
	return NULL;
}

/* Places that other databases leave, and marks that this one has for its own. */
typedef struct EndpointRoom
{
	int			places;
	int			marks;
} EndpointRoom;

/* The room that there is for the endpoints of a database. */
static EndpointRoom
room_for(const EndpointTable *table, Oid dbid)
{
	EndpointRoom room = {ENDPOINT_MAX, ENDPOINT_MARKS};

	for (int i = 0; i < table->count; i++)
	{
		if (!is_free_place(&table->endpoint[i]) &&
			table->endpoint[i].rule.dbid != dbid)
			room.places--;
	}
	return room;
}

/* Take room for a rule, if there is any. */
static bool
take_room(EndpointRoom *room, const EndpointRule *rule)
{
	int			marks = rule->statement_patterns > 0 ? 1 : 0;

	if (room->places < 1 || room->marks < marks)
		return false;
	room->places--;
	room->marks -= marks;
	return true;
}

/* How many of these have no place, or would have none: the last ones. */
int
endpoint_table_left_over(const EndpointTable *table, Oid dbid,
						 const EndpointRule *rules, int count)
{
	EndpointRoom room = room_for(table, dbid);
	int			left = 0;

	for (int i = 0; i < count; i++)
		left += take_room(&room, &rules[i]) ? 0 : 1;
	return left;
}

/* Are these the rules of the database, as far as there is room for them? */
bool
endpoint_table_has_rules(const EndpointTable *table, Oid dbid,
						 const EndpointRule *rules, int count)
{
	EndpointRoom room = room_for(table, dbid);
	int			wanted = 0;
	int			held = 0;

	for (int i = 0; i < count; i++)
	{
		const Endpoint *endpoint;

		if (!take_room(&room, &rules[i]))
			continue;
		endpoint = find_endpoint(table, dbid, rules[i].name);
		if (endpoint == NULL ||
			memcmp(&endpoint->rule, &rules[i], sizeof(EndpointRule)) != 0)
			return false;
		wanted++;
	}
	for (int i = 0; i < table->count; i++)
		held += table->endpoint[i].rule.dbid == dbid;
	return held == wanted;
}

/* A mark that no endpoint of the database has; there is one. */
static int
free_mark(const EndpointTable *table, Oid dbid)
{
	uint64		used = 0;

	for (int i = 0; i < table->count; i++)
	{
		const Endpoint *endpoint = &table->endpoint[i];

		if (endpoint->rule.dbid == dbid && endpoint->mark >= 0)
			used |= UINT64CONST(1) << endpoint->mark;
	}
	return pg_rightmost_one_pos64(~used);
}

/* A free place; there is one. */
static Endpoint *
free_place(EndpointTable *table)
{
	for (int i = 0; i < table->count; i++)
	{
		if (is_free_place(&table->endpoint[i]))
			return &table->endpoint[i];
	}
	return &table->endpoint[table->count++];
}

/* Let an endpoint begin, which is new or has another rule now. */
static void
start_endpoint(EndpointTable *table, const EndpointRule *rule)
{
	Endpoint   *endpoint = free_place(table);

	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->mark = rule->statement_patterns > 0 ?
		free_mark(table, rule->dbid) : -1;
	endpoint->rule = *rule;
	endpoint->begun_us = clock_us();
	start_counters(endpoint);
}

/*
 * Let these be the rules of the database, as far as there is room for them.  An
 * endpoint whose rule is as it was goes on; counters of another rule are worth
 * nothing to it.
 */
void
endpoint_table_set_rules(EndpointTable *table, Oid dbid,
						 const EndpointRule *rules, int count)
{
	EndpointRoom room = room_for(table, dbid);

	for (int i = 0; i < table->count; i++)
	{
		EndpointRule *held = &table->endpoint[i].rule;
		const EndpointRule *rule;

		if (held->dbid != dbid)
			continue;
		rule = find_rule(rules, count, held->name);
		if (rule == NULL || memcmp(rule, held, sizeof(*rule)) != 0)
			held->dbid = InvalidOid;
	}
	for (int i = 0; i < count; i++)
	{
		if (!take_room(&room, &rules[i]))
		{
			Endpoint   *left_over = find_endpoint(table, dbid, rules[i].name);

			if (left_over != NULL)
				left_over->rule.dbid = InvalidOid;
		}
	}
	room = room_for(table, dbid);
	for (int i = 0; i < count; i++)
	{
		if (take_room(&room, &rules[i]) &&
			find_endpoint(table, dbid, rules[i].name) == NULL)
			start_endpoint(table, &rules[i]);
	}
	while (table->count > 0 && is_free_place(&table->endpoint[table->count - 1]))
		table->count--;
	table->generation++;
}

/*
 * Put an endpoint back that was read from a file; false if there is no room, or it
 * is there already.  All requests to come begin after it.
 */
bool
endpoint_table_restore(EndpointTable *table, const Endpoint *saved)
{
	EndpointRoom room = room_for(table, InvalidOid);
	Endpoint   *endpoint;

	if (room.places < 1 ||
		find_endpoint(table, saved->rule.dbid, saved->rule.name) != NULL)
		return false;
	endpoint = free_place(table);
	memcpy(endpoint, saved, sizeof(Endpoint));
	endpoint->mark = -1;
	if (saved->rule.statement_patterns > 0)
		endpoint->mark = free_mark(table, saved->rule.dbid);
	endpoint->begun_us = 0;
	table->generation++;
	return endpoint->mark < ENDPOINT_MARKS;
}
