/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  Does somebody walk through the keys by himself?
 *
 * A job that works its way through a table, key by key, visits the keys of
 * each list that somebody else reads of the same table meanwhile, in their
 * order and without a gap.  What tells it from a loop over that list is that it
 * comes from before its beginning and goes on where it ends.  So each backend
 * compares a look-up with the one before of the same statement: a value close
 * to the last one which the list does not hold is a step of a walk, unless a
 * list that was read in between holds it.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/walk.h"

#include "profile/lineage/value.h"

/* A step goes no farther than so many mean distances of keys, and some more. */
#define FAR_DISTANCES	4
#define FAR_NUMBERS		32

/* Which of an execution's probes is this? */
static inline int
number_of(const Execution *execution, const Probe *probe)
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
is_fresh(const Execution *execution, const Footprint *footprint, int number)
{
	return number < footprint->count &&
		execution->first_us - footprint->last_us <= match_longest_pause();
}

/* See walk.h. */
bool
walk_came_by(const Execution *execution, const Probe *probe,
			 const Match *match)
{
	const Footprint *footprint = &execution->info->footprint;
	int			number = number_of(execution, probe);

	return is_fresh(execution, footprint, number) &&
		match->set.started_us < footprint->last_us &&
		are_close(&match->set.columns[match->hit.column],
				  footprint->hashes[number], probe->hash);
}

/* See walk.h. */
void
walk_note(Execution *execution, const Probe *probe, const Match *match,
		  uint64 reputation)
{
	Footprint  *footprint = &execution->info->footprint;

	footprint->episode = match->episode;
	footprint->reputation = reputation;
	footprint->number = number_of(execution, probe);
	footprint->hit = match->hit;
	footprint->column = match->set.columns[match->hit.column];
}

/* Is a hit in the same list, or in one that was read since? */
static bool
explains(const Footprint *footprint, const ResultHit *hit)
{
	ResultSet	set;

	if (hit->slot == footprint->hit.slot &&
		hit->generation == footprint->hit.generation &&
		hit->column == footprint->hit.column)
		return true;
	return resultset_read(hit->slot, hit->generation, &set) &&
		set.started_us >= footprint->last_us;
}

/* See walk.h. */
bool
walk_left_behind(const Execution *execution, int number,
				 const ResultHit *hits, int count)
{
	const Footprint *footprint = &execution->info->footprint;

	if (number != footprint->number ||
		!is_fresh(execution, footprint, number) ||
		!are_close(&footprint->column, footprint->hashes[number],
				   execution->probes.probes[number].hash))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (explains(footprint, &hits[i]))
			return false;
	}
	return true;
}
