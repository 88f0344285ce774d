/*-------------------------------------------------------------------------
 *
 * preload.c
 *	  Batches that a loop runs for each of its rows.
 *
 * An application that loads what belongs to the rows of a result by one statement,
 * "id IN (..)", does well, unless it does so within a loop: where that result is
 * itself one of many that a loop has fetched, there is a batch for each of them,
 * and they could be one.  Such a batch lists all values of one column of the result,
 * in the order of its rows.
 *
 * The evidence is that of n different lists each of which is the one of the result
 * that was read before it: if they had nothing to do with each other, each order of
 * them would be as likely, and this one comes once in n! times.  A list that was seen
 * before tells nothing, as it may be a constant; and nothing is told before the
 * statement that has fetched the results is proven to run in a loop.
 *
 * Belongs to one backend; only what is proven is counted under the lock of the
 * patterns.  Raises nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/preload.h"

#include <math.h>

#include "access/xact.h"
#include "utils/timestamp.h"

#include "common/evidence.h"
#include "profile/lineage/claim.h"
#include "profile/lineage/request_time.h"
#include "profile/lineage/round_trip.h"
#include "settings.h"

/* Loops of one backend whose batches are followed at a time. */
#define PRELOADS		64

/* Lists that are told apart; others that share a bit count as seen. */
#define SEEN_WORDS		4
#define SEEN_BITS		(SEEN_WORDS * 64)

/* The batches of one statement for the results of another within a request. */
typedef struct Preloads
{
	PatternKey	key;			/* of their pattern */
	uint64		request;		/* 0 = free */
	int64		last_us;		/* when the last one ended */
	int64		children;
	int64		reported;		/* .. that the pattern has had */
	int64		pipelined;
	double		child_us;
	double		gap_us;
	int			lists;			/* different ones */
	double		nats;			/* the evidence */
	TimestampTz first_seen;
	uint64		seen[SEEN_WORDS];
} Preloads;

static Preloads preloads[PRELOADS];

/* Was a value found in this place of a result, as its value number "rank"? */
static bool
has_rank(const ProbeHits *found, const ResultHit *first, int rank)
{
	for (int i = 0; i < found->count; i++)
	{
		const ResultHit *hit = &found->hits[i];

		if (hit->slot == first->slot && hit->generation == first->generation &&
			hit->column == first->column && hit->rank == rank)
			return true;
	}
	return false;
}

/* Of how many probes consists the list that begins with this one? */
static int
count_listed(const ProbeList *list, int first)
{
	int			last = first;

	while (last < list->count &&
		   list->probes[last].comparison.list == list->probes[first].comparison.list)
		last++;
	return last - first;
}

/*
 * The result of this request whose values, all of them, the list that begins with
 * probe number "first" has in their order, as far as it is kept; the latest if there
 * are several.  False if there is none.
 */
static bool
find_result(const Scene *scene, int first, uint64 fingerprint,
			const ProbeHits *found, Match *match)
{
	const ProbeList *list = &scene->execution->probes;
	const Probe *probe = &list->probes[first];
	int			count = count_listed(list, first);

	match->found = false;
	for (int i = 0; count >= 2 && i < found[first].count; i++)
	{
		const ResultHit *hit = &found[first].hits[i];
		bool		fits = hit->rank == 0;
		Match		other;

		for (int j = 1; fits && j < count; j++)
			fits = has_rank(&found[first + j], hit, j);
		if (fits && match_in_request(scene, probe, hit, fingerprint, &other) &&
			other.column.distinct == probe->comparison.list_length &&
			!other.set.is_chain &&
			(!match->found || other.set.started_us > match->set.started_us))
			*match = other;
	}
	return match->found;
}

/* What tells the request of a statement from the others of its connection. */
static uint64
request_key(const Scene *scene)
{
	if (scene->execution->trace != 0)
		return scene->execution->trace;
	return IsTransactionBlock() ? scene->transaction : (uint64) request_begun_us;
}

/* The batches of a pattern in this request. */
static Preloads *
find_preloads(const PatternKey *key, uint64 request)
{
	Preloads   *found = &preloads[pattern_history_key(key) % PRELOADS];

	if (found->request != request || memcmp(&found->key, key, sizeof(*key)) != 0)
	{
		memset(found, 0, sizeof(*found));
		found->key = *key;
		found->request = request;
		found->first_seen = GetCurrentStatementStartTimestamp();
	}
	return found;
}

/* Was the list new?  What it tells is added to the evidence. */
static void
add_list(Preloads *batches, uint64 hash)
{
	uint64	   *word = &batches->seen[hash / 64 % SEEN_WORDS];
	uint64		bit = UINT64CONST(1) << (hash % 64);

	if ((*word & bit) != 0)
		return;
	*word |= bit;
	batches->nats += log(++batches->lists);
}

/*
 * Add an execution to the batches that it is one of.  Once there are several, all
 * results of the statement that they follow are recorded.
 */
static void
add_batch(Preloads *batches, const Child *child)
{
	const Execution *execution = child->execution;

	resultset_touch(child->match->hit.slot, execution->last_us);
	if (batches->lists > 1)
		resultset_note_parent(child->match->set.queryid, execution->last_us);

	batches->gap_us += round_trip_us(execution, batches->last_us);
	batches->last_us = execution->last_us;
	batches->child_us += execution->work.elapsed_us;
	batches->pipelined += execution->pipelined;
	batches->children++;
	add_list(batches, value_mix(probes_hash(&execution->probes) ^
								child->probe->comparison.list_length));
}

/* Put what the pattern has not had yet into the table of patterns. */
static void
report_batches(Preloads *batches, const Child *child)
{
	PatternFacts facts = child_pattern_facts(child);
	PatternCounters add = {
		.episodes = batches->reported == 0 ? 1 : 0,
		.children = batches->children - batches->reported,
		.max_children = batches->children,
		.connections = 1,
		.pipelined = batches->pipelined,
		.child_us = batches->child_us,
		.gap_us = batches->gap_us,
		.first_seen = batches->first_seen,
		.last_seen = GetCurrentStatementStartTimestamp()
	};

	(void) pattern_add(-1, &batches->key, &facts, &add, NULL, true, false,
					   execution_numbered_text, execution_origin, child->execution);
	if (child->execution->level == 0)
		request_looped += add.children;
	batches->reported = batches->children;
	batches->pipelined = 0;
	batches->child_us = 0;
	batches->gap_us = 0;
}

/*
 * An execution with lists has ended, whose values were found there: is one of the
 * lists all that a result of this request has shown in one of its columns?  Counts it
 * as a child of such results if it is proven to be one; takes the lock of the patterns
 * then.
 */
bool
preload_note(const Scene *scene, Execution *execution, uint64 fingerprint,
			 const ProbeHits *found)
{
	const ProbeList *list = &execution->probes;

	for (int i = 0; i < list->count; i += count_listed(list, i))
	{
		Match		match;
		Child		child = {execution, &list->probes[i], fingerprint, &match, NULL};
		PatternKey	key;
		Preloads   *batches;

		if (list->probes[i].comparison.list_length == 0 ||
			!find_result(scene, i, fingerprint, found, &match))
			continue;
		key = child_pattern_key(&child);
		batches = find_preloads(&key, request_key(scene));
		add_batch(batches, &child);
		if (batches->reported > 0 ||
			(match.set.nested && batches->nats >= evidence_parameters.strong &&
			 batches->children >= setting_nplusone_min_children))
			report_batches(batches, &child);
		return true;
	}
	return false;
}
