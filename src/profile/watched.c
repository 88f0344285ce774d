/*-------------------------------------------------------------------------
 *
 * watched.c
 *	  Which statements are watched, and whose they are.
 *
 * Those of processes that serve clients, by level: what a client sends, or what
 * runs inside of that, too.  A statement is ours once functions of ours have run
 * in it: what they run is no query pattern of the application.
 *
 * Belongs to one backend.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/watched.h"

#include "access/parallel.h"
#include "lib/ilist.h"
#include "replication/logicalworker.h"

#include "common/extension.h"
#include "profile/function.h"
#include "profile/statement/execution.h"

int			watched_nesting HOTPATH_DATA = 0;

/*
 * Does this process run statements for someone, by itself?  Autovacuum, the
 * workers that apply changes of a publication and the helpers of a parallel
 * query do not.
 */
static bool
is_server_of_clients(void)
{
	if (MyBackendType == B_BG_WORKER)
		return !IsParallelWorker() && !IsLogicalWorker();
	return MyBackendType != B_AUTOVAC_WORKER;
}

/*
 * What watched_now() does after a setting has changed, and at the first
 * statement of a process.
 */
pg_attribute_cold bool
watched_find_out(void)
{
	bool		captures = setting_enabled && !setting_unseen &&
		setting_track != TRACK_NONE && is_server_of_clients();

	setting_captures = captures ? CAPTURES_YES : CAPTURES_NO;
	return captures;
}

/*
 * Does what begins now, which no client has sent, run inside of a function or
 * statement of ours?  Catalogs may be asked if "ask" says so.
 */
bool
watched_is_within_ours(Oid function, bool ask)
{
	dlist_iter	iter;

	if (function_is_ours(function, ask))
		return true;
	dlist_foreach(iter, &executions)
	{
		const Execution *around = dlist_container(Execution, node, iter.cur);

		if (around->running)
			return around->ours || around->stretch_calls != extension_calls;
	}
	return false;
}

/*
 * Does a statement of this level count that has failed before it was executed?
 * From within PG_CATCH.
 */
pg_attribute_cold bool
watched_failure_counts(int level)
{
	return watched_is_tracked(level) &&
		(level == 0 || !watched_is_within_ours(function_current(), false));
}
