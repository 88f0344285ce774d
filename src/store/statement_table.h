/*-------------------------------------------------------------------------
 *
 * statement_table.h
 *	  The shared table of statements: entries, and who may touch them.
 *
 * An entry in use has an odd generation.  Its key and generation change only
 * under the exclusive lock of its partition together with its own exclusive
 * lock; either lock is enough to read them.  Its counters and tables are read
 * and written under its own lock.  Both locks are held for the length of a copy or a merge.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATEMENT_TABLE_H
#define CLIPPERF_STATEMENT_TABLE_H

#include "compat.h"

#include "hotpath.h"
#include "store/statement_counters.h"
#include "store/table_use.h"
#include "store/text.h"

typedef struct StatementEntry
{
	LWLock		lock;
	pg_atomic_uint64 generation;	/* odd while in use */
	StatementKey key;
	bool		has_text;		/* holds a reference to its text */
	int			next_free;		/* index of the next free entry, or -1 */
	int			position;		/* among the members of its partition */
	TableUses	tables;			/* that its executions used */
	StatementCounters counters;
} StatementEntry;

/* A reference that notices when its entry has been given to another. */
typedef struct StatementRef
{
	int			index;			/* in the table; -1 = none */
	uint64		generation;
} StatementRef;

extern Size statement_table_size(void);
extern Size statement_table_hash_size(void);
extern void statement_table_attach(void *memory, bool found);

/* The table. */
HOTPATH_EXTERN StatementEntry *statement_entries;

static inline StatementEntry *
statement_entry(int index)
{
	return &statement_entries[index];
}

/* Does the reference still name its statement?  No lock needed: a hint. */
static inline bool
statement_ref_is_valid(const StatementRef *ref)
{
	return pg_atomic_read_u64(&statement_entry(ref->index)->generation) ==
		ref->generation;
}

/*
 * Find or make the entry of a statement, for this execution of it, NULL if it
 * was in the table before.
 */
extern StatementRef statement_table_enter(const StatementKey *key,
										  const StatementSample *sample,
										  StatementTextMaker maker,
										  void *maker_arg);

/*
 * Find or make the entry of a statement read from a file, whose text is
 * referenced already if has_text.
 */
extern StatementRef statement_table_insert(const StatementKey *key,
										   bool has_text);

/* Forget the statements of a database, or of all. */
extern void statement_table_clear(Oid dbid);

extern TextKey statement_text_key(const StatementKey *key);

/* Empty counters, which may hold anything, or which are known to be valid. */
extern void counters_init(StatementCounters *counters);
extern void counters_clear(StatementCounters *counters);

/* The buckets first .. end - 1 of the histogram are in use, too. */
static inline void
counters_widen_latency(StatementCounters *counters, int first, int end)
{
	if (counters->latency_end == 0)
	{
		counters->latency_first = first;
		counters->latency_end = end;
	}
	counters->latency_first = Min(counters->latency_first, first);
	counters->latency_end = Max(counters->latency_end, end);
}

/* A call took so long: note its histogram's bucket. */
static inline void
counters_add_latency(StatementCounters *counters, double us)
{
	int			bucket = histogram_bucket(us);

	counters_widen_latency(counters, bucket, bucket + 1);
	counters->latency.count[bucket]++;
}

extern void counters_merge(StatementCounters *into,
						   const StatementCounters *from);
extern int64 statement_table_held(void);

#endif							/* CLIPPERF_STATEMENT_TABLE_H */
