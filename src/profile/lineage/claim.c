/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  A lookup as a child of one list, and what it proves of that list.
 *
 * Three steps, each with a lock of its own:
 *
 * 1. record_lookup() adds it to its episode, under the episode's lock.  Most
 *    lookups end here, or with step 3.
 * 2. Where the episode's verdict is news, update_history() tells the pattern's
 *    history, which says whether that proves the pattern.
 * 3. claim_count() adds what is proven to the table of patterns.  The episode's
 *    lock is taken again only to mark it as proven.
 *
 * Locks are taken one after the other, never together: the stripes of episodes
 * and of histories are the same, and could be one.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/claim.h"

#include "access/xact.h"
#include "port/pg_bitutils.h"
#include "utils/timestamp.h"

#include "profile/lineage/loop_values.h"
#include "profile/lineage/request_time.h"
#include "profile/lineage/round_trip.h"
#include "profile/lineage/sweep.h"
#include "settings.h"

/*
 * The function whose loop a child belongs to: the one it runs in, if the list was
 * read for the same statement of the client.  Else the client loops, and calls the
 * function for each row.
 */
static Oid
looping_function(const Child *child)
{
	const Match *match = child->match;

	return match->set.pid == MyProcPid && match->statements == 0 ?
		child->execution->function : InvalidOid;
}

/* The pattern that a child belongs to. */
PatternKey
child_pattern_key(const Child *child)
{
	const ResultColumn *column = &child->match->column;

	return (PatternKey)
	{
		.parent = child->match->set.fingerprint,
			.child = child->fingerprint,
			.dbid = MyDatabaseId,
			.userid = child->execution->userid,
			.parent_relid = column->relid,
			.parent_attno = column->attno,
			.function = looping_function(child),
			.route = child->execution->route,
			.parameter = execution_text_number(child->execution,
											   match_parameter(&child->probe->comparison))
	};
}

/* What tells the history of a joint column from that of its first part. */
#define JOINT_HISTORY	UINT64CONST(0x9e3779b97f4a7c15)

/*
 * The history that its episodes have: that of the pattern, but for those of joint
 * columns, as these fail where a loop is over one of their parts.
 */
uint64
child_history_key(const Child *child)
{
	PatternKey	pattern = child_pattern_key(child);
	uint64		key = pattern_history_key(&pattern);

	return child->match->column.is_joint ? key ^ JOINT_HISTORY : key;
}

/* What else there is to tell of that pattern. */
PatternFacts
child_pattern_facts(const Child *child)
{
	const Probe *probe = child->probe;
	bool		is_part = OidIsValid(probe->key.family_relid);

	return (PatternFacts)
	{
		.parent_queryid = child->match->set.queryid,
			.child_queryid = child->execution->queryid,
			.child_relid = is_part ? probe->key.family_relid : probe->comparison.relid,
			.child_attno = is_part ? probe->key.family_attno : probe->comparison.attno,
			.parameter_type = probe->comparison.type,
			.in_family = child->execution->info->in_family
	};
}

/* The lookup as its episode sees it. */
static Lookup
make_lookup(const Child *child)
{
	const Match *match = child->match;
	const ResultColumn *column = &match->column;
	bool		sweepable = column->step > 0 &&
		(match->proximity < PROXIMITY_TRANSACTION || match->is_alike);

	return (Lookup)
	{
		.rank = match->hit.rank,
			.distinct = Max(column->distinct, match->hit.rank + 1),
			.rows = column->rows,
			.times = match->hit.times,
			.sequence = column->sequence,
			.rivals = match->rivals,
			.local_rivals = match->local_rivals,
			.local = match->proximity != PROXIMITY_NONE,
			.in_request = match->same_request && match->proximity != PROXIMITY_NONE,
			.sweepable = sweepable,
			.passes = sweepable &&
			sweep_came_by(child->execution, child->probe, match),
			.sorted = column->is_sorted,
			.whole = (column->is_open && column->is_sorted &&
					  (column->step > 0 || column->is_text)) ||
			(match->is_alike && column->step > 0),
			.alike = match->is_alike,
			.only_order = match_only_order(column),
			.step = column->step,
			.number = sweepable ?
			value_number(child->probe->hash, column->is_time) : 0,
			.statements = match->statements
	};
}

/*
 * Does this lookup start over?  After a long pause it does, unless one request
 * took it, when each row of the result has had its child already, and no more will
 * come, and where it had only children that were those of other lists.  A joint
 * column is told of all that comes to its parts: the loop may begin later.  Under the
 * episode's lock.
 */
static bool
is_over(const Episode *episode, const Execution *execution,
		const Match *match, const Lookup *lookup)
{
	return episode_was_lent(episode, lookup->rank) ||
		(match->column.is_joint && episode->state == EPISODE_OPEN &&
		 evidence_is_astray(&episode->evidence)) ||
		(!match->same_request &&
		 execution->first_us - episode->last_us > match_longest_pause()) ||
		(episode->state == EPISODE_PROVEN && !match->set.is_chain &&
		 evidence_is_complete(&episode->evidence, lookup));
}

/*
 * Did the client pause between the child before and this one, so that they belong
 * to two requests?  Children on other connections may wait for their turn.
 */
static bool
begins_request(const Episode *episode, const Execution *execution,
			   const Match *match)
{
	int64		idle_us = (int64) setting_request_idle_ms * 1000;

	if (match->proximity >= PROXIMITY_TRANSACTION ||
		episode->last_us >= request_begun_us)
		return false;
	return match->proximity == PROXIMITY_BACKEND ||
		execution->first_us - episode->last_us > idle_us;
}

/* Add the times of a child to its episode's, in us; under the episode's lock. */
static void
add_times(Episode *episode, const Execution *execution, const Match *match)
{
	bool		first = episode->evidence.children == 0;

	if (first)
	{
		episode->first_us = execution->first_us;
		episode->first_number = execution->info->lookups;
	}
	else
		episode->requests += begins_request(episode, execution, match);
	episode->gap_us += round_trip_us(execution, first ? 0 : episode->last_us);
	episode->last_us = Max(episode->last_us, execution->last_us);
	episode->child_us += execution->work.elapsed_us;
	episode->pipelined += execution->pipelined;
	episode->backends |= UINT64CONST(1) << (MY_PROC_INDEX % 64);
}

/*
 * The verdict on an episode, given how many like it have failed.  Rows that
 * were fetched one by one are a result only if a loop fetched them.  A
 * statement that follows its own rows, as from branch to branch of a tree,
 * makes loops in loops.  A few texts that are no keys, such as states, may be gone
 * through in their usual order.
 */
static Verdict
episode_verdict(const Child *child, const Episode *episode, uint32 failed)
{
	const ResultSet *set = &child->match->set;
	bool		nested = set->nested || set->fingerprint == child->fingerprint;
	Verdict		verdict;

	if (set->is_chain && !set->nested)
		return VERDICT_NOTHING;
	verdict = evidence_verdict(&episode->evidence, failed, setting_nplusone_min_children,
							   nested && !set->is_chain);
	return verdict == VERDICT_FEW && child->match->column.is_text ? VERDICT_NOTHING : verdict;
}

/* Is the history to be told of this verdict?  Under the episode's lock. */
static bool
is_news(const Episode *episode, Verdict verdict)
{
	switch (verdict)
	{
		case VERDICT_NOTHING:
			return false;
		case VERDICT_FAILING:
			return !episode->counted_failed;
		case VERDICT_FEW:
			return episode->counted_nats == 0 && !episode->counted_failed;
		case VERDICT_COVERED:
		case VERDICT_SHORT:
			return episode->counted_nats == 0;
		case VERDICT_WEAK:
			return episode->counted_nats < PATTERN_HISTORY_GOOD;
		case VERDICT_STRONG:
			return !episode->strong;
	}
	return false;
}

/*
 * Was it a mistake if the history has had this episode as a failure, since the
 * order of the rows spoke against it before all of them were looked up?
 */
static inline bool
redeems_failure(const Episode *episode, Verdict verdict)
{
	return verdict == VERDICT_STRONG || verdict == VERDICT_COVERED ||
		(verdict == VERDICT_WEAK && evidence_is_covering(&episode->evidence));
}

/*
 * Add a lookup to its episode, made if there is none.  False if it does not
 * belong there, or the episode was given up.  Takes the episode's lock.
 */
static bool
record_lookup(const Child *child, const Lookup *lookup, EpisodeChange *change)
{
	const Execution *execution = child->execution;
	uint64		key = child->match->episode;
	Episode    *episode = episode_lock(key, execution->first_us);
	Verdict		verdict;

	if (is_over(episode, execution, child->match, lookup))
		episode_clear(episode);
	change->before = *episode;
	if (episode->state == EPISODE_FAILED ||
		(episode->state == EPISODE_PROVEN &&
		 !evidence_belongs(&episode->evidence, lookup,
						   pg_popcount64(episode->backends))))
	{
		if (episode->state == EPISODE_FAILED)
			episode->last_us = Max(episode->last_us, execution->last_us);
		episode_unlock(key);
		return false;
	}

	add_times(episode, execution, child->match);
	if (episode->evidence.children == 0 && child->match->earlier != 0)
		evidence_add_before(&episode->evidence, lookup, child->match->earlier);
	evidence_add(&episode->evidence, lookup);
	verdict = episode_verdict(child, episode, 0);
	if (verdict == VERDICT_FAILING && child->match->is_explained)
		verdict = VERDICT_NOTHING;	/* its rows may have had their children */
	change->verdict = verdict;
	change->is_news = is_news(episode, verdict);
	change->after = *episode;

	/* the history will have had its share of this verdict */
	if (verdict == VERDICT_FAILING)
		episode->counted_failed = true;
	else if (verdict != VERDICT_NOTHING)
	{
		float		worth = evidence_worth(&episode->evidence, verdict);

		episode->counted_nats = Max(episode->counted_nats, worth);
		episode->counted_failed |= worth < 0;
		if (verdict != VERDICT_STRONG && redeems_failure(episode, verdict))
			episode->counted_failed = false;
	}
	if (episode->state == EPISODE_OPEN &&
		evidence_is_hopeless(&episode->evidence))
		episode->state = EPISODE_FAILED;
	episode_unlock(key);
	return true;
}

/*
 * Tell the pattern's history of an episode's news.  True if what the history
 * holds then proves the pattern; "strong" is set if this episode does so by
 * itself.  Takes the history's lock.
 */
static bool
update_history(const Child *child, const EpisodeChange *change, bool *strong)
{
	const Episode *episode = &change->after;
	Verdict		verdict = change->verdict;
	uint64		key = child_history_key(child);
	PatternHistoryChange news = {0};
	PatternHistory history;

	if (verdict == VERDICT_FAILING)
	{
		news.nats = evidence_parameters.failure;
		news.failed = 1;
		(void) pattern_history_add(key, &news);
		return false;
	}
	news.nats = evidence_worth(&episode->evidence, verdict) - episode->counted_nats;
	if (episode->counted_failed && redeems_failure(episode, verdict))
		news.nats -= evidence_parameters.failure;
	if (episode->counted_nats == 0 && news.nats > 0)
		news.waiting = child->match->episode;
	if (verdict == VERDICT_SHORT || verdict == VERDICT_FEW)
		news.children = episode->evidence.children;
	history = pattern_history_add(key, &news);
	*strong = episode_verdict(child, episode, history.failed) == VERDICT_STRONG;
	if (*strong)
		return true;
	if ((verdict == VERDICT_SHORT || verdict == VERDICT_FEW) &&
		history.children < setting_nplusone_min_children)
		return false;
	/* a joint column starts over, and so is weakly proven by chance too often */
	if (child->match->column.is_joint)
		return false;
	return history.balance >=
		(evidence_is_local(&episode->evidence, verdict) ? PATTERN_HISTORY_GOOD :
		 evidence_parameters.strong);
}

/* Did most children run in requests of their own, one for each row? */
static inline bool
is_apart(const Episode *episode)
{
	return 2 * episode->requests >= episode->evidence.children;
}

/*
 * Add counters of an episode to the table of patterns, and remember in the
 * episode where they went.  Takes the lock of the patterns, and the episode's
 * if the place is new.
 */
static void
count_pattern(const Child *child, uint64 episode_key, int known_number,
			  const PatternCounters *add, bool strong, bool apart)
{
	PatternKey	key = child_pattern_key(child);
	PatternFacts facts = child_pattern_facts(child);
	int			number = pattern_add(known_number, &key, &facts, add,
									 child->parameters, strong, apart,
									 execution_numbered_text, execution_origin,
									 child->execution);

	if (child->parameters != NULL)
		loop_values_counted(child->parameters);
	if (child->execution->level == 0 && episode_key == child->match->episode)
		request_looped += add->children;
	if (number != known_number)
	{
		Episode    *episode = episode_lock_existing(episode_key);

		if (episode != NULL)
		{
			episode->pattern = number;
			episode->pattern_key = pattern_history_key(&key);
			episode_unlock(episode_key);
		}
	}
}

/* What an episode counts for, but for the children that others have the credit of. */
PatternCounters
episode_counters(const Episode *episode)
{
	return (PatternCounters)
	{
		.episodes = 1,
			.children = Max(0, (int64) episode->evidence.children - episode->lent),
			.repeats = episode->evidence.repeats,
			.max_children = evidence_most_children(&episode->evidence),
			.connections = pg_popcount64(episode->backends),
			.pipelined = episode->pipelined,
			.child_us = Max(0, episode->child_us - episode->lent_child_us),
			.gap_us = Max(0, episode->gap_us - episode->lent_gap_us)
	};
}

/*
 * Mark an episode as proven, and count its children so far unless that was
 * done, or "counts" forbids it.  Takes the episode's lock, then that of the
 * patterns.
 */
void
claim_mark_proven(const Child *child, uint64 episode_key, bool counts, bool strong)
{
	Episode    *episode = episode_lock_existing(episode_key);
	Episode		copy;
	const Execution *execution = child->execution;
	TimestampTz now = GetCurrentStatementStartTimestamp();
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
	add = episode_counters(&copy);
	add.first_seen = now - (execution->first_us - copy.first_us);
	add.last_seen = now - (execution->last_us - copy.last_us);
	count_pattern(child, episode_key, copy.pattern, &add, strong, is_apart(&copy));
}

/*
 * Count the latest child of an episode that was counted before, and those
 * that turned out to be some by it.
 */
static void
count_latest(const Child *child, const EpisodeChange *change, bool strong)
{
	const Episode *before = &change->before;
	const Episode *after = &change->after;
	TimestampTz now = GetCurrentStatementStartTimestamp();
	PatternCounters add = {
		.children = after->evidence.children - before->evidence.children,
		.repeats = after->evidence.repeats - before->evidence.repeats,
		.max_children = evidence_most_children(&after->evidence),
		.connections = pg_popcount64(after->backends),
		.pipelined = after->pipelined - before->pipelined,
		.child_us = after->child_us - before->child_us,
		.gap_us = after->gap_us - before->gap_us,
		.first_seen = now,
		.last_seen = now
	};

	count_pattern(child, child->match->episode, after->pattern, &add, strong,
				  is_apart(after));
}

/*
 * Count a lookup in a proven loop, and what was not counted before: its
 * episode so far, and the episodes that waited for their pattern to be proven.
 */
void
claim_count(const Claim *claim, bool counts)
{
	const Child *child = &claim->child;
	const EpisodeChange *change = &claim->change;
	bool		strong = claim->strong;
	bool		counted = change->after.counted;

	if (strong || !counted)
		claim_mark_proven(child, child->match->episode, counts, strong);
	if (!counts)
		return;
	if (counted)
		count_latest(child, change, strong);
	else
	{
		uint64		waiting[PATTERN_HISTORY_WAITING];
		int			count = pattern_history_release(child_history_key(child), waiting);

		for (int i = 0; i < count; i++)
			claim_mark_proven(child, waiting[i], true, strong);
	}
}

/*
 * A value of a list whose loop did not expect it, and another one's did.  Takes the
 * episode's lock.
 */
static void
weigh_stray(const Claim *claim)
{
	uint64		key = claim->child.match->episode;
	Episode    *episode = episode_lock_existing(key);

	if (episode == NULL)
		return;
	if (episode->state == EPISODE_OPEN)
		evidence_add_stray(&episode->evidence, &claim->lookup);
	episode_unlock(key);
}

/*
 * Weigh a lookup as a child of one list: add it to its episode, and tell the
 * history of its pattern.  What a list that is not the best did not expect is but
 * evidence against it, unless it is the best one's joint column, which is to explain
 * all that comes there.  The caller holds no lock.
 */
void
claim_weigh(Claim *claim, bool is_best)
{
	const Child *child = &claim->child;
	const Execution *execution = child->execution;
	EpisodeChange *change = &claim->change;

	claim->lookup = make_lookup(child);
	claim->proven = false;
	claim->strong = false;
	claim->accepted = false;
	if (!is_best && !child->match->is_expected && !child->match->is_companion)
	{
		weigh_stray(claim);
		return;
	}
	claim->accepted = record_lookup(child, &claim->lookup, change);
	if (!claim->accepted)
		return;
	claim->proven = change->after.state == EPISODE_PROVEN;

	/* the result set is in use, and its statement is worth recording */
	resultset_touch(child->match->hit.slot, execution->last_us);
	if (change->verdict > VERDICT_FAILING || claim->proven)
		resultset_note_parent(child->match->set.queryid, execution->last_us);
	if (change->is_news)
		claim->proven |= update_history(child, change, &claim->strong);
}
