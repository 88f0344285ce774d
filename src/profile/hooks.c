/*-------------------------------------------------------------------------
 *
 * hooks.c
 *	  The hooks into the executor, the parser and utility statements.
 *
 * Each hook guards, chains, measures and makes one call.  What is known of an
 * execution lives in an Execution, which goes with the query's own memory
 * context whatever happens.
 *
 * Nothing here is shared between backends.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/hooks.h"

#include "access/xact.h"
#include "executor/instrument.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/fmgrprotos.h"

#include "common/clock.h"
#include "common/extension.h"
#include "hotpath.h"
#include "profile/cache_capture.h"
#include "profile/failure.h"
#include "profile/function.h"
#include "profile/lineage/lineage.h"
#include "profile/parameters.h"
#include "profile/plan/plan_facts.h"
#include "profile/plan/plan_measure.h"
#include "profile/plan/plan_sampling.h"
#include "profile/plan/plan_tables.h"
#include "profile/plan/private_columns.h"
#include "profile/planning.h"
#include "profile/request.h"
#include "profile/request_measure.h"
#include "profile/statement/execution.h"
#include "profile/text/named_statement.h"
#include "profile/text/normalize.h"
#include "profile/text/source.h"
#include "profile/utility.h"
#include "profile/watched.h"
#include "settings.h"
#include "store/sample.h"
#include "store/session.h"
#include "store/statement.h"

/* What our hooks call: that of another extension, or the server's own. */
static ExecutorStart_hook_type prev_start HOTPATH_DATA = NULL;
static ExecutorRun_hook_type prev_run HOTPATH_DATA = NULL;
static ExecutorFinish_hook_type prev_finish HOTPATH_DATA = NULL;
static ExecutorEnd_hook_type prev_end HOTPATH_DATA = NULL;
static ProcessUtility_hook_type prev_utility HOTPATH_DATA = NULL;

/* NULL if there is no other extension's. */
static post_parse_analyze_hook_type prev_post_parse HOTPATH_DATA = NULL;

/* Our own time is measured in one of this many executions. */
#define OVERHEAD_INTERVAL 128

/* Where the statement of a plan stands. */
static inline StatementSource
plan_source(const QueryDesc *query)
{
	return source_of(query->sourceText, query->plannedstmt->stmt_location,
					 query->plannedstmt->stmt_len);
}

static inline StatementKey
execution_key(const Execution *execution)
{
	return watched_key(execution->queryid, execution->userid,
					   execution->route, execution->level);
}

/* Count an execution that ended with an error. */
pg_attribute_cold static void
fail_execution(Execution *execution)
{
	execution->counted = true;
	if (execution->level == 0)
		request_measure_failed(execution);
	if (execution->tracked && !execution->ours &&
		execution->stretch_calls == extension_calls)
		failure_count(execution_key(execution), &execution->source,
					  execution->query->estate->es_query_cxt);
}

/* The server's counters of work as they are now. */
static inline WorkCounters
read_work(void)
{
	return (WorkCounters)
	{
		.shared_blks_hit = pgBufferUsage.shared_blks_hit,
			.shared_blks_read = pgBufferUsage.shared_blks_read,
			.temp_blks_written = pgBufferUsage.temp_blks_written,
			.wal_bytes = pgWalUsage.wal_bytes
	};
}

/* Add what was done since a reading to a sum. */
static inline void
add_work(WorkCounters *sum, const WorkCounters *before)
{
	WorkCounters now = read_work();

	sum->shared_blks_hit += now.shared_blks_hit - before->shared_blks_hit;
	sum->shared_blks_read += now.shared_blks_read - before->shared_blks_read;
	sum->temp_blks_written += now.temp_blks_written - before->temp_blks_written;
	sum->wal_bytes += now.wal_bytes - before->wal_bytes;
}

/* Is our own work timed in this execution? */
static inline bool
is_own_timed(const Execution *execution)
{
	return execution->own_ns >= 0;
}

/* Begin and end of a stretch of our own work. */
static inline int64
begin_own_work(const Execution *execution)
{
	return unlikely(is_own_timed(execution)) ? clock_ns() : 0;
}

static inline void
end_own_work(Execution *execution, int64 start)
{
	if (unlikely(is_own_timed(execution)))
		execution->own_ns += clock_ns() - start;
}

/* Tell the store what an execution whose own work was timed has cost. */
static pg_noinline void
report_own_work(const Execution *execution)
{
	pg_atomic_fetch_add_u64(&store_header->overhead_ns, execution->own_ns);
	pg_atomic_fetch_add_u64(&store_header->overhead_of_ns,
							execution->work.elapsed_us * 1000);
	pg_atomic_fetch_add_u64(&store_header->overhead_samples, 1);
}

/*
 * When it began, and the planner's time for it if it was planned just now.
 * Then it begins where the planner ended: that spares a look at the clock.  Returns
 * whether the planner has begun its request, too.
 */
static inline bool
begin_times(Execution *execution)
{
	bool		begun = false;

	if (likely(planning_last.queryid == execution->queryid &&
			   planning_last.message == execution->message))
	{
		execution->work.plan_us = planning_last.us;
		execution->first_us = planning_last.ended_us;
		begun = planning_last.begun;
	}
	else
		execution->first_us = clock_us();
	execution->last_us = execution->first_us;
	planning_last.queryid = 0;
	return begun;
}

/*
 * Which request, function and trigger it runs in; its request was begun already if
 * "begun" says so.
 */
static inline void
identify(Execution *execution, bool begun)
{
	execution->level = watched_level_of(execution->source.text);
	execution->tracked = watched_is_tracked(execution->level);
	if (likely(execution->level == 0))
	{
		request_time_begin(execution->first_us - execution->work.plan_us);
		execution->bare = likely(begun) ? planning_bare(execution->source.text) :
			request_begin(execution->source.text, execution->source.location,
						  execution->source.length);
		request_parsed.source = NULL;
	}
	else
	{
		execution->bare.at = NULL;
		execution->function = function_current();
		execution->ours = watched_is_within_ours(execution->function, true);
		execution->trigger_depth = DatumGetInt32(pg_trigger_depth(NULL));
	}
	execution->route = request_current.route;
	execution->trace = request_current.trace;
}

/*
 * Is this one of the executions whose own work is timed?  Backends begin to
 * count at different numbers, or those that run a single statement would all
 * tell what the first one costs.
 */
static bool
is_own_work_timed(void)
{
	static uint32 opened HOTPATH_DATA = 0;

	if (opened == 0)
		opened = MyProcPid;
	return opened++ % OVERHEAD_INTERVAL == 0;
}

/* Make the Execution of a query that has just been started. */
static void
open_execution(QueryDesc *query, int plan_options, int scan_options)
{
	Execution  *execution = execution_open(query);
	int64		start;

	execution->own_ns = is_own_work_timed() ? 0 : -1;
	start = begin_own_work(execution);
	execution->source = plan_source(query);
	execution->queryid = query->plannedstmt->queryId;
	execution->userid = GetUserId();
	execution->message = GetCurrentStatementStartTimestamp();
	identify(execution, begin_times(execution));
	if (unlikely(plan_options != 0))
	{
		execution->is_measured = true;
		execution->is_only_measured = scan_options == 0;
	}
	lineage_begin(execution);
	end_own_work(execution, start);
}

/* Can this query count in clipperf_queries, as identify() will find out? */
static inline bool
may_be_tracked(const QueryDesc *query)
{
	return likely(watched_nesting == 0) ||
		watched_is_tracked(watched_level_of(query->sourceText));
}

/* Have we something to say about this query? */
static inline bool
is_watched(const QueryDesc *query, int eflags)
{
	return watched_now() && query->plannedstmt->queryId != 0 &&
		(eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 &&
		(likely(watched_nesting == 0) || !utility_around.explains);
}

/* ExecutorStart failed, for lack of rights for instance. */
pg_attribute_cold static void
fail_start(const QueryDesc *query, MemoryContext context)
{
	StatementSource source = plan_source(query);
	int			level = watched_level_of(source.text);

	if (!watched_failure_counts(level))
		return;
	if (level == 0)
	{
		(void) request_begin(source.text, source.location, source.length);
		request_measure_unstarted(clock_us());
	}
	failure_count(watched_key(query->plannedstmt->queryId, GetUserId(),
							  request_current.route, level),
				  &source, context);
}

/* ExecutorStart_hook */
pg_attribute_hot static void
executor_start(QueryDesc *queryDesc, int eflags)
{
	bool		watched = is_watched(queryDesc, eflags);
	MemoryContext context = CurrentMemoryContext;
	int			scan_options = 0;
	int			plan_options = 0;

	if (watched)
	{
		scan_options = plan_facts_options(queryDesc);
		if (may_be_tracked(queryDesc))
			plan_options = plan_sampling_options(queryDesc->plannedstmt->queryId,
												 plan_is_lookup(queryDesc->plannedstmt));
		queryDesc->instrument_options |= scan_options | plan_options;
	}

	PG_TRY();
	{
		prev_start(queryDesc, eflags);
	}
	PG_CATCH();
	{
		if (watched)
			fail_start(queryDesc, context);
		PG_RE_THROW();
	}
	PG_END_TRY();

	if (watched)
		open_execution(queryDesc, plan_options, scan_options);
}

/* An ExecutorRun or ExecutorFinish begins its work, and has done it. */
static inline void
begin_stretch(Execution *execution)
{
	execution->running = true;
	execution->stretch_work = read_work();
	execution->stretch_calls = extension_calls;
	execution->stretch_us = clock_us();
}

static inline void
end_stretch(Execution *execution)
{
	execution->running = false;
	execution->last_us = clock_us();
	execution->work.elapsed_us += execution->last_us - execution->stretch_us;
	execution->ours |= execution->stretch_calls != extension_calls;
	add_work(&execution->work.counters, &execution->stretch_work);
}

/* ExecutorRun has returned. */
static inline void
end_run(Execution *execution)
{
	int64		own_start = begin_own_work(execution);

	end_stretch(execution);
	execution->work.rows += execution->query->estate->es_processed;
	if (execution->level == 0)
		execution->pipelined = request_next_is_waiting();
	lineage_publish(execution);
	end_own_work(execution, own_start);
}

/* ExecutorRun_hook */
pg_attribute_hot static void
executor_run(EXECUTOR_RUN_ARGS)
{
	Execution  *execution = execution_find(queryDesc);
	DestReceiver *dest = queryDesc->dest;

	if (execution)
	{
		if (likely(execution->level == 0))
			session_runs(execution->queryid, execution->userid, execution->route,
						 GetCurrentStatementStartTimestamp());
		queryDesc->dest = lineage_receiver(execution, count, dest);
		if (unlikely(execution->is_measured) && count != 0)
			execution->is_in_parts = true;
		begin_stretch(execution);
	}
	watched_nesting++;
	PG_TRY();
	{
		prev_run(EXECUTOR_RUN_PASS);
		watched_nesting--;
		queryDesc->dest = dest;
	}
	PG_CATCH();
	{
		watched_nesting--;
		queryDesc->dest = dest;
		if (execution)
			fail_execution(execution);
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (execution)
		end_run(execution);
}

/* Has any of these tables a trigger?  Foreign keys are triggers, too. */
static inline bool
have_triggers(const List *relations)
{
	ListCell   *cell;

	foreach(cell, relations)
	{
		if (((ResultRelInfo *) lfirst(cell))->ri_TrigDesc != NULL)
			return true;
	}
	return false;
}

/*
 * Can ExecutorFinish run statements?  It completes what a WITH changes, and
 * fires triggers.
 */
static inline bool
finish_matters(const QueryDesc *query)
{
	const EState *estate = query->estate;

	return query->plannedstmt->hasModifyingCTE ||
		have_triggers(estate->es_opened_result_relations) ||
		have_triggers(estate->es_tuple_routing_result_relations);
}

/* ExecutorFinish where that takes time. */
pg_attribute_hot static void
finish_watched(QueryDesc *queryDesc)
{
	Execution  *execution = execution_find(queryDesc);

	if (execution)
		begin_stretch(execution);
	watched_nesting++;
	PG_TRY();
	{
		prev_finish(queryDesc);
		watched_nesting--;
	}
	PG_CATCH();
	{
		watched_nesting--;
		if (execution)
			fail_execution(execution);
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (execution)
		end_stretch(execution);
}

/* ExecutorFinish_hook */
pg_attribute_hot static void
executor_finish(QueryDesc *queryDesc)
{
	if (finish_matters(queryDesc))
		finish_watched(queryDesc);
	else
		prev_finish(queryDesc);
}

/* Count a tracked execution that ended well. */
static void
count_execution(Execution *execution)
{
	StatementKey key = execution_key(execution);
	StatementSample sample = {
		.params_hash = parameters_hash(execution),
		.when = GetCurrentStatementStartTimestamp(),
		.work = &execution->work
	};
	uint32		tables = plan_tables_of(execution);
	int64		nth;

	nth = statement_count(&key, &sample, execution_text, execution);
	if (unlikely(nth == 0))
		return;
	if (unlikely(!statement_tables_are_known(tables)))
	{
		plan_tables_keep(execution, tables);
		cache_capture_forget();
	}
	if (likely(setting_cache_statements > 0) && execution->level == 0)
		cache_capture(execution, &key, tables, sample.params_hash);
	if (setting_capture_parameters &&
		unlikely(sample_wanted(key.queryid, key.userid, nth,
							   execution->work.elapsed_us)))
		parameters_sample(execution, &key, sample.params_hash);
}

/* An execution has ended well: let everybody know. */
static void
close_execution(Execution *execution)
{
	int64		start = begin_own_work(execution);

	execution->counted = true;
	if (unlikely(private_columns_exist) && execution->level > 0)
		private_columns_hand_up(execution);
	if (likely(!execution->ours))
	{
		plan_facts_collect(execution);
		if (unlikely(execution->is_measured) && execution->tracked)
			plan_measure_record(execution);
		if (execution->tracked)
			count_execution(execution);
		else
			plan_tables_hand_up(execution);
	}
	lineage_end(execution);
	if (likely(execution->level == 0 && !execution->ours))
		request_measure(execution);
	end_own_work(execution, start);
	if (unlikely(is_own_timed(execution)))
		report_own_work(execution);
}

/* ExecutorEnd_hook */
pg_attribute_hot static void
executor_end(QueryDesc *queryDesc)
{
	Execution  *execution = execution_find(queryDesc);

	if (likely(execution != NULL && !execution->counted))
		close_execution(execution);

	prev_end(queryDesc);
}

/*
 * Remember which text was parsed for an execution that follows.  What PREPARE
 * analyzes is for later, and what EXECUTE does was prepared earlier.
 */
static inline void
note_parsed(const Query *query, const char *source)
{
	if (watched_nesting == 0 && query->commandType != CMD_UTILITY &&
		source_utility.text == NULL)
	{
		request_parsed.source = source;
		request_parsed.message = GetCurrentStatementStartTimestamp();
	}
}

/* post_parse_analyze_hook */
pg_attribute_hot static void
analyzed(POST_PARSE_ARGS)
{
	if (unlikely(prev_post_parse != NULL))
		prev_post_parse(POST_PARSE_PASS);
	normalize_watch_settings();
	if (query->queryId == 0 || !watched_now())
		return;
	note_parsed(query, pstate->p_sourcetext);
	if (setting_capture_parameters)
		named_statement_analyzed(pstate, query);
	lineage_analyzed(query, jstate, pstate);
}

/* BEGIN: which request it belongs to is told by the statement after it. */
static inline bool
begins_transaction(const TransactionStmt *statement)
{
	return statement->kind == TRANS_STMT_BEGIN ||
		statement->kind == TRANS_STMT_START;
}

/*
 * A utility statement of the client begins: what runs inside DO, CALL and the
 * like belongs to its request.  BEGIN and COMMIT contain nothing of their own; what
 * COMMIT waits for belongs to the request that it ends.
 */
static inline void
begin_utility(const PlannedStmt *pstmt, const char *source)
{
	if (watched_nesting > 0 || !watched_now())
		return;
	request_utility_begins(pstmt->utilityStmt);
	if (!IsA(pstmt->utilityStmt, TransactionStmt))
		(void) request_begin(source, pstmt->stmt_location, pstmt->stmt_len);
	else if (begins_transaction((const TransactionStmt *) pstmt->utilityStmt))
		return;
	session_write(0, GetUserId(), request_current.route,
				  CreateCommandTag(pstmt->utilityStmt),
				  GetCurrentStatementStartTimestamp());
}

/*
 * ProcessUtility_hook: utility statements are not tracked, but nest; the query
 * whose result one keeps is.
 */
pg_attribute_hot static void
process_utility(PlannedStmt *pstmt, const char *queryString,
				bool readOnlyTree, ProcessUtilityContext context,
				ParamListInfo params, QueryEnvironment *queryEnv,
				DestReceiver *dest, QueryCompletion *qc)
{
	int			deeper = utility_is_transparent(pstmt->utilityStmt) ? 0 : 1;
	StatementSource before = source_enter(queryString, pstmt->stmt_location,
										  pstmt->stmt_len);
	UtilityAround around = utility_enter(pstmt->utilityStmt, queryString,
										 watched_nesting);

	if (deeper > 0 && utility_around.kept != queryString)
		begin_utility(pstmt, queryString);
	watched_nesting += deeper;
	PG_TRY();
	{
		prev_utility(pstmt, queryString, readOnlyTree, context, params,
					 queryEnv, dest, qc);
	}
	PG_FINALLY();
	{
		watched_nesting -= deeper;
		if (watched_nesting == 0 && deeper > 0)
			request_time_end(clock_us());
		utility_around = around;
		source_leave(before);
	}
	PG_END_TRY();
}

/* XactCallback */
pg_attribute_hot static void
transaction_ended(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			lineage_transaction_end();
			request_transaction_ended(event);
			request_parsed.source = NULL;
			break;
		default:
			break;
	}
}

/*
 * SubXactCallback: a statement that failed is not executed any more.  One that
 * catches errors while it is planned may be.
 */
static void
forget_failed_text(SubXactEvent event, SubTransactionId mySubid,
				   SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && watched_nesting == 0)
		request_parsed.source = NULL;
}

/* Called from _PG_init: install the hooks, each before those that are there. */
void
hooks_install(void)
{
	EnableQueryId();
	function_install();
	RegisterXactCallback(transaction_ended, NULL);
	RegisterSubXactCallback(forget_failed_text, NULL);

	prev_post_parse = post_parse_analyze_hook;
	post_parse_analyze_hook = analyzed;
	planning_install();
	prev_start = ExecutorStart_hook ? ExecutorStart_hook : standard_ExecutorStart;
	ExecutorStart_hook = executor_start;
	prev_run = ExecutorRun_hook ? ExecutorRun_hook : standard_ExecutorRun;
	ExecutorRun_hook = executor_run;
	prev_finish =
		ExecutorFinish_hook ? ExecutorFinish_hook : standard_ExecutorFinish;
	ExecutorFinish_hook = executor_finish;
	prev_end = ExecutorEnd_hook ? ExecutorEnd_hook : standard_ExecutorEnd;
	ExecutorEnd_hook = executor_end;
	prev_utility =
		ProcessUtility_hook ? ProcessUtility_hook : standard_ProcessUtility;
	ProcessUtility_hook = process_utility;
}
