/*-------------------------------------------------------------------------
 *
 * evidence_verdict.c
 *	  What the evidence for a loop comes to: a proof, a weak one, none.
 *
 * evidence.c adds the lookups and has the hypotheses; evidence.h the thresholds.
 *
 *-------------------------------------------------------------------------
 */
#include "common/evidence.h"

#include <math.h>

/*
 * The evidence that the keys of the first "count" rows were looked up one by
 * one, against somebody at random, or who stays with a key for a while: each in
 * the way that makes this very sequence the likeliest.
 */
static double
following(uint64 sequence, int count)
{
	int			times[EVIDENCE_SEQUENCE] = {0};
	int			stays = 0;
	int			keys = 0;
	double		at_random = 0.0;
	double		staying = 0.0;
	int			steps = count - 1;

	for (int i = 0; i < count; i++)
	{
		int			key = sequence >> (4 * i) & 15;

		keys += times[key]++ == 0;
		stays += i > 0 && key == (sequence >> (4 * (i - 1)) & 15);
	}
	if (keys < 2)
		return 0.0;
	for (int i = 0; i < EVIDENCE_SEQUENCE; i++)
	{
		if (times[i] > 0)
			at_random -= times[i] * log((double) times[i] / count);
	}
	if (stays > 0)
		staying -= stays * log((double) stays / steps);
	if (stays < steps)
		staying -= (steps - stays) * log((double) (steps - stays) / steps / (keys - 1));
	return Min(at_random, staying) + count * log(evidence_parameters.follow);
}

/* The evidence that rows which share few keys were followed one by one. */
static double
followed_nats(const Evidence *evidence)
{
	return following(evidence->sequence, evidence->followed) +
		(evidence->strayed ? log(1.0 - evidence_parameters.follow) : 0.0);
}

/* The best evidence of those ways that only the parent's connection can tell. */
static double
local_nats(const Evidence *evidence)
{
	double		moving = Max(evidence->rising, evidence->falling);

	if (evidence->moves == 0)
		return 0.0;
	return evidence->followed < 2 ? moving : Max(moving, followed_nats(evidence));
}

/* Has nearly every row had its child, where all have the same key? */
static bool
is_same_for_all(const Evidence *evidence)
{
	return evidence->distinct == 1 && evidence->local && !evidence->strayed &&
		evidence->children >= Max(evidence_parameters.same_fewest,
								  evidence_parameters.same_covered * evidence->rows);
}

/* Does it speak against every order of the rows by now? */
bool
evidence_is_astray(const Evidence *evidence)
{
	return evidence->moves > 0 &&
		Max(evidence->ordered, evidence->loosely) < evidence_parameters.failure &&
		Max(evidence->rising, evidence->falling) < evidence_parameters.failure;
}

/* Will it never be a loop? */
bool
evidence_is_hopeless(const Evidence *evidence)
{
	return evidence->ordered < evidence_parameters.hopeless_in_order &&
		evidence->loosely < evidence_parameters.hopeless_in_order &&
		evidence->covering < evidence_parameters.hopeless_covering &&
		(evidence->moves == 0 ||
		 Max(evidence->rising, evidence->falling) < evidence_parameters.hopeless_in_order) &&
		(evidence->followed == 0 || evidence->strayed);
}

/* Were most rows looked up for another list that explains it better? */
static inline bool
is_mostly_elsewhere(const Evidence *evidence)
{
	return 2 * evidence->used < evidence_covered(evidence);
}

/* Is the evidence beyond doubt, given that so many like it failed? */
static bool
is_proof(const Evidence *evidence, uint32 failed)
{
	double		needed = evidence_parameters.strong + 2.0 * log(1.0 + failed);

	if (evidence->ordered >= needed || evidence->loosely >= needed ||
		local_nats(evidence) >= needed)
		return true;
	return evidence->covering >= needed &&
		evidence_covered(evidence) >= evidence_parameters.covered * evidence->distinct &&
		!is_mostly_elsewhere(evidence);
}

/*
 * Have the rows been looked up in whatever order, nearly all of them, where the
 * result was read?
 */
bool
evidence_is_covering(const Evidence *evidence)
{
	return evidence->local && evidence->covering >= evidence_parameters.weak &&
		evidence_covered(evidence) >= evidence_parameters.covered * evidence->distinct &&
		!is_mostly_elsewhere(evidence);
}

/* Is it a weak proof at least? */
static bool
is_weak_proof(const Evidence *evidence)
{
	return evidence->ordered >= evidence_parameters.weak || evidence_is_covering(evidence) ||
		(evidence->local &&
		 (evidence->on_connection >= evidence_parameters.weak ||
		  local_nats(evidence) >= evidence_parameters.weak));
}

/*
 * Might it be a sweep?  One that goes through the keys up or down has little to
 * do with the order of rows that are not sorted; several at a time, elsewhere, may
 * go through sorted ones.  Who begins in the middle of the rows does not come by
 * all of them.
 */
static bool
may_be_sweep(const Evidence *evidence)
{
	if (!evidence->guarded || (!evidence->passed && evidence->in_request &&
							   evidence_covered(evidence) == evidence->distinct))
		return false;
	return (evidence->sorted && !evidence->local) ||
		evidence->strides * 2 >= evidence->used;
}

/* Did all of it happen on the connection that read the result? */
bool
evidence_is_local(const Evidence *evidence, Verdict verdict)
{
	if (!evidence->local || may_be_sweep(evidence) || verdict == VERDICT_FEW)
		return false;
	return verdict == VERDICT_SHORT || verdict == VERDICT_COVERED ||
		evidence->on_connection >= evidence_parameters.weak || evidence_is_covering(evidence) ||
		local_nats(evidence) >= evidence_parameters.weak || is_same_for_all(evidence);
}

/*
 * What a list of few rows, each of which had its child, speaks for: the order
 * of the rows is one of distinct! orders.
 */
static double
few_nats(const Evidence *evidence)
{
	double		orders = tgamma(evidence->distinct + 1);

	return evidence->in_order ? log(evidence_parameters.rise * orders) :
		log((1.0 - evidence_parameters.rise) / (1.0 - 1.0 / orders));
}

/* Is it a list of its request too short to be proven by the lookups of all rows in no order? */
static inline bool
is_short_of_request(const Evidence *evidence)
{
	return evidence->in_request && evidence->local &&
		evidence->distinct >= evidence_parameters.fewest &&
		evidence->distinct <= evidence_parameters.short_list && !is_mostly_elsewhere(evidence);
}

/* Did a value of a short list come again before all had come, so that it was no loop? */
static inline bool
has_lost_count(const Evidence *evidence)
{
	return is_short_of_request(evidence) &&
		evidence->used < evidence->distinct &&
		evidence->repeats > evidence->again && !evidence_may_repeat(evidence) &&
		evidence->covering < 0 && evidence->ordered < 0;
}

/* What a success is worth to the history of its pattern, in nats. */
float
evidence_worth(const Evidence *evidence, Verdict verdict)
{
	switch (verdict)
	{
		case VERDICT_FEW:
			return few_nats(evidence);
		case VERDICT_COVERED:
			return Min(evidence_parameters.weak, evidence->covering);
		case VERDICT_SHORT:
			return Min(evidence_parameters.weak, evidence->local ?
					   evidence->on_connection : evidence->ordered);
		default:
			return evidence_parameters.weak;
	}
}

/* Are there enough children for a loop by itself? */
static bool
has_enough(const Evidence *evidence, int min_children)
{
	return evidence->used >= min_children ||
		(evidence->followed >= Max(min_children, 2) &&
		 followed_nats(evidence) >= evidence_parameters.weak);
}

/*
 * What the evidence comes to, given how many episodes like it failed.
 * "nested" if the result set is one of many that a loop has fetched: loops
 * over their rows count together.  Lists of few rows count together where the
 * setting admits them.
 */
Verdict
evidence_verdict(const Evidence *evidence, uint32 failed, int min_children,
				 bool nested)
{
	bool		complete = evidence_covered(evidence) == evidence->distinct;

	if ((evidence->whole && !complete) || (evidence->alike && evidence->passed))
		return VERDICT_NOTHING;
	if (has_enough(evidence, min_children))
	{
		Verdict		verdict = VERDICT_NOTHING;

		if (is_proof(evidence, failed))
			verdict = VERDICT_STRONG;
		else if (is_weak_proof(evidence))
			verdict = VERDICT_WEAK;

		/*
		 * If a sweep looks the same, it is never more than a weak proof, and
		 * on other connections none before the end has been reached.
		 */
		if (verdict != VERDICT_NOTHING && may_be_sweep(evidence))
			verdict = !evidence->local &&
				evidence->used < evidence_parameters.covered * evidence->distinct ?
				VERDICT_NOTHING : VERDICT_WEAK;
		if (verdict == VERDICT_NOTHING && complete && !nested &&
			evidence->distinct < evidence_parameters.fewest && evidence->distinct > 1 &&
			evidence->local)
			verdict = VERDICT_FEW;
		if (verdict != VERDICT_NOTHING)
			return verdict;
	}
	else if (nested && complete && evidence->distinct > 1 &&
			 evidence_worth(evidence, VERDICT_SHORT) > 0)
		return VERDICT_SHORT;
	if (complete && evidence->distinct >= min_children && evidence->covering > 0 &&
		is_short_of_request(evidence) && !may_be_sweep(evidence))
		return VERDICT_COVERED;
	if (is_same_for_all(evidence))
		return VERDICT_WEAK;
	if ((evidence->ordered < evidence_parameters.failure &&
		 (evidence->moves == 0 || local_nats(evidence) < evidence_parameters.failure)) ||
		has_lost_count(evidence))
		return VERDICT_FAILING;
	return VERDICT_NOTHING;
}
