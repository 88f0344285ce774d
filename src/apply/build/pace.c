/*-------------------------------------------------------------------------
 *
 * pace.c
 *	  How fast builds get on.
 *
 * The server tells in which phase a build is and how much of it is done, but
 * not since when.  The launcher, which watches the builds anyway, remembers
 * that, and how long a build has worked rather than waited for others.
 *
 *-------------------------------------------------------------------------
 */
#include "apply/build/pace.h"

#include "compat.h"

#include "commands/progress.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

#include "apply/jobs/queue.h"
#include "report/report.h"

PGDLLEXPORT Datum clipperf_build_pace(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(clipperf_build_pace);

#define PACE_COLUMNS 4

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
is_same_phase(const BuildPace *pace, const Progress *progress)
{
	return pace->seen_at != 0 && pace->table == progress->table &&
		pace->phase == progress->phase && pace->subphase == progress->subphase;
}

/* The time that it had worked, at "now"; the moments around a wait are left out. */
static int64
work_until(const BuildPace *pace, const Progress *progress, TimestampTz now)
{
	if (pace->seen_at == 0 || is_wait(pace->phase) || is_wait(progress->phase))
		return pace->work_us;
	return pace->work_us + Max(now - pace->seen_at, 0);
}

/*
 * Blocks of the phase that were done when it was seen first.  In its first
 * block the scan of a table says that all were.
 */
static int64
first_blocks(const BuildPace *pace, const Progress *progress)
{
	return progress->blocks < pace->phase_blocks ? 0 : pace->phase_blocks;
}

/* Bring what is known of a build up to date. */
static void
advance(BuildPace *pace, const Progress *progress, TimestampTz now)
{
	/* Phases go upwards, so this is another statement. */
	if (pace->table != progress->table || pace->phase > progress->phase)
		memset(pace, 0, sizeof(*pace));
	pace->work_us = work_until(pace, progress, now);
	if (is_same_phase(pace, progress))
		pace->phase_blocks = first_blocks(pace, progress);
	else
	{
		pace->phase_since = now;
		pace->phase_blocks = progress->blocks;
	}
	pace->table = progress->table;
	pace->phase = progress->phase;
	pace->subphase = progress->subphase;
	pace->seen_at = now;
}

/* See pace.h. */
void
pace_watch(void)
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
		advance(&builds[i].pace, &progress, GetCurrentTimestamp());
		queue_keep_pace(&builds[i]);
	}
}

/* Put out one row, unless the build is in another phase by now. */
static void
put_pace(ReturnSetInfo *result, const RunningBuild *build)
{
	const BuildPace *pace = &build->pace;
	Datum		values[PACE_COLUMNS];
	bool		nulls[PACE_COLUMNS] = {false};
	TimestampTz now = GetCurrentTimestamp();
	Progress	progress;
	int			i = 0;

	if (!read_progress(build->pid, &progress) || !is_same_phase(pace, &progress))
		return;
	values[i++] = Int32GetDatum(build->pid);
	values[i++] = Float8GetDatum(US_TO_MS(Max(now - pace->phase_since, 0)));
	values[i++] = Int64GetDatum(first_blocks(pace, &progress));
	values[i++] = Float8GetDatum(US_TO_MS(work_until(pace, &progress, now)));
	Assert(i == PACE_COLUMNS);
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

	report_begin_rows(fcinfo, PACE_COLUMNS);
	count = queue_builds(builds);
	for (int i = 0; i < count; i++)
		put_pace((ReturnSetInfo *) fcinfo->resultinfo, &builds[i]);
	return (Datum) 0;
}
