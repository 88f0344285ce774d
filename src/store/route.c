/*-------------------------------------------------------------------------
 *
 * route.c
 *	  The names of routes, each stored once and known by a small number.
 *
 * A number is a place among ROUTE_MAX and how often that place was given away.
 * Statements and findings keep numbers, so that one whose name has made room
 * for another simply has no name any more.
 *
 * Contract: names, buckets and places are written under LOCKS_ROUTE only, and
 * read by anybody without it.  A place is set to ROUTE_NONE before its name is
 * rewritten, and to its new number afterwards; who reads a name looks at the
 * place before and after.  What a reader of the buckets misses because they
 * are being changed, it finds under the lock.  Times of last use are written
 * by anybody, without a lock: the latest wins, or one about as late.
 *
 *-------------------------------------------------------------------------
 */
#include "store/route.h"

#include <ctype.h>

#include "access/xact.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "common/plain.h"
#include "hotpath.h"
#include "settings.h"
#include "store/encoding.h"
#include "store/save.h"

/* Buckets of the hash table: half of them stay empty, which ends a search. */
#define BUCKETS (2 * ROUTE_MAX)

/* What an id in a name becomes. */
#define FOLDED ":id"

/* Characters of a uuid in its canonical spelling. */
#define UUID_TEXT_LENGTH 36

/*
 * Words that hold digits and are so long are ids: of all hexadecimal digits,
 * as a git commit's; of any letters and digits, as a ULID's.
 */
#define HEX_ID_LENGTH 8
#define WORD_ID_LENGTH 20

/* Numbers outside of a path that are so long are ids: of a process, say. */
#define NUMBER_ID_LENGTH 3

/* What a control character of a name becomes. */
#define UNPRINTABLE '?'

typedef struct RouteShared
{
	pg_atomic_uint32 places[ROUTE_MAX]; /* RouteId that is there, or NONE */
	pg_atomic_uint64 used[ROUTE_MAX];	/* TimestampTz of last use */
	uint32		generations[ROUTE_MAX]; /* how often it was given away */
	uint8		sources[ROUTE_MAX]; /* RouteSource */
	uint32		owners[ROUTE_MAX];	/* whose statement brought it: owner_now() */
	pg_atomic_uint32 buckets[BUCKETS];	/* place + 1 by hash of name, or 0 */
	pg_atomic_uint32 count;		/* places in use */
	uint32		applications;	/* of them, names of applications */
	pg_atomic_uint64 evicted;	/* names that made room for another */
	char		names[ROUTE_MAX][ROUTE_NAME_LENGTH];
} RouteShared;

static RouteShared *shared = NULL;

pg_atomic_uint32 *route_places HOTPATH_DATA = NULL;

RouteLast	route_last HOTPATH_DATA = {ROUTE_OF_REQUEST, ROUTE_NONE, ""};

/* StoreModule.size */
static Size
route_size(void)
{
	return sizeof(RouteShared);
}

static void tell_if_cut(const char *name);

/* StoreModule.attach */
static void
route_attach(void *memory, bool found)
{
	shared = memory;
	setting_route_told = tell_if_cut;
	route_places = shared->places;
	if (found)
		return;
	memset(shared, 0, sizeof(*shared));
	pg_atomic_init_u32(&shared->count, 0);
	pg_atomic_init_u64(&shared->evicted, 0);
	for (int i = 0; i < ROUTE_MAX; i++)
	{
		pg_atomic_init_u32(&shared->places[i], ROUTE_NONE);
		pg_atomic_init_u64(&shared->used[i], 0);
	}
	for (int i = 0; i < BUCKETS; i++)
		pg_atomic_init_u32(&shared->buckets[i], 0);
}

/* ------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------ */

/* Does a uuid stand here? */
static bool
is_uuid(const char *at)
{
	for (int i = 0; i < UUID_TEXT_LENGTH; i++)
	{
		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (at[i] != '-')
				return false;
		}
		else if (!isxdigit((unsigned char) at[i]))
			return false;
	}
	return !isalnum((unsigned char) at[UUID_TEXT_LENGTH]);
}

/* Is a word of so many letters and digits an id?  "in_path": it follows a slash. */
static bool
is_id(const char *word, int length, bool in_path)
{
	int			digits = 0;
	int			hex = 0;

	for (int i = 0; i < length; i++)
	{
		digits += isdigit((unsigned char) word[i]) != 0;
		hex += isxdigit((unsigned char) word[i]) != 0;
	}
	if (digits == length)
		return in_path || length >= NUMBER_ID_LENGTH;
	return digits > 0 && ((hex == length && length >= HEX_ID_LENGTH) ||
						  length >= WORD_ID_LENGTH);
}

/*
 * A name of less than ROUTE_MAX_GIVEN bytes with its ids folded, in twice as many
 * bytes; returns the length.
 */
static int
fold_ids(char *folded, const char *given)
{
	char	   *to = folded;
	const char *at = given;
	int			length;

	while (*at != '\0')
	{
		bool		in_path = at > given && at[-1] == '/';

		length = 0;
		while (isalnum((unsigned char) at[length]))
			length++;
		if (length >= 8 && is_uuid(at))
			length = UUID_TEXT_LENGTH;
		else if (length == 0 || !is_id(at, length, in_path))
		{
			length = Max(length, 1);
			memcpy(to, at, length);
			to += length;
			at += length;
			continue;
		}
		memcpy(to, FOLDED, strlen(FOLDED));
		to += strlen(FOLDED);
		at += length;
	}
	return to - folded;
}

/*
 * The name as it is stored: ids in it are folded, it is cut at a character
 * boundary, control characters become question marks, and as databases of several
 * encodings share the names, outside of UTF-8 so does what is not ASCII.
 */
static void
make_stored(char *stored, const char *given)
{
	char		folded[2 * ROUTE_MAX_GIVEN];
	int			length = fold_ids(folded, given);

	if (length >= ROUTE_NAME_LENGTH)
		length = encoding_clip(folded, length, ROUTE_NAME_LENGTH - 1);
	memcpy(stored, folded, length);
	stored[length] = '\0';
	encoding_make_readable(stored, PG_UTF8);
	plain_replace(stored, UNPRINTABLE, PG_UTF8);
}

/* ------------------------------------------------------------------------
 * Places
 * ------------------------------------------------------------------------ */

/* The bucket in which the search for a name begins. */
static uint32
first_bucket(const char *name)
{
	return hash_bytes((const unsigned char *) name, strlen(name)) % BUCKETS;
}

/* The bucket that leads to a name, or the empty one where the search ends. */
static uint32
find_bucket(const char *name)
{
	uint32		bucket = first_bucket(name);

	for (int i = 0; i < BUCKETS; i++, bucket = (bucket + 1) % BUCKETS)
	{
		uint32		place = pg_atomic_read_u32(&shared->buckets[bucket]);

		if (place == 0 || strcmp(shared->names[place - 1], name) == 0)
			break;
	}
	return bucket;
}

/*
 * The route of a stored name; ROUTE_NONE if it is not there.  Without the lock
 * it may be overlooked, but not mistaken for another one.
 */
static RouteId
find_route(const char *name)
{
	uint32		place = pg_atomic_read_u32(&shared->buckets[find_bucket(name)]);
	RouteId		route;

	if (place == 0)
		return ROUTE_NONE;
	route = pg_atomic_read_u32(&shared->places[place - 1]);
	pg_read_barrier();
	if (route == ROUTE_NONE || strcmp(shared->names[place - 1], name) != 0)
		return ROUTE_NONE;
	pg_read_barrier();
	return pg_atomic_read_u32(&shared->places[place - 1]) == route ?
		route : ROUTE_NONE;
}

/*
 * Take a place out of the buckets.  Those after it move up where their search
 * would end too early (D. E. Knuth, The Art of Computer Programming 3, section
 * 6.4, algorithm R).  Caller holds the lock.
 */
static void
remove_from_buckets(int place)
{
	uint32		gap = find_bucket(shared->names[place]);
	uint32		next = gap;

	for (;;)
	{
		uint32		moved;
		uint32		first;

		next = (next + 1) % BUCKETS;
		moved = pg_atomic_read_u32(&shared->buckets[next]);
		if (moved == 0)
			break;
		first = first_bucket(shared->names[moved - 1]);
		if ((next - first) % BUCKETS < (next - gap) % BUCKETS)
			continue;
		pg_atomic_write_u32(&shared->buckets[gap], moved);
		gap = next;
	}
	pg_atomic_write_u32(&shared->buckets[gap], 0);
}

/*
 * Who brings a name now: a hash of the database and of the role that has logged
 * in.  Two that share it by chance share what is theirs, too.
 */
static uint32
owner_now(void)
{
	return hash_combine(hash_uint32(MyDatabaseId), hash_uint32(GetSessionUserId()));
}

/*
 * Of which owner is a name to go, if this one brings another?  Of the one that has
 * most, so that whoever floods the names pushes out their own.  Owners are counted by
 * the remainder of their hash.  Caller holds the lock.
 */
static uint32
largest_owner(uint32 newcomer)
{
	uint16		counts[ROUTE_MAX] = {0};
	uint32		largest = newcomer % ROUTE_MAX;

	counts[largest]++;
	for (int i = 0; i < ROUTE_MAX; i++)
		if (pg_atomic_read_u32(&shared->places[i]) != ROUTE_NONE)
			counts[shared->owners[i] % ROUTE_MAX]++;
	for (int i = 0; i < ROUTE_MAX; i++)
		if (counts[i] > counts[largest])
			largest = i;
	return largest;
}

/*
 * The place for one more name of this kind: a free one, else that of the least
 * recently used name of the owner that has most; of applications if these have all
 * that is theirs.  Caller holds the lock.
 */
static int
choose_route_place(RouteSource source, uint32 newcomer)
{
	bool		own_kind = source == ROUTE_OF_APPLICATION &&
		shared->applications >= ROUTE_MAX_APPLICATIONS;
	uint32		largest = largest_owner(newcomer);
	TimestampTz now = GetCurrentTimestamp();
	bool		best_is_largest = false;
	int64		best_us = 0;
	int			best = -1;

	for (int i = 0; i < ROUTE_MAX; i++)
	{
		int64		idle_us = clock_age_us(pg_atomic_read_u64(&shared->used[i]), now);
		bool		is_largest = shared->owners[i] % ROUTE_MAX == largest;
		bool		in_use =
			pg_atomic_read_u32(&shared->places[i]) != ROUTE_NONE;

		if (!in_use && !own_kind)
			return i;
		if (!in_use || (own_kind && shared->sources[i] != ROUTE_OF_APPLICATION))
			continue;
		if (best >= 0 && (is_largest == best_is_largest ? idle_us <= best_us :
						  best_is_largest))
			continue;
		best = i;
		best_us = idle_us;
		best_is_largest = is_largest;
	}
	return best;
}

/* Give a place's name up.  Caller holds the lock. */
static void
remove_route(int place)
{
	pg_atomic_write_u32(&shared->places[place], ROUTE_NONE);
	pg_memory_barrier();
	remove_from_buckets(place);
	if (shared->sources[place] == ROUTE_OF_APPLICATION)
		shared->applications--;
	pg_atomic_write_u32(&shared->count,
						pg_atomic_read_u32(&shared->count) - 1);
}

/* Put a name into a free place, under its number.  Caller holds the lock. */
static void
fill_place(int place, RouteId route, const char *name, RouteSource source,
		   uint32 owner, TimestampTz used)
{
	strlcpy(shared->names[place], name, ROUTE_NAME_LENGTH);
	shared->sources[place] = source;
	shared->owners[place] = owner;
	pg_atomic_write_u64(&shared->used[place], used);
	pg_write_barrier();
	pg_atomic_write_u32(&shared->places[place], route);
	pg_atomic_write_u32(&shared->buckets[find_bucket(name)], place + 1);
	if (source == ROUTE_OF_APPLICATION)
		shared->applications++;
	pg_atomic_write_u32(&shared->count,
						pg_atomic_read_u32(&shared->count) + 1);
}

/* Add a stored name unless another backend has just done so. */
static RouteId
add_route(const char *name, RouteSource source)
{
	LWLock	   *lock = store_lock(LOCKS_ROUTE, 0);
	RouteId		route;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	route = find_route(name);
	if (route == ROUTE_NONE)
	{
		uint32		owner = owner_now();
		int			place = choose_route_place(source, owner);

		if (pg_atomic_read_u32(&shared->places[place]) != ROUTE_NONE)
		{
			remove_route(place);
			pg_atomic_fetch_add_u64(&shared->evicted, 1);
		}
		/* numbers begin again after some eight million names in one place */
		route = shared->generations[place]++ % (PG_UINT32_MAX / ROUTE_MAX) *
			ROUTE_MAX + place + 1;
		fill_place(place, route, name, source, owner,
				   GetCurrentStatementStartTimestamp());
	}
	LWLockRelease(lock);
	return route;
}

/* The bytes of a name that are looked at. */
static void
cut_given(char *given, const char *name)
{
	int			length = strlen(name);

	if (length >= ROUTE_MAX_GIVEN)
		length = encoding_clip(name, length, ROUTE_MAX_GIVEN - 1);
	memcpy(given, name, length);
	given[length] = '\0';
}

/*
 * Tell who sets clipperf.route if the name is too long, as for identifiers.
 * What is too long in a comment is cut without a word: statements get no notices
 * of ours.
 */
static void
tell_if_cut(const char *name)
{
	char		given[ROUTE_MAX_GIVEN];
	char		folded[2 * ROUTE_MAX_GIVEN];
	char		stored[ROUTE_NAME_LENGTH];

	cut_given(given, name);
	if (fold_ids(folded, given) < ROUTE_NAME_LENGTH &&
		strlen(name) < ROUTE_MAX_GIVEN)
		return;
	make_stored(stored, given);
	ereport(NOTICE,
			(errcode(ERRCODE_NAME_TOO_LONG),
			 errmsg("route \"%s\" will be truncated to \"%s\"", name, stored)));
}

/*
 * The number of a route's name: see route_intern_string().  No lock unless the
 * name is new.
 */
RouteId
route_intern(const char *name, RouteSource source)
{
	char		stored[ROUTE_NAME_LENGTH];
	char		given[ROUTE_MAX_GIVEN];
	RouteId		route;

	cut_given(given, name);
	make_stored(stored, given);
	if (stored[0] == '\0')
		return ROUTE_NONE;
	route = find_route(stored);
	if (route == ROUTE_NONE)
		route = add_route(stored, source);
	strcpy(route_last.name, given);
	route_last.route = route;
	route_last.source = source;
	return route;
}

/* It has been used at that time.  For cold paths: a shared line is written. */
void
route_touch(RouteId route, TimestampTz when)
{
	if (route != ROUTE_NONE && route_is_valid(route))
		pg_atomic_write_u64(&shared->used[(route - 1) % ROUTE_MAX], when);
}

/*
 * Copy a route's name into ROUTE_NAME_LENGTH bytes; false for ROUTE_NONE, and for a
 * name that has made room for another.  Takes no lock.
 */
bool
route_read_name(RouteId route, char *name)
{
	if (route == ROUTE_NONE || !route_is_valid(route))
		return false;
	pg_read_barrier();
	memcpy(name, shared->names[(route - 1) % ROUTE_MAX], ROUTE_NAME_LENGTH - 1);
	name[ROUTE_NAME_LENGTH - 1] = '\0';
	pg_read_barrier();
	return route_is_valid(route);
}

/*
 * Its name for readers: palloc'd, in a form that this database can show.  NULL
 * for ROUTE_NONE, and for a name that has made room for another.
 */
char *
route_label(RouteId route)
{
	char	   *label = palloc(ROUTE_NAME_LENGTH);

	if (!route_read_name(route, label))
	{
		pfree(label);
		return NULL;
	}
	encoding_make_readable(label, PG_UTF8);
	return label;
}

/* Names held now, of ROUTE_MAX. */
int
route_count(void)
{
	return (int) pg_atomic_read_u32(&shared->count);
}

/* Names that made room for others. */
int64
route_evicted(void)
{
	return (int64) pg_atomic_read_u64(&shared->evicted);
}

/*
 * StoreModule.reset: names, which all databases share, go with all that they are names
 * of.  Numbers are not given out again: what still has one has no name any more.
 */
static void
route_reset(int what, Oid dbid)
{
	LWLock	   *lock = store_lock(LOCKS_ROUTE, 0);

	if ((what & RESET_ALL) != RESET_ALL || OidIsValid(dbid))
		return;
	LWLockAcquire(lock, LW_EXCLUSIVE);
	for (int i = 0; i < ROUTE_MAX; i++)
	{
		if (pg_atomic_read_u32(&shared->places[i]) != ROUTE_NONE)
			remove_route(i);
	}
	pg_atomic_write_u64(&shared->evicted, 0);
	LWLockRelease(lock);
}

/* ------------------------------------------------------------------------
 * The saved file
 * ------------------------------------------------------------------------ */

/* A name as it is saved.  No padding. */
typedef struct SavedRoute
{
	RouteId		route;
	uint32		source;
	uint32		owner;
	uint32		unused;			/* 0 */
	TimestampTz used;
	char		name[ROUTE_NAME_LENGTH];
} SavedRoute;

/* StoreModule.save: names that were evicted, the number of names, then the names. */
static void
route_save(SaveFile *file)
{
	LWLock	   *lock = store_lock(LOCKS_ROUTE, 0);
	SavedRoute *routes = palloc0(ROUTE_MAX * sizeof(SavedRoute));
	uint32		count = 0;
	int64		evicted = route_evicted();

	LWLockAcquire(lock, LW_SHARED);
	for (int i = 0; i < ROUTE_MAX; i++)
	{
		SavedRoute *saved = &routes[count];

		saved->route = pg_atomic_read_u32(&shared->places[i]);
		if (saved->route == ROUTE_NONE)
			continue;
		saved->source = shared->sources[i];
		saved->owner = shared->owners[i];
		saved->used = pg_atomic_read_u64(&shared->used[i]);
		strcpy(saved->name, shared->names[i]);
		count++;
	}
	LWLockRelease(lock);
	save_bytes(file, &evicted, sizeof(evicted));
	save_bytes(file, &count, sizeof(count));
	save_bytes(file, routes, count * sizeof(SavedRoute));
	pfree(routes);
}

/* Does a saved name make sense? */
static bool
is_sound(const SavedRoute *saved)
{
	return saved->route != ROUTE_NONE &&
		pg_atomic_read_u32(&shared->places[(saved->route - 1) % ROUTE_MAX]) ==
		ROUTE_NONE &&
		saved->source <= ROUTE_OF_APPLICATION &&
		memchr(saved->name, '\0', ROUTE_NAME_LENGTH) != NULL &&
		saved->name[0] != '\0' && find_route(saved->name) == ROUTE_NONE;
}

/* StoreModule.load */
static bool
route_load(SaveFile *file)
{
	uint32		count;
	int64		evicted;
	SavedRoute	saved;

	if (!load_bytes(file, &evicted, sizeof(evicted)) || evicted < 0 ||
		!load_bytes(file, &count, sizeof(count)) || count > ROUTE_MAX)
		return false;
	pg_atomic_write_u64(&shared->evicted, evicted);
	for (uint32 i = 0; i < count; i++)
	{
		int			place;

		if (!load_bytes(file, &saved, sizeof(saved)) || !is_sound(&saved))
			return false;
		place = (saved.route - 1) % ROUTE_MAX;
		shared->generations[place] = (saved.route - 1) / ROUTE_MAX + 1;
		fill_place(place, saved.route, saved.name, saved.source, saved.owner,
				   Min(saved.used, GetCurrentTimestamp()));
	}
	return true;
}

const StoreModule route_module = {
	.name = "route",
	.size = route_size,
	.attach = route_attach,
	.save = route_save,
	.load = route_load,
	.reset = route_reset
};
