/*-------------------------------------------------------------------------
 *
 * database_reset.c
 *	  When databases were reset by themselves, without the others.
 *
 * What is counted of a database since then stands in its rows; here is what its
 * times and shares are to be measured by.  DATABASES_MAX databases: the one that
 * was reset longest ago makes room, and is then taken to be observed for as long
 * as all are.
 *
 * Read and written under LOCKS_DATABASE.
 *
 *-------------------------------------------------------------------------
 */
#include "store/database_reset.h"

#include "utils/timestamp.h"

#include "store/save.h"

static Databases *shared = NULL;

/* The last reset of a database, NULL if there is none. */
static DatabaseReset *
find_reset(const Databases *databases, Oid dbid)
{
	for (int i = 0; i < databases->count; i++)
	{
		if (databases->reset[i].dbid == dbid)
			return unconstify(DatabaseReset *, &databases->reset[i]);
	}
	return NULL;
}

/* The same, made if there is none, as of now.  The caller holds the lock. */
static DatabaseReset *
note_database(Oid dbid)
{
	DatabaseReset *reset = find_reset(shared, dbid);

	if (reset == NULL && shared->count < DATABASES_MAX)
	{
		reset = &shared->reset[shared->count++];
		memset(reset, 0, sizeof(*reset));
	}
	else if (reset == NULL)
	{
		reset = &shared->reset[0];
		for (int i = 1; i < DATABASES_MAX; i++)
		{
			if (shared->reset[i].at < reset->at)
				reset = &shared->reset[i];
		}
		memset(reset, 0, sizeof(*reset));
	}
	reset->dbid = dbid;
	reset->at = GetCurrentTimestamp();
	return reset;
}

/* A copy, for readers.  Takes the lock. */
void
databases_copy(Databases *copy)
{
	LWLockAcquire(store_lock(LOCKS_DATABASE, 0), LW_SHARED);
	*copy = *shared;
	LWLockRelease(store_lock(LOCKS_DATABASE, 0));
}

/* Since when a database is observed.  Takes the lock. */
TimestampTz
database_since(Oid dbid)
{
	const DatabaseReset *reset;
	TimestampTz since;

	LWLockAcquire(store_lock(LOCKS_DATABASE, 0), LW_SHARED);
	reset = find_reset(shared, dbid);
	since = reset != NULL && reset->since != 0 ? reset->since : store_header->since;
	LWLockRelease(store_lock(LOCKS_DATABASE, 0));
	return since;
}

/* Total of the samples of waits when those of a database were reset, 0 if never. */
int64
databases_sampled_before(const Databases *databases, Oid dbid)
{
	const DatabaseReset *reset = find_reset(databases, dbid);

	return reset == NULL ? 0 : reset->sampled_ms;
}

/* The samples of waits of a database were reset at that total.  Takes the lock. */
void
database_sampled_before(Oid dbid, int64 ms)
{
	LWLockAcquire(store_lock(LOCKS_DATABASE, 0), LW_EXCLUSIVE);
	note_database(dbid)->sampled_ms = ms;
	LWLockRelease(store_lock(LOCKS_DATABASE, 0));
}

/* StoreModule.size */
static Size
databases_size(void)
{
	return sizeof(Databases);
}

/* StoreModule.attach */
static void
databases_attach(void *memory, bool found)
{
	shared = memory;
	if (!found)
		memset(shared, 0, sizeof(*shared));
}

/* StoreModule.save: their number, then each. */
static void
databases_save(SaveFile *file)
{
	Databases	copy;

	databases_copy(&copy);
	save_bytes(file, &copy.count, sizeof(copy.count));
	save_bytes(file, copy.reset, copy.count * sizeof(DatabaseReset));
}

/* StoreModule.load */
static bool
databases_load(SaveFile *file)
{
	int32		count;

	if (!load_bytes(file, &count, sizeof(count)) || count < 0 ||
		count > DATABASES_MAX ||
		!load_bytes(file, shared->reset, count * sizeof(DatabaseReset)))
		return false;
	for (int i = 0; i < count; i++)
	{
		const DatabaseReset *reset = &shared->reset[i];

		if (!OidIsValid(reset->dbid) || reset->unused != 0 ||
			reset->sampled_ms < 0 || !saved_time_is_sound(reset->at) ||
			!saved_time_is_sound(reset->since))
			return false;
	}
	shared->count = count;
	return true;
}

/* StoreModule.reset: since all were reset together, none is by itself. */
static void
databases_reset(int what, Oid dbid)
{
	LWLockAcquire(store_lock(LOCKS_DATABASE, 0), LW_EXCLUSIVE);
	if (OidIsValid(dbid) && (what & RESET_ALL) == RESET_ALL)
	{
		DatabaseReset *reset = note_database(dbid);

		reset->since = reset->at;
	}
	for (int i = 0; i < shared->count && !OidIsValid(dbid); i++)
	{
		if ((what & RESET_ALL) == RESET_ALL)
			shared->reset[i].since = 0;
		if ((what & RESET_WAITS) != 0)
			shared->reset[i].sampled_ms = 0;
	}
	LWLockRelease(store_lock(LOCKS_DATABASE, 0));
}

const StoreModule database_module = {
	.name = "databases",
	.size = databases_size,
	.attach = databases_attach,
	.save = databases_save,
	.load = databases_load,
	.reset = databases_reset
};
