/*-------------------------------------------------------------------------
 *
 * suspect.h
 *	  Lookups that repeat within one request without a known parent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SUSPECT_H
#define CLIPPERF_SUSPECT_H

#include "profile/lineage/match.h"

/* A lookup by a key ended that no result set accounts for. */
extern void suspect_add(Execution *execution, StatementInfo *info,
						uint64 transaction);

#endif							/* CLIPPERF_SUSPECT_H */
