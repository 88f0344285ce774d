/*-------------------------------------------------------------------------
 *
 * give_way.h
 *	  Builds end when somebody else waits for the lock they hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_GIVE_WAY_H
#define CLIPPERF_GIVE_WAY_H

#include "compat.h"

extern void give_way(void);		/* called by the launcher, now and then */

#endif							/* CLIPPERF_GIVE_WAY_H */
