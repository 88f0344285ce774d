/*-------------------------------------------------------------------------
 *
 * resultset.h
 *	  Recent result sets, and which of them held a value.
 *
 * Each backend owns a ring of slots, one per recent result set with two rows
 * or more.  A fixed table of 64-bit words, shared by all, tells in which
 * result sets a value was seen: one plain store per value, one short scan per
 * lookup, no locks.
 *
 * Contract: a slot and its head are written by its owner only, except for
 * "active_us" and "looked_up", atomics that any backend may advance.  Readers copy
 * a slot with
 * resultset_read(), which notices when the slot changed under it.  A word may
 * be overwritten by anybody at any time: what the table says is a hint, and a
 * word whose generation is not that of its slot means nothing.  So may the times
 * of last use and of parents' last children, which are atomics.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_RESULTSET_H
#define CLIPPERF_RESULTSET_H

#include "common/evidence.h"
#include "hotpath.h"
#include "store/route.h"
#include "store/store.h"

/*
 * Limits of what is kept of one result.  Each slot has room for a few columns;
 * a result with more of them takes one of the few places for wide results.
 */
#define RESULTSET_COLUMNS	128
#define RESULTSET_NARROW	7
#define RESULTSET_ROWS		EVIDENCE_RANKS

/* Buckets of the table of words, and the words of one: two cache lines. */
#define RESULTSET_BUCKETS	(1 << 14)
#define RESULTSET_BUCKET	16

/* Bits of a word that tell a value, the highest ones. */
#define RESULTSET_TAG_BITS	20

/* A column of a result set that carries keys. */
typedef struct ResultColumn
{
	Oid			relid;			/* the table it comes from */
	Oid			key_relid;		/* the table whose key it holds: see
								 * key_column.h */
	uint32		guess;			/* .. or, if is_open, may hold by its name, as
								 * resultset_key(); 0 = not known */
	uint32		name;			/* hash of its name, 0 = not known */
	int16		attno;
	int16		key_attno;
	uint16		distinct;		/* distinct values recorded so far .. */
	uint16		rows;			/* .. and rows that they were looked for in */
	uint16		domain;			/* distinct texts of the table's column, as
								 * far as 16 bits go; 0 = not known */
	bool		small:1;		/* numbers: equal by chance is common */
	bool		is_time:1;		/* .. that are dates or times */
	bool		is_open:1;		/* whose keys it holds is not known */
	bool		is_part:1;		/* nor what a part of a key of several columns
								 * refers to */
	bool		is_sorted:1;	/* all ascend, or descend */
	bool		is_joint:1;		/* several columns that hold keys of one
								 * table, taken together */
	bool		is_text:1;		/* texts of a column that is no key */
	bool		has_numbers:1;	/* .. some of which spell numbers */
	uint8		joint;			/* the number + 1 of the joint column that it
								 * is a part of; 0 = of none */
	uint32		step;			/* how far apart, if one may sweep through
								 * them without knowing the result, else 0 */
	uint64		sequence;		/* ranks of the first rows' values, four bits
								 * each: see evidence.h */
} ResultColumn;

/* Written by the owner; see the contract above. */
typedef struct ResultSet
{
	pg_atomic_uint64 active_us; /* clock_us() of its last child */
	pg_atomic_uint32 looked_up; /* columns whose values had a child, see
								 * resultset_looked_up_bit() */
	int32		pid;			/* of the owner: its place among the backends
								 * may be another's soon */
	Oid			dbid;
	Oid			userid;
	uint64		queryid;
	uint64		fingerprint;	/* statement_fingerprint() */
	uint64		trace;			/* 0 = none */
	uint64		transaction;	/* explicit transaction block, 0 = none */
	uint64		statement;		/* the owner's count of client statements */
	int64		started_us;
	int64		ended_us;		/* when its rows were published last */
	RouteId		route;
	int32		trigger_depth;
	bool		nested;			/* its statement is itself run in a proven
								 * loop */
	bool		is_chain;		/* single rows of a loop's children: chain.h */
	uint32		rows;			/* recorded so far */
	int32		ncolumns;
	int32		wide;			/* place among those of its backend for wide
								 * results, that has its columns; -1 = none */
} ResultSet;

/*
 * What a lookup needs to know of a slot before anything else.  Apart from the
 * slots, since most words lead to slots that were given away or hold other keys:
 * half a cache line tells so.
 */
typedef struct ResultHead
{
	pg_atomic_uint32 generation;	/* odd while the slot is being rewritten */
	uint32		keys[RESULTSET_NARROW]; /* see resultset_key; of its first
										 * columns */
} ResultHead;

HOTPATH_EXTERN ResultHead *resultset_heads;

/* The generation of a slot, odd while it is being rewritten. */
static inline uint32
resultset_generation(uint32 slot)
{
	return pg_atomic_read_u32(&resultset_heads[slot].generation);
}

/*
 * What tells keys of one table from those of others.  Never 0, which stands for
 * a column whose values may be keys of any table.
 */
static inline uint32
resultset_key(Oid key_relid, int16 key_attno)
{
	return (key_relid << 5 | (uint32) key_attno % 31) + 1;
}

/* Stands for texts that spell no number, which no key of a number is equal to. */
#define RESULTSET_TEXTS		UINT32_MAX

/* What the keys of one table have in common; those of few others do, too. */
static inline uint32
resultset_key_table(uint32 key)
{
	return (key - 1) >> 5;
}

/* A value found in a result set. */
typedef struct ResultHit
{
	uint32		slot;
	uint32		generation;
	uint16		rank;			/* of the value among the column's distinct
								 * ones */
	uint8		column;
	uint8		times;			/* rows that hold it, at most 7 = 7 or more */
} ResultHit;

/* Take a slot of this backend for a new result set of so many columns. */
extern ResultSet *resultset_claim(int64 now_us, int ncolumns, uint32 *slot);

/* The columns of a slot; its owner fills them in. */
extern ResultColumn *resultset_columns(uint32 slot);

/* The slot is filled: from now on lookups may find it. */
extern void resultset_open(uint32 slot);

/* Record a value of a column; returns the rank it has there. */
extern int	resultset_put(uint32 slot, uint32 generation, int column,
						  uint64 hash, int rank, bool is_new);

/* The words that stand for values: see resultset.c. */
HOTPATH_EXTERN uint64 (*resultset_words)[RESULTSET_BUCKET];

/* The bucket of a value; other backends write it at any time. */
static inline volatile uint64 *
resultset_bucket(uint64 hash)
{
	return resultset_words[hash & (RESULTSET_BUCKETS - 1)];
}

/* What tells a value from most others of its bucket, and the same of a word. */
static inline uint64
resultset_tag(uint64 bits)
{
	return bits >> (64 - RESULTSET_TAG_BITS);
}

/* Fetch the bucket of a value, both cache lines. */
static inline void
resultset_prefetch(uint64 hash)
{
	volatile uint64 *bucket = resultset_bucket(hash);

	__builtin_prefetch((const void *) bucket);
	__builtin_prefetch((const void *) (bucket + 8));
}

/* May a value have been seen anywhere? */
static inline bool
resultset_holds(uint64 hash)
{
	volatile uint64 *bucket = resultset_bucket(hash);

	for (int i = 0; i < RESULTSET_BUCKET && bucket[i] != 0; i++)
	{
		if (resultset_tag(bucket[i]) == resultset_tag(hash))
			return true;
	}
	return false;
}

/* Where a value was seen; returns in how many places. */
extern int	resultset_find(uint64 hash, uint32 key, ResultHit *hits);

/*
 * A consistent copy of a slot and of the column that a value was found in, if its
 * generation is still the one given.
 */
extern bool resultset_read(const ResultHit *hit, ResultSet *copy,
						   ResultColumn *column);

/*
 * When any result set was published or had a child last, clock_us(), at most
 * RESULTSET_USE_ERROR_US too early: the lines are shared and seldom written.
 */
#define RESULTSET_USE_ERROR_US	INT64CONST(100000)
HOTPATH_EXTERN pg_atomic_uint64 *resultset_used_us;

/* The time of last use of any result set. */
static inline int64
resultset_last_use(void)
{
	return (int64) pg_atomic_read_u64(resultset_used_us);
}

/*
 * When a result set with several values, that a lookup of such a key may have
 * come from, was published or had a child last; by resultset_key_number().
 */
#define RESULTSET_KEYS			1024
HOTPATH_EXTERN pg_atomic_uint64 *resultset_key_used_us;

/* The place of a resultset_key() in resultset_key_used_us; first those of columns that may hold any. */
static inline uint32
resultset_key_number(uint32 key)
{
	return key == 0 ? 0 :
		1 + (key * UINT32_C(0x9e3779b1) >> 8) % (RESULTSET_KEYS - 1);
}

/* The time of last use of a result set that may hold such keys. */
static inline int64
resultset_key_last_use(uint32 key)
{
	return (int64)
		Max(pg_atomic_read_u64(&resultset_key_used_us[0]),
			pg_atomic_read_u64(&resultset_key_used_us[resultset_key_number(key)]));
}

/* Some statement looks up such keys; 0 tells nothing. */
extern void resultset_note_sought(uint32 key);

/* Did any, since the server's start? */
extern bool resultset_is_sought(uint32 key);

/* A set of this backend is used now. */
extern void resultset_note_use(int64 now_us);

/* A column of a set, which holds several values, is used now. */
extern void resultset_note_column(uint32 slot, int column, int64 now_us);

/* All columns of a set are used now. */
extern void resultset_note_columns(uint32 slot, int64 now_us);

/* A child of this set ended. */
extern void resultset_touch(uint32 slot, int64 now_us);

/* A child of one of a statement's result sets was seen. */
extern void resultset_note_parent(uint64 queryid, int64 now_us);

/* When that was last: clock_us(), 0 if never. */
extern int64 resultset_parent_us(uint64 queryid);

/* The bit of a column in ResultSet.looked_up, which few others of a wide result share. */
static inline uint32
resultset_looked_up_bit(int column)
{
	return UINT32_C(1) << (column % 32);
}

/* A value of a column of this set had a child. */
extern void resultset_note_looked_up(uint32 slot, int column);

/*
 * Which columns of a set of this backend have had children, a bit each, if it is
 * that of this generation still.
 */
extern bool resultset_looked_up(uint32 slot, uint32 generation, uint32 *columns);

/* How many result sets can be held. */
extern int	resultset_slots(void);

extern const StoreModule resultset_module;

#endif							/* CLIPPERF_RESULTSET_H */
