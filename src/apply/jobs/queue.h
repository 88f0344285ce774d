/*-------------------------------------------------------------------------
 *
 * queue.h
 *	  Shared memory of apply: which databases have jobs, who works on them.
 *
 * The jobs themselves are rows of a table in their database.  What is here
 * only wakes processes up and is made anew at every start of the server.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_QUEUE_H
#define CLIPPERF_QUEUE_H

#include "compat.h"

#include "datatype/timestamp.h"

#define QUEUE_DATABASES		512 /* most that have jobs at a time */
#define QUEUE_WORKERS		16	/* bound of clipperf.max_build_workers */

/* Why a worker was told to end the build it runs. */
typedef enum WorkerInterrupt
{
	INTERRUPT_NONE,				/* nobody of us did */
	INTERRUPT_CANCEL,			/* clipperf_cancel() */
	INTERRUPT_GIVE_WAY			/* somebody waits for a lock of the build */
} WorkerInterrupt;

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
	TimestampTz phase_since;	/* when it was seen in that phase first */
	int64		phase_blocks;	/* blocks it had done of it then */
	TimestampTz seen_at;		/* when it was seen last */
	int64		work_us;		/* time it has worked until then */
} BuildProgress;

/* A build that goes on, as the launcher watches it. */
typedef struct RunningBuild
{
	int64		job;
	int			pid;			/* of the worker */
	Oid			dbid;
	Oid			relid;
	Oid			jobs;			/* table of the jobs */
	BuildProgress progress;
} RunningBuild;

extern void queue_init(void);	/* from _PG_init: */
extern Size queue_memory(void);

/* For everybody. */
extern bool queue_wake(Oid dbid, TimestampTz when);
extern void queue_wake_at_commit(void);
extern bool queue_interrupt(Oid dbid, int64 job, WorkerInterrupt why, int by);
extern int	queue_launcher_pid(void);	/* 0 if it does not run */
extern TimestampTz queue_refused_since(void);	/* 0 if no worker was refused */
extern TimestampTz queue_since(void);	/* when work began in this run of the
										 * server, as a primary */

/* For the launcher. */
extern void queue_launcher_begins(void);
extern bool queue_take_rescan(void);
extern bool queue_assign(int most, WorkerTicket *ticket);
extern void queue_unassign(const WorkerTicket *ticket, bool refused);
extern void queue_started(void);
extern void queue_forget(Oid dbid);
extern TimestampTz queue_next(void);	/* DT_NOEND: nothing to wait for */
extern int	queue_builds(RunningBuild *builds); /* QUEUE_WORKERS long */
extern void queue_keep_progress(const RunningBuild *build);

/* For a worker. */
extern bool queue_worker_begins(const WorkerTicket *ticket);
extern void queue_worker_takes(int64 job, Oid relid);
extern void queue_worker_holds(Oid jobs);
extern void queue_worker_takes_table(Oid relid);
extern void queue_worker_leaves(void);
extern WorkerInterrupt queue_worker_interrupt(int *by);
extern void queue_worker_done(TimestampTz next);

#endif							/* CLIPPERF_QUEUE_H */
