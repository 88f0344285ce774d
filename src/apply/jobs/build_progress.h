/*-------------------------------------------------------------------------
 *
 * build_progress.h
 *	  How fast builds get on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_BUILD_PROGRESS_H
#define CLIPPERF_BUILD_PROGRESS_H

/* See how far the builds have come; called by the launcher again and again. */
extern void build_progress_watch(void);

#endif							/* CLIPPERF_BUILD_PROGRESS_H */
