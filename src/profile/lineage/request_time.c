/*-------------------------------------------------------------------------
 *
 * request_time.c
 *	  When the request of this connection began that runs.
 *
 * Belongs to one backend: no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "profile/lineage/request_time.h"

#include "hotpath.h"

int64		request_begun_us HOTPATH_DATA = 0;
int64		request_ended_us HOTPATH_DATA = 0;
int64		request_looped HOTPATH_DATA = 0;
