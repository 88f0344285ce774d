/*-------------------------------------------------------------------------
 *
 * suspect.h
 *	  Lookup-ups that repeat within one request without a known parent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_SUSPECT_H
#define CLIPPERF_SUSPECT_H

#include "profile/lineage/match.h"

/*
 * A look-up by a key ended that no result set accounts for.  "transaction" is
 * the key of the explicit transaction block it ran in, or 0; there is that or
 * a trace.  Of a transaction without a trace, all but the first look-up of a
 * statement without a list.
 */
extern void suspect_add(Execution *execution, StatementInfo *info,
						uint64 transaction);

#endif							/* CLIPPERF_SUSPECT_H */
