/*-------------------------------------------------------------------------
 *
 * header.c
 *	  What of the store's header outlives a restart: since when everything was
 *	  counted, what was lost since, and when a standby was seen.
 *
 * The header itself is part of store.c.
 *
 *-------------------------------------------------------------------------
 */
#include "store/header.h"

#include "utils/timestamp.h"

#include "store/save.h"
#include "store/standby.h"

/* What the header counts since "since", in the order in which it is saved. */
#define HEADER_COUNTERS 7

/* Counter number "number" of these. */
static pg_atomic_uint64 *
header_counter(int number)
{
	pg_atomic_uint64 *const counters[HEADER_COUNTERS] = {
		&store_header->evicted,
		&store_header->dropped,
		&store_header->texts_dropped,
		&store_header->texts_cut,
		&store_header->overhead_ns,
		&store_header->overhead_of_ns,
		&store_header->overhead_samples
	};

	return counters[number];
}

/* StoreModule.reset: only with all that was counted the time goes. */
static void
header_reset(int what, Oid dbid)
{
	if (what & RESET_STANDBYS)
		pg_atomic_write_u64(&store_header->standby_seen, 0);
	if ((what & RESET_ALL) != RESET_ALL || OidIsValid(dbid))
		return;
	store_header->since = GetCurrentTimestamp();
	for (int i = 0; i < HEADER_COUNTERS; i++)
		pg_atomic_write_u64(header_counter(i), 0);
}

/* StoreModule.save */
static void
header_save(SaveFile *file)
{
	TimestampTz standby_seen;

	(void) standby_follows();
	standby_seen = standby_last_seen();
	save_bytes(file, &store_header->since, sizeof(TimestampTz));
	save_bytes(file, &standby_seen, sizeof(standby_seen));
	for (int i = 0; i < HEADER_COUNTERS; i++)
	{
		uint64		counter = pg_atomic_read_u64(header_counter(i));

		save_bytes(file, &counter, sizeof(counter));
	}
}

/* StoreModule.load */
static bool
header_load(SaveFile *file)
{
	TimestampTz since;
	TimestampTz standby_seen;
	int64		counter;

	if (!load_bytes(file, &since, sizeof(since)) ||
		!load_bytes(file, &standby_seen, sizeof(standby_seen)) ||
		since == 0 || !saved_time_is_sound(since) ||
		!saved_time_is_sound(standby_seen))
		return false;
	store_header->since = since;
	pg_atomic_write_u64(&store_header->standby_seen, standby_seen);
	for (int i = 0; i < HEADER_COUNTERS; i++)
	{
		if (!load_bytes(file, &counter, sizeof(counter)) || counter < 0)
			return false;
		pg_atomic_write_u64(header_counter(i), counter);
	}
	return true;
}

const StoreModule header_module = {
	.name = "header",
	.save = header_save,
	.load = header_load,
	.reset = header_reset
};
