/*-------------------------------------------------------------------------
 *
 * queue.h
 *	  Shared memory of apply: which databases have jobs, who works on them.
 *
 * The jobs themselves are rows of a table in their database.  What is here
 * only wakes processes up and is re-created at every start of the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_QUEUE_H
#define CLIPPERF_QUEUE_H

#include "compat.h"

#include "datatype/timestamp.h"

#define QUEUE_DATABASES		512 /* most that are listed at a time */
#define QUEUE_WORKERS		16	/* bound of clipperf.max_build_workers */

/* Why a worker was told to end the build it runs. */
typedef enum WorkerInterrupt
{
	INTERRUPT_NONE,				/* nobody of us did */
	INTERRUPT_CANCEL,			/* clipperf_cancel() */
	INTERRUPT_GIVE_WAY,			/* someone waits for a lock of the build */
	INTERRUPT_LEAVE				/* someone needs the database alone */
} WorkerInterrupt;

/* What is to become of a database whose worker has not begun. */
typedef enum QueueRetry
{
	RETRY_FAILED,				/* the longer, the more often it has failed */
	RETRY_REFUSED,				/* soon: there was no free process */
	RETRY_WANTED				/* soon: someone needs the database alone */
} QueueRetry;

/* What the launcher gives a worker that it starts. */
typedef struct WorkerTicket
{
	int			slot;
	uint32		generation;		/* of the slot: a late start is recognised */
	Oid			dbid;
} WorkerTicket;

/* What the launcher remembers of a build, see build_progress.c.  All 0: nothing. */
typedef struct BuildProgress
{
	Oid			table;			/* whose index is being built */
	int64		phase;			/* and the subphase, as in progress.h */
	int64		subphase;
	int64		phase_since_us; /* clock_us() when it was seen in it first */
	int64		phase_blocks;	/* blocks it had done of it then */
	int64		seen_us;		/* clock_us() when it was seen last */
	int64		work_us;		/* time it has worked until then */
} BuildProgress;

/* A build that goes on, as the launcher watches it. */
typedef struct RunningBuild
{
	int64		job;
	int			pid;			/* of the worker */
	Oid			dbid;
	Oid			relid;
	Oid			extension;		/* ours, if it has that locked */
	BuildProgress progress;
} RunningBuild;

/* Install the hooks that set our shared memory up; from _PG_init. */
extern void queue_init(void);

/* Bytes of shared memory that are used here. */
extern Size queue_memory(void);

/* ------------------------------------------------------------------------
 * For everybody
 * ------------------------------------------------------------------------ */

/* Have our database looked into at once. */
extern void queue_wake(void);

/* Have our database looked into when the current transaction commits. */
extern void queue_wake_at_commit(void);

/* Cancel the build of a job and say why; false if no worker is on it. */
extern bool queue_interrupt(Oid dbid, int64 job, WorkerInterrupt why, int by);

/* The process of the launcher; 0 if it does not run. */
extern int	queue_launcher_pid(void);

/* Since when no process is to be had for a worker; 0 if one is. */
extern TimestampTz queue_refused_since(void);

/* When work began in this run of the server, as a primary; 0 = not yet. */
extern TimestampTz queue_since(void);

/* ------------------------------------------------------------------------
 * For the launcher
 * ------------------------------------------------------------------------ */

/* This process is the launcher. */
extern void queue_launcher_begins(void);

/* Should all databases be looked into?  Asked once per request. */
extern bool queue_take_rescan(void);

/* Have a database looked into as one of all; false if that must wait. */
extern bool queue_visit(Oid dbid);

/* Give the database that has been due the longest to a new worker. */
extern bool queue_assign(int most, WorkerTicket *ticket);

/* Take an assignment back if its worker has not begun, and say why. */
extern void queue_unassign(const WorkerTicket *ticket, QueueRetry why);

/* A worker process was to be had. */
extern void queue_started(void);

/* The database is gone. */
extern void queue_forget(Oid dbid);

/* Milliseconds until something is due that is not yet; -1 = nothing. */
extern long queue_sleep_ms(void);

/* The builds that go on, QUEUE_WORKERS at most; returns their number. */
extern int	queue_builds(RunningBuild *builds);

/* Remember the progress of a build that goes on still. */
extern void queue_keep_progress(const RunningBuild *build);

/* The databases that workers are in, QUEUE_WORKERS at most; returns their number. */
extern int	queue_databases_in_use(Oid *dbids);

/* Have the workers of a database leave it. */
extern void queue_leave(Oid dbid);

/* ------------------------------------------------------------------------
 * For a worker
 * ------------------------------------------------------------------------ */

/* This process takes the slot it was given; false if it comes too late. */
extern bool queue_worker_begins(const WorkerTicket *ticket);

/* It works on this job from now, and on its table. */
extern void queue_worker_takes(int64 job, Oid relid);

/* It holds a lock on the extension; InvalidOid: on none any more. */
extern void queue_worker_holds(Oid extension);

/* The table it works on from now: a partition of that of its job. */
extern void queue_worker_takes_table(Oid relid);

/* It is on no job any more, and is told nothing more. */
extern void queue_worker_leaves(void);

/* Why this worker's build was canceled, and by whom. */
extern WorkerInterrupt queue_worker_interrupt(int *by);

/* Is it to leave its database? */
extern bool queue_worker_is_leaving(void);

/* It has found nothing more to do for so many milliseconds; -1: at all. */
extern void queue_worker_done(int64 delay_ms);

#endif							/* CLIPPERF_QUEUE_H */
