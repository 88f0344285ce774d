/*-------------------------------------------------------------------------
 *
 * text.c
 *	  Normalised statement texts, in a fixed piece of shared memory.
 *
 * The bytes live in a dsa area made in place, which never grows; a shared
 * hash table finds them.  An entry of the table is read and written under the
 * lock of its partition (LOCKS_TEXT).  Bytes are written before their entry
 * is made and freed after it is gone, so they need no lock of their own.
 *
 *-------------------------------------------------------------------------
 */
#include "store/text.h"

#include "lib/ilist.h"
#include "mb/pg_wchar.h"
#include "storage/shmem.h"
#include "utils/dsa.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "settings.h"
#include "store/encoding.h"
#include "store/save.h"

/* How many unreferenced texts make room for one new entry at most. */
#define MAX_EVICTIONS 16

/*
 * How many make room for the bytes of one: so many at first, twice as many
 * each time it was not enough, up to the most.  Texts of about one length
 * share a block of memory, which is of use to others only as a whole; the
 * area must be told to revert the last empty one of each length.
 */
#define FIRST_BATCH	16
#define LAST_BATCH	1024

typedef struct TextEntry
{
	TextKey		key;			/* hash key: first */
	dsa_pointer bytes;			/* zero-terminated */
	uint32		length;			/* without the zero */
	int32		references;
	int32		encoding;
	dlist_node	idle;			/* in the partition's list if references = 0 */
} TextEntry;

typedef struct TextShared
{
	pg_atomic_uint64 used;		/* bytes of all texts */
	dlist_head	idle[TEXT_PARTITIONS];	/* unreferenced, oldest first; under
										 * the partition's lock */
	pg_atomic_uint32 hand;		/* partition to evict from next */
	pg_atomic_uint32 resets;	/* how often unreferenced texts were forgotten */
} TextShared;

static TextShared *shared = NULL;
static HTAB *table = NULL;
static dsa_area *area = NULL;

/* Most texts at a time: statements, and what only findings refer to. */
static long
max_texts(void)
{
	return setting_max_statements + 2048;
}

static Size
area_size(void)
{
	return Max((Size) setting_text_memory_kb * 1024, dsa_minimum_size());
}

static Size
text_size(void)
{
	return CACHELINEALIGN(sizeof(TextShared)) + area_size();
}

static Size
text_hash_size(void)
{
	return hash_estimate_size(max_texts(), sizeof(TextEntry));
}

/* Make or find the hash table. */
static void
attach_table(void)
{
	HASHCTL		info = {
		.keysize = sizeof(TextKey),
		.entrysize = sizeof(TextEntry),
		.num_partitions = TEXT_PARTITIONS
	};

	table = SHMEM_INIT_HASH("clipperf text table", max_texts(), &info,
							HASH_ELEM | HASH_BLOBS | HASH_PARTITION | HASH_FIXED_SIZE);
}

/* Make or find the area; its handle must outlive any memory context. */
static void
attach_area(void *place, bool found)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	if (found)
		area = dsa_attach_in_place(place, NULL);
	else
	{
		area = dsa_create_in_place(place, area_size(), store_tranche(), NULL);
		dsa_pin(area);
		dsa_set_size_limit(area, area_size());
	}
	dsa_pin_mapping(area);
	MemoryContextSwitchTo(old);
}

/* StoreModule.attach */
static void
text_attach(void *memory, bool found)
{
	char	   *place = (char *) memory + CACHELINEALIGN(sizeof(TextShared));

	shared = memory;
	attach_table();
	attach_area(place, found);
	if (found)
		return;

	pg_atomic_init_u64(&shared->used, 0);
	pg_atomic_init_u32(&shared->hand, 0);
	pg_atomic_init_u32(&shared->resets, 0);
	for (int i = 0; i < TEXT_PARTITIONS; i++)
		dlist_init(&shared->idle[i]);
}

/* Lock a key's partition; the hash code goes to *hash. */
static LWLock *
lock_partition(const TextKey *key, uint32 *hash, LWLockMode mode)
{
	LWLock	   *lock;

	*hash = get_hash_value(table, key);
	lock = store_lock(LOCKS_TEXT, *hash);
	LWLockAcquire(lock, mode);
	return lock;
}

static TextEntry *
find(const TextKey *key, uint32 hash, HASHACTION action, bool *found)
{
	return hash_search_with_hash_value(table, key, hash, action, found);
}

/* One reference more; caller holds the partition's lock exclusively. */
static void
reference(TextEntry *entry)
{
	if (entry->references++ == 0)
		dlist_delete(&entry->idle);
}

/*
 * Remove the oldest unreferenced text of a partition, if there is one: of a database,
 * or of any.
 */
static bool
evict_idle(uint32 partition, Oid dbid)
{
	LWLock	   *lock = store_lock(LOCKS_TEXT, partition);
	dsa_pointer bytes = InvalidDsaPointer;
	dlist_iter	iter;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	dlist_foreach(iter, &shared->idle[partition])
	{
		TextEntry  *entry = dlist_container(TextEntry, idle, iter.cur);

		if (!reset_concerns(dbid, entry->key.dbid))
			continue;
		dlist_delete(iter.cur);
		bytes = entry->bytes;
		pg_atomic_fetch_sub_u64(&shared->used, entry->length + 1);
		hash_search(table, &entry->key, HASH_REMOVE, NULL);
		break;
	}
	LWLockRelease(lock);
	if (DsaPointerIsValid(bytes))
		dsa_free(area, bytes);
	return DsaPointerIsValid(bytes);
}

/* Remove some unreferenced text; false if there is none.  Holds no lock. */
static bool
evict_any(void)
{
	for (int i = 0; i < TEXT_PARTITIONS; i++)
	{
		uint32		hand = pg_atomic_fetch_add_u32(&shared->hand, 1);

		if (evict_idle(hand % TEXT_PARTITIONS, InvalidOid))
			return true;
	}
	return false;
}

/* Remove up to "most" unreferenced texts; false if there was none. */
static bool
evict_batch(int most)
{
	int			evicted = 0;

	while (evicted < most && evict_any())
		evicted++;
	return evicted > 0;
}

/* Memory for a text, or an invalid pointer. */
static dsa_pointer
allocate(Size size)
{
	dsa_pointer bytes = dsa_allocate_extended(area, size, DSA_ALLOC_NO_OOM);

	for (int batch = FIRST_BATCH;
		 !DsaPointerIsValid(bytes) && batch <= LAST_BATCH && evict_batch(batch);
		 batch *= 2)
	{
		dsa_trim(area);
		bytes = dsa_allocate_extended(area, size, DSA_ALLOC_NO_OOM);
	}
	return bytes;
}

/* Copy "text" into the area, cut if it is too long. */
static dsa_pointer
store_bytes(const char *text, uint32 *length)
{
	Size		full = strlen(text);
	Size		kept = full;
	dsa_pointer bytes;
	char	   *to;

	if (full > TEXT_MAX_LENGTH)
		kept = encoding_clip(text, full, TEXT_MAX_LENGTH - strlen(TEXT_CUT_MARK));
	*length = kept + (kept < full ? strlen(TEXT_CUT_MARK) : 0);
	bytes = allocate(*length + 1);
	if (!DsaPointerIsValid(bytes))
		return bytes;

	to = dsa_get_address(area, bytes);
	memcpy(to, text, kept);
	strcpy(to + kept, kept < full ? TEXT_CUT_MARK : "");
	if (kept < full)
		pg_atomic_fetch_add_u64(&store_header->texts_cut, 1);
	return bytes;
}

/* Is there a text?  If so, take a reference and return true. */
bool
text_acquire(const TextKey *key)
{
	uint32		hash;
	LWLock	   *lock = lock_partition(key, &hash, LW_EXCLUSIVE);
	TextEntry  *entry = find(key, hash, HASH_FIND, NULL);

	if (entry != NULL)
		reference(entry);
	LWLockRelease(lock);
	return entry != NULL;
}

/*
 * Make an entry for bytes already copied in, and take a reference.  *taken
 * tells whether the bytes now belong to the entry.
 */
static bool
insert(const TextKey *key, dsa_pointer bytes, uint32 length, int encoding,
	   bool *taken)
{
	uint32		hash;
	bool		found;
	LWLock	   *lock = lock_partition(key, &hash, LW_EXCLUSIVE);
	TextEntry  *entry = find(key, hash, HASH_ENTER_NULL, &found);

	*taken = entry != NULL && !found;
	if (*taken)
	{
		entry->bytes = bytes;
		entry->length = length;
		entry->encoding = encoding;
		entry->references = 1;
		pg_atomic_fetch_add_u64(&shared->used, length + 1);
	}
	else if (entry != NULL)
		reference(entry);
	LWLockRelease(lock);
	return entry != NULL;
}

/* text_put() for a text of a stated encoding. */
static bool
put(const TextKey *key, const char *text, int encoding)
{
	uint32		length;
	bool		taken;
	bool		done;
	dsa_pointer bytes = store_bytes(text, &length);

	if (!DsaPointerIsValid(bytes))
		return false;
	done = insert(key, bytes, length, encoding, &taken);
	for (int i = 0; i < MAX_EVICTIONS && !done && evict_any(); i++)
		done = insert(key, bytes, length, encoding, &taken);
	if (!taken)
		dsa_free(area, bytes);
	return done;
}

/*
 * Store "text" (any length, database encoding; cut at TEXT_MAX_LENGTH) unless
 * it is there, and take a reference.  False if there was no room.
 */
bool
text_put(const TextKey *key, const char *text)
{
	return text_acquire(key) || put(key, text, GetDatabaseEncoding());
}

/*
 * Store a text without keeping a reference to it: it stays while there is
 * room.
 */
void
text_keep(const TextKey *key, const char *text)
{
	if (text_put(key, text))
		text_release(key);
}

/* Give back a reference to a text.  Takes the lock of its partition. */
void
text_release(const TextKey *key)
{
	uint32		hash;
	LWLock	   *lock = lock_partition(key, &hash, LW_EXCLUSIVE);
	TextEntry  *entry = find(key, hash, HASH_FIND, NULL);

	if (entry != NULL && --entry->references == 0)
		dlist_push_tail(&shared->idle[hash % TEXT_PARTITIONS], &entry->idle);
	LWLockRelease(lock);
}

/* A palloc'd copy with its encoding, or NULL. */
static char *
copy_bytes(const TextKey *key, int *encoding)
{
	char	   *buffer = palloc(TEXT_MAX_LENGTH + 1);
	uint32		hash;
	LWLock	   *lock = lock_partition(key, &hash, LW_SHARED);
	TextEntry  *entry = find(key, hash, HASH_FIND, NULL);

	if (entry != NULL)
	{
		memcpy(buffer, dsa_get_address(area, entry->bytes), entry->length + 1);
		*encoding = entry->encoding;
	}
	LWLockRelease(lock);
	if (entry != NULL)
		return buffer;
	pfree(buffer);
	return NULL;
}

/* A palloc'd copy, or NULL. */
char *
text_copy(const TextKey *key)
{
	int			encoding;
	char	   *text = copy_bytes(key, &encoding);

	if (text !=NULL)
		encoding_make_readable(text, encoding);
	return text;
}

/* How often texts without a reference were forgotten by a reset. */
uint32
text_resets(void)
{
	return pg_atomic_read_u32(&shared->resets);
}

/* Texts held, the bytes they take, and the bytes there are for them. */
void
text_usage(int64 *texts, Size *used_bytes, Size *reserved_bytes)
{
	*texts = hash_get_num_entries(table);
	*used_bytes = pg_atomic_read_u64(&shared->used);
	*reserved_bytes = area_size();
}

/*
 * Write a text with its encoding.  Not a section of its own: each module saves
 * the texts it refers to.
 */
void
text_save(const TextKey *key, SaveFile *file)
{
	int			encoding = PG_SQL_ASCII;
	char	   *text = copy_bytes(key, &encoding);

	save_bytes(file, &encoding, sizeof(encoding));
	save_string(file, text);
	if (text !=NULL)
		pfree(text);
}

/*
 * Read what text_save() wrote and take a reference.  *kept is false when there
 * was no text or no room for it.
 */
bool
text_load(const TextKey *key, SaveFile *file, bool *kept)
{
	int			encoding;
	char	   *text;

	if (!load_bytes(file, &encoding, sizeof(encoding)) ||
		!load_string(file, &text))
		return false;
	*kept = text !=NULL &&
				(text_acquire(key) || put(key, text, encoding));

	if (text !=NULL)
		pfree(text);
	return true;
}

/*
 * StoreModule.reset: forget the texts that nobody refers to.  Whatever has been
 * reset has given its references back by now; the text of a statement that comes
 * later must be its own, not one that was kept under the same query identifier.
 */
static void
text_reset(int what, Oid dbid)
{
	if ((what & RESET_ALL) == 0)
		return;
	pg_atomic_fetch_add_u32(&shared->resets, 1);
	for (uint32 i = 0; i < TEXT_PARTITIONS; i++)
	{
		while (evict_idle(i, dbid))
			;
	}
	dsa_trim(area);
}

const StoreModule text_module = {
	.name = "text",
	.size = text_size,
	.hash_size = text_hash_size,
	.attach = text_attach,
	.reset = text_reset
};
