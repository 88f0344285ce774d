/*-------------------------------------------------------------------------
 *
 * match.c
 *	  Which result set a lookup is attributed to.
 *
 * The same value may have been seen in many result sets, of one connection or
 * several.  The lookup is attributed to the one it fits best: one whose loop
 * expects this very value next, in the same request rather than another, on
 * the same connection rather than another.
 *
 * How many others it could have been attributed to matters to the evidence: the
 * best of many fits well by chance.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/match.h"

#include "port/pg_bitutils.h"

#include "profile/lineage/earlier.h"
#include "profile/lineage/request_time.h"
#include "profile/statement/key_column.h"
#include "settings.h"

/* Where a lookup falls in the loop over a result, the best place first. */
typedef enum MatchPlace
{
	PLACE_NEXT,					/* the loop goes on with the very next value */
	PLACE_FIRST,				/* it would begin with the first one */
	PLACE_SHARED,				/* it had one, and more rows hold the value */
	PLACE_NEAR,					/* it leaves out a few values */
	PLACE_NEAR_TOP,				/* it would begin near the first one */
	PLACE_ANYWHERE,				/* it had no child yet */
	PLACE_USED					/* it had one already */
} MatchPlace;

/* A result set that holds the value, and may be the lookup's parent. */
typedef struct MatchCandidate
{
	ResultHit	hit;
	ResultSet	set;
	ResultColumn column;
	EpisodePeek peek;
	uint64		episode;
	Proximity	proximity;
	bool		same_request;
	bool		same_key;		/* the columns hold the same table's key */
	bool		is_alike;		/* .. or keys of two tables, with the same
								 * name */
	bool		goes_on;		/* all lookups of the statement since its
								 * first child here were its children */
} MatchCandidate;

/* A pause between two children that ends a loop, in microseconds. */
int64
match_longest_pause(void)
{
	return (int64) setting_nplusone_window_ms * 1000 / 10;
}

/*
 * Parameters have a number of their own; literals are told apart by the
 * column, as a negative number, since their numbers would cost too much to
 * find out each time.
 */
int16
match_parameter(const Comparison *comparison)
{
	return comparison->parameter > 0 ? comparison->parameter :
		-comparison->attno;
}

/* How close is the result set to the lookup? */
static Proximity
find_proximity(const Scene *scene, const ResultSet *set)
{
	if (set->trace != 0 && set->trace == scene->execution->trace)
		return PROXIMITY_TRACE;
	if (set->pid != MyProcPid)
		return PROXIMITY_NONE;
	return set->transaction == scene->transaction ?
		PROXIMITY_TRANSACTION : PROXIMITY_BACKEND;
}

/*
 * Statements of triggers belong to their own trigger only: the rows of a bulk
 * statement fire them one by one, which is no loop of anybody's.
 */
static bool
is_same_depth(const Scene *scene, const ResultSet *set)
{
	if (set->trigger_depth != scene->execution->trigger_depth)
		return false;
	return set->trigger_depth == 0 ||
		(set->pid == MyProcPid && set->statement == scene->statement);
}

/*
 * Does the lookup belong to the request that has read the result set?  It may take
 * as long as it likes.
 */
static bool
is_same_request(const Scene *scene, const ResultSet *set, Proximity proximity)
{
	return proximity >= PROXIMITY_TRANSACTION ||
		(proximity == PROXIMITY_BACKEND && set->started_us >= request_begun_us);
}

/* Was the result set there in time, and recently? */
static bool
is_in_time(const Scene *scene, ResultSet *set)
{
	int64		start = scene->execution->first_us;
	int64		used = Max(set->ended_us,
						   (int64) pg_atomic_read_u64(&set->active_us));

	return set->started_us < start &&
		(start - used <= (int64) setting_nplusone_window_ms * 1000 ||
		 is_same_request(scene, set, find_proximity(scene, set)));
}

/*
 * Is the value, which all rows of a result hold, the one that the statement looked
 * up last?  Once is no loop.
 */
static bool
is_read_again(const Scene *scene, const Probe *probe, const ResultSet *set)
{
	const LastLookup *last_lookup = &scene->execution->info->last_lookup;
	int			number = probe - scene->execution->probes.probes;

	return number < last_lookup->count &&
		last_lookup->hashes[number] == probe->hash &&
		find_proximity(scene, set) != PROXIMITY_NONE;
}

/* Can this result set be the parent of this lookup at all? */
static bool
is_acceptable(const Scene *scene, const Probe *probe, ResultSet *set,
			  const ResultColumn *column)
{
	const Execution *execution = scene->execution;

	return set->dbid == MyDatabaseId && set->route == execution->route &&
		set->userid == execution->userid &&
		(column->distinct >= 2 || set->is_chain || is_read_again(scene, probe, set)) &&
		(set->trace == 0 || execution->trace == 0 ||
		 set->trace == execution->trace) &&
		is_same_depth(scene, set) && is_in_time(scene, set);
}

/*
 * Does a column hold texts that are keys of a table of their own, such as codes,
 * where a number is looked up that some of them happen to spell?
 */
static inline bool
is_other_text(const Comparison *comparison, const ResultColumn *column)
{
	return !column->small && !column->is_open && OidIsValid(column->key_relid) &&
		value_kind_is_small(value_kind(comparison->type));
}

/*
 * Does a request tie a lookup of a key to numbers that may be keys of any table?
 * They are followed there even where they leave no gaps.
 */
static inline bool
is_tied_by_request(const MatchCandidate *candidate, const KeyColumn *key)
{
	return candidate->column.is_open && candidate->same_request &&
		candidate->proximity != PROXIMITY_NONE &&
		(key->is_key || key->is_named);
}

/*
 * Is one of two columns a part of a key that the other one is, by its name?
 * Two parts may both be counters.
 */
static inline bool
has_its_name(const KeyColumn *key, const ResultColumn *column)
{
	return key->is_part != column->is_part && key->name == column->name &&
		key->is_key && !key->is_named && !column->is_open;
}

/*
 * May a key that the application gives to its rows be that of the table whose own
 * key the result has shown, by its name?  Only one request ties them: the numbers of
 * most tables begin at 1.
 */
static inline bool
is_key_alike(const KeyColumn *key, const MatchCandidate *candidate)
{
	const ResultColumn *column = &candidate->column;

	return key->is_given && key->name == column->name &&
		column->relid == column->key_relid && column->attno == column->key_attno &&
		candidate->proximity >= PROXIMITY_TRANSACTION;
}

/*
 * Do the column of the result and the column of the condition hold keys of
 * the same table?  False from the function if they surely do not, and are of
 * a type where equal values mean nothing.  Where nobody knows, they may, but
 * not if somebody might count through such numbers for other reasons.  Texts that
 * spell none are equal by chance seldom.  What is surely refused here is left out
 * beforehand: see key_column_sought().
 */
static bool
may_hold_same_key(const Probe *probe, MatchCandidate *candidate)
{
	const KeyColumn *key = &probe->key;
	const ResultColumn *column = &candidate->column;
	bool	   *same = &candidate->same_key;

	*same = false;
	candidate->is_alike = false;
	if (OidIsValid(key->key_relid))
	{
		*same = (key->key_relid == column->key_relid &&
				 key->key_attno == column->key_attno) ||
			(key->is_key && column->guess == resultset_key(key->key_relid, key->key_attno));
		*same |= has_its_name(key, column);
		if (*same)
			return true;
		if (column->small && key->is_key && !key->is_named && !column->is_open)
		{
			candidate->is_alike = is_key_alike(key, candidate);
			return candidate->is_alike;
		}
		if (key->is_named && !column->is_open)
			return true;
	}
	if (column->is_text && !value_is_spelled_number(probe->hash))
		return true;
	return column->small ? column->step == 0 || is_tied_by_request(candidate, key) :
		!is_other_text(&probe->comparison, column);
}

/*
 * Read one place that the value was found in; false if it cannot be the parent.
 * Takes no lock: what is seen of the episode is a hint.
 */
static bool
examine_hit(const Scene *scene, const Probe *probe, const ResultHit *hit,
			uint64 child, MatchCandidate *candidate)
{
	candidate->hit = *hit;
	if (!resultset_read(hit, &candidate->set, &candidate->column) ||
		!is_acceptable(scene, probe, &candidate->set, &candidate->column))
		return false;
	candidate->proximity = find_proximity(scene, &candidate->set);
	candidate->same_request = is_same_request(scene, &candidate->set,
											  candidate->proximity);
	if (!may_hold_same_key(probe, candidate))
		return false;
	candidate->episode = episode_key(hit, child,
									 match_parameter(&probe->comparison));
	episode_peek(candidate->episode, hit->rank, &candidate->peek);
	if (candidate->peek.found && !candidate->same_request &&
		scene->execution->first_us - candidate->peek.last_us > match_longest_pause())
	{
		/* over: what comes now starts over */
		candidate->peek.found = false;
		candidate->peek.counted = false;
		candidate->peek.used = false;
		candidate->peek.children = 0;
		candidate->peek.state = EPISODE_OPEN;
		candidate->peek.distance = hit->rank;
	}
	candidate->goes_on = candidate->peek.found &&
		candidate->set.pid == MyProcPid &&
		candidate->peek.next_number == scene->execution->info->lookups;
	return true;
}

/* Where the lookup falls in the loop over a candidate. */
static MatchPlace
candidate_place(const MatchCandidate *candidate)
{
	const EpisodePeek *peek = &candidate->peek;

	if (peek->used)
		return candidate->hit.times > 1 && peek->may_repeat &&
			candidate->proximity != PROXIMITY_NONE ? PLACE_SHARED : PLACE_USED;
	if (peek->distance == 0)
		return peek->found ? PLACE_NEXT :
			candidate->column.is_open ? PLACE_NEAR_TOP : PLACE_FIRST;
	if (peek->distance <= evidence_parameters.near)
		return peek->found ? PLACE_NEAR : PLACE_NEAR_TOP;
	return PLACE_ANYWHERE;
}

/* The logarithm of the most values of a column. */
#define MOST_VALUES_BITS	10
StaticAssertDecl(RESULTSET_ROWS <= 1 << MOST_VALUES_BITS, "logarithms fit");

/*
 * Where a loop has no child yet, or goes on somewhere, fewer values to choose from
 * make it likelier: a logarithm, the higher the fewer.
 */
static inline uint32
fewness(const MatchCandidate *candidate)
{
	MatchPlace	place = candidate_place(candidate);

	if (place != PLACE_ANYWHERE || !candidate->same_request ||
		candidate->proximity == PROXIMITY_NONE)
		return 0;
	return MOST_VALUES_BITS - pg_leftmost_one_pos32(candidate->column.distinct | 1);
}

/*
 * Has the request a loop over this result, which is proven, and has not had this row
 * yet?  Where lists of a page share keys, the value is its before another one begins
 * with it.
 */
static inline bool
is_of_running_loop(const MatchCandidate *candidate)
{
	return candidate->peek.state == EPISODE_PROVEN && !candidate->peek.used &&
		candidate->same_request && candidate->proximity != PROXIMITY_NONE;
}

/*
 * How well a candidate fits, the reasons that count most in the highest bits:
 * whether it was given up, the request, a loop that is running, the table whose keys
 * they are, the place in the loop, how few values there are, the connection, the
 * loops that went on until now, that are proven, that have begun.
 */
static uint32
rank_candidate(const MatchCandidate *candidate)
{
	const EpisodePeek *peek = &candidate->peek;
	uint32		rank = peek->state != EPISODE_FAILED;

	rank = rank << 1 | (candidate->proximity >= PROXIMITY_TRANSACTION);
	rank = rank << 1 | is_of_running_loop(candidate);
	rank = rank << 1 | candidate->same_key;
	rank = rank << 3 | (PLACE_USED - candidate_place(candidate));
	rank = rank << 4 | fewness(candidate);
	rank = rank << 1 | (candidate->proximity == PROXIMITY_BACKEND);
	rank = rank << 1 | candidate->goes_on;
	rank = rank << 1 | (peek->state == EPISODE_PROVEN);
	return rank << 1 | peek->found;
}

/*
 * Is the first of two that fit equally well the better choice?  The later
 * result set is, and its first column, but where the lookup fits none of them,
 * a fixed choice would spare the others the evidence against them: then it is
 * left to the value's time.
 */
static bool
wins_tie(const MatchCandidate *one, const MatchCandidate *other, int64 when)
{
	if (one->hit.slot == other->hit.slot)
		return one->hit.column < other->hit.column;
	if (one->peek.found && !one->peek.used &&
		one->peek.distance > evidence_parameters.near)
		return ((one->hit.slot ^ other->hit.slot ^ when) & 1) != 0;
	return one->set.started_us > other->set.started_us;
}

/* Do two candidates come from the same column of the same statement? */
static inline bool
have_same_name(const MatchCandidate *one, const MatchCandidate *other)
{
	return one->set.fingerprint == other->set.fingerprint &&
		one->column.relid == other->column.relid &&
		one->column.attno == other->column.attno &&
		one->column.is_joint == other->column.is_joint;
}

/*
 * Does the loop go on with this value, or begin with it?  It may come again where
 * rows share it.
 */
static inline bool
is_expected(const MatchCandidate *candidate)
{
	return candidate->peek.used ?
		candidate->goes_on && candidate->hit.times > 1 && candidate->peek.may_repeat :
		candidate->peek.distance == 0;
}

/* Has the statement of a candidate run again since, on the same connection? */
static bool
is_superseded(const MatchCandidate *candidate, const MatchCandidate *candidates,
			  int count, bool by_expected)
{
	for (int i = 0; i < count; i++)
	{
		const MatchCandidate *other = &candidates[i];

		if (candidate->set.pid == other->set.pid &&
			candidate->set.started_us < other->set.started_us &&
			have_same_name(candidate, other) &&
			(is_expected(other) || !by_expected))
			return true;
	}
	return false;
}

/*
 * Is it what a statement returned before it ran again?  The value has had its child
 * there, and now it is the turn of a later result.
 */
static inline bool
is_outdated(const MatchCandidate *candidate, const MatchCandidate *candidates,
			int count)
{
	return candidate->peek.used && is_superseded(candidate, candidates, count, true);
}

/* Candidates that a random lookup could have been attributed to. */
typedef struct Rivalry
{
	int			started;		/* that have children, but not for all rows */
	bool		unstarted;		/* are there others? */
} Rivalry;

/* Count those that are as close as this, or closer. */
static Rivalry
count_rivals(const MatchCandidate *candidates, int count, Proximity proximity)
{
	Rivalry		rivalry = {0};

	for (int i = 0; i < count; i++)
	{
		if (candidates[i].proximity < proximity || candidates[i].column.is_joint ||
			candidates[i].peek.state == EPISODE_FAILED ||
			is_outdated(&candidates[i], candidates, count))
			continue;
		if (!candidates[i].peek.found)
			rivalry.unstarted = true;
		else if (!candidates[i].peek.exhausted)
			rivalry.started++;
	}
	return rivalry;
}

/* Why a lookup is weighed for a candidate that is not the best, first reason first. */
typedef enum RivalReason
{
	RIVAL_BEGUN,				/* its loop has begun */
	RIVAL_BEGINS,				/* it would begin with this value */
	RIVAL_REPEATED,				/* its loop has begun, and had this value */
	RIVAL_NONE
} RivalReason;

/*
 * May a lookup belong to this candidate as well as to the best one, for all that
 * is known of keys?  Loops that have begun are weighed to their end, whether the
 * value fits well or not: else they would be spared the evidence against them.
 */
static RivalReason
rival_reason(const MatchCandidate *candidate, const MatchCandidate *best)
{
	const EpisodePeek *peek = &candidate->peek;

	if (candidate->proximity == PROXIMITY_NONE || !candidate->same_request ||
		candidate->same_key != best->same_key ||
		peek->state == EPISODE_FAILED || have_same_name(candidate, best))
		return RIVAL_NONE;
	if (is_expected(candidate))
		return peek->found ? RIVAL_BEGUN : RIVAL_BEGINS;
	if (!peek->found || peek->exhausted)
		return RIVAL_NONE;
	return peek->used ? RIVAL_REPEATED : RIVAL_BEGUN;
}

/* Is the column of one candidate a part of the joint column of the other? */
static inline bool
is_part_of(const MatchCandidate *part, const MatchCandidate *joint)
{
	return part->hit.slot == joint->hit.slot && part->hit.generation == joint->hit.generation &&
		part->column.joint == joint->hit.column + 1;
}

/* The joint column that the column of a candidate is a part of; -1 = there is none. */
static int
find_companion(const MatchCandidate *candidates, int count, int of)
{
	for (int i = 0; i < count; i++)
	{
		if (is_part_of(&candidates[of], &candidates[i]))
			return i;
	}
	return -1;
}

/*
 * Does a loop over several columns explain more of what was looked up than one over a
 * column that is one of them?
 */
static bool
explains_more(const MatchCandidate *joint, const MatchCandidate *part)
{
	return is_part_of(part, joint) &&
		joint->peek.state != EPISODE_FAILED && joint->peek.children > part->peek.children;
}

/*
 * The candidates other than the best that the lookup is weighed for, the "companion"
 * first, if it is not -1.  Returns how many.
 */
static int
choose_rivals(const MatchCandidate *candidates, int count, int best, int companion,
			  const MatchCandidate **rivals)
{
	int			chosen = 0;

	if (count < 2 || candidates[best].proximity == PROXIMITY_NONE ||
		!candidates[best].same_request)
		return 0;
	if (companion >= 0)
		rivals[chosen++] = &candidates[companion];
	for (RivalReason reason = RIVAL_BEGUN; reason < RIVAL_NONE; reason++)
	{
		for (int i = 0; i < count && chosen < MATCH_RIVALS; i++)
		{
			bool		is_other = i != best &&
				rival_reason(&candidates[i], &candidates[best]) == reason &&
				!is_superseded(&candidates[i], candidates, count, false);

			for (int j = 0; j < chosen; j++)
				is_other &= !have_same_name(&candidates[i], rivals[j]);
			if (is_other)
				rivals[chosen++] = &candidates[i];
		}
	}
	return chosen;
}

/*
 * How many results the lookup could have been attributed to instead of this
 * candidate, itself included, where "weighed" have begun that it is weighed for in any
 * case: these have no choice, so they count only where the loop begins.
 */
static inline int
effective_rivals(const MatchCandidate *candidate, Rivalry rivalry, int weighed)
{
	return Max(1, candidate->peek.found && weighed > 0 ?
			   rivalry.started - weighed + 1 : rivalry.started + rivalry.unstarted);
}

/* Ranks of a candidate that the request has looked up already, where its loop begins. */
static uint64
ranks_before(const Probe *probe, const MatchCandidate *candidate, uint64 child)
{
	if (candidate->peek.found || !candidate->same_request ||
		candidate->proximity == PROXIMITY_NONE)
		return 0;
	return earlier_ranks(child, match_parameter(&probe->comparison), &candidate->hit,
						 candidate->set.started_us);
}

/* Tell of a candidate. */
static void
fill_match(const Scene *scene, const MatchCandidate *candidate, Match *match)
{
	match->found = true;
	match->hit = candidate->hit;
	match->set = candidate->set;
	match->column = candidate->column;
	match->proximity = candidate->proximity;
	match->same_request = candidate->same_request;
	match->statements = match->set.pid == MyProcPid ?
		scene->statement - match->set.statement : 0;
	match->is_alike = candidate->is_alike;
	match->episode = candidate->episode;
	match->counted = candidate->peek.counted;
	match->is_expected = is_expected(candidate);
}

/*
 * Is the result that a value was found in one of this request, and of this connection
 * or its trace, and may it be the lookup's parent?  Tells of it then.
 */
bool
match_in_request(const Scene *scene, const Probe *probe, const ResultHit *hit,
				 uint64 child, Match *match)
{
	MatchCandidate candidate;

	if (!examine_hit(scene, probe, hit, child, &candidate) ||
		candidate.proximity == PROXIMITY_NONE || !candidate.same_request)
		return false;
	fill_match(scene, &candidate, match);
	return true;
}

/*
 * Leave out what this connection has read for requests before, if it has read the
 * value for this one as well.  Returns how many are left.
 */
static int
drop_requests_before(MatchCandidate *candidates, int count)
{
	int			kept = 0;
	bool		any = false;

	for (int i = 0; i < count; i++)
		any |= candidates[i].same_request && candidates[i].proximity != PROXIMITY_NONE;
	for (int i = 0; any && i < count; i++)
	{
		if (candidates[i].same_request || candidates[i].proximity == PROXIMITY_NONE)
			candidates[kept++] = candidates[i];
	}
	return any ? kept : count;
}

/*
 * Leave out keys that are alike by their names alone, where two tables have such:
 * which of them it is, nothing tells.  Returns how many are left.
 */
static int
drop_ambiguous(MatchCandidate *candidates, int count)
{
	Oid			relid = InvalidOid;
	bool		ambiguous = false;
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (!candidates[i].is_alike)
			continue;
		ambiguous |= OidIsValid(relid) && relid != candidates[i].column.relid;
		relid = candidates[i].column.relid;
	}
	for (int i = 0; ambiguous && i < count; i++)
	{
		if (!candidates[i].is_alike)
			candidates[kept++] = candidates[i];
	}
	return ambiguous ? kept : count;
}

/* The candidate that a lookup fits best, -1 if there is none. */
static int
choose_best(const MatchCandidate *candidates, int count, int64 when)
{
	int			best = -1;
	uint32		best_rank = 0;

	for (int i = 0; i < count; i++)
	{
		uint32		rank = rank_candidate(&candidates[i]);

		if (candidates[i].column.is_joint)
			continue;
		if (best >= 0 &&
			(rank < best_rank ||
			 (rank == best_rank && !wins_tie(&candidates[i], &candidates[best], when))))
			continue;
		best = i;
		best_rank = rank;
	}
	return best;
}

/*
 * Choose a result set for the value of a probe, from those it was found in.
 * matches->best.found tells whether there was one.
 */
void
match_choose(const Scene *scene, const Probe *probe, const ResultHit *hits,
			 int count, uint64 child, MatchList *matches)
{
	MatchCandidate candidates[RESULTSET_BUCKET];
	const MatchCandidate *others[MATCH_RIVALS];
	int			ncandidates = 0;
	int			best;
	int			companion;
	Rivalry		all;
	Rivalry		local;
	int			weighed = 0;

	matches->best.found = false;
	matches->nrivals = 0;
	for (int i = 0; i < count; i++)
		ncandidates += examine_hit(scene, probe, &hits[i], child, &candidates[ncandidates]);
	ncandidates = drop_requests_before(candidates, ncandidates);
	ncandidates = drop_ambiguous(candidates, ncandidates);
	best = choose_best(candidates, ncandidates, scene->execution->first_us);
	if (best < 0)
		return;
	companion = find_companion(candidates, ncandidates, best);
	matches->nrivals = choose_rivals(candidates, ncandidates, best, companion, others);
	all = count_rivals(candidates, ncandidates, PROXIMITY_NONE);
	local = count_rivals(candidates, ncandidates, PROXIMITY_BACKEND);
	if (candidates[best].same_request && candidates[best].proximity != PROXIMITY_NONE)
	{
		weighed = candidates[best].peek.found;
		for (int i = 0; i < matches->nrivals; i++)
			weighed += others[i]->peek.found && !others[i]->column.is_joint;
	}
	for (int i = -1; i < matches->nrivals; i++)
	{
		const MatchCandidate *candidate = i < 0 ? &candidates[best] : others[i];
		Match	   *match = i < 0 ? &matches->best : &matches->rivals[i];

		fill_match(scene, candidate, match);
		match->is_companion = companion >= 0 && candidate == &candidates[companion];
		match->is_explained = companion >= 0 &&
			explains_more(&candidates[companion], candidate);
		match->rivals = effective_rivals(candidate, all, weighed);
		match->local_rivals = effective_rivals(candidate, local, weighed);
		match->earlier = ranks_before(probe, candidate, child);
	}
}
