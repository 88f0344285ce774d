/*-------------------------------------------------------------------------
 *
 * match.c
 *	  Which result set a look-up is attributed to.
 *
 * The same value may have been seen in many result sets, of one connection or
 * several.  The look-up is attributed to the one it fits best: one whose loop
 * expects this very value next, in the same request rather than another, on
 * the same connection rather than another.
 *
 * How many others it could have been attributed to matters to the evidence: the
 * best of many fits well by chance.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/match.h"

#include "profile/lineage/request_time.h"
#include "profile/statement/key_column.h"
#include "settings.h"

/* Where a look-up falls in the loop over a result, the best place first. */
typedef enum MatchPlace
{
	PLACE_NEXT,					/* the loop goes on with the very next value */
	PLACE_FIRST,				/* it would begin with the first one */
	PLACE_NEAR,					/* it leaves out a few values */
	PLACE_NEAR_TOP,				/* it would begin near the first one */
	PLACE_ANYWHERE,				/* it had no child yet */
	PLACE_USED					/* it had one already */
} MatchPlace;

/* A result set that holds the value, and may be the look-up's parent. */
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

/* How close is the result set to the look-up? */
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
 * Does the look-up belong to the request that has read the result set?  It may take
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

/* Can this result set be the parent of this look-up at all? */
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
 * Do the column of the result and the column of the condition hold keys of
 * the same table?  False from the function if they surely do not, and are of
 * a type where equal values mean nothing.  Where nobody knows, they may, but
 * not if somebody might count through such numbers for other reasons.  What is
 * surely refused here is left out beforehand: see key_column_sought().
 */
static bool
may_hold_same_key(const Probe *probe, const ResultColumn *column, bool *same)
{
	const KeyColumn *key = &probe->key;

	*same = false;
	if (OidIsValid(key->key_relid))
	{
		*same = key->key_relid == column->key_relid &&
			key->key_attno == column->key_attno;
		if (*same)
			return true;
		if (column->small && key->is_key && !key->is_named && !column->is_open)
			return false;
		if (key->is_named && !column->is_open)
			return true;
	}
	return column->small ? column->step == 0 :
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
		!is_acceptable(scene, probe, &candidate->set, &candidate->column) ||
		!may_hold_same_key(probe, &candidate->column,
						   &candidate->same_key))
		return false;
	candidate->proximity = find_proximity(scene, &candidate->set);
	candidate->same_request = is_same_request(scene, &candidate->set,
											  candidate->proximity);
	candidate->episode = episode_key(hit, child,
									 match_parameter(&probe->comparison));
	episode_peek(candidate->episode, hit->rank, &candidate->peek);
	if (candidate->peek.found && !candidate->same_request &&
		scene->execution->first_us - candidate->peek.last_us > match_longest_pause())
	{
		/* over: what comes now begins anew */
		candidate->peek.found = false;
		candidate->peek.counted = false;
		candidate->peek.used = false;
		candidate->peek.state = EPISODE_OPEN;
		candidate->peek.distance = hit->rank;
	}
	return true;
}

/* Where the look-up falls in the loop over a candidate. */
static MatchPlace
candidate_place(const MatchCandidate *candidate)
{
	const EpisodePeek *peek = &candidate->peek;

	if (peek->used)
		return PLACE_USED;
	if (peek->distance == 0)
		return peek->found ? PLACE_NEXT : PLACE_FIRST;
	if (peek->distance <= evidence_parameters.near)
		return peek->found ? PLACE_NEAR : PLACE_NEAR_TOP;
	return PLACE_ANYWHERE;
}

/*
 * How well a candidate fits, the reasons that count most in the highest bits:
 * whether it was given up, the request, the table whose keys they are, the place in
 * the loop, the connection, the loops that are proven or have begun.
 */
static uint32
rank_candidate(const MatchCandidate *candidate)
{
	const EpisodePeek *peek = &candidate->peek;
	uint32		rank = peek->state != EPISODE_FAILED;

	rank = rank << 1 | (candidate->proximity >= PROXIMITY_TRANSACTION);
	rank = rank << 1 | candidate->same_key;
	rank = rank << 3 | (PLACE_USED - candidate_place(candidate));
	rank = rank << 1 | (candidate->proximity == PROXIMITY_BACKEND);
	rank = rank << 1 | (peek->state == EPISODE_PROVEN);
	return rank << 1 | peek->found;
}

/*
 * Is the first of two that fit equally well the better choice?  The later
 * result set is, and its first column, but where the look-up fits none of them,
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

/* How many of the candidates a random look-up could have been attributed to. */
static int
count_rivals(const MatchCandidate *candidates, int count, Proximity proximity)
{
	int			started = 0;
	bool		unstarted = false;

	for (int i = 0; i < count; i++)
	{
		if (candidates[i].proximity < proximity ||
			candidates[i].peek.state == EPISODE_FAILED)
			continue;
		if (!candidates[i].peek.found)
			unstarted = true;
		else if (!candidates[i].peek.exhausted)
			started++;
	}
	return Max(1, started + (unstarted ? 1 : 0));
}

/*
 * Choose a result set for the value of a probe, from those it was found in.
 * match->found tells whether there was one.
 */
void
match_choose(const Scene *scene, const Probe *probe, const ResultHit *hits,
			 int count, uint64 child, Match *match)
{
	MatchCandidate candidates[RESULTSET_BUCKET];
	int			ncandidates = 0;
	int			best = -1;
	uint32		best_rank = 0;

	match->found = false;
	for (int i = 0; i < count; i++)
	{
		MatchCandidate *candidate = &candidates[ncandidates];
		uint32		rank;

		if (!examine_hit(scene, probe, &hits[i], child, candidate))
			continue;
		rank = rank_candidate(candidate);
		if (best < 0 || rank > best_rank ||
			(rank == best_rank &&
			 wins_tie(candidate, &candidates[best],
					  scene->execution->first_us)))
		{
			best = ncandidates;
			best_rank = rank;
		}
		ncandidates++;
	}
	if (best < 0)
		return;
	match->found = true;
	match->hit = candidates[best].hit;
	match->set = candidates[best].set;
	match->column = candidates[best].column;
	match->proximity = candidates[best].proximity;
	match->same_request = candidates[best].same_request;
	match->statements = match->set.pid == MyProcPid ?
		scene->statement - match->set.statement : 0;
	match->episode = candidates[best].episode;
	match->counted = candidates[best].peek.counted;
	match->rivals = count_rivals(candidates, ncandidates, PROXIMITY_NONE);
	match->local_rivals = count_rivals(candidates, ncandidates,
									   PROXIMITY_BACKEND);
}
