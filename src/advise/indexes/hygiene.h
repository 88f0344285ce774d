/*-------------------------------------------------------------------------
 *
 * hygiene.h
 *	  Indexes that cost more than they are good for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_HYGIENE_H
#define CLIPPERF_HYGIENE_H

#include "compat.h"

#include "datatype/timestamp.h"

#include "advise/recommend/advice.h"

/*
 * Advice to drop indexes of these tables: those that repeat another, those
 * whose build failed, and those not used since a point in time (DT_NOBEGIN =
 * do not judge by use).  Never one that backs something.  The tables are locked
 * (AccessShareLock) to the end of the transaction; those that somebody has
 * locked exclusively, or that are gone, are left out.
 */
extern List *hygiene_check(List *relids, TimestampTz unused_since);

#endif							/* CLIPPERF_HYGIENE_H */
