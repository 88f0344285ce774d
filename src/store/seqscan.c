/*-------------------------------------------------------------------------
 *
 * seqscan.c
 *	  Counters per sequential scan: who reads which table for which columns.
 *
 * A fixed table of sets of SET_SIZE entries; a scan is looked for in the one
 * set its key hashes to, and takes the place of the least useful entry there
 * when the set is full.
 *
 * Locks: each set belongs to one of PARTITIONS LWLocks.  Shared, it keeps the
 * set's keys, columns and texts as they are; exclusive, it allows to change
 * them.  Counters are changed and copied under the entry's spinlock by those
 * who hold the LWLock in either mode.  A text partition may be locked while an
 * LWLock is held, nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "store/seqscan.h"

#include "common/hashfn.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/save.h"
#include "store/text.h"

#define SETS		128
#define SET_SIZE	8
#define PARTITIONS	16

typedef struct SeqScanEntry
{
	bool		used;
	bool		has_text;		/* we hold a reference to the text */
	slock_t		mutex;			/* protects counters */
	SeqScanKey	key;
	SeqScanColumns columns;
	SeqScanCounters counters;
} SeqScanEntry;

/* A copy of an entry. */
typedef struct SavedSeqScan
{
	SeqScanKey	key;
	SeqScanColumns columns;
	SeqScanCounters counters;
} SavedSeqScan;

StaticAssertDecl(sizeof(SeqScanKey) == 24 &&
				 sizeof(SeqScanColumns) == 4 + sizeof(Oid) + SEQSCAN_FILTER_COLUMNS * 8 +
				 SEQSCAN_SORT_COLUMNS * 4 &&
				 sizeof(SeqScanCounters) == 9 * 8 &&
				 sizeof(SavedSeqScan) == sizeof(SeqScanKey) + sizeof(SeqScanColumns) + sizeof(SeqScanCounters),
				 "what is saved has no padding");

typedef struct SeqScanTable
{
	LWLockPadded locks[PARTITIONS];
	pg_atomic_uint64 evicted;
	SeqScanEntry sets[SETS][SET_SIZE];
} SeqScanTable;

static SeqScanTable *table = NULL;

/* A hash of the columns, which is a part of a scan's key. */
uint32
seqscan_columns_hash(const SeqScanColumns *columns)
{
	return hash_bytes((const unsigned char *) columns, sizeof(*columns));
}

/* The set a key belongs to. */
static uint32
set_of(const SeqScanKey *key)
{
	return hash_bytes((const unsigned char *) key, sizeof(*key)) % SETS;
}

/* The lock of a set. */
static LWLock *
lock_of(uint32 set)
{
	return &table->locks[set % PARTITIONS].lock;
}

static TextKey
scan_text_key(const SeqScanKey *key)
{
	return (TextKey)
	{
		.queryid = key->queryid,.dbid = key->dbid,.userid = key->userid
	};
}

/* The entry of a key in a set the caller has locked, or NULL. */
static SeqScanEntry *
find_scan(uint32 set, const SeqScanKey *key)
{
	for (int i = 0; i < SET_SIZE; i++)
	{
		SeqScanEntry *entry = &table->sets[set][i];

		if (entry->used && memcmp(&entry->key, key, sizeof(*key)) == 0)
			return entry;
	}
	return NULL;
}

/* Add to the counters of an entry whose set the caller has locked. */
static void
add_scan_counters(SeqScanEntry *entry, const SeqScanCounters *add)
{
	SeqScanCounters *sum = &entry->counters;
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&entry->mutex);
	sum->executions += add->executions;
	sum->estimated += add->estimated;
	sum->scans += add->scans;
	sum->rows_read += add->rows_read;
	sum->rows_kept += add->rows_kept;
	sum->rows_needed += add->rows_needed;
	sum->total_us += add->total_us;
	sum->last_seen = clock_last_seen(sum->last_seen, add->last_seen, now);
	SpinLockRelease(&entry->mutex);
}

/* A consistent copy of the counters; the caller has locked the set. */
static SeqScanCounters
copy_counters(SeqScanEntry *entry)
{
	SeqScanCounters copy;

	SpinLockAcquire(&entry->mutex);
	copy = entry->counters;
	SpinLockRelease(&entry->mutex);
	return copy;
}

/* Empty an entry whose set the caller has locked exclusively. */
static void
forget_scan(SeqScanEntry *entry)
{
	TextKey		key = scan_text_key(&entry->key);

	if (entry->has_text)
		text_release(&key);
	entry->used = false;
	entry->has_text = false;
}

/* How much would be lost with an entry: rows read, worth less with age. */
static double
scan_usefulness(const SeqScanEntry *entry, TimestampTz now)
{
	double		seconds = clock_age_us(entry->counters.last_seen, now) / (double) USECS_PER_SEC;

	return entry->counters.rows_read / (1.0 + seconds);
}

/*
 * A free entry of a set the caller has locked exclusively.  When there is
 * none, the least useful one is emptied, and counted as evicted.
 */
static SeqScanEntry *
evict_scan(uint32 set, TimestampTz now)
{
	SeqScanEntry *worst = NULL;

	for (int i = 0; i < SET_SIZE; i++)
	{
		SeqScanEntry *entry = &table->sets[set][i];

		if (!entry->used)
			return entry;
		if (worst == NULL ||
			scan_usefulness(entry, now) < scan_usefulness(worst, now))
			worst = entry;
	}
	forget_scan(worst);
	pg_atomic_fetch_add_u64(&table->evicted, 1);
	return worst;
}

/*
 * A new entry without counts, in a set the caller has locked exclusively.  A
 * reference to the text, if "has_text", goes to the entry.
 */
static SeqScanEntry *
new_entry(uint32 set, const SeqScanKey *key, const SeqScanColumns *columns,
		  bool has_text, TimestampTz now)
{
	SeqScanEntry *entry = evict_scan(set, now);

	entry->key = *key;
	entry->columns = *columns;
	memset(&entry->counters, 0, sizeof(entry->counters));
	entry->counters.first_seen = now;
	entry->counters.last_seen = now;
	entry->has_text = has_text;
	entry->used = true;
	return entry;
}

/* Add to an entry that exists.  False if there is none. */
static bool
record_known(uint32 set, const SeqScanKey *key, const SeqScanCounters *counters)
{
	SeqScanEntry *entry;

	LWLockAcquire(lock_of(set), LW_SHARED);
	entry = find_scan(set, key);
	if (entry != NULL)
		add_scan_counters(entry, counters);
	LWLockRelease(lock_of(set));
	return entry != NULL;
}

/*
 * Add to an entry that has to be made, unless another backend was quicker.
 * The text is made before any lock is taken, as that may raise an error.
 */
static void
record_new(uint32 set, const SeqScanKey *key, const SeqScanColumns *columns,
		   const SeqScanCounters *counters,
		   StatementTextMaker maker, void *maker_arg)
{
	TextKey text = scan_text_key(key);
	bool		has_text = text_acquire(&text);
	char	   *made = has_text ? NULL : maker(maker_arg);
	SeqScanEntry *entry;

	if (made != NULL)
		has_text = text_put(&text, made);

	LWLockAcquire(lock_of(set), LW_EXCLUSIVE);
	entry = find_scan(set, key);
	if (entry == NULL)
		entry = new_entry(set, key, columns, has_text, counters->last_seen);
	else if (has_text)
		text_release(&text);
	add_scan_counters(entry, counters);
	LWLockRelease(lock_of(set));
}

/*
 * Add "counters" (first_seen is ignored).  "maker" is called when the scan and
 * its text are not known yet.
 */
void
seqscan_record(const SeqScanKey *key, const SeqScanColumns *columns,
			   const SeqScanCounters *counters,
			   StatementTextMaker maker, void *maker_arg)
{
	uint32		set = set_of(key);

	if (!record_known(set, key, counters))
		record_new(set, key, columns, counters, maker, maker_arg);
}

/* Copy the used entries of a set to "copies"; returns how many. */
static int
copy_set(uint32 set, SavedSeqScan *copies)
{
	int			n = 0;

	LWLockAcquire(lock_of(set), LW_SHARED);
	for (int i = 0; i < SET_SIZE; i++)
	{
		SeqScanEntry *entry = &table->sets[set][i];

		if (!entry->used)
			continue;
		copies[n].key = entry->key;
		copies[n].columns = entry->columns;
		copies[n].counters = copy_counters(entry);
		n++;
	}
	LWLockRelease(lock_of(set));
	return n;
}

/*
 * Visit all scans, one at a time; what is passed is valid during the call.  No
 * lock is held while the visitor runs.
 */
void
seqscan_visit(SeqScanVisitor visitor, void *arg)
{
	for (uint32 set = 0; set < SETS; set++)
	{
		SavedSeqScan copies[SET_SIZE];
		int			n = copy_set(set, copies);

		for (int i = 0; i < n; i++)
			visitor(&copies[i].key, &copies[i].columns, &copies[i].counters, arg);
	}
}

/* Scans held now.  Unlocked: a figure for information. */
int64
seqscan_count(void)
{
	int64		held = 0;

	for (uint32 set = 0; set < SETS; set++)
		for (int i = 0; i < SET_SIZE; i++)
			held += table->sets[set][i].used ? 1 : 0;
	return held;
}

/* Scans forgotten to make room since start or reset. */
int64
seqscan_evicted(void)
{
	return (int64) pg_atomic_read_u64(&table->evicted);
}

/* StoreModule callback. */
static Size
seqscan_size(void)
{
	return sizeof(SeqScanTable);
}

/* StoreModule callback. */
static void
seqscan_attach(void *memory, bool found)
{
	table = memory;
	if (found)
		return;
	for (int i = 0; i < PARTITIONS; i++)
		LWLockInitialize(&table->locks[i].lock, store_tranche());
	pg_atomic_init_u64(&table->evicted, 0);
	memset(table->sets, 0, sizeof(table->sets));
	for (uint32 set = 0; set < SETS; set++)
		for (int i = 0; i < SET_SIZE; i++)
			SpinLockInit(&table->sets[set][i].mutex);
}

/*
 * Callback of seqscan_visit() that writes one scan to the SaveFile "arg", with
 * its text, which no other module may refer to.  Its parts one by one: each is
 * without padding.
 */
static void
save_scan(const SeqScanKey *key, const SeqScanColumns *columns,
		  const SeqScanCounters *counters, void *arg)
{
	TextKey text = scan_text_key(key);

	save_bytes(arg, key, sizeof(*key));
	save_bytes(arg, columns, sizeof(*columns));
	save_bytes(arg, counters, sizeof(*counters));
	text_save(&text, arg);
}

/* StoreModule callback: scans that were evicted, the scans, an empty key. */
static void
seqscan_save(struct SaveFile *file)
{
	SeqScanKey	end = {0};
	int64		evicted = seqscan_evicted();

	save_bytes(file, &evicted, sizeof(evicted));
	seqscan_visit(save_scan, file);
	save_bytes(file, &end, sizeof(end));
}

/* Could this have been written by save_scan()? */
static bool
makes_sense(const SavedSeqScan *saved)
{
	for (int i = 0; i < Min(saved->columns.filters, SEQSCAN_FILTER_COLUMNS); i++)
	{
		if (saved->columns.filter[i].use > USE_EXPRESSION)
			return false;
	}
	return saved->columns.filters <= SEQSCAN_FILTER_COLUMNS &&
		saved->columns.sorts <= SEQSCAN_SORT_COLUMNS &&
		saved->key.columns == seqscan_columns_hash(&saved->columns) &&
		saved_amount_is_sound(saved->counters.executions) &&
		saved_amount_is_sound(saved->counters.estimated) &&
		saved_amount_is_sound(saved->counters.scans) &&
		saved_amount_is_sound(saved->counters.rows_read) &&
		saved_amount_is_sound(saved->counters.rows_kept) &&
		saved_amount_is_sound(saved->counters.rows_needed) &&
		saved_amount_is_sound(saved->counters.total_us) &&
		saved_time_is_sound(saved->counters.first_seen) &&
		saved_time_is_sound(saved->counters.last_seen);
}

/* StoreModule callback. */
static bool
seqscan_load(struct SaveFile *file)
{
	SavedSeqScan saved;
	int64		evicted;

	if (!load_bytes(file, &evicted, sizeof(evicted)) || evicted < 0)
		return false;
	pg_atomic_write_u64(&table->evicted, evicted);
	for (;;)
	{
		uint32		set;
		TextKey text;
		bool		has_text;
		SeqScanEntry *entry;

		if (!load_bytes(file, &saved.key, sizeof(saved.key)))
			return false;
		if (saved.key.queryid == 0)
			return true;
		text = scan_text_key(&saved.key);

		set = set_of(&saved.key);

		if (!load_bytes(file, &saved.columns, sizeof(saved.columns)) ||
			!load_bytes(file, &saved.counters, sizeof(saved.counters)) ||
			!makes_sense(&saved) || !text_load(&text, file, &has_text))
			return false;
		LWLockAcquire(lock_of(set), LW_EXCLUSIVE);
		entry = new_entry(set, &saved.key, &saved.columns, has_text,
						  saved.counters.last_seen);
		entry->counters = saved.counters;
		LWLockRelease(lock_of(set));
	}
}

/* StoreModule callback. */
static void
seqscan_reset(int what, Oid dbid)
{
	if ((what & RESET_SEQ_SCANS) == 0)
		return;
	for (uint32 set = 0; set < SETS; set++)
	{
		LWLockAcquire(lock_of(set), LW_EXCLUSIVE);
		for (int i = 0; i < SET_SIZE; i++)
			if (table->sets[set][i].used &&
				reset_concerns(dbid, table->sets[set][i].key.dbid))
				forget_scan(&table->sets[set][i]);
		LWLockRelease(lock_of(set));
	}
	if (!OidIsValid(dbid))
		pg_atomic_write_u64(&table->evicted, 0);
}

const StoreModule seqscan_module = {
	.name = "seq_scans",
	.size = seqscan_size,
	.attach = seqscan_attach,
	.save = seqscan_save,
	.load = seqscan_load,
	.reset = seqscan_reset
};
