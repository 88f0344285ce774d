/*-------------------------------------------------------------------------
 *
 * attribution.c
 *	  Attributes lookups to result sets, and proves patterns by them.
 *
 * A lookup may fit several lists of its request: two lists of a page hold the
 * same keys, or a few of one are all of another.  It is weighed for each of them,
 * as a claim (claim.c), and each loop is counted for one of them only, the holder
 * of the credit: the list that explains the most children, or else the one that was
 * looped over to its end.  That may turn out late, so the credit can pass from one
 * to another.  settle_claims() is where that is decided.
 *
 * Locks are taken one after the other, never together.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/attribution.h"

#include "profile/lineage/claim.h"
#include "profile/lineage/loop_values.h"
#include "profile/lineage/request_time.h"
#include "profile/lineage/sweep.h"

/* Has every row of a list had its child? */
static inline bool
is_covered(const Claim *claim)
{
	const Evidence *evidence = &claim->change.after.evidence;

	return evidence->used >= evidence->distinct;
}

/*
 * Does a list explain all that its child has looked up here since the first of its
 * rows, and this value, which was the next one?
 */
static inline bool
explains_all(const Claim *claim)
{
	const Episode *episode = &claim->change.after;

	return claim->child.match->is_expected &&
		claim->child.execution->info->lookups - episode->first_number + 1 ==
		episode->evidence.children;
}

/* Does the first of two claims explain more of what has run? */
static bool
explains_more(const Claim *one, const Claim *other)
{
	const Episode *here = &one->change.after;
	const Episode *there = &other->change.after;

	if (here->evidence.children != there->evidence.children)
		return here->evidence.children > there->evidence.children;
	if (is_covered(one) != is_covered(other))
		return is_covered(one);
	return here->counted && !there->counted;
}

/* Is it that of the joint column which the best one's column is a part of? */
static inline bool
is_beside_best(const Claim *claim, const Claim *best)
{
	return claim->accepted && claim->child.match->is_companion && best->accepted;
}

/*
 * Is it a loop over a joint column rather than over the part that the value fits
 * best?  That did not expect the value, and what else was looked up it does not hold.
 */
static inline bool
is_rather_joint(const Claim *joint, const Claim *part)
{
	return joint->proven && !part->proven && !part->child.match->is_expected &&
		joint->change.after.evidence.children > part->change.after.evidence.children;
}

/*
 * The claim that is to have the credit: where one is proven, there is a loop, over
 * whichever list explains it best.  The best for this value comes first, and others
 * are asked only if they explain all values so far, or are the joint column beside the
 * best.  One is accepted at least.  *proven tells whether one of those asked is.
 */
static Claim *
choose_claim(Claim *claims, int count, bool *proven)
{
	Claim	   *chosen = NULL;

	*proven = false;
	for (int i = 0; i < count; i++)
	{
		bool		is_joint = is_beside_best(&claims[i], claims);

		if (!claims[i].accepted ||
			(i > 0 && claims[0].accepted && !is_joint && !explains_all(&claims[i])))
			continue;
		*proven |= claims[i].proven;
		if (chosen == NULL || (is_joint ? is_rather_joint(&claims[i], claims) :
							   explains_more(&claims[i], chosen)))
			chosen = &claims[i];
	}
	return chosen;
}

/*
 * A claim that was chosen, but is not proven by itself, stands by what another one
 * has proven: its pattern has a good history then, once for each episode.  Takes
 * the history's lock.
 */
static void
stand_in(Claim *chosen, const Claim *claims, int count)
{
	PatternHistoryChange news = {.nats = evidence_parameters.weak};

	for (int i = 0; i < count; i++)
		chosen->strong |= claims[i].accepted && claims[i].strong;
	if (!chosen->change.after.counted)
		(void) pattern_history_add(child_history_key(&chosen->child), &news);
}

/*
 * Take away what an episode was counted as, if it has no more children than the one
 * that gets the credit.  True if that has them now.  Takes the episode's lock, then
 * that of the patterns.
 */
static bool
take_credit(uint64 key, uint32 children)
{
	Episode    *episode = key == 0 ? NULL : episode_lock_existing(key);
	Episode		copy;
	PatternCounters counters;

	if (episode == NULL)
		return false;
	copy = *episode;
	if (copy.evidence.children > children)
	{
		episode_unlock(key);
		return false;
	}
	episode->counted = false;
	episode->lent = copy.evidence.children;
	episode->lent_child_us = copy.child_us;
	episode->lent_gap_us = copy.gap_us;
	episode_unlock(key);
	if (!copy.counted)
		return true;
	counters = episode_counters(&copy);
	pattern_subtract(copy.pattern, copy.pattern_key, &counters);
	request_looped -= Min(request_looped, counters.children);
	return true;
}

/* Children of an episode that another one has the credit of, and their times in us. */
typedef struct Loan
{
	uint32		children;
	int64		child_us;
	int64		gap_us;
} Loan;

/* The latest child. */
static inline Loan
latest_child(const Claim *claim)
{
	const Episode *before = &claim->change.before;
	const Episode *after = &claim->change.after;

	return (Loan)
	{
		1, after->child_us - before->child_us, after->gap_us - before->gap_us
	};
}

/* All children that no other one has the credit of. */
static inline Loan
own_children(const Episode *episode)
{
	return (Loan)
	{
		episode->evidence.children - Min(episode->lent, episode->evidence.children),
			episode->child_us - episode->lent_child_us,
			episode->gap_us - episode->lent_gap_us
	};
}

/*
 * Others are credited with children of an episode: "holder" is their episode's key.
 * Takes the episode's lock.
 */
static void
lend_children(const Claim *claim, uint64 holder, Loan loan)
{
	uint64		key = claim->child.match->episode;
	Episode    *episode = episode_lock_existing(key);

	if (episode == NULL)
		return;
	episode->holder = holder;
	episode->lent += loan.children;
	episode->lent_child_us += loan.child_us;
	episode->lent_gap_us += loan.gap_us;
	episode_unlock(key);
}

/*
 * A loop is proven, over a column or over the joint one that it is a part of.  Both
 * have had the children until now, and one of them has the credit.  What the part had
 * before it is counted is the joint one's if that has been counted by then, else its
 * own.  Takes locks one after the other.
 */
static void
share_children(const Claim *chosen, const Claim *part, const Claim *joint)
{
	uint64		part_key = part->child.match->episode;
	uint64		joint_key = joint->child.match->episode;
	bool		is_first = !part->change.before.counted;

	if (chosen == joint)
		lend_children(part, joint_key, is_first ? own_children(&part->change.after) :
					  latest_child(part));
	else if (is_first && !joint->change.before.counted)
		lend_children(joint, part_key, own_children(&part->change.after));
	else
	{
		if (is_first)
			lend_children(part, joint_key, own_children(&part->change.before));
		lend_children(joint, part_key, latest_child(joint));
	}
}

/*
 * The episode that is to be credited for the first time, and explains all, takes
 * its children from those that have had the credit of them.  Takes locks one after
 * the other.
 */
static void
take_children(const Claim *chosen, const Claim *claims, int count)
{
	const Episode *after = &chosen->change.after;
	uint64		key = chosen->child.match->episode;
	bool		taken = take_credit(after->holder, after->evidence.children);
	Episode    *episode;

	for (int i = 0; i < count; i++)
	{
		if (&claims[i] != chosen && claims[i].accepted &&
			claims[i].change.after.counted)
			taken |= take_credit(claims[i].child.match->episode,
								 after->evidence.children);
	}
	if (!taken || (episode = episode_lock_existing(key)) == NULL)
		return;
	episode->holder = 0;
	episode->lent = 0;
	episode->lent_child_us = 0;
	episode->lent_gap_us = 0;
	episode_unlock(key);
}

/*
 * Two lists hold the same keys in the same order, and the loop was over all of them:
 * which it was cannot be told.  Tell the pattern, once for each episode.  Takes
 * the episode's lock, then that of the patterns.
 */
static void
note_tie(const Claim *chosen, const Claim *other)
{
	const ResultColumn *column = &other->child.match->column;
	uint64		key = chosen->child.match->episode;
	Episode    *episode = episode_lock_existing(key);
	int			pattern;
	uint64		pattern_key;
	bool		is_new;

	if (episode == NULL)
		return;
	is_new = episode->counted && !episode->is_tied;
	episode->is_tied |= is_new;
	pattern = episode->pattern;
	pattern_key = episode->pattern_key;
	episode_unlock(key);
	if (is_new)
		pattern_note_tie(pattern, pattern_key, column->relid, column->attno);
}

/* Do two claims explain the same children, each as a whole list of its own? */
static inline bool
are_tied(const Claim *one, const Claim *other)
{
	return other->accepted && !other->child.match->is_companion && explains_all(other) &&
		is_covered(one) && is_covered(other) &&
		one->change.after.evidence.children == other->change.after.evidence.children;
}

/*
 * Count a lookup for the list that explains it best, if any is proven.  False if
 * none is.  Takes locks, one after the other.
 */
static bool
settle_claims(Claim *claims, int count, bool counts)
{
	bool		proven;
	Claim	   *chosen = choose_claim(claims, count, &proven);

	for (int i = 0; i < count; i++)
	{
		bool		shares = is_beside_best(&claims[i], claims) &&
			(chosen == &claims[0] || chosen == &claims[i]);

		if (shares && proven)
			share_children(chosen, &claims[0], &claims[i]);
		if (&claims[i] == chosen || !claims[i].accepted)
			continue;
		if (!shares && (i > 0 || !chosen->child.match->is_companion))
			lend_children(&claims[i], chosen->child.match->episode,
						  latest_child(&claims[i]));
		if (claims[i].proven && claims[i].change.after.state == EPISODE_OPEN)
			claim_mark_proven(&claims[i].child, claims[i].child.match->episode, false,
							  claims[i].strong);
	}
	if (!proven)
		return false;
	if (!chosen->proven)
		stand_in(chosen, claims, count);
	if (counts && !chosen->change.after.counted && explains_all(chosen))
		take_children(chosen, claims, count);
	claim_count(chosen, counts);
	for (int i = 0; i < count; i++)
	{
		if (&claims[i] != chosen && are_tied(chosen, &claims[i]))
			note_tie(chosen, &claims[i]);
	}
	return true;
}

/*
 * Add a lookup to the episode it was matched with, and to those of other lists that
 * it may belong to.  The first one that is proven counts in the table of patterns
 * if "counts" is set.  The caller holds no lock.
 */
Attribution
attribution_add(Execution *execution, const Probe *probe, uint64 fingerprint,
				const MatchList *matches, bool counts)
{
	Claim		claims[1 + MATCH_RIVALS];
	int			count = 1 + matches->nrivals;
	PatternParameters *parameters = NULL;
	bool		accepted = false;

	for (int i = 0; i < count; i++)
	{
		claims[i].child = (Child)
		{
			execution, probe, fingerprint,
				i == 0 ? &matches->best : &matches->rivals[i - 1], NULL
		};
		claim_weigh(&claims[i], i == 0);
		accepted |= claims[i].accepted;
	}
	if (!accepted)
		return ATTRIBUTION_REFUSED;

	/* one alone is compared with nothing, and most stay alone */
	if (!claims[0].accepted || claims[0].change.after.evidence.children > 1)
		parameters = loop_values_note(execution, matches->best.episode);
	for (int i = 0; i < count; i++)
		claims[i].child.parameters = parameters;

	/* this may be a step of a sweep through the keys: the next one will tell */
	if (claims[0].accepted && claims[0].lookup.sweepable)
		sweep_note(execution, probe, &matches->best, child_history_key(&claims[0].child));
	return settle_claims(claims, count, counts) ? ATTRIBUTION_PROVEN : ATTRIBUTION_OPEN;
}

/*
 * The statements that were taken for children of an episode have gone on where
 * its result set ends, so they are a sweep: take back what the episode was
 * worth to the history of its pattern, and what it was counted as.  Takes the
 * episode's lock, the history's, then that of the patterns.
 */
void
attribution_retract(uint64 key, uint64 history)
{
	PatternHistoryChange news = {0};
	Episode    *episode = episode_lock_existing(key);
	Episode		copy;

	if (episode == NULL)
		return;
	copy = *episode;
	if (episode->state != EPISODE_FAILED &&
		(episode->evidence.alike || (episode->evidence.guarded && !episode->strong)))
	{
		news.nats = evidence_parameters.failure - episode->counted_nats;
		news.failed = 1;
		episode->state = EPISODE_FAILED;
		episode->counted_failed = true;
		episode->counted_nats = 0;
		episode->counted = false;
	}
	episode_unlock(key);
	if (news.failed == 0)
		return;
	(void) pattern_history_add(history, &news);
	if (copy.counted)
	{
		PatternCounters counters = episode_counters(&copy);

		pattern_subtract(copy.pattern, copy.pattern_key, &counters);
		request_looped -= Min(request_looped, counters.children);
	}
}

/*
 * A lookup of the same statement on the connection of an episode was not of
 * its result set: "elsewhere" if it fitted another one.  Takes the episode's
 * lock.
 */
void
attribution_miss(uint64 key, bool elsewhere)
{
	Episode    *episode = episode_lock_existing(key);

	if (episode == NULL)
		return;
	if (!episode->strong)
		evidence_miss(&episode->evidence, elsewhere);
	episode_unlock(key);
}
