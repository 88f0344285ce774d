/*-------------------------------------------------------------------------
 *
 * unneeded.h
 *	  Indexes that cost more than they are good for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_UNNEEDED_H
#define CLIPPERF_UNNEEDED_H

#include "compat.h"

#include "datatype/timestamp.h"

#include "advise/indexes/advice.h"

/* Advice to drop indexes of these tables. */
extern List *unneeded_indexes(List *relids, TimestampTz unused_since);

#endif							/* CLIPPERF_UNNEEDED_H */
