/*-------------------------------------------------------------------------
 *
 * background.h
 *	  How our background workers sleep and end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BACKGROUND_H
#define CLIPPERF_BACKGROUND_H

#include "compat.h"

/* From the main function of a worker: let it end without a message at shutdown. */
extern void background_init(void);

/* The sooner of two times to wait, each of which may be none: -1. */
extern long background_sooner(long ms, long other_ms);

/* Sleep for at most that many milliseconds, without a limit if negative. */
extern void background_sleep(long ms);

/*
 * After a worker has connected: as the bootstrap superuser, with settings of our own,
 * unobserved.
 */
extern void background_set_up_session(const char *name);

#endif							/* CLIPPERF_BACKGROUND_H */
