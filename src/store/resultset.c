/*-------------------------------------------------------------------------
 *
 * resultset.c
 *	  Recent result sets, and which of them held a value.
 *
 * Who may write what is told in resultset.h.  No locks.
 *
 *-------------------------------------------------------------------------
 */
#include "store/resultset.h"

#include "hotpath.h"

/* Slots of one backend, fewer where there are thousands of backends. */
#define SLOTS_PER_BACKEND	64

/* How a word is made up, from the top: tag, slot, generation, rank, .. */
#define TAG_BITS		RESULTSET_TAG_BITS
#define SLOT_BITS		16
#define GENERATION_BITS 8
#define RANK_BITS		10
#define COLUMN_BITS		7
#define TIMES_BITS		3

#define TIMES_MAX		((1 << TIMES_BITS) - 1)
#define COLUMN_SHIFT	TIMES_BITS
#define RANK_SHIFT		(COLUMN_SHIFT + COLUMN_BITS)
#define GENERATION_SHIFT (RANK_SHIFT + RANK_BITS)
#define SLOT_SHIFT		(GENERATION_SHIFT + GENERATION_BITS)
#define TAG_SHIFT		(SLOT_SHIFT + SLOT_BITS)
#define MASK(bits)		((UINT64CONST(1) << (bits)) - 1)

/* All of a word that tells one value of one column of one set. */
#define IDENTITY_MASK \
	(~(MASK(RANK_BITS) << RANK_SHIFT | MASK(TIMES_BITS)))

StaticAssertDecl(TAG_BITS + SLOT_BITS + GENERATION_BITS + RANK_BITS +
				 COLUMN_BITS + TIMES_BITS == 64, "a word has 64 bits");
StaticAssertDecl(RESULTSET_ROWS <= 1 << RANK_BITS, "ranks fit");
StaticAssertDecl(RESULTSET_COLUMNS <= 1 << COLUMN_BITS, "columns fit");

/* A set whose child ended less than this ago (us) is not overwritten. */
#define SPARED_US		1000000

/* Statements whose last child is remembered, and how exactly (us). */
#define NUM_PARENTS		1024
#define PARENT_ERROR_US	1000000

/* Slots of a backend for one place for a wide result. */
#define SLOTS_PER_WIDE	10

/* The columns of a result that has more of them than a slot has room for. */
typedef struct WideColumns
{
	uint32		slot;			/* whose they are, if that is .. */
	uint32		generation;		/* .. of this generation */
	ResultColumn columns[RESULTSET_COLUMNS];
} WideColumns;

typedef struct ResultSlot
{
	ResultSet	set;
	ResultColumn narrow[RESULTSET_NARROW];	/* unless set.wide tells another
											 * place */
} ResultSlot;

typedef struct ResultSetShared
{
	uint64		words[RESULTSET_BUCKETS][RESULTSET_BUCKET];
	pg_atomic_uint64 used_us;	/* see resultset_used_us */
	char		padding[PG_CACHE_LINE_SIZE - sizeof(pg_atomic_uint64)];
	pg_atomic_uint64 key_used_us[RESULTSET_KEYS];	/* by their numbers */
	pg_atomic_uint64 parent_us[NUM_PARENTS];	/* of their last children */
	volatile uint8 sought[RESULTSET_KEYS];	/* set to 1, by whoever sees it */
	ResultHead	heads[FLEXIBLE_ARRAY_MEMBER];	/* of the slots; these follow,
												 * then the wide columns */
} ResultSetShared;

StaticAssertDecl(sizeof(ResultHead) * 2 == 64 &&
				 offsetof(ResultSetShared, heads) % 64 == 0,
				 "two heads fill a cache line");

static ResultSetShared *shared = NULL;
static ResultSlot *slots = NULL;
static WideColumns *wides = NULL;
ResultHead *resultset_heads HOTPATH_DATA = NULL;
uint64		(*resultset_words)[RESULTSET_BUCKET] HOTPATH_DATA = NULL;
pg_atomic_uint64 *resultset_used_us HOTPATH_DATA = NULL;
pg_atomic_uint64 *resultset_key_used_us HOTPATH_DATA = NULL;

/* The slot of this backend's ring that was taken last; -1 = none so far. */
static int	ring_position = -1;

/* Slots of one backend's ring. */
static inline int
ring_size(void)
{
	return Max(4, Min(SLOTS_PER_BACKEND, (1 << SLOT_BITS) / store_backends()));
}

/* How many result sets can be held. */
int
resultset_slots(void)
{
	return ring_size() * store_backends();
}

/* Places of one backend for wide results. */
static inline int
wide_places(void)
{
	return Max(1, ring_size() / SLOTS_PER_WIDE);
}

/* StoreModule.size */
static Size
resultset_size(void)
{
	return offsetof(ResultSetShared, heads) +
		mul_size(resultset_slots(), sizeof(ResultHead) + sizeof(ResultSlot)) +
		mul_size(wide_places() * store_backends(), sizeof(WideColumns));
}

/* StoreModule.attach.  Slot numbers beyond what a word can name are never taken. */
static void
resultset_attach(void *memory, bool found)
{
	shared = memory;
	resultset_heads = shared->heads;
	slots = (ResultSlot *) (shared->heads + resultset_slots());
	wides = (WideColumns *) (slots + resultset_slots());
	resultset_words = shared->words;
	resultset_used_us = &shared->used_us;
	resultset_key_used_us = shared->key_used_us;
	if (found)
		return;
	memset(shared, 0, resultset_size());
	pg_atomic_init_u64(&shared->used_us, 0);
	for (int i = 0; i < RESULTSET_KEYS; i++)
		pg_atomic_init_u64(&shared->key_used_us[i], 0);
	for (int i = 0; i < NUM_PARENTS; i++)
		pg_atomic_init_u64(&shared->parent_us[i], 0);
	for (int i = 0; i < resultset_slots(); i++)
	{
		pg_atomic_init_u64(&slots[i].set.active_us, 0);
		pg_atomic_init_u32(&slots[i].set.looked_up, 0);
		pg_atomic_init_u32(&shared->heads[i].generation, 0);
	}
}

/*
 * The slot of this backend's ring to take next: the first one that has had no
 * child lately, or is left from a session before, else the one whose last child
 * is the longest ago.
 */
static int
next_position(int first, int size, int64 now_us)
{
	int			chosen = ring_position;
	int64		oldest = PG_INT64_MAX;

	for (int tried = 1; tried < size; tried++)
	{
		int			position = (ring_position + tried) % size;
		ResultSet  *set = &slots[first + position].set;
		int64		active = (int64) pg_atomic_read_u64(&set->active_us);

		if (now_us - active >= SPARED_US || set->pid != MyProcPid)
			return position;
		if (active < oldest)
		{
			oldest = active;
			chosen = position;
		}
	}
	return chosen;
}

/* When a slot was used last. */
static inline int64
slot_last_use(uint32 slot)
{
	ResultSet  *set = &slots[slot].set;

	return Max(set->ended_us, (int64) pg_atomic_read_u64(&set->active_us));
}

/*
 * Take one of this backend's places for wide results: a free one, else that of
 * the set that was used least recently, and has the fewest rows if several were,
 * which is forgotten with it.
 */
static int
take_wide(uint32 slot)
{
	WideColumns *places = &wides[MY_PROC_INDEX * wide_places()];
	int			chosen = 0;
	int64		oldest = PG_INT64_MAX;

	for (int i = 0; i < wide_places(); i++)
	{
		const WideColumns *place = &places[i];
		uint32		generation = resultset_generation(place->slot);
		int64		used = 0;

		if (generation == place->generation)
			used = slot_last_use(place->slot);
		else if (generation == place->generation - 1)
			used = PG_INT64_MAX - 1;	/* being filled */
		if (used < oldest ||
			(used == oldest && used > 0 &&
			 slots[place->slot].set.rows < slots[places[chosen].slot].set.rows))
		{
			oldest = used;
			chosen = i;
		}
	}
	if (oldest > 0)
		pg_atomic_write_u32(&shared->heads[places[chosen].slot].generation,
							places[chosen].generation + 2);
	places[chosen].slot = slot;
	places[chosen].generation = resultset_generation(slot) + 1;
	return chosen;
}

/*
 * Take a slot of this backend for a new result set of so many columns; what it
 * held is forgotten.  The caller fills the slot and calls resultset_open().
 */
ResultSet *
resultset_claim(int64 now_us, int ncolumns, uint32 *slot)
{
	int			size = ring_size();
	int			first = MY_PROC_INDEX * size;
	ResultSet  *set;

	if (first + size > 1 << SLOT_BITS)
		return NULL;
	if (ring_position < 0)		/* spare what the session before has read */
		ring_position = MyProcPid % size;
	ring_position = next_position(first, size, now_us);
	*slot = first + ring_position;
	set = &slots[*slot].set;
	pg_atomic_write_u32(&shared->heads[*slot].generation,
						(resultset_generation(*slot) + 1) | 1);
	pg_write_barrier();
	pg_atomic_write_u64(&set->active_us, 0);
	pg_atomic_write_u32(&set->looked_up, 0);
	set->ended_us = now_us;		/* what is put from now on is not the oldest */
	set->wide = ncolumns > RESULTSET_NARROW ? take_wide(*slot) : -1;
	return set;
}

/*
 * The columns of a slot.  Of another backend's slot, which may change meanwhile,
 * the place is one of those that there are.
 */
ResultColumn *
resultset_columns(uint32 slot)
{
	int			wide = slots[slot].set.wide;

	if (wide < 0 || wide >= wide_places())
		return slots[slot].narrow;
	return wides[slot / ring_size() * wide_places() + wide].columns;
}

/*
 * What tells the keys of a column from others, RESULTSET_TEXTS if it holds no numbers;
 * 0 if they may be any table's.
 */
static inline uint32
column_key(const ResultColumn *column)
{
	if (column->is_text && !column->has_numbers)
		return RESULTSET_TEXTS;
	return column->small && !column->is_open && !column->is_part ?
		resultset_key(column->key_relid, column->key_attno) : 0;
}

/*
 * The slot that this backend has taken is filled: from now on lookups may find
 * it.  Its generation becomes even.
 */
void
resultset_open(uint32 slot)
{
	ResultHead *head = &shared->heads[slot];
	const ResultColumn *columns = resultset_columns(slot);

	for (int i = 0; i < Min(slots[slot].set.ncolumns, RESULTSET_NARROW); i++)
		head->keys[i] = column_key(&columns[i]);
	pg_write_barrier();
	pg_atomic_write_u32(&head->generation, resultset_generation(slot) + 1);
}

/*
 * The generation of an open slot is even: its lowest bit tells nothing and is
 * left out of the word.
 */
static inline uint64
word_generation(uint32 generation)
{
	return (generation >> 1) & MASK(GENERATION_BITS);
}

/* Is the set of this word still there? */
static inline bool
word_is_alive(uint64 word)
{
	uint32		slot = (word >> SLOT_SHIFT) & MASK(SLOT_BITS);
	uint32		generation = resultset_generation(slot);

	return (generation & 1) == 0 && word_generation(generation) ==
		((word >> GENERATION_SHIFT) & MASK(GENERATION_BITS));
}

/*
 * Is the set of this word still there, or being filled?  The words of a set are
 * those of its generation to come then.
 */
static inline bool
word_is_in_use(uint64 word)
{
	uint32		slot = (word >> SLOT_SHIFT) & MASK(SLOT_BITS);

	return word_generation(resultset_generation(slot) + 1) ==
		((word >> GENERATION_SHIFT) & MASK(GENERATION_BITS));
}

/*
 * Which word of a full bucket to overwrite: the first one that is not in use, else
 * that of the set that was used least recently.
 */
static int
choose_resultset_victim(volatile uint64 *bucket, uint32 start)
{
	int			victim = start % RESULTSET_BUCKET;
	int64		oldest = PG_INT64_MAX;

	for (int i = 0; i < RESULTSET_BUCKET; i++)
	{
		int			at = (start + i) % RESULTSET_BUCKET;
		uint64		word = bucket[at];
		int64		used;

		if (!word_is_in_use(word))
			return at;
		used = slot_last_use((word >> SLOT_SHIFT) & MASK(SLOT_BITS));
		if (used < oldest)
		{
			oldest = used;
			victim = at;
		}
	}
	return victim;
}

/*
 * Count a value that its result set holds already; its rank, -1 if it does not
 * hold it.
 */
static inline int
count_again(volatile uint64 *bucket, uint64 identity)
{
	for (int i = 0; i < RESULTSET_BUCKET; i++)
	{
		uint64		word = bucket[i];

		if ((word & IDENTITY_MASK) != identity)
			continue;
		if ((word & MASK(TIMES_BITS)) < TIMES_MAX)
			bucket[i] = word + 1;
		return (word >> RANK_SHIFT) & MASK(RANK_BITS);
	}
	return -1;
}

/* The first free word of a bucket, -1 if it is full, as most are. */
static inline int
first_free(volatile uint64 *bucket)
{
	if (bucket[RESULTSET_BUCKET - 1] != 0)
		return -1;
	for (int i = 0; i < RESULTSET_BUCKET; i++)
	{
		if (bucket[i] == 0)
			return i;
	}
	return -1;
}

/*
 * Record a value of a column, and return the rank it has among those of the
 * column: "rank" if the set has not had it yet.  A caller that knows it to be so
 * says "is_new", which spares a search.
 */
int
resultset_put(uint32 slot, uint32 generation, int column, uint64 hash,
			  int rank, bool is_new)
{
	volatile uint64 *bucket = resultset_bucket(hash);
	uint64		identity = resultset_tag(hash) << TAG_SHIFT |
		(uint64) slot << SLOT_SHIFT |
		word_generation(generation) << GENERATION_SHIFT |
		(uint64) column << COLUMN_SHIFT;
	int			before = is_new ? -1 : count_again(bucket, identity);
	int			free;

	if (before >= 0)
		return before;
	free = first_free(bucket);
	if (free < 0)
		free = choose_resultset_victim(bucket, (uint32) (hash >> 20) + slot);
	bucket[free] = identity | (uint64) rank << RANK_SHIFT | 1;
	return rank;
}

/* Are the numbers there keys of another table than those looked for? */
static inline bool
has_other_keys(const ResultHit *hit, uint32 key)
{
	uint32		other;

	if (key == 0)
		return false;
	if (hit->column < RESULTSET_NARROW)
		other = shared->heads[hit->slot].keys[hit->column];
	else if (slots[hit->slot].set.wide < 0)
		return true;
	else
		other = column_key(&resultset_columns(hit->slot)[hit->column]);
	return other != 0 && other != RESULTSET_TEXTS && other != key;
}

/*
 * Where a value was seen: fills hits[RESULTSET_BUCKET], returns how many.  A
 * resultset_key() that is not 0 leaves out columns of numbers that are keys of
 * other tables.
 */
int
resultset_find(uint64 hash, uint32 key, ResultHit *hits)
{
	volatile uint64 *bucket = resultset_bucket(hash);
	int			count = 0;

	for (int i = 0; i < RESULTSET_BUCKET; i++)
	{
		uint64		word = bucket[i];
		ResultHit  *hit = &hits[count];

		if (word == 0)
			break;				/* words are never taken away */
		if (resultset_tag(word) != resultset_tag(hash) || !word_is_alive(word))
			continue;
		hit->slot = (word >> SLOT_SHIFT) & MASK(SLOT_BITS);
		hit->column = (word >> COLUMN_SHIFT) & MASK(COLUMN_BITS);
		if (has_other_keys(hit, key))
			continue;
		hit->generation = resultset_generation(hit->slot);
		hit->rank = (word >> RANK_SHIFT) & MASK(RANK_BITS);
		hit->times = word & MASK(TIMES_BITS);
		count++;
	}
	return count;
}

/*
 * A consistent copy of a slot and of the column that a value was found in, if its
 * generation is still the one given.
 */
bool
resultset_read(const ResultHit *hit, ResultSet *copy, ResultColumn *column)
{
	if (resultset_generation(hit->slot) != hit->generation)
		return false;
	pg_read_barrier();
	memcpy(copy, &slots[hit->slot].set, sizeof(ResultSet));
	if (hit->column >= copy->ncolumns ||
		(copy->wide < 0 && hit->column >= RESULTSET_NARROW))
		return false;
	memcpy(column, &resultset_columns(hit->slot)[hit->column], sizeof(ResultColumn));
	pg_read_barrier();
	return resultset_generation(hit->slot) == hit->generation;
}

/* Advance one of the times of last use. */
static inline void
note_use(pg_atomic_uint64 *used_us, int64 now_us)
{
	if (now_us - (int64) pg_atomic_read_u64(used_us) > RESULTSET_USE_ERROR_US)
		pg_atomic_write_u64(used_us, now_us);
}

/* Some statement looks up such keys; 0 tells nothing. */
void
resultset_note_sought(uint32 key)
{
	volatile uint8 *sought = &shared->sought[resultset_key_number(key)];

	if (key != 0 && *sought == 0)
		*sought = 1;
}

/* Did any, since the server's start?  Keys may be mistaken for others, seldom. */
bool
resultset_is_sought(uint32 key)
{
	return shared->sought[resultset_key_number(key)] != 0;
}

/* A set of this backend is used now. */
void
resultset_note_use(int64 now_us)
{
	note_use(&shared->used_us, now_us);
}

/*
 * A column of an open set, which holds several values, is used now: note it for
 * lookups of such keys.
 */
void
resultset_note_column(uint32 slot, int column, int64 now_us)
{
	uint32		key = column < RESULTSET_NARROW ? shared->heads[slot].keys[column] :
		column_key(&resultset_columns(slot)[column]);

	note_use(&shared->key_used_us[resultset_key_number(key)], now_us);
}

/* All columns of a set, of whatever backend, are used now. */
void
resultset_note_columns(uint32 slot, int64 now_us)
{
	const ResultSet *set = &slots[slot].set;
	int			ncolumns = Min(set->ncolumns, set->wide < 0 ? RESULTSET_NARROW :
							   RESULTSET_COLUMNS);

	for (int i = 0; i < ncolumns; i++)
		resultset_note_column(slot, i, now_us);
}

/* A child of this set ended. */
void
resultset_touch(uint32 slot, int64 now_us)
{
	resultset_note_use(now_us);
	resultset_note_columns(slot, now_us);
	pg_atomic_write_u64(&slots[slot].set.active_us, now_us);
}

/* A value of a column of this set had a child.  What is known is not written again. */
void
resultset_note_looked_up(uint32 slot, int column)
{
	pg_atomic_uint32 *looked_up = &slots[slot].set.looked_up;
	uint32		bit = resultset_looked_up_bit(column);

	if ((pg_atomic_read_u32(looked_up) & bit) == 0)
		pg_atomic_fetch_or_u32(looked_up, bit);
}

/*
 * Which columns of a set of this backend have had children, a bit each; false if its
 * slot has been given to another one since.
 */
bool
resultset_looked_up(uint32 slot, uint32 generation, uint32 *columns)
{
	*columns = pg_atomic_read_u32(&slots[slot].set.looked_up);
	return resultset_generation(slot) == generation;
}

/*
 * A child of one of a statement's result sets was seen.  The line is shared: it
 * is not written for each child.
 */
void
resultset_note_parent(uint64 queryid, int64 now_us)
{
	pg_atomic_uint64 *last = &shared->parent_us[queryid % NUM_PARENTS];

	if (now_us - (int64) pg_atomic_read_u64(last) > PARENT_ERROR_US)
		pg_atomic_write_u64(last, now_us);
}

/*
 * When a child of one of a statement's result sets was seen last: clock_us(), 0
 * if never.  Statements may be mistaken for each other, seldom.
 */
int64
resultset_parent_us(uint64 queryid)
{
	return pg_atomic_read_u64(&shared->parent_us[queryid % NUM_PARENTS]);
}

/*
 * Forget the values of a database's result sets: their words get a generation that
 * their sets are far from.  A word of 0 would end its bucket for those behind it.
 */
static void
forget_values(Oid dbid)
{
	uint64		far = UINT64CONST(1) << (GENERATION_SHIFT + GENERATION_BITS - 1);

	for (int i = 0; i < RESULTSET_BUCKETS; i++)
	{
		for (int j = 0; j < RESULTSET_BUCKET; j++)
		{
			uint64		word = shared->words[i][j];
			uint32		slot = (word >> SLOT_SHIFT) & MASK(SLOT_BITS);

			if (word != 0 && slots[slot].set.dbid == dbid && word_is_in_use(word))
				shared->words[i][j] = word ^ far;
		}
	}
}

/*
 * StoreModule.reset: forget the result sets.  A word without a live set means nothing.  Another
 * backend's slots change under it here, which it survives as its readers do.
 */
static void
resultset_reset(int what, Oid dbid)
{
	if ((what & RESET_N_PLUS_ONE) == 0)
		return;
	if (OidIsValid(dbid))
	{
		forget_values(dbid);
		return;
	}
	memset(shared->words, 0, sizeof(shared->words));
	pg_atomic_write_u64(&shared->used_us, 0);
	for (int i = 0; i < RESULTSET_KEYS; i++)
		pg_atomic_write_u64(&shared->key_used_us[i], 0);
	/* which statements are worth recording stays: nobody is shown that */
}

const StoreModule resultset_module = {
	.name = "result sets",
	.size = resultset_size,
	.attach = resultset_attach,
	.reset = resultset_reset
};
