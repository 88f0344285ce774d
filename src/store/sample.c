/*-------------------------------------------------------------------------
 *
 * sample.c
 *	  A few real executions of each statement, with their parameters.
 *
 * SAMPLE_STRIPES stripes, each with its own entries, its own memory cut into
 * chunks and its own lock (LOCKS_SAMPLE), so that making room never reaches
 * beyond one stripe.  5 MB in all, whatever the settings.
 *
 * Of each statement are kept some calls taken at random, the slowest, and some
 * that differ: with values that none of the others has, and as far apart in
 * their times as may be.  A value may be rare among the calls and yet be the
 * one that an index serves badly.
 *
 * When a stripe is full, a clock hand goes round its entries: those offered
 * samples since it last passed are spared as many times, up to MAX_USAGE, so
 * that statements that ran once do not push out those that run all the time.
 *
 *-------------------------------------------------------------------------
 */
#include "store/sample.h"

#include <float.h>

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "lib/stringinfo.h"

#include "common/slower.h"
#include "settings.h"
#include "store/save.h"

#define ENTRIES			128		/* statements per stripe */
#define CHUNKS			1024	/* per stripe */
#define CHUNK_BYTES		256
#define NO_CHUNK		PG_UINT16_MAX
#define MAX_USAGE		5

/*
 * A call that is clearly slower than the typical samples kept is a slow one; it
 * must be so much slower than the slow ones to take the place of one.
 */
#define SLOWER_THAN_SLOW	1.1

/*
 * As long as fewer calls of a statement were offered, one in so many of a
 * backend's calls is looked at.
 */
static const struct
{
	uint32		offers;
	int64		every;			/* a power of two */
}			looks[] = {
	{16, 1},
	{48, 32},
	{PG_UINT32_MAX, 4096}
};

/*
 * A sample's fixed part; the rest is packed into its chain of chunks.  Written
 * to the file as it is: without padding.
 */
typedef struct StoredSample
{
	SampleKind	kind;			/* SAMPLE_NONE = free */
	uint32		first;			/* chunk */
	uint32		length;			/* bytes in the chunks */
	uint32		values_hash;	/* of the draft */
	double		elapsed_us;
	TimestampTz captured_at;
} StoredSample;

typedef struct SampleEntry
{
	SampleKey	key;			/* queryid 0 = free */
	uint32		offers;			/* samples offered */
	uint32		usage;			/* passes of the clock hand it survives */
	StoredSample samples[SAMPLES];	/* by kind: see places_of() */
} SampleEntry;

/* All under the stripe's lock. */
typedef struct SampleStripe
{
	uint32		hand;			/* next entry the clock looks at */
	uint32		held;			/* entries in use */
	uint32		free;			/* chunks on the free list */
	uint16		first_free;
	uint16		next[CHUNKS];	/* of a sample or of the free list */
	uint64		queryids[ENTRIES];	/* of the entries: searched for each
									 * sample */
	SampleEntry entries[ENTRIES];
	char		chunks[CHUNKS][CHUNK_BYTES];
} SampleStripe;

SampleThreshold sample_thresholds[SAMPLE_THRESHOLDS];

static SampleStripe *stripes = NULL;

static Size
sample_size(void)
{
	return sizeof(SampleStripe) * SAMPLE_STRIPES;
}

/* Make a stripe empty; its lock is held, or nobody knows it yet. */
static void
clear_stripe(SampleStripe *stripe)
{
	memset(stripe, 0, sizeof(*stripe));
	stripe->free = CHUNKS;
	stripe->first_free = 0;
	for (int i = 0; i < CHUNKS; i++)
		stripe->next[i] = i + 1 < CHUNKS ? i + 1 : NO_CHUNK;
}

/* StoreModule.attach */
static void
sample_attach(void *memory, bool found)
{
	stripes = memory;
	for (int i = 0; !found && i < SAMPLE_STRIPES; i++)
		clear_stripe(&stripes[i]);
}

/* ------------------------------------------------------------------------
 * Chunks; the caller holds the stripe's lock
 * ------------------------------------------------------------------------ */

static void
free_loaded_sample(SampleStripe *stripe, StoredSample *sample)
{
	uint16		chunk = sample->first;

	while (chunk != NO_CHUNK)
	{
		uint16		next = stripe->next[chunk];

		stripe->next[chunk] = stripe->first_free;
		stripe->first_free = chunk;
		stripe->free++;
		chunk = next;
	}
	memset(sample, 0, sizeof(StoredSample));
}

static void
free_sample_entry(SampleStripe *stripe, SampleEntry *entry)
{
	for (int i = 0; i < SAMPLES; i++)
		if (entry->samples[i].kind != SAMPLE_NONE)
			free_loaded_sample(stripe, &entry->samples[i]);
	memset(entry, 0, sizeof(SampleEntry));
	stripe->queryids[entry - stripe->entries] = 0;
	stripe->held--;
}

/* StoreModule.reset: samples go with the statements, too. */
static void
sample_reset(int what, Oid dbid)
{
	if ((what & (RESET_QUERIES | RESET_SAMPLES)) == 0)
		return;
	for (int i = 0; i < SAMPLE_STRIPES; i++)
	{
		LWLock	   *lock = store_lock(LOCKS_SAMPLE, i);

		LWLockAcquire(lock, LW_EXCLUSIVE);
		for (int j = 0; j < ENTRIES; j++)
		{
			SampleEntry *entry = &stripes[i].entries[j];

			if (entry->key.queryid != 0 && reset_concerns(dbid, entry->key.dbid))
				free_sample_entry(&stripes[i], entry);
		}
		LWLockRelease(lock);
	}
}

/*
 * Free the entry the clock hand finds, but for "spared", which may be NULL.
 * Ends, as every pass lowers some entry's usage.
 */
static SampleEntry *
evict_entry(SampleStripe *stripe, const SampleEntry *spared)
{
	for (;;)
	{
		SampleEntry *entry = &stripe->entries[stripe->hand];

		stripe->hand = (stripe->hand + 1) % ENTRIES;
		if (entry == spared || entry->key.queryid == 0)
			continue;
		if (entry->usage == 0)
		{
			free_sample_entry(stripe, entry);
			return entry;
		}
		entry->usage--;
	}
}

/* Take a chunk off the free list, which is not empty. */
static uint16
take_chunk(SampleStripe *stripe)
{
	uint16		chunk = stripe->first_free;

	stripe->first_free = stripe->next[chunk];
	stripe->free--;
	return chunk;
}

/* Copy bytes into a chain of free chunks; there are enough of them. */
static uint16
write_chunks(SampleStripe *stripe, const char *bytes, uint32 length)
{
	uint16		first = NO_CHUNK;
	uint16	   *link = &first;

	for (uint32 done = 0; done < length; done += CHUNK_BYTES)
	{
		uint16		chunk = take_chunk(stripe);

		memcpy(stripe->chunks[chunk], bytes + done,
			   Min(length - done, CHUNK_BYTES));
		*link = chunk;
		link = &stripe->next[chunk];
	}
	*link = NO_CHUNK;
	return first;
}

/* Append the bytes of a sample to a buffer. */
static void
read_chunks(const SampleStripe *stripe, const StoredSample *sample,
			StringInfo bytes)
{
	uint16		chunk = sample->first;

	for (uint32 done = 0; done < sample->length; done += CHUNK_BYTES)
	{
		appendBinaryStringInfo(bytes, stripe->chunks[chunk],
							   Min(sample->length - done, CHUNK_BYTES));
		chunk = stripe->next[chunk];
	}
}

/* ------------------------------------------------------------------------
 * Entries; the caller holds the stripe's lock
 * ------------------------------------------------------------------------ */

static uint32
stripe_number(const SampleKey *key)
{
	return hash_bytes((const unsigned char *) key, sizeof(SampleKey)) %
		SAMPLE_STRIPES;
}

static bool
same_sample_key(const SampleKey *a, const SampleKey *b)
{
	return a->queryid == b->queryid && a->userid == b->userid &&
		a->dbid == b->dbid;
}

/* The entry of a statement, or with an empty key a free one; or NULL. */
static SampleEntry *
find_sample(SampleStripe *stripe, const SampleKey *key)
{
	for (int i = 0; i < ENTRIES; i++)
		if (stripe->queryids[i] == key->queryid &&
			same_sample_key(&stripe->entries[i].key, key))
			return &stripe->entries[i];
	return NULL;
}

/* The entry of a statement, made if it is new. */
static SampleEntry *
make_entry(SampleStripe *stripe, const SampleKey *key)
{
	SampleEntry *entry = find_sample(stripe, key);
	SampleKey	none = {0};

	if (entry != NULL)
		return entry;
	entry = stripe->held < ENTRIES ? find_sample(stripe, &none) :
		evict_entry(stripe, NULL);
	entry->key = *key;
	stripe->queryids[entry - stripe->entries] = key->queryid;
	stripe->held++;
	return entry;
}

/* How many samples of a kind an entry holds. */
static int
count_kind(const SampleEntry *entry, SampleKind kind)
{
	int			count = 0;

	for (int i = 0; i < SAMPLES; i++)
		count += entry->samples[i].kind == kind;
	return count;
}

/* How slow a call must be to be kept as a slow one, in microseconds. */
static double
slow_limit(const SampleEntry *entry)
{
	bool		full = count_kind(entry, SAMPLE_SLOW) == SAMPLES_SLOW;
	double		limit = 0;
	bool		first = true;

	for (int i = 0; i < SAMPLES; i++)
	{
		const StoredSample *sample = &entry->samples[i];

		if (sample->kind == SAMPLE_NONE ||
			(full && sample->kind != SAMPLE_SLOW))
			continue;
		if (first)
			limit = sample->elapsed_us;
		else if (full)
			limit = Min(limit, sample->elapsed_us);
		else
			limit = Max(limit, sample->elapsed_us);
		first = false;
	}
	return limit * (full ? SLOWER_THAN_SLOW : CLEARLY_SLOWER);
}

/* The places of one kind among an entry's samples. */
static StoredSample *
places_of(SampleEntry *entry, SampleKind kind, int *count)
{
	switch (kind)
	{
		case SAMPLE_TYPICAL:
			*count = SAMPLES_TYPICAL;
			return entry->samples;
		case SAMPLE_SLOW:
			*count = SAMPLES_SLOW;
			return entry->samples + SAMPLES_TYPICAL;
		default:
			*count = SAMPLES_OTHER;
			return entry->samples + SAMPLES_TYPICAL + SAMPLES_SLOW;
	}
}

/* How many samples of an entry have these values. */
static int
count_values(const SampleEntry *entry, uint32 values_hash)
{
	int			count = 0;

	for (int i = 0; i < SAMPLES; i++)
		count += entry->samples[i].kind != SAMPLE_NONE &&
			entry->samples[i].values_hash == values_hash;
	return count;
}

/*
 * How far a time is from the nearest one of the entry's samples but for
 * "left_out": as the ratio of the greater to the smaller.
 */
static double
time_distance(const SampleEntry *entry, double elapsed_us,
			  const StoredSample *left_out)
{
	double		nearest = DBL_MAX;

	for (int i = 0; i < SAMPLES; i++)
	{
		const StoredSample *sample = &entry->samples[i];

		if (sample->kind == SAMPLE_NONE || sample == left_out)
			continue;
		nearest = Min(nearest, Max(elapsed_us, sample->elapsed_us) /
					  Max(Min(elapsed_us, sample->elapsed_us), 1));
	}
	return nearest;
}

/*
 * Which sample that was kept for its values makes room for another one: that
 * whose values others have too, else the one whose time differs least from
 * that of others.  NULL if that is the new one.  "moved" is the new one if it is
 * a sample of the entry already, else NULL.
 */
static StoredSample *
choose_other_place(SampleEntry *entry, double elapsed_us,
				   const StoredSample *moved)
{
	int			count;
	StoredSample *places = places_of(entry, SAMPLE_OTHER, &count);
	double		least = time_distance(entry, elapsed_us, moved);
	StoredSample *found = NULL;

	for (int i = 0; i < count; i++)
	{
		double		distance;

		if (places[i].kind == SAMPLE_NONE ||
			count_values(entry, places[i].values_hash) > 1)
			return &places[i];
		distance = time_distance(entry, places[i].elapsed_us, &places[i]);
		if (distance < least)
		{
			least = distance;
			found = &places[i];
		}
	}
	return found;
}

/*
 * Where a sample of this kind goes: a free place, else that of the less slow
 * one, or of any typical one.  NULL if there is none.
 */
static StoredSample *
choose_sample_place(SampleEntry *entry, SampleKind kind, double elapsed_us)
{
	int			count;
	StoredSample *places = places_of(entry, kind, &count);

	for (int i = 0; i < count; i++)
		if (places[i].kind == SAMPLE_NONE)
			return &places[i];
	if (kind == SAMPLE_OTHER)
		return choose_other_place(entry, elapsed_us, NULL);
	if (kind == SAMPLE_SLOW)
		return places[0].elapsed_us < places[1].elapsed_us ?
			&places[0] : &places[1];
	return &places[pg_prng_uint64_range(&pg_global_prng_state, 0, count - 1)];
}

/*
 * Free a place in an entry.  If its sample is the only one with its values, it
 * is kept among those that differ, if it fits in there.
 */
static void
vacate(SampleStripe *stripe, SampleEntry *entry, StoredSample *place)
{
	StoredSample *other = NULL;

	if (place->kind == SAMPLE_NONE)
		return;
	if (place->kind != SAMPLE_OTHER &&
		count_values(entry, place->values_hash) == 1)
		other = choose_other_place(entry, place->elapsed_us, place);
	if (other == NULL)
	{
		free_loaded_sample(stripe, place);
		return;
	}
	if (other->kind != SAMPLE_NONE)
		free_loaded_sample(stripe, other);
	*other = *place;
	other->kind = SAMPLE_OTHER;
	memset(place, 0, sizeof(StoredSample));
}

/* Keep a packed sample; "sample" lacks only its place. */
static void
put_packed(const SampleKey *key, StoredSample *sample, const char *bytes)
{
	uint32		number = stripe_number(key);
	SampleStripe *stripe = &stripes[number];
	LWLock	   *lock = store_lock(LOCKS_SAMPLE, number);
	SampleEntry *entry;
	StoredSample *place;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = make_entry(stripe, key);
	place = choose_sample_place(entry, sample->kind, sample->elapsed_us);
	if (place != NULL)
	{
		vacate(stripe, entry, place);
		while (stripe->free * CHUNK_BYTES < sample->length)
			(void) evict_entry(stripe, entry);
		sample->first = write_chunks(stripe, bytes, sample->length);
		*place = *sample;
	}
	LWLockRelease(lock);
}

/* How many calls to pass over until the next look, by those offered so far. */
static int64
calls_to_skip(uint32 offers)
{
	int			i = 0;

	while (offers >= looks[i].offers && i < lengthof(looks) - 1)
		i++;
	return looks[i].every - 1;
}

/* What a call that is not slow would be kept as; the entry was found. */
static SampleKind
admit_usual(SampleEntry *entry, uint32 values_hash, double elapsed_us)
{
	if (count_kind(entry, SAMPLE_TYPICAL) < SAMPLES_TYPICAL ||
		pg_prng_uint64_range(&pg_global_prng_state, 0,
							 entry->offers) < SAMPLES_TYPICAL)
		return SAMPLE_TYPICAL;
	if (count_values(entry, values_hash) == 0 &&
		choose_sample_place(entry, SAMPLE_OTHER, elapsed_us) != NULL)
		return SAMPLE_OTHER;
	return SAMPLE_NONE;
}

/*
 * What a call that is wanted would be kept as.  "values_hash" tells its values
 * from those of others.  Takes a lock.
 */
SampleKind
sample_admit(const SampleKey *key, uint32 values_hash, double elapsed_us)
{
	uint32		number = stripe_number(key);
	LWLock	   *lock = store_lock(LOCKS_SAMPLE, number);
	SampleThreshold *known = sample_threshold(key->queryid);
	SampleKind	kind = SAMPLE_NONE;
	SampleEntry *entry;

	known->key = *key;
	known->slow_us = elapsed_us * CLEARLY_SLOWER;
	known->skipped = 0;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	entry = find_sample(&stripes[number], key);
	if (entry == NULL)
		kind = SAMPLE_TYPICAL;
	else
	{
		entry->usage = Min(entry->usage + 1, MAX_USAGE);
		entry->offers++;
		known->skipped = calls_to_skip(entry->offers);
		known->slow_us = slow_limit(entry);
		if (elapsed_us > known->slow_us)
		{
			kind = SAMPLE_SLOW;
			known->slow_us = elapsed_us * SLOWER_THAN_SLOW;
		}
		else
			kind = admit_usual(entry, values_hash, elapsed_us);
	}
	LWLockRelease(lock);
	return kind;
}

/* Keep it.  Takes a lock.  A draft that is too big is left out. */
void
sample_put(const SampleKey *key, SampleKind kind, const SampleDraft *draft)
{
	StringInfoData packed;
	StoredSample sample = {
		.kind = kind,
		.values_hash = draft->values_hash,
		.elapsed_us = draft->elapsed_us,
		.captured_at = draft->captured_at
	};

	initStringInfo(&packed);
	sample_pack(&packed, draft);
	sample.length = packed.len;
	if (sample.length <= SAMPLE_MAX_BYTES)
		put_packed(key, &sample, packed.data);
	pfree(packed.data);
}

/* ------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------ */

/* Hand one sample of a copied stripe to the visitor. */
static void
visit_sample(const SampleStripe *copy, const SampleKey *key,
			 const StoredSample *sample, SampleVisitor visitor, void *arg)
{
	StringInfoData packed;
	SampleDraft draft = {
		.values_hash = sample->values_hash,
		.elapsed_us = sample->elapsed_us,
		.captured_at = sample->captured_at
	};

	initStringInfo(&packed);
	read_chunks(copy, sample, &packed);
	if (sample_unpack(&packed, &draft))
		visitor(key, sample->kind, &draft, arg);
	pfree(packed.data);
}

/* Copy a stripe as it is now. */
static void
copy_stripe(SampleStripe *copy, int number)
{
	LWLock	   *lock = store_lock(LOCKS_SAMPLE, number);

	LWLockAcquire(lock, LW_SHARED);
	memcpy(copy, &stripes[number], sizeof(SampleStripe));
	LWLockRelease(lock);
}

/*
 * Visit all samples; what is passed is valid during the call only.  Works on
 * copies, so that no lock is held for long.
 */
void
sample_visit(SampleVisitor visitor, void *arg)
{
	SampleStripe *copy = palloc(sizeof(SampleStripe));

	for (int i = 0; i < SAMPLE_STRIPES; i++)
	{
		copy_stripe(copy, i);
		for (int e = 0; e < ENTRIES; e++)
			for (int s = 0; s < SAMPLES; s++)
				if (copy->entries[e].samples[s].kind != SAMPLE_NONE)
					visit_sample(copy, &copy->entries[e].key,
								 &copy->entries[e].samples[s], visitor, arg);
	}
	pfree(copy);
}

/* ------------------------------------------------------------------------
 * Saving
 * ------------------------------------------------------------------------ */

/* What is saved before the bytes of a sample. */
typedef struct SavedSample
{
	SampleKey	key;			/* queryid 0 = no more samples */
	uint32		kind;
	uint32		length;
	uint32		values_hash;
	uint32		unused;			/* zero, as it is saved as it is */
	double		elapsed_us;
	TimestampTz captured_at;
} SavedSample;

StaticAssertDecl(sizeof(SavedSample) == 48, "what is saved has no padding");

/* Write the samples of one entry. */
static void
save_sample(const SampleStripe *stripe, const SampleEntry *entry,
			SaveFile *file)
{
	StringInfoData bytes;

	initStringInfo(&bytes);
	for (int i = 0; i < SAMPLES; i++)
	{
		const StoredSample *sample = &entry->samples[i];
		SavedSample saved = {
			.key = entry->key,
			.kind = sample->kind,
			.length = sample->length,
			.values_hash = sample->values_hash,
			.elapsed_us = sample->elapsed_us,
			.captured_at = sample->captured_at
		};

		if (sample->kind == SAMPLE_NONE)
			continue;
		resetStringInfo(&bytes);
		read_chunks(stripe, sample, &bytes);
		save_bytes(file, &saved, sizeof(saved));
		save_bytes(file, bytes.data, bytes.len);
	}
	pfree(bytes.data);
}

/*
 * StoreModule.save: all samples if clipperf.save_samples says so, then an empty
 * one.  From copies, so that nobody waits for the disk.
 */
static void
sample_save(SaveFile *file)
{
	SampleStripe *copy = palloc(sizeof(SampleStripe));
	SavedSample end = {0};

	for (int i = 0; setting_save_samples && i < SAMPLE_STRIPES; i++)
	{
		copy_stripe(copy, i);
		for (int e = 0; e < ENTRIES; e++)
			if (copy->entries[e].key.queryid != 0)
				save_sample(copy, &copy->entries[e], file);
	}
	save_bytes(file, &end, sizeof(end));
	pfree(copy);
}

/*
 * StoreModule.load: samples that were saved before clipperf.save_samples was
 * switched off are left out.
 */
static bool
sample_load(SaveFile *file)
{
	SavedSample saved;
	char		bytes[SAMPLE_MAX_BYTES];

	for (;;)
	{
		StoredSample sample;

		if (!load_bytes(file, &saved, sizeof(saved)))
			return false;
		if (saved.key.queryid == 0)
			return true;
		if (saved.kind < SAMPLE_TYPICAL || saved.kind > SAMPLE_OTHER ||
			saved.length > SAMPLE_MAX_BYTES ||
			!saved_amount_is_sound(saved.elapsed_us) ||
			!saved_time_is_sound(saved.captured_at) ||
			!load_bytes(file, bytes, saved.length))
			return false;
		sample = (StoredSample)
		{
			.kind = saved.kind,
				.length = saved.length,
				.values_hash = saved.values_hash,
				.elapsed_us = saved.elapsed_us,
				.captured_at = saved.captured_at
		};
		if (setting_save_samples)
			put_packed(&saved.key, &sample, bytes);
	}
}

const StoreModule sample_module = {
	.name = "sample",
	.size = sample_size,
	.attach = sample_attach,
	.save = sample_save,
	.load = sample_load,
	.reset = sample_reset
};
