/*-------------------------------------------------------------------------
 *
 * store.h
 *	  What all modules of the store share: its header and its locks.
 *
 * Each module of this room owns one piece of shared memory and describes
 * itself by a StoreModule; modules.c calls them in turn.  Memory is fixed at
 * server start.  No module knows an executor type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STORE_H
#define CLIPPERF_STORE_H

#include "compat.h"

#include "port/atomics.h"
#include "storage/lwlock.h"

#include "hotpath.h"

struct SaveFile;

/* What clipperf_reset() can be asked to forget. */
typedef enum ResetWhat
{
	RESET_QUERIES = 1 << 0,
	RESET_N_PLUS_ONE = 1 << 1,
	RESET_SEQ_SCANS = 1 << 2,
	RESET_SAMPLES = 1 << 3,
	RESET_ROUTES = 1 << 4,
	RESET_WAITS = 1 << 5,
	RESET_PLANS = 1 << 6,
	RESET_ALL = 0xFF,			/* that was counted */
	RESET_STANDBYS = 1 << 8		/* and what was seen of the servers around */
} ResetWhat;

typedef struct StoreModule
{
	const char *name;			/* also the name of its shared memory */

	/*
	 * Bytes of its structures in shared memory, from the settings alone; NULL
	 * if it has none, and nothing to attach.
	 */
	Size		(*size) (void);
	/* Bytes of the shared hash tables attach() makes; NULL if it makes none. */
	Size		(*hash_size) (void);
	/* Set "memory" up (found = false) or only keep its address. */
	void		(*attach) (void *memory, bool found);
	/* Write what must survive a restart; NULL if nothing must. */
	void		(*save) (struct SaveFile *file);
	/* Read it back, at server start; false if the data make no sense. */
	bool		(*load) (struct SaveFile *file);

	/*
	 * Forget what one database did, or all did if it is InvalidOid; the
	 * caller holds no lock.  Losses are counted for all together: they stay
	 * in the first case.
	 */
	void		(*reset) (int what, Oid dbid);
} StoreModule;

/* Groups of LWLocks, all of the named tranche "clipperf". */
typedef enum StoreLockGroup
{
	LOCKS_STATEMENT,			/* partitions of the statement table */
	LOCKS_TEXT,					/* partitions of the text table */
	LOCKS_ROUTE,
	LOCKS_EPISODE,				/* stripes of the episodes of lineage */
	LOCKS_REPEAT,				/* stripes of the lookups of a trace */
	LOCKS_REQUEST,				/* the table of requests */
	LOCKS_PATTERN,				/* the table of N+1 patterns */
	LOCKS_SEQSCAN,				/* the table of sequential scans */
	LOCKS_SAMPLE,				/* stripes of the parameter samples */
	LOCKS_WAITS,				/* the table of waits */
	LOCKS_CACHE,				/* what caches would have spared */
	LOCKS_BLOCKS,				/* the series of blocks of time */
	LOCKS_DATABASE,				/* when databases were reset by themselves */
	LOCKS_SAVE,					/* one writer of the saved file at a time */
	NUM_STORE_LOCK_GROUPS
} StoreLockGroup;

#define STATEMENT_PARTITIONS	64
#define TEXT_PARTITIONS			16
#define EPISODE_STRIPES			64
#define REPEAT_STRIPES			16
#define SAMPLE_STRIPES			16

/*
 * Shared by all modules.  Written under no lock: the counters are atomic and
 * touched on cold paths only.
 */
typedef struct StoreHeader
{
	TimestampTz since;			/* set at start, by load and by reset(all) */
	pg_atomic_uint64 standby_seen;	/* TimestampTz: see standby.h */
	pg_atomic_uint64 removals;	/* of statements' entries, for whatever
								 * reason: raised when an entry's generation
								 * has been */
	pg_atomic_uint64 evicted;	/* statements that made room for another */
	pg_atomic_uint64 dropped;	/* executions that could not be counted */
	pg_atomic_uint64 texts_dropped; /* statements whose text had no room */
	pg_atomic_uint64 texts_cut; /* texts stored shortened */
	pg_atomic_uint64 overhead_ns;	/* own time in the executions measured */
	pg_atomic_uint64 overhead_of_ns;	/* executor's time in the same */
	pg_atomic_uint64 overhead_samples;	/* how many were measured */
	TimestampTz saved;			/* last successful save, 0 if none */
	int			worker_pid;		/* the background worker, 0 if none */
} StoreHeader;

HOTPATH_EXTERN StoreHeader *store_header;

/* True when clipperf was in shared_preload_libraries. */
static inline bool
store_is_ready(void)
{
	return store_header != NULL;
}

/* Is told that a function of ours runs; NULL = nobody wants to know. */
extern void (*store_told_ours) (void);

/* Does a reset of this database, or of all, forget what is of database "of"? */
static inline bool
reset_concerns(Oid dbid, Oid of)
{
	return !OidIsValid(dbid) || dbid == of;
}

/*
 * What a backend has counted and not handed on belongs to an epoch: its database in
 * the upper half, in the lower one a number that each reset of that raises.  The
 * backend notices by it that what it holds was counted before.
 */

/* A backend of this database begins; its epoch. */
static inline uint64
epoch_begin(pg_atomic_uint64 *epoch, Oid dbid)
{
	uint64		begun = (uint64) dbid << 32 |
		(uint32) (pg_atomic_read_u64(epoch) + 1);

	pg_atomic_write_u64(epoch, begun);
	return begun;
}

/* A reset of this database, or of all.  Without effect if the backend is another's. */
static inline void
epoch_end(pg_atomic_uint64 *epoch, Oid dbid)
{
	uint64		ended = pg_atomic_read_u64(epoch);

	while (reset_concerns(dbid, (Oid) (ended >> 32)) &&
		   !pg_atomic_compare_exchange_u64(epoch, &ended,
										   (ended & ~(uint64) PG_UINT32_MAX) |
										   (uint32) (ended + 1)))
		;
}

/* A function of ours runs: so the statement that calls it is ours. */
extern void store_note_ours(void);

/* The same; raises 55000 with a hint unless store_is_ready(). */
extern void store_require(void);

/* Lock number "number" (any value: it wraps around) of a group. */
extern LWLock *store_lock(StoreLockGroup group, uint32 number);

extern int	store_tranche(void);	/* for LWLocks embedded in entries */
extern int	store_backends(void);	/* MY_PROC_INDEX is below it */

/* For modules.c. */
extern Size store_header_size(void);
extern void store_request_locks(void);
extern bool store_attach_header(void);

#endif							/* CLIPPERF_STORE_H */
