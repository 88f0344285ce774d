/*-------------------------------------------------------------------------
 *
 * planning.c
 *	  The hook into the planner: it is timed, and a statement's request begins.
 *
 * What was found out is kept until the execution of the plan starts, which then
 * begins where the planner ended.
 *
 * Nothing here is shared between backends.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/planning.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/planner.h"

#include "common/clock.h"
#include "profile/failure.h"
#include "profile/lineage/probes.h"
#include "profile/plan/private_columns.h"
#include "profile/request_measure.h"
#include "profile/utility.h"
#include "profile/watched.h"
#include "store/session.h"

/* What our hook calls: that of another extension, or the server's own. */
static planner_hook_type prev_planner HOTPATH_DATA = NULL;

PlannedStatement planning_last HOTPATH_DATA;

/* Planning failed. */
pg_attribute_cold static void
fail_planning(const Query *parse, const char *query_string,
			  int64 begun_us, MemoryContext context)
{
	StatementSource source = source_of(query_string, parse->stmt_location,
									   parse->stmt_len);
	int			level = watched_level_of(source.text);

	if (!watched_failure_counts(level))
		return;
	if (level == 0)
	{
		(void) request_begin(source.text, source.location, source.length);
		request_measure_unstarted(begun_us);
	}
	failure_count(watched_key(parse->queryId, GetUserId(), request_current.route,
							  level),
				  &source, context);
}

/*
 * The query of a cursor, and one whose result is kept, comes to the planner
 * without a queryid, since DECLARE and the like are utility statements.
 */
static inline void
identify_query(Query *parse, const char *query_string, int cursorOptions)
{
	if (parse->queryId == 0 && query_string != NULL && IsQueryIdEnabled() &&
		((cursorOptions & CURSOR_OPT_FAST_PLAN) != 0 ||
		 query_string == utility_around.kept))
		(void) JUMBLE_QUERY(parse, query_string);
}

/*
 * The planner begins with a statement of the client: its request begins, so that the
 * sampler knows whose it is.  It is not repeated when its execution starts.
 */
static inline void
begin_planned(const Query *parse, const char *query_string, TimestampTz message)
{
	StatementSource source = source_of(query_string, parse->stmt_location,
									   parse->stmt_len);
	BareText	bare = request_begin(source.text, source.location, source.length);

	planning_last.is_bare = bare.at != NULL;
	planning_last.bare_length = bare.length;
	planning_last.bare_start = planning_last.is_bare ? bare.at - source.text : 0;
	session_runs(parse->queryId, GetUserId(), request_current.route, message);
}

/* planner_hook */
pg_attribute_hot static PlannedStmt *
measure_planning(PLANNER_ARGS)
{
	MemoryContext context = CurrentMemoryContext;
	bool		watched = watched_now();
	uint64		queryid;
	int64		start = 0;
	TimestampTz message = 0;
	bool		begun = false;
	bool		kept;
	PlannedStmt *plan;

	if (watched)
		identify_query(parse, query_string, cursorOptions);
	queryid = parse->queryId;
	watched = watched && queryid != 0;
	if (watched)
	{
		start = clock_us();
		message = GetCurrentStatementStartTimestamp();
		begun = watched_level() == 0;
		if (begun)
			begin_planned(parse, query_string, message);
	}

	kept = watched && probes_literals_of == queryid && probes_set_literals_aside();
	watched_nesting++;
	PG_TRY();
	{
		plan = prev_planner(PLANNER_PASS);
		watched_nesting--;
	}
	PG_CATCH();
	{
		watched_nesting--;
		if (kept)
			probes_restore_literals(queryid);
		if (watched)
			fail_planning(parse, query_string, start, context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (kept)
		probes_restore_literals(queryid);
	if (watched)
	{
		planning_last.queryid = queryid;
		planning_last.ended_us = clock_us();
		planning_last.us = planning_last.ended_us - start;
		planning_last.message = message;
		planning_last.begun = begun;
		if (setting_capture_parameters == CAPTURE_ON)
			private_columns_learn(plan);
	}
	return plan;
}

/* Called from hooks_install(): install the hook, before the one that is there. */
void
planning_install(void)
{
	prev_planner = planner_hook ? planner_hook : standard_planner;
	planner_hook = measure_planning;
}
