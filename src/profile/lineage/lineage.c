/*-------------------------------------------------------------------------
 *
 * lineage.c
 *	  Which result did this parameter come from?
 *
 * The events of an execution: its statement is analysed, it begins, its rows
 * go by, it ends.  At its beginning the values it looks up are hashed; at its
 * end they are searched for among the result sets of all backends.
 *
 * The end, from lineage_look_back() at the bottom of this file: hits_find() tells
 * where the values were seen, match_choose() which of these results each is
 * attributed to, attribution_add() what that proves.
 *
 * What is kept between events lives in the Execution, so that it goes with
 * the query, also on error.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/lineage.h"

#include "access/xact.h"
#include "commands/prepare.h"
#include "tcop/pquery.h"
#include "utils/lsyscache.h"

#include "hotpath.h"
#include "profile/lineage/attribution.h"
#include "profile/lineage/budget.h"
#include "profile/lineage/chain.h"
#include "profile/lineage/earlier.h"
#include "profile/lineage/hits.h"
#include "profile/lineage/match.h"
#include "profile/lineage/preload.h"
#include "profile/lineage/probes.h"
#include "profile/lineage/receiver.h"
#include "profile/lineage/suspect.h"
#include "profile/lineage/sweep.h"
#include "profile/statement/comparison.h"
#include "profile/statement/key_column.h"
#include "profile/statement/statement_info.h"
#include "profile/statement/value.h"
#include "profile/text/comment.h"
#include "settings.h"
#include "store/text.h"

/* clock_us() when an execution began last: it is later now. */
static int64 begun_us HOTPATH_DATA = 0;

/* Client statements of this backend so far. */
static uint64 statements HOTPATH_DATA = 0;

uint64		lineage_transactions HOTPATH_DATA = 1;

/* What tells a transaction from all others; never 0. */
static inline uint64
transaction_key(void)
{
	return (uint64) (MY_PROC_INDEX + 1) << 40 | (lineage_transactions & 0xFFFFFFFF);
}

/* Where this backend is, for a result set. */
static inline ResultContext
result_context(void)
{
	return (ResultContext)
	{
		.transaction = transaction_key(),
			.statement = statements
	};
}

/* Is lineage to be followed at all? */
static inline bool
is_on(void)
{
	return setting_lineage && store_is_ready();
}

/* The facts that fit an execution's plan, if they are still there. */
static inline StatementInfo *
info_of(const Execution *execution)
{
	StatementInfo *info = execution->info;

	return info != NULL && info->queryid == execution->queryid &&
		info->facts == execution->facts ? info : NULL;
}

/* A request's results are looked for no longer than this, in microseconds. */
#define LONGEST_REQUEST		INT64CONST(60000000)

/* Can a result set of that time be a parent now?  In the same request, it can. */
static inline bool
is_recent(int64 used_us, int64 now_us)
{
	int64		ago = now_us - used_us - RESULTSET_USE_ERROR_US;

	return ago <= (int64) setting_nplusone_window_ms * 1000 ||
		(ago <= now_us - request_begun_us && ago <= LONGEST_REQUEST);
}

/* Is there a result set, recent enough, that holds keys which the statement looks up? */
static pg_noinline bool
keys_are_recent(const StatementInfo *info, int64 now_us)
{
	if (info->any_key || !info->planned)
		return true;
	for (int i = 0; i < KEYS && info->keys[i] != 0; i++)
	{
		if (is_recent(resultset_key_last_use(info->keys[i]), now_us))
			return true;
	}
	return (info->text_key && is_recent(resultset_key_last_use(RESULTSET_TEXTS), now_us)) ||
		(info->given_key && (info->traced || IsTransactionBlock()));
}

/*
 * Can any result set that holds such keys as the statement looks up be its parent
 * now, by its age?  If not, nothing need be looked for in the table of their
 * values, which is large.
 */
static inline bool
results_are_recent(const StatementInfo *info, int64 now_us)
{
	return is_recent(resultset_last_use(), now_us) && keys_are_recent(info, now_us);
}

/* Can what the statement looks up tell anything of its parents? */
static inline bool
may_have_parent(const StatementInfo *info, int64 now_us)
{
	return info->episode != 0 || info->last_lookup.episode != 0 ||
		results_are_recent(info, now_us);
}

/* Find out what the analysed query compares, and whether comments stand in its middle. */
pg_attribute_cold static void
collect_comparisons(StatementInfo *info, Query *query, const JumbleState *jumble,
					const char *source)
{
	Comparisons comparisons;

	comment_learn(source, query->stmt_location, query->stmt_len);

	comparisons_collect(query, &comparisons);
	if (!info->analyzed ||
		(statement_info_lacks_list(info) && merged_list_takes_parameters(&comparisons)))
	{
		statement_info_analyzed(info, query, &comparisons,
								merged_list_last_parameter(&comparisons, jumble));
		literal_learn(&info->literals, &comparisons, jumble, source);
		if (probes_read_literals(info, jumble, source))
			return;
	}
	probes_keep_literals(query->queryId, &comparisons);
}

/*
 * Is it a lookup, or the insertion of a row, that may be repeated within one
 * request, which is suspicious?
 * A request is a trace or a transaction.  The first lookup of a transaction is
 * but noted: most are not repeated.
 */
static inline bool
may_repeat(const StatementInfo *info, bool traced)
{
	return (info->key_lookup || info->row_insert) && (traced || info->transaction == lineage_transactions ||
													  (info->has_list && IsTransactionBlock()));
}

/*
 * Is all known of the statement, and can it not matter what its literals are?
 * That is asked before it runs, so nobody knows whether it has a trace.
 */
static inline bool
is_known(const StatementInfo *info, const ParseState *state)
{
	return info->analyzed &&
		(!info->has_literals ||
		 !(may_have_parent(info, begun_us) || may_repeat(info, info->traced))) &&
		!(statement_info_lacks_list(info) && state->p_paramref_hook != NULL);
}

/* What lineage_analyzed() does unless there is nothing to do for the last one. */
pg_attribute_hot static pg_noinline void
look_into_query(Query *query, const JumbleState *jumble, const ParseState *state)
{
	StatementInfo *info = statement_info_find(query->queryId);

	if (is_known(info, state) ||
		(info->analyzed && probes_read_literals(info, jumble, state->p_sourcetext)))
		return;
	collect_comparisons(info, query, jumble, state->p_sourcetext);
}

/*
 * After parse analysis: literals compared with columns are kept for the
 * statement's execution, if it can matter what they are.  "jumble" and the source
 * text may be NULL.
 */
pg_attribute_hot void
lineage_analyzed(Query *query, const JumbleState *jumble, const ParseState *state)
{
	const StatementInfo *last = statement_info_last;

	if (!is_on() || query->commandType == CMD_UTILITY)
	{
		comment_learn(state->p_sourcetext, query->stmt_location, query->stmt_len);
		return;
	}
	probes_literals_of = 0;
	if (likely(last != NULL && last->queryid == query->queryId &&
			   is_known(last, state)))
		return;
	look_into_query(query, jumble, state);
}

/*
 * The facts of a prepared statement were given up to make room, and it will not be
 * analysed again: read what it compares off the query that was kept with it.
 */
pg_attribute_cold static void
learn_prepared(StatementInfo *info, const Execution *execution)
{
	const char *name = ActivePortal == NULL ? NULL : ActivePortal->prepStmtName;
	PreparedStatement *prepared = name == NULL || execution->level > 0 ? NULL :
		FetchPreparedStatement(name, false);
	ListCell   *cell;

	if (prepared == NULL)
		return;
	foreach(cell, prepared->plansource->query_list)
	{
		Query	   *query = lfirst_node(Query, cell);
		Comparisons comparisons;

		if (query->queryId != info->queryid)
			continue;
		comparisons_collect(query, &comparisons);
		statement_info_analyzed(info, query, &comparisons,
								execution->query->params == NULL ? 0 :
								execution->query->params->numParams);
		return;
	}
}

/*
 * After ExecutorStart: collect what the execution looks up, if that may matter
 * at its end, and keep the facts of its statement at hand.
 */
pg_attribute_hot void
lineage_begin(Execution *execution)
{
	StatementInfo *info;
	bool		looks_up;

	if (!is_on())
		return;
	statements += execution->level == 0;
	info = statement_info_find(execution->queryid);
	if (unlikely(!info->planned ||
				 info->tables_version != setting_tables_version ||
				 !statement_info_fits(info, execution->query)))
	{
		if (!info->analyzed)
			learn_prepared(info, execution);
		statement_info_planned(info, execution->query);
	}
	if (unlikely(info->is_ours) &&
		statement_uses_ours_alone(execution->query->plannedstmt))
	{
		execution->ours = true;
		store_note_ours();
	}
	execution->facts = info->facts;
	info->traced |= execution->trace != 0;
	begun_us = execution->first_us;
	looks_up = may_have_parent(info, execution->first_us) ||
		(execution->level == 0 && may_repeat(info, execution->trace != 0));
	execution->has_keys = info->ncolumns > 0;
	if (looks_up || execution->has_keys || info->key_lookup || info->row_insert)
		execution->info = info;
	if (looks_up)
		probes_collect(execution, info, results_are_recent(info, execution->first_us));
	else if (probes_literals_of == execution->queryid)
		probes_literals_of = 0; /* not for a later execution */
}

/* Does somebody look at the rows that go there? */
static bool
is_followed(const DestReceiver *dest)
{
	switch (dest->mydest)
	{
		case DestRemote:
		case DestRemoteExecute:
		case DestRemoteSimple:
		case DestSPI:
		case DestTuplestore:
		case DestSQLFunction:
		case DestCopyOut:
			return true;
		default:
			return false;
	}
}

/* Has the result lineage worth keeping?  Of so many rows at most, if not 0. */
static inline bool
is_recorded(Execution *execution, StatementInfo *info, uint64 count,
			const DestReceiver *dest)
{
	if (info == NULL || info->ncolumns == 0 || execution->passed_over ||
		!is_followed(dest) || (info->is_bulk && count == 0))
		return false;
	execution->passed_over = info->many_rows &&
		!budget_admits(info, execution->first_us);
	return !execution->passed_over;
}

/*
 * What lineage_receiver() does for an execution whose rows have keys.
 * The recorder is made by the first ExecutorRun whose rows are recorded.
 */
pg_attribute_hot DestReceiver *
lineage_followed(Execution *execution, uint64 count, DestReceiver *dest)
{
	StatementInfo *info = info_of(execution);

	if (execution->recorder == NULL)
	{
		if (!is_recorded(execution, info, count, dest))
			return dest;
		execution->recorder = recorder_make(execution, info);
	}
	return recorder_receiver(execution->recorder, dest);
}

/*
 * The text of a statement that does not count by itself, inside a function
 * for instance, must be kept for those who name it as a parent.
 */
static void
keep_text(Execution *execution, StatementInfo *info)
{
	TextKey		key = {
		.queryid = execution->queryid,
		.dbid = MyDatabaseId,
		.userid = execution->userid
	};
	char	   *text;

	if (info->text_kept == text_resets() + UINT64CONST(1))
		return;
	info->text_kept = text_resets() + UINT64CONST(1);
	text = execution_numbered_text(execution);

	text_keep(&key, text);
	pfree(text);
}

/* Was the statement part of a proven loop just before, as this backend saw it? */
static inline bool
is_looping(const StatementInfo *info, int64 now_us)
{
	return info->looped_us != 0 &&
		(now_us - info->looped_us <= match_longest_pause() ||
		 info->looped_us >= request_begun_us);
}

/*
 * The rows of an execution have gone by: show what its recorder has seen, or
 * note what was passed over.
 */
void
lineage_publish_results(Execution *execution)
{
	StatementInfo *info = info_of(execution);
	ResultContext context = result_context();

	if (info == NULL)
		return;
	info->many_rows = execution->work.rows > 1;
	budget_earn(execution->last_us - execution->stretch_us);
	if (execution->recorder == NULL)
		return;
	context.nested = is_looping(info, execution->first_us);
	if (recorder_publish(execution->recorder, info, &context))
		keep_text(execution, info);
}

/*
 * Remember the episode that this backend is in with a statement, and when the
 * statement was last part of a proven loop.
 */
static void
note_episode(const Execution *execution, StatementInfo *info,
			 const Match *match, Attribution attribution)
{
	if (attribution == ATTRIBUTION_PROVEN)
		info->looped_us = execution->last_us;
	if (match->proximity == PROXIMITY_NONE || attribution != ATTRIBUTION_OPEN)
		return;
	if (info->episode != match->episode)
		info->strays = 0;
	info->episode = match->episode;
	info->episode_us = execution->last_us;
	info->strayed = false;
}

/*
 * A child of a loop that this backend has seen before: its only row may have
 * children in turn.
 */
static void
extend_chain(Execution *execution, StatementInfo *info, const Match *match,
			 Attribution attribution)
{
	ResultContext context = result_context();

	if (match->proximity == PROXIMITY_NONE || attribution == ATTRIBUTION_REFUSED ||
		info->episode != match->episode)
		return;
	context.nested = attribution == ATTRIBUTION_PROVEN;
	if (chain_extend(execution, info, &context, match->episode) &&
		context.nested)
		keep_text(execution, info);
}

/*
 * Evidence against the episode this backend was in, if it is another one.  The
 * same values again, as those of the user whose request it is, are no more of
 * it.
 */
static void
note_miss(const Execution *execution, StatementInfo *info, bool elsewhere)
{
	uint64		stray = UINT64CONST(1) << (probes_hash(&execution->probes) % 64);

	if (info->strayed)
		return;
	if ((info->strays & stray) == 0 &&
		execution->first_us - info->episode_us <= match_longest_pause())
		attribution_miss(info->episode, elsewhere);
	info->strays |= stray;
	info->strayed = true;
}

/*
 * Choose a result set for each value found.  Returns the number of the value whose
 * loop has been counted already, -1 if there is none.
 */
static int
choose_matches(const Scene *scene, const ProbeList *list, const ProbeHits *found,
			   uint64 fingerprint, MatchList *matches)
{
	int			counted = -1;

	for (int i = 0; i < list->count; i++)
	{
		matches[i].best.found = false;
		if (found[i].count == 0)
			continue;
		match_choose(scene, &list->probes[i], found[i].hits, found[i].count,
					 fingerprint, &matches[i]);
		if (counted < 0 && matches[i].best.found && matches[i].best.counted)
			counted = i;
	}
	return counted;
}

/*
 * Attribute each value found to a result set.  One result set alone counts this
 * child in the patterns, however many of its values were found: the one that has
 * counted its loop so far.  True if any attribution was accepted, other than one to texts
 * of a small domain, which is seldom proven: those are suspected as if it were not.
 */
static bool
attribute_hits(Execution *execution, StatementInfo *info, const ProbeList *list,
			   const ProbeHits *found)
{
	Scene		scene = {execution, transaction_key(), statements};
	uint64		fingerprint = statement_fingerprint(info, execution->query);
	MatchList	matches[PROBES];
	int			counting = choose_matches(&scene, list, found, fingerprint, matches);
	bool		local = false;
	bool		accepted = false;

	for (int i = 0; i < list->count; i++)
	{
		const Match *match = &matches[i].best;
		Attribution attribution;

		if (!match->found)
			continue;
		attribution = attribution_add(execution, &list->probes[i], fingerprint,
									  &matches[i], counting < 0 || counting == i);
		accepted |= attribution == ATTRIBUTION_PROVEN ||
			(attribution == ATTRIBUTION_OPEN && !match_only_order(&match->column));
		if (match->column.is_text && attribution != ATTRIBUTION_REFUSED)
			resultset_note_looked_up(match->hit.slot, match->hit.column);
		if (attribution == ATTRIBUTION_PROVEN && counting < 0)
			counting = i;
		local |= match->proximity != PROXIMITY_NONE;
		extend_chain(execution, info, match, attribution);
		note_episode(execution, info, match, attribution);
		if (match->proximity != PROXIMITY_NONE)
			earlier_note(fingerprint, match_parameter(&list->probes[i].comparison),
						 list->probes[i].hash, execution->first_us);
	}
	if (!local && info->episode != 0)
		note_miss(execution, info, accepted);
	return accepted;
}

/*
 * Does the statement go on, past the end of the result it seemed to follow?
 * Then it is a sweep, and its attribution to that result is taken back.
 */
static void
check_sweep(const Execution *execution, LastLookup *last_lookup, ProbeHits *found)
{
	for (int i = 0; i < execution->probes.count; i++)
	{
		if (sweep_left_behind(execution, i, found[i].hits, found[i].count))
			attribution_retract(last_lookup->episode, last_lookup->history);
	}
	last_lookup->episode = 0;
}

/*
 * A lookup by a key that has no parent is suspicious if it is repeated in one
 * request, unless the statement is in a loop that is proven.  The first one of a
 * transaction is but noted.
 */
static inline void
suspect_repetition(Execution *execution, StatementInfo *info)
{
	bool		in_block;

	if (!(info->key_lookup || info->row_insert) || execution->level > 0)
		return;
	in_block = IsTransactionBlock();
	if ((execution->trace == 0 && !in_block) ||
		is_looping(info, execution->first_us))
		return;
	if (execution->trace != 0 || may_repeat(info, false))
	{
		if (execution->probes.count > 0 || info->row_insert)
			suspect_add(execution, info, in_block ? transaction_key() : 0);
	}
	else
	{
		info->transaction = lineage_transactions;
		info->noted_us = execution->first_us;
	}
}

/* May any of the values have been seen in a result?  Most were in none. */
static inline bool
may_be_child(const ProbeList *list)
{
	for (int i = 0; i < list->count; i++)
	{
		if (resultset_holds(list->probes[i].hash))
			return true;
	}
	return false;
}

/*
 * Of a statement with a list: is that all of one result's values?  No list that holds
 * several of one result is looked at any further.
 */
pg_attribute_cold static bool
look_for_preload(Execution *execution, StatementInfo *info, ProbeHits *found)
{
	Scene		scene = {execution, transaction_key(), statements};
	bool		preloads = preload_note(&scene, execution,
										statement_fingerprint(info, execution->query),
										found);

	hits_drop_batches(&execution->probes, found);
	return preloads;
}

/*
 * Look for the results that the values came from.  True if there is one that
 * the lookup was attributed to.
 */
static pg_noinline bool
look_for_parents(Execution *execution, StatementInfo *info)
{
	const ProbeList *list = &execution->probes;
	ProbeHits	found[PROBES];
	bool		lists;
	bool		any = hits_find(execution, list, found, &lists);
	bool		preloads = any && lists && look_for_preload(execution, info, found);

	if (info->last_lookup.episode != 0)
		check_sweep(execution, &info->last_lookup, found);
	if (any)
		return attribute_hits(execution, info, list, found) || preloads;
	if (info->episode != 0)
		note_miss(execution, info, false);
	return false;
}

/* What lineage_end() does for an execution of which something is known. */
pg_attribute_hot void
lineage_look_back(Execution *execution)
{
	StatementInfo *info = info_of(execution);
	bool		attributed = false;

	if (info == NULL)
		return;
	if (execution->probes.count > 0)
	{
		info->lookups++;
		if (unlikely(info->last_lookup.episode != 0 || info->episode != 0 ||
					 (results_are_recent(info, execution->first_us) &&
					  may_be_child(&execution->probes))))
			attributed = look_for_parents(execution, info);
		sweep_end(execution);
	}
	if (!attributed)
		suspect_repetition(execution, info);
	if (execution->recorder != NULL)
		recorder_judge_guesses(execution->recorder, info);
}
