/*-------------------------------------------------------------------------
 *
 * route.c
 *	  The names of routes, each stored once and known by a small number.
 *
 * Names are only ever added, under LOCKS_ROUTE; "count" is raised after the
 * name is in place, so that readers need no lock.  Numbers stay valid as long
 * as the server runs, since statements and findings refer to them: a reset
 * keeps them.
 *
 *-------------------------------------------------------------------------
 */
#include "store/route.h"

#include "mb/pg_wchar.h"

#include "store/save.h"

typedef struct RouteShared
{
	pg_atomic_uint32 count;		/* names in place */
	char		names[ROUTE_MAX][ROUTE_NAME_LENGTH];	/* of route i + 1 */
} RouteShared;

static RouteShared *shared = NULL;

/* The name this backend looked up last. */
static char last_name[ROUTE_NAME_LENGTH];
static int	last_length = 0;
static RouteId last_route = ROUTE_NONE;

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
	if (!found)
		pg_atomic_init_u32(&shared->count, 0);
}

/* Look for a name from "first" to below "count"; ROUTE_NONE if not there. */
static RouteId
find(const char *name, uint32 first, uint32 count)
{
	for (uint32 i = first; i < count; i++)
		if (strcmp(shared->names[i], name) == 0)
			return i + 1;
	return ROUTE_NONE;
}

/*
 * Add a name unless another backend has done so since the first "seen" were
 * searched.  ROUTE_NONE if there is no room.
 */
static RouteId
add(const char *name, uint32 seen)
{
	LWLock	   *lock = store_lock(LOCKS_ROUTE, 0);
	uint32		count;
	RouteId		route;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	count = pg_atomic_read_u32(&shared->count);
	route = find(name, seen, count);
	if (route == ROUTE_NONE && count < ROUTE_MAX)
	{
		strlcpy(shared->names[count], name, ROUTE_NAME_LENGTH);
		pg_write_barrier();
		pg_atomic_write_u32(&shared->count, count + 1);
		route = count + 1;
	}
	LWLockRelease(lock);
	return route;
}

/*
 * Databases of several encodings share the names: outside of UTF-8, what is
 * not ASCII becomes a question mark.
 */
static void
make_portable(char *name)
{
	if (GetDatabaseEncoding() == PG_UTF8)
		return;
	for (char *c = name; *c != '\0'; c++)
		if (IS_HIGHBIT_SET(*c))
			*c = '?';
}

/* See route.h.  Usually one comparison; no lock unless the name is new. */
RouteId
route_intern(const char *name, int length)
{
	char		wanted[ROUTE_NAME_LENGTH];
	uint32		count;

	if (length >= ROUTE_NAME_LENGTH)
		length = pg_mbcliplen(name, length, ROUTE_NAME_LENGTH - 1);
	if (length == 0)
		return ROUTE_NONE;
	if (length == last_length && memcmp(name, last_name, length) == 0)
		return last_route;

	memcpy(wanted, name, length);
	wanted[length] = '\0';
	make_portable(wanted);
	count = pg_atomic_read_u32(&shared->count);
	pg_read_barrier();
	last_route = find(wanted, 0, count);
	if (last_route == ROUTE_NONE && count < ROUTE_MAX)
		last_route = add(wanted, count);
	memcpy(last_name, name, length);
	last_length = length;
	return last_route;
}

/* See route.h. */
RouteId
route_find(const char *name, int length)
{
	uint32		count = pg_atomic_read_u32(&shared->count);

	pg_read_barrier();
	return find(pnstrdup(name, length), 0, count);
}

/* See route.h. */
const char *
route_name(RouteId route)
{
	uint32		count = pg_atomic_read_u32(&shared->count);

	pg_read_barrier();
	if (route == ROUTE_NONE || route > count)
		return NULL;
	return shared->names[route - 1];
}

/* StoreModule.save: the number of names, then the names in their order. */
static void
route_save(SaveFile *file)
{
	uint32		count = pg_atomic_read_u32(&shared->count);

	pg_read_barrier();
	save_bytes(file, &count, sizeof(count));
	save_bytes(file, shared->names, count * sizeof(shared->names[0]));
}

/* StoreModule.load */
static bool
route_load(SaveFile *file)
{
	uint32		count;

	if (!load_bytes(file, &count, sizeof(count)) || count > ROUTE_MAX ||
		!load_bytes(file, shared->names, count * sizeof(shared->names[0])))
		return false;
	for (uint32 i = 0; i < count; i++)
		if (shared->names[i][ROUTE_NAME_LENGTH - 1] != '\0')
			return false;
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
