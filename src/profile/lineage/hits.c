/*-------------------------------------------------------------------------
 *
 * hits.c
 *	  Where the values that an execution looked up were seen.
 *
 * Takes no locks: see resultset.c.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/hits.h"

#include "access/xact.h"

#include "profile/lineage/match.h"
#include "profile/lineage/receiver.h"
#include "profile/statement/key_column.h"

/* Take out hits on the execution's own result. */
static int
drop_own(const Execution *execution, ResultHit *hits, int count)
{
	int			kept = 0;

	if (execution->recorder == NULL)
		return count;
	for (int i = 0; i < count; i++)
	{
		if (!recorder_owns(execution->recorder, hits[i].slot,
						   hits[i].generation))
			hits[kept++] = hits[i];
	}
	return kept;
}

/* Is a hit in a joint column?  Its values need not come from two rows. */
static bool
is_joint(const ResultHit *hit)
{
	ResultSet	set;
	ResultColumn column;

	return resultset_read(hit, &set, &column) && column.is_joint;
}

/* Do two values of a list come from two rows of one result? */
static bool
share_parent(const ProbeHits *one, const ProbeHits *other)
{
	for (int i = 0; i < one->count; i++)
	{
		for (int j = 0; j < other->count; j++)
		{
			const ResultHit *a = &one->hits[i];
			const ResultHit *b = &other->hits[j];

			if (a->slot == b->slot && a->generation == b->generation &&
				a->column == b->column && a->rank != b->rank && !is_joint(a))
				return true;
		}
	}
	return false;
}

/* Empty the hits of lists that fetch several rows' children at once. */
pg_attribute_cold void
hits_drop_batches(const ProbeList *list, ProbeHits *found)
{
	for (int i = 0; i < list->count; i++)
	{
		uint8		number = list->probes[i].comparison.list;

		for (int j = i + 1; number != 0 && j < list->count; j++)
		{
			if (list->probes[j].comparison.list != number ||
				!share_parent(&found[i], &found[j]))
				continue;
			for (int k = 0; k < list->count; k++)
			{
				if (list->probes[k].comparison.list == number)
					found[k].count = 0;
			}
			break;
		}
	}
}

/*
 * Is this the same value for the same parameter, or column, as an earlier
 * probe?  A statement that names a parameter twice looks up one value.
 */
static bool
repeats_earlier(const ProbeList *list, int number)
{
	const Probe *probe = &list->probes[number];

	for (int i = 0; i < number; i++)
	{
		const Probe *earlier = &list->probes[i];

		if (earlier->hash == probe->hash &&
			match_parameter(&earlier->comparison) ==
			match_parameter(&probe->comparison))
			return true;
	}
	return false;
}

/*
 * Whose keys a value may be; 0 if any table's.  What tells the keys of two tables
 * apart does not count where a request or transaction ties them: see match.c.
 */
static inline uint32
sought_key(const Execution *execution, const KeyColumn *key)
{
	return key->is_given && (execution->trace != 0 || IsTransactionBlock()) ? 0 :
		key_column_sought(key);
}

/*
 * Search for the values of an execution; false if none was seen anywhere.  *lists
 * tells whether some of them are of lists.
 */
bool
hits_find(const Execution *execution, const ProbeList *list,
		  ProbeHits *found, bool *lists)
{
	bool		any = false;

	*lists = false;
	for (int i = 0; i < list->count; i++)
	{
		const Probe *probe = &list->probes[i];

		found[i].count = repeats_earlier(list, i) ? 0 :
			resultset_find(probe->hash, sought_key(execution, &probe->key),
						   found[i].hits);
		if (found[i].count > 0)
			found[i].count = drop_own(execution, found[i].hits,
									  found[i].count);
		any |= found[i].count > 0;
		*lists |= list->probes[i].comparison.list != 0;
	}
	return any;
}
