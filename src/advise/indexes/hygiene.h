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

#include "advise/indexes/advice.h"

/* Advice to drop indexes of these tables. */
extern List *hygiene_check(List *relids, TimestampTz unused_since);

#endif							/* CLIPPERF_HYGIENE_H */
