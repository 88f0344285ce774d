/*-------------------------------------------------------------------------
 *
 * endpoint_save.c
 *	  Endpoints in the saved file.
 *
 * Of the windows the minutes and hours are written in which there were requests.
 * The clock of the windows goes on over a restart by what the server's clock says
 * has passed, but never back.
 *
 *-------------------------------------------------------------------------
 */
#include "store/endpoint_save.h"

#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/request_save.h"

StaticAssertDecl(offsetof(EndpointRule, patterns) == NAMEDATALEN +
				 2 * sizeof(int64) + 2 * sizeof(uint32) + 4 * sizeof(uint16) &&
				 sizeof(EndpointSlot) == 4 * sizeof(uint32),
				 "what is saved has no padding");

/* Write a rule. */
static void
save_rule(SaveFile *file, const EndpointRule *rule)
{
	uint32		length = endpoint_rule_patterns_length(rule);

	save_bytes(file, rule, offsetof(EndpointRule, patterns));
	save_bytes(file, &length, sizeof(length));
	save_bytes(file, rule->patterns, length);
}

/* Read a rule into zeroed memory; false if it makes no sense. */
static bool
load_rule(SaveFile *file, EndpointRule *rule)
{
	uint32		length;

	return load_bytes(file, rule, offsetof(EndpointRule, patterns)) &&
		load_bytes(file, &length, sizeof(length)) &&
		length <= ENDPOINT_PATTERN_BYTES &&
		load_bytes(file, rule->patterns, length) &&
		endpoint_rule_is_sound(rule) &&
		endpoint_rule_patterns_length(rule) == length;
}

/* Write the places of a ring that hold anything. */
static void
save_ring(SaveFile *file, const EndpointSlot *ring, int size)
{
	uint32		used = 0;

	for (int i = 0; i < size; i++)
		used += ring[i].requests > 0;
	save_bytes(file, &used, sizeof(used));
	for (int i = 0; i < size; i++)
	{
		if (ring[i].requests > 0)
			save_bytes(file, &ring[i], sizeof(EndpointSlot));
	}
}

/*
 * Read the places of a zeroed ring; false if they make no sense at that time of
 * their clock.
 */
static bool
load_ring(SaveFile *file, EndpointSlot *ring, int size, int64 last)
{
	uint32		used;

	if (!load_bytes(file, &used, sizeof(used)) || used > size)
		return false;
	for (uint32 i = 0; i < used; i++)
	{
		EndpointSlot slot;

		if (!load_bytes(file, &slot, sizeof(slot)) || slot.number < 0 ||
			slot.number > last || slot.requests == 0 ||
			slot.slow > slot.requests || slot.failed > slot.requests ||
			ring[slot.number % size].requests > 0)
			return false;
		ring[slot.number % size] = slot;
	}
	return true;
}

/* Write an endpoint, and what was counted of it if there was anything. */
static void
save_endpoint(SaveFile *file, const Endpoint *endpoint)
{
	save_rule(file, &endpoint->rule);
	save_bytes(file, &endpoint->exported, sizeof(uint32));
	save_bytes(file, &endpoint->since, sizeof(TimestampTz));
	save_bytes(file, &endpoint->slow, sizeof(int64));
	save_bytes(file, &endpoint->large, sizeof(int64));
	save_bytes(file, &endpoint->requests.totals.requests, sizeof(int64));
	if (endpoint->requests.totals.requests == 0)
		return;
	request_save_counters(file, &endpoint->requests);
	save_ring(file, endpoint->windows.minutes, ENDPOINT_MINUTES);
	save_ring(file, endpoint->windows.hours, ENDPOINT_HOURS);
}

/* Read what was counted of an endpoint, whose windows were written then. */
static bool
load_counters(SaveFile *file, Endpoint *endpoint, int64 saved_us)
{
	int64		requests;

	if (!load_bytes(file, &endpoint->exported, sizeof(uint32)) ||
		endpoint->exported > ENDPOINT_HISTOGRAM ||
		!load_bytes(file, &endpoint->since, sizeof(TimestampTz)) ||
		!saved_time_is_sound(endpoint->since) ||
		!load_bytes(file, &endpoint->slow, sizeof(int64)) ||
		!load_bytes(file, &endpoint->large, sizeof(int64)) ||
		!load_bytes(file, &requests, sizeof(int64)) ||
		requests < 0 || endpoint->slow < 0 || endpoint->slow > requests ||
		endpoint->large < 0 || endpoint->large > requests)
		return false;
	if (requests == 0)
		return true;
	return request_load_counters(file, &endpoint->requests) &&
		endpoint->requests.totals.requests == requests &&
		load_ring(file, endpoint->windows.minutes, ENDPOINT_MINUTES,
				  saved_us / USECS_PER_MINUTE) &&
		load_ring(file, endpoint->windows.hours, ENDPOINT_HOURS,
				  saved_us / USECS_PER_HOUR);
}

/* Write the endpoints, and what time it is by their clock and by the server's. */
void
endpoints_save(SaveFile *file, const EndpointTable *table)
{
	int64		clocks[2] = {table->clock_us + clock_us(), GetCurrentTimestamp()};
	int64		count = endpoint_table_held(table);

	save_bytes(file, &count, sizeof(count));
	if (count == 0)
		return;
	save_bytes(file, clocks, sizeof(clocks));
	for (int i = 0; i < table->count; i++)
	{
		if (OidIsValid(table->endpoint[i].rule.dbid))
			save_endpoint(file, &table->endpoint[i]);
	}
}

/* Read endpoints into an empty table; false if they make no sense. */
static bool
load_endpoints(SaveFile *file, EndpointTable *table)
{
	int64		clocks[2];
	int64		count;

	if (!load_bytes(file, &count, sizeof(count)) || count < 0 ||
		count > ENDPOINT_MAX)
		return false;
	if (count == 0)
		return true;
	if (!load_bytes(file, clocks, sizeof(clocks)) ||
		!saved_time_is_sound(clocks[0]) || !saved_time_is_sound(clocks[1]))
		return false;
	for (int64 i = 0; i < count; i++)
	{
		Endpoint	endpoint = {0};

		if (!load_rule(file, &endpoint.rule) ||
			!load_counters(file, &endpoint, clocks[0]) ||
			!endpoint_table_restore(table, &endpoint))
			return false;
	}
	table->clock_us = clocks[0] + Max(GetCurrentTimestamp() - clocks[1], 0) -
		clock_us();
	return true;
}

/* Read them in place of those that are there; none if they make no sense. */
bool
endpoints_load(SaveFile *file, EndpointTable *table)
{
	endpoint_table_clear(table);
	if (load_endpoints(file, table))
		return true;
	endpoint_table_clear(table);
	return false;
}
