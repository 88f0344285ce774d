/*-------------------------------------------------------------------------
 *
 * waits.c
 *	  What sessions were seen to run and to wait for.
 *
 * A table of counters by database, user, route, statement, event and holder of a
 * lock, in sets of WAIT_WAYS entries.  What is new takes the place of the least
 * useful entry of its set, whose samples are then counted as lost.  The names of the
 * events stand beside it, so that a file tells the same in a server that numbers its
 * events in another way.
 *
 * Only the sampler adds anything, a few dozen times a second.  It holds LOCKS_WAITS
 * exclusively while it does, after it has looked at the sessions; readers hold it
 * shared.  No statement takes it.  The generation is raised under it, and read by
 * anybody.
 *
 *-------------------------------------------------------------------------
 */
#include "store/waits.h"

#include <float.h>
#include <math.h>

#include "common/hashfn.h"
#include "tcop/cmdtag.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/database_reset.h"
#include "store/save.h"

/* In this time the usefulness of an entry that is not seen again halves. */
#define HALF_LIFE_US		(10 * USECS_PER_MINUTE)

typedef struct WaitsShared
{
	pg_atomic_uint32 generation;	/* raised by each reset */
	int			sampler_pid;	/* written by the sampler alone */
	WaitTotals	totals;
	TimestampTz now;			/* of the moment that is being added .. */
	uint32		ms;				/* .. and what it stands for */
	int			place;			/* .. in recent_ms[] */
	int32		held;			/* entries in use */
	int32		event_count;	/* of events[] */
	WaitEventName events[WAIT_EVENTS];
	WaitEntry	sets[WAIT_SETS][WAIT_WAYS];
} WaitsShared;

StaticAssertDecl(sizeof(WaitKey) == 32 &&
				 sizeof(WaitEntry) == sizeof(WaitKey) + 56,
				 "what is compared and saved has no padding");

static WaitsShared *shared = NULL;

/* StoreModule.size */
static Size
waits_size(void)
{
	return sizeof(WaitsShared);
}

/* Forget everything.  Caller holds the lock, or sets it up. */
static void
clear_waits(void)
{
	memset(&shared->totals, 0, sizeof(shared->totals));
	memset(shared->sets, 0, sizeof(shared->sets));
	memset(shared->events, 0, sizeof(shared->events));
	shared->held = 0;
	shared->event_count = 0;
}

/* StoreModule.attach */
static void
waits_attach(void *memory, bool found)
{
	shared = memory;
	if (found)
		return;
	pg_atomic_init_u32(&shared->generation, 0);
	shared->sampler_pid = 0;
	shared->now = 0;
	shared->ms = 0;
	shared->place = 0;
	clear_waits();
}

/* Forget what was counted of a database.  Caller holds the lock. */
static void
forget_waits_of(Oid dbid)
{
	for (int set = 0; set < WAIT_SETS; set++)
	{
		for (int i = 0; i < WAIT_WAYS; i++)
		{
			WaitEntry  *entry = &shared->sets[set][i];

			if (entry->samples == 0 || entry->key.dbid != dbid)
				continue;
			memset(entry, 0, sizeof(WaitEntry));
			shared->held--;
		}
	}
}

/* StoreModule.reset */
static void
waits_reset(int what, Oid dbid)
{
	int64		ms;

	if ((what & RESET_WAITS) == 0)
		return;
	LWLockAcquire(store_lock(LOCKS_WAITS, 0), LW_EXCLUSIVE);
	ms = shared->totals.ms;
	if (OidIsValid(dbid))
		forget_waits_of(dbid);
	else
	{
		pg_atomic_fetch_add_u32(&shared->generation, 1);
		clear_waits();
	}
	LWLockRelease(store_lock(LOCKS_WAITS, 0));
	if (OidIsValid(dbid))
		database_sampled_before(dbid, ms);
}

/* Raised by each reset: what was numbered before has another number now. */
uint32
waits_generation(void)
{
	return pg_atomic_read_u32(&shared->generation);
}

/* The sampler begins, or ends (0). */
void
waits_set_sampler(int pid)
{
	shared->sampler_pid = pid;
}

/* The process of the sampler, 0 = none. */
int
waits_sampler(void)
{
	return shared->sampler_pid;
}

/* ------------------------------------------------------------------------
 * What the sampler adds
 * ------------------------------------------------------------------------ */

/*
 * The number of an event, whose name is interned if it is new; WAIT_EVENTS if there is
 * no room for it.  Takes the lock.
 */
WaitEventId
waits_event(const char *type, const char *event)
{
	WaitEventName name = {"", ""};
	int			number = 0;

	strlcpy(name.type, type, NAMEDATALEN);
	strlcpy(name.event, event, NAMEDATALEN);
	LWLockAcquire(store_lock(LOCKS_WAITS, 0), LW_EXCLUSIVE);
	while (number < shared->event_count &&
		   memcmp(&shared->events[number], &name, sizeof(name)) != 0)
		number++;
	if (number == shared->event_count && number < WAIT_EVENTS)
		shared->events[shared->event_count++] = name;
	LWLockRelease(store_lock(LOCKS_WAITS, 0));
	return number;
}

/*
 * The place of a minute in recent_ms[]; what stood there is forgotten if it was of
 * another one.  Caller holds the lock.
 */
static int
minute_place(int64 minute)
{
	int			place = ((minute % WAIT_MINUTES) + WAIT_MINUTES) % WAIT_MINUTES;
	WaitMinute *kept = &shared->totals.minutes[place];

	if (kept->minute == minute)
		return place;
	kept->minute = minute;
	kept->ms = 0;
	for (int set = 0; set < WAIT_SETS; set++)
		for (int i = 0; i < WAIT_WAYS; i++)
			shared->sets[set][i].recent_ms[place] = 0;
	return place;
}

/*
 * A moment begins, at which all sessions were looked at and which stands for so many
 * milliseconds; the sampler has used so much time since the last one.  Caller holds the
 * lock exclusively from here until it has added what was seen.
 */
void
waits_begin(TimestampTz now, uint32 ms, int64 own_us)
{
	WaitTotals *totals = &shared->totals;

	shared->now = now;
	shared->ms = ms;
	shared->place = minute_place(now / USECS_PER_MINUTE);
	totals->minutes[shared->place].ms += ms;
	totals->moments++;
	totals->ms += ms;
	totals->own_us += own_us;
	if (totals->since == 0)
		totals->since = now;
}

/* The set that a key stands in. */
static WaitEntry *
wait_set_of(const WaitKey *key)
{
	return shared->sets[hash_bytes((const unsigned char *) key, sizeof(*key)) %
						WAIT_SETS];
}

/* The entry of a key, or NULL.  Caller holds the lock. */
static WaitEntry *
find_wait_entry(const WaitKey *key)
{
	WaitEntry  *set = wait_set_of(key);

	for (int i = 0; i < WAIT_WAYS; i++)
	{
		if (set[i].samples > 0 && memcmp(&set[i].key, key, sizeof(*key)) == 0)
			return &set[i];
	}
	return NULL;
}

/* What is lost with an entry: the logarithm of its time, less one for each half-life. */
static double
entry_usefulness(const WaitEntry *entry, TimestampTz now)
{
	if (entry->samples == 0)
		return -DBL_MAX;
	return log2((double) Max(entry->ms, 1)) -
		(double) clock_age_us(entry->last_seen, now) / HALF_LIFE_US;
}

/* An entry for a key that has none.  Caller holds the lock. */
static WaitEntry *
make_wait(const WaitKey *key)
{
	WaitEntry  *set = wait_set_of(key);
	WaitEntry  *least = &set[0];

	for (int i = 1; i < WAIT_WAYS; i++)
	{
		if (entry_usefulness(&set[i], shared->now) <
			entry_usefulness(least, shared->now))
			least = &set[i];
	}
	if (least->samples > 0)
	{
		shared->totals.evicted++;
		shared->totals.lost += least->samples;
	}
	else
		shared->held++;
	memset(least, 0, sizeof(*least));
	least->key = *key;
	least->first_seen = shared->now;
	return least;
}

/* Add to what was counted for a key.  Caller holds the lock. */
static void
add_samples(const WaitKey *key, int64 samples, int64 ms)
{
	WaitEntry  *entry = find_wait_entry(key);

	if (entry == NULL)
		entry = make_wait(key);
	entry->samples += samples;
	entry->ms += ms;
	entry->recent_ms[shared->place] += ms;
	entry->last_seen = shared->now;
}

/*
 * A session was seen at the moment that has begun; it is lost where there was no room
 * for the name of its event.  Caller holds the lock, and has interned the event since
 * the last reset.
 */
void
waits_add(const WaitKey *key)
{
	if (key->event < shared->event_count)
		add_samples(key, 1, shared->ms);
	else
		shared->totals.lost++;
}

/*
 * What was counted in this minute for one key is that of another one.  If the first
 * has made room meanwhile, that was counted as lost, and stays so.  Caller holds the
 * lock, within a moment.
 */
void
waits_move(const WaitKey *from, const WaitKey *to, int64 samples, int64 ms)
{
	WaitEntry  *entry = find_wait_entry(from);

	if (entry == NULL || entry->samples < samples || entry->ms < ms ||
		entry->recent_ms[shared->place] < ms)
		return;
	entry->samples -= samples;
	entry->ms -= ms;
	entry->recent_ms[shared->place] -= ms;
	if (entry->samples == 0)
		shared->held--;
	add_samples(to, samples, ms);
}

/* ------------------------------------------------------------------------
 * Readers
 * ------------------------------------------------------------------------ */

/*
 * All entries, palloc'd.  The memory is touched before the lock is taken, so that the
 * sampler does not wait while the kernel fetches pages.
 */
WaitTable *
waits_copy(void)
{
	WaitTable  *table = palloc0(sizeof(WaitTable));

	table->entries = palloc0(sizeof(shared->sets));
	table->events = palloc0(sizeof(shared->events));
	LWLockAcquire(store_lock(LOCKS_WAITS, 0), LW_SHARED);
	table->totals = shared->totals;
	memcpy(table->events, shared->events, sizeof(shared->events));
	for (int set = 0; set < WAIT_SETS; set++)
		for (int i = 0; i < WAIT_WAYS; i++)
			if (shared->sets[set][i].samples > 0)
				table->entries[table->count++] = shared->sets[set][i];
	LWLockRelease(store_lock(LOCKS_WAITS, 0));
	databases_copy(&table->databases);
	return table;
}

/* The time in which samples of a database were taken since that was reset. */
int64
waits_sampled_ms(const WaitTable *table, Oid dbid)
{
	int64		ms = table->totals.ms - databases_sampled_before(&table->databases, dbid);

	return Max(ms, 0);
}

/*
 * The time of an entry in this minute and those before, and in *of_ms that in which
 * samples of its database were taken then, since that was reset.
 */
int64
waits_recent_ms(const WaitTable *table, const WaitEntry *entry,
				TimestampTz now, int64 *of_ms)
{
	const WaitTotals *totals = &table->totals;
	int64		minute = now / USECS_PER_MINUTE;
	int64		ms = 0;

	*of_ms = 0;
	for (int i = 0; i < WAIT_MINUTES; i++)
	{
		const WaitMinute *kept = &totals->minutes[i];

		if (kept->minute > minute || kept->minute <= minute - WAIT_MINUTES)
			continue;
		ms += entry->recent_ms[i];
		*of_ms += kept->ms;
	}
	*of_ms = Min(*of_ms, waits_sampled_ms(table, entry->key.dbid));
	return ms;
}

/* Entries in use; *totals is what was sampled in all. */
int
waits_held(WaitTotals *totals)
{
	int			held;

	LWLockAcquire(store_lock(LOCKS_WAITS, 0), LW_SHARED);
	*totals = shared->totals;
	held = shared->held;
	LWLockRelease(store_lock(LOCKS_WAITS, 0));
	return held;
}

/* ------------------------------------------------------------------------
 * The saved file
 * ------------------------------------------------------------------------ */

/* StoreModule.save: totals, names of the events, entries. */
static void
waits_save(SaveFile *file)
{
	WaitTable  *table = waits_copy();
	int32		events = 0;

	while (events < WAIT_EVENTS && table->events[events].type[0] != '\0')
		events++;
	save_bytes(file, &table->totals, sizeof(table->totals));
	save_bytes(file, &events, sizeof(events));
	for (int32 i = 0; i < events; i++)
	{
		save_string(file, table->events[i].type);
		save_string(file, table->events[i].event);
	}
	save_bytes(file, &table->count, sizeof(table->count));
	save_bytes(file, table->entries, table->count * sizeof(WaitEntry));
}

/* Read the name of an event, of printing characters; false if it makes no sense. */
static bool
load_event_name(SaveFile *file, char *name)
{
	char	   *saved;

	if (!load_string(file, &saved) || saved == NULL || *saved == '\0' ||
		strlcpy(name, saved, NAMEDATALEN) >= NAMEDATALEN)
		return false;
	for (; *name != '\0'; name++)
	{
		if (*name < ' ' || *name > '~')
			return false;
	}
	return true;
}

/* Larger sums than this cannot have been counted, and all entries could not be added up. */
#define MOST_SAVED_WAIT		(PG_INT64_MAX / (2 * WAIT_ENTRIES))

/* Can this be a number of samples or milliseconds? */
static bool
wait_sum_is_sound(int64 sum)
{
	return sum >= 0 && sum <= MOST_SAVED_WAIT;
}

/* Can these be what was saved? */
static bool
totals_can_be(const WaitTotals *totals)
{
	const int64 sums[] = {totals->moments, totals->ms, totals->own_us,
		totals->evicted, totals->lost
	};

	for (int i = 0; i < lengthof(sums); i++)
	{
		if (!wait_sum_is_sound(sums[i]))
			return false;
	}
	for (int i = 0; i < WAIT_MINUTES; i++)
	{
		if (totals->minutes[i].ms < 0 || totals->minutes[i].ms > PG_INT32_MAX ||
			!saved_time_is_sound(totals->minutes[i].minute))
			return false;
	}
	return saved_time_is_sound(totals->since);
}

/* Can this entry be what was saved, of so many events? */
static bool
entry_is_sound(const WaitEntry *entry, int32 events)
{
	return entry->key.event < events && entry->key.state < NUM_WAIT_STATES &&
		entry->key.command < COMMAND_TAG_NEXTTAG && entry->key.unused == 0 &&
		entry->unused == 0 && entry->samples > 0 &&
		wait_sum_is_sound(entry->samples) && wait_sum_is_sound(entry->ms) &&
		saved_time_is_sound(entry->first_seen) &&
		saved_time_is_sound(entry->last_seen);
}

/* Read the names of the events; false if they make no sense. */
static bool
load_events(SaveFile *file)
{
	int32		events;

	if (!load_bytes(file, &events, sizeof(events)) || events < 0 ||
		events > WAIT_EVENTS)
		return false;
	for (int32 i = 0; i < events; i++)
	{
		if (!load_event_name(file, shared->events[i].type) ||
			!load_event_name(file, shared->events[i].event))
			return false;
	}
	shared->event_count = events;
	return true;
}

/* Read it all; false if it makes no sense.  Caller holds the lock. */
static bool
load_waits(SaveFile *file)
{
	int32		count;
	WaitEntry	saved;

	if (!load_bytes(file, &shared->totals, sizeof(shared->totals)) ||
		!totals_can_be(&shared->totals) || !load_events(file) ||
		!load_bytes(file, &count, sizeof(count)) || count < 0 ||
		count > WAIT_ENTRIES)
		return false;
	while (count-- > 0)
	{
		WaitEntry  *entry;

		if (!load_bytes(file, &saved, sizeof(saved)) ||
			!entry_is_sound(&saved, shared->event_count))
			return false;
		entry = find_wait_entry(&saved.key);
		if (entry == NULL)
			entry = make_wait(&saved.key);
		*entry = saved;
	}
	return true;
}

/* StoreModule.load */
static bool
waits_load(SaveFile *file)
{
	bool		loaded;

	LWLockAcquire(store_lock(LOCKS_WAITS, 0), LW_EXCLUSIVE);
	pg_atomic_fetch_add_u32(&shared->generation, 1);
	loaded = load_waits(file);
	LWLockRelease(store_lock(LOCKS_WAITS, 0));
	return loaded;
}

const StoreModule waits_module = {
	.name = "waits",
	.size = waits_size,
	.attach = waits_attach,
	.save = waits_save,
	.load = waits_load,
	.reset = waits_reset
};
