/*-------------------------------------------------------------------------
 *
 * build_progress.c
 *	  How fast builds get on.
 *
 * The server tells in which phase a build is and how much of it is done, but
 * not since when.  The launcher, which watches the builds anyway, remembers
 * that, and how long a build has worked rather than waited for others.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/jobs/build_progress.h"

#include "compat.h"

#include "commands/progress.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/backend_status.h"

#include "apply/jobs/queue.h"
#include "common/clock.h"
#include "common/result_rows.h"
#include "store/store.h"

PGDLLEXPORT Datum clipperf_build_pace(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_build_pace);

#define PROGRESS_COLUMNS 4

/* What the server tells of a build at one moment. */
typedef struct Progress
{
	Oid			table;
	int64		phase;
	int64		subphase;
	int64		blocks;			/* done in this phase */
} Progress;

/* What the process has told, if it builds an index; false if not. */
static bool
read_progress(int pid, Progress *progress)
{
	int			count = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= count; i++)
	{
		LocalPgBackendStatus *local = LOCAL_BACKEND_STATUS(i);
		PgBackendStatus *status = local ? &local->backendStatus : NULL;

		if (status == NULL || status->st_procpid != pid)
			continue;
		progress->table = status->st_progress_command_target;
		progress->phase = status->st_progress_param[PROGRESS_CREATEIDX_PHASE];
		progress->subphase = status->st_progress_param[PROGRESS_CREATEIDX_SUBPHASE];
		progress->blocks = status->st_progress_param[PROGRESS_SCAN_BLOCKS_DONE];
		return status->st_progress_command == PROGRESS_COMMAND_CREATE_INDEX;
	}
	return false;
}

/* Does a build in this phase wait for others? */
static bool
is_wait(int64 phase)
{
	return phase == PROGRESS_CREATEIDX_PHASE_WAIT_1 ||
		phase == PROGRESS_CREATEIDX_PHASE_WAIT_2 ||
		phase == PROGRESS_CREATEIDX_PHASE_WAIT_3 ||
		phase == PROGRESS_CREATEIDX_PHASE_WAIT_4 ||
		phase == PROGRESS_CREATEIDX_PHASE_WAIT_5;
}

/* Is it in the phase in which it was seen last? */
static bool
is_same_phase(const BuildProgress *earlier, const Progress *progress)
{
	return earlier->seen_us != 0 && earlier->table == progress->table &&
		earlier->phase == progress->phase && earlier->subphase == progress->subphase;
}

/* The time that it had worked, at "now"; the moments around a wait are left out. */
static int64
work_until(const BuildProgress *earlier, const Progress *progress, int64 now_us)
{
	if (earlier->seen_us == 0 || is_wait(earlier->phase) || is_wait(progress->phase))
		return earlier->work_us;
	return earlier->work_us + now_us - earlier->seen_us;
}

/*
 * Blocks of the phase that were done when it was seen first.  In its first
 * block the scan of a table says that all were.
 */
static int64
first_blocks(const BuildProgress *earlier, const Progress *progress)
{
	return progress->blocks < earlier->phase_blocks ? 0 : earlier->phase_blocks;
}

/* Bring what is known of a build up to date. */
static void
advance(BuildProgress *earlier, const Progress *progress, int64 now_us)
{
	/* Phases go upwards, so this is another statement. */
	if (earlier->table != progress->table || earlier->phase > progress->phase)
		memset(earlier, 0, sizeof(*earlier));
	earlier->work_us = work_until(earlier, progress, now_us);
	if (is_same_phase(earlier, progress))
		earlier->phase_blocks = first_blocks(earlier, progress);
	else
	{
		earlier->phase_since_us = now_us;
		earlier->phase_blocks = progress->blocks;
	}
	earlier->table = progress->table;
	earlier->phase = progress->phase;
	earlier->subphase = progress->subphase;
	earlier->seen_us = now_us;
}

/* See how far the builds have come; called by the launcher again and again. */
void
build_progress_watch(void)
{
	RunningBuild builds[QUEUE_WORKERS];
	int			count = queue_builds(builds);

	if (count > 0)
		pgstat_clear_backend_activity_snapshot();
	for (int i = 0; i < count; i++)
	{
		Progress	progress;

		if (!read_progress(builds[i].pid, &progress))
			continue;
		advance(&builds[i].progress, &progress, clock_us());
		queue_keep_progress(&builds[i]);
	}
}

/* Put out one row, unless the build is in another phase by now. */
static void
put_progress(ReturnSetInfo *result, const RunningBuild *build)
{
	const BuildProgress *earlier = &build->progress;
	Datum		values[PROGRESS_COLUMNS];
	bool		nulls[PROGRESS_COLUMNS] = {false};
	int64		now_us = clock_us();
	Progress	progress;
	int			i = 0;

	if (!read_progress(build->pid, &progress) || !is_same_phase(earlier, &progress))
		return;
	values[i++] = Int32GetDatum(build->pid);
	values[i++] = Float8GetDatum(US_TO_MS(now_us - earlier->phase_since_us));
	values[i++] = Int64GetDatum(first_blocks(earlier, &progress));
	values[i++] = Float8GetDatum(US_TO_MS(work_until(earlier, &progress, now_us)));
	Assert(i == PROGRESS_COLUMNS);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * clipperf_build_pace(): one row per build, as its progress was when this
 * transaction first looked at it.
 */
Datum
clipperf_build_pace(PG_FUNCTION_ARGS)
{
	RunningBuild builds[QUEUE_WORKERS];
	int			count;

	store_require();
	result_begin_rows(fcinfo, PROGRESS_COLUMNS);
	count = queue_builds(builds);
	for (int i = 0; i < count; i++)
		put_progress((ReturnSetInfo *) fcinfo->resultinfo, &builds[i]);
	return (Datum) 0;
}
