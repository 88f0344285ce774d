/*-------------------------------------------------------------------------
 *
 * measured_time.h
 *	  What the measured time of a statement would be with the indexes of now.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLIPPERF_MEASURED_TIME_H
#define CLIPPERF_MEASURED_TIME_H

#include "advise/cost/estimate.h"

/* An index of which is known that it was not there before some time. */
typedef struct BuiltIndex
{
	Oid			indexoid;
	TimestampTz since;
} BuiltIndex;

/*
 * Take from them what indexes (BuiltIndex) built since the first calls save; where all of
 * them have done most for a statement, the rest counts as nothing.
 */
extern void measured_times_adjust(Estimator *estimator, const List *built);

#endif							/* CLIPPERF_MEASURED_TIME_H */
