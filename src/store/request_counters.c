/*-------------------------------------------------------------------------
 *
 * request_counters.c
 *	  What is measured of a request, and of all requests of a route.
 *
 * Plain memory: whoever owns a structure guards it.
 *
 *-------------------------------------------------------------------------
 */
#include "store/request_counters.h"

#include "utils/timestamp.h"

#include "common/clock.h"
#include "hotpath.h"

/*
 * Add a later or parallel part of the same request.  Its route is the first one
 * that somebody named, else that of its first statement that has one.
 */
pg_attribute_hot void
request_merge(RequestRecord *into, const RequestRecord *part)
{
	if (unlikely(into->route != part->route) &&
		(into->route == ROUTE_NONE || (!into->is_named && part->is_named)))
	{
		into->route = part->route;
		into->is_named = part->is_named;
	}
	into->begun_us = Min(into->begun_us, part->begun_us);
	if (likely(part->ended_us >= into->ended_us))
	{
		into->ended_us = part->ended_us;
		into->ended = part->ended;
	}
	into->endpoints |= part->endpoints;
	into->statements += part->statements;
	into->looped += part->looped;
	into->errors += part->errors;
	into->rows += part->rows;
	into->shared_blks_hit += part->shared_blks_hit;
	into->shared_blks_read += part->shared_blks_read;
	into->wal_bytes += part->wal_bytes;
	into->database_us += part->database_us;
}

/* Count one more value; the number of its bucket stops at its maximum. */
static void
count_value(Histogram *histogram, int64 value)
{
	uint32	   *count = &histogram->count[histogram_bucket(value)];

	if (*count < PG_UINT32_MAX)
		(*count)++;
}

/*
 * The end of a request is seen.  It was seen later before if others were counted
 * meanwhile, or the server's clock was set back since.
 */
static void
see(RequestTotals *totals, TimestampTz first, TimestampTz last)
{
	if (totals->first_seen == 0 || first < totals->first_seen)
		totals->first_seen = first;
	if (likely(totals->last_seen <= last))
		totals->last_seen = last;
	else
		totals->last_seen = clock_last_seen(totals->last_seen, last,
											GetCurrentTimestamp());
}

/*
 * Count a request that has ended.  A loop may be proven by its last lookups
 * only, and then those count that went before: not more than the request had.
 */
void
route_requests_add(RouteRequests *requests, const RequestRecord *record)
{
	RequestTotals *totals = &requests->totals;
	int64		span_us = Max(record->ended_us - record->begun_us, 0);

	totals->requests++;
	totals->kinds[record->kind]++;
	totals->failed += record->errors > 0;
	totals->errors += record->errors;
	totals->statements += record->statements;
	totals->looped += Min(record->looped, record->statements);
	totals->rows += record->rows;
	totals->shared_blks_hit += record->shared_blks_hit;
	totals->shared_blks_read += record->shared_blks_read;
	totals->wal_bytes += record->wal_bytes;
	totals->database_us += record->database_us;
	totals->span_us += span_us;
	totals->wait_us += Max(span_us - record->database_us, 0);
	totals->most_statements = Max(totals->most_statements, record->statements);
	totals->longest_database_us = Max(totals->longest_database_us,
									  record->database_us);
	totals->longest_span_us = Max(totals->longest_span_us, span_us);
	see(totals, record->ended, record->ended);
	count_value(&requests->database, record->database_us);
	count_value(&requests->span, span_us);
	count_value(&requests->statements, record->statements);
}

/* Add what was counted elsewhere, of this route or of one whose name is gone. */
void
route_requests_merge(RouteRequests *into, const RouteRequests *from)
{
	RequestTotals *sum = &into->totals;
	const RequestTotals *add = &from->totals;

	sum->requests += add->requests;
	for (int i = 0; i < REQUEST_KINDS; i++)
		sum->kinds[i] += add->kinds[i];
	sum->failed += add->failed;
	sum->errors += add->errors;
	sum->statements += add->statements;
	sum->looped += add->looped;
	sum->rows += add->rows;
	sum->shared_blks_hit += add->shared_blks_hit;
	sum->shared_blks_read += add->shared_blks_read;
	sum->wal_bytes += add->wal_bytes;
	sum->database_us += add->database_us;
	sum->span_us += add->span_us;
	sum->wait_us += add->wait_us;
	sum->most_statements = Max(sum->most_statements, add->most_statements);
	sum->longest_database_us = Max(sum->longest_database_us,
								   add->longest_database_us);
	sum->longest_span_us = Max(sum->longest_span_us, add->longest_span_us);
	see(sum, add->first_seen, add->last_seen);
	histogram_merge(&into->database, &from->database);
	histogram_merge(&into->span, &from->span);
	histogram_merge(&into->statements, &from->statements);
}
