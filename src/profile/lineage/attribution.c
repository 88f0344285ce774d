/*-------------------------------------------------------------------------
 *
 * attribution.c
 *	  Credits look-ups to result sets, and proves patterns by them.
 *
 * Locks are taken one after the other, never together: an episode's, its
 * reputation's, that of the patterns.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/attribution.h"

#include <float.h>

#include "access/xact.h"
#include "port/pg_bitutils.h"
#include "utils/timestamp.h"

#include "profile/lineage/evidence.h"
#include "profile/lineage/sweep.h"
#include "settings.h"
#include "store/pattern.h"

/* An episode that stands so badly in all respects is given up, in nats. */
#define GIVEN_UP_ORDERED	(-6.0f)
#define GIVEN_UP_COVERING	(-2.0f)

/* What is known of the child in hand. */
typedef struct Child
{
	Execution  *execution;
	const Probe *probe;
	uint64		fingerprint;
	const Match *match;
} Child;

/* The column that the child's value came from. */
static const ResultColumn *
parent_column(const Child *child)
{
	return &child->match->set.columns[child->match->hit.column];
}

static PatternKey
pattern_key(const Child *child)
{
	const ResultColumn *column = parent_column(child);

	return (PatternKey)
	{
		.parent = child->match->set.fingerprint,
			.child = child->fingerprint,
			.dbid = MyDatabaseId,
			.userid = child->execution->userid,
			.parent_relid = column->relid,
			.parent_attno = column->attno,
			.function = child->execution->function,
			.route = child->execution->route,
			.parameter = match_parameter(&child->probe->comparison)
	};
}

static PatternFacts
pattern_facts(const Child *child)
{
	const Comparison *comparison = &child->probe->comparison;

	return (PatternFacts)
	{
		.parent_queryid = child->match->set.queryid,
			.child_queryid = child->execution->queryid,
			.child_relid = comparison->relid,
			.child_attno = comparison->attno,
			.parameter_type = comparison->type
	};
}

/* Note the times of a child in its episode; under the episode's lock. */
static void
add_times(Episode *episode, const Execution *execution)
{
	int64		gap = execution->first_us - episode->last_us;

	if (episode->children == 0)
		episode->first_us = execution->first_us;
	else if (gap > 0)
		episode->gap_us += gap;
	episode->last_us = Max(episode->last_us, execution->last_us);
	episode->child_us += execution->elapsed_us;
	episode->pipelined += execution->pipelined;
	episode->backends |= UINT64CONST(1) << (MY_PROC_INDEX % 64);
}

/* The look-up as its episode sees it. */
static Lookup
make_lookup(const Child *child)
{
	const Match *match = child->match;
	const ResultColumn *column = parent_column(child);
	bool		sweepable = column->step > 0 &&
		match->proximity < PROXIMITY_TRANSACTION;

	return (Lookup)
	{
		.rank = match->hit.rank,
			.distinct = Max(column->distinct, match->hit.rank + 1),
			.rows = match->set.rows,
			.times = match->hit.times,
			.rivals = match->rivals,
			.local_rivals = match->local_rivals,
			.local = match->proximity != PROXIMITY_NONE,
			.sweepable = sweepable,
			.passes = sweepable &&
			sweep_came_by(child->execution, child->probe, match),
			.sorted = column->is_sorted,
			.step = column->step,
			.number = sweepable ?
			value_number(child->probe->hash, column->is_time) : 0
	};
}

/* Counters of all children of an episode. */
static PatternCounters
count_episode(const Episode *episode, const Execution *execution)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	return (PatternCounters)
	{
		.episodes = 1,
			.children = episode->children,
			.max_children = episode->children,
			.connections = pg_popcount64(episode->backends),
			.pipelined = episode->pipelined,
			.child_us = episode->child_us,
			.gap_us = episode->gap_us,
			.first_seen = now - (execution->first_us - episode->first_us),
			.last_seen = now - (execution->last_us - episode->last_us)
	};
}

/*
 * Counters of the latest child of a proven episode, and of those that turned
 * out to be some by it.
 */
static PatternCounters
count_child(const Episode *before, const Episode *after,
			const Execution *execution)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();

	return (PatternCounters)
	{
		.children = after->children - before->children,
			.max_children = after->children,
			.connections = pg_popcount64(after->backends),
			.pipelined = after->pipelined - before->pipelined,
			.child_us = after->child_us - before->child_us,
			.gap_us = after->gap_us - before->gap_us,
			.first_seen = now,
			.last_seen = now
	};
}

/*
 * Put counters of the episode "key" into the table of patterns, and remember
 * where.
 */
static void
count_pattern(const Child *child, uint64 episode_key, const Episode *episode,
			  const PatternCounters *add, bool strong)
{
	PatternKey	key = pattern_key(child);
	PatternFacts facts = pattern_facts(child);
	int			number = pattern_add(episode->pattern, &key, &facts, add,
									 strong, execution_text,
									 child->execution);

	if (number != episode->pattern)
	{
		Episode    *held = episode_lock_existing(episode_key);

		if (held != NULL)
		{
			held->pattern = number;
			episode_unlock(episode_key);
		}
	}
}

/*
 * Mark an episode as proven, and count its children so far unless that was
 * done, or "counts" forbids it.
 */
static void
settle(const Child *child, uint64 episode_key, bool counts, bool strong)
{
	Episode    *episode = episode_lock_existing(episode_key);
	Episode		copy;
	PatternCounters add;

	if (episode == NULL)
		return;
	counts &= !episode->counted && episode->state != EPISODE_FAILED;
	episode->counted |= counts;
	episode->strong |= strong;
	if (episode->state == EPISODE_OPEN)
		episode->state = EPISODE_PROVEN;
	copy = *episode;
	episode_unlock(episode_key);
	if (!counts)
		return;
	add = count_episode(&copy, child->execution);
	count_pattern(child, episode_key, &copy, &add, strong);
}

/* The episodes that waited for their pattern to be proven are so, too. */
static void
settle_waiting(const Child *child, uint64 history, bool strong)
{
	uint64		waiting[PATTERN_HISTORY_WAITING];
	int			count = pattern_history_release(history, waiting);

	for (int i = 0; i < count; i++)
		settle(child, waiting[i], true, strong);
}

/*
 * The verdict on an episode.  Rows that were fetched one by one are a result
 * only if a loop fetched them.  A statement that follows its own rows, as from
 * branch to branch of a tree, makes loops in loops.
 */
static Verdict
weigh(const Child *child, const Episode *episode, uint32 failed)
{
	const ResultSet *set = &child->match->set;
	bool		nested = set->nested || set->fingerprint == child->fingerprint;

	if (set->is_chain && !set->nested)
		return VERDICT_NOTHING;
	return evidence_verdict(episode, failed, setting_nplusone_min_children,
							nested && !set->is_chain);
}

/*
 * News of an episode: what does its reputation say?  True if that proves the
 * pattern.
 */
static bool
judge(const Child *child, const Episode *episode, Verdict verdict,
	  bool *strong)
{
	PatternKey	pattern = pattern_key(child);
	uint64		key = pattern_history_key(&pattern);
	PatternHistoryChange news = {0};
	PatternHistory standing;

	if (verdict == VERDICT_FAILING)
	{
		news.nats = EVIDENCE_FAILURE;
		news.failed = 1;
		(void) pattern_history_add(key, &news);
		return false;
	}
	news.nats = evidence_worth(episode, verdict) - episode->credited;
	if (episode->counted_failed && verdict == VERDICT_STRONG)
		news.nats -= EVIDENCE_FAILURE;
	if (episode->credited == 0)
		news.waiting = child->match->episode;
	if (verdict == VERDICT_SHORT)
		news.children = episode->children;
	standing = pattern_history_add(key, &news);
	*strong = weigh(child, episode, standing.failed) == VERDICT_STRONG;
	if (*strong)
		return true;
	if (verdict == VERDICT_SHORT &&
		standing.children < setting_nplusone_min_children)
		return false;
	return standing.balance >=
		(evidence_is_local(episode, verdict) ? PATTERN_HISTORY_GOOD :
		 EVIDENCE_STRONG);
}

/* Does this verdict need to be looked into?  Under the episode's lock. */
static bool
is_news(const Episode *episode, Verdict verdict)
{
	switch (verdict)
	{
		case VERDICT_NOTHING:
			return false;
		case VERDICT_FAILING:
			return true;
		case VERDICT_SHORT:
			return episode->credited == 0;
		case VERDICT_WEAK:
			return episode->credited < EVIDENCE_WEAK;
		case VERDICT_STRONG:
			return !episode->strong;
	}
	return false;
}

/* Remember that the reputation has had its share; under the lock. */
static void
note_verdict(Episode *episode, Verdict verdict)
{
	if (verdict == VERDICT_FAILING)
		episode->counted_failed = true;
	else if (verdict != VERDICT_NOTHING)
		episode->credited = Max(episode->credited,
								evidence_worth(episode, verdict));
	if (episode->state == EPISODE_OPEN &&
		episode->ordered < GIVEN_UP_ORDERED &&
		episode->loosely < GIVEN_UP_ORDERED &&
		episode->covering < GIVEN_UP_COVERING)
		episode->state = EPISODE_FAILED;
}

/*
 * Does this look-up begin anew?  After a long pause it does, and when each row
 * of the result has had its child already, and no more will come.  Under the
 * episode's lock.
 */
static bool
is_over(const Episode *episode, const Execution *execution,
		const Match *match)
{
	return execution->first_us - episode->last_us > match_longest_pause() ||
		(episode->state == EPISODE_PROVEN && !match->set.is_chain &&
		 episode->children >= match->set.rows);
}

/* Count a look-up in a proven loop, and what was not counted before. */
static void
count_proven(const Child *child, const Episode *before, const Episode *after,
			 bool counts, bool strong)
{
	PatternCounters add;
	PatternKey	key = pattern_key(child);

	if (strong || !after->counted)
		settle(child, child->match->episode, counts, strong);
	if (!counts)
		return;
	if (after->counted)
	{
		add = count_child(before, after, child->execution);
		count_pattern(child, child->match->episode, after, &add, strong);
	}
	else
		settle_waiting(child, pattern_history_key(&key), strong);
}

/* This may be a step of a walk through the keys: the next one will tell. */
static void
note_step(const Child *child)
{
	PatternKey	key = pattern_key(child);

	sweep_note(child->execution, child->probe, child->match,
			   pattern_history_key(&key));
}

/*
 * Add a look-up to the episode it was matched with.  The first one that is
 * proven counts in the table of patterns if "counts" is set.
 */
Attribution
attribution_add(Execution *execution, const Probe *probe, uint64 fingerprint,
				const Match *match, bool counts)
{
	Child		child = {execution, probe, fingerprint, match};
	Lookup		lookup = make_lookup(&child);
	Episode    *episode = episode_lock(match->episode, execution->first_us);
	Episode		before;
	Episode		after;
	Verdict		verdict;
	bool		news;
	bool		proven;
	bool		strong = false;

	if (is_over(episode, execution, match))
		episode_clear(episode);
	before = *episode;
	if (episode->state == EPISODE_FAILED ||
		(episode->state == EPISODE_PROVEN && !evidence_belongs(episode, &lookup)))
	{
		if (episode->state == EPISODE_FAILED)
			episode->last_us = Max(episode->last_us, execution->last_us);
		episode_unlock(match->episode);
		return ATTRIBUTION_REFUSED;
	}
	add_times(episode, execution);
	evidence_add(episode, &lookup);
	verdict = weigh(&child, episode, 0);
	news = is_news(episode, verdict);
	after = *episode;
	note_verdict(episode, verdict);
	episode_unlock(match->episode);

	resultset_touch(match->hit.slot, execution->last_us);
	if (verdict > VERDICT_FAILING || after.state == EPISODE_PROVEN)
		resultset_note_parent(match->set.queryid, execution->last_us);
	if (lookup.sweepable)
		note_step(&child);
	proven = after.state == EPISODE_PROVEN;
	if (news)
		proven |= judge(&child, &after, verdict, &strong);
	if (!proven)
		return ATTRIBUTION_OPEN;
	count_proven(&child, &before, &after, counts, strong);
	return ATTRIBUTION_PROVEN;
}

/*
 * Those who were taken for children of an episode have walked on where its
 * result set ends: take back what it was worth to its reputation.
 */
void
attribution_retract(uint64 key, uint64 history)
{
	PatternHistoryChange news = {0};
	Episode    *episode = episode_lock_existing(key);

	if (episode == NULL)
		return;
	if (episode->guarded && !episode->strong &&
		episode->state != EPISODE_FAILED)
	{
		news.nats = EVIDENCE_FAILURE - episode->credited;
		news.failed = 1;
		episode->state = EPISODE_FAILED;
		episode->counted_failed = true;
		episode->credited = 0;
	}
	episode_unlock(key);
	if (news.failed > 0)
		(void) pattern_history_add(history, &news);
}

/*
 * A look-up of the same statement on the connection of an episode was not of
 * its result set: "elsewhere" if it fitted another one.
 */
void
attribution_miss(uint64 key, bool elsewhere)
{
	Episode    *episode = episode_lock_existing(key);

	if (episode == NULL)
		return;
	if (!episode->strong)
		evidence_miss(episode, elsewhere);
	episode_unlock(key);
}
