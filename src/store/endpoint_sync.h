/*-------------------------------------------------------------------------
 *
 * endpoint_sync.h
 *	  Rules of clipperf_endpoints where requests are counted: see
 *	  endpoint_sync.c for when they get there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_ENDPOINT_SYNC_H
#define CLIPPERF_ENDPOINT_SYNC_H

#include "compat.h"

/* The name of the table. */
#define ENDPOINTS_TABLE "clipperf_endpoints"

/* Let the rules of this database count when the current transaction commits. */
extern void endpoint_sync_at_commit(void);

/* Let those count that are committed; within a transaction.  False: it is locked. */
extern bool endpoint_sync_now(void);

#endif							/* CLIPPERF_ENDPOINT_SYNC_H */
