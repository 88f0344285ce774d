/*-------------------------------------------------------------------------
 *
 * statement_info.h
 *	  Facts of a statement that lineage needs at each of its executions.
 *
 * Kept by each backend for itself, for the statements it ran lately.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STATEMENT_INFO_H
#define CLIPPERF_STATEMENT_INFO_H

#include "hotpath.h"
#include "profile/statement/comparison.h"
#include "profile/statement/document.h"
#include "profile/statement/execution.h"
#include "profile/statement/literal.h"
#include "profile/statement/merged_list.h"
#include "profile/statement/result_columns.h"
#include "profile/statement/value.h"
#include "store/resultset.h"

/* The result set that single rows go to: see chain.h. */
typedef struct Chain
{
	ResultSet  *set;			/* NULL = none */
	uint32		slot;
	uint32		generation;
	uint64		episode;		/* the loop whose children fetch the rows */
	uint32		rows;
} Chain;

/* Values of the last execution that are remembered. */
#define LAST_LOOKUP_VALUES	4

/* What the statement looked up last: see sweep.h. */
typedef struct LastLookup
{
	uint64		episode;		/* that it was attributed to, if that may be a
								 * sweep; 0 = none */
	int64		last_us;		/* when it ended */
	int			count;
	uint64		hashes[LAST_LOOKUP_VALUES]; /* its first probes */

	/* Of the episode. */
	uint64		history;		/* of its pattern */
	int			number;			/* of the value */
	ResultHit	hit;			/* where that was found .. */
	ResultColumn column;		/* .. and what is known of it there */
} LastLookup;

/* Tables whose keys a statement looks up that are known at once. */
#define KEYS				2

/* What every execution reads stands together, before what few need. */
typedef struct StatementInfo
{
	uint64		queryid;
	bool		analyzed;		/* parameters[] is known */
	bool		planned;		/* columns[] and keys[] are known .. */
	bool		has_literals;	/* each text must be looked at for its own */
	bool		has_list;		/* texts may differ by the length of a list */
	bool		key_lookup;		/* a SELECT by a key */
	bool		row_insert;		/* an INSERT of a single row */
	bool		in_family;		/* names a partition, or a child table */
	bool		traced;			/* its requests may have traces */
	bool		is_ours;		/* it uses tables of ours, and no user's */
	bool		is_bulk;		/* so many rows that a loop fetches them bit
								 * by bit, if there is one */
	bool		many_rows;		/* its last result had several */
	bool		given_key;		/* .. of the same name, in a transaction */
	bool		any_key;		/* it may look up keys of other tables, too */
	bool		text_key;		/* .. among them texts */
	uint32		tables_version; /* .. for this setting_tables_version */
	uint32		facts;			/* number of what columns[] tell, never the
								 * same again once they are learnt again */
	int			natts;			/* columns of the rows that are sent */
	int			nparameters;
	int			ncolumns;
	uint64		episode;		/* of this connection that it was in last; 0 =
								 * none */
	uint64		transaction;	/* whose first lookup was noted; 0 = none */
	uint32		keys[KEYS];		/* whose keys it looks up, as resultset_key();
								 * 0 = no further ones */
	LastLookup	last_lookup;
	LiteralPlaces literals;
	Comparison	parameters[COMPARISONS];	/* without literals */
	MergedList	merged;			/* LISTS_ARE_MERGED: the list of them */
	InfoColumn *columns;		/* ncolumns of them, joint ones last */

	uint64		fingerprint;	/* 0 until statement_fingerprint() was asked */
	uint64		text_kept;		/* text_resets() + 1 when its text was made
								 * known to the store, 0 = never */
	int64		noted_us;		/* when the first lookup of the transaction
								 * was; 0 = it has been counted */
	uint32		unordered;		/* requests that looked up numbers in no order */
	int64		recorded_us;	/* when a result was begun to be recorded */

	/* Its last result that may have held texts which are looked up. */
	bool		texts_shown;	/* there was one */
	uint32		texts_slot;
	uint32		texts_generation;

	uint64		lookups;		/* that were compared with results */

	/* Of the episode. */
	bool		strayed;		/* it has looked elsewhere since .. */
	int64		episode_us;
	uint64		strays;			/* .. a bit per value looked up there */

	/* When it was last part of a proven loop, as this backend saw it. */
	int64		looped_us;
	Chain		chain;
} StatementInfo;

/* The one asked for last, or NULL. */
HOTPATH_EXTERN StatementInfo *statement_info_last;

/* statement_info_find() of a statement that was not asked for last. */
extern StatementInfo *statement_info_search(uint64 queryid);

/* The facts of a statement, made if they are new. */
static inline StatementInfo *
statement_info_find(uint64 queryid)
{
	if (statement_info_last == NULL || statement_info_last->queryid != queryid)
		return statement_info_search(queryid);
	return statement_info_last;
}

/* Does a statement use tables of ours, and none of a user's? */
extern bool statement_uses_ours_alone(const PlannedStmt *plan);

/* Fill in what the analysed query tells. */
extern void statement_info_analyzed(StatementInfo *info, Query *query,
									const Comparisons *comparisons, int last_parameter);

/* Were all lists of the statement that were seen lists of literals, where there may be others? */
static inline bool
statement_info_lacks_list(const StatementInfo *info)
{
	return LISTS_ARE_MERGED && info->has_list && !info->merged.has_parameters;
}

/* Give up guesses that have held no keys in many results, or none that were looked up. */
extern void statement_info_drop_guesses(StatementInfo *info);

/* Fill in what the plan tells. */
extern void statement_info_planned(StatementInfo *info,
								   const QueryDesc *query);

/*
 * Do the facts hold for this plan, too?  A queryid is no identity of structure:
 * it leaves out which columns are only sorted or grouped by, and the types that
 * columns have had since.
 */
static inline bool
statement_info_fits(const StatementInfo *info, const QueryDesc *query)
{
	const List *targets = query->plannedstmt->planTree->targetlist;

	if (info->natts != (query->tupDesc == NULL ? 0 : query->tupDesc->natts))
		return false;
	for (int i = 0; i < info->ncolumns; i++)
	{
		const InfoColumn *column = &info->columns[i];
		const TargetEntry *entry;

		if (column->target >= list_length(targets))
			return false;
		entry = list_nth_node(TargetEntry, targets, column->target);
		if (entry->resjunk || entry->resorigtbl != column->origin_relid ||
			entry->resorigcol != column->origin_attno ||
			TupleDescAttr(query->tupDesc, column->position - 1)->atttypid !=
			column->type)
			return false;
	}
	return true;
}

/*
 * What identifies a statement whose text may vary by the length of a list:
 * equal for all lengths.
 */
extern uint64 statement_fingerprint(StatementInfo *info, const QueryDesc *query);

#endif							/* CLIPPERF_STATEMENT_INFO_H */
