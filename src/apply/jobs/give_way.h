/*-------------------------------------------------------------------------
 *
 * give_way.h
 *	  Builds end when another session waits for the lock they hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_GIVE_WAY_H
#define CLIPPERF_GIVE_WAY_H

#include "compat.h"

/* Cancel the builds that are in another session's way; called by the launcher. */
extern void give_way(void);

#endif							/* CLIPPERF_GIVE_WAY_H */
