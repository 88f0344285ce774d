/*-------------------------------------------------------------------------
 *
 * background.h
 *	  How our background workers begin, run, sleep and end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BACKGROUND_H
#define CLIPPERF_BACKGROUND_H

#include "compat.h"

#include "postmaster/bgworker.h"

/*
 * From _PG_init: ask the postmaster for a worker of this name that runs this function
 * of ours all the time, and is started again after so many seconds if it has failed.
 */
extern void background_register(const char *name, const char *function, int flags,
								BgWorkerStartTime start, int restart_seconds);

/*
 * From the main function of such a worker: handle its signals, which reload the
 * configuration and end it; and call a function again and again until then.
 */
extern void background_begin(void);
extern void background_run(void (*turn) (void *arg), void *arg);

/* From the main function of a worker: let it end without a message at shutdown. */
extern void background_init(void);

/* The sooner of two times to wait, each of which may be none: -1. */
extern long background_sooner(long ms, long other_ms);

/* Read the configuration again, if a signal asked for that. */
extern void background_reload(void);

/* Sleep for at most that many milliseconds, without a limit if negative. */
extern void background_sleep(long ms);

/*
 * So long a worker waits for a lock: less than the five seconds for which DROP DATABASE
 * waits for it.
 */
#define BACKGROUND_LOCK_TIMEOUT "2s"

/*
 * After a worker has connected: as the bootstrap superuser, with settings of our own,
 * unobserved.
 */
extern void background_set_up_session(const char *name);

#endif							/* CLIPPERF_BACKGROUND_H */
