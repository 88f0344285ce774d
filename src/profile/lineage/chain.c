/*-------------------------------------------------------------------------
 *
 * chain.c
 *	  The single rows that the children of one loop have fetched.
 *
 * A loop that fetches a row by its key often looks up what that row points to,
 * then the next row.  One row alone proves nothing about what follows it; the
 * rows of the whole loop, taken for one result set that grows, do.  The key that
 * a row was looked up by is left out: it came from the loop's parent.
 *
 * What is known of a chain lives in the StatementInfo of the children.  Belongs
 * to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/chain.h"

#include "common/clock.h"

/* The chain's result set, NULL if it is gone or belongs to another loop. */
static ResultSet *
current_set(const Chain *chain, uint64 episode)
{
	ResultSet  *set = chain->set;

	if (set == NULL || chain->episode != episode ||
		chain->rows >= RESULTSET_ROWS ||
		resultset_generation(chain->slot) != chain->generation)
		return NULL;
	return set;
}

/* Begin a chain; NULL if there is no room for it. */
static ResultSet *
begin_chain(Execution *execution, StatementInfo *info,
			const ResultContext *context, uint64 episode)
{
	Chain	   *chain = &info->chain;
	ResultSet  *set = resultset_claim(clock_us(), info->ncolumns, &chain->slot);

	chain->episode = episode;
	chain->rows = 0;
	chain->set = set;
	if (set == NULL)
		return NULL;
	recorder_describe(set, resultset_columns(chain->slot), execution, info, context);
	for (int i = 0; i < set->ncolumns; i++)
		resultset_columns(chain->slot)[i].has_numbers = true;	/* as far as is known */
	set->is_chain = true;
	set->rows = 0;
	resultset_open(chain->slot);
	chain->generation = resultset_generation(chain->slot);
	return set;
}

/* Is this the key that the row was looked up by? */
static bool
is_looked_up(const Execution *execution, uint64 hash)
{
	const ProbeList *list = &execution->probes;

	for (int i = 0; i < list->count; i++)
		if (list->probes[i].hash == hash)
			return true;
	return false;
}

/*
 * A child of the loop "episode" has ended on the connection where it runs: put
 * its row, if it has fetched one only, into the result set of such rows.
 * context->nested tells whether the loop is proven.  True if that was done.
 */
bool
chain_extend(Execution *execution, StatementInfo *info,
			 const ResultContext *context, uint64 episode)
{
	Chain	   *chain = &info->chain;
	const uint64 *hashes = recorder_only_row(execution->recorder);
	ResultSet  *set;
	ResultColumn *columns;

	if (hashes == NULL)
		return false;
	set = current_set(chain, episode);
	if (set == NULL)
		set = begin_chain(execution, info, context, episode);
	if (set == NULL)
		return false;
	columns = resultset_columns(chain->slot);

	for (int i = 0; i < set->ncolumns; i++)
	{
		columns[i].rows++;
		if (hashes[i] != NO_HASH && !is_looked_up(execution, hashes[i]) &&
			resultset_put(chain->slot, chain->generation, i, hashes[i],
						  columns[i].distinct, false) == columns[i].distinct)
			columns[i].distinct++;
	}
	set->rows = ++chain->rows;
	set->transaction = context->transaction;
	set->statement = context->statement;
	set->ended_us = execution->last_us;
	resultset_note_use(execution->last_us);
	resultset_note_columns(chain->slot, execution->last_us);
	set->nested |= context->nested;
	return true;
}
