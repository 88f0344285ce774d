/*-------------------------------------------------------------------------
 *
 * standby.h
 *	  Whether other servers follow this one, or did.
 *
 * What runs on a standby is not seen here: its statements, and the scans of its
 * indexes.  So who judges indexes must know of standbys, also of those that are
 * not connected at the moment.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_STANDBY_H
#define CLIPPERF_STANDBY_H

#include "compat.h"

#include "datatype/timestamp.h"

/* From _PG_init: standbys are remembered when they go. */
extern void standby_init(void);

/* Does a standby follow, or may one come back?  If so, that is remembered. */
extern bool standby_follows(void);

/* When one did last, as far as is remembered; 0 = never. */
extern TimestampTz standby_last_seen(void);

#endif							/* CLIPPERF_STANDBY_H */
