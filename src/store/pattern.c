/*-------------------------------------------------------------------------
 *
 * pattern.c
 *	  The N+1 patterns found: which child follows which parent's rows.
 *
 * A fixed table of MAX_PATTERNS entries, looked through from the place the key
 * hashes to.  Everything in it is read and written under LOCKS_PATTERN; a text
 * partition may be locked meanwhile.  Histories are read afterwards.
 *
 *-------------------------------------------------------------------------
 */
#include "store/pattern.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/timestamp.h"

#include "common/clock.h"
#include "store/episode.h"
#include "store/save.h"
#include "store/text.h"

#define MAX_PATTERNS	512

/* How far from its place an entry may be. */
#define MAX_STEPS		16

typedef struct PatternTable
{
	int64		evicted;
	Pattern		patterns[MAX_PATTERNS];
} PatternTable;

/* What is saved of a pattern, besides its texts. */
typedef struct SavedPattern
{
	Pattern		pattern;
	PatternHistory history;
} SavedPattern;

static PatternTable *table = NULL;

StaticAssertDecl(sizeof(PatternKey) == 40, "a key has no padding");
StaticAssertDecl(sizeof(PatternFacts) == 2 * 8 + 2 * sizeof(Oid) + 4 * sizeof(int16) &&
				 sizeof(PatternCounters) == 10 * 8 &&
				 sizeof(PatternParameters) == 6 * 4 +
				 PATTERN_PARAMETERS * (2 * 4 + sizeof(Oid) + 1) &&
				 sizeof(Pattern) == sizeof(PatternKey) + sizeof(PatternFacts) +
				 sizeof(PatternCounters) + sizeof(PatternParameters) +
				 sizeof(PatternOrigin) +
				 8 * sizeof(bool) + 8 + sizeof(Oid) + 2 * sizeof(int16) &&
				 sizeof(PatternOrigin) == 200 &&
				 sizeof(PatternHistory) == 3 * 4,
				 "what is saved has no padding");

/* StoreModule.size */
static Size
pattern_size(void)
{
	return sizeof(PatternTable);
}

/* StoreModule.attach */
static void
pattern_attach(void *memory, bool found)
{
	table = memory;
	if (!found)
		memset(table, 0, sizeof(PatternTable));
}

/* The one lock of the table. */
static inline LWLock *
table_lock(void)
{
	return store_lock(LOCKS_PATTERN, 0);
}

/* Is this the entry of a key?  Under the lock. */
static inline bool
pattern_has_key(const Pattern *pattern, const PatternKey *key)
{
	return pattern->used && memcmp(&pattern->key, key, sizeof(*key)) == 0;
}

/* The entry at so many steps from the place of a key. */
static inline int
place(const PatternKey *key, int step)
{
	return (hash_bytes((const unsigned char *) key, sizeof(*key)) + step) %
		MAX_PATTERNS;
}

/* The number of the pattern with this key, or -1; under the lock. */
static int
find_pattern(const PatternKey *key)
{
	for (int step = 0; step < MAX_STEPS; step++)
	{
		int			number = place(key, step);

		if (pattern_has_key(&table->patterns[number], key))
			return number;
	}
	return -1;
}

/* How much would be lost with an entry: time (us), worth less with each hour. */
static double
pattern_usefulness(const Pattern *pattern, TimestampTz now)
{
	double		hours = clock_age_us(pattern->counters.last_seen, now) / (double) USECS_PER_HOUR;

	return (pattern->counters.child_us + pattern->counters.gap_us) / (1.0 + hours);
}

/*
 * So many of the entries at the places of a key, all in use, have the database and
 * role of this one, the newcomer with that key included; under the lock.
 */
static int
count_of_same_owner(const Pattern *pattern, const PatternKey *key)
{
	int			count = pattern->key.dbid == key->dbid &&
		pattern->key.userid == key->userid;

	for (int step = 0; step < MAX_STEPS; step++)
	{
		const Pattern *other = &table->patterns[place(key, step)];

		count += pattern->key.dbid == other->key.dbid &&
			pattern->key.userid == other->key.userid;
	}
	return count;
}

/*
 * A free entry for a key, else the least useful one of the database and role that
 * have most there, so that whoever floods the table pushes out their own; under the
 * lock.
 */
static int
choose_pattern_place(const PatternKey *key)
{
	int			chosen = -1;
	int			most = 0;
	double		least = 0;
	TimestampTz now = GetCurrentTimestamp();

	for (int step = 0; step < MAX_STEPS; step++)
	{
		int			number = place(key, step);

		if (!table->patterns[number].used)
			return number;
	}
	for (int step = 0; step < MAX_STEPS; step++)
	{
		int			number = place(key, step);
		int			count = count_of_same_owner(&table->patterns[number], key);
		double		usefulness = pattern_usefulness(&table->patterns[number], now);

		if (count < most || (count == most && usefulness >= least))
			continue;
		chosen = number;
		most = count;
		least = usefulness;
	}
	return chosen;
}

/* The key of the text of a pattern's child or parent. */
static TextKey
pattern_text_key(const Pattern *pattern, uint64 queryid)
{
	return (TextKey)
	{
		.queryid = queryid,
			.dbid = pattern->key.dbid,
			.userid = pattern->key.userid
	};
}

/* Give up an entry and its texts; under the lock. */
static void
free_pattern(Pattern *pattern)
{
	TextKey		child = pattern_text_key(pattern, pattern->facts.child_queryid);
	TextKey		parent = pattern_text_key(pattern, pattern->facts.parent_queryid);

	if (pattern->used && pattern->has_child_text)
		text_release(&child);
	if (pattern->used && pattern->has_parent_text)
		text_release(&parent);
	memset(pattern, 0, sizeof(Pattern));
}

/* Make the entry of a new pattern; under the lock. */
static int
insert_pattern(const PatternKey *key, const PatternFacts *facts,
			   const char *text, const PatternOrigin *origin)
{
	int			number = choose_pattern_place(key);
	Pattern    *pattern = &table->patterns[number];
	TextKey		child;

	table->evicted += pattern->used ? 1 : 0;
	free_pattern(pattern);
	pattern->key = *key;
	pattern->facts = *facts;
	pattern->origin = *origin;
	child = pattern_text_key(pattern, facts->child_queryid);
	pattern->has_child_text = text_put(&child, text);
	pattern->used = true;
	return number;
}

/* Add to the counters; under the lock. */
static void
add_pattern_counters(PatternCounters *sum, const PatternCounters *add)
{
	sum->episodes += add->episodes;
	sum->children += add->children;
	sum->repeats += add->repeats;
	sum->max_children = Max(sum->max_children, add->max_children);
	sum->connections = Max(sum->connections, add->connections);
	sum->pipelined += add->pipelined;
	sum->child_us += add->child_us;
	sum->gap_us += add->gap_us;
	sum->last_seen = clock_last_seen(sum->last_seen, add->last_seen,
									 GetCurrentTimestamp());
	if (sum->first_seen == 0 || add->first_seen < sum->first_seen)
		sum->first_seen = add->first_seen;
}

/* The type that holds literals of both types; UNKNOWNOID if there is none. */
Oid
pattern_literal_type(Oid one, Oid other)
{
	static const Oid numbers[] = {INT4OID, INT8OID, NUMERICOID};
	int			rank_one = -1;
	int			rank_other = -1;

	if (one == other || !OidIsValid(other))
		return one;
	if (!OidIsValid(one))
		return other;
	for (int i = 0; i < lengthof(numbers); i++)
	{
		rank_one = one == numbers[i] ? i : rank_one;
		rank_other = other == numbers[i] ? i : rank_other;
	}
	if (rank_one < 0 || rank_other < 0)
		return UNKNOWNOID;
	return numbers[Max(rank_one, rank_other)];
}

/*
 * Add what was seen of the parameters in an episode; under the lock.  A child
 * with another number of parameters tells that they cannot be compared.
 */
static void
add_parameters(PatternParameters *sum, const PatternParameters *add)
{
	uint8		before[PATTERN_PARAMETERS];

	if (sum->compared == 0 && sum->count == 0)
	{
		*sum = *add;
		return;
	}
	sum->compared += add->compared;
	if (sum->count != add->count || (sum->nliterals < 0) != (add->nliterals < 0))
	{
		sum->compared = Max(1, sum->compared);
		sum->count = 0;
		return;
	}
	sum->differ |= add->differ;
	sum->literals_differ |= add->literals_differ | (sum->literals != add->literals);
	if (add->literals == 0)
		sum->literals = 0;
	for (int i = 0; i < sum->count; i++)
	{
		if (sum->hashes[i] != add->hashes[i])
			sum->differ |= UINT32_C(1) << i;
		sum->changes[i] += add->changes[i];
	}
	for (int i = 0; i < PATTERN_PARAMETERS; i++)
		sum->types[i] = pattern_literal_type(sum->types[i], add->types[i]);
	if (memcmp(sum->same_as, add->same_as, sizeof(before)) == 0)
		return;
	memcpy(before, sum->same_as, sizeof(before));
	for (int i = 0; i < sum->count; i++)
	{
		int			same = 0;

		while (before[same] != before[i] ||
			   add->same_as[same] != add->same_as[i])
			same++;
		sum->same_as[i] = same + 1;
	}
}

/*
 * Add to the pattern of this key, made if it is new; max_children and
 * connections are raised to those given, first_seen is lowered.  "known" is the
 * entry's number where the episode was told it, else -1: then the episode itself is
 * added now, or just about to be, by another connection.  "parameters" may be NULL.
 * It is apart only if all that is added is.
 * Returns the number.  Takes the lock; a new pattern's text is made, and its
 * origin read, without it.
 */
int
pattern_add(int known, const PatternKey *key, const PatternFacts *facts,
			const PatternCounters *add, const PatternParameters *parameters,
			bool strong, bool apart, StatementTextMaker maker,
			PatternOriginReader reader, void *arg)
{
	int			number = known;
	Pattern    *pattern;

	LWLockAcquire(table_lock(), LW_EXCLUSIVE);
	if (number < 0 || !pattern_has_key(&table->patterns[number], key))
		number = find_pattern(key);
	if (number < 0)
	{
		char	   *text;
		PatternOrigin origin;

		LWLockRelease(table_lock());
		text = maker(arg);

		reader(arg, &origin);

		LWLockAcquire(table_lock(), LW_EXCLUSIVE);
		number = find_pattern(key);
		if (number < 0)
		{
			number = insert_pattern(key, facts, text, &origin);
			table->patterns[number].apart = apart;
			/* forgotten or evicted while its loop ran: this is the rest of it */
			if (known >= 0)
				table->patterns[number].counters.episodes = 1 - add->episodes;
		}
		pfree(text);
	}
	pattern = &table->patterns[number];
	pattern->strong |= strong;
	pattern->apart &= apart;
	pattern->over_parts |= facts->in_family != 0 &&
		facts->child_queryid != pattern->facts.child_queryid;
	if (key->parent != 0 && !pattern->has_parent_text)
	{
		/* take a reference to the parent's text as soon as there is one */
		TextKey		parent = pattern_text_key(pattern,
											  pattern->facts.parent_queryid);

		pattern->has_parent_text = text_acquire(&parent);
	}
	add_pattern_counters(&pattern->counters, add);
	if (parameters != NULL && parameters->compared > 0)
		add_parameters(&pattern->parameters, parameters);
	LWLockRelease(table_lock());
	return number;
}

/* The pattern of that number, if it is the one of that history; under the lock. */
static Pattern *
pattern_by_number(int number, uint64 history_key)
{
	Pattern    *pattern = number < 0 ? NULL : &table->patterns[number];

	return pattern != NULL && pattern->used &&
		pattern_history_key(&pattern->key) == history_key ? pattern : NULL;
}

/*
 * Take away what an episode has been counted as, since its children belong to
 * another list.  A pattern without any is gone.  Takes the lock.
 */
void
pattern_subtract(int number, uint64 history_key, const PatternCounters *counters)
{
	Pattern    *pattern;

	LWLockAcquire(table_lock(), LW_EXCLUSIVE);
	pattern = pattern_by_number(number, history_key);
	if (pattern != NULL)
	{
		PatternCounters *sum = &pattern->counters;

		sum->episodes -= counters->episodes;
		sum->children = Max(0, sum->children - counters->children);
		sum->repeats = Max(0, sum->repeats - counters->repeats);
		sum->pipelined = Max(0, sum->pipelined - counters->pipelined);
		sum->child_us = Max(0.0, sum->child_us - counters->child_us);
		sum->gap_us = Max(0.0, sum->gap_us - counters->gap_us);
		if (sum->episodes <= 0)
			free_pattern(pattern);
	}
	LWLockRelease(table_lock());
}

/* A loop of the pattern may have been over another column as well.  Takes the lock. */
void
pattern_note_tie(int number, uint64 history_key, Oid rival_relid, int16 rival_attno)
{
	Pattern    *pattern;

	LWLockAcquire(table_lock(), LW_EXCLUSIVE);
	pattern = pattern_by_number(number, history_key);
	if (pattern != NULL)
	{
		pattern->ties++;
		pattern->rival_relid = rival_relid;
		pattern->rival_attno = rival_attno;
	}
	LWLockRelease(table_lock());
}

/* The key of a pattern's history in the table of episode.c; never 0. */
uint64
pattern_history_key(const PatternKey *key)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) key,
										   sizeof(*key), 0);

	return hash ? hash : 1;
}

/*
 * A palloc'd copy of all patterns that stand: those proven strongly once, and
 * those whose history is still good.  Takes the lock, then each history's.
 */
Pattern *
pattern_copy(int *count)
{
	Pattern    *copy = palloc(sizeof(table->patterns));
	int			used = 0;

	LWLockAcquire(table_lock(), LW_SHARED);
	for (int i = 0; i < MAX_PATTERNS; i++)
	{
		if (table->patterns[i].used)
			copy[used++] = table->patterns[i];
	}
	LWLockRelease(table_lock());

	*count = 0;
	for (int i = 0; i < used; i++)
	{
		if (copy[i].strong ||
			pattern_history_read(pattern_history_key(&copy[i].key)).balance >=
			PATTERN_HISTORY_GOOD)
			copy[(*count)++] = copy[i];
	}
	return copy;
}

/* Patterns forgotten to make room since start or reset. */
int64
pattern_evicted(void)
{
	int64		evicted;

	LWLockAcquire(table_lock(), LW_SHARED);
	evicted = table->evicted;
	LWLockRelease(table_lock());
	return evicted;
}

/* Write one pattern, with its texts, which no other module may refer to. */
static void
save_pattern(const Pattern *pattern, struct SaveFile *file)
{
	PatternHistory history =
		pattern_history_read(pattern_history_key(&pattern->key));
	TextKey		child = pattern_text_key(pattern, pattern->facts.child_queryid);
	TextKey		parent = pattern_text_key(pattern, pattern->facts.parent_queryid);

	save_bytes(file, pattern, sizeof(*pattern));
	save_bytes(file, &history, sizeof(history));
	text_save(&child, file);
	text_save(&parent, file);
}

/* StoreModule.save: patterns that were evicted, how many there are, then each. */
static void
pattern_save(struct SaveFile *file)
{
	int			count;
	Pattern    *patterns = pattern_copy(&count);
	int64		evicted = pattern_evicted();

	save_bytes(file, &evicted, sizeof(evicted));
	save_bytes(file, &count, sizeof(count));
	for (int i = 0; i < count; i++)
		save_pattern(&patterns[i], file);
	pfree(patterns);
}

/* Take new references to the texts of a pattern; they follow it in the file. */
static bool
load_texts(Pattern *pattern, struct SaveFile *file)
{
	TextKey		child = pattern_text_key(pattern, pattern->facts.child_queryid);
	TextKey		parent = pattern_text_key(pattern, pattern->facts.parent_queryid);

	return text_load(&child, file, &pattern->has_child_text) &&
		text_load(&parent, file, &pattern->has_parent_text);
}

/* Put a saved pattern into the table. */
static void
restore_pattern(const SavedPattern *saved)
{
	const Pattern *pattern = &saved->pattern;
	int			number;

	pattern_history_restore(pattern_history_key(&pattern->key), pattern->key.dbid,
							&saved->history);

	LWLockAcquire(table_lock(), LW_EXCLUSIVE);
	number = choose_pattern_place(&pattern->key);
	table->evicted += table->patterns[number].used ? 1 : 0;
	free_pattern(&table->patterns[number]);
	table->patterns[number] = *pattern;
	LWLockRelease(table_lock());
}

/* Can this be what was saved?  The flags are made such. */
static bool
make_pattern_sound(SavedPattern *saved)
{
	Pattern    *pattern = &saved->pattern;
	const PatternCounters *counters = &pattern->counters;
	const double amounts[] = {
		counters->episodes, counters->children, counters->repeats,
		counters->max_children,
		counters->connections, counters->pipelined, counters->child_us,
		counters->gap_us, pattern->ties
	};

	for (int i = 0; i < lengthof(amounts); i++)
	{
		if (!saved_amount_is_sound(amounts[i]))
			return false;
	}
	if (*(const uint8 *) &pattern->used != 1 ||
		pattern->parameters.count > PATTERN_PARAMETERS)
		return false;
	for (int i = 0; i < pattern->parameters.count; i++)
	{
		if (pattern->parameters.same_as[i] < 1 ||
			pattern->parameters.same_as[i] > i + 1)
			return false;
	}
	if (memchr(pattern->origin.framework, '\0', sizeof(pattern->origin.framework)) == NULL ||
		memchr(pattern->origin.place, '\0', sizeof(pattern->origin.place)) == NULL)
		return false;
	pattern->strong = *(const uint8 *) &pattern->strong != 0;
	pattern->apart = *(const uint8 *) &pattern->apart != 0;
	pattern->over_parts = *(const uint8 *) &pattern->over_parts != 0;
	return saved_time_is_sound(counters->first_seen) &&
		saved_time_is_sound(counters->last_seen) &&
		isfinite(saved->history.balance);
}

/* StoreModule.load */
static bool
pattern_load(struct SaveFile *file)
{
	int			count;
	int64		evicted;

	if (!load_bytes(file, &evicted, sizeof(evicted)) || evicted < 0 ||
		!load_bytes(file, &count, sizeof(count)) ||
		count < 0 || count > MAX_PATTERNS)
		return false;
	table->evicted = evicted;
	for (int i = 0; i < count; i++)
	{
		SavedPattern saved;

		if (!load_bytes(file, &saved.pattern, sizeof(saved.pattern)) ||
			!load_bytes(file, &saved.history, sizeof(saved.history)) ||
			!make_pattern_sound(&saved) || !load_texts(&saved.pattern, file))
			return false;
		restore_pattern(&saved);
	}
	return true;
}

/* StoreModule.reset */
static void
pattern_reset(int what, Oid dbid)
{
	if ((what & RESET_N_PLUS_ONE) == 0)
		return;
	LWLockAcquire(table_lock(), LW_EXCLUSIVE);
	for (int i = 0; i < MAX_PATTERNS; i++)
	{
		if (reset_concerns(dbid, table->patterns[i].key.dbid))
			free_pattern(&table->patterns[i]);
	}
	if (!OidIsValid(dbid))
		table->evicted = 0;
	LWLockRelease(table_lock());
}

const StoreModule pattern_module = {
	.name = "patterns",
	.size = pattern_size,
	.attach = pattern_attach,
	.save = pattern_save,
	.load = pattern_load,
	.reset = pattern_reset
};
