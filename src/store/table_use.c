/*-------------------------------------------------------------------------
 *
 * table_use.c
 *	  The tables that a statement uses, and how.
 *
 * Sets of tables, bounded.  What they are taken from is known to the profiler
 * (profile/plan/plan_tables.h), where they are kept to statement_table.h.
 *
 *-------------------------------------------------------------------------
 */
#include "store/table_use.h"

#include "access/transam.h"
#include "common/hashfn.h"

/* The use of a table in the set, or NULL. */
static TableUse *
find_use(TableUses *uses, Oid relid)
{
	for (uint32 i = 0; i < uses->count; i++)
	{
		if (uses->use[i].relid == relid)
			return &uses->use[i];
	}
	return NULL;
}

/*
 * Add a use of a table, which is not stamped yet.  False if there is no room:
 * the caller knows whether it is a table that was counted as dropped before.
 */
bool
table_uses_add(TableUses *uses, Oid relid, uint32 how)
{
	TableUse   *use = find_use(uses, relid);

	if (use == NULL)
	{
		if (uses->count >= TABLE_USES)
			return false;
		use = &uses->use[uses->count++];
		use->relid = relid;
		use->how = 0;
		use->seen = 0;
	}
	use->how |= how;
	return true;
}

/*
 * Add all of "from", with its stamps, which are the later ones.  Of the tables
 * that do not fit it is not known whether they are always the same: the most at
 * a time count as dropped.
 */
void
table_uses_merge(TableUses *into, const TableUses *from)
{
	uint32		dropped = from->dropped;

	for (uint32 i = 0; i < from->count; i++)
	{
		const TableUse *use = &from->use[i];

		if (table_uses_add(into, use->relid, use->how))
			find_use(into, use->relid)->seen = use->seen;
		else
			dropped++;
	}
	into->dropped = Max(into->dropped, dropped);
}

/* All of them were seen now.  Takes XidGenLock for a moment, shared. */
void
table_uses_stamp(TableUses *uses)
{
	uint64		now = U64FromFullTransactionId(ReadNextFullTransactionId());

	for (uint32 i = 0; i < uses->count; i++)
		uses->use[i].seen = now;
}

/* Equal for the same tables in the same order, used alike, whenever seen. */
uint32
table_uses_hash(const TableUses *uses)
{
	uint32		hash = uses->dropped;

	for (uint32 i = 0; i < uses->count; i++)
		hash = hash_combine(hash, murmurhash32(uses->use[i].relid) ^
							uses->use[i].how);
	return hash;
}

/* Can these have been saved by us? */
bool
table_uses_are_sound(const TableUses *uses)
{
	if (uses->count > TABLE_USES)
		return false;
	for (uint32 i = 0; i < uses->count; i++)
	{
		const TableUse *use = &uses->use[i];

		if (!OidIsValid(use->relid) || use->how == 0 ||
			(use->how & ~TABLE_ALL_USES) != 0)
			return false;
		for (uint32 j = 0; j < i; j++)
			if (uses->use[j].relid == use->relid)
				return false;
	}
	return true;
}
