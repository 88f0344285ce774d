/*-------------------------------------------------------------------------
 *
 * pace.h
 *	  How fast builds get on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_PACE_H
#define CLIPPERF_PACE_H

/* See how far the builds have come; called by the launcher again and again. */
extern void pace_watch(void);

#endif							/* CLIPPERF_PACE_H */
