/*-------------------------------------------------------------------------
 *
 * route.c
 *	  The names of routes, each stored once and known by a small number.
 *
 * Names are only ever added, under LOCKS_ROUTE.  A name is in place before
 * "count" is raised and before its bucket of the hash table leads to it, so
 * that readers need no lock.  Numbers stay valid as long as the server runs,
 * since statements and findings refer to them: a reset keeps them.
 *
 *-------------------------------------------------------------------------
 */
#include "store/route.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"

#include "hotpath.h"
#include "store/encoding.h"
#include "store/save.h"

/* Buckets of the hash table: half of them stay empty, which ends a search. */
#define BUCKETS (2 * ROUTE_MAX)

typedef struct RouteShared
{
	pg_atomic_uint32 count;		/* names in place */
	uint32		applications;	/* of them, names of applications */
	pg_atomic_uint32 buckets[BUCKETS];	/* routes by the hash of their names */
	char		names[ROUTE_MAX][ROUTE_NAME_LENGTH];	/* of route i + 1 */
} RouteShared;

static RouteShared *shared = NULL;

RouteLast	route_last HOTPATH_DATA = {ROUTE_OF_REQUEST, ROUTE_NONE, 0, ""};

static Size
route_size(void)
{
	return sizeof(RouteShared);
}

/* StoreModule.attach */
static void
route_attach(void *memory, bool found)
{
	shared = memory;
	if (found)
		return;
	pg_atomic_init_u32(&shared->count, 0);
	shared->applications = 0;
	for (int i = 0; i < BUCKETS; i++)
		pg_atomic_init_u32(&shared->buckets[i], ROUTE_NONE);
}

/*
 * The bucket that leads to a name, or the empty one where it belongs.  Needs
 * no lock.
 */
static pg_atomic_uint32 *
find_bucket(const char *name)
{
	uint32		hash = hash_bytes((const unsigned char *) name, strlen(name));

	for (;; hash++)
	{
		pg_atomic_uint32 *bucket = &shared->buckets[hash % BUCKETS];
		RouteId		route = pg_atomic_read_u32(bucket);

		pg_read_barrier();
		if (route == ROUTE_NONE || strcmp(shared->names[route - 1], name) == 0)
			return bucket;
	}
}

/* May one more name of this kind be added?  Caller holds the lock. */
static bool
has_room(RouteSource source)
{
	if (source == ROUTE_OF_APPLICATION &&
		shared->applications >= ROUTE_MAX_APPLICATIONS)
		return false;
	return pg_atomic_read_u32(&shared->count) < ROUTE_MAX;
}

/*
 * Add a name unless another backend has just done so.  ROUTE_NONE if there is
 * no room.
 */
static RouteId
add(const char *name, RouteSource source)
{
	LWLock	   *lock = store_lock(LOCKS_ROUTE, 0);
	pg_atomic_uint32 *bucket;
	RouteId		route;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	bucket = find_bucket(name);
	route = pg_atomic_read_u32(bucket);
	if (route == ROUTE_NONE && has_room(source))
	{
		route = pg_atomic_read_u32(&shared->count) + 1;
		strlcpy(shared->names[route - 1], name, ROUTE_NAME_LENGTH);
		pg_write_barrier();
		pg_atomic_write_u32(&shared->count, route);
		pg_atomic_write_u32(bucket, route);
		if (source == ROUTE_OF_APPLICATION)
			shared->applications++;
	}
	LWLockRelease(lock);
	return route;
}

/* Bytes of a name that are kept: it is cut at a character boundary. */
static int
kept_length(const char *name, int length)
{
	if (length < ROUTE_NAME_LENGTH)
		return length;
	return encoding_clip(name, length, ROUTE_NAME_LENGTH - 1);
}

/*
 * The name as it is stored.  Databases of several encodings share the names:
 * outside of UTF-8, what is not ASCII becomes a question mark.
 */
static void
make_portable(char *portable, const char *name, int length)
{
	memcpy(portable, name, length);
	portable[length] = '\0';
	encoding_make_readable(portable, PG_UTF8);
}

/*
 * The number of a route name (cut at a character boundary), added if it is
 * new.  ROUTE_NONE for "" and when the table is full.  Usually one comparison;
 * takes LOCKS_ROUTE only if the name is new.
 */
RouteId
route_intern(const char *name, int length, RouteSource source)
{
	char		wanted[ROUTE_NAME_LENGTH];

	length = kept_length(name, length);
	if (length == 0)
		return ROUTE_NONE;
	if (length == route_last.length && source == route_last.source &&
		memcmp(name, route_last.name, length) == 0)
		return route_last.route;

	make_portable(wanted, name, length);
	route_last.route = pg_atomic_read_u32(find_bucket(wanted));
	if (route_last.route == ROUTE_NONE &&
		pg_atomic_read_u32(&shared->count) < ROUTE_MAX)
		route_last.route = add(wanted, source);
	memcpy(route_last.name, name, length);
	route_last.name[length] = '\0';
	route_last.length = length;
	route_last.source = source;
	return route_last.route;
}

/* NULL for ROUTE_NONE; the string lives as long as the server. */
const char *
route_name(RouteId route)
{
	uint32		count = pg_atomic_read_u32(&shared->count);

	pg_read_barrier();
	if (route == ROUTE_NONE || route > count)
		return NULL;
	return shared->names[route - 1];
}

/* The name of a route, palloc'd, in a form that this database can show. */
char *
route_label(RouteId route)
{
	const char *name = route_name(route);
	char	   *label;

	if (name == NULL)
		return NULL;
	label = pstrdup(name);
	encoding_make_readable(label, PG_UTF8);
	return label;
}

/* Names held now, of ROUTE_MAX. */
int
route_count(void)
{
	return (int) pg_atomic_read_u32(&shared->count);
}

/* StoreModule.save: the number of names, then the names in their order. */
static void
route_save(SaveFile *file)
{
	uint32		count = pg_atomic_read_u32(&shared->count);

	pg_read_barrier();
	save_bytes(file, &count, sizeof(count));
	save_bytes(file, &shared->applications, sizeof(shared->applications));
	save_bytes(file, shared->names, count * sizeof(shared->names[0]));
}

/* StoreModule.load */
static bool
route_load(SaveFile *file)
{
	uint32		count;

	if (!load_bytes(file, &count, sizeof(count)) || count > ROUTE_MAX ||
		!load_bytes(file, &shared->applications,
					sizeof(shared->applications)) ||
		!load_bytes(file, shared->names, count * sizeof(shared->names[0])))
		return false;
	for (uint32 i = 0; i < count; i++)
		if (shared->names[i][ROUTE_NAME_LENGTH - 1] != '\0')
			return false;
	for (uint32 i = 0; i < count; i++)
		pg_atomic_write_u32(find_bucket(shared->names[i]), i + 1);
	pg_atomic_write_u32(&shared->count, count);
	return true;
}

const StoreModule route_module = {
	.name = "route",
	.size = route_size,
	.attach = route_attach,
	.save = route_save,
	.load = route_load
};
