/*-------------------------------------------------------------------------
 *
 * watched.h
 *	  Which statements are watched, and whose they are.
 *
 * What each execution asks is answered here, without a call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_WATCHED_H
#define CLIPPERF_WATCHED_H

#include "compat.h"

#include "commands/trigger.h"
#include "tcop/pquery.h"
#include "utils/fmgrprotos.h"

#include "hotpath.h"
#include "profile/utility.h"
#include "settings.h"
#include "store/statement_counters.h"

/* 0 while statements of the client run, more inside of them.  Set by hooks.c. */
HOTPATH_EXTERN int watched_nesting;

/* Find out whether anything is captured, after a setting has changed. */
extern bool watched_find_out(void);

/* Is anything to be captured in this process now? */
static inline bool
watched_now(void)
{
	return likely(setting_captures == CAPTURES_YES) ||
		(setting_captures == CAPTURES_UNKNOWN && watched_find_out());
}

/*
 * The level of a statement that begins now.  What deferred triggers do when an
 * implicit transaction commits runs outside of any executor, but no client has
 * sent it.  It runs outside of any portal, or in one of PL/pgSQL's, which have
 * names; that of the client seldom has.
 */
static inline int
watched_level(void)
{
	if (watched_nesting == 0 &&
		unlikely(ActivePortal == NULL || ActivePortal->name[0] != '\0') &&
		DatumGetInt32(pg_trigger_depth(NULL)) > 0)
		return 1;
	return watched_nesting;
}

/* The level of a statement with this text: 0 for a kept query of the client's. */
static inline int
watched_level_of(const char *text)
{
	int			level = watched_level();

	return unlikely(level > 0) && utility_keeps_result(text, level) ? 0 : level;
}

/* Do statements of this level count? */
static inline bool
watched_is_tracked(int level)
{
	return level == 0 || setting_track == TRACK_ALL;
}

/* Does what begins now, which no client has sent, run inside of ours? */
extern bool watched_is_within_ours(Oid function, bool ask);

/* Does a statement of this level count that has failed before it was executed? */
extern bool watched_failure_counts(int level);

/* What tells a statement of this level from others. */
static inline StatementKey
watched_key(uint64 queryid, Oid userid, RouteId route, int level)
{
	return (StatementKey)
	{
		.queryid = queryid,
			.userid = userid,
			.dbid = MyDatabaseId,
			.route = route,
			.toplevel = level == 0
	};
}

#endif							/* CLIPPERF_WATCHED_H */
