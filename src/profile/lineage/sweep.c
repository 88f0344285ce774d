/*-------------------------------------------------------------------------
 *
 * sweep.c
 *	  Does somebody sweep through the keys by himself?
 *
 * A job that works its way through a table, key by key, visits the keys of
 * each list that somebody else reads of the same table meanwhile, in their
 * order and without a gap.  What tells it from a loop over that list is that it
 * comes from before its beginning and goes on where it ends.  So each backend
 * compares a lookup with the one before of the same statement: a value close
 * to the last one which the list does not hold is a step of a sweep, unless a
 * list that was read in between holds it.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/sweep.h"

#include "profile/statement/value.h"

/* A step goes no farther than so many mean distances of keys, and some more. */
#define FAR_DISTANCES	4
#define FAR_NUMBERS		32

/* Which of an execution's probes is this? */
static inline int
probe_number(const Execution *execution, const Probe *probe)
{
	return probe - execution->probes.probes;
}

/* Are two values of a column as close as those of neighbours? */
static bool
are_close(const ResultColumn *column, uint64 one, uint64 other)
{
	int64		here = value_number(one, column->is_time);
	int64		there = value_number(other, column->is_time);
	uint64		distance = here > there ? (uint64) here - (uint64) there :
		(uint64) there - (uint64) here;

	return distance > 0 && (distance <= FAR_NUMBERS ||
							distance / FAR_DISTANCES <= column->step);
}

/* Has the statement been executed lately, with this many values or more? */
static inline bool
is_fresh(const Execution *execution, const LastLookup *last_lookup, int number)
{
	return number < last_lookup->count &&
		execution->first_us - last_lookup->last_us <= match_longest_pause();
}

/*
 * A value will be attributed to a result set of this connection, whose keys can
 * be swept through.  Did the statement come from a neighbour that it had
 * looked up when the result was there already?
 */
bool
sweep_came_by(const Execution *execution, const Probe *probe,
			  const Match *match)
{
	const LastLookup *last_lookup = &execution->info->last_lookup;
	int			number = probe_number(execution, probe);

	return is_fresh(execution, last_lookup, number) &&
		match->set.started_us < last_lookup->last_us &&
		are_close(&match->column, last_lookup->hashes[number], probe->hash);
}

/*
 * The value has been attributed to an episode: sweep_left_behind() will tell
 * what became of it.
 */
void
sweep_note(Execution *execution, const Probe *probe, const Match *match,
		   uint64 history)
{
	LastLookup *last_lookup = &execution->info->last_lookup;

	last_lookup->episode = match->episode;
	last_lookup->history = history;
	last_lookup->number = probe_number(execution, probe);
	last_lookup->hit = match->hit;
	last_lookup->column = match->column;
}

/* Is a hit in the list of the last lookup, or in one that was read since? */
static bool
is_hit_explained(const LastLookup *last_lookup, const ResultHit *hit)
{
	ResultSet	set;
	ResultColumn column;

	if (hit->slot == last_lookup->hit.slot &&
		hit->generation == last_lookup->hit.generation &&
		hit->column == last_lookup->hit.column)
		return true;
	return resultset_read(hit, &set, &column) &&
		set.started_us >= last_lookup->last_us;
}

/*
 * The statement's next execution, and where its value number "number" was
 * found: is it a further step, past the end of the result set that its last
 * lookup was attributed to?
 */
bool
sweep_left_behind(const Execution *execution, int number,
				  const ResultHit *hits, int count)
{
	const LastLookup *last_lookup = &execution->info->last_lookup;

	if (number != last_lookup->number ||
		!is_fresh(execution, last_lookup, number) ||
		!are_close(&last_lookup->column, last_lookup->hashes[number],
				   execution->probes.probes[number].hash))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (is_hit_explained(last_lookup, &hits[i]))
			return false;
	}
	return true;
}
